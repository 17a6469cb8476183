/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What correlations refer to, once every document is read. A correlation is
 * resolved after those that it refers to; meeting one that is still being
 * resolved is a cycle. One that refers to a refused rule is refused, to a
 * skipped one skipped: none ever runs with a part of its rules.
 */
#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#include "detect/correlate.h"

enum visit { VISIT_NEW, VISIT_RUNNING, VISIT_DONE };

static int resolve(struct build *b, struct correlation *c, unsigned depth);

#define fault_ref(b, ref, ...) fault(&(b)->faults, (ref)->line, (ref)->column, __VA_ARGS__)

static bool is_called(const struct rule *r, struct str text) {
	struct str id = r->detection.rule_id;

	return str_eq(r->detection.name, text) ||
	       (id.n == text.n && id.n && !strncasecmp(id.s, text.s, id.n));
}

static int find(struct build *b, struct reference *ref) {
	struct rule *r = head_find(b, ref->text);

	if (!r)
		return fault_ref(b, ref,
				 "no rule '%s', expected the id or name of one that is loaded",
				 fault_text(ref->text));
	if (r->correlation)
		ref->inner = r->correlation;
	else
		ref->rule = r;
	return 0;
}

static const struct rule *head_of(const struct reference *ref) {
	return ref->inner ? &ref->inner->head : ref->rule;
}

/* alias_of - the field that @name stands for in @ref; itself where no alias says otherwise */
static struct str alias_of(const struct correlation *c, const struct reference *ref,
			   struct str name) {
	for (uint32_t i = 0; i < c->n_aliases; i++) {
		const struct alias *a = &c->aliases[i];

		if (str_eq(a->name, name) &&
		    (str_eq(a->rule, ref->text) || is_called(head_of(ref), a->rule)))
			return a->field;
	}
	return name;
}

static int look_up(struct build *b, const struct correlation *c, const struct reference *ref,
		   struct str name, struct lookup *ret) {
	struct str field = alias_of(c, ref, name);
	int err;

	ret->inner = UINT32_MAX;
	if (ref->rule) {
		err = build_slot(b, field, &ret->slot);
		return err != -ENOENT ? err
				      : fault_ref(b, ref,
						  "field '%s' is unknown, expected one "
						  "that events have",
						  fault_text(field));
	}
	for (uint32_t i = 0; i < ref->inner->n_group; i++) {
		if (str_eq(ref->inner->group[i], field)) {
			ret->inner = i;
			return 0;
		}
	}
	return fault_ref(b, ref, "correlation '%s' has no field '%s', expected one of its group-by",
			 fault_text(ref->text), fault_text(field));
}

static int look_up_all(struct build *b, const struct correlation *c, const struct reference *ref,
		       const struct str *names, uint32_t n, struct lookup **ret) {
	struct lookup *v = arena_zalloc(&b->set->arena, (n + 1) * sizeof(*v));
	int err = v ? 0 : -ENOMEM;

	for (uint32_t i = 0; !err && i < n; i++)
		err = look_up(b, c, ref, names[i], &v[i]);
	*ret = v;
	return err;
}

static int check_aliases(struct build *b, const struct correlation *c) {
	for (uint32_t i = 0; i < c->n_aliases; i++) {
		const struct alias *a = &c->aliases[i];
		uint32_t k = 0;

		while (k < c->n_references && !str_eq(c->references[k].text, a->rule) &&
		       !is_called(head_of(&c->references[k]), a->rule))
			k++;
		if (k == c->n_references)
			return fault_ref(b, a,
					 "an alias for '%s', expected one of the "
					 "correlation's rules",
					 fault_text(a->rule));
	}
	return 0;
}

/* check_fates - whether all that @c refers to runs; 1: it is skipped */
static int check_fates(struct build *b, struct correlation *c) {
	for (uint32_t i = 0; i < c->n_references; i++) {
		const struct reference *ref = &c->references[i];

		if (head_of(ref)->fate == RULE_REFUSED)
			return fault_ref(b, ref, "rule '%s' is refused, expected one that runs",
					 fault_text(ref->text));
	}
	for (uint32_t i = 0; i < c->n_references; i++) {
		if (head_of(&c->references[i])->fate == RULE_SKIPPED) {
			c->head.fate = RULE_SKIPPED;
			return rule_skip(b, &c->head, "a rule that it refers to is") ? -ENOMEM : 1;
		}
	}
	return 0;
}

static int resolve_reference(struct build *b, struct correlation *c, struct reference *ref,
			     unsigned depth) {
	int err = find(b, ref);

	if (err || !ref->inner)
		return err;
	if (ref->inner->visit == VISIT_RUNNING)
		return fault_ref(b, ref, "'%s' refers back to this correlation, expected no cycle",
				 fault_text(ref->text));
	if (depth == MAX_HIT_DEPTH)
		return fault_ref(b, ref, "a chain of correlations is too long, expected at most %u",
				 MAX_HIT_DEPTH);
	if (ref->inner->visit == VISIT_NEW)
		err = resolve(b, ref->inner, depth + 1);
	b->faults.file = c->head.file;
	b->faults.id = c->head.detection.rule_id;
	return err == -ENOMEM ? err : 0;
}

