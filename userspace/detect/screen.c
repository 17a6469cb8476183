/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts one of which must be there for a rule to hold. An "or" needs some of each
 * of its kids; of an "and" any kid's will do, and the cheapest are taken. A
 * negation has none, for what is absent proves nothing, and a rule without any is
 * evaluated on every event.
 */
#include "detect/engine.h"

#define NO_SCREEN UINT32_MAX

/* texts_price - of looking for each text that @p needs one of */
static uint32_t texts_price(const struct predicate *p) {
	uint32_t price = 10;

	for (uint32_t i = 0; i < p->n; i++) {
		struct str text = p->op == OP_GLOB ? p->globs[i].longest : p->texts[i];
		uint32_t one = needles_price(text, predicate_where(p));

		if (one == UINT32_MAX)
			return NO_SCREEN;
		price += one;
	}
	return price;
}

static uint32_t predicate_price(const struct predicate *p) {
	uint32_t price;

	if (p->op < OP_EQUALS || p->op > OP_GLOB)
		return NO_SCREEN;
	/* a bucket has one kind already, and one type of record */
	if (p->slot->taxon.source == SOURCE_NAME && p->slot->taxon.field == FIELD_KIND)
		return NO_SCREEN;
	if (audit_constant(&p->slot->audit))
		return NO_SCREEN;
	price = texts_price(p);
	if (price == NO_SCREEN)
		return price;
	/* what many rules ask holds often, and sends all of them on */
	price += p->uses < 100 ? p->uses : 100;
	return p->slot->taxon.source == SOURCE_WORDS ? price * 3 : price;
}

static const struct expr *cheapest(const struct expr *x, uint32_t *ret);

/* expr_price - what asking @x's set costs, or NO_SCREEN */
static uint32_t expr_price(const struct expr *x) {
	uint32_t price = 0, one;

	if (x->join == JOIN_PREDICATE)
		return predicate_price(x->predicate);
	if (x->join == JOIN_NOT)
		return NO_SCREEN;
	if (x->join == JOIN_AND) {
		(void)cheapest(x, &one);
		return one;
	}
	for (uint32_t i = 0; i < x->n; i++) {
		one = expr_price(x->kids[i]);
		if (one >= NO_SCREEN - price)
			return NO_SCREEN;
		price += one;
	}
	return price;
}

static const struct expr *cheapest(const struct expr *x, uint32_t *ret) {
	const struct expr *best = NULL;

	*ret = NO_SCREEN;
	for (uint32_t i = 0; i < x->n; i++) {
		uint32_t price = expr_price(x->kids[i]);

		if (price < *ret) {
			*ret = price;
			best = x->kids[i];
		}
	}
	return best;
}

static uint32_t collect(const struct expr *x, struct predicate **ret, uint32_t n, uint32_t room) {
	uint32_t price;

	if (x->join == JOIN_AND)
		return collect(cheapest(x, &price), ret, n, room);
	if (x->join == JOIN_PREDICATE) {
		if (n < room)
			ret[n] = x->predicate;
		return n + 1;
	}
	for (uint32_t i = 0; i < x->n; i++)
		n = collect(x->kids[i], ret, n, room);
	return n;
}

uint32_t screen_find(const struct expr *x, struct predicate **ret, uint32_t room) {
	uint32_t n = expr_price(x) == NO_SCREEN ? 0 : collect(x, ret, 0, room);

	return n <= room ? n : 0;
}
