/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.h - what an order means for this host, after the owner's word
 *
 * Pure: an order whose signatures are good, what the host has, what its owner wants, and the time.
 * The fleet on paper (tests/sim) asks the same function for each of its machines.
 */
#ifndef LAPWING_CONTENT_PLAN_H
#define LAPWING_CONTENT_PLAN_H

#include "content/order.h"

/* The owner's word; it is local, and wins. */
struct policy {
	char channel[ORDER_TEXT_BYTES]; /* "": any */
	char stratum[ORDER_TEXT_BYTES]; /* label of this host, "debian-12/6.1/amd64"; "": none */
	uint32_t ring;	   /* not before a rollout has come to this ring; 0: a laboratory host */
	bool laboratory;   /* ring 0: whatever its cohort */
	uint32_t max_ring; /* of all my hosts no more than this ring's share, until I say so */
	uint32_t part, parts; /* "2/3": of a rack, zone or service the 2nd third; 0/0: none */
	uint64_t delay_s;  /* not before an order is so old */
	uint64_t freeze_until_s; /* nothing new before; UINT64_MAX: until I say so */
	bool weekends;		 /* begin also from Friday 16:00 to Monday 06:00, local time */
	bool exact;		 /* this bundle and no other */
	uint8_t exact_hash[SEAL_HASH_BYTES];
};

/* What the host has. */
struct plan_host {
	struct str identity;
	uint64_t order; /* the highest number seen */
	bool has_live, on_trial, has_good;
	uint8_t live[SEAL_HASH_BYTES], trial[SEAL_HASH_BYTES];
	uint8_t good[SEAL_HASH_BYTES]; /* where to go back to: state_back() */
	bool reverted; /* the order's bundle was reverted here, while this order was in force: */
	uint64_t reverted_order;
};

enum plan_action {
	PLAN_NONE,   /* all is as it should be */
	PLAN_HOLD,   /* something would be done, and must not be now */
	PLAN_TAKE,   /* fetch the order's bundle and put it through the gates */
	PLAN_REVERT, /* leave the order's bundle, for `to` or last known good */
};

struct plan {
	enum plan_action action;
	uint8_t hash[SEAL_HASH_BYTES]; /* PLAN_TAKE, PLAN_REVERT: where to; zeros: to none */
	const char *reason;	       /* a word, static */
	const char *why;	       /* a sentence, static */
	uint64_t not_before_s;	       /* PLAN_HOLD: when it may be otherwise; 0: not known */
};

/* plan_concerns - whether @o is for hosts like this one: its channel, its strata */
bool plan_concerns(const struct order *o, const struct policy *p);

/* plan_order - what is to be done now; @now_s is wall-clock time, @minute_of_week local */
void plan_order(const struct order *o, const struct policy *p, const struct plan_host *h,
		uint64_t now_s, uint32_t minute_of_week, struct plan *ret);

#endif
