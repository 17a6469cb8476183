/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rule set as authors look at it: what rules there are, what each waits for
 * and costs, and which can never hold with the events that a sensor has.
 */
#include <errno.h>
#include <inttypes.h>
#include <strings.h>

#include "detect/correlate.h"
#include "detect/memory.h"

static size_t n_correlations(const struct ruleset *set) {
	return set->correlations ? set->correlations->n : 0;
}

static struct rule *rule_at(const struct ruleset *set, size_t i) {
	if (i < set->n_rules)
		return set->rules[i];
	i -= set->n_rules;
	return i < n_correlations(set) ? &set->correlations->v[i]->head : NULL;
}

int ruleset_info(const struct ruleset *rules, size_t i, struct rule_info *ret) {
	const struct rule *r = rule_at(rules, i);

	if (!r)
		return -ENOENT;
	*ret = (struct rule_info){
		.detection = &r->detection,
		.file = r->file,
		.line = r->line,
		.status = r->status,
		.correlation = r->correlation != NULL,
		.quiet = r->quiet,
		.fingerprint = r->fingerprint,
		.evaluations = r->evaluations,
		.hits = r->hits,
		.limited = r->limited,
		.ns = r->ns * 64,
	};
	return 0;
}

void ruleset_arm(struct ruleset *rules, size_t i, uint32_t each) {
	struct rule *r = rule_at(rules, i);

	if (!r)
		return;
	/* events were passed by that it was not asked about */
	for (uint32_t kind = 0; r->each == RULE_NEVER && kind < WIRE_KIND_MAX; kind++)
		memory_forget(rules->buckets[kind].memory);
	r->each = each == 0 ? RULE_NEVER : each == 1 ? 0 : each;
}

void ruleset_losses(const struct ruleset *rules, struct rule_losses *ret) {
	const struct windows_figures *f;

	*ret = (struct rule_losses){ 0 };
	if (!rules->correlations)
		return;
	f = windows_figures(rules->correlations->windows);
	*ret = (struct rule_losses){ f->groups_evicted, f->hits_evicted, f->late,
				     rules->correlations->crowded };
}

static bool same_word(struct str a, struct str b) {
	return a.n == b.n && a.n && !strncasecmp(a.s, b.s, a.n);
}

int ruleset_find(const struct ruleset *rules, struct str text, size_t *ret) {
	const struct rule *r;

	for (size_t i = 0; (r = rule_at(rules, i)); i++) {
		const struct detection *d = &r->detection;

		if (same_word(d->rule_id, text) || same_word(d->name, text) ||
		    same_word(d->title, text)) {
			*ret = i;
			return 0;
		}
	}
	return -ENOENT;
}

/* --- explain --- */

static const char *const op_words[] = {
	[OP_EXISTS] = "is there",     [OP_PRESENT] = "has a value",
	[OP_EQUALS] = "is",	      [OP_STARTS] = "starts with",
	[OP_ENDS] = "ends with",      [OP_CONTAINS] = "contains",
	[OP_GLOB] = "is like",	      [OP_REGEX] = "matches a regex",
	[OP_CIDR] = "is in",	      [OP_LESS] = "<",
	[OP_LESS_EQUAL] = "<=",	      [OP_GREATER] = ">",
	[OP_GREATER_EQUAL] = ">=",    [OP_NUMBER] = "=",
	[OP_SAME] = "is the same as", [OP_SAME_START] = "starts with",
	[OP_SAME_END] = "ends with",  [OP_SAME_PART] = "contains",
};

static struct str slot_name(const struct slot *s) {
	return s->name.n ? s->name : STR("any text");
}

static void add_predicate(struct buf *out, const struct predicate *p) {
	buf_addf(out, "%.*s %s", STR_FMT(slot_name(p->slot)), op_words[p->op]);
	if (p->op >= OP_SAME) {
		buf_addf(out, " %.*s", STR_FMT(slot_name(p->other)));
	} else if (p->op >= OP_EQUALS && p->op <= OP_CONTAINS) {
		buf_addf(out, "%s '%.*s'", p->n > 1 ? " one of" : "",
			 (int)(p->texts[0].n < 60 ? p->texts[0].n : 60), p->texts[0].s);
		if (p->n > 1)
			buf_addf(out, " and %u more", p->n - 1);
	} else if (p->op >= OP_LESS && p->op <= OP_NUMBER) {
		buf_addf(out, " %.10Lg", p->numbers[0]);
	} else if (p->op > OP_PRESENT) {
		buf_addf(out, " (%u)", p->n);
	}
	buf_addf(out, "  cost %u%s", p->cost, p->uses > 1 ? ", shared" : "");
}

