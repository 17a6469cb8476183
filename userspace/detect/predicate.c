/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions to one event. Nearly all of them are answered "no", and this file
 * is arranged so that a no is cheap: a text that must begin, end or be like one
 * of a list is first looked at in two places where few bytes would do; a text
 * that must contain something is first asked whether the rarest pairs of
 * characters of that something occur in it at all. Only then are bytes compared.
 */
#include <arpa/inet.h>

#include "detect/engine.h"
#include "detect/calendar.h"
#include "detect/number.h"
#include "detect/pattern.h"

#define ROW(c) c, c + 1, c + 2, c + 3, c + 4, c + 5, c + 6, c + 7
#define HALF(c) ROW(c), ROW(c + 8), ROW(c + 16), ROW(c + 24)
#define UPPER_HALF HALF(0x80), HALF(0xa0), HALF(0xc0), HALF(0xe0)

const uint8_t fold_none[256] = { HALF(0), HALF(0x20), HALF(0x40), HALF(0x60), UPPER_HALF };
const uint8_t fold_case[256] = { HALF(0),   HALF(0x20), 0x40, ROW(0x61),  ROW(0x69),
				 ROW(0x71), 0x79,	0x7a, 0x5b,	  0x5c,
				 0x5d,	    0x5e,	0x5f, HALF(0x60), UPPER_HALF };

static bool same(const uint8_t *fold, const char *text, const char *folded, uint32_t n) {
	for (uint32_t i = 0; i < n; i++) {
		if (fold[(unsigned char)text[i]] != (unsigned char)folded[i])
			return false;
	}
	return true;
}

static inline bool plausible(const struct predicate *p, struct str x) {
	const char *from = p->op == OP_ENDS ? x.s + x.n : x.s;

	if (x.n < p->min_bytes)
		return false;
	for (unsigned i = 0; i < p->n_sets; i++) {
		unsigned char c = (unsigned char)from[p->at[i]];

		if (!(p->set[i][c >> 6] >> (c & 63) & 1))
			return false;
	}
	return true;
}

static bool anchored(const struct predicate *p, struct str x) {
	if (!plausible(p, x))
		return false;
	for (uint32_t i = 0; i < p->n; i++) {
		const struct needle *k = &p->needles[i];
		uint32_t from = p->op == OP_ENDS ? x.n - k->n : 0;

		if (k->n > x.n || (p->op == OP_EQUALS && k->n != x.n))
			continue;
		if (same(p->fold, x.s + from, k->s, k->n))
			return true;
	}
	return false;
}

static bool word_goes_on(const char *s, uint32_t n, uint32_t i) {
	unsigned char c = i < n ? (unsigned char)s[i] : ' ';

	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' ||
	       c >= 0x80;
}

static bool find(const struct predicate *p, const struct needle *k, struct str x) {
	const unsigned char *t = (const unsigned char *)x.s;
	uint8_t first = (uint8_t)k->s[0], last = (uint8_t)k->s[k->n - 1];

	for (uint32_t i = 0; i + k->n <= x.n; i++) {
		if (p->fold[t[i]] != first || p->fold[t[i + k->n - 1]] != last ||
		    !same(p->fold, x.s + i, k->s, k->n))
			continue;
		if (!p->token || ((i == 0 || !word_goes_on(x.s, x.n, i - 1)) &&
				  !word_goes_on(x.s, x.n, i + k->n)))
			return true;
	}
	return false;
}

/* grams_seen - whether all that is known of @k's pairs occurs in the values of @s */
static inline bool grams_seen(const struct match *m, struct slot *s, const struct needle *k) {
	unsigned g = 0;

	if (s->gram_epoch != m->epoch)
		slot_grams(m, s);
	while (g < k->n_grams && s->gram[k->gram[g]] == m->epoch)
		g++;
	return g == k->n_grams;
}

static bool contains(const struct match *m, const struct predicate *p) {
	struct slot *s = p->slot;

	for (uint32_t i = 0; i < p->n; i++) {
		const struct needle *k = &p->needles[i];

		if (!grams_seen(m, s, k))
			continue;
		for (uint32_t v = 0; v < s->n; v++) {
			if (find(p, k, s->v[v]))
				return true;
		}
	}
	return false;
}

/* next_char - where the character after the one at @i begins; a byte that is not UTF-8 is one */
static inline uint32_t next_char(struct str x, uint32_t i) {
	unsigned char c = (unsigned char)x.s[i];
	unsigned more = c < 0xc2 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : c < 0xf5 ? 3 : 0;
	uint32_t j = i + 1;

	if (c < 0xc2)
		return j;
	while (more-- && j < x.n && ((unsigned char)x.s[j] & 0xc0) == 0x80)
		j++;
	return j;
}

