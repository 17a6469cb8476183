/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which rules of a bucket are worth a look: those that need no text, and those of
 * which a needed text is there.
 *
 *     text ── predicate that seeks it ── rows of the rules that need it
 *
 * Texts are sought slot by slot. What is found answers the predicate as well, for
 * the rules that are then evaluated; and so does what is not found.
 */
#include <errno.h>
#include <stdlib.h>

#include "detect/engine.h"

/* A predicate that a row needs. */
struct need {
	struct predicate *p;
	uint32_t row;
};

struct needs {
	struct need *v;
	uint32_t n;
};

static int by_predicate(const void *a, const void *b) {
	const struct need *x = a, *y = b;

	if (x->p->slot != y->p->slot)
		return x->p->slot < y->p->slot ? -1 : 1;
	if (x->p != y->p)
		return x->p < y->p ? -1 : 1;
	return (x->row > y->row) - (x->row < y->row);
}

#define MAX_NEEDS 1024 /* predicates that a rule needs one of */

/* find_needs - of each row, and once more of its second set; sorted by slot and predicate */
static int find_needs(struct arena *temp, const struct view *v, const struct bucket *b,
		      struct needs *ret) {
	struct predicate *found[MAX_NEEDS];
	struct need *room;
	uint32_t cap = 0, n, bit;

	for (uint32_t row = 0; row < 2 * b->n; row++) {
		const struct expr *x = b->rows[row % b->n]->expr;
		bool second = row >= b->n;

		bit = second ? b->n_words * 64 + row - b->n : row;
		if (!(second ? screen_find_second : screen_find)(v, x, found, MAX_NEEDS, &n)) {
			b->always[bit / 64] |= 1ull << bit % 64;
			continue;
		}
		if (ret->n + n > cap) {
			cap = 2 * cap + n;
			room = arena_alloc(temp, cap * sizeof(*room));
			if (!room)
				return -ENOMEM;
			if (ret->n)
				memcpy(room, ret->v, ret->n * sizeof(*room));
			ret->v = room;
		}
		for (uint32_t i = 0; i < n; i++)
			ret->v[ret->n++] = (struct need){ found[i], bit };
	}
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), by_predicate);
	return 0;
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

/* add_needles - of all texts of the predicates of @s */
static int add_needles(struct arena *arena, struct arena *temp, struct sieve *s) {
	uint32_t n = 0;
	struct sought *texts;

	for (uint32_t i = 0; i < s->n; i++)
		n += s->v[i]->n;
	texts = arena_alloc(temp, (n + 1) * sizeof(*texts));
	if (!texts)
		return -ENOMEM;
	n = 0;
	for (uint32_t i = 0; i < s->n; i++) {
		const struct predicate *p = s->v[i];

		for (uint32_t k = 0; k < p->n; k++) {
			texts[n] = (struct sought){ screen_text(p, k), predicate_where(p), i };
			if (p->fold == fold_none && fold_text(arena, &texts[n].text))
				return -ENOMEM;
			n++;
		}
	}
	return needles_new(arena, fold_case, texts, n, &s->needles);
}

