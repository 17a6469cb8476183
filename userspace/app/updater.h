/* SPDX-License-Identifier: Apache-2.0 */
/*
 * updater.h - the process that decides about content, beside the worker that runs it
 *
 * Forked before the hooks. It asks the source, sends what it finds through gates 1 and 2, and sits
 * at gates 3 and 4 with the worker's samples; the state folder is written by it and by the owner's
 * commands. The worker tells it by a pipe, and looks at the folder: there is no other channel. When
 * the worker dies in the middle of a trial, the end of the pipe is the breach.
 */
#ifndef LAPWING_UPDATER_H
#define LAPWING_UPDATER_H

#include "content/policy.h"
#include "content/trial.h"

#define UPDATER_FOLDER "/var/lib/lapwing/content"

struct updater_options {
	const char *folder; /* the state folder */
	const char *source; /* NULL: none is asked */
	const char *ca;	    /* as in struct fetch_from */
	const char *tapes;  /* folder of the flight recorder; NULL: the usual one */
	uint64_t poll_ms;   /* and jitter of as much as a quarter of it */
	struct policy policy; /* of the configuration; `pins` is joined to it */
	struct trial_limits limits;
	const char *const *rules; /* that run where no bundle is live */
	size_t n_rules;
};

/*
 * updater_start - forks it; @ret is where the worker writes its samples
 * A trial that a worker before has died of is rolled back first. -errno.
 */
int updater_start(const struct updater_options *o, int *ret);

#endif
