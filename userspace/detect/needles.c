/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/needles.h"

#include <errno.h>
#include <stdlib.h>

#include "detect/grams.h"

#define STRIDE 4
#define LONG (GRAM + STRIDE - 1) /* bytes of a text that has a gram at every fourth place */
#define TRIPLES 2		 /* of three bytes, in a text of four; at every second place */
#define HEADS 4			 /* places near the beginning that may be looked at */
#define FARTHEST 24
#define EVERY_BYTE UINT32_MAX

/* A text that is sought, once, with the rows that seek it. */
struct text {
	struct str text;
	uint8_t where;
	uint32_t first_row, n_rows;
};

struct needles {
	const uint8_t *fold; /* how texts are folded, and haystacks are to be */
	struct text *v;
	uint32_t n;
	uint32_t *rows;
	struct grams anchored; /* the beginning's, marked with their place, and the end's */
	struct grams every4th, every2nd, pairs;
	uint8_t heads[HEADS];
	uint32_t n_heads;
	uint8_t short_heads, short_tails; /* lengths of texts with less bytes than GRAM, as bits */
	uint32_t *loose; /* those of no byte, and the few that begin far off these places */
	uint32_t n_loose;
	uint32_t *bytes; /* texts of one byte, anywhere; and which bytes these are */
	uint32_t n_bytes;
	uint64_t byte_set[4];
	bool inside, ends; /* whether there is anything to look for there */
};

/* short_key - of a whole text of less than GRAM bytes */
static uint32_t short_key(struct str x) {
	uint32_t key = x.n;

	for (uint32_t i = 0; i < x.n; i++)
		key = key << 8 | (unsigned char)x.s[i] | 0x20;
	return key ^ 0x5bd1e995u;
}

/* edge_key - of a text of less than GRAM bytes at the beginning or the end */
static uint32_t edge_key(struct str x, enum where where) {
	return short_key(x) + (where == WHERE_HEAD ? 0xc2b2ae35u : 0x27d4eb2fu);
}

/* The gram of a place near the beginning is told from the same one at the end, and elsewhere. */
static inline uint32_t head_key(uint32_t gram, uint32_t at) {
	return gram + (at + 1) * 0x85ebca6bu;
}

/* --- made once ------------------------------------------------------------------------------- */

/* rarest - where in @x to begin, so that the @n grams from there on are the least usual */
static uint32_t rarest(struct str x, uint32_t n) {
	unsigned best = UINT32_MAX;
	uint32_t found = 0;

	for (uint32_t i = 0; i + GRAM + n - 1 <= x.n; i++) {
		unsigned weight = 0;

		for (uint32_t k = 0; k < n; k++)
			weight += gram_weight(x.s + i + k);
		if (weight < best) {
			best = weight;
			found = i;
		}
	}
	return found;
}

static uint32_t rarest_pair(struct str x) {
	bool second = x.n > 2 && usual((unsigned char)x.s[2]) < usual((unsigned char)x.s[0]);

	return second;
}

static bool anchored(const struct text *s) {
	return s->where == WHERE_TAIL || s->where == WHERE_WHOLE;
}

static bool is_byte(const struct text *s) {
	return s->where == WHERE_ANY && s->text.n == 1;
}

/* table_of - which table @s belongs to, or NULL: it is loose; and how many grams of it */
static struct grams *table_of(struct needles *k, const struct text *s, uint32_t *ret_n) {
	*ret_n = 1;
	if (s->where != WHERE_ANY)
		return s->text.n || s->where == WHERE_WHOLE ? &k->anchored : NULL;
	if (s->text.n >= LONG) {
		*ret_n = STRIDE;
		return &k->every4th;
	}
	if (s->text.n >= GRAM) {
		*ret_n = TRIPLES;
		return &k->every2nd;
	}
	return s->text.n >= 2 ? &k->pairs : NULL;
}

/* choose_heads - the places near the beginning at which most texts are least usual */
static void choose_heads(struct needles *k) {
	uint32_t votes[FARTHEST + 1] = { 0 };

	for (uint32_t i = 0; i < k->n; i++) {
		struct str x = k->v[i].text;

		if (k->v[i].where != WHERE_HEAD || x.n < GRAM)
			continue;
		if (x.n > FARTHEST + GRAM)
			x.n = FARTHEST + GRAM;
		votes[rarest(x, 1)]++;
	}
	while (k->n_heads < HEADS - 1) { /* one is left for 0 */
		uint8_t best = 0;

		for (uint8_t at = 1; at <= FARTHEST; at++) {
			if (votes[at] > votes[best])
				best = at;
		}
		if (!votes[best])
			return;
		votes[best] = 0;
		k->heads[k->n_heads++] = best;
	}
}

