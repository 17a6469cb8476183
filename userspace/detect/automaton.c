/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/automaton.h"

#include <errno.h>

#include "base/utf8.h"
#include "detect/regex_tree.h"

#define MAX_WORDS (AUTOMATON_PLACES / 64)
#define MAX_WORK 1024 /* words that one character may cost */

struct automaton {
	uint32_t n_words;
	uint32_t min_bytes; /* that the shortest match has at least: one for each character */
	bool empty; /* matches nothing in particular, so everywhere */
	bool bound; /* every match begins at the beginning, with '^' */
	struct named named;
	uint64_t *first, *last;
	uint64_t *next, *loop;	 /* places that the place after them follows, and they themselves */
	uint64_t *jumps;	 /* places that others follow as well: */
	uint64_t *follow;	 /* by place, @n_words each */
	uint64_t *of[N_SYMBOLS]; /* places that a character may stand at */
};

typedef uint64_t places[MAX_WORDS];

/* A part of the tree, made. */
struct part {
	bool empty;   /* may match nothing */
	uint32_t min; /* characters at least; the ends are none */
	places first, last;
};

struct maker {
	struct arena *temp;
	uint32_t n;
	const struct tree *set[AUTOMATON_PLACES];
	places follow[AUTOMATON_PLACES];
};

static void add_all(uint64_t *to, const uint64_t *from) {
	for (int i = 0; i < MAX_WORDS; i++)
		to[i] |= from[i];
}

/* link - what may begin @b may follow what may end @a */
static void link_parts(struct maker *k, const struct part *a, const struct part *b) {
	for (uint32_t i = 0; i < MAX_WORDS; i++) {
		for (uint64_t bits = a->last[i]; bits; bits &= bits - 1)
			add_all(k->follow[i * 64 + (uint32_t)__builtin_ctzll(bits)], b->first);
	}
}

/* append - @b behind @a, which becomes both */
static void append(struct maker *k, struct part *a, const struct part *b) {
	link_parts(k, a, b);
	if (a->empty)
		add_all(a->first, b->first);
	if (!b->empty)
		memset(a->last, 0, sizeof(a->last));
	add_all(a->last, b->last);
	a->empty &= b->empty;
	a->min += b->min;
}

static int make(struct maker *k, const struct tree *t, struct part *ret);

static int make_repeat(struct maker *k, const struct tree *t, struct part *ret) {
	bool forever = t->max == REPEAT_FOREVER;
	uint32_t n = forever ? t->min + !t->min : t->max;
	struct part *one = arena_alloc(k->temp, sizeof(*one));
	int err = one ? 0 : -ENOMEM;

	*ret = (struct part){ .empty = true };
	for (uint32_t i = 0; !err && i < n; i++) {
		err = make(k, t->left, one);
		if (err)
			break;
		if (forever && i + 1 == n)
			link_parts(k, one, one);
		if (i >= t->min) {
			one->empty = true;
			one->min = 0;
		}
		append(k, ret, one);
	}
	return err;
}

static bool in(const uint64_t *set, uint32_t i) {
	return set[i / 64] >> i % 64 & 1;
}

static int make(struct maker *k, const struct tree *t, struct part *ret) {
	struct part *right;
	int err;

	*ret = (struct part){ .empty = t->type == TREE_EMPTY };
	if (t->type == TREE_EMPTY)
		return 0;
	if (t->type == TREE_REPEAT)
		return make_repeat(k, t, ret);
	if (t->type == TREE_SET) {
		if (k->n == AUTOMATON_PLACES)
			return -EOPNOTSUPP;
		ret->first[k->n / 64] = ret->last[k->n / 64] = 1ull << k->n % 64;
		k->set[k->n++] = t;
		ret->min = !in(t->set, SYMBOL_BEGIN) && !in(t->set, SYMBOL_END);
		return 0;
	}
	right = arena_alloc(k->temp, sizeof(*right));
	if (!right)
		return -ENOMEM;
	err = make(k, t->left, ret);
	err = err ? err : make(k, t->right, right);
	if (err)
		return err;
	if (t->type == TREE_CAT) {
		append(k, ret, right);
		return 0;
	}
	add_all(ret->first, right->first);
	add_all(ret->last, right->last);
	ret->empty |= right->empty;
	ret->min = right->min < ret->min ? right->min : ret->min;
	return 0;
}

