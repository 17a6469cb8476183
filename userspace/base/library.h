/* SPDX-License-Identifier: Apache-2.0 */
/*
 * library.h - a shared library that is loaded when it is needed, and not before
 */
#ifndef LAPWING_BASE_LIBRARY_H
#define LAPWING_BASE_LIBRARY_H

/* A function of the library, and the pointer that gets its address. */
struct library_call {
	const char *name;
	void *to;
};

/*
 * library_load - loads @file, and fills the pointers of @calls, which end with a NULL name
 * @library: NULL before the first call, then the handle, which is kept for ever; a second call does
 * nothing. -ENOENT and @why, static until the next call, which names the Debian @package, and the
 * function if one is missing.
 */
int library_load(const char *file, const char *package, const struct library_call *calls,
		 void **library, const char **why);

#endif
