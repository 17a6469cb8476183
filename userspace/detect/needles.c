/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/needles.h"

#include <errno.h>
#include <stdlib.h>

#define GRAM 4
#define STRIDE 4
#define LONG (GRAM + STRIDE - 1) /* bytes of a text that has a gram at every fourth place */
#define TRIPLES 2		 /* of three bytes, in a text of four; at every second place */
#define HEADS 4			 /* places near the beginning that may be looked at */
#define FARTHEST 24
#define NONE UINT32_MAX

/* A text that is sought, once, with the rows that seek it. */
struct text {
	struct str text;
	uint8_t where;
	uint32_t first_row, n_rows;
};

/* A gram of a text. */
struct entry {
	uint32_t gram, text, next;
	uint32_t at; /* the gram's place in the text; of a haystack's beginning, its place there */
};

/* Grams by their hash; a bit of @maybe says whether there is any with that. */
struct table {
	uint64_t *maybe;
	uint32_t *first; /* NONE at the end */
	struct entry *entries;
	uint32_t n, maybe_shift, first_shift;
};

struct needles {
	struct text *v;
	uint32_t n;
	uint32_t *rows;
	struct table anchored; /* the beginning's, marked with their place, and the end's */
	struct table every4th, every2nd, pairs;
	uint8_t heads[HEADS];
	uint32_t n_heads;
	uint32_t *loose; /* the few that are too short for all this */
	uint32_t n_loose;
	uint32_t *bytes; /* texts of one byte, anywhere; and which bytes these are */
	uint32_t n_bytes;
	uint64_t byte_set[4];
};

unsigned usual(unsigned char c) {
	static const char by_rank[] = "/esinart oldcubpm.-hfgvykwx_0123456789";
	const char *at = c ? strchr(by_rank, c) : NULL;

	return at ? 9 - (unsigned)(at - by_rank) / 5 : 0;
}

static inline uint32_t gram_at(const char *s) {
	uint32_t gram;

	memcpy(&gram, s, GRAM);
	return gram;
}

static inline uint32_t hash(uint32_t gram) {
	return gram * 0x9e3779b1u;
}

static inline uint32_t triple_at(const char *s) {
	uint32_t gram = 0;

	memcpy(&gram, s, 3);
	return gram;
}

/* triple_of - the first three of the four bytes of @gram */
static inline uint32_t triple_of(uint32_t gram) {
	return gram & triple_at("\xff\xff\xff");
}

static inline uint32_t pair_at(const char *s) {
	return (unsigned char)s[0] | (uint32_t)(unsigned char)s[1] << 8;
}

/* short_key - of a whole text of less than GRAM bytes */
static uint32_t short_key(struct str x) {
	uint32_t key = x.n;

	for (uint32_t i = 0; i < x.n; i++)
		key = key << 8 | (unsigned char)x.s[i];
	return key ^ 0x5bd1e995u;
}

/* The gram of a place near the beginning is told from the same one at the end, and elsewhere. */
static inline uint32_t head_key(uint32_t gram, uint32_t at) {
	return gram + (at + 1) * 0x85ebca6bu;
}

/* --- made once ------------------------------------------------------------------------------- */

