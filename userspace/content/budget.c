/* SPDX-License-Identifier: Apache-2.0 */
#include "content/budget.h"

const struct budget_limits budget_defaults = {
	.window_ms = 60000,
	.ns_per_s = 5000000,
	.matches_minute = 100,
	.far = 10,
};

static void begin(struct budget *b, uint64_t ns, uint64_t matches, uint64_t now_ms) {
	b->began_ms = now_ms;
	b->ns = ns;
	b->matches = matches;
}

enum budget_state budget_step(struct budget *b, const struct budget_limits *l, uint64_t ns,
			      uint64_t matches, uint64_t now_ms, const char **ret_reason) {
	uint64_t ms = now_ms - b->began_ms;
	uint64_t may_ns = l->ns_per_s * l->window_ms / 1000;
	uint64_t may_match = l->matches_minute * l->window_ms / 60000;

	if (!b->began_ms || ns < b->ns || matches < b->matches) {
		begin(b, ns, matches, now_ms);
		return b->state;
	}
	if (b->state == BUDGET_DISARMED)
		return b->state;
	*ret_reason = ns - b->ns > may_ns ? "time" : "matches";
	if (ns - b->ns > may_ns * l->far || matches - b->matches > may_match * l->far) {
		b->state = BUDGET_DISARMED;
	} else if (ns - b->ns > may_ns || matches - b->matches > may_match) {
		b->state = b->state == BUDGET_ARMED ? BUDGET_SAMPLED : BUDGET_DISARMED;
		begin(b, ns, matches, now_ms);
	} else if (ms >= l->window_ms) {
		b->state = BUDGET_ARMED; /* calm for a whole window */
		begin(b, ns, matches, now_ms);
	}
	return b->state;
}

uint32_t budget_each(const struct budget *b) {
	if (b->off || b->state == BUDGET_DISARMED)
		return 0;
	return b->state == BUDGET_SAMPLED ? BUDGET_SAMPLE : 1;
}
