/* SPDX-License-Identifier: Apache-2.0 */
#include "content/plan.h"

#include "content/cohort.h"

#define MINUTES_A_DAY 1440
#define WEEKEND_BEGINS (4 * MINUTES_A_DAY + 16 * 60) /* Friday; Monday 00:00 is 0 */
#define WEEKEND_ENDS (6 * 60)			     /* Monday */

static bool same(const uint8_t *a, const uint8_t *b) {
	return !memcmp(a, b, SEAL_HASH_BYTES);
}

static void answer(struct plan *ret, enum plan_action action, const char *reason, const char *why) {
	ret->action = action;
	ret->reason = reason;
	ret->why = why;
}

static void hold(struct plan *ret, const char *reason, const char *why, uint64_t until_s) {
	answer(ret, PLAN_HOLD, reason, why);
	ret->not_before_s = until_s;
}

/*
 * begins_s - when a host of this cohort begins: nobody at the same second as all others
 * Hosts of one failure domain that are of other parts of it have another part of that time.
 */
static uint64_t begins_s(const struct order *o, const struct policy *p, uint32_t cohort) {
	uint64_t parts = p->parts ? p->parts : 1, part = p->parts ? p->part - 1 : 0;

	return o->issued_s + o->spread_s * (part * COHORTS + cohort) / (parts * COHORTS);
}

/* revert - away from the order's bundle, wherever it is */
static void revert(const struct order *o, const struct policy *p, const struct plan_host *h,
		   uint64_t now_s, uint32_t cohort, struct plan *ret) {
	bool live = h->has_live && same(h->live, o->bundle);
	bool trial = h->on_trial && same(h->trial, o->bundle);

	if (!live && !trial) {
		answer(ret, PLAN_NONE, "-", "it is not here");
	} else if (p->exact && same(p->exact_hash, o->bundle)) {
		hold(ret, "exact", "the owner wants exactly this bundle", 0);
	} else if (now_s < begins_s(o, p, cohort)) {
		hold(ret, "spread", "other hosts go back first", begins_s(o, p, cohort));
	} else {
		answer(ret, PLAN_REVERT, "ordered", "the rollout is reverted");
		if (o->has_to)
			memcpy(ret->hash, o->to, SEAL_HASH_BYTES);
		else if (h->has_good && !same(h->good, o->bundle))
			memcpy(ret->hash, h->good, SEAL_HASH_BYTES);
	}
}

/* stratum_in - whether hosts like this one may run it by now */
static bool stratum_in(const struct order *o, const struct policy *p) {
	for (uint32_t i = 0; i < o->n_strata; i++)
		if (!strcmp(o->strata[i], p->stratum))
			return true;
	return !o->n_strata;
}

static bool channel_is(const struct order *o, const struct policy *p) {
	return !p->channel[0] || !strcmp(p->channel, o->channel);
}

bool plan_concerns(const struct order *o, const struct policy *p) {
	return channel_is(o, p) && stratum_in(o, p);
}

/* owner_holds - whether the owner's word keeps it away */
static bool owner_holds(const struct order *o, const struct policy *p, uint64_t now_s,
			uint32_t minute, struct plan *ret) {
	if (p->exact && !same(p->exact_hash, o->bundle))
		hold(ret, "exact", "the owner wants exactly another bundle", 0);
	else if (now_s < p->freeze_until_s)
		hold(ret, "freeze", "the owner has frozen the content", p->freeze_until_s);
	else if (now_s < o->issued_s + p->delay_s)
		hold(ret, "delay", "the owner wants it later", o->issued_s + p->delay_s);
	else if (o->ring < p->ring)
		hold(ret, "ring", "the rollout has not come to the owner's ring", 0);
	else if (!p->weekends && !o->emergency &&
		 (minute >= WEEKEND_BEGINS || minute < WEEKEND_ENDS))
		hold(ret, "weekend", "nothing begins from Friday 16:00 to Monday 06:00", 0);
	else
		return false;
	return true;
}

/* rollout_holds - whether it is this host's turn */
static bool rollout_holds(const struct order *o, const struct policy *p, uint64_t now_s,
			  uint32_t cohort, struct plan *ret) {
	uint32_t below = cohort_ring(p->max_ring);

	if (!stratum_in(o, p))
		hold(ret, "stratum", "hosts of this kind are not in yet", 0);
	else if (p->laboratory)
		return false;
	else if (cohort >= below)
		hold(ret, "max_ring", "the owner lets no more hosts than this ring has take it", 0);
	else if (cohort >= o->permyriad)
		hold(ret, "cohort", "it is not this host's turn", 0);
	else if (now_s < begins_s(o, p, cohort))
		hold(ret, "spread", "this host begins later", begins_s(o, p, cohort));
	else
		return false;
	return true;
}

void plan_order(const struct order *o, const struct policy *p, const struct plan_host *h,
		uint64_t now_s, uint32_t minute, struct plan *ret) {
	uint32_t cohort = cohort_of(str_of(o->release), h->identity);

	*ret = (struct plan){ 0 };
	if (o->number < h->order)
		hold(ret, "older", "a later order has been seen", 0);
	else if (!channel_is(o, p))
		hold(ret, "channel", "it is of another channel", 0);
	else if (now_s >= o->expires_s)
		hold(ret, "expired", "the order is no longer fresh; what is live stays", 0);
	else if (o->state == ORDER_REVERT)
		revert(o, p, h, now_s, cohort, ret);
	else if ((h->has_live && same(h->live, o->bundle)) ||
		 (h->on_trial && same(h->trial, o->bundle)))
		answer(ret, PLAN_NONE, "-", "it is here");
	else if (o->state == ORDER_PAUSE)
		hold(ret, "pause", "the rollout is paused", 0);
	else if (h->reverted && !(o->retry && o->number > h->reverted_order))
		hold(ret, "reverted", "it was reverted here", 0); /* a retry is one, and no more */
	else if (!owner_holds(o, p, now_s, minute, ret) &&
		 !rollout_holds(o, p, now_s, cohort, ret)) {
		answer(ret, PLAN_TAKE, "ordered", "it is this host's turn");
		memcpy(ret->hash, o->bundle, SEAL_HASH_BYTES);
	}
}
