/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/toll.h"

#include <string.h>

#define LEAST_MS 6000 /* less than this says nothing of a share of CPU */
#define TIED_PERCENT 90 /* of the dearest one's cost */

const char *const toll_order[TOLL_FAMILIES] = { "file", "net", "inject", "kernel", "process" };

uint32_t toll_family(const char *name) {
	uint32_t i = 0;

	while (i < TOLL_FAMILIES && strcmp(toll_order[i], name) != 0)
		i++;
	return i;
}

bool toll_due(const struct toll *t, uint64_t now_ms) {
	return now_ms - t->last.ms >= (t->series ? TOLL_BUSY_MS : TOLL_IDLE_MS);
}

static void measure(struct toll *t, const struct toll_limits *l) {
	uint64_t per_ppm = t->ms * (l->cpus ? l->cpus : 1); /* 1 ms is a million ns */
	uint64_t all = 0, most = 0, family[TOLL_FAMILIES] = { 0 };

	for (uint32_t i = 0; i < t->last.n; i++) {
		all += t->grown[i];
		family[t->last.programs[i].family] += t->grown[i];
		most = t->grown[i] > most ? t->grown[i] : most;
	}
	t->ppm = all / per_ppm;
	t->most_ppm = most / per_ppm;
	for (int i = 0; i < TOLL_FAMILIES; i++)
		t->family_ppm[i] = family[i] / per_ppm;
}

static bool may_go(const struct toll *t, uint32_t i) {
	return !(t->shed >> i & 1);
}

/*
 * is_cause - whether it is the family @i for which the budget is not kept
 * Without it the others would keep it, or it alone takes more than half.
 */
static bool is_cause(const struct toll *t, const struct toll_limits *l, uint32_t i) {
	return t->family_ppm[i] > l->budget_ppm / 2 ||
	       (t->ppm > l->budget_ppm && t->ppm - t->family_ppm[i] <= l->budget_ppm);
}

/* choose - the dearest cause, the first of those that cost about as much; false: there is none */
static bool choose(struct toll *t, const struct toll_limits *l) {
	uint64_t dearest = 0;

	for (uint32_t i = 0; i < TOLL_SHEDDABLE; i++)
		if (may_go(t, i) && is_cause(t, l, i) && t->family_ppm[i] > dearest)
			dearest = t->family_ppm[i];
	for (uint32_t i = 0; i < TOLL_SHEDDABLE && dearest; i++) {
		if (!may_go(t, i) || !is_cause(t, l, i) ||
		    t->family_ppm[i] < dearest * TIED_PERCENT / 100)
			continue;
		t->which = i;
		return true;
	}
	return false;
}

/* judge - what the series that was just measured means */
static enum toll_action judge(struct toll *t, const struct toll_limits *l, uint64_t now_ms) {
	bool told = t->helpless;

	measure(t, l);
	if (t->ppm > l->budget_ppm || t->most_ppm > l->budget_ppm / 2) {
		t->calm_ms = 0;
		t->helpless = !choose(t, l);
		if (t->helpless)
			return told ? TOLL_NONE : TOLL_HELPLESS;
		t->shed |= 1u << t->which;
		return TOLL_SHED;
	}
	if (t->ppm > l->budget_ppm / 2) {
		t->calm_ms = 0;
		return TOLL_NONE;
	}
	t->helpless = false;
	if (!t->calm_ms)
		t->calm_ms = now_ms;
	return t->shed && now_ms - t->calm_ms >= l->calm_ms ? TOLL_BACK : TOLL_NONE;
}

static void begin_series(struct toll *t) {
	t->ms = 0;
	memset(t->grown, 0, sizeof(t->grown));
}

/* grew - whether the kernel counts: some program has run since the look before */
static bool grew(const struct toll_look *last, const struct toll_look *now) {
	for (uint32_t i = 0; i < now->n && i < last->n; i++)
		if (now->programs[i].runs > last->programs[i].runs &&
		    now->programs[i].ns > last->programs[i].ns)
			return true;
	return false;
}

enum toll_action toll_step(struct toll *t, const struct toll_limits *l,
			   const struct toll_look *now) {
	bool grows = t->last.ms && now->n == t->last.n && grew(&t->last, now);
	enum toll_action action = TOLL_NONE;

	if (!l->budget_ppm)
		return TOLL_NONE;
	/* the counting began or ended somewhere within the first and the last of a series */
	if (grows && t->series) {
		t->ms += now->ms - t->last.ms;
		for (uint32_t i = 0; i < now->n; i++)
			t->grown[i] += now->programs[i].ns - t->last.programs[i].ns;
	}
	t->last = *now;
	t->series = grows;
	if (t->ms >= LEAST_MS) {
		action = judge(t, l, now->ms);
		begin_series(t);
	}
	if (!grows)
		begin_series(t);
	return action;
}
