/* SPDX-License-Identifier: Apache-2.0 */
/*
 * updater_source.c - roots, the order, the bundle that it names; what is held, and why, told once
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "app/fetch.h"
#include "app/recorder.h"
#include "app/updater_impl.h"
#include "base/procfile.h"

#define MAX_ROOTS 16 /* rotations in one go */
#define MAX_PINS_BYTES 16384

static void hold(struct updater *u, const struct order *o, const char *gate, const char *reason,
		 const char *why) {
	struct verdict v = { 0 };

	if (u->gone || u->clean)
		return; /* the end of the sensor stopped it */
	if (u->held_order == (o ? o->number : 0) && !strcmp(u->held, reason))
		return; /* told already */
	(void)snprintf(u->held, sizeof(u->held), "%s", reason);
	u->held_order = o ? o->number : 0;
	if (o) {
		memcpy(v.hash, o->bundle, SEAL_HASH_BYTES);
		v.version = o->version;
	}
	verdict_say(&v, gate, "held", reason, "%s", why);
	updater_tell(u, &v);
}

static void read_policy(const struct updater *u, struct policy *ret) {
	struct buf text = { 0 };
	struct policy pins;

	*ret = u->o->policy;
	if (!store_read(&u->store, "pins", MAX_PINS_BYTES, &text)) {
		if (!policy_parse((struct str){ text.data, (uint32_t)text.len }, &pins))
			policy_join(ret, &pins);
		else
			ret->freeze_until_s = UINT64_MAX; /* what was meant is not known: stay */
	}
	buf_done(&text);
}

/* rotate_roots - -errno when the source cannot be asked, which is told; no root there is well */
static int rotate_roots(struct updater *u, struct keys_root *root) {
	struct buf bytes = { 0 };
	struct verdict v;
	const char *why = "";
	char name[32];
	int err = 0;

	for (int i = 0; i < MAX_ROOTS; i++) {
		buf_reset(&bytes);
		(void)snprintf(name, sizeof(name), "root.%" PRIu64, root->version + 1);
		err = fetch(&u->from, name, ORDER_MAX_BYTES, &bytes, &why);
		if (err || intake_root(&u->store, bytes.data, bytes.len, &v) ||
		    store_root(&u->store, root))
			break;
	}
	if (err && err != -ENOENT)
		hold(u, NULL, "order", "source", why);
	buf_done(&bytes);
	return err == -ENOENT ? 0 : err;
}

/* read_order - fetched, and signed by enough rollout keys */
static int read_order(struct updater *u, const struct keys_root *root, struct order *ret) {
	struct buf bytes = { 0 };
	const char *why = "";
	struct seal s;
	int err = fetch(&u->from, "order", ORDER_MAX_BYTES, &bytes, &why);

	if (err) {
		hold(u, NULL, "order", "source", why);
	} else if (seal_open(bytes.data, bytes.len, &s, &why) || s.kind != SEAL_ORDER ||
		   !keys_signed(root, KEYS_ROLLOUT, &s, NULL) || order_parse(&s, ret)) {
		err = -EKEYREJECTED;
		hold(u, NULL, "order", "signature", "the order is not signed by the rollout keys "
		     "that are needed, or makes no sense");
	}
	buf_done(&bytes);
	return err;
}

/* host_identity - the machine's; in a container the node's, as its owner mounts it */
static struct str host_identity(void) {
	static char id[64];

	procfile_line("/etc/machine-id", id, sizeof(id));
	return str_of(getenv("LAPWING_HOST_ID") ? getenv("LAPWING_HOST_ID") : id);
}

static uint32_t minute_of_week(void) {
	time_t t = time(NULL);
	struct tm tm = { 0 };

	(void)localtime_r(&t, &tm);
	return (uint32_t)(((tm.tm_wday + 6) % 7) * 1440 + tm.tm_hour * 60 + tm.tm_min);
}

static void slot_of(const struct state *s, const uint8_t *hash, struct state_slot *ret) {
	const struct state_slot *all[] = { &s->live, &s->good, &s->before[0], &s->before[1] };

	*ret = (struct state_slot){ 0 };
	for (int i = 0; i < 4; i++)
		if (state_slot_is(all[i], hash))
			*ret = *all[i];
}

/* revert - to a bundle that is still in its slot, or to none; no network is needed */
static void revert(struct updater *u, const struct order *o, const struct plan *plan) {
	struct state_slot to;
	struct verdict v = { .version = o->version };
	int err = updater_begin(u);

	slot_of(&u->state, plan->hash, &to);
	if (!err) {
		u->state.order = o->number;
		state_revert(&u->state, &to);
	}
	if (updater_end(u, err))
		return;
	memcpy(v.hash, o->bundle, SEAL_HASH_BYTES);
	verdict_say(&v, "order", "reverted", "ordered", to.there ? "back to version %" PRIu64
		    : "back to the rules that came with the sensor", to.version);
	updater_tell(u, &v);
	u->trial.stage = u->state.stage;
}

