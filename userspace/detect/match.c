/* SPDX-License-Identifier: Apache-2.0 */

#include "detect/correlate.h"
#include "base/clock.h"
#include "detect/memory.h"

/* Numbers of events ran out: forget what any of them left behind. */
static void restart_epochs(struct ruleset *rules) {
	for (struct slot *s = rules->slots; s; s = s->next) {
		s->epoch = 0;
		s->folded_epoch = 0;
		s->pairs_epoch = 0;
	}
	for (struct predicate *p = rules->predicates; p; p = p->next) {
		p->memo = 0;
		p->seen = 0;
	}
	rules->match.epoch = 0;
}

/* What one event or record has met so far. */
struct tally {
	uint32_t n_detections, n_matched;
	bool noted; /* a rule held, or had to give up: the next such event is asked about, too */
};

static void report(struct ruleset *rules, struct rule *r, struct tally *t) {
	struct detection *d = &rules->detections[t->n_detections];
	struct str *matched = rules->matched + t->n_matched;

	r->hits++;
	r->fired = rules->event;
	t->noted = true;
	if (r->uses)
		correlate_hit(rules, r);
	if (r->quiet)
		return;
	t->n_detections++;
	*d = r->detection;
	d->matched.v = matched;
	d->matched.n = 0;
	for (uint32_t i = 0; i < r->n_identifiers; i++) {
		if (expr_holds(&rules->match, r->identifiers[i].expr))
			matched[d->matched.n++] = r->identifiers[i].name;
	}
	t->n_matched += d->matched.n;
}

/* is_passed_over - of a rule that takes too much; what it would have said is not known */
static bool is_passed_over(struct rule *r, struct tally *t) {
	t->noted |= r->each != RULE_NEVER;
	if (r->each != RULE_NEVER && ++r->passed >= r->each) {
		r->passed = 0;
		return false;
	}
	return true;
}

static void try_rule(struct ruleset *rules, struct rule *r, struct tally *t) {
	struct match *m = &rules->match;
	uint64_t since;
	bool holds;

	if (m->applies && !m->applies[r->source_id])
		return;
	if (r->fired == rules->event) /* when the event was seen in another way */
		return;
	if (r->each && is_passed_over(r, t))
		return;
	m->limited = false;
	since = ++r->evaluations % 64 ? 0 : clock_ns(CLOCK_MONOTONIC);
	holds = expr_holds(m, r->expr);
	if (since)
		r->ns += clock_ns(CLOCK_MONOTONIC) - since;
	r->limited += m->limited;
	t->noted |= m->limited;
	if (holds)
		report(rules, r, t);
}

static void try_bucket(struct ruleset *rules, const struct bucket *bucket, struct tally *t) {
	bucket_sift(&rules->match, bucket);
	for (uint32_t i = 0; i < bucket->n_words; i++) {
		uint64_t worth = bucket->worth[i] & bucket->worth[bucket->n_words + i];

		for (; worth; worth &= worth - 1)
			try_rule(rules, bucket->rows[i * 64 + __builtin_ctzll(worth)], t);
	}
}

static void begin(struct ruleset *rules, struct arena *arena) {
	struct match *m = &rules->match;

	if (m->epoch == MAX_EPOCH)
		restart_epochs(rules);
	m->epoch++;
	m->bucket = NO_BUCKET;
	m->arena = arena;
}

/* begin_event - what was told of the last one is forgotten */
static void begin_event(struct ruleset *rules) {
	rules->event++;
	rules->match.weight = 1;
	rules->match.id = (struct str){ 0 };
	rules->match.cramped = false;
	if (rules->correlations)
		rules->correlations->n_found = 0;
}

/* finish - puts what correlations were found to hold behind the rules that did */
static uint32_t finish(struct ruleset *rules, const struct tally *t) {
	const struct correlations *c = rules->correlations;

	if (!c || !c->n_found)
		return t->n_detections;
	memcpy(rules->detections + t->n_detections, c->found, c->n_found * sizeof(*c->found));
	return t->n_detections + c->n_found;
}