/*
 * ends_agree - whether '^' and '$', which are no characters, may be taken for some: not where one
 * would have to stand at the place of another
 */
static bool ends_agree(const struct maker *k) {
	for (uint32_t i = 0; i < k->n; i++) {
		for (uint32_t n = 0; n < k->n; n++) {
			if (in(k->follow[i], n) &&
			    (in(k->set[i]->set, SYMBOL_END) || (in(k->set[i]->set, SYMBOL_BEGIN) &&
								in(k->set[n]->set, SYMBOL_BEGIN))))
				return false;
		}
	}
	return true;
}

static bool is_begin(const struct tree *t) {
	static const uint64_t begin[SYMBOL_WORDS] = { [SYMBOL_BEGIN / 64] = 1ull
									    << SYMBOL_BEGIN % 64 };

	return memcmp(t->set, begin, sizeof(begin)) == 0;
}

static int room(struct arena *arena, uint32_t n_words, uint64_t **ret) {
	*ret = arena_zalloc(arena, n_words * sizeof(**ret));
	return *ret ? 0 : -ENOMEM;
}

/* keep_follow - the place after, and itself, by masks, and what else follows by a row */
static int keep_follow(const struct maker *k, struct automaton *a) {
	uint32_t n_jumps = 0;

	for (uint32_t i = 0; i < k->n; i++) {
		uint64_t bit = 1ull << i % 64;
		bool more = false;

		for (uint32_t n = 0; n < k->n; n++) {
			if (!in(k->follow[i], n))
				continue;
			if (n == i + 1)
				a->next[i / 64] |= bit;
			else if (n == i)
				a->loop[i / 64] |= bit;
			else
				more = true;
		}
		if (more) {
			a->jumps[i / 64] |= bit;
			n_jumps++;
		}
		memcpy(a->follow + (size_t)i * a->n_words, k->follow[i], a->n_words * 8);
	}
	return n_jumps * a->n_words > MAX_WORK ? -EOPNOTSUPP : 0;
}

static int keep(struct arena *arena, const struct maker *k, const struct part *whole,
		struct automaton *a) {
	int err;

	a->n_words = (k->n + 63) / 64;
	a->empty = whole->empty;
	a->min_bytes = whole->min;
	err = room(arena, a->n_words, &a->first);
	err = err ? err : room(arena, a->n_words, &a->last);
	err = err ? err : room(arena, a->n_words, &a->next);
	err = err ? err : room(arena, a->n_words, &a->loop);
	err = err ? err : room(arena, a->n_words, &a->jumps);
	err = err ? err : room(arena, k->n * a->n_words, &a->follow);
	for (uint32_t c = 0; !err && c < N_SYMBOLS; c++) {
		err = room(arena, a->n_words, &a->of[c]);
		for (uint32_t i = 0; !err && i < k->n; i++) {
			if (in(k->set[i]->set, c))
				a->of[c][i / 64] |= 1ull << i % 64;
		}
	}
	if (err)
		return err;
	memcpy(a->first, whole->first, a->n_words * 8);
	memcpy(a->last, whole->last, a->n_words * 8);
	a->bound = true;
	for (uint32_t i = 0; i < k->n; i++)
		a->bound &= !in(whole->first, i) || is_begin(k->set[i]);
	return keep_follow(k, a);
}

