/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a window says of its correlation. Of the stretch that ends with the
 * newest hit the window keeps running figures; orders and percentiles are found by
 * walking a stretch. Hits that arrived out of order are correlate_late.c's.
 */
#include <stdlib.h>

#include "detect/correlate.h"

#define MOST_NUMBERS 2048 /* that are sorted at each hit, for a percentile */
#define MOST_ORDERED 512

uint32_t correlation_most(const struct correlation *c) {
	switch ((enum correlation_type)c->type) {
	case TEMPORAL: /* mostly one of each rule: correlate.c drops older ones */
	case TEMPORAL_ORDERED:
		return MOST_ORDERED;
	case VALUE_PERCENTILE:
	case VALUE_MEDIAN:
		return MOST_NUMBERS;
	case EVENT_COUNT:
	case VALUE_COUNT:
	case VALUE_SUM:
	case VALUE_AVG:
		break;
	}
	return WINDOW_MOST;
}

static bool within(const struct bound *b, double x) {
	switch (b->op) {
	case BOUND_GT:
		return x > b->than;
	case BOUND_GTE:
		return x >= b->than;
	case BOUND_LT:
		return x < b->than;
	case BOUND_LTE:
		return x <= b->than;
	case BOUND_EQ:
		return x == b->than;
	case BOUND_NEQ:
		return x != b->than;
	}
	return false;
}

static bool bounds_hold(const struct correlation *c, double x) {
	for (uint8_t i = 0; i < c->n_bounds; i++) {
		if (!within(&c->bounds[i], x))
			return false;
	}
	return true;
}

/* before - the next older hit of the stretch that ends with @end, or NULL */
static struct window_hit *before(const struct correlation *c, struct windows *w,
				 const struct window_hit *end, const struct window_hit *hit) {
	struct window_hit *o = window_older(w, hit);

	return o && end->time_ns - o->time_ns <= c->span_ns ? o : NULL;
}

/*
 * in_order - the most rules that were hit in the order of the list. best[k] is the longest chain
 * that begins with rule k, as the stretch is walked from its end.
 */
static uint32_t in_order(const struct correlation *c, struct windows *w, struct window_hit *end) {
	uint32_t best[MAX_REFERENCES + 1] = { 0 }, most = 0;

	for (struct window_hit *h = end; h; h = before(c, w, end, h)) {
		uint32_t longest = 0;

		for (uint32_t k = h->source + 1u; k < c->n_references; k++)
			longest = best[k] > longest ? best[k] : longest;
		if (longest + 1 > best[h->source])
			best[h->source] = longest + 1;
		most = best[h->source] > most ? best[h->source] : most;
	}
	return most;
}

static int by_number(const void *a, const void *b) {
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* percentile - by linear interpolation: the 90th of 10 and 100 is 91 */
static double percentile(const struct correlation *c, struct windows *w, struct window_hit *end) {
	static double v[MOST_NUMBERS];
	uint32_t n = 0, below;
	double rank;

	for (struct window_hit *h = end; h && n < MOST_NUMBERS; h = before(c, w, end, h))
		v[n++] = h->number;
	qsort(v, n, sizeof(*v), by_number);
	rank = c->percentile / 100 * (n - 1);
	below = (uint32_t)rank;
	if (below + 1 >= n)
		return v[n - 1];
	return v[below] + (rank - below) * (v[below + 1] - v[below]);
}

bool correlation_agrees(const struct correlation *c, const struct window_total *t,
			uint32_t n_distinct) {
	switch ((enum correlation_type)c->type) {
	case EVENT_COUNT:
		return bounds_hold(c, (double)t->weight);
	case VALUE_COUNT:
	case TEMPORAL:
		return bounds_hold(c, n_distinct);
	case VALUE_SUM:
		return bounds_hold(c, (double)window_total_sum(t));
	case VALUE_AVG:
		return bounds_hold(c, (double)(window_total_sum(t) / t->weight));
	case TEMPORAL_ORDERED:
	case VALUE_PERCENTILE:
	case VALUE_MEDIAN:
		break;
	}
	return false;
}

bool correlation_holds(const struct correlation *c, struct windows *w, const struct window *g,
		       struct window_hit *end) {
	if (c->type == TEMPORAL_ORDERED)
		return bounds_hold(c, in_order(c, w, end));
	if (correlation_walks(c))
		return bounds_hold(c, percentile(c, w, end));
	return end == window_newest(w, g) && correlation_agrees(c, &g->total, g->n_distinct);
}

uint64_t correlation_lacks(const struct correlation *c, const struct window *g) {
	uint64_t have = 0;
	double want = 0;

	for (uint8_t i = 0; i < c->n_bounds; i++) {
		const struct bound *b = &c->bounds[i];

		if (b->op == BOUND_GTE || b->op == BOUND_EQ)
			want = b->than > want ? b->than : want;
		else if (b->op == BOUND_GT)
			want = b->than + 1 > want ? b->than + 1 : want;
	}
	if (c->type == EVENT_COUNT)
		have = g ? g->total.weight : 0;
	else if (c->type <= TEMPORAL_ORDERED)
		have = g ? g->n_distinct : 0;
	else
		return 1; /* one number can be large enough */
	return want > (double)have + 1 ? (uint64_t)want - have : 1;
}

/* chain - for each rule of the list, from its end, the newest hit before that of its follower */
static uint32_t chain(const struct correlation *c, struct windows *w, struct window_hit *end,
		      struct window_hit **ret) {
	uint32_t k = c->n_references, n = 0;

	for (struct window_hit *h = end; h && k > 0; h = before(c, w, end, h)) {
		if (h->source == k - 1) {
			ret[n++] = h;
			k--;
		}
	}
	return k ? 0 : n;
}

uint32_t correlation_evidence(const struct correlation *c, struct windows *w,
			      const struct window *g, struct window_hit *end,
			      struct window_hit *ret[MAX_EVIDENCE]) {
	bool once = end == window_newest(w, g) && c->type >= VALUE_COUNT && c->type <= TEMPORAL;
	uint32_t n = 0;

	if (c->type == TEMPORAL_ORDERED && c->n_references <= MAX_EVIDENCE)
		n = chain(c, w, end, ret);
	for (struct window_hit *h = n ? NULL : end; h && n < MAX_EVIDENCE;
	     h = before(c, w, end, h)) {
		if (!once || h->counted)
			ret[n++] = h;
	}
	for (uint32_t i = 0; i < n / 2; i++) {
		struct window_hit *swap = ret[i];

		ret[i] = ret[n - 1 - i];
		ret[n - 1 - i] = swap;
	}
	return n;
}
