/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "content/number.h"
#include "content/state.h"

#define HEAD "lapwing content state 1\n"
#define SUM "sum "

static bool same(const uint8_t *a, const uint8_t *b) {
	return !memcmp(a, b, SEAL_HASH_BYTES);
}

/* --- text ------------------------------------------------------------------------------------- */

static void put_slot(struct buf *out, const char *key, const struct state_slot *s) {
	char hex[SEAL_HEX_BYTES];

	seal_hex(s->hash, hex);
	if (s->there)
		buf_addf(out, "%s %s %" PRIu64 "\n", key, hex, s->version);
}

void state_format(const struct state *s, struct buf *out) {
	size_t from = out->len;
	uint8_t sum[SEAL_HASH_BYTES];
	char hex[SEAL_HEX_BYTES];

	buf_addf(out, HEAD "serial %" PRIu64 "\norder %" PRIu64 "\nfloor %" PRIu64 "\n", s->serial,
		 s->order, s->floor);
	if (s->begun)
		buf_add_lit(out, "begun 1\n");
	if (s->paused)
		buf_add_lit(out, "paused 1\n");
	put_slot(out, "live", &s->live);
	put_slot(out, "good", &s->good);
	for (int i = 0; i < STATE_BEFORE; i++)
		put_slot(out, "before", &s->before[i]);
	if (s->stage) {
		put_slot(out, "trial", &s->trial);
		buf_addf(out, "stage %d\ntrial_order %" PRIu64 "\n", (int)s->stage,
			 s->trial_order);
	}
	for (uint32_t i = 0; i < s->n_reverted; i++) {
		seal_hex(s->reverted[i].hash, hex);
		buf_addf(out, "reverted %s %" PRIu64 "\n", hex, s->reverted[i].order);
	}
	off_format(&s->off, out);
	if (buf_error(out))
		return;
	seal_hash(out->data + from, out->len - from, sum);
	seal_hex(sum, hex);
	buf_addf(out, SUM "%s\n", hex);
}

/* take_pair - "HASH NUMBER" */
static int take_pair(struct str x, uint8_t hash[SEAL_HASH_BYTES], uint64_t *ret) {
	const uint32_t hex = 2 * SEAL_HASH_BYTES;

	if (x.n < hex + 2 || x.s[hex] != ' ' || seal_unhex((struct str){ x.s, hex }, hash))
		return -EBADMSG;
	return number_parse((struct str){ x.s + hex + 1, x.n - hex - 1 }, ret);
}

static int take_slot(struct str x, struct state_slot *ret) {
	if (ret->there)
		return -EBADMSG;
	ret->there = true;
	return take_pair(x, ret->hash, &ret->version);
}

static int take_row(struct str key, struct str x, struct state *s) {
	uint64_t v = 0;
	int err = 0;

	if (str_eq(key, STR("live")))
		return take_slot(x, &s->live);
	if (str_eq(key, STR("good")))
		return take_slot(x, &s->good);
	if (str_eq(key, STR("trial")))
		return take_slot(x, &s->trial);
	if (str_eq(key, STR("before")))
		return take_slot(x, &s->before[s->before[0].there]);
	if (str_eq(key, STR("reverted"))) {
		if (s->n_reverted == STATE_REVERTED)
			return -EBADMSG;
		err = take_pair(x, s->reverted[s->n_reverted].hash, &v);
		s->reverted[s->n_reverted++].order = v;
		return err;
	}
	if (str_eq(key, STR("off")))
		return off_parse(x, &s->off);
	err = number_parse(x, &v);
	if (str_eq(key, STR("serial")))
		s->serial = v;
	else if (str_eq(key, STR("order")))
		s->order = v;
	else if (str_eq(key, STR("floor")))
		s->floor = v;
	else if (str_eq(key, STR("trial_order")))
		s->trial_order = v;
	else if (str_eq(key, STR("begun")) && v == 1)
		s->begun = true;
	else if (str_eq(key, STR("paused")) && v == 1)
		s->paused = true;
	else if (str_eq(key, STR("stage")) && v > TRIAL_NONE && v < TRIAL_STAGES)
		s->stage = (enum trial_stage)v;
	else
		err = -EBADMSG;
	return err;
}

/* checked - @text without its last line, if that is the right checksum; absent if not */
static struct str checked(struct str text) {
	const uint32_t n = sizeof(SUM) - 1 + 2 * SEAL_HASH_BYTES + 1;
	struct str body = { text.s, text.n > n ? text.n - n : 0 };
	uint8_t sum[SEAL_HASH_BYTES], found[SEAL_HASH_BYTES];
	const char *line = text.s + body.n;

	if (!body.n || body.s[body.n - 1] != '\n' || memcmp(line, SUM, sizeof(SUM) - 1) != 0 ||
	    line[n - 1] != '\n' ||
	    seal_unhex((struct str){ line + sizeof(SUM) - 1, 2 * SEAL_HASH_BYTES }, sum))
		return (struct str){ 0 };
	seal_hash(body.s, body.n, found);
	return same(sum, found) ? body : (struct str){ 0 };
}

