/* SPDX-License-Identifier: Apache-2.0 */
/*
 * budget.h - how much time and how many matches a rule may have, and what comes of more
 *
 * Looked at in windows. A rule over its budget is sampled in the next window (one event of 16); one
 * that is over it again while it is sampled, or over it by far, is disarmed until other content is
 * loaded. Pure.
 */
#ifndef LAPWING_CONTENT_BUDGET_H
#define LAPWING_CONTENT_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

enum budget_state { BUDGET_ARMED = 0, BUDGET_SAMPLED = 1, BUDGET_DISARMED = 2 };

#define BUDGET_SAMPLE 16 /* of so many events a sampled rule sees one */

struct budget_limits {
	uint64_t window_ms;	 /* 60 s */
	uint64_t ns_per_s;	 /* 5,000,000: half a percent of one CPU, for one rule */
	uint64_t matches_minute; /* 100 */
	uint64_t far;		 /* 10: times the budget, at which it is disarmed at once */
};

struct budget {
	enum budget_state state;
	bool off; /* switched off, whatever its budget */
	uint64_t began_ms, ns, matches; /* of the window: totals at its beginning */
};

extern const struct budget_limits budget_defaults;

/*
 * budget_step - with a rule's totals so far; once a second will do
 * Gives the state that it is in from now on; @ret_reason: "time" or "matches", if it changed.
 */
enum budget_state budget_step(struct budget *b, const struct budget_limits *l, uint64_t ns,
			      uint64_t matches, uint64_t now_ms, const char **ret_reason);

/* budget_each - of so many events the rule is to see one; 0: it is to see none */
uint32_t budget_each(const struct budget *b);

#endif