int automaton_new(struct arena *arena, struct arena *temp, struct str regex, unsigned options,
		  struct automaton **ret) {
	struct automaton *a = arena_zalloc(arena, sizeof(*a));
	struct maker *k = arena_zalloc(temp, sizeof(*k));
	struct tree *tree;
	struct part whole;
	int err;

	if (!a || !k)
		return -ENOMEM;
	k->temp = temp;
	err = regex_tree(temp, regex, options, &a->named, &tree);
	err = err ? err : make(k, tree, &whole);
	if (!err && !ends_agree(k))
		err = -EOPNOTSUPP;
	err = err ? err : keep(arena, k, &whole, a);
	if (!err)
		*ret = a;
	return err;
}

/* symbol_at - the character at *@i, which moves past it */
static uint32_t symbol_at(const struct automaton *a, struct str x, uint32_t *i) {
	uint32_t c, n;

	if ((unsigned char)x.s[*i] < 0x80)
		return (unsigned char)x.s[(*i)++];
	n = utf8_next(x.s + *i, x.n - *i, &c);
	*i += n ? n : 1;
	for (uint32_t k = 0; n && k < a->named.n; k++) {
		if (a->named.v[k] == c)
			return SYMBOL_NAMED + k;
	}
	return SYMBOL_OTHER;
}

/* step - from @at to where a match may stand behind character @c; gives whether one is complete */
static bool step(const struct automaton *a, uint64_t *at, uint32_t c) {
	const uint64_t *of = a->of[c];
	uint64_t to[MAX_WORDS], carry = 0, done = 0;

	for (uint32_t w = 0; w < a->n_words; w++) {
		uint64_t next = at[w] & a->next[w];

		to[w] = a->first[w] | (at[w] & a->loop[w]) | next << 1 | carry;
		carry = next >> 63;
	}
	for (uint32_t w = 0; w < a->n_words; w++) {
		for (uint64_t bits = at[w] & a->jumps[w]; bits; bits &= bits - 1) {
			uint32_t place = w * 64 + (uint32_t)__builtin_ctzll(bits);
			const uint64_t *follow = a->follow + (size_t)place * a->n_words;

			for (uint32_t k = 0; k < a->n_words; k++)
				to[k] |= follow[k];
		}
	}
	for (uint32_t w = 0; w < a->n_words; w++) {
		at[w] = to[w] & of[w];
		done |= at[w] & a->last[w];
	}
	return done != 0;
}

static bool any(const struct automaton *a, const uint64_t *at) {
	uint64_t all = 0;

	for (uint32_t w = 0; w < a->n_words; w++)
		all |= at[w];
	return all != 0;
}

/* small_step - step() for what has room in one word, as most regexes have */
static inline bool small_step(const struct automaton *a, uint64_t *at, uint32_t c) {
	uint64_t to = a->first[0] | (*at & a->loop[0]) | (*at & a->next[0]) << 1;

	for (uint64_t bits = *at & a->jumps[0]; bits; bits &= bits - 1)
		to |= a->follow[__builtin_ctzll(bits)];
	*at = to & a->of[c][0];
	return *at & a->last[0];
}

static bool small_finds(const struct automaton *a, struct str x) {
	uint64_t at = 0;
	uint32_t i = 0;

	if (small_step(a, &at, SYMBOL_BEGIN))
		return true;
	while (i < x.n) {
		/* one that can only begin at the beginning has nothing to wait for */
		if (!at && a->bound)
			return false;
		if (small_step(a, &at, symbol_at(a, x, &i)))
			return true;
	}
	return small_step(a, &at, SYMBOL_END);
}

bool automaton_finds(const struct automaton *a, struct str x) {
	uint64_t at[MAX_WORDS] = { 0 };
	uint32_t i = 0;

	if (x.n < a->min_bytes)
		return false;
	if (a->n_words == 1 && !a->empty)
		return small_finds(a, x);
	if (a->empty || step(a, at, SYMBOL_BEGIN))
		return true;
	while (i < x.n) {
		if (a->bound && !any(a, at))
			return false;
		if (step(a, at, symbol_at(a, x, &i)))
			return true;
	}
	return step(a, at, SYMBOL_END);
}
