/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two arrays and their free lists. A window is found by a hash table of chains;
 * so is the newest hit of a value inside a window, which is what makes counting
 * distinct values cost the same whatever their number.
 *
 *     oldest ── ... ── from ── ... ── newest
 *     └ kept for late ─┘└── inside, counted ─┘
 */
#include "detect/window.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#define GROUP_CHAINS 8192
#define VALUE_CHAINS 65536

struct windows {
	uint64_t secret[2];
	uint32_t free_hit, free_group;	 /* linked by newer, by after */
	uint32_t used_hits, used_groups; /* of the arrays; what lies behind was never used */
	uint32_t first, last;		 /* groups, least and most recently used */
	uint64_t evicted_ns;		 /* 1 more than the last hit of any window that gave way */
	struct windows_figures figures;
	uint32_t groups[GROUP_CHAINS];
	uint32_t values[VALUE_CHAINS];
	struct window group[WINDOW_GROUPS];
	struct window_hit hit[WINDOW_HITS];
};

int windows_new(struct windows **ret) {
	struct windows *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	/* without randomness the hash is still right, only foreseeable */
	(void)!getrandom(w->secret, sizeof(w->secret), GRND_NONBLOCK);
	w->free_hit = w->free_group = w->first = w->last = WINDOW_NONE;
	memset(w->groups, 0xff, sizeof(w->groups));
	memset(w->values, 0xff, sizeof(w->values));
	*ret = w;
	return 0;
}

void windows_free(struct windows *w) {
	free(w);
}

const struct windows_figures *windows_figures(const struct windows *w) {
	return &w->figures;
}

/* --- SipHash-1-3 --- */

static inline uint64_t rotate(uint64_t x, int by) {
	return x << by | x >> (64 - by);
}

static inline void sip_round(uint64_t v[4]) {
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] = rotate(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] = rotate(v[2], 32);
}