/* check_once - that no two references are of one rule, whose hits would count twice */
static int check_once(struct build *b, const struct correlation *c) {
	for (uint32_t i = 0; i < c->n_references; i++) {
		const struct reference *ref = &c->references[i];

		for (uint32_t k = 0; k < i; k++) {
			if (head_of(ref) == head_of(&c->references[k]))
				return fault_ref(b, ref,
						 "'%s' is a rule that is in the list already, as "
						 "'%s', expected each once",
						 fault_text(ref->text),
						 fault_text(c->references[k].text));
		}
	}
	return 0;
}

/* add_kinds - what @ref looks at; of what auditd would write, any kind that it writes of */
static void add_kinds(struct correlation *c, const struct reference *ref) {
	const struct event_kinds *kinds = ref->inner ? &ref->inner->kinds : &ref->rule->kinds;
	uint32_t n = 0;
	const struct audit_record *rows = audit_records(&n);

	for (int w = 0; w < WIRE_KIND_MAX / 64; w++)
		c->kinds.bits[w] |= kinds->bits[w];
	for (uint32_t i = 0; ref->rule && ref->rule->audited && i < n; i++)
		event_kinds_add(&c->kinds, rows[i].kind);
}

static int join(struct build *b, struct correlation *c) {
	int err = check_aliases(b, c);

	for (uint32_t i = 0; !err && i < c->n_references; i++) {
		struct reference *ref = &c->references[i];
		const struct rule *head = head_of(ref);

		err = look_up_all(b, c, ref, c->group, c->n_group, &ref->group);
		err = err ? err : look_up_all(b, c, ref, c->fields, c->n_fields, &ref->fields);
		c->head.fingerprint = c->head.fingerprint * 0x100000001b3ull ^ head->fingerprint;
		add_kinds(c, ref);
	}
	return err;
}

/* resolve - gives -EINVAL when @c is refused, which has been reported and counted */
static int resolve(struct build *b, struct correlation *c, unsigned depth) {
	int err = 0, failed = 0;

	c->visit = VISIT_RUNNING;
	b->faults.file = c->head.file;
	b->faults.id = c->head.detection.rule_id;
	for (uint32_t i = 0; i < c->n_references && err != -ENOMEM; i++) {
		err = resolve_reference(b, c, &c->references[i], depth);
		failed |= err;
	}
	err = err == -ENOMEM ? err : failed ? -EINVAL : check_once(b, c);
	err = err ? err : check_fates(b, c);
	c->visit = VISIT_DONE;
	if (!err)
		err = join(b, c);
	if (err == -EINVAL) {
		c->head.fate = RULE_REFUSED;
		b->set->n_refused++;
	}
	return err < 0 ? err : 0;
}

static int add_use(struct build *b, struct correlation *c, uint32_t reference,
		   struct correlate_use **list) {
	struct correlate_use *u = arena_zalloc(&b->set->arena, sizeof(*u));

	if (!u)
		return -ENOMEM;
	u->correlation = c;
	u->reference = reference;
	while (*list) /* in the order of the files */
		list = &(*list)->next;
	*list = u;
	return 0;
}

/* add_uses - what @c refers to tells it, and is quiet itself unless some correlation generates */
static int add_uses(struct build *b, struct correlation *c) {
	int err = 0;

	for (uint32_t i = 0; !err && i < c->n_references; i++) {
		struct reference *ref = &c->references[i];
		struct rule *head = ref->inner ? &ref->inner->head : ref->rule;

		err = add_use(b, c, i, &head->uses);
		head->quiet = !c->generate && (head->quiet || !head->generated);
		head->generated |= c->generate;
	}
	return err;
}

/* tell_apart - those that say the same have windows of their own: the second, the third, … */
static void tell_apart(struct correlations *all) {
	for (uint32_t i = all->n; i-- > 0;) {
		uint64_t *of = &all->v[i]->head.fingerprint, nth = 0;

		for (uint32_t k = 0; k < i; k++)
			nth += all->v[k]->head.fingerprint == *of;
		if (nth)
			*of = (*of ^ nth) * 0x100000001b3ull;
	}
}

static int collect(struct build *b, uint32_t n) {
	struct correlations *all = calloc(1, sizeof(*all));
	int err = 0;

	if (!all)
		return -ENOMEM;
	b->set->correlations = all;
	all->always = b->options->records;
	all->room = 2 * n + 8;
	all->found = calloc(all->room, sizeof(*all->found));
	all->v = arena_alloc(&b->set->arena, n * sizeof(*all->v));
	if (!all->found || !all->v || windows_new(&all->windows))
		return -ENOMEM;
	for (struct correlation *c = b->first_correlation; !err && c; c = c->next) {
		if (c->head.fate != RULE_RUNS)
			continue;
		all->v[all->n++] = c;
		err = add_uses(b, c);
	}
	tell_apart(all);
	return err;
}

int correlate_resolve(struct build *b) {
	uint32_t n = 0;
	int err = 0;

	for (struct correlation *c = b->first_correlation; c && err != -ENOMEM; c = c->next) {
		if (c->visit == VISIT_NEW)
			err = resolve(b, c, 0);
		n += c->head.fate == RULE_RUNS;
	}
	b->faults.id = (struct str){ 0 };
	if (err == -ENOMEM)
		return err;
	return n ? collect(b, n) : 0;
}