/* Going back to the last star is enough: an earlier one can do nothing that it cannot. */
static bool glob(const uint8_t *fold, const struct glob *g, struct str x) {
	uint32_t i = 0, k = 0, star = UINT32_MAX, mark = 0;

	while (i < x.n || k < g->n) {
		uint16_t t = k < g->n ? g->t[k] : PATTERN_ANY + 2;

		if (t == PATTERN_ANY) {
			star = k++;
			mark = i;
		} else if (i < x.n && t == PATTERN_ONE) {
			i = next_char(x, i);
			k++;
		} else if (i < x.n && t == fold[(unsigned char)x.s[i]]) {
			i++;
			k++;
		} else if (star != UINT32_MAX && mark < x.n) {
			mark = next_char(x, mark);
			i = mark;
			k = star + 1;
		} else {
			return false;
		}
	}
	return true;
}

static bool globs(const struct match *m, const struct predicate *p) {
	struct slot *s = p->slot;

	for (uint32_t i = 0; s->n && i < p->n; i++) {
		if (!grams_seen(m, s, &p->globs[i].longest))
			continue;
		for (uint32_t v = 0; v < s->n; v++) {
			if (glob(p->fold, &p->globs[i], s->v[v]))
				return true;
		}
	}
	return false;
}

/* contains_one, glob_one - about one value, without the pairs */
static bool contains_one(const struct predicate *p, struct str x) {
	uint32_t i = 0;

	while (i < p->n && !find(p, &p->needles[i], x))
		i++;
	return i < p->n;
}

static bool glob_one(const struct predicate *p, struct str x) {
	uint32_t i = 0;

	while (i < p->n && !glob(p->fold, &p->globs[i], x))
		i++;
	return i < p->n;
}

static enum answer regex(const struct match *m, const struct predicate *p, struct str x) {
	enum answer answer = ANSWER_NO;

	for (uint32_t i = 0; i < p->n; i++) {
		int rc = pcre2_match(p->regexes[i], (PCRE2_SPTR)x.s, x.n, 0, 0, m->regex_data,
				     m->regex_limits);

		if (rc >= 0)
			return ANSWER_YES;
		if (rc != PCRE2_ERROR_NOMATCH)
			answer = ANSWER_LIMITED;
	}
	return answer;
}

static bool in_network(const struct network *net, const uint8_t *address, bool v4) {
	unsigned whole = net->bits / 8, rest = net->bits % 8;

	if (v4 && !net->v4 && net->bits < 96)
		return false;
	if (memcmp(address, net->address, whole) != 0)
		return false;
	return rest == 0 || (address[whole] ^ net->address[whole]) >> (8 - rest) == 0;
}

static bool cidr(const struct predicate *p, struct str x) {
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	uint8_t address[16];
	char text[INET6_ADDRSTRLEN];

	if (x.n >= sizeof(text))
		return false;
	memcpy(text, x.s, x.n);
	text[x.n] = '\0';
	memcpy(address, mapped, sizeof(mapped));
	if (inet_pton(AF_INET, text, address + 12) != 1 && inet_pton(AF_INET6, text, address) != 1)
		return false;
	for (uint32_t i = 0; i < p->n; i++) {
		if (in_network(&p->networks[i], address, memcmp(address, mapped, 12) == 0))
			return true;
	}
	return false;
}

static bool compare(const struct predicate *p, struct str x) {
	long double v;

	if (p->part ? calendar_part(x, p->part, &v) : number_read(x, &v))
		return false;
	for (uint32_t i = 0; i < p->n; i++) {
		long double limit = p->numbers[i];

		if (p->op == OP_LESS	     ? v < limit
		    : p->op == OP_LESS_EQUAL ? v <= limit
		    : p->op == OP_GREATER    ? v > limit
		    : p->op == OP_NUMBER     ? v == limit
					     : v >= limit)
			return true;
	}
	return false;
}

/* part_at - whether @b, folded on the fly, stands in @a at @i */
static bool part_at(const uint8_t *fold, struct str a, uint32_t i, struct str b) {
	for (uint32_t k = 0; k < b.n; k++) {
		if (fold[(unsigned char)a.s[i + k]] != fold[(unsigned char)b.s[k]])
			return false;
	}
	return true;
}

