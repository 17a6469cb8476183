/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions to one event. What is asked of texts is asked of a copy in which the
 * letters of ASCII are small, made once for each value of the event, unless the
 * rule wants them as they are.
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

static bool word_goes_on(const char *s, uint32_t n, uint32_t i) {
	unsigned char c = i < n ? (unsigned char)s[i] : ' ';

	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' ||
	       c >= 0x80;
}

/* stands_alone - whether @text stands in @x with no word going on around it */
static bool stands_alone(struct str text, struct str x) {
	const char *at = x.s, *end = x.s + x.n;

	while ((at = memmem(at, (size_t)(end - at), text.s, text.n))) {
		uint32_t i = (uint32_t)(at - x.s);

		if ((i == 0 || !word_goes_on(x.s, x.n, i - 1)) &&
		    !word_goes_on(x.s, x.n, i + text.n))
			return true;
		at++;
	}
	return false;
}

static bool one_text(const struct predicate *p, struct str text, struct str x) {
	if (text.n > x.n)
		return false;
	switch ((enum op)p->op) {
	case OP_EQUALS:
		return text.n == x.n && memcmp(x.s, text.s, text.n) == 0;
	case OP_STARTS:
		return memcmp(x.s, text.s, text.n) == 0;
	case OP_ENDS:
		return memcmp(x.s + x.n - text.n, text.s, text.n) == 0;
	default:
		return p->token ? stands_alone(text, x) : memmem(x.s, x.n, text.s, text.n) != NULL;
	}
}

/* may_stand - false: @text, which is folded, is in no value of @s, for its pairs are not */
static bool may_stand(const struct match *m, struct slot *s, struct str text) {
	if (text.n < 2)
		return true;
	if (s->pairs_epoch != m->epoch)
		slot_pairs(m, s);
	return slot_has_pair(s, text.s) && slot_has_pair(s, text.s + text.n - 2) &&
	       slot_has_pair(s, text.s + text.n / 2 - 1);
}