/* head_of - the place among those chosen at which @x is least usual; the last is 0, at need */
static uint32_t head_of(struct needles *k, struct str x) {
	unsigned best = UINT32_MAX;
	uint32_t found = GRAM_NONE;

	for (uint32_t i = 0; i < k->n_heads; i++) {
		uint32_t at = k->heads[i];

		if (at + GRAM <= x.n && gram_weight(x.s + at) < best) {
			best = gram_weight(x.s + at);
			found = at;
		}
	}
	if (found != GRAM_NONE)
		return found;
	if (k->n_heads == HEADS)
		return GRAM_NONE;
	k->heads[k->n_heads++] = 0;
	return 0;
}

static void add_one(struct needles *k, uint32_t i) {
	const struct text *s = &k->v[i];
	struct str x = s->text;
	uint32_t n, at;
	struct grams *t = table_of(k, s, &n);

	if (is_byte(s)) {
		k->bytes[k->n_bytes++] = i;
		for (uint32_t c = 0; c < 256; c++) {
			if (k->fold[c] == (unsigned char)x.s[0])
				k->byte_set[c / 64] |= 1ull << c % 64;
		}
	} else if (!t) {
		k->loose[k->n_loose++] = i;
	} else if (s->where != WHERE_ANY && s->where != WHERE_WHOLE && x.n < GRAM) {
		*(s->where == WHERE_HEAD ? &k->short_heads : &k->short_tails) |= 1u << x.n;
		grams_add(t, edge_key(x, s->where), i, 0);
	} else if (s->where == WHERE_HEAD) {
		at = head_of(k, x);
		if (at == GRAM_NONE)
			k->loose[k->n_loose++] = i;
		else
			grams_add(t, head_key(gram_at(x.s + at), at), i, at);
	} else if (anchored(s)) {
		grams_add(t, x.n < GRAM ? short_key(x) : gram_at(x.s + x.n - GRAM), i, 0);
	} else if (t == &k->pairs) {
		at = rarest_pair(x);
		grams_add(t, pair_at(x.s + at), i, at);
	} else {
		bool triples = t == &k->every2nd;

		at = rarest(x, triples ? 1 : n);
		for (uint32_t g = at; g < at + n; g++)
			grams_add(t, triples ? triple_at(x.s + g) : gram_at(x.s + g), i, g);
	}
}

static int by_text(const void *a, const void *b) {
	const struct sought *x = a, *y = b;
	uint32_t n = x->text.n < y->text.n ? x->text.n : y->text.n;
	int order = x->where - y->where;

	if (!order && n)
		order = memcmp(x->text.s, y->text.s, n);
	if (!order)
		order = (x->text.n > y->text.n) - (x->text.n < y->text.n);
	return order ? order : (x->row > y->row) - (x->row < y->row);
}

/* take_texts - each text of @v once, in the order of their rows; @v is sorted */
static int take_texts(struct arena *arena, const struct sought *v, uint32_t n, struct needles *k) {
	k->v = arena_alloc(arena, (n + !n) * sizeof(*k->v));
	k->rows = arena_alloc(arena, (n + !n) * sizeof(*k->rows));
	if (!k->v || !k->rows)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		struct text *last = k->n ? &k->v[k->n - 1] : NULL;

		k->rows[i] = v[i].row;
		if (last && last->where == v[i].where && str_eq(last->text, v[i].text))
			last->n_rows++;
		else
			k->v[k->n++] = (struct text){ v[i].text, v[i].where, i, 1 };
	}
	return 0;
}

int needles_new(struct arena *arena, const uint8_t *fold, struct sought *v, uint32_t n,
		struct needles **ret) {
	struct needles *k = arena_zalloc(arena, sizeof(*k));
	uint32_t n_grams, n_loose = 0, n_bytes = 0;
	int err;

	if (!k)
		return -ENOMEM;
	k->fold = fold;
	qsort(v, n, sizeof(*v), by_text);
	err = take_texts(arena, v, n, k);
	for (uint32_t i = 0; !err && i < k->n; i++) {
		struct grams *t = table_of(k, &k->v[i], &n_grams);

		if (t)
			t->n += n_grams;
		n_loose += !t || k->v[i].where == WHERE_HEAD;
		n_bytes += is_byte(&k->v[i]);
	}
	k->loose = arena_alloc(arena, (n_loose + 1) * sizeof(*k->loose));
	k->bytes = arena_alloc(arena, (n_bytes + 1) * sizeof(*k->bytes));
	if (!err && (!k->loose || !k->bytes))
		err = -ENOMEM;
	err = err ? err : grams_room(arena, &k->anchored);
	err = err ? err : grams_room(arena, &k->every4th);
	err = err ? err : grams_room(arena, &k->every2nd);
	err = err ? err : grams_room(arena, &k->pairs);
	if (err)
		return err;
	choose_heads(k);
	for (uint32_t i = 0; i < k->n; i++)
		add_one(k, i);
	k->inside = k->every4th.n || k->every2nd.n || k->pairs.n || k->n_bytes;
	k->ends = k->anchored.n || k->n_loose;
	*ret = k;
	return 0;
}