/* try_event - the event as it is, unless it is known that no rule has anything to say of it */
static void try_event(struct ruleset *rules, struct arena *arena, const struct bucket *bucket,
		      struct tally *t) {
	const struct event *e = rules->match.e;

	if (!bucket->n || (bucket->memory && memory_knows(bucket->memory, e)))
		return;
	begin(rules, arena);
	try_bucket(rules, bucket, t);
	if (bucket->memory && !t->noted && !rules->match.cramped)
		memory_keep(bucket->memory, e);
}

/* of_host - whether @e tells correlations what they missed */
static bool of_host(const struct ruleset *rules, const struct event *e) {
	return rules->correlations && (e->kind == WIRE_HOST_LOSS || e->kind == WIRE_HOST_LIMIT ||
				       e->kind == WIRE_HOST_START);
}

/*
 * try_audits - the same event, as each record that auditd would have made of it
 *
 * Audit writes SYSCALL when a call has ended, so not of what is told before and once more; a
 * PATH it writes whatever the outcome, and what LSM hooks see of files is told only once.
 */
static void try_audits(struct ruleset *rules, struct arena *arena, const struct event *e,
		       struct tally *t) {
	uint32_t n;
	const struct audit_record *rows = audit_records(&n);

	for (uint32_t i = rules->first_audit[e->kind], end = i + rules->n_audits[e->kind]; i < end;
	     i++) {
		if (rules->audits[i].n == 0 || !audit_tells(&rows[i], e))
			continue;
		begin(rules, arena);
		rules->match.audit = &rows[i];
		try_bucket(rules, &rules->audits[i], t);
	}
	rules->match.audit = NULL;
}

/* ask - the rules that may have something to say of @e, whose kind is one of theirs */
static __attribute__((noinline)) void ask(struct ruleset *rules, struct arena *arena,
					  struct event *e) {
	struct tally t = { 0 };
	struct match *m = &rules->match;

	m->e = e;
	m->time_ns = event_has(e, FIELD_BOOT_NS) ? e->boot_ns : e->time_ns;
	begin_event(rules);
	if (event_has(e, FIELD_ID))
		m->id = e->id;
	if (event_has(e, FIELD_FOLD_COUNT))
		m->weight = e->fold.count < UINT32_MAX ? (uint32_t)e->fold.count : UINT32_MAX;
	try_event(rules, arena, &rules->buckets[e->kind], &t);
	if (rules->n_audits[e->kind])
		try_audits(rules, arena, e, &t);
	if (of_host(rules, e)) {
		begin(rules, arena);
		correlate_host(rules, e);
	}
	e->n_detections = finish(rules, &t);
}

bool detect_nothing(const struct ruleset *rules, const struct event *e) {
	const struct bucket *b = &rules->buckets[e->kind % WIRE_KIND_MAX];

	if (!e->twin_key || rules->n_audits[e->kind])
		return false;
	return !b->n || (b->memory && memory_knows_twin(b->memory, e));
}

void detect_event(struct ruleset *rules, struct arena *arena, struct event *e) {
	e->detections = rules->detections;
	e->n_detections = 0;
	if (e->kind < WIRE_KIND_MAX &&
	    (rules->buckets[e->kind].n || rules->n_audits[e->kind] || of_host(rules, e)))
		ask(rules, arena, e);
}

static bool covers(struct str rule, struct str event) {
	return !rule.s || str_eq(rule, event);
}

/* find_sources - which of the rules' log sources that of @record is one of */
static void find_sources(struct ruleset *rules, const struct logsource *x) {
	struct match *m = &rules->match;

	m->applies = NULL;
	if (!x->category.s && !x->product.s && !x->service.s)
		return;
	m->applies = rules->applies;
	for (size_t i = 0; i < rules->n_sources; i++) {
		const struct logsource *of = &rules->sources[i];

		rules->applies[i] = covers(of->category, x->category) &&
				    covers(of->product, x->product) &&
				    covers(of->service, x->service);
	}
}

