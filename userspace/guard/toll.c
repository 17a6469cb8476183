/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/toll.h"

#define LEAST_MS 6000 /* less than this says nothing of a share of CPU */

const char *const toll_order[TOLL_FAMILIES] = { "file", "net", "inject", "kernel" };

bool toll_due(const struct toll *t, uint64_t now_ms) {
	return now_ms - t->last.ms >= (t->series ? TOLL_BUSY_MS : TOLL_IDLE_MS);
}

static uint64_t ppm_of(const struct toll_limits *l, uint64_t ns, uint64_t ms) {
	return ns / (ms * (l->cpus ? l->cpus : 1)); /* 1 ms is a million ns */
}

/* judge - what the series that was just measured means */
static enum toll_action judge(struct toll *t, const struct toll_limits *l, uint64_t now_ms) {
	uint64_t most = ppm_of(l, t->most_ns, t->ms);

	t->ppm = ppm_of(l, t->ns, t->ms);
	if (t->ppm > l->budget_ppm || most > l->budget_ppm / 2) {
		t->calm_ms = 0;
		if (t->shed == TOLL_FAMILIES)
			return TOLL_NONE;
		t->shed++;
		return TOLL_SHED;
	}
	if (t->ppm > l->budget_ppm / 2)
		t->calm_ms = 0;
	else if (!t->calm_ms)
		t->calm_ms = now_ms;
	else if (t->shed && now_ms - t->calm_ms >= l->calm_ms)
		return TOLL_BACK;
	return TOLL_NONE;
}

enum toll_action toll_step(struct toll *t, const struct toll_limits *l,
			   const struct toll_look *now) {
	bool first = !t->last.ms, grew = now->runs > t->last.runs && now->ns > t->last.ns;
	enum toll_action action = TOLL_NONE;

	if (!l->budget_ppm)
		return TOLL_NONE;
	/* the counting began or ended somewhere within the first and the last of a series */
	if (!first && grew && t->series) {
		t->ms += now->ms - t->last.ms;
		t->ns += now->ns - t->last.ns;
		t->most_ns += now->most_ns;
	}
	if (t->ms >= LEAST_MS) {
		action = judge(t, l, now->ms);
		t->ms = t->ns = t->most_ns = 0;
	}
	t->series = !first && grew;
	if (!t->series)
		t->ms = t->ns = t->most_ns = 0;
	t->last = *now;
	return action;
}
