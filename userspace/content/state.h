/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state.h - which content is live, on trial, proven: one value, its text, and how it changes
 *
 * Pure; store.h keeps it on disk. While a bundle is on probation the worker runs it, and `live`
 * still names what ran before: to roll back is to forget the trial, and needs no other fact.
 */
#ifndef LAPWING_CONTENT_STATE_H
#define LAPWING_CONTENT_STATE_H

#include "content/off.h"
#include "content/seal.h"
#include "content/trial.h"

#define STATE_REVERTED 64
#define STATE_BEFORE 2

struct state_slot {
	bool there;
	uint8_t hash[SEAL_HASH_BYTES];
	uint64_t version;
};

struct state_reverted {
	uint8_t hash[SEAL_HASH_BYTES];
	uint64_t order; /* that was in force */
};

struct state {
	uint64_t serial; /* grows with each change */
	struct state_slot live, good, before[STATE_BEFORE];
	struct state_slot trial;
	enum trial_stage stage; /* of @trial */
	bool begun;		/* somebody runs it: found so at a start, it killed who did */
	uint64_t order, trial_order;
	uint64_t floor; /* highest version that was proven */
	bool paused;	/* by the owner: no update is looked for */
	uint32_t n_reverted;
	struct state_reverted reverted[STATE_REVERTED]; /* the newest first */
	struct off_list off;
};

/* state_format, state_parse - the text of `state`; -EBADMSG */
void state_format(const struct state *state, struct buf *out);
int state_parse(struct str text, struct state *ret);

/* state_was_reverted - @ret_order, unless it is NULL: the order that was in force then */
bool state_was_reverted(const struct state *s, const uint8_t hash[SEAL_HASH_BYTES],
			uint64_t *ret_order);

/* state_begin - @slot goes on trial, at its first stage */
void state_begin(struct state *s, const struct state_slot *slot, uint64_t order);

/* state_promote - the trial's stage is passed; true: it is proven now, and last known good */
bool state_promote(struct state *s);

/* state_rollback - the trial is over and failed: the live content is what it was before */
void state_rollback(struct state *s);

/* state_slot_is - whether a bundle is in @slot, and it is @hash */
bool state_slot_is(const struct state_slot *slot, const uint8_t hash[SEAL_HASH_BYTES]);

/* state_back - the last one that was proven and is not @from; no slot: there is none */
const struct state_slot *state_back(const struct state *s, const uint8_t from[SEAL_HASH_BYTES]);

/* state_revert - from what is live to @to, or to none: by order, or by the owner */
void state_revert(struct state *s, const struct state_slot *to);

/* state_take_up - the trial begins, or after a stop begins anew, with its first stage */
void state_take_up(struct state *s);

/* state_put_down - the worker ends in order, and the trial goes on with the next one */
void state_put_down(struct state *s);

/*
 * state_orphan - at a start: a trial that was begun and that nobody has ended is rolled back
 * Whoever was there when it was on trial died with it. False: there was none.
 */
bool state_orphan(struct state *s);

/*
 * state_pick - what a worker is to load
 * @last_good: only what was proven. No slot: none is installed, and shipped rules are used.
 */
const struct state_slot *state_pick(const struct state *s, bool last_good);

#endif
