/* SPDX-License-Identifier: Apache-2.0 */
/*
 * below.h - the folders below those that are watched, and what users have in their homes
 *
 * A hook knows a folder by its number alone, so each folder below a watched one is
 * a row of its own. They are found by looking: all of them again whenever one of
 * them has changed, which the time of its last change says.
 *
 * Bounded: BELOW_DEPTH levels, BELOW_FOLDERS folders, of each the first
 * BELOW_ENTRIES names; what did not fit is counted.
 */
#ifndef LAPWING_BELOW_H
#define LAPWING_BELOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "knobs.h"

#define BELOW_DEPTH 3
#define BELOW_FOLDERS 256
#define BELOW_ENTRIES 1024
#define BELOW_ROWS 320

enum below_kind {
	BELOW_TREE,  /* all in it is watched, and in the folders in it */
	BELOW_HOMES, /* each folder in it is somebody's home */
	BELOW_HOME,
	BELOW_STAMP, /* something that is watched may come to be in it */
};

struct below_folder {
	char *path;	   /* own memory */
	uint64_t ino;
	int64_t changed_ns; /* 0: it is to be looked at again */
	uint8_t kind, depth;
};

struct below {
	struct below_folder folders[BELOW_FOLDERS];
	struct knobs_watch rows[BELOW_ROWS];
	size_t n_folders, n_rows;
	size_t left; /* folders and files that did not fit, or could not be looked at; of what is
			deeper only the first level is counted */
	bool homes;  /* homes are looked for, and what is secret in them */
};

/* below_begin - forgets all that was found */
void below_begin(struct below *b);

/* below_add - the folder @path and what is below it; @wait as in watch_refresh() */
void below_add(struct below *b, const char *path, enum below_kind kind, bool wait);

/* below_add_homes - what users have in /home and in their homes as /etc/passwd has them */
void below_add_homes(struct below *b, bool wait);

/* below_changed - whether any folder has changed since it was added */
bool below_changed(const struct below *b);

#endif
