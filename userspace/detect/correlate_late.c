/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hit that arrives behind newer ones is part of several stretches. Their figures
 * are those of the newest one, which the window keeps, moved from hit to hit back to
 * the late one: what leaves at the new end is taken away, and what enters at the old
 * one is added. So a hit that is a few places late costs a few steps.
 *
 *     oldest ── from ══ ... ══ late ══ ... ══ end ── ... ── newest
 *
 * Distinct values have to be counted anew, in a table; and of an order or a percentile,
 * each of which takes a walk of its own, only the first MOST_ENDS and the newest are asked.
 */
#include "detect/correlate.h"

#define MOST_ENDS 16
#define N_VALUES (2 * WINDOW_MOST)

/* One stretch: the hits from @from to @end; none, where that is the one before @from. */
struct stretch {
	const struct correlation *c;
	struct windows *w;
	struct window_hit *end, *from;
	struct window_total total;
	uint32_t n_distinct;
};

/* How often each value stands in the stretch, for one late hit, whose number is in @round. */
static struct {
	uint64_t value;
	uint32_t n, round;
} values[N_VALUES];
static uint32_t the_round;

static bool is_distinct(const struct correlation *c) {
	return c->type == VALUE_COUNT || c->type == TEMPORAL;
}

/* count_value - @value once more or less; gives by how much the distinct ones are more */
static int count_value(uint64_t value, int sign) {
	uint32_t i = (uint32_t)(value ^ value >> 32) % N_VALUES;
	uint32_t before;

	while (values[i].round == the_round && values[i].value != value)
		i = (i + 1) % N_VALUES;
	before = values[i].round == the_round ? values[i].n : 0;
	values[i].value = value;
	values[i].round = the_round;
	values[i].n = before + (uint32_t)sign;
	return (values[i].n > 0) - (before > 0);
}

static void figure(struct stretch *s, const struct window_hit *hit, int sign) {
	if (is_distinct(s->c))
		s->n_distinct += (uint32_t)count_value(hit->value, sign);
	else
		window_total_add(&s->total, hit, sign);
}

static bool within_span(const struct stretch *s, const struct window_hit *hit) {
	return s->end->time_ns - hit->time_ns <= s->c->span_ns;
}

/* stretch_newest - the one that ends with the newest hit */
static void stretch_newest(struct stretch *s, const struct window *g) {
	s->end = window_newest(s->w, g);
	s->from = window_from(s->w, g);
	s->total = g->total;
	if (!is_distinct(s->c))
		return;
	if (++the_round == 0) {
		memset(values, 0, sizeof(values));
		the_round = 1;
	}
	for (const struct window_hit *hit = s->from; hit; hit = window_newer(s->w, hit))
		figure(s, hit, 1);
}

/* step_back - the one that ends with the hit before; there is one */
static void step_back(struct stretch *s) {
	struct window_hit *o;

	figure(s, s->end, -1);
	s->end = window_older(s->w, s->end);
	while ((o = window_older(s->w, s->from)) && within_span(s, o)) {
		figure(s, o, 1);
		s->from = o;
	}
}

/* out_of_reach - whether @c wants more distinct values than the window has hits */
static bool out_of_reach(const struct correlation *c, const struct window *g) {
	for (uint8_t i = 0; i < c->n_bounds; i++) {
		const struct bound *b = &c->bounds[i];

		if (((b->op == BOUND_GTE || b->op == BOUND_EQ) && b->than > g->n) ||
		    (b->op == BOUND_GT && b->than >= g->n))
			return true;
	}
	return false;
}

static struct window_hit *by_figures(const struct correlation *c, struct windows *w,
				     const struct window *g, const struct window_hit *late) {
	struct stretch s = { .c = c, .w = w };

	if (is_distinct(c) && out_of_reach(c, g))
		return NULL;
	for (stretch_newest(&s, g);; step_back(&s)) {
		if (within_span(&s, late) && correlation_agrees(c, &s.total, s.n_distinct))
			return s.end;
		if (s.end == late)
			return NULL;
	}
}

static struct window_hit *by_walks(const struct correlation *c, struct windows *w,
				   const struct window *g, struct window_hit *late) {
	struct window_hit *end = late, *newest = window_newest(w, g);

	for (unsigned i = 0; end && i < MOST_ENDS; i++) {
		if (end->time_ns - late->time_ns > c->span_ns)
			return NULL;
		if (correlation_holds(c, w, g, end))
			return end;
		end = window_newer(w, end);
	}
	return end && newest->time_ns - late->time_ns <= c->span_ns &&
			       correlation_holds(c, w, g, newest)
		       ? newest
		       : NULL;
}

struct window_hit *correlation_late(const struct correlation *c, struct windows *w,
				    const struct window *g, struct window_hit *late) {
	return correlation_walks(c) ? by_walks(c, w, g, late) : by_figures(c, w, g, late);
}
