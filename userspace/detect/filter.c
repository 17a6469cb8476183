/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/filter.h"

#include <errno.h>
#include <stdio.h>

static int read_rules(struct build *b, const struct node *map, struct filter *f) {
	const struct node *node = yaml_get(map, "rules"), *e;
	uint32_t n;
	int err = 0;

	if (!node || (node->type == NODE_SCALAR && node->scalar == SCALAR_NULL))
		return fault_at(&b->faults, node ? node : map,
				"no 'rules', expected ids or names of rules, or any");
	if (node->type == NODE_MAP)
		return fault_at(&b->faults, node,
				"'rules' is a map, expected ids or names of "
				"rules, or any");
	n = node->type == NODE_LIST ? node->n : 1;
	if (n == 0 || (node->type == NODE_SCALAR && str_eq(node->text, STR("any"))))
		return 0;
	f->rules = arena_alloc(&b->set->arena, n * sizeof(*f->rules));
	if (!f->rules)
		return -ENOMEM;
	e = node->type == NODE_LIST ? node->first : node;
	for (uint32_t i = 0; !err && i < n; i++, e = e->next) {
		if (e->type != NODE_SCALAR || e->scalar == SCALAR_NULL || e->text.n == 0)
			return fault_at(&b->faults, e, "%s in 'rules', expected an id or a name",
					yaml_what(e));
		err = head_keep(b, e->text, &f->rules[f->n_rules++]);
	}
	return err;
}

int filter_build(struct build *b, const struct node *doc) {
	const struct node *map = yaml_get(doc, "filter");
	struct filter *f = arena_zalloc(&b->set->arena, sizeof(*f));
	enum status status = STATUS_RUN;
	const char *why;
	int err;

	if (!f)
		return -ENOMEM;
	f->head.file = b->file;
	f->head.line = doc->line;
	f->head.fingerprint = yaml_hash(doc);
	err = head_build(b, doc, &f->head, &status);
	err = err ? err : head_source(b, doc, &f->head.source);
	if (!err && map->type != NODE_MAP)
		err = fault_at(&b->faults, map,
			       "'filter' is %s, expected a map of rules, search "
			       "identifiers and a condition",
			       yaml_what(map));
	err = err ? err : read_rules(b, map, f);
	if (!err && yaml_get(map, "condition") && yaml_get(map, "condition")->type == NODE_LIST)
		err = fault_at(&b->faults, yaml_get(map, "condition"),
			       "the condition of a filter is a list, expected one text");
	err = err ? err : rule_searches(b, map, "rules", &f->head);
	if (err)
		return err;
	why = head_retired(b, status);
	if (why)
		return rule_skip(b, &f->head, why);
	f->head.fate = RULE_RUNS;
	*b->last_filter = f;
	b->last_filter = &f->next;
	return 0;
}

static bool covers(struct str filter, struct str rule) {
	return !filter.s || str_eq(filter, rule);
}

static bool of_source(const struct filter *f, const struct rule *r) {
	return covers(f->head.source.category, r->source.category) &&
	       covers(f->head.source.product, r->source.product) &&
	       covers(f->head.source.service, r->source.service);
}

/* note - that @f does not reach @rule, and why */
static int note(struct build *b, const struct filter *f, struct str rule, const char *why) {
	char text[200];

	(void)snprintf(text, sizeof(text), "filters nothing of '%s': %s", fault_text(rule), why);
	return rule_note(b, &f->head, text);
}

/* name_one - @f is for @r, which it names */
static int name_one(struct build *b, struct filter *f, struct rule *r) {
	struct filter_use *u = arena_alloc(&b->set->arena, sizeof(*u));

	if (!u)
		return -ENOMEM;
	*u = (struct filter_use){ f, r->filters };
	r->filters = u;
	return 0;
}

/* find_named - @f is entered with the rules that it names */
static int find_named(struct build *b, struct filter *f) {
	int err = 0;

	for (uint32_t i = 0; !err && i < f->n_rules; i++) {
		struct rule *r = head_find(b, f->rules[i]);

		if (!r || r->fate != RULE_RUNS)
			err = note(b, f, f->rules[i], "it does not run");
		else if (r->correlation || !r->expr)
			err = note(b, f, f->rules[i], "it is no rule");
		else if (!of_source(f, r))
			err = note(b, f, f->rules[i], "it is of another log source");
		else
			err = name_one(b, f, r);
	}
	return err;
}

/* take - one more for @r, all of which are joined to it at once */
static int take(struct build *b, const struct filter *f, struct rule *r, struct exprs *all) {
	int err = all->n ? 0 : exprs_add(b, all, r->expr);

	r->fingerprint = r->fingerprint * 0x100000001b3ull ^ f->head.fingerprint;
	return err ? err : exprs_add(b, all, f->head.expr);
}

static int apply_to(struct build *b, struct rule *r) {
	struct exprs all = { 0 };
	int err = 0;

	arena_reset(&b->temp);
	for (struct filter *f = b->first_filter; !err && f; f = f->next) {
		if (f->n_rules || !of_source(f, r))
			continue;
		f->reaches = true;
		err = take(b, f, r, &all);
	}
	for (const struct filter_use *u = r->filters; !err && u; u = u->next)
		err = take(b, u->filter, r, &all);
	return err || !all.n ? err : build_join(b, JOIN_AND, &all, &r->expr);
}

int filter_apply(struct build *b) {
	int err = 0;

	for (struct filter *f = b->first_filter; !err && f; f = f->next)
		err = find_named(b, f);
	for (struct rule *r = b->first_filter ? b->first_rule : NULL; !err && r; r = r->next)
		err = apply_to(b, r);
	for (struct filter *f = b->first_filter; !err && f; f = f->next) {
		if (!f->n_rules && !f->reaches)
			err = note(b, f, STR("any"), "no rule is of its log source");
	}
	return err;
}
