/* SPDX-License-Identifier: Apache-2.0 */
/*
 * content.h - what the verbs of `lapwing content` have in common
 */
#ifndef LAPWING_CLI_CONTENT_H
#define LAPWING_CLI_CONTENT_H

#include "content/store.h"
#include "detect/detect.h"

#define CONTENT_PINS_BYTES 16384

struct content_job {
	struct store store;
	struct state state;
	const char *folder, *tapes;
	bool json, now;
	char **args;
	int n_args;
};

/* content_fail - says that the state cannot be changed; CLI_FAILURE */
int content_fail(const struct content_job *j, int err);

/* content_status, content_history - the verbs; an exit code */
int content_status(struct content_job *j);
int content_history(struct content_job *j);

/* content_unknown - says so if no rule that is known here has @name as its id, name or title */
void content_unknown(const struct content_job *j, const char *name);

/*
 * content_slot_rules - the rules of the bundle in @slot, which was let in when it got there
 * -ENOENT: none is there; -errno. What is refused of it is in @errors.
 */
int content_slot_rules(const struct store *store, const struct state_slot *slot,
		       struct buf *errors, struct ruleset **ret);

/* content_not_off - says that @name is not switched off, and what of @kind nearly is */
void content_not_off(const struct content_job *j, enum off_kind kind, const char *name);

#endif