int state_parse(struct str text, struct state *ret) {
	struct state s = { 0 };
	struct str body = checked(text);
	int err = 0;

	if (!str_starts(body, STR(HEAD)))
		return -EBADMSG;
	for (uint32_t at = sizeof(HEAD) - 1; at < body.n && !err;) {
		const char *line = body.s + at, *end = memchr(line, '\n', body.n - at);
		uint32_t n = (uint32_t)(end - line);
		const char *blank = memchr(line, ' ', n);
		uint32_t k = blank ? (uint32_t)(blank - line) : n;

		if (!blank)
			return -EBADMSG;
		err = take_row((struct str){ line, k }, (struct str){ blank + 1, n - k - 1 }, &s);
		at += n + 1;
	}
	if (err || (s.stage != TRIAL_NONE) != s.trial.there)
		return -EBADMSG;
	*ret = s;
	return 0;
}

bool state_slot_is(const struct state_slot *slot, const uint8_t hash[SEAL_HASH_BYTES]) {
	return slot->there && same(slot->hash, hash);
}

/* --- changes ---------------------------------------------------------------------------------- */

bool state_was_reverted(const struct state *s, const uint8_t hash[SEAL_HASH_BYTES],
			uint64_t *ret_order) {
	for (uint32_t i = 0; i < s->n_reverted; i++) {
		if (!same(s->reverted[i].hash, hash))
			continue;
		if (ret_order)
			*ret_order = s->reverted[i].order;
		return true;
	}
	return false;
}

static void forget_reverted(struct state *s, const uint8_t *hash) {
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->n_reverted; i++)
		if (!same(s->reverted[i].hash, hash))
			s->reverted[n++] = s->reverted[i];
	s->n_reverted = n;
}

static void add_reverted(struct state *s, const uint8_t *hash, uint64_t order) {
	forget_reverted(s, hash);
	if (s->n_reverted == STATE_REVERTED)
		s->n_reverted--; /* the oldest falls out: its version is below the floor by now */
	memmove(&s->reverted[1], &s->reverted[0], s->n_reverted * sizeof(s->reverted[0]));
	memcpy(s->reverted[0].hash, hash, SEAL_HASH_BYTES);
	s->reverted[0].order = order;
	s->n_reverted++;
}

static void end_trial(struct state *s) {
	s->trial = (struct state_slot){ 0 };
	s->stage = TRIAL_NONE;
	s->trial_order = 0;
	s->begun = false;
}

void state_take_up(struct state *s) {
	s->stage = TRIAL_CONTROL;
	s->begun = true;
}

void state_put_down(struct state *s) {
	s->begun = false;
	if (s->stage)
		s->stage = TRIAL_CONTROL;
}

void state_begin(struct state *s, const struct state_slot *slot, uint64_t order) {
	s->trial = *slot;
	s->stage = TRIAL_CONTROL;
	s->trial_order = order;
}

/* put_live - @slot is live from now on, and what was before it is kept */
static void put_live(struct state *s, const struct state_slot *slot) {
	if (s->live.there && !state_slot_is(slot, s->live.hash)) {
		s->before[1] = s->before[0];
		s->before[0] = s->live;
	}
	s->live = *slot;
}

bool state_promote(struct state *s) {
	if (s->stage != TRIAL_PROBATION) {
		s->stage++;
		return false;
	}
	put_live(s, &s->trial);
	s->good = s->live;
	if (s->live.version > s->floor)
		s->floor = s->live.version;
	forget_reverted(s, s->live.hash);
	end_trial(s);
	return true;
}

void state_rollback(struct state *s) {
	add_reverted(s, s->trial.hash, s->order);
	end_trial(s);
}

const struct state_slot *state_back(const struct state *s, const uint8_t from[SEAL_HASH_BYTES]) {
	static const struct state_slot none;
	const struct state_slot *all[] = { &s->good, &s->before[0], &s->before[1] };

	for (int i = 0; i < 3; i++)
		if (all[i]->there && !same(all[i]->hash, from))
			return all[i];
	return &none;
}

void state_revert(struct state *s, const struct state_slot *to) {
	struct state_slot from = s->live;

	if (s->stage)
		state_rollback(s);
	if (from.there && !state_slot_is(to, from.hash)) {
		add_reverted(s, from.hash, s->order);
		s->live = *to;
		if (state_slot_is(&s->good, from.hash))
			s->good = *to;
	}
	if (to->there)
		forget_reverted(s, to->hash);
}

bool state_orphan(struct state *s) {
	if (!s->stage || !s->begun)
		return false;
	state_rollback(s);
	return true;
}

const struct state_slot *state_pick(const struct state *s, bool last_good) {
	if (last_good)
		return &s->good;
	return s->stage == TRIAL_PROBATION ? &s->trial : &s->live;
}