uint64_t windows_hash(const struct windows *w, uint64_t h, const void *bytes, size_t n) {
	uint64_t v[4] = { w->secret[0] ^ 0x736f6d6570736575ull ^ h,
			  w->secret[1] ^ 0x646f72616e646f6dull,
			  w->secret[0] ^ 0x6c7967656e657261ull,
			  w->secret[1] ^ 0x7465646279746573ull };
	const unsigned char *p = bytes;
	size_t left = n;
	uint64_t word;

	for (; left >= 8; left -= 8, p += 8) {
		memcpy(&word, p, 8);
		v[3] ^= word;
		sip_round(v);
		v[0] ^= word;
	}
	word = (uint64_t)n << 56;
	for (size_t i = 0; i < left; i++)
		word |= (uint64_t)p[i] << 8 * i;
	v[3] ^= word;
	sip_round(v);
	v[0] ^= word;
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* --- hits --- */

static uint32_t index_of(const struct windows *w, const struct window_hit *hit) {
	return (uint32_t)(hit - w->hit);
}

static struct window_hit *hit_at(struct windows *w, uint32_t i) {
	return i == WINDOW_NONE ? NULL : &w->hit[i];
}

struct window_hit *window_older(struct windows *w, const struct window_hit *hit) {
	return hit_at(w, hit->older);
}

struct window_hit *window_newer(struct windows *w, const struct window_hit *hit) {
	return hit_at(w, hit->newer);
}

struct window_hit *window_newest(struct windows *w, const struct window *g) {
	return hit_at(w, g->newest);
}

struct window_hit *window_from(struct windows *w, const struct window *g) {
	return hit_at(w, g->from);
}

static uint32_t *value_chain(struct windows *w, const struct window *g, uint64_t value) {
	return &w->values[(g->key ^ value ^ value >> 32) % VALUE_CHAINS];
}

/* Hits of other windows may stand in the same chain: those of @g are known by its key's share. */
struct window_hit *windows_same(struct windows *w, const struct window *g, uint64_t value) {
	uint32_t i = *value_chain(w, g, value);

	while (i != WINDOW_NONE && (w->hit[i].value != value || w->hit[i].group != g - w->group))
		i = w->hit[i].chain;
	return hit_at(w, i);
}

static void count(struct windows *w, struct window *g, struct window_hit *hit) {
	uint32_t *chain = value_chain(w, g, hit->value);

	hit->chain = *chain;
	*chain = index_of(w, hit);
	hit->counted = true;
	g->n_distinct++;
}

static void uncount(struct windows *w, struct window *g, struct window_hit *hit) {
	uint32_t *at = value_chain(w, g, hit->value);

	while (*at != index_of(w, hit))
		at = &w->hit[*at].chain;
	*at = hit->chain;
	hit->counted = false;
	g->n_distinct--;
}

#define UNITS 1e9L
#define HUGE_NUMBER 1e24L /* WINDOW_MOST of these in UNITS are less than 2^127 */

/* What is added and taken away again leaves nothing behind, whatever is beside it. */
void window_total_add(struct window_total *t, const struct window_hit *hit, int sign) {
	long double x = (long double)hit->number * hit->weight;

	t->weight += sign > 0 ? hit->weight : -(uint64_t)hit->weight;
	if (x > -HUGE_NUMBER && x < HUGE_NUMBER) {
		t->units += sign * (__typeof__(t->units))(x * UNITS + (x < 0 ? -0.5L : 0.5L));
		return;
	}
	t->n_huge += (uint32_t)sign;
	t->huge = t->n_huge ? t->huge + (long double)sign * x : 0;
}

long double window_total_sum(const struct window_total *t) {
	return t->huge + (long double)t->units / UNITS;
}

/* enter - @hit is inside from now on */
static void enter(struct windows *w, struct window *g, struct window_hit *hit) {
	struct window_hit *same = windows_same(w, g, hit->value);

	hit->inside = true;
	g->n_inside++;
	window_total_add(&g->total, hit, 1);
	if (same && same->time_ns > hit->time_ns)
		return;
	if (same)
		uncount(w, g, same);
	count(w, g, hit);
}

/*
 * leave - the oldest inside no more is; any other that is dropped may have hidden an older one
 * of its value, which counts again
 */
static void leave(struct windows *w, struct window *g, struct window_hit *hit) {
	hit->inside = false;
	g->n_inside--;
	window_total_add(&g->total, hit, -1);
	if (!hit->counted)
		return;
	uncount(w, g, hit);
	for (struct window_hit *o = window_older(w, hit); o && o->inside; o = window_older(w, o)) {
		if (o->value == hit->value) {
			count(w, g, o);
			return;
		}
	}
}

static void unlink_hit(struct windows *w, struct window *g, struct window_hit *hit) {
	uint32_t i = index_of(w, hit);

	if (g->from == i)
		g->from = hit->newer;
	if (g->last == i)
		g->last = hit->newer != WINDOW_NONE ? hit->newer : hit->older;
	if (hit->older != WINDOW_NONE)
		w->hit[hit->older].newer = hit->newer;
	else
		g->oldest = hit->newer;
	if (hit->newer != WINDOW_NONE)
		w->hit[hit->newer].older = hit->older;
	else
		g->newest = hit->older;
	g->n--;
	w->figures.n_hits--;
	hit->newer = w->free_hit;
	w->free_hit = i;
}

void windows_drop(struct windows *w, struct window *g, struct window_hit *hit) {
	if (hit->inside)
		leave(w, g, hit);
	unlink_hit(w, g, hit);
}

/* evict - the oldest hit of @g goes though it may still be needed */
static void evict(struct windows *w, struct window *g) {
	struct window_hit *oldest = hit_at(w, g->oldest);

	if (oldest->inside) {
		g->cut_ns = oldest->time_ns + 1;
		w->figures.hits_evicted++;
	}
	windows_drop(w, g, oldest);
}

/* --- groups --- */

static void take_out_of_order(struct windows *w, struct window *g) {
	if (g->before != WINDOW_NONE)
		w->group[g->before].after = g->after;
	else
		w->first = g->after;
	if (g->after != WINDOW_NONE)
		w->group[g->after].before = g->before;
	else
		w->last = g->before;
}

static void put_last(struct windows *w, struct window *g) {
	uint32_t i = (uint32_t)(g - w->group);

	g->before = w->last;
	g->after = WINDOW_NONE;
	if (w->last != WINDOW_NONE)
		w->group[w->last].after = i;
	else
		w->first = i;
	w->last = i;
}

static void let_go(struct windows *w, struct window *g) {
	uint32_t i = (uint32_t)(g - w->group), *at = &w->groups[g->key % GROUP_CHAINS];

	while (g->oldest != WINDOW_NONE)
		windows_drop(w, g, &w->hit[g->oldest]);
	while (*at != i)
		at = &w->group[*at].chain;
	*at = g->chain;
	take_out_of_order(w, g);
	w->figures.n_groups--;
	g->after = w->free_group;
	w->free_group = i;
}

/* give_way - the least recently used window goes, and what it knew with it */
static void give_way(struct windows *w) {
	struct window *g = &w->group[w->first];

	if (g->n_inside) {
		uint64_t newest = w->hit[g->newest].time_ns;

		w->figures.groups_evicted++;
		if (w->evicted_ns <= newest)
			w->evicted_ns = newest + 1;
	}
	let_go(w, g);
}

static struct window *group_new(struct windows *w) {
	uint32_t i;

	if (w->free_group == WINDOW_NONE && w->used_groups == WINDOW_GROUPS)
		give_way(w);
	i = w->free_group;
	if (i == WINDOW_NONE)
		i = w->used_groups++;
	else
		w->free_group = w->group[i].after;
	w->figures.n_groups++;
	return &w->group[i];
}

struct window *windows_get(struct windows *w, uint64_t owner, uint64_t key) {
	uint32_t i = w->groups[key % GROUP_CHAINS];
	struct window *g;

	while (i != WINDOW_NONE && (w->group[i].key != key || w->group[i].owner != owner))
		i = w->group[i].chain;
	if (i != WINDOW_NONE) {
		g = &w->group[i];
		take_out_of_order(w, g);
		put_last(w, g);
		return g;
	}
	g = group_new(w);
	*g = (struct window){ 0 };
	g->key = key;
	g->owner = owner;
	g->cut_ns = w->evicted_ns; /* it may be the one that gave way */
	g->oldest = g->newest = g->from = g->last = WINDOW_NONE;
	g->chain = w->groups[key % GROUP_CHAINS];
	w->groups[key % GROUP_CHAINS] = (uint32_t)(g - w->group);
	put_last(w, g);
	return g;
}

/* --- sliding --- */

static void slide(struct windows *w, struct window *g, uint64_t span_ns) {
	uint64_t now = w->hit[g->newest].time_ns;

	while (g->from != WINDOW_NONE && now - w->hit[g->from].time_ns > span_ns) {
		struct window_hit *hit = &w->hit[g->from];

		leave(w, g, hit);
		g->from = hit->newer;
	}
	while (!w->hit[g->oldest].inside &&
	       now - w->hit[g->oldest].time_ns > span_ns + WINDOW_LATE_NS)
		unlink_hit(w, g, &w->hit[g->oldest]);
}

/* hit_new - a free one; the windows used longest ago give way, and at last @g's own oldest */
static struct window_hit *hit_new(struct windows *w, struct window *g, uint32_t most) {
	uint32_t i;

	if (g->n >= most)
		evict(w, g);
	while (w->free_hit == WINDOW_NONE && w->used_hits == WINDOW_HITS) {
		if (&w->group[w->first] == g)
			evict(w, g);
		else
			give_way(w);
	}
	i = w->free_hit;
	if (i == WINDOW_NONE)
		i = w->used_hits++;
	else
		w->free_hit = w->hit[i].newer;
	w->figures.n_hits++;
	return &w->hit[i];
}

/* stands_before - whether @hit comes behind @o: by time, in an event by rule, else by arrival */
static bool stands_before(const struct window_hit *o, const struct window_hit *hit) {
	if (o->time_ns != hit->time_ns)
		return o->time_ns < hit->time_ns;
	return !hit->event || o->event != hit->event || o->source <= hit->source;
}

/* near_place - from where the place of @hit is looked for: the newest, or the last that came */
static uint32_t near_place(const struct windows *w, const struct window *g,
			   const struct window_hit *hit) {
	uint64_t last, newest;

	if (g->newest == WINDOW_NONE || w->hit[g->newest].time_ns <= hit->time_ns)
		return g->newest;
	newest = w->hit[g->newest].time_ns - hit->time_ns;
	last = w->hit[g->last].time_ns;
	last = last > hit->time_ns ? last - hit->time_ns : hit->time_ns - last;
	return last < newest ? g->last : g->newest;
}

/* link_hit - to its place; one that comes far behind the others takes up to WINDOW_MOST steps */
static void link_hit(struct windows *w, struct window *g, struct window_hit *hit) {
	uint32_t i = index_of(w, hit), older = near_place(w, g, hit), next;

	while (older != WINDOW_NONE && !stands_before(&w->hit[older], hit))
		older = w->hit[older].older;
	while (older != WINDOW_NONE && (next = w->hit[older].newer) != WINDOW_NONE &&
	       stands_before(&w->hit[next], hit))
		older = next;
	g->last = i;
	hit->older = older;
	hit->newer = older == WINDOW_NONE ? g->oldest : w->hit[older].newer;
	if (older == WINDOW_NONE)
		g->oldest = i;
	else
		w->hit[older].newer = i;
	if (hit->newer == WINDOW_NONE)
		g->newest = i;
	else
		w->hit[hit->newer].older = i;
	g->n++;
}

struct window_hit *windows_add(struct windows *w, struct window *g, const struct window_hit *from,
			       struct str id, uint64_t span_ns, uint32_t most) {
	const struct window_hit *newest = window_newest(w, g);
	bool late = newest && newest->time_ns > from->time_ns;
	struct window_hit *hit;

	if (late && newest->time_ns - from->time_ns > span_ns + WINDOW_LATE_NS) {
		w->figures.late++;
		return NULL;
	}
	hit = hit_new(w, g, most);
	*hit = *from;
	hit->group = (uint16_t)(g - w->group);
	hit->counted = hit->inside = false;
	hit->id_n = (uint8_t)(id.n < WINDOW_ID_BYTES ? id.n : WINDOW_ID_BYTES);
	if (hit->id_n)
		memcpy(hit->id, id.s, hit->id_n);
	link_hit(w, g, hit);
	if (!late || w->hit[g->newest].time_ns - hit->time_ns <= span_ns) {
		enter(w, g, hit);
		if (g->from == WINDOW_NONE || g->from == hit->newer)
			g->from = index_of(w, hit);
	}
	slide(w, g, span_ns);
	return hit;
}

void windows_each(struct windows *w, bool (*each)(void *ctx, struct window *g), void *ctx) {
	for (uint32_t i = w->first; i != WINDOW_NONE;) {
		struct window *g = &w->group[i];

		i = g->after;
		if (!each(ctx, g))
			let_go(w, g);
	}
}
