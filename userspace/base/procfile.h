/* SPDX-License-Identifier: Apache-2.0 */
/*
 * procfile.h - small facts out of files like those of /proc
 */
#ifndef LAPWING_PROCFILE_H
#define LAPWING_PROCFILE_H

#include <stddef.h>
#include <stdint.h>

/*
 * procfile_line - the first line of the file @path, without its newline; what fits of it
 * @cap: bytes at @ret, with the NUL. Empty when the file cannot be read.
 */
void procfile_line(const char *path, char *ret, size_t cap);

/*
 * procfile_number - the number behind @name (without its colon) in the file @path
 * 0, -ENOENT when the file cannot be read or has no such line.
 */
int procfile_number(const char *path, const char *name, uint64_t *ret);

#endif