/* texts - whether one of @p's is met by @x, folded as they are */
static bool texts(const struct match *m, const struct predicate *p, struct str x) {
	bool filter =
		p->op == OP_CONTAINS && p->fold == fold_case && (p->slot->n_asked += p->n) > 2;
	uint32_t i = 0;

	if (p->index)
		return needles_any(p->index, x);
	while (i < p->n &&
	       ((filter && !may_stand(m, p->slot, p->texts[i])) || !one_text(p, p->texts[i], x)))
		i++;
	return i < p->n;
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
static bool glob(const struct glob *g, struct str x) {
	uint32_t i = 0, k = 0, star = UINT32_MAX, mark = 0;

	while (i < x.n || k < g->n) {
		uint16_t t = k < g->n ? g->t[k] : PATTERN_ANY + 2;

		if (t == PATTERN_ANY) {
			star = k++;
			mark = i;
		} else if (i < x.n && t == PATTERN_ONE) {
			i = next_char(x, i);
			k++;
		} else if (i < x.n && t == (unsigned char)x.s[i]) {
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

static bool globs(const struct match *m, const struct predicate *p, struct str x) {
	for (uint32_t i = 0; i < p->n; i++) {
		const struct glob *g = &p->globs[i];

		if (p->fold == fold_case && !may_stand(m, p->slot, g->longest))
			continue;
		if (memmem(x.s, x.n, g->longest.s, g->longest.n) && glob(g, x))
			return true;
	}
	return false;
}

static enum answer one_regex(const struct match *m, const struct regex *re, struct str x) {
	int rc;

	if (re->automaton)
		return automaton_finds(re->automaton, x) ? ANSWER_YES : ANSWER_NO;
	rc = pcre2_match(re->code, (PCRE2_SPTR)x.s, x.n, 0, 0, m->regex_data, m->regex_limits);
	return rc >= 0 ? ANSWER_YES : rc == PCRE2_ERROR_NOMATCH ? ANSWER_NO : ANSWER_LIMITED;
}

static enum answer regex(const struct match *m, const struct predicate *p, struct str x) {
	enum answer answer = ANSWER_NO, one;

	for (uint32_t i = 0; i < p->n; i++) {
		const struct regex *re = &p->regexes[i];

		if (x.n < re->least)
			continue;
		if (re->must.n && slot_folded(m, p->slot) && !may_stand(m, p->slot, re->must))
			continue;
		one = one_regex(m, re, x);
		if (one == ANSWER_YES)
			return one;
		if (one == ANSWER_LIMITED)
			answer = one;
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

/* wants_folded - whether @p compares folded values */
static bool wants_folded(const struct predicate *p) {
	return ((p->op >= OP_EQUALS && p->op <= OP_GLOB) || p->op == OP_SAME_PART) &&
	       p->fold == fold_case;
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
	return memmem(a.s, a.n, b.s, b.n) != NULL; /* both are folded as they are to be */
}

static enum answer field_like(const struct match *m, const struct predicate *p, struct str x) {
	struct slot *other = p->other;
	const struct str *v;

	slot_get(m, other);
	v = wants_folded(p) && other->n ? slot_folded(m, other) : other->v;
	for (uint32_t i = 0; v && i < other->n; i++) {
		if (related(p, x, v[i]))
			return ANSWER_YES;
	}
	return other->cramped ? ANSWER_LIMITED : ANSWER_NO;
}

static enum answer ask_one(const struct match *m, const struct predicate *p, struct str x) {
	switch ((enum op)p->op) {
	case OP_EQUALS:
	case OP_STARTS:
	case OP_ENDS:
	case OP_CONTAINS:
		return texts(m, p, x) ? ANSWER_YES : ANSWER_NO;
	case OP_GLOB:
		return globs(m, p, x) ? ANSWER_YES : ANSWER_NO;
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
		return field_like(m, p, x);
	case OP_EXISTS:
	case OP_PRESENT:
		break;
	}
	return ANSWER_YES;
}

bool predicate_meets(struct match *m, const struct predicate *p, uint32_t i) {
	const struct str *v = wants_folded(p) ? slot_folded(m, p->slot) : p->slot->v;

	return v && ask_one(m, p, v[i]) == ANSWER_YES;
}

static enum answer ask(const struct match *m, const struct predicate *p) {
	struct slot *s = p->slot;
	enum answer answer;
	const struct str *v;

	slot_get(m, s);
	if (p->op == OP_EXISTS)
		return s->present ? ANSWER_YES : ANSWER_NO;
	if (p->op == OP_PRESENT)
		return s->n > 0 ? ANSWER_YES : ANSWER_NO;
	if (s->n == 0)
		return s->cramped ? ANSWER_LIMITED : ANSWER_NO;
	v = wants_folded(p) ? slot_folded(m, s) : s->v;
	if (!v)
		return ANSWER_LIMITED;
	answer = s->cramped ? ANSWER_LIMITED : ANSWER_NO;
	for (uint32_t i = 0; i < s->n; i++) {
		enum answer one = ask_one(m, p, v[i]);

		if (one == ANSWER_YES)
			return one;
		if (one == ANSWER_LIMITED)
			answer = one;
	}
	return answer;
}

/* says_all - whether @p holds wherever one of its texts is met by the bucket's sieve */
static bool says_all(const struct predicate *p) {
	return p->op <= OP_CONTAINS && p->fold == fold_case && !p->token &&
	       p->slot->taxon.source != SOURCE_WORDS;
}

/* ask_sieve - what is known when texts were sought; else the predicate itself */
static enum answer ask_sieve(const struct match *m, const struct predicate *p) {
	if (!(p->sought[m->bucket / 64] >> m->bucket % 64 & 1))
		return ask(m, p);
	if (p->seen != m->epoch)
		return p->slot->cramped ? ANSWER_LIMITED : ANSWER_NO;
	return says_all(p) ? ANSWER_YES : ask(m, p);
}

bool predicate_holds(struct match *m, struct predicate *p) {
	enum answer answer = p->memo & 3;

	if (p->memo >> 2 != m->epoch) {
		answer = ask_sieve(m, p);
		p->memo = m->epoch << 2 | answer;
	}
	if (answer == ANSWER_LIMITED) {
		m->limited = true;
		m->cramped |= p->slot->cramped || (p->op >= OP_SAME && p->other->cramped);
	}
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
