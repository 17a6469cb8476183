/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which rules of a bucket are worth a look: those that need no text, and those of
 * which a needed text is there.
 */
#include <errno.h>
#include <stdlib.h>

#include "detect/engine.h"

/* A text that a rule needs, with the slot that it is needed in. */
struct need {
	struct slot *slot;
	struct sought sought;
};

/* What one row needs. */
struct row_needs {
	struct predicate **v;
	uint32_t n;
};

static void take_texts(const struct predicate *p, uint32_t row, struct need *out) {
	for (uint32_t i = 0; i < p->n; i++)
		out[i] = (struct need){ p->slot, { screen_text(p, i), predicate_where(p), row } };
}

/* fold_text - what a cased predicate asks for is sought in any case all the same */
static int fold_text(struct arena *arena, struct str *x) {
	char *out = arena_alloc(arena, x->n + 1);

	if (!out)
		return -ENOMEM;
	for (uint32_t i = 0; i < x->n; i++)
		out[i] = (char)fold_case[(unsigned char)x->s[i]];
	x->s = out;
	return 0;
}

static int by_slot(const void *a, const void *b) {
	const struct need *x = a, *y = b;

	if (x->slot != y->slot)
		return x->slot < y->slot ? -1 : 1;
	return (x->sought.row > y->sought.row) - (x->sought.row < y->sought.row);
}

#define MAX_NEEDS 1024 /* predicates that a rule needs one of */

/* find_needs - for each row; @ret_n is the number of their texts */
static int find_needs(struct arena *temp, const struct view *v, const struct bucket *b,
		      struct row_needs *ret, uint32_t *ret_n) {
	struct predicate *found[MAX_NEEDS];

	*ret_n = 0;
	for (uint32_t row = 0; row < b->n; row++) {
		struct row_needs *needs = &ret[row];

		*needs = (struct row_needs){ NULL, 0 };
		if (!screen_find(v, b->rows[row]->expr, found, MAX_NEEDS, &needs->n)) {
			b->always[row / 64] |= 1ull << row % 64;
			needs->n = 0;
		}
		needs->v = arena_alloc(temp, (needs->n + 1) * sizeof(*needs->v));
		if (!needs->v)
			return -ENOMEM;
		memcpy(needs->v, found, needs->n * sizeof(*needs->v));
		for (uint32_t i = 0; i < needs->n; i++)
			*ret_n += needs->v[i]->n;
	}
	return 0;
}

static int collect(struct arena *arena, const struct bucket *b, const struct row_needs *needs,
		   struct need *out) {
	uint32_t n = 0;

	for (uint32_t row = 0; row < b->n; row++) {
		for (uint32_t i = 0; i < needs[row].n; i++) {
			const struct predicate *p = needs[row].v[i];

			take_texts(p, row, out + n);
			for (uint32_t k = n; p->fold == fold_none && k < n + p->n; k++) {
				if (fold_text(arena, &out[k].sought.text))
					return -ENOMEM;
			}
			n += p->n;
		}
	}
	return 0;
}

/* add_slot - the needles of the @n needs from @v on, all of one slot */
static int add_slot(struct arena *arena, struct arena *temp, struct bucket *b, const struct need *v,
		    uint32_t n) {
	struct sought *texts = arena_alloc(temp, n * sizeof(*texts));

	if (!texts)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++)
		texts[i] = v[i].sought;
	b->slots[b->n_slots].slot = v->slot;
	return needles_new(arena, texts, n, &b->slots[b->n_slots++].needles);
}

int bucket_ready(struct arena *arena, struct arena *temp, const struct view *v, struct bucket *b) {
	struct row_needs *of_rows = arena_alloc(temp, (b->n + 1) * sizeof(*of_rows));
	uint32_t n, n_slots = 0;
	struct need *needs;
	int err;

	b->n_words = (b->n + 63) / 64;
	b->always = arena_zalloc(arena, b->n_words * sizeof(*b->always));
	b->worth = arena_zalloc(arena, b->n_words * sizeof(*b->worth));
	if (!of_rows || !b->always || !b->worth)
		return -ENOMEM;
	err = find_needs(temp, v, b, of_rows, &n);
	if (err)
		return err;
	needs = arena_alloc(temp, (n + 1) * sizeof(*needs));
	if (!needs)
		return -ENOMEM;
	err = collect(arena, b, of_rows, needs);
	if (err)
		return err;
	qsort(needs, n, sizeof(*needs), by_slot);
	for (uint32_t i = 0; i < n; i++)
		n_slots += i == 0 || needs[i].slot != needs[i - 1].slot;
	b->slots = arena_alloc(arena, (n_slots + 1) * sizeof(*b->slots));
	if (!b->slots)
		return -ENOMEM;
	for (uint32_t i = 0, end; !err && i < n; i = end) {
		for (end = i + 1; end < n && needs[end].slot == needs[i].slot;)
			end++;
		err = add_slot(arena, temp, b, needs + i, end - i);
	}
	return err;
}

void bucket_sift(const struct match *m, const struct bucket *b) {
	memcpy(b->worth, b->always, b->n_words * sizeof(*b->worth));
	for (uint32_t i = 0; i < b->n_slots; i++) {
		struct slot *s = b->slots[i].slot;
		const struct str *v;

		slot_get(m, s);
		if (s->n == 0)
			continue;
		v = slot_folded(m, s);
		if (!v) { /* no room to look for anything */
			memset(b->worth, 0xff, b->n_words * sizeof(*b->worth));
			if (b->n % 64)
				b->worth[b->n_words - 1] = (1ull << b->n % 64) - 1;
			return;
		}
		for (uint32_t k = 0; k < s->n; k++)
			needles_mark(b->slots[i].needles, v[k], b->worth);
	}
}
