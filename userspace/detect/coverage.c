/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which rules can hold at all. A question can be answered by yes in events of
 * some kind when its field is ever told in them, and when what is the same in all
 * of them (the kind, an audit record's type) allows it; "not" always can.
 */
#include <string.h>

#include "detect/correlate.h"

struct range {
	const char *message;
	uint8_t from, to; /* kinds that have it */
};

/* Messages that only some kinds have. What is not here any may have. */
static const struct range ranges[] = {
	{ "process", 0, WIRE_HOST_START - 1 },
	{ "process", 64, WIRE_KIND_MAX - 1 },
	{ "parent", 0, WIRE_HOST_START - 1 },
	{ "parent", 64, WIRE_KIND_MAX - 1 },
	{ "exec", WIRE_PROCESS_EXEC, WIRE_PROCESS_EXEC },
	{ "exec", WIRE_PROCESS_SCRIPT, WIRE_PROCESS_HASH },
	{ "exit", WIRE_PROCESS_EXIT, WIRE_PROCESS_EXIT },
	{ "overlay", WIRE_PROCESS_EXEC, WIRE_PROCESS_EXEC },
	{ "overlay", WIRE_PROCESS_SCRIPT, WIRE_PROCESS_HASH },
	{ "overlay", 16, 31 },
	{ "overlay", 64, 79 },
	{ "file", 16, 31 },
	{ "file", 64, 79 },
	{ "file", 88, WIRE_KIND_MAX - 1 },
	{ "net", 32, 47 },
	{ "net", 80, 87 },
	{ "net", 88, WIRE_KIND_MAX - 1 },
	{ "inject", WIRE_INJECT_PTRACE, 103 },
	{ "kernel", WIRE_KERNEL_MODULE_LOAD, WIRE_KIND_MAX - 1 },
	{ "signal", WIRE_PROCESS_SIGNAL, WIRE_PROCESS_COREDUMP },
	{ "credentials", WIRE_PROCESS_CREDENTIALS, WIRE_PROCESS_CREDENTIALS },
	{ "host", WIRE_HOST_START, 63 },
};

static bool has_message(const char *message, uint32_t kind) {
	bool limited = false;

	for (unsigned i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		if (strcmp(ranges[i].message, message) != 0)
			continue;
		if (kind >= ranges[i].from && kind <= ranges[i].to)
			return true;
		limited = true;
	}
	return !limited;
}

static bool told(const struct view *v, const struct slot *s) {
	const struct taxon *t = &s->taxon;

	if (v->row)
		return !s->name.n || (s->audit.types & v->row->type);
	if (t->source == SOURCE_NONE)
		return false;
	if (t->source == SOURCE_WORDS || t->source == SOURCE_IMAGE ||
	    t->source == SOURCE_PARENT_IMAGE)
		return true;
	return has_message(fields[t->field].message, v->kind);
}

/* can - whether @x can hold there; else @ret_why is a question for whose sake it cannot */
static bool can(const struct view *v, const struct expr *x, const struct predicate **ret_why) {
	switch ((enum join)x->join) {
	case JOIN_PREDICATE:
		if (told(v, x->predicate->slot) && screen_can_hold(v, x))
			return true;
		*ret_why = x->predicate;
		return false;
	case JOIN_NOT:
		return true;
	case JOIN_AND:
		for (uint32_t i = 0; i < x->n; i++) {
			if (!can(v, x->kids[i], ret_why))
				return false;
		}
		return true;
	case JOIN_OR:
		for (uint32_t i = 0; i < x->n; i++) {
			if (can(v, x->kids[i], ret_why))
				return true;
		}
		return false;
	}
	return false;
}

/* can_anywhere - in some view of the rule @r, of those that @kinds allow */
static bool can_anywhere(struct ruleset *set, const struct rule *r, const struct expr *x,
			 const struct event_kinds *kinds, const struct predicate **ret_why) {
	struct view v = { .set = set };
	uint32_t n;
	const struct audit_record *rows = audit_records(&n);

	for (v.kind = 0; v.kind < WIRE_KIND_MAX; v.kind++) {
		if (event_kinds_has(&r->kinds, v.kind) && event_kinds_has(kinds, v.kind) &&
		    can(&v, x, ret_why))
			return true;
	}
	for (uint32_t i = 0; r->audited && i < n; i++) {
		v.kind = rows[i].kind;
		v.row = &rows[i];
		if (event_kinds_has(kinds, v.kind) && can(&v, x, ret_why))
			return true;
	}
	return false;
}

static void add_why(struct buf *why, struct str name, const struct predicate *p) {
	buf_addf(why, "%.*s can never match: ", STR_FMT(name));
	if (!p)
		buf_add_lit(why, "no hook tells of such events\n");
	else if (p->op >= OP_EQUALS && p->op <= OP_CONTAINS)
		buf_addf(why, "no event here has '%.*s' in %.*s\n",
			 (int)(p->texts[0].n < 60 ? p->texts[0].n : 60), p->texts[0].s,
			 STR_FMT(p->slot->name));
	else
		buf_addf(why, "no event here tells %.*s\n", STR_FMT(p->slot->name));
}

/* add_read - once for a rule that has a text by which files cannot be watched */
static int add_read(void *ctx, const struct rule_read *read) {
	struct buf *why = ctx;

	if (read->how == RULE_READ_WHOLE)
		return 0;
	if (read->how == RULE_READ_HEAD)
		buf_add_lit(why, "reads are told of files in the folder that a path begins with, "
				 "not of those in folders below it\n");
	else
		buf_add_lit(why, "reads are told of files that --watch names, and it has no whole "
				 "path to add\n");
	return 1;
}

static enum rule_coverage rule_covered(struct ruleset *set, const struct rule *r,
				       const struct event_kinds *kinds, struct buf *why) {
	enum rule_coverage covered = COVERAGE_FULLY;
	const struct predicate *p = NULL;

	if (!can_anywhere(set, r, r->expr, kinds, &p)) {
		add_why(why, STR("the rule"), p);
		return COVERAGE_NONE;
	}
	for (uint32_t i = 0; i < r->n_identifiers; i++) {
		p = NULL;
		if (can_anywhere(set, r, r->identifiers[i].expr, kinds, &p))
			continue;
		add_why(why, r->identifiers[i].name, p);
		covered = COVERAGE_PARTLY;
	}
	(void)rule_reads(r, add_read, why);
	if (event_kinds_has(&r->kinds, WIRE_PROCESS_HASH))
		buf_add_lit(why, "hashes are told only with --hash-rate, which is off by itself\n");
	return covered;
}

/* A correlation is covered as its worst rule; where any rule will do, partly if one is covered */
static enum rule_coverage correlation_covered(struct ruleset *set, const struct correlation *c,
					      const struct event_kinds *kinds, struct buf *why) {
	enum rule_coverage worst = COVERAGE_FULLY, best = COVERAGE_NONE;
	bool all = c->type == TEMPORAL || c->type == TEMPORAL_ORDERED;

	for (uint32_t i = 0; i < c->n_references; i++) {
		const struct reference *ref = &c->references[i];
		enum rule_coverage one = ref->inner
						 ? correlation_covered(set, ref->inner, kinds, why)
						 : rule_covered(set, ref->rule, kinds, why);

		worst = one < worst ? one : worst;
		best = one > best ? one : best;
	}
	if (all || worst == best)
		return worst;
	return best == COVERAGE_NONE ? COVERAGE_NONE : COVERAGE_PARTLY;
}

enum rule_coverage ruleset_coverage(struct ruleset *rules, size_t i,
				    const struct event_kinds *kinds, struct buf *why) {
	if (i < rules->n_rules)
		return rule_covered(rules, rules->rules[i], kinds, why);
	return correlation_covered(rules, rules->correlations->v[i - rules->n_rules], kinds, why);
}
