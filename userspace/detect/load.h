/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load.h - rule files, one by one, in the order of their names
 */
#ifndef LAPWING_DETECT_LOAD_H
#define LAPWING_DETECT_LOAD_H

#include <stddef.h>
#include <stdint.h>

/*
 * load_path - calls @each with the name and bytes of @path, or of every *.yml and *.yaml below it
 *
 * A file that @path names itself is taken whatever its name. Names that begin
 * with '.' are left out. 0; what @each gave, when that was not 0; -errno of a
 * file or folder that cannot be read, -EFBIG for one of over @max_bytes (and a
 * single byte more is read of it), -ELOOP for folders more than 16 deep.
 * @unread: told of what below @path cannot be read, instead; what it gives goes on as from @each.
 *          May be NULL.
 */
int load_path(const char *path, size_t max_bytes,
	      int (*each)(void *ctx, const char *name, const char *text, size_t n),
	      int (*unread)(void *ctx, const char *name, int err), void *ctx);

/* load_bytes - how much load_path() would read; what cannot be looked at is not counted */
uint64_t load_bytes(const char *path);

#endif
