/* SPDX-License-Identifier: Apache-2.0 */
/* file.h - what the file actors share: things to act on, and the common half of their truth */
#ifndef LAPWING_LIVE_FILE_H
#define LAPWING_LIVE_FILE_H

#include "truth.h"

/* here - the working directory, canonical; up to 64 KiB */
const char *here(void);

/* make_file - an empty file with @mode, whatever the umask */
void make_file(const char *path, mode_t mode);

/* make_dir - a directory that everyone may search */
void make_dir(const char *path);

/* look - lstat, which must not fail */
struct stat look(const char *path);

/* put_flags - the open(2) flags as the kernel keeps them, under file.flags */
void put_flags(int fd);

/* tell_open - begins the event of a deed on @path (as given, relative to @dir), @before: inode */
void tell_open(const char *kind, const char *dir, const char *path, const struct stat *before);

#endif
