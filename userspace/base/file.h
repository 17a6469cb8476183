/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file.h - whole files, read and replaced
 *
 * Names are below the folder of descriptor @dir, or AT_FDCWD.
 */
#ifndef LAPWING_FILE_H
#define LAPWING_FILE_H

#include "base/buf.h"

/* file_read_at - appends the file's bytes; -EFBIG past @max, -errno; what was appended stays */
int file_read_at(int dir, const char *name, size_t max, struct buf *out);

/*
 * file_write_at - the file has what it had or all of @bytes, also after a power cut; mode 0600
 * Written beside, synced, renamed, and the folder synced. -errno, and then it has what it had.
 */
int file_write_at(int dir, const char *name, const void *bytes, size_t n);

/* file_write_all - write(2) until all is written; -errno */
int file_write_all(int fd, const void *bytes, size_t n);

#endif