uint32_t needles_price(struct str text, enum where where) {
	if (!text.n && where != WHERE_WHOLE)
		return UINT32_MAX;
	/* a short value is an id or a number, and most of them are the same few: "0" */
	if (where == WHERE_WHOLE)
		return text.n >= GRAM ? 12 : 80;
	if (where != WHERE_ANY)
		return text.n >= GRAM ? 12 : 100;
	return text.n >= LONG ? 4 : text.n >= GRAM ? 25 : text.n >= 2 ? 150 : 400;
}

/* --- asked for each haystack ----------------------------------------------------------------- */

/* A haystack and what was found in it. */
struct search {
	const struct needles *k;
	struct str x;
	uint64_t *rows; /* NULL: the first one found is enough */
	bool found;
};

/* alike - false: @a and @b, of @n bytes, differ in more than the bit that small letters have */
static inline bool alike(const char *a, const char *b, uint32_t n) {
	const uint64_t bits = 0x2020202020202020ull;
	uint64_t x, y;

	if (n < 8)
		return n < GRAM || (gram_at(a) == gram_at(b) &&
				    gram_at(a + n - GRAM) == gram_at(b + n - GRAM));
	for (uint32_t i = 0;; i = i + 16 <= n ? i + 8 : n - 8) {
		memcpy(&x, a + i, 8);
		memcpy(&y, b + i, 8);
		if ((x ^ y) & ~bits)
			return false;
		if (i + 8 == n)
			return true;
	}
}

/* same - whether @text, which is folded, is what stands at @at */
static inline bool same(const struct needles *k, const char *at, struct str text) {
	if (!alike(at, text.s, text.n))
		return false;
	for (uint32_t i = 0; i < text.n; i++) {
		if (k->fold[(unsigned char)at[i]] != (unsigned char)text.s[i])
			return false;
	}
	return true;
}

/* stands - whether the text @t stands in the haystack, its gram having been met at @place */
static inline bool stands(const struct search *s, const struct text *t, const struct gram *g,
			  uint32_t place) {
	struct str x = s->x;
	uint32_t from = place - g->at;

	if (t->text.n > x.n)
		return false;
	if (t->where == WHERE_HEAD)
		from = 0;
	else if (anchored(t))
		from = x.n - t->text.n;
	if ((t->where == WHERE_WHOLE && from) || from > x.n - t->text.n)
		return false;
	return same(s->k, x.s + from, t->text);
}

static void found(struct search *s, const struct text *t) {
	const uint32_t *row = &s->k->rows[t->first_row];

	s->found = true;
	for (uint32_t i = 0; s->rows && i < t->n_rows; i++)
		s->rows[row[i] / 64] |= 1ull << row[i] % 64;
}

static __attribute__((noinline)) void look(struct search *s, const struct grams *t, uint32_t gram,
					   uint32_t place) {
	for (uint32_t i = grams_first(t, gram); i != GRAM_NONE; i = t->entries[i].next) {
		const struct gram *g = &t->entries[i];

		if (g->gram == gram && stands(s, &s->k->v[g->text], g, place))
			found(s, &s->k->v[g->text]);
	}
}

static inline void ask(struct search *s, const struct grams *t, uint32_t gram, uint32_t place) {
	if (__builtin_expect(grams_maybe(t, gram), 0))
		look(s, t, gram, place);
}

/* loose_stands - at the beginning or the end; and nothing at all stands anywhere */
static bool loose_stands(const struct needles *k, const struct text *t, struct str x) {
	return t->text.n <= x.n &&
	       same(k, t->where == WHERE_HEAD ? x.s : x.s + x.n - t->text.n, t->text);
}

static void ask_loose(struct search *s) {
	for (uint32_t i = 0; i < s->k->n_loose; i++) {
		const struct text *one = &s->k->v[s->k->loose[i]];

		if (loose_stands(s->k, one, s->x))
			found(s, one);
	}
}