/* sieve_get - the one for the @n predicates @v; buckets that ask for the same share it */
static int sieve_get(struct ruleset *set, struct arena *temp, struct predicate **v, uint32_t n,
		     const struct sieve **ret) {
	struct sieve *s;

	for (s = set->sieves; s; s = s->next) {
		if (s->n == n && memcmp(s->v, v, n * sizeof(*v)) == 0) {
			*ret = s;
			return 0;
		}
	}
	s = arena_zalloc(&set->arena, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->n = n;
	s->v = arena_alloc(&set->arena, n * sizeof(*v));
	if (!s->v)
		return -ENOMEM;
	memcpy(s->v, v, n * sizeof(*v));
	s->next = set->sieves;
	set->sieves = s;
	*ret = s;
	return add_needles(&set->arena, temp, s);
}

/* take - the predicates of @needs behind the @n of @v, and their rows; gives how many there are */
static uint32_t take(struct needs needs, struct predicate **v, uint32_t n, struct bucket_slot *to,
		     uint32_t *n_rows) {
	for (uint32_t i = 0; i < needs.n; i++) {
		if (i == 0 || needs.v[i].p != needs.v[i - 1].p) {
			to->first[n] = *n_rows;
			v[n++] = needs.v[i].p;
		}
		to->rows[(*n_rows)++] = needs.v[i].row;
	}
	to->first[n] = *n_rows;
	return n;
}

/* add_slot - for what is needed in one slot, and for @words that are sought in the same texts */
static int add_slot(struct ruleset *set, struct arena *temp, struct needs needs, struct needs words,
		    struct bucket_slot *to) {
	struct predicate **v = arena_alloc(temp, (needs.n + words.n) * sizeof(struct predicate *));
	uint32_t n, n_rows = 0;

	to->slot = needs.v->p->slot;
	to->rows = arena_alloc(&set->arena, (needs.n + words.n) * sizeof(*to->rows));
	to->first = arena_alloc(&set->arena, (needs.n + words.n + 1) * sizeof(*to->first));
	if (!v || !to->rows || !to->first)
		return -ENOMEM;
	n = take(needs, v, 0, to, &n_rows);
	n = take(words, v, n, to, &n_rows);
	return sieve_get(set, temp, v, n, &to->sieve);
}

/* is_words - whether @slot is every text of an event, which has a field for each */
static bool is_words(const struct view *v, const struct slot *slot) {
	return !v->set->for_records && !v->row && slot->taxon.source == SOURCE_WORDS;
}

/* word_in - the field whose value is among those of @slot, and is one of an event's texts; or 0 */
static enum field_id word_in(const struct view *v, const struct slot *slot) {
	const uint64_t *words = taxonomy_words(v->kind == WIRE_PROCESS_EXEC);
	enum field_id id = slot->taxon.source == SOURCE_TEXT	? slot->taxon.field
			   : slot->taxon.source == SOURCE_IMAGE ? FIELD_PROCESS_EXECUTABLE
								: 0;

	return words[id / 64] >> id % 64 & 1 ? id : 0;
}

/* next_slot - the needs of the slot that begins at @*at */
static struct needs next_slot(struct needs all, uint32_t *at) {
	struct needs one = { all.v + *at, 0 };

	while (*at < all.n && all.v[*at].p->slot == one.v->p->slot) {
		one.n++;
		(*at)++;
	}
	return one;
}

static int add_slots(struct arena *temp, const struct view *v, struct bucket *b,
		     struct needs needs) {
	struct needs words = { NULL, 0 }, none = { NULL, 0 }, one;
	int err = 0;

	for (uint32_t at = 0; at < needs.n && !words.n;) {
		one = next_slot(needs, &at);
		if (is_words(v, one.v->p->slot))
			words = one;
	}
	if (words.n) {
		memcpy(b->left, taxonomy_words(v->kind == WIRE_PROCESS_EXEC), sizeof(b->left));
		err = add_slot(v->set, temp, words, none, &b->words);
	}
	for (uint32_t at = 0; !err && at < needs.n;) {
		enum field_id id;

		one = next_slot(needs, &at);
		if (one.v == words.v)
			continue;
		id = words.n ? word_in(v, one.v->p->slot) : 0;
		if (id)
			b->left[id / 64] &= ~(1ull << id % 64);
		err = add_slot(v->set, temp, one, id ? words : none, &b->slots[b->n_slots++]);
	}
	return err;
}

/* note_sought - that whoever evaluates a rule of @b knows what was found of these */
static void note_sought(const struct bucket *b, struct needs needs) {
	for (uint32_t i = 0; i < needs.n; i++)
		needs.v[i].p->sought[b->number / 64] |= 1ull << b->number % 64;
}

int bucket_ready(struct arena *temp, const struct view *v, struct bucket *b) {
	struct arena *arena = &v->set->arena;
	struct needs needs = { NULL, 0 };
	uint32_t n_slots = 0;
	int err;

	b->n_words = (b->n + 63) / 64;
	b->number = ++v->set->n_buckets;
	b->always = arena_zalloc(arena, 2 * b->n_words * sizeof(*b->always));
	b->worth = arena_zalloc(arena, 2 * b->n_words * sizeof(*b->worth));
	if (!b->always || !b->worth)
		return -ENOMEM;
	err = find_needs(temp, v, b, &needs);
	if (err)
		return err;
	for (uint32_t at = 0; at < needs.n; n_slots++)
		(void)next_slot(needs, &at);
	b->slots = arena_zalloc(arena, (n_slots + 1) * sizeof(*b->slots));
	b->seen = arena_zalloc(arena, (needs.n / 64 + 1) * sizeof(*b->seen));
	if (!b->slots || !b->seen)
		return -ENOMEM;
	note_sought(b, needs);
	return add_slots(temp, v, b, needs);
}

/* see - the predicates whose texts were found, and the rows that they are of; clears @b->seen */
static void see(const struct match *m, const struct bucket *b, const struct bucket_slot *s) {
	for (uint32_t w = 0; w <= (s->sieve->n - 1) / 64; w++) {
		for (uint64_t seen = b->seen[w]; seen; seen &= seen - 1) {
			uint32_t i = w * 64 + (uint32_t)__builtin_ctzll(seen);

			s->sieve->v[i]->seen = m->epoch;
			for (uint32_t k = s->first[i]; k < s->first[i + 1]; k++)
				b->worth[s->rows[k] / 64] |= 1ull << s->rows[k] % 64;
		}
		b->seen[w] = 0;
	}
}

/* sift_words - the texts of an event that no slot has been looked at for */
static void sift_words(const struct match *m, const struct bucket *b) {
	const struct bucket_slot *s = &b->words;
	bool found = false;

	for (uint32_t w = 0; w < EVENT_HAS_WORDS; w++) {
		for (uint64_t bits = b->left[w] & m->e->has[w]; bits; bits &= bits - 1) {
			uint32_t id = w * 64 + (uint32_t)__builtin_ctzll(bits);
			const struct str *x = field_at(m->e, id);

			found |= needles_mark(s->sieve->needles, *x, b->seen);
		}
	}
	if (found)
		see(m, b, s);
}

static void sift_slot(struct match *m, const struct bucket *b, const struct bucket_slot *of) {
	struct slot *s = of->slot;
	bool found = false;

	slot_get(m, s);
	for (uint32_t i = 0; i < s->n; i++)
		found |= needles_mark(of->sieve->needles, s->v[i], b->seen);
	if (found)
		see(m, b, of);
	m->cramped |= s->cramped;
}

void bucket_sift(struct match *m, const struct bucket *b) {
	m->bucket = b->number;
	memcpy(b->worth, b->always, 2 * b->n_words * sizeof(*b->worth));
	for (uint32_t i = 0; i < b->n_slots; i++)
		sift_slot(m, b, &b->slots[i]);
	if (b->words.sieve)
		sift_words(m, b);
}
