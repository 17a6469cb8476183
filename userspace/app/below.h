/* SPDX-License-Identifier: Apache-2.0 */
/*
 * below.h - the folders below those that are watched, and what users have in their homes
 *
 * A hook knows a folder by its number alone, so each folder below a watched one is
 * a row of its own. They are found by looking: all of them again whenever one of
 * them has changed, which the time of its last change says.
 *
 * Bounded: BELOW_DEPTH levels, BELOW_FOLDERS folders, of each the first
 * BELOW_ENTRIES names, and BELOW_NAMES of all; what did not fit is counted. They
 * are taken level by level: however many folders one user has below a secret of
 * his, those in the homes of others come first.
 */
#ifndef LAPWING_BELOW_H
#define LAPWING_BELOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "knobs.h"

#define BELOW_DEPTH 3
#define BELOW_FOLDERS 256
#define BELOW_ENTRIES 1024
#define BELOW_NAMES 8192
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
	uint32_t uid;
	uint8_t kind, depth;
};

struct below {
	struct below_folder folders[BELOW_FOLDERS];
	struct knobs_watch rows[BELOW_ROWS];
	size_t n_folders, n_rows;
	size_t n_names; /* that were read */
	size_t left; /* folders and files that did not fit, or could not be looked at; of what is
			deeper only the first level is counted */
	bool homes;  /* homes are looked for, and what is secret in them */
	/* from below_begin() to below_find() */
	struct below_folder before[BELOW_FOLDERS];
	struct knobs_watch rows_before[BELOW_ROWS];
	size_t n_before, n_rows_before;
	struct buf mounts; /* what is far (base/hostmounts.h) is never waited for */
};

/* below_begin - anew: what is not known without waiting stays as it was */
void below_begin(struct below *b);

/* below_add - the folder @path, for below_find(); @wait as in watch_refresh() */
void below_add(struct below *b, const char *path, enum below_kind kind, bool wait);

/* below_add_homes - /home, and homes elsewhere as /etc/passwd has them, for below_find() */
void below_add_homes(struct below *b, bool wait);

/* below_find - what is below all that was added */
void below_find(struct below *b, bool wait);

/* below_done - forgets all that was found */
void below_done(struct below *b);

/* below_changed - whether any folder has changed since it was added */
bool below_changed(const struct below *b);

#endif