static void add_tree(struct buf *out, const struct expr *x, unsigned depth) {
	static const char *const joins[] = {
		[JOIN_AND] = "all of", [JOIN_OR] = "any of", [JOIN_NOT] = "not"
	};

	buf_addf(out, "%*s", (int)depth * 2, "");
	if (x->join == JOIN_PREDICATE) {
		add_predicate(out, x->predicate);
		buf_add_char(out, '\n');
		return;
	}
	buf_addf(out, "%s  cost %u\n", joins[x->join], x->cost);
	for (uint32_t i = 0; i < x->n; i++)
		add_tree(out, x->kids[i], depth + 1);
}

static void add_kinds(struct buf *out, const struct event_kinds *kinds) {
	for (uint32_t kind = 0; kind < WIRE_KIND_MAX; kind++) {
		if (event_kinds_has(kinds, kind))
			buf_addf(out, " %s", taxonomy_value(FIELD_KIND, kind));
	}
}

static void explain_correlation(const struct correlation *c, struct buf *out) {
	buf_addf(out, "a correlation over %" PRIu64 " s, of\n", c->span_ns / 1000000000u);
	for (uint32_t i = 0; i < c->n_references; i++)
		buf_addf(out, "  %.*s\n", STR_FMT(c->references[i].text));
	buf_add_lit(out, "in groups by");
	for (uint32_t i = 0; i < c->n_group; i++)
		buf_addf(out, " %.*s", STR_FMT(c->group[i]));
	buf_addf(out, "%s\n", c->n_group ? "" : " nothing");
	buf_add_lit(out, "incomplete when events are lost of");
	add_kinds(out, &c->kinds);
	buf_addf(out, "\nat most %u hits in a group\n", correlation_most(c));
}

#define MAX_SHOWN 256

/* first_view - a view of @r's; all but those of auditd's have the same needs */
static struct view first_view(struct ruleset *set, const struct rule *r) {
	struct view v = { .set = set };
	uint32_t n;
	const struct audit_record *rows = audit_records(&n);

	while (v.kind < WIRE_KIND_MAX && !event_kinds_has(&r->kinds, v.kind))
		v.kind++;
	for (uint32_t i = 0; v.kind == WIRE_KIND_MAX && i < n; i++) {
		v.row = &rows[i];
		if (screen_can_hold(&v, r->expr))
			v.kind = rows[i].kind;
	}
	return v;
}

static void add_needs(struct buf *out, struct ruleset *set, const struct rule *r) {
	struct predicate *needs[MAX_SHOWN];
	struct view v = first_view(set, r);
	uint32_t n;

	if (!screen_find(&v, r->expr, needs, MAX_SHOWN, &n)) {
		buf_add_lit(out, "always: no text is known that must be there\n");
		return;
	}
	buf_add_lit(out, "only when a text of one of these is there:\n");
	for (uint32_t k = 0; k < n; k++) {
		buf_add_lit(out, "  ");
		add_predicate(out, needs[k]);
		buf_add_char(out, '\n');
	}
}

void ruleset_explain(struct ruleset *rules, size_t i, struct buf *out) {
	const struct rule *r = rule_at(rules, i);

	if (!r)
		return;
	buf_addf(out, "%s:%u: %.*s\n", r->file, r->line, STR_FMT(r->detection.title));
	if (r->correlation) {
		explain_correlation(r->correlation, out);
		return;
	}
	buf_add_lit(out, "looked at for events of");
	add_kinds(out, &r->kinds);
	buf_addf(out, "%s\n", r->audited ? " (records of auditd)" : "");
	add_needs(out, rules, r);
	buf_add_lit(out, "then, cheapest first, until it is settled:\n");
	add_tree(out, r->expr, 1);
}
