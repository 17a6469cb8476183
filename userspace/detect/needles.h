/* SPDX-License-Identifier: Apache-2.0 */
/*
 * needles.h - which of many texts stand in one, found in a single pass
 *
 * A text is sought at the beginning, at the end, as a whole or anywhere. Four of
 * its bytes, those that are least usual, are its gram; a look at the haystack's
 * grams in a bitmap says "no" nearly always, and what is left is compared. Where a
 * text is long enough for four grams at four places, only every fourth place of
 * the haystack is looked at:
 *
 *     needle    / . s s h / a u t h      grams at 3, 4, 5, 6: "sh/a" "h/au" "/aut" "auth"
 *     haystack  x x / . s s h / a u t h  places 0, 4, 8: one of them is met
 *                       ^       ^
 *
 * Shorter ones of four bytes or more have two grams of three bytes, and every second
 * place is looked at.
 *
 * The haystack is not copied to fold it: grams are made of bytes with the bit set that tells small
 * letters from large ones, and of what a gram sends on the letters are compared folded.
 */
#ifndef LAPWING_DETECT_NEEDLES_H
#define LAPWING_DETECT_NEEDLES_H

#include "base/arena.h"

enum where { WHERE_HEAD, WHERE_TAIL, WHERE_WHOLE, WHERE_ANY };

/* A text that is sought, and what its being found says: bit @row. */
struct sought {
	struct str text;
	uint8_t where; /* enum where */
	uint32_t row;
};

struct needles;

/*
 * needles_new - for the @n texts @v, whose bytes must live as long as the result; sorts @v
 * @fold: fold_case, or fold_none for texts that are cased; texts are folded by it already, and what
 *	they are sought in is as it is. Lives as long.
 * @arena: holds the result. -ENOMEM.
 */
int needles_new(struct arena *arena, const uint8_t *fold, struct sought *v, uint32_t n,
		struct needles **ret);

/* needles_mark - sets in @rows the bits of all that stand in @x; whether there are any */
bool needles_mark(const struct needles *k, struct str x, uint64_t *rows);

/* needles_any - whether any stands in @x */
bool needles_any(const struct needles *k, struct str x);

/*
 * needles_price - what it costs to look for @text in every haystack, and to be sent on for nothing
 * A guess, in no unit. UINT32_MAX for the empty text, which stands everywhere.
 */
uint32_t needles_price(struct str text, enum where where);

#endif
