/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts one of which must be there for a rule to hold. An "or" needs some of each
 * of its kids; of an "and" any kid's will do, and the cheapest are taken. A
 * negation has none, for what is absent proves nothing, and a rule without any is
 * evaluated on every event. What all events of a bucket have in common, as their
 * kind, is settled here, once: a kid that cannot hold needs nothing.
 */
#include "detect/engine.h"

#define NO_SCREEN UINT32_MAX
#define PRICE_OF_KEY 500   /* many names have to be compared to find it */
#define MOST_OF_SECOND 12 /* price of a text that is worth looking for besides */

enum settled { OPEN, NEVER, ALWAYS };

/* settle - whether @p asks for what all events of @v have in common, and what the answer is */
static enum settled settle(const struct view *v, struct predicate *p) {
	struct event e = { .kind = v->kind };
	struct match *m = &v->set->match;
	const struct slot *s = p->slot;
	bool holds;

	if (v->set->for_records || p->op >= OP_SAME)
		return OPEN;
	if (v->row ? s->taxon.source == SOURCE_WORDS || !audit_constant(&s->audit, v->row)
		   : s->taxon.field != FIELD_KIND || s->taxon.source != SOURCE_NAME)
		return OPEN;
	event_mark(&e, FIELD_KIND);
	arena_reset(&v->set->scratch);
	m->arena = &v->set->scratch;
	m->e = &e;
	m->audit = v->row;
	m->epoch++;
	m->bucket = NO_BUCKET;
	holds = predicate_holds(m, p);
	m->e = NULL;
	m->audit = NULL;
	return holds ? ALWAYS : NEVER;
}

bool screen_can_hold(const struct view *v, const struct expr *x) {
	if (x->join == JOIN_PREDICATE)
		return settle(v, x->predicate) != NEVER;
	if (x->join == JOIN_NOT)
		return x->kids[0]->join != JOIN_PREDICATE ||
		       settle(v, x->kids[0]->predicate) != ALWAYS;
	for (uint32_t i = 0; i < x->n; i++) {
		if (screen_can_hold(v, x->kids[i]) == (x->join == JOIN_OR))
			return x->join == JOIN_OR;
	}
	return x->join == JOIN_AND;
}

struct str screen_text(const struct predicate *p, uint32_t i) {
	return p->op == OP_REGEX  ? p->regexes[i].must
	       : p->op == OP_GLOB ? p->globs[i].longest
				  : p->texts[i];
}

/* texts_price - of looking for each text that @p needs one of */
static uint32_t texts_price(const struct predicate *p) {
	uint32_t price = 10;

	for (uint32_t i = 0; i < p->n; i++) {
		uint32_t one = needles_price(screen_text(p, i), predicate_where(p));

		if (one == UINT32_MAX)
			return NO_SCREEN;
		price += one;
	}
	return price;
}

static uint32_t predicate_price(const struct view *v, struct predicate *p) {
	enum settled settled = settle(v, p);
	uint32_t price;

	if (settled != OPEN)
		return settled == NEVER ? 0 : NO_SCREEN;
	if (p->op < OP_EQUALS || p->op > OP_REGEX)
		return NO_SCREEN;
	price = texts_price(p);
	if (price == NO_SCREEN)
		return price;
	/* what many rules ask holds often, and sends all of them on */
	price += p->uses < 100 ? p->uses : 100;
	if (v->row && p->slot->audit.source == AUDIT_KEY)
		price += PRICE_OF_KEY;
	return p->slot->taxon.source == SOURCE_WORDS ? price * 3 : price;
}

static const struct expr *cheapest(const struct view *v, const struct expr *x, uint32_t *ret);

/* expr_price - what looking for @x's texts costs, or NO_SCREEN; 0: it cannot hold */
static uint32_t expr_price(const struct view *v, const struct expr *x) {
	uint32_t price = 0, one;

	if (x->join == JOIN_PREDICATE)
		return predicate_price(v, x->predicate);
	if (x->join == JOIN_NOT)
		return NO_SCREEN;
	if (x->join == JOIN_AND) {
		(void)cheapest(v, x, &one);
		return one;
	}
	for (uint32_t i = 0; i < x->n; i++) {
		one = expr_price(v, x->kids[i]);
		if (one >= NO_SCREEN - price)
			return NO_SCREEN;
		price += one;
	}
	return price;
}

/* cheapest_but - the kid of @x that costs least, @but left out; NULL: there is none */
static const struct expr *cheapest_but(const struct view *v, const struct expr *x,
				       const struct expr *but, uint32_t *ret) {
	const struct expr *best = NULL;

	*ret = NO_SCREEN;
	for (uint32_t i = 0; i < x->n; i++) {
		uint32_t price = x->kids[i] == but ? NO_SCREEN : expr_price(v, x->kids[i]);

		if (price < *ret) {
			*ret = price;
			best = x->kids[i];
		}
	}
	return best;
}

static const struct expr *cheapest(const struct view *v, const struct expr *x, uint32_t *ret) {
	return cheapest_but(v, x, NULL, ret);
}

static uint32_t collect(const struct view *v, const struct expr *x, struct predicate **ret,
			uint32_t n, uint32_t room) {
	uint32_t price;

	if (x->join == JOIN_AND)
		return collect(v, cheapest(v, x, &price), ret, n, room);
	if (x->join == JOIN_PREDICATE) {
		if (settle(v, x->predicate) == NEVER)
			return n;
		if (n < room)
			ret[n] = x->predicate;
		return n + 1;
	}
	for (uint32_t i = 0; i < x->n; i++)
		n = collect(v, x->kids[i], ret, n, room);
	return n;
}

bool screen_find(const struct view *v, const struct expr *x, struct predicate **ret, uint32_t room,
		 uint32_t *ret_n) {
	*ret_n = 0;
	if (expr_price(v, x) == NO_SCREEN)
		return false;
	*ret_n = collect(v, x, ret, 0, room);
	return *ret_n <= room;
}

/* is_cheap - whether looking for all that @p asks for costs next to nothing */
static bool is_cheap(const struct view *v, const struct predicate *p) {
	if (v->row && p->slot->audit.source == AUDIT_KEY)
		return false;
	for (uint32_t i = 0; i < p->n; i++) {
		if (needles_price(screen_text(p, i), predicate_where(p)) > MOST_OF_SECOND)
			return false;
	}
	return p->slot->taxon.source != SOURCE_WORDS;
}

bool screen_find_second(const struct view *v, const struct expr *x, struct predicate **ret,
			uint32_t room, uint32_t *ret_n) {
	const struct expr *second;
	uint32_t price;

	*ret_n = 0;
	if (x->join != JOIN_AND)
		return false;
	second = cheapest_but(v, x, cheapest(v, x, &price), &price);
	if (!second)
		return false;
	*ret_n = collect(v, second, ret, 0, room);
	for (uint32_t i = 0; i < *ret_n && *ret_n <= room; i++) {
		if (!is_cheap(v, ret[i]))
			return false;
	}
	return *ret_n <= room;
}