static void take_field(struct ruleset *rules, const struct record_field *f) {
	struct slot *s = f->name.n ? slot_find(rules, f->name) : NULL;
	uint32_t n = 0;
	struct str *v;

	if (!s || s->epoch == rules->match.epoch)
		return;
	s->epoch = rules->match.epoch;
	s->n_asked = 0;
	s->present = true;
	s->cramped = false;
	s->v = f->values;
	while (n < f->n && f->values[n].s)
		n++;
	s->n = n;
	if (n == f->n) /* no nulls among them */
		return;
	v = arena_alloc(rules->match.arena, f->n * sizeof(*v));
	s->cramped = !v; /* @n of them are there all the same */
	if (!v)
		return;
	s->n = 0;
	for (uint32_t i = 0; i < f->n; i++) {
		if (f->values[i].s)
			v[s->n++] = f->values[i];
	}
	s->v = v;
}

uint32_t detect_record(struct ruleset *rules, struct arena *arena, const struct record *record,
		       const struct detection **ret) {
	struct tally t = { 0 };
	struct match *m = &rules->match;

	begin(rules, arena);
	m->e = NULL;
	m->record = record;
	m->time_ns = record->time_ns;
	begin_event(rules);
	m->id = record->id;
	find_sources(rules, &record->source);
	for (uint32_t i = 0; i < record->n; i++)
		take_field(rules, &record->fields[i]);
	try_bucket(rules, &rules->records, &t);
	*ret = rules->detections;
	return finish(rules, &t);
}

bool detect_cramped(const struct ruleset *rules) {
	return rules->match.cramped;
}

struct witness {
	int (*each)(void *ctx, struct str identifier, struct str field, struct str value);
	void *ctx;
	struct str identifier;
};

static int tell_values(struct match *m, const struct predicate *p, const struct witness *w) {
	const struct slot *s = p->slot;
	int err = 0;

	for (uint32_t i = 0; !err && i < s->n; i++) {
		if (predicate_meets(m, p, i))
			err = w->each(w->ctx, w->identifier, s->name, s->v[i]);
	}
	return err;
}

/* tell - the values for which @x holds, if it does */
static int tell(struct match *m, const struct expr *x, const struct witness *w) {
	int err = 0;

	if (x->join == JOIN_NOT || !expr_holds(m, x))
		return 0;
	if (x->join == JOIN_PREDICATE)
		return tell_values(m, x->predicate, w);
	for (uint32_t i = 0; !err && i < x->n; i++)
		err = tell(m, x->kids[i], w);
	return err;
}

int detect_evidence(struct ruleset *rules, const struct detection *d,
		    int (*each)(void *ctx, struct str identifier, struct str field,
				struct str value),
		    void *ctx) {
	struct witness w = { .each = each, .ctx = ctx };
	int err = 0;

	for (uint32_t i = 0; d->rule && !err && i < d->rule->n_identifiers; i++) {
		w.identifier = d->rule->identifiers[i].name;
		err = tell(&rules->match, d->rule->identifiers[i].expr, &w);
	}
	return err;
}

int detect_event_evidence(struct ruleset *rules, struct arena *arena, const struct event *e,
			  const struct detection *d,
			  int (*each)(void *ctx, struct str identifier, struct str field,
				      struct str value),
			  void *ctx) {
	const struct audit_record *rows = audit_records(&(uint32_t){ 0 });
	struct match *m = &rules->match;
	uint32_t row = e->kind < WIRE_KIND_MAX ? rules->first_audit[e->kind] : 0;
	uint32_t end = e->kind < WIRE_KIND_MAX ? row + rules->n_audits[e->kind] : 0;
	bool holds;
	int err;

	if (!d->rule)
		return 0;
	m->e = e;
	begin(rules, arena);
	holds = expr_holds(m, d->rule->expr);
	for (; !holds && row < end; row++) {
		begin(rules, arena);
		m->audit = &rows[row];
		holds = expr_holds(m, d->rule->expr);
	}
	err = holds ? detect_evidence(rules, d, each, ctx) : 0;
	m->audit = NULL;
	return err;
}
