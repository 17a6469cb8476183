/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which rules of a bucket are worth a look. Most probes ask how a path begins
 * or ends, and most of a bucket's ask it of the same few fields:
 *
 *     text     / e t c / c r o n . d / x
 *              | | | |           | | | |
 *     places   0 1 2 3 ...      -4-3-2-1      some of the first, the last four
 *     pass       &   &           & & & &  =   probes that may hold, a bit each
 *
 * so the cost is that of eight look-ups however many the probes. Everything else
 * ("contains", and a field with a single probe) is asked one by one.
 */
#include <errno.h>

#include "detect/engine.h"

#define FARTHEST 24 /* a place from the start that may be chosen */

/* needle_allows - whether @byte (or SIEVE_ABSENT) may stand @at from the start or, if @back, end */
static bool needle_allows(const struct predicate *p, const struct needle *k, uint32_t at, bool back,
			  unsigned byte) {
	if (p->op == (back ? OP_STARTS : OP_ENDS))
		return true;
	if (at >= k->n)
		return p->op != OP_EQUALS || byte == SIEVE_ABSENT;
	return byte != SIEVE_ABSENT &&
	       p->fold[byte] == (unsigned char)k->s[back ? k->n - 1 - at : at];
}

static bool allows(const struct predicate *p, uint32_t at, bool back, unsigned byte) {
	for (uint32_t i = 0; i < p->n; i++) {
		if (needle_allows(p, &p->needles[i], at, back, byte))
			return true;
	}
	return false;
}

/* place_weight - how much the place @at from the start lets through */
static unsigned place_weight(const struct sieve *s, uint32_t at) {
	unsigned weight = 0;

	for (uint32_t i = 0; i < s->n; i++) {
		for (unsigned byte = ' '; byte < 0x7f; byte++) {
			if (allows(s->probes[i], at, false, byte))
				weight += 1 + usual((unsigned char)byte);
		}
	}
	return weight;
}

static void choose_places(struct sieve *s) {
	bool taken[FARTHEST] = { true }; /* all paths begin with the same byte */

	s->enough_bytes = SIEVE_SIDE;
	for (uint32_t k = 0; k < SIEVE_SIDE; k++) {
		unsigned best = UINT32_MAX, weight;

		for (uint8_t at = 1; at < FARTHEST; at++) {
			weight = taken[at] ? UINT32_MAX : place_weight(s, at);
			if (weight < best) {
				best = weight;
				s->from_start[k] = at;
			}
		}
		taken[s->from_start[k]] = true;
		if (s->from_start[k] >= s->enough_bytes)
			s->enough_bytes = s->from_start[k] + 1u;
	}
}

static void fill_pass(struct sieve *s) {
	for (uint32_t k = 0; k < 2 * SIEVE_SIDE; k++) {
		bool back = k >= SIEVE_SIDE;
		uint32_t at = back ? k - SIEVE_SIDE : s->from_start[k];

		for (unsigned byte = 0; byte <= SIEVE_ABSENT; byte++) {
			for (uint32_t i = 0; i < s->n; i++) {
				if (allows(s->probes[i], at, back, byte))
					s->pass[k][byte] |= 1ull << i;
			}
		}
	}
}

/* sieve_for - one for @slot with a place left, or NULL and out of memory */
static struct sieve *sieve_for(struct arena *arena, struct bucket *b, struct slot *slot) {
	struct sieve *s;

	for (uint32_t i = 0; i < b->n_sieves; i++) {
		s = b->sieves[i];
		if (s->slot == slot && s->n < SIEVE_PROBES)
			return s;
	}
	s = arena_zalloc(arena, sizeof(*s));
	if (!s)
		return NULL;
	s->slot = slot;
	b->sieves[b->n_sieves++] = s;
	return s;
}