static unsigned gram_weight(const char *s) {
	unsigned weight = 0;

	for (int i = 0; i < GRAM; i++)
		weight += usual((unsigned char)s[i]);
	return weight;
}

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
static struct table *table_of(struct needles *k, const struct text *s, uint32_t *ret_n) {
	*ret_n = 1;
	if (s->where != WHERE_ANY)
		return s->text.n >= GRAM || s->where == WHERE_WHOLE ? &k->anchored : NULL;
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

static int table_room(struct arena *arena, struct table *t) {
	uint32_t bits = 5;

	if (!t->n)
		return 0;
	while (bits < 20 && 1u << bits < t->n)
		bits++;
	t->first_shift = 32 - bits;
	bits = bits < 16 ? bits + 4 : 20;
	t->maybe_shift = 32 - bits;
	t->entries = arena_alloc(arena, (size_t)t->n * sizeof(*t->entries));
	t->first = arena_alloc(arena, sizeof(*t->first) << (32 - t->first_shift));
	t->maybe = arena_zalloc(arena, (1ul << bits) / 8);
	if (!t->entries || !t->first || !t->maybe)
		return -ENOMEM;
	memset(t->first, 0xff, sizeof(*t->first) << (32 - t->first_shift));
	t->n = 0;
	return 0;
}

static void table_add(struct table *t, uint32_t gram, uint32_t text, uint32_t at) {
	uint32_t h = hash(gram);
	uint32_t *first = &t->first[h >> t->first_shift];

	t->entries[t->n] = (struct entry){ gram, text, *first, at };
	*first = t->n++;
	h >>= t->maybe_shift;
	t->maybe[h / 64] |= 1ull << h % 64;
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
	uint32_t found = NONE;

	for (uint32_t i = 0; i < k->n_heads; i++) {
		uint32_t at = k->heads[i];

		if (at + GRAM <= x.n && gram_weight(x.s + at) < best) {
			best = gram_weight(x.s + at);
			found = at;
		}
	}
	if (found != NONE)
		return found;
	if (k->n_heads == HEADS)
		return NONE;
	k->heads[k->n_heads++] = 0;
	return 0;
}

static void add_one(struct needles *k, uint32_t i) {
	const struct text *s = &k->v[i];
	struct str x = s->text;
	uint32_t n, at;
	struct table *t = table_of(k, s, &n);

	if (is_byte(s)) {
		k->bytes[k->n_bytes++] = i;
		k->byte_set[(unsigned char)x.s[0] / 64] |= 1ull << (unsigned char)x.s[0] % 64;
	} else if (!t) {
		k->loose[k->n_loose++] = i;
	} else if (s->where == WHERE_HEAD) {
		at = head_of(k, x);
		if (at == NONE)
			k->loose[k->n_loose++] = i;
		else
			table_add(t, head_key(gram_at(x.s + at), at), i, at);
	} else if (anchored(s)) {
		table_add(t, x.n < GRAM ? short_key(x) : gram_at(x.s + x.n - GRAM), i, 0);
	} else if (t == &k->pairs) {
		at = rarest_pair(x);
		table_add(t, pair_at(x.s + at), i, at);
	} else {
		bool triples = t == &k->every2nd;

		at = rarest(x, triples ? 1 : n);
		for (uint32_t g = at; g < at + n; g++)
			table_add(t, triples ? triple_at(x.s + g) : gram_at(x.s + g), i, g);
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

int needles_new(struct arena *arena, struct sought *v, uint32_t n, struct needles **ret) {
	struct needles *k = arena_zalloc(arena, sizeof(*k));
	uint32_t n_grams, n_loose = 0, n_bytes = 0;
	int err;

	if (!k)
		return -ENOMEM;
	qsort(v, n, sizeof(*v), by_text);
	err = take_texts(arena, v, n, k);
	for (uint32_t i = 0; !err && i < k->n; i++) {
		struct table *t = table_of(k, &k->v[i], &n_grams);

		if (t)
			t->n += n_grams;
		n_loose += !t || k->v[i].where == WHERE_HEAD;
		n_bytes += is_byte(&k->v[i]);
	}
	k->loose = arena_alloc(arena, (n_loose + 1) * sizeof(*k->loose));
	k->bytes = arena_alloc(arena, (n_bytes + 1) * sizeof(*k->bytes));
	if (!err && (!k->loose || !k->bytes))
		err = -ENOMEM;
	err = err ? err : table_room(arena, &k->anchored);
	err = err ? err : table_room(arena, &k->every4th);
	err = err ? err : table_room(arena, &k->every2nd);
	err = err ? err : table_room(arena, &k->pairs);
	if (err)
		return err;
	choose_heads(k);
	for (uint32_t i = 0; i < k->n; i++)
		add_one(k, i);
	*ret = k;
	return 0;
}

uint32_t needles_price(struct str text, enum where where) {
	if (!text.n && where != WHERE_WHOLE)
		return NONE;
	/* a short value is an id or a number, and most of them are the same few: "0" */
	if (where == WHERE_WHOLE)
		return text.n >= GRAM ? 12 : 80;
	if (where != WHERE_ANY)
		return text.n >= GRAM ? 12 : 100;
	return text.n >= LONG ? 4 : text.n >= GRAM ? 25 : text.n >= 2 ? 150 : 400;
}

/* --- asked for each haystack ----------------------------------------------------------------- */

/* stands - whether the text @s stands in @x, its gram having been met at @place */
static bool stands(const struct text *s, const struct entry *e, struct str x, uint32_t place) {
	uint32_t from = place - e->at;

	if (s->text.n > x.n)
		return false;
	if (s->where == WHERE_HEAD)
		from = 0;
	else if (anchored(s))
		from = x.n - s->text.n;
	if ((s->where == WHERE_WHOLE && from) || from > x.n - s->text.n)
		return false;
	return memcmp(x.s + from, s->text.s, s->text.n) == 0;
}

/* same_short - memcmp() for texts that are not worth a call */
static bool same_short(const char *a, const char *b, uint32_t n) {
	for (uint32_t i = 0; i < n; i++) {
		if (a[i] != b[i])
			return false;
	}
	return true;
}

/* loose_stands - at the beginning or the end; and nothing at all stands anywhere */
static bool loose_stands(const struct text *s, struct str x) {
	if (s->text.n > x.n)
		return false;
	return same_short(s->where == WHERE_HEAD ? x.s : x.s + x.n - s->text.n, s->text.s,
			  s->text.n);
}

/* A haystack and what was found in it. */
struct search {
	const struct needles *k;
	struct str x;
	uint64_t *rows; /* NULL: the first one found is enough */
	bool found;
};

static void found(struct search *s, const struct text *t) {
	const uint32_t *row = &s->k->rows[t->first_row];

	s->found = true;
	for (uint32_t i = 0; s->rows && i < t->n_rows; i++)
		s->rows[row[i] / 64] |= 1ull << row[i] % 64;
}

static void look(struct search *s, const struct table *t, uint32_t gram, uint32_t place) {
	for (uint32_t i = t->first[hash(gram) >> t->first_shift]; i != NONE;
	     i = t->entries[i].next) {
		const struct entry *e = &t->entries[i];

		if (e->gram == gram && stands(&s->k->v[e->text], e, s->x, place))
			found(s, &s->k->v[e->text]);
	}
}

static inline void ask(struct search *s, const struct table *t, uint32_t gram, uint32_t place) {
	uint32_t h = hash(gram) >> t->maybe_shift;

	if (__builtin_expect(t->maybe[h / 64] >> h % 64 & 1, 0))
		look(s, t, gram, place);
}

static void ask_ends(struct search *s) {
	const struct table *t = &s->k->anchored;
	struct str x = s->x;

	if (!t->n)
		return;
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

static void ask_loose(struct search *s) {
	for (uint32_t i = 0; i < s->k->n_loose; i++) {
		const struct text *one = &s->k->v[s->k->loose[i]];

		if (loose_stands(one, s->x))
			found(s, one);
	}
}

static void ask_byte(struct search *s, char c) {
	for (uint32_t i = 0; i < s->k->n_bytes; i++) {
		const struct text *one = &s->k->v[s->k->bytes[i]];

		if (one->text.s[0] == c)
			found(s, one);
	}
}

static void ask_bytes(struct search *s) {
	const uint64_t *set = s->k->byte_set;

	for (uint32_t i = 0; i < s->x.n && (s->rows || !s->found); i++) {
		unsigned char c = (unsigned char)s->x.s[i];

		if (__builtin_expect(set[c / 64] >> c % 64 & 1, 0))
			ask_byte(s, s->x.s[i]);
	}
}

static void ask_triples(struct search *s) {
	const struct table *t = &s->k->every2nd;
	struct str x = s->x;
	uint32_t i = 0;

	for (; i + GRAM <= x.n && (s->rows || !s->found); i += TRIPLES)
		ask(s, t, triple_of(gram_at(x.s + i)), i);
	if (i + 3 == x.n)
		ask(s, t, triple_at(x.s + i), i);
}

static void search(struct search *s) {
	const struct needles *k = s->k;
	struct str x = s->x;

	ask_ends(s);
	if (k->every4th.n) {
		for (uint32_t i = 0; i + GRAM <= x.n && (s->rows || !s->found); i += STRIDE)
			ask(s, &k->every4th, gram_at(x.s + i), i);
	}
	if (k->every2nd.n)
		ask_triples(s);
	if (k->pairs.n) {
		for (uint32_t i = 0; i + 2 <= x.n && (s->rows || !s->found); i++)
			ask(s, &k->pairs, pair_at(x.s + i), i);
	}
	if (k->n_bytes)
		ask_bytes(s);
	if (k->n_loose)
		ask_loose(s);
}

void needles_mark(const struct needles *k, struct str x, uint64_t *rows) {
	struct search s = { k, x, rows, false };

	search(&s);
}

bool needles_any(const struct needles *k, struct str x) {
	struct search s = { k, x, NULL, false };

	search(&s);
	return s.found;
}
