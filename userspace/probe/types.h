/* SPDX-License-Identifier: Apache-2.0 */
/*
 * types.h - of the kernel's types those that our objects name, and what these are made of
 *
 * libbpf looks for each type that an object names through all that the kernel has, some 130,000, by
 * name; it does so anew for each object, and that was a third of a start. So they are picked once,
 * with one look at each, and libbpf is given these alone to relocate by. Programs are attached by
 * the kernel's own numbers, as before.
 */
#ifndef LAPWING_TYPES_H
#define LAPWING_TYPES_H

#include <bpf/btf.h>
#include <stddef.h>

/*
 * types_pick - the types of @kernel that have the name of a type of one of @objects
 * Flavours (NAME___since_6_4) ask for NAME. A pointer leads to nothing, for a relocation follows
 * none; all else that is picked is whole.
 * @modules: with @kernel as their base; looked at for names that @kernel does not have
 * @ret: the caller's, to btf__free(). -errno.
 */
int types_pick(const struct btf *kernel, struct btf *const modules[], size_t n_modules,
	       const struct btf *const objects[], size_t n_objects, struct btf **ret);

/*
 * types_open - the path of a file that holds what types_pick() gives, for bpf_object_open_opts
 * It is there until types_close(). NULL: it could not be made, and libbpf is left to itself.
 */
const char *types_open(const struct btf *kernel, const struct btf *const objects[],
		       size_t n_objects);
void types_close(void);

#endif
