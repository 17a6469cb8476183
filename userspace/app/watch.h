/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch.h - paths whose opens for reading are told, as directories and names
 *
 * A path is a file, or a directory, which stands for the files in it. It need
 * not be there: it is looked for again and again, and so is a directory that
 * was made anew.
 */
#ifndef LAPWING_WATCH_H
#define LAPWING_WATCH_H

#include "probe/probe.h"

#define WATCH_PATHS 64
#define WATCH_ROWS 2 /* of a path: its name in its directory, and what is in it if it is one */

struct watch_path {
	const char *path; /* borrowed */
	struct knobs_watch rows[WATCH_ROWS];
	size_t n_rows;
};

struct watch {
	struct watch_path paths[WATCH_PATHS];
	size_t n_paths;
};

/* watch_default - credentials and keys of the system and of root, and the policy for passwords */
void watch_default(struct watch *w);

/* watch_add - one path more; -EINVAL: not absolute, or its name is too long; -E2BIG */
int watch_add(struct watch *w, const char *path);

/*
 * watch_refresh - looks the paths up, and tells the hooks when that changed something
 * @wait: file systems may be asked; else only what the kernel has in memory is looked at, and
 * a path that it does not know stays as it was. -errno of probe_watch().
 */
int watch_refresh(struct watch *w, struct probe *p, bool wait);

#endif