static void take_bundle(struct updater *u, const struct order *o, const struct policy *p) {
	struct intake in = { .store = &u->store, .rules = u->o->rules, .n_rules = u->o->n_rules,
			     .tapes = recorder_folder(u->o->tapes), .limits = &rehearse_defaults,
			     .channel = p->channel, .order = o->number, .retry = o->retry };
	char name[SEAL_HEX_BYTES + 8];
	struct buf bytes = { 0 };
	struct verdict v;
	const char *why;
	int err;

	seal_hex(o->bundle, name);
	(void)strcat(name, ".lwb");
	err = fetch(&u->from, name, SEAL_MAX_BYTES, &bytes, &why);
	if (err)
		hold(u, o, "order", "fetch", why);
	else
		err = intake_bundle(&in, bytes.data, bytes.len, &v);
	/* one that was refused is not fetched again and again for the same order */
	u->refused = err && err != -ENOENT && err != -EIO ? o->number : u->refused;
	if (!err) {
		u->limits = u->o->limits;
		if (o->shadow_s)
			u->limits.shadow_ms = (uint64_t)o->shadow_s * 1000;
		if (o->probation_s)
			u->limits.probation_ms = (uint64_t)o->probation_s * 1000;
		trial_defaults(&u->limits);
	}
	buf_done(&bytes);
}

static void tell_off(struct updater *u) {
	struct verdict v = { 0 };
	uint64_t until = 0;
	uint32_t n = 0;

	for (uint32_t i = 0; i < u->state.off.n; i++) {
		const struct off *off = &u->state.off.list[i];

		if (off->owner)
			continue;
		n++;
		until = off->until_s;
		verdict_say(&v, "order", "off", off_word(off->kind), "%s, until %" PRIu64,
			    off->name[0] ? off->name : "no hook tells anything", until);
		updater_tell(u, &v);
	}
	if (!n) {
		verdict_say(&v, "order", "on", "-", "what orders had switched off is on again");
		updater_tell(u, &v);
	}
}

/*
 * see_order - the highest number is kept, so that no older order is followed again
 * What it switches off is off from now on, whether or not it is this host's turn, and though
 * updates are paused or frozen.
 */
static int see_order(struct updater *u, const struct order *o, const struct policy *p) {
	bool off = false;
	int err = 0;

	if (o->number <= u->state.order)
		return 0;
	err = updater_begin(u);
	if (!err)
		u->state.order = o->number;
	if (!err && plan_concerns(o, p))
		off = off_order(&u->state.off, o);
	err = updater_end(u, err);
	if (!err && off)
		tell_off(u);
	if (!err && u->trial.stage)
		u->trial.serial = u->state.serial;
	return err;
}

void updater_poll(struct updater *u) {
	static struct keys_root root;
	static struct order o;
	struct plan_host h = { .identity = host_identity() };
	const struct state_slot *back;
	struct policy policy;
	struct plan plan;

	if (store_root(&u->store, &root))
		return;
	if (rotate_roots(u, &root) || read_order(u, &root, &o))
		return;
	read_policy(u, &policy);
	h.order = u->state.order;
	h.has_live = u->state.live.there;
	back = state_back(&u->state, o.bundle);
	h.has_good = back->there;
	h.on_trial = u->state.stage != TRIAL_NONE;
	memcpy(h.live, u->state.live.hash, SEAL_HASH_BYTES);
	memcpy(h.good, back->hash, SEAL_HASH_BYTES);
	memcpy(h.trial, u->state.trial.hash, SEAL_HASH_BYTES);
	h.reverted = state_was_reverted(&u->state, o.bundle, &h.reverted_order);
	plan_order(&o, &policy, &h, intake_now_s(), minute_of_week(), &plan);
	if (u->state.paused && plan.action == PLAN_TAKE) {
		plan.action = PLAN_HOLD;
		plan.reason = "paused";
		plan.why = "the owner has paused updates";
	}
	if (see_order(u, &o, &policy))
		return;
	if (plan.action == PLAN_HOLD)
		hold(u, &o, "order", plan.reason, plan.why);
	else if (plan.action == PLAN_REVERT)
		revert(u, &o, &plan);
	else if (plan.action == PLAN_TAKE && u->refused != o.number)
		take_bundle(u, &o, &policy);
}
