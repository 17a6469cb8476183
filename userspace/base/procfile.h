/* SPDX-License-Identifier: Apache-2.0 */
/*
 * procfile.h - one number out of the "Name: value" lines that /proc has for people
 */
#ifndef LAPWING_PROCFILE_H
#define LAPWING_PROCFILE_H

#include <stdint.h>

/*
 * procfile_number - the number behind @name (without its colon) in the file @path
 * 0, -ENOENT when the file cannot be read or has no such line.
 */
int procfile_number(const char *path, const char *name, uint64_t *ret);

#endif
