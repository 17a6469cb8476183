/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/engine.h"

/*
 * A TCP connection is told twice, when it is attempted and when its outcome is
 * known. Rules see the first, so that one connection is one hit, and so that an
 * attempt counts which nobody answers.
 */
static bool told_before(const struct event *e) {
	return e->kind == WIRE_NET_CONNECT && event_has(e, FIELD_OUTCOME) &&
	       e->outcome != OUTCOME_ATTEMPTED && event_has(e, FIELD_NET_TRANSPORT) &&
	       e->net.transport == 6;
}

/* Numbers of events ran out: forget what any of them left behind. */
static void restart_epochs(struct ruleset *rules) {
	for (struct slot *s = rules->slots; s; s = s->next) {
		s->epoch = 0;
		s->gram_epoch = 0;
		memset(s->gram, 0, N_GRAMS * sizeof(*s->gram));
	}
	for (struct predicate *p = rules->shared; p; p = p->next_shared)
		p->memo = 0;
	rules->match.epoch = 0;
}

static void report(struct ruleset *rules, struct event *e, struct rule *r, uint32_t *n_matched) {
	struct detection *d = &rules->detections[e->n_detections++];
	struct str *matched = rules->matched + *n_matched;

	r->hits++;
	*d = r->detection;
	d->matched.v = matched;
	d->matched.n = 0;
	for (uint32_t i = 0; i < r->n_identifiers; i++) {
		if (expr_holds(&rules->match, r->identifiers[i].expr))
			matched[d->matched.n++] = r->identifiers[i].name;
	}
	*n_matched += d->matched.n;
}

static void try_rule(struct ruleset *rules, struct event *e, struct rule *r, uint32_t *n_matched) {
	struct match *m = &rules->match;
	bool holds;

	m->limited = false;
	holds = expr_holds(m, r->expr);
	r->limited += m->limited;
	if (holds)
		report(rules, e, r, n_matched);
}

void detect_event(struct ruleset *rules, struct arena *arena, struct event *e) {
	struct match *m = &rules->match;
	const struct bucket *bucket;
	uint32_t n_matched = 0;

	e->detections = rules->detections;
	e->n_detections = 0;
	if (e->kind >= WIRE_KIND_MAX || told_before(e))
		return;
	bucket = &rules->buckets[e->kind];
	if (bucket->n == 0)
		return;
	if (m->epoch == MAX_EPOCH)
		restart_epochs(rules);
	m->epoch++;
	m->e = e;
	m->arena = arena;
	bucket_sift(m, bucket);
	for (uint32_t i = 0; i < bucket->n_words; i++) {
		for (uint64_t worth = bucket->worth[i]; worth; worth &= worth - 1)
			try_rule(rules, e, bucket->rows[i * 64 + __builtin_ctzll(worth)],
				 &n_matched);
	}
	m->e = NULL;
}
