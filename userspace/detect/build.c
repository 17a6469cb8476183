/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/build.h"

#include <errno.h>
#include <stdlib.h>

int exprs_add(struct build *b, struct exprs *list, struct expr *x) {
	if (list->n == list->cap) {
		uint32_t cap = list->cap ? list->cap * 2 : 8;
		struct expr **v = arena_alloc(&b->temp, cap * sizeof(*v));

		if (!v)
			return -ENOMEM;
		if (list->n)
			memcpy(v, list->v, list->n * sizeof(*v));
		list->v = v;
		list->cap = cap;
	}
	list->v[list->n++] = x;
	return 0;
}

static int slot_new(struct build *b, struct str name, struct slot **ret) {
	struct slot **chain = &b->set->names[slot_hash(name) % SLOT_CHAINS];
	struct slot *s = arena_zalloc(&b->set->arena, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->name = arena_str(&b->set->arena, name);
	if (!s->name.s || slot_room(&b->set->arena, s))
		return -ENOMEM;
	s->next = b->set->slots;
	b->set->slots = s;
	s->next_name = *chain;
	*chain = s;
	*ret = s;
	return 0;
}

int build_slot(struct build *b, struct str name, struct slot **ret) {
	struct taxon taxon = { SOURCE_NONE, 0 };
	struct audit_taxon audit = { AUDIT_NONE, 0, 0 };
	bool ours = !taxonomy_field(name, &taxon), audits = !audit_field(name, &audit);
	int err;

	/* the log source of a rule says whose names it may use; without a category both */
	if (!b->set->for_records &&
	    !(b->names == NAMES_AUDIT ? audits : ours || (b->names == NAMES_ANY && audits)))
		return -ENOENT;
	*ret = slot_find(b->set, name);
	if (*ret)
		return 0;
	err = slot_new(b, name, ret);
	if (!err && !b->set->for_records) {
		(*ret)->taxon = taxon;
		(*ret)->audit = audit;
	}
	return err;
}

int build_words(struct build *b, struct slot **ret) {
	int err = 0;

	*ret = slot_find(b->set, STR(""));
	if (!*ret) {
		err = slot_new(b, STR(""), ret);
		if (!err)
			(*ret)->taxon.source = SOURCE_WORDS;
	}
	return err;
}

uint32_t build_hash(uint32_t h, const void *bytes, size_t n) {
	const unsigned char *p = bytes;

	while (n--)
		h = (h ^ *p++) * 16777619u + 1;
	return h;
}

static bool has_texts(const struct predicate *p) {
	return p->op >= OP_EQUALS && p->op <= OP_CONTAINS;
}

static uint32_t hash_predicate(const struct predicate *p) {
	uint32_t h = build_hash(0, &p->op, 1);

	h = build_hash(h, &p->slot, sizeof(p->slot));
	for (uint32_t i = 0; has_texts(p) && i < p->n; i++)
		h = build_hash(h, p->texts[i].s, p->texts[i].n);
	return h;
}

static bool equal_values(const struct predicate *a, const struct predicate *b) {
	for (uint32_t i = 0; i < a->n; i++) {
		if (has_texts(a) && (a->texts[i].n != b->texts[i].n ||
				     memcmp(a->texts[i].s, b->texts[i].s, a->texts[i].n)))
			return false;
		if (a->op == OP_GLOB &&
		    (a->globs[i].n != b->globs[i].n ||
		     memcmp(a->globs[i].t, b->globs[i].t, a->globs[i].n * sizeof(uint16_t))))
			return false;
		/* of equal regexes only one was made */
		if (a->op == OP_REGEX && (a->regexes[i].automaton != b->regexes[i].automaton ||
					  a->regexes[i].code != b->regexes[i].code))
			return false;
		if (a->op >= OP_LESS && a->op <= OP_NUMBER && a->numbers[i] != b->numbers[i])
			return false;
	}
	return true;
}

/* Networks are few: two alike are kept as two. */
static bool equal(const struct predicate *a, const struct predicate *b) {
	if (a->op != b->op || a->slot != b->slot || a->fold != b->fold || a->token != b->token ||
	    a->n != b->n || a->part != b->part || a->op == OP_CIDR)
		return false;
	if (a->op >= OP_SAME)
		return a->other == b->other;
	return equal_values(a, b);
}

#define LONG_MATCH 64 /* bytes that few values have */

/* wants_long - whether each regex of @p is settled by how short nearly all values are */
static bool wants_long(const struct predicate *p) {
	for (uint32_t i = 0; i < p->n; i++) {
		if (p->regexes[i].least < LONG_MATCH)
			return false;
	}
	return true;
}

static uint32_t predicate_cost(const struct predicate *p) {
	static const uint32_t base[] = {
		[OP_EXISTS] = 1,      [OP_PRESENT] = 1,	       [OP_EQUALS] = 3,
		[OP_STARTS] = 4,      [OP_NUMBER] = 20,	       [OP_ENDS] = 4,
		[OP_CONTAINS] = 30,   [OP_GLOB] = 40,	       [OP_REGEX] = 400,
		[OP_CIDR] = 60,	      [OP_LESS] = 20,	       [OP_LESS_EQUAL] = 20,
		[OP_GREATER] = 20,    [OP_GREATER_EQUAL] = 20, [OP_SAME] = 20,
		[OP_SAME_START] = 20, [OP_SAME_END] = 20,      [OP_SAME_PART] = 60,
	};
	uint32_t cost = base[p->op];

	if (p->op == OP_REGEX && wants_long(p))
		cost = 10;
	if (p->op >= OP_CONTAINS)
		cost += cost * p->n / 8;
	if (p->slot->taxon.source == SOURCE_WORDS)
		cost *= 10;
	else if (p->slot->taxon.source != SOURCE_TEXT)
		cost += 3;
	return cost;
}

static int predicate_add(struct build *b, const struct predicate *draft, struct predicate **ret) {
	uint32_t h = hash_predicate(draft) % BUILD_CHAINS;
	struct predicate *p;

	for (p = b->chains[h]; p; p = p->next_same) {
		if (equal(p, draft)) {
			p->uses++;
			*ret = p;
			return 0;
		}
	}
	p = arena_alloc(&b->set->arena, sizeof(*p));
	if (!p)
		return -ENOMEM;
	*p = *draft;
	p->uses = 1;
	p->cost = predicate_cost(p);
	p->next = b->set->predicates;
	b->set->predicates = p;
	p->next_same = b->chains[h];
	b->chains[h] = p;
	*ret = p;
	return 0;
}

int build_leaf(struct build *b, const struct predicate *draft, struct expr **ret) {
	struct expr *x = arena_zalloc(&b->set->arena, sizeof(*x));
	int err;

	if (!x)
		return -ENOMEM;
	x->join = JOIN_PREDICATE;
	err = predicate_add(b, draft, &x->predicate);
	if (err)
		return err;
	x->cost = x->predicate->cost;
	*ret = x;
	return 0;
}

static int by_cost(const void *a, const void *b) {
	const struct expr *x = *(struct expr *const *)a, *y = *(struct expr *const *)b;

	return (x->cost > y->cost) - (x->cost < y->cost);
}

static int join_new(struct build *b, enum join join, uint32_t n, struct expr **ret) {
	struct expr *x = arena_zalloc(&b->set->arena, sizeof(*x));

	if (!x)
		return -ENOMEM;
	x->join = (uint8_t)join;
	x->kids = arena_alloc(&b->set->arena, n * sizeof(*x->kids));
	if (!x->kids)
		return -ENOMEM;
	*ret = x;
	return 0;
}

int build_join(struct build *b, enum join join, const struct exprs *list, struct expr **ret) {
	uint32_t n = 0;
	struct expr *x;
	int err;

	if (list->n == 1) {
		*ret = list->v[0];
		return 0;
	}
	for (uint32_t i = 0; i < list->n; i++)
		n += list->v[i]->join == join ? list->v[i]->n : 1;
	err = join_new(b, join, n, &x);
	if (err)
		return err;
	for (uint32_t i = 0; i < list->n; i++) {
		struct expr *kid = list->v[i];

		x->cost += kid->cost < 1u << 20 ? kid->cost : 1u << 20;
		if (kid->join != join) {
			x->kids[x->n++] = kid;
			continue;
		}
		memcpy(x->kids + x->n, kid->kids, kid->n * sizeof(*x->kids));
		x->n += kid->n;
	}
	qsort(x->kids, x->n, sizeof(*x->kids), by_cost);
	if (join == JOIN_AND) /* most often its first kid says no */
		x->cost = x->kids[0]->cost + (x->cost - x->kids[0]->cost) / 8;
	*ret = x;
	return 0;
}

int build_not(struct build *b, struct expr *x, struct expr **ret) {
	struct expr *made;
	int err;

	if (x->join == JOIN_NOT) {
		*ret = x->kids[0];
		return 0;
	}
	err = join_new(b, JOIN_NOT, 1, &made);
	if (err)
		return err;
	made->kids[0] = x;
	made->n = 1;
	/* A negation mostly holds, so that it settles nothing in an "and": late. */
	made->cost = x->cost + 100;
	*ret = made;
	return 0;
}
