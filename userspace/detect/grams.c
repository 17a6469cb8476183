/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/grams.h"

#include <errno.h>

#define MOST_MAYBE_BITS 17 /* more would not stay in the CPU's second cache */

unsigned usual(unsigned char c) {
	static const char by_rank[] = "/esinart oldcubpm.-hfgvykwx_0123456789";
	const char *at = c ? strchr(by_rank, c) : NULL;

	return at ? 9 - (unsigned)(at - by_rank) / 5 : 0;
}

unsigned gram_weight(const char *s) {
	unsigned weight = 0;

	for (int i = 0; i < GRAM; i++)
		weight += usual((unsigned char)s[i]);
	return weight;
}

int grams_room(struct arena *arena, struct grams *t) {
	uint32_t bits = 5;

	if (!t->n)
		return 0;
	while (bits < 20 && 1u << bits < t->n)
		bits++;
	t->first_shift = 32 - bits;
	bits = bits < MOST_MAYBE_BITS - 4 ? bits + 4 : MOST_MAYBE_BITS;
	t->maybe_shift = 32 - bits;
	t->entries = arena_alloc(arena, (size_t)t->n * sizeof(*t->entries));
	t->first = arena_alloc(arena, sizeof(*t->first) << (32 - t->first_shift));
	t->maybe = arena_zalloc(arena, 1ul << bits);
	if (!t->entries || !t->first || !t->maybe)
		return -ENOMEM;
	memset(t->first, 0xff, sizeof(*t->first) << (32 - t->first_shift));
	t->n = 0;
	return 0;
}

void grams_add(struct grams *t, uint32_t gram, uint32_t text, uint32_t at) {
	uint32_t h = gram_hash(gram);
	uint32_t *first = &t->first[h >> t->first_shift];

	t->entries[t->n] = (struct gram){ gram, text, *first, at };
	*first = t->n++;
	t->maybe[h >> t->maybe_shift] = 1;
}
