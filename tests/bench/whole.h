/* SPDX-License-Identifier: Apache-2.0 */
/*
 * whole.h - the bare search for every text that rules name, which our engine does without
 *
 * What another engine would do: look for all texts of all rules of an event's log source, in all
 * values that they ask for, each value once. Ours looks for those texts only of which a rule needs
 * one (detect/screen.c).
 */
#include "corpus.h"

/* All texts that the rules of one bucket seek in one slot; with keywords, and without. */
struct whole_slot {
	struct slot *slot;
	struct sieve alone, with_words;
};

struct whole {
	const struct bucket *of;
	struct whole_slot v[32];
	uint32_t n;
	struct whole_slot *words; /* one of @v, or NULL: no rule has keywords */
};

/* seek - @p among what is sought in its slot */
static void seek(struct whole *w, struct predicate *p) {
	struct whole_slot *s = w->v;

	while (s < w->v + w->n && s->slot != p->slot)
		s++;
	if (s == w->v + w->n) {
		if (++w->n == sizeof(w->v) / sizeof(w->v[0]))
			die("too many slots");
		s->slot = p->slot;
		s->alone.v = calloc(1 << 14, sizeof(struct predicate *));
	}
	for (uint32_t i = 0; i < s->alone.n; i++) {
		if (s->alone.v[i] == p)
			return;
	}
	for (uint32_t i = 0; i < p->n; i++) {
		if (needles_price(screen_text(p, i), predicate_where(p)) == UINT32_MAX)
			return; /* a regex without a text */
	}
	if (!s->alone.v || s->alone.n == 1 << 14)
		die("too many predicates");
	s->alone.v[s->alone.n++] = p;
}

static void seek_all(struct whole *w, const struct expr *x) {
	if (x->join == JOIN_PREDICATE) {
		if (x->predicate->op >= OP_EQUALS && x->predicate->op <= OP_REGEX)
			seek(w, x->predicate);
		return;
	}
	for (uint32_t i = 0; i < (x->join == JOIN_NOT ? 1 : x->n); i++)
		seek_all(w, x->kids[i]);
}

static struct str folded(struct arena *arena, struct str x) {
	char *out = arena_alloc(arena, x.n + 1);

	if (!out)
		die("out of memory");
	for (uint32_t i = 0; i < x.n; i++)
		out[i] = (char)fold_case[(unsigned char)x.s[i]];
	return (struct str){ out, x.n };
}

/* make_sieve - its needles; @s has its predicates */
static void make_sieve(struct arena *arena, struct sieve *s) {
	struct sought *texts;
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->n; i++)
		n += s->v[i]->n;
	texts = calloc(n + 1, sizeof(*texts));
	if (!texts)
		die("out of memory");
	n = 0;
	for (uint32_t i = 0; i < s->n; i++) {
		const struct predicate *p = s->v[i];

		for (uint32_t k = 0; k < p->n; k++)
			texts[n++] = (struct sought){ folded(arena, screen_text(p, k)),
						      predicate_where(p), i };
	}
	if (needles_new(arena, fold_case, texts, n, &s->needles))
		die("out of memory");
	free(texts);
}

static void make_whole(struct arena *arena, const struct bucket *b, struct whole *w) {
	w->of = b;
	for (uint32_t i = 0; i < b->n; i++)
		seek_all(w, b->rows[i]->expr);
	for (uint32_t i = 0; i < w->n; i++) {
		make_sieve(arena, &w->v[i].alone);
		if (w->v[i].slot->taxon.source == SOURCE_WORDS)
			w->words = &w->v[i];
	}
	for (uint32_t i = 0; w->words && i < w->n; i++) {
		struct sieve *both = &w->v[i].with_words;

		both->v = calloc(w->v[i].alone.n + w->words->alone.n, sizeof(struct predicate *));
		if (!both->v)
			die("out of memory");
		for (uint32_t k = 0; k < w->v[i].alone.n; k++)
			both->v[both->n++] = w->v[i].alone.v[k];
		for (uint32_t k = 0; k < w->words->alone.n; k++)
			both->v[both->n++] = w->words->alone.v[k];
		make_sieve(arena, both);
	}
}

/* whole_of - what is sought for the rules of @b, made when it is first asked for */
static const struct whole *whole_of(struct arena *arena, const struct bucket *b) {
	static struct whole made[MAX_BUCKETS];
	struct whole *w = &made[b->number % MAX_BUCKETS];

	if (!w->of)
		make_whole(arena, b, w);
	return w;
}

static bool has_value(const struct slot *s, struct str x) {
	for (uint32_t i = 0; i < s->n; i++) {
		if (s->v[i].s == x.s && s->v[i].n == x.n)
			return true;
	}
	return false;
}

/* collect_whole - the searches of one bucket, for each_view(), whose @ctx is a collector */
static void collect_whole(void *ctx, struct match *m, const struct bucket *b) {
	const struct collector *c = ctx;
	const struct whole *w = whole_of(c->kept, b);
	uint64_t done = 0; /* values of keywords that are one of a slot's, too */

	m->epoch++;
	m->bucket = NO_BUCKET;
	for (uint32_t i = 0; i < w->n; i++)
		slot_get(m, w->v[i].slot);
	for (uint32_t i = 0; i < w->n; i++) {
		const struct slot *s = w->v[i].slot;
		bool word = false;

		if (&w->v[i] == w->words)
			continue;
		for (uint32_t k = 0; w->words && k < w->words->slot->n && k < 64; k++) {
			if (!(done >> k & 1) && has_value(s, w->words->slot->v[k])) {
				done |= 1ull << k;
				word = true;
			}
		}
		for (uint32_t k = 0; k < s->n; k++)
			add_scan(c->scans, c->kept, word ? &w->v[i].with_words : &w->v[i].alone,
				 s->v[k]);
	}
	for (uint32_t k = 0; w->words && k < w->words->slot->n; k++) {
		if (k >= 64 || !(done >> k & 1))
			add_scan(c->scans, c->kept, &w->words->alone, w->words->slot->v[k]);
	}
}
