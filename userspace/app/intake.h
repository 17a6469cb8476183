/* SPDX-License-Identifier: Apache-2.0 */
/*
 * intake.h - a bundle from its bytes to its trial: gates 1 and 2, the slot, the state, the history
 *
 * The same for the updater, and for the owner's `lapwing content install`.
 */
#ifndef LAPWING_INTAKE_H
#define LAPWING_INTAKE_H

#include "app/rehearse.h"
#include "content/gate.h"
#include "content/policy.h"
#include "content/store.h"

struct intake {
	struct store *store;
	const char *const *rules; /* that run where no bundle is live */
	size_t n_rules;
	const char *tapes;	  /* folder of the flight recorder; NULL: none */
	const struct rehearse_limits *limits;
	const char *channel;
	bool owner; /* who asks may go back, and try again what was reverted */
	uint64_t order;
	bool retry; /* the order says so */
	int progress_fd; /* as in struct rehearse_job */
};

/*
 * intake_bundle - @n bytes, in memory of the caller's own, through gates 1 and 2 to a trial
 * Every verdict goes to the history, and the last one to @ret. 0; -EALREADY: it is live or on
 * trial; -ECANCELED and other -errno: refused, or it could not be tried. Takes the lock.
 */
int intake_bundle(const struct intake *in, const void *bytes, size_t n, struct verdict *ret);

/* intake_root - the first root, or the next one; @ret as above */
int intake_root(struct store *store, const void *bytes, size_t n, struct verdict *ret);

/* intake_tell - a verdict of now into the history; logs when it cannot be kept */
void intake_tell(const struct store *store, struct verdict *v);

/* intake_now_s - wall-clock time, seconds since 1970 */
uint64_t intake_now_s(void);

#endif