/* ask_edges - what is less than GRAM bytes long and begins or ends the haystack */
static void ask_edges(struct search *s) {
	const struct grams *t = &s->k->anchored;
	struct str x = s->x;

	for (uint32_t n = 1; n < GRAM && n <= x.n; n++) {
		if (s->k->short_heads >> n & 1)
			ask(s, t, edge_key((struct str){ x.s, n }, WHERE_HEAD), 0);
		if (s->k->short_tails >> n & 1)
			ask(s, t, edge_key((struct str){ x.s + x.n - n, n }, WHERE_TAIL), 0);
	}
}

/* ask_ends - what begins or ends the haystack, or is all of it */
static void ask_ends(struct search *s) {
	const struct grams *t = &s->k->anchored;
	struct str x = s->x;

	if (s->k->n_loose)
		ask_loose(s);
	if (!t->n)
		return;
	if (s->k->short_heads | s->k->short_tails)
		ask_edges(s);
	if (x.n < GRAM) {
		ask(s, t, short_key(x), 0);
		return;
	}
	ask(s, t, gram_at(x.s + x.n - GRAM), 0);
	for (uint32_t i = 0; i < s->k->n_heads; i++) {
		uint32_t at = s->k->heads[i];

		if (at + GRAM <= x.n)
			ask(s, t, head_key(gram_at(x.s + at), at), at);
	}
}

static void ask_byte(struct search *s, char c) {
	for (uint32_t i = 0; i < s->k->n_bytes; i++) {
		const struct text *one = &s->k->v[s->k->bytes[i]];

		if (s->k->fold[(unsigned char)c] == (unsigned char)one->text.s[0])
			found(s, one);
	}
}

static void ask_bytes(struct search *s) {
	const uint64_t *set = s->k->byte_set;

	for (uint32_t i = 0; i < s->x.n; i++) {
		unsigned char c = (unsigned char)s->x.s[i];

		if (__builtin_expect(set[c / 64] >> c % 64 & 1, 0))
			ask_byte(s, s->x.s[i]);
	}
}

/* ask_every - at every @stride-th place the bytes of @mask; four places at once */
static inline void ask_every(struct search *s, const struct grams *t, uint32_t stride,
			     uint32_t mask) {
	const uint8_t *maybe = t->maybe;
	uint32_t shift = t->maybe_shift, i = 0;
	struct str x = s->x;

	for (; i + 3 * stride + GRAM <= x.n; i += 4 * stride) {
		uint32_t a = gram_at(x.s + i) & mask, b = gram_at(x.s + i + stride) & mask;
		uint32_t c = gram_at(x.s + i + 2 * stride) & mask;
		uint32_t d = gram_at(x.s + i + 3 * stride) & mask;

		if (__builtin_expect(maybe[gram_hash(a) >> shift] | maybe[gram_hash(b) >> shift] |
					     maybe[gram_hash(c) >> shift] |
					     maybe[gram_hash(d) >> shift],
				     0)) {
			ask(s, t, a, i);
			ask(s, t, b, i + stride);
			ask(s, t, c, i + 2 * stride);
			ask(s, t, d, i + 3 * stride);
		}
	}
	for (; i + GRAM <= x.n; i += stride)
		ask(s, t, gram_at(x.s + i) & mask, i);
	if (mask != EVERY_BYTE && i + 3 == x.n)
		ask(s, t, triple_at(x.s + i), i);
}

/* ask_inside - what stands anywhere in the haystack */
static void ask_inside(struct search *s) {
	const struct needles *k = s->k;
	struct str x = s->x;

	if (k->every4th.n && x.n >= LONG)
		ask_every(s, &k->every4th, STRIDE, EVERY_BYTE);
	if (k->every2nd.n && x.n >= GRAM)
		ask_every(s, &k->every2nd, TRIPLES, triple_mask());
	if (k->pairs.n) {
		for (uint32_t i = 0; i + 2 <= x.n; i++)
			ask(s, &k->pairs, pair_at(x.s + i), i);
	}
	if (k->n_bytes)
		ask_bytes(s);
}

bool needles_mark(const struct needles *k, struct str x, uint64_t *rows) {
	struct search s = { k, x, rows, false };

	if (k->inside)
		ask_inside(&s);
	if (k->ends)
		ask_ends(&s);
	return s.found;
}

bool needles_any(const struct needles *k, struct str x) {
	struct search s = { k, x, NULL, false };

	if (k->ends)
		ask_ends(&s);
	if (k->inside && !s.found)
		ask_inside(&s);
	return s.found;
}
