/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which files rules ask to be told of when they are opened for reading. Hooks let
 * nearly all such opens pass, so whoever loads rules has to say beforehand of
 * which not. And of which changes, so that others cannot hide them. What a rule
 * asks for is a text of its that must be there; what stands behind a "not" asks
 * for nothing.
 */
#include "detect/engine.h"

struct asking {
	const struct rule *rule;
	bool audited; /* its records of auditd's are meant */
	int (*each)(void *ctx, const struct rule_read *read);
	void *ctx;
};

static bool of_path(const struct asking *a, const struct slot *s) {
	return a->audited ? s->audit.source == AUDIT_NAME
			  : s->taxon.source == SOURCE_TEXT && s->taxon.field == FIELD_FILE_PATH;
}

static int ask(const struct asking *a, const struct predicate *p) {
	struct rule_read read = { .rule = &a->rule->detection };
	int err = 0;

	if (!of_path(a, p->slot) || p->op < OP_EQUALS || p->op > OP_REGEX)
		return 0;
	for (uint32_t i = 0; i < p->n && !err; i++) {
		read.text = p->given ? p->given[i] : screen_text(p, i);
		read.how = p->op == OP_EQUALS   ? RULE_READ_WHOLE
			   : p->op == OP_STARTS ? RULE_READ_HEAD
			   : p->op == OP_ENDS	? RULE_READ_TAIL
						: RULE_READ_PART;
		err = a->each(a->ctx, &read);
	}
	return err;
}

static int walk(const struct asking *a, const struct expr *x) {
	int err = 0;

	if (x->join == JOIN_PREDICATE)
		return ask(a, x->predicate);
	for (uint32_t i = 0; x->join != JOIN_NOT && i < x->n && !err; i++)
		err = walk(a, x->kids[i]);
	return err;
}

int rule_reads(const struct rule *r, int (*each)(void *ctx, const struct rule_read *read),
	       void *ctx) {
	struct asking a = { .rule = r, .each = each, .ctx = ctx };

	a.audited = r->audited && r->access & AUDIT_READ;
	/* without a category a rule is about anything, and reads are none of its business */
	if (!a.audited && (!r->source.category.s || !event_kinds_has(&r->kinds, WIRE_FILE_READ)))
		return 0;
	return walk(&a, r->expr);
}

int ruleset_reads(const struct ruleset *rules, int (*each)(void *ctx, const struct rule_read *read),
		  void *ctx) {
	int err = 0;

	for (size_t i = 0; i < rules->n_rules && !err; i++)
		if (rules->rules[i]->each != RULE_NEVER)
			err = rule_reads(rules->rules[i], each, ctx);
	return err;
}

static bool of_changes(const struct rule *r) {
	for (uint32_t kind = WIRE_FILE_CREATE; kind <= WIRE_FILE_REMOVEXATTR; kind++)
		if (kind != WIRE_FILE_READ && kind != WIRE_FILE_MAP &&
		    event_kinds_has(&r->kinds, kind))
			return true;
	return false;
}

int ruleset_changes(const struct ruleset *rules,
		    int (*each)(void *ctx, const struct rule_read *read), void *ctx) {
	int err = 0;

	for (size_t i = 0; i < rules->n_rules && !err; i++) {
		const struct rule *r = rules->rules[i];
		struct asking a = { .rule = r, .each = each, .ctx = ctx };

		a.audited = r->audited && r->access & (AUDIT_WRITE | AUDIT_ATTRIBUTE);
		if (r->each != RULE_NEVER && (a.audited || (r->source.category.s && of_changes(r))))
			err = walk(&a, r->expr);
	}
	return err;
}
