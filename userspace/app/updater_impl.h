/* SPDX-License-Identifier: Apache-2.0 */
/*
 * updater_impl.h - what updater.c (the loop, the trial) and updater_source.c have in common
 */
#ifndef LAPWING_UPDATER_IMPL_H
#define LAPWING_UPDATER_IMPL_H

#include "app/fetch.h"
#include "app/intake.h"
#include "app/pacer.h"
#include "app/updater.h"

struct updater {
	const struct updater_options *o;
	int pipe;		/* the worker's samples */
	struct fetch_from from; /* the source; a trial is attended to while it is waited for */
	struct store store;
	struct state state;
	struct trial trial;
	struct trial_limits limits; /* of the running trial: an order may have its own times */
	uint64_t next_poll_ms;
	char held[VERDICT_WORD_BYTES]; /* why the last order was not followed, as told */
	uint64_t held_order;
	uint64_t refused; /* the order whose bundle was */
	struct trial_sample sample; /* its beginning may have come, */
	size_t sample_n;	    /* this much of it */
	uint64_t told;		    /* bytes of the history, as kept */
	struct pacer pacer;
	bool clean;		    /* the worker has said that it ends */
	bool gone;		    /* it has ended */
};

/* updater_tell - a verdict of now, under the order in force */
void updater_tell(struct updater *u, struct verdict *v);

/* updater_begin - locks, and has the state as it is now */
int updater_begin(struct updater *u);

/* updater_end - saves, unless @err, and unlocks; logs, and gives what was wrong */
int updater_end(struct updater *u, int err);

/* updater_poll - asks the source, and does what its order means here */
void updater_poll(struct updater *u);

#endif