static bool related(const struct predicate *p, struct str a, struct str b) {
	if (b.n > a.n || (p->op == OP_SAME && a.n != b.n))
		return false;
	if (p->op == OP_SAME_END)
		return part_at(p->fold, a, a.n - b.n, b);
	if (p->op != OP_SAME_PART)
		return part_at(p->fold, a, 0, b);
	for (uint32_t i = 0; i + b.n <= a.n; i++) {
		if (part_at(p->fold, a, i, b))
			return true;
	}
	return false;
}

static bool field_like(const struct match *m, const struct predicate *p, struct str x) {
	slot_get(m, p->other);
	for (uint32_t i = 0; i < p->other->n; i++) {
		if (related(p, x, p->other->v[i]))
			return true;
	}
	return false;
}

static enum answer ask_one(const struct match *m, const struct predicate *p, struct str x) {
	switch ((enum op)p->op) {
	case OP_EQUALS:
	case OP_STARTS:
	case OP_ENDS:
		return anchored(p, x) ? ANSWER_YES : ANSWER_NO;
	case OP_REGEX:
		return regex(m, p, x);
	case OP_CIDR:
		return cidr(p, x) ? ANSWER_YES : ANSWER_NO;
	case OP_LESS:
	case OP_LESS_EQUAL:
	case OP_GREATER:
	case OP_GREATER_EQUAL:
	case OP_NUMBER:
		return compare(p, x) ? ANSWER_YES : ANSWER_NO;
	case OP_SAME:
	case OP_SAME_START:
	case OP_SAME_END:
	case OP_SAME_PART:
		return field_like(m, p, x) ? ANSWER_YES : ANSWER_NO;
	case OP_CONTAINS:
		return contains_one(p, x) ? ANSWER_YES : ANSWER_NO;
	case OP_GLOB:
		return glob_one(p, x) ? ANSWER_YES : ANSWER_NO;
	case OP_EXISTS:
	case OP_PRESENT:
		break;
	}
	return ANSWER_YES;
}

bool predicate_meets(struct match *m, const struct predicate *p, struct str x) {
	return ask_one(m, p, x) == ANSWER_YES;
}

bool predicate_plausible(const struct match *m, const struct predicate *p) {
	struct slot *s = p->slot;

	slot_get(m, s);
	if (p->op == OP_CONTAINS || p->op == OP_GLOB) {
		for (uint32_t i = 0; s->n && i < p->n; i++) {
			const struct needle *k =
				p->op == OP_GLOB ? &p->globs[i].longest : &p->needles[i];

			if (grams_seen(m, s, k))
				return true;
		}
		return false;
	}
	for (uint32_t i = 0; i < s->n; i++) {
		if (plausible(p, s->v[i]))
			return true;
	}
	return false;
}

static enum answer ask(const struct match *m, const struct predicate *p) {
	struct slot *s = p->slot;
	enum answer answer = ANSWER_NO;

	slot_get(m, s);
	if (p->op == OP_EXISTS)
		return s->present ? ANSWER_YES : ANSWER_NO;
	if (p->op == OP_PRESENT)
		return s->n > 0 ? ANSWER_YES : ANSWER_NO;
	if (p->op == OP_CONTAINS)
		return contains(m, p) ? ANSWER_YES : ANSWER_NO;
	if (p->op == OP_GLOB)
		return globs(m, p) ? ANSWER_YES : ANSWER_NO;
	for (uint32_t i = 0; i < s->n; i++) {
		enum answer one = ask_one(m, p, s->v[i]);

		if (one == ANSWER_YES)
			return one;
		if (one == ANSWER_LIMITED)
			answer = one;
	}
	return answer;
}

bool predicate_holds(struct match *m, struct predicate *p) {
	enum answer answer;

	if (p->shared && p->memo >> 2 == m->epoch) {
		answer = p->memo & 3;
	} else {
		answer = ask(m, p);
		if (p->shared)
			p->memo = m->epoch << 2 | answer;
	}
	m->limited |= answer == ANSWER_LIMITED;
	return answer == ANSWER_YES;
}

bool expr_holds(struct match *m, const struct expr *x) {
	switch ((enum join)x->join) {
	case JOIN_PREDICATE:
		return predicate_holds(m, x->predicate);
	case JOIN_NOT:
		return !expr_holds(m, x->kids[0]);
	case JOIN_AND:
		for (uint32_t i = 0; i < x->n; i++) {
			if (!expr_holds(m, x->kids[i]))
				return false;
		}
		return true;
	case JOIN_OR:
		for (uint32_t i = 0; i < x->n; i++) {
			if (expr_holds(m, x->kids[i]))
				return true;
		}
		return false;
	}
	return false;
}
