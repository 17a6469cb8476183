/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch.h - paths whose opens for reading are told, as directories and names
 *
 * A path is a file, or a directory, which stands for the files in it and in the
 * directories below it (below.h). It need not be there: it is looked for again and
 * again, and so is a directory that was made anew.
 *
 * Changes are told of all files, up to a limit. Those of watched names, and of
 * names that rules about changes ask for, are not hidden by other changes.
 */
#ifndef LAPWING_WATCH_H
#define LAPWING_WATCH_H

#include "app/below.h"
#include "base/buf.h"
#include "detect/detect.h"
#include "probe/probe.h"

#define WATCH_PATHS 64	     /* of options and the default */
#define WATCH_ASKED_PATHS 64 /* of rules */
#define WATCH_CHANGES 96      /* of rules about changes */
#define WATCH_ROWS 2 /* of a path: its name in its directory, and what is in it if it is one */

struct watch_path {
	const char *path; /* borrowed, but of those of rules owned */
	struct knobs_watch rows[WATCH_ROWS];
	size_t n_rows;
};

/* What a rule asks to be told of when it is changed: a limit of its own (bpf/limit.h). */
struct watch_change {
	const char *path;	/* owned; of RULE_READ_TAIL only the end of one */
	enum rule_read_how how; /* RULE_READ_HEAD: @path is the folder */
	struct knobs_watch row; /* dir_ino 0: none, as its folder is not there */
};

struct watch {
	struct watch_path paths[WATCH_PATHS + WATCH_ASKED_PATHS]; /* those of rules last */
	size_t n_paths, n_asked; /* n_asked of them are of rules */
	struct watch_change changes[WATCH_CHANGES];
	size_t n_changes;
	bool fresh;		 /* what rules ask for has changed since the last refresh */
	struct below below;	 /* directories below those paths, and in homes */
	size_t left;		 /* as was last warned of, see below.h */
	int crowded;		 /* the same, of probe_watch() */
};

/* watch_default - credentials and keys of the system and of users, and the policy for passwords */
void watch_default(struct watch *w);

/*
 * watch_add - one path more; before watch_rules()
 * -EINVAL: not absolute, or its name is too long; -E2BIG.
 */
int watch_add(struct watch *w, const char *path);

/*
 * watch_rules - instead of the paths of other rules, those that @rules ask for
 * And the names whose changes they ask for, as far as there is room: others shall not hide these.
 * @rules: NULL: none. @refused: gets a line for each path that is not watched, with the reason.
 * A path that a rule's text only begins stands for all files in its folder; texts that are no
 * beginning of one ask for nothing (ruleset_coverage() says so). -ENOMEM.
 */
int watch_rules(struct watch *w, const struct ruleset *rules, struct buf *refused);

/* watch_done - forgets what rules asked for, and what was found */
void watch_done(struct watch *w);

/*
 * watch_tend - watch_refresh(), with a warning when it failed
 * What is not watched is only not told.
 */
void watch_tend(struct watch *w, struct probe *p, bool wait);

/*
 * watch_refresh - looks the paths up, and tells the hooks when that changed something
 * @wait: file systems may be asked, as they are after watch_rules(); else only what the kernel
 * has in memory is looked at, and a path that it does not know stays as it was. As
 * probe_watch(), which is not asked when nothing has changed; then 0.
 */
int watch_refresh(struct watch *w, struct probe *p, bool wait);

#endif