static uint32_t probes_of(const struct bucket *b, const struct slot *slot) {
	uint32_t n = 0;

	for (uint32_t row = 0; row < b->n; row++) {
		for (uint32_t i = 0; i < b->rows[row]->n_probes; i++)
			n += b->rows[row]->probes[i]->slot == slot;
	}
	return n;
}

static int add_probe(struct arena *arena, struct bucket *b, const struct predicate *p,
		     uint32_t row) {
	struct sieve *s;

	if (p->op > OP_ENDS || probes_of(b, p->slot) < 2) {
		b->loose[b->n_loose++] = (struct loose_probe){ p, row };
		return 0;
	}
	s = sieve_for(arena, b, p->slot);
	if (!s)
		return -ENOMEM;
	s->probes[s->n] = p;
	s->rows[s->n] = row;
	s->all |= 1ull << s->n++;
	return 0;
}

int bucket_ready(struct arena *arena, struct bucket *b) {
	uint32_t n_probes = 0;
	int err = 0;

	for (uint32_t row = 0; row < b->n; row++)
		n_probes += b->rows[row]->n_probes;
	b->n_words = (b->n + 63) / 64;
	b->always = arena_zalloc(arena, b->n_words * sizeof(*b->always));
	b->worth = arena_zalloc(arena, b->n_words * sizeof(*b->worth));
	b->sieves = arena_alloc(arena, n_probes * sizeof(*b->sieves));
	b->loose = arena_alloc(arena, n_probes * sizeof(*b->loose));
	if (!b->always || !b->worth || !b->sieves || !b->loose)
		return -ENOMEM;
	for (uint32_t row = 0; !err && row < b->n; row++) {
		const struct rule *r = b->rows[row];

		if (r->n_probes == 0)
			b->always[row / 64] |= 1ull << row % 64;
		for (uint32_t i = 0; !err && i < r->n_probes; i++)
			err = add_probe(arena, b, r->probes[i], row);
	}
	for (uint32_t i = 0; !err && i < b->n_sieves; i++) {
		choose_places(b->sieves[i]);
		fill_pass(b->sieves[i]);
	}
	return err;
}

static inline uint64_t sift(const struct sieve *s, struct str x) {
	const unsigned char *t = (const unsigned char *)x.s;
	uint64_t pass = s->all;

	if (x.n >= s->enough_bytes) {
		for (uint32_t k = 0; k < SIEVE_SIDE; k++)
			pass &= s->pass[k][t[s->from_start[k]]] &
				s->pass[SIEVE_SIDE + k][t[x.n - 1 - k]];
		return pass;
	}
	for (uint32_t k = 0; k < SIEVE_SIDE; k++) {
		uint32_t at = s->from_start[k];

		pass &= s->pass[k][at < x.n ? t[at] : SIEVE_ABSENT] &
			s->pass[SIEVE_SIDE + k][k < x.n ? t[x.n - 1 - k] : SIEVE_ABSENT];
	}
	return pass;
}

void bucket_sift(const struct match *m, const struct bucket *b) {
	uint64_t *worth = b->worth;

	for (uint32_t i = 0; i < b->n_words; i++)
		worth[i] = b->always[i];
	for (uint32_t i = 0; i < b->n_sieves; i++) {
		const struct sieve *s = b->sieves[i];
		uint64_t pass = 0;

		slot_get(m, s->slot);
		for (uint32_t v = 0; v < s->slot->n; v++)
			pass |= sift(s, s->slot->v[v]);
		for (; pass; pass &= pass - 1) {
			uint32_t row = s->rows[__builtin_ctzll(pass)];

			worth[row / 64] |= 1ull << row % 64;
		}
	}
	for (uint32_t i = 0; i < b->n_loose; i++) {
		uint32_t row = b->loose[i].row;

		if (!(worth[row / 64] >> row % 64 & 1) &&
		    predicate_plausible(m, b->loose[i].predicate))
			worth[row / 64] |= 1ull << row % 64;
	}
}
