/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grams.h - tables of a few bytes each of many texts, and whether a haystack has any
 *
 * A byte says whether there is any gram with such a hash, which is nearly always
 * "no"; the chains say whose they are. Bytes and not bits, as four of them are
 * or'ed and asked at once: this is where most of the time goes.
 */
#ifndef LAPWING_DETECT_GRAMS_H
#define LAPWING_DETECT_GRAMS_H

#include "base/arena.h"

#define GRAM 4
#define GRAM_NONE UINT32_MAX

/* A gram of a text. */
struct gram {
	uint32_t gram, text, next;
	uint32_t at; /* the gram's place in the text; of a haystack's beginning, its place there */
};

/* Grams by their hash; @maybe says whether there is any with that. */
struct grams {
	uint8_t *maybe;
	uint32_t *first; /* GRAM_NONE at the end */
	struct gram *entries;
	uint32_t n, maybe_shift, first_shift;
};

/* gram_at - the four bytes at @s as they would be if letters were small; other bytes change, too */
static inline uint32_t gram_at(const char *s) {
	uint32_t gram;

	memcpy(&gram, s, GRAM);
	return gram | 0x20202020;
}

static inline uint32_t gram_hash(uint32_t gram) {
	return gram * 0x9e3779b1u;
}

/* triple_at - of three bytes */
static inline uint32_t triple_at(const char *s) {
	return gram_at((const char[GRAM]){ s[0], s[1], s[2], 0 });
}

/* triple_mask - the bits of a gram that are the same for all with the same first three bytes */
static inline uint32_t triple_mask(void) {
	uint32_t fourth;

	memcpy(&fourth, (const char[GRAM]){ 0, 0, 0, (char)(0xff ^ 0x20) }, GRAM);
	return ~fourth;
}

static inline uint32_t pair_at(const char *s) {
	uint16_t pair;

	memcpy(&pair, s, 2);
	return pair | 0x2020;
}

/* grams_maybe - 0: @t has no such gram */
static inline uint8_t grams_maybe(const struct grams *t, uint32_t gram) {
	return t->maybe[gram_hash(gram) >> t->maybe_shift];
}

/* grams_first - where the chain begins that @gram is in, if @t has it */
static inline uint32_t grams_first(const struct grams *t, uint32_t gram) {
	return t->first[gram_hash(gram) >> t->first_shift];
}

/* grams_room - for the @t->n grams that are going to be added; -ENOMEM */
int grams_room(struct arena *arena, struct grams *t);

void grams_add(struct grams *t, uint32_t gram, uint32_t text, uint32_t at);

/* usual - how usual a byte is in paths and command lines, 0 to 9; a guess that costs only time */
unsigned usual(unsigned char c);

/* gram_weight - how usual the gram at @s is */
unsigned gram_weight(const char *s);

#endif
