/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the hit of a rule to that of a correlation. One event may hit several
 * rules of one correlation and counts for each; but a correlation is told once
 * per event and group.
 */
#include "detect/correlate.h"

#include <errno.h>
#include <stdlib.h>

#include "detect/number.h"

/* A hit of a correlation, for those that refer to it. */
struct inner {
	const struct str *group; /* its values, whole */
	unsigned depth;
};

static void take(struct ruleset *set, const struct correlate_use *use, const struct inner *inner);

void correlations_free(struct correlations *c) {
	if (!c)
		return;
	windows_free(c->windows);
	free(c->found);
	free(c);
}

void correlate_begin(struct correlations *c) {
	c->n_found = 0;
}

/* value_of - the first value that a hit has there; absent when it has none */
static struct str value_of(struct match *m, const struct lookup *l, const struct inner *inner) {
	if (inner)
		return l->inner == UINT32_MAX ? (struct str){ 0 } : inner->group[l->inner];
	slot_get(m, l->slot);
	return l->slot->n ? l->slot->v[0] : (struct str){ 0 };
}

/* group_of - the values of the group, and their hash; false when one is missing */
static bool group_of(struct ruleset *set, const struct correlation *c, const struct reference *ref,
		     const struct inner *inner, struct str ret[MAX_GROUP_FIELDS],
		     uint64_t *ret_key) {
	uint64_t key = c->head.fingerprint;

	for (uint32_t i = 0; i < c->n_group; i++) {
		ret[i] = value_of(&set->match, &ref->group[i], inner);
		if (!ret[i].s)
			return false;
		key = windows_hash(set->correlations->windows, key, ret[i].s, ret[i].n);
	}
	*ret_key = key;
	return true;
}

/* read_fields - what the fields of the condition say; false when one is missing */
static bool read_fields(struct ruleset *set, const struct correlation *c,
			const struct reference *ref, const struct inner *inner,
			struct window_hit *hit) {
	long double number;
	uint64_t h = 0;

	if (c->type == TEMPORAL || c->type == TEMPORAL_ORDERED)
		hit->value = hit->source;
	for (uint32_t i = 0; i < c->n_fields; i++) {
		struct str x = value_of(&set->match, &ref->fields[i], inner);

		if (!x.s)
			return false;
		if (c->type != VALUE_COUNT) {
			if (number_read(x, &number))
				return false;
			hit->number = (double)number;
			return true;
		}
		h = windows_hash(set->correlations->windows, h + 1, x.s, x.n);
		hit->value = h;
	}
	return true;
}

/* A group's values as "field=value", in the event's arena; fewer when it is full. */
static struct strv group_words(struct arena *arena, const struct correlation *c,
			       const struct str *group) {
	struct str *v = arena_alloc(arena, (c->n_group + 1) * sizeof(*v));
	struct strv ret = { v, 0 };

	for (uint32_t i = 0; v && i < c->n_group; i++) {
		struct str x = group[i], name = c->group[i];
		char *p;

		x.n = x.n < GROUP_TEXT_BYTES ? x.n : GROUP_TEXT_BYTES;
		p = arena_alloc(arena, (size_t)name.n + x.n + 2);
		if (!p)
			break;
		memcpy(p, name.s, name.n);
		p[name.n] = '=';
		memcpy(p + name.n + 1, x.s, x.n);
		v[ret.n++] = (struct str){ p, name.n + 1 + x.n };
	}
	return ret;
}

static struct strv evidence_ids(struct arena *arena, struct window_hit *const *hits, uint32_t n) {
	struct str *v = arena_alloc(arena, (n + 1) * sizeof(*v));
	struct strv ret = { v, 0 };

	for (uint32_t i = 0; v && i < n; i++) {
		struct str id = { hits[i]->id, hits[i]->id_n };

		/* an event that hit two rules is named once */
		if (!id.n || (ret.n && str_eq(v[ret.n - 1], id)))
			continue;
		v[ret.n] = arena_str(arena, id);
		if (!v[ret.n].s)
			break;
		ret.n++;
	}
	return ret;
}

static struct strv matched_names(struct arena *arena, const struct correlation *c,
				 struct window_hit *const *hits, uint32_t n) {
	struct str *v = arena_alloc(arena, (c->n_references + 1) * sizeof(*v));
	struct strv ret = { v, 0 };

	for (uint32_t k = 0; v && k < c->n_references; k++) {
		for (uint32_t i = 0; i < n; i++) {
			if (hits[i]->source == k) {
				v[ret.n++] = c->references[k].text;
				break;
			}
		}
	}
	return ret;
}

/* found_new - room for one more detection of this event, or NULL, counted */
static struct detection *found_new(struct correlations *all, const struct correlation *c) {
	struct detection *d;

	if (all->n_found == all->room) {
		all->crowded++;
		return NULL;
	}
	d = &all->found[all->n_found++];
	*d = c->head.detection;
	return d;
}

/* lacking - whether some hit of the stretch that ends with @end may be missing */
static bool lacking(const struct correlation *c, const struct window *g,
		    const struct window_hit *end) {
	uint64_t from = end->time_ns > c->span_ns ? end->time_ns - c->span_ns : 0;

	return from < c->gap_ns || from < g->cut_ns;
}

static void report(struct ruleset *set, const struct correlation *c, const struct window *g,
		   struct window_hit *end, const struct str *group) {
	struct arena *arena = set->match.arena;
	struct detection *d = found_new(set->correlations, c);
	struct window_hit *hits[MAX_EVIDENCE];
	uint32_t n;

	if (!d)
		return;
	n = correlation_evidence(c, set->correlations->windows, g, end, hits);
	d->events = evidence_ids(arena, hits, n);
	d->matched = matched_names(arena, c, hits, n);
	d->group = group_words(arena, c, group);
	d->evidence = lacking(c, g, end) ? EVIDENCE_INCOMPLETE : EVIDENCE_COMPLETE;
}

/* told - whether it has been told of this group, in this event or, unless always, this window */
static bool told(const struct correlations *all, const struct correlation *c,
		 const struct window *g, const struct window_hit *end, uint64_t event) {
	if (g->fired_event == event)
		return true;
	return !all->always && g->fired_ns && end->time_ns < g->fired_ns - 1 + c->span_ns;
}

/* fire - it holds, and has not been told; @group: the values of @g, by which it is known */
static void fire(struct ruleset *set, struct correlation *c, struct window *g,
		 struct window_hit *end, const struct str *group, unsigned depth) {
	const struct inner inner = { group, depth + 1 };

	g->fired_ns = end->time_ns + 1;
	g->fired_event = set->event;
	c->head.hits++;
	if (!c->head.quiet)
		report(set, c, g, end, group);
	if (!c->head.uses || depth == MAX_HIT_DEPTH)
		return;
	/* @g may give way to the window of an outer one */
	for (const struct correlate_use *u = c->head.uses; u; u = u->next)
		take(set, u, &inner);
}

/*
 * forget_older - of what only the newest matters for, the one before
 * Not while there is room: to a hit that comes late it may still matter.
 */
static void forget_older(struct windows *w, const struct correlation *c, struct window *g,
			 const struct window_hit *hit) {
	struct window_hit *old = NULL;

	if (g->n < correlation_most(c) / 2)
		return;
	if (c->type == TEMPORAL)
		old = windows_same(w, g, hit->value);
	else if (c->type == TEMPORAL_ORDERED)
		old = window_newest(w, g);
	if (old && old->source == hit->source && old->time_ns <= hit->time_ns)
		windows_drop(w, g, old);
}

/* enter - @draft into @g, which is then asked; gives the end of a stretch that is to be told */
static struct window_hit *enter(struct ruleset *set, const struct correlation *c, struct window *g,
				const struct window_hit *draft) {
	struct windows *w = set->correlations->windows;
	struct window_hit *hit, *newest;

	forget_older(w, c, g, draft);
	hit = windows_add(w, g, draft, set->match.id, c->span_ns, correlation_most(c));
	newest = window_newest(w, g);
	/* what is told of the newest is of all before it */
	if (!hit || told(set->correlations, c, g, newest, set->event))
		return NULL;
	if (hit == newest)
		return correlation_holds(c, w, g, hit) ? hit : NULL;
	hit = correlation_late(c, w, g, hit);
	return hit && !told(set->correlations, c, g, hit, set->event) ? hit : NULL;
}

static void take(struct ruleset *set, const struct correlate_use *use, const struct inner *inner) {
	struct correlation *c = use->correlation;
	struct window_hit draft = { .time_ns = set->match.time_ns,
				    .weight = set->match.weight,
				    .source = (uint16_t)use->reference };
	struct reference *ref = &c->references[use->reference];
	struct str group[MAX_GROUP_FIELDS];
	struct window_hit *end;
	struct window *g;
	uint64_t key;

	if (!group_of(set, c, ref, inner, group, &key) ||
	    !read_fields(set, c, ref, inner, &draft))
		return;
	if (c->type == TEMPORAL_ORDERED)
		draft.event = (uint32_t)set->event;
	g = windows_get(set->correlations->windows, c->head.fingerprint, key);
	end = enter(set, c, g, &draft);
	if (end)
		fire(set, c, g, end, group, inner ? inner->depth : 0);
}

void correlate_hit(struct ruleset *set, const struct rule *r) {
	for (const struct correlate_use *u = r->uses; u; u = u->next)
		take(set, u, NULL);
}

/* --- what was lost --- */

static bool measure(void *ctx, struct window *g) {
	struct ruleset *set = ctx;
	struct correlations *all = set->correlations;
	const struct window_hit *newest = window_newest(all->windows, g);

	for (uint32_t i = 0; i < all->n; i++) {
		struct correlation *c = all->v[i];
		uint64_t lacks;

		if (c->head.fingerprint != g->owner || !newest)
			continue;
		if (set->match.time_ns > newest->time_ns + c->span_ns)
			return false; /* nothing in it can matter any more */
		lacks = correlation_lacks(c, g);
		c->lacks = lacks < c->lacks ? lacks : c->lacks;
	}
	return true;
}

static void lost(struct ruleset *set, uint32_t kind, uint64_t count) {
	struct correlations *all = set->correlations;
	uint64_t now = set->match.time_ns;

	for (uint32_t i = 0; i < all->n; i++)
		all->v[i]->lacks = correlation_lacks(all->v[i], NULL);
	windows_each(all->windows, measure, set);
	for (uint32_t i = 0; i < all->n; i++) {
		struct correlation *c = all->v[i];
		struct detection *d;

		if (kind && !event_kinds_has(&c->kinds, kind)) /* 0: it may be of any kind */
			continue;
		c->gap_ns = now + 1;
		if (c->head.quiet || count < c->lacks ||
		    (c->unjudged_ns && now < c->unjudged_ns - 1 + c->span_ns))
			continue;
		c->unjudged_ns = now + 1;
		d = found_new(all, c);
		if (!d)
			continue;
		d->level = LEVEL_INFORMATIONAL;
		d->evidence = EVIDENCE_UNJUDGED;
	}
}

static bool none(void *ctx, struct window *g) {
	(void)ctx;
	(void)g;
	return false;
}

void correlate_host(struct ruleset *set, const struct event *e) {
	struct correlations *all = set->correlations;

	if (e->kind == WIRE_HOST_LOSS && event_has(e, FIELD_HOST_LOST_KIND) &&
	    event_has(e, FIELD_HOST_LOST_COUNT)) {
		lost(set, e->host.lost_kind, e->host.lost_count);
	} else if (e->kind == WIRE_HOST_LIMIT) {
		/* what was only counted was not judged either */
		lost(set, e->limit.kind, e->limit.count);
	} else if (e->kind == WIRE_HOST_START) {
		windows_each(all->windows, none, NULL);
		for (uint32_t i = 0; i < all->n; i++)
			all->v[i]->gap_ns = all->v[i]->unjudged_ns = 0;
	}
}

/* --- a new set in the place of an old one --- */

static struct correlation *same_as(const struct correlations *all, uint64_t fingerprint) {
	for (uint32_t i = 0; i < all->n; i++) {
		if (all->v[i]->head.fingerprint == fingerprint)
			return all->v[i];
	}
	return NULL;
}

static bool still_owned(void *ctx, struct window *g) {
	g->fired_event = 0; /* the new set numbers its events anew */
	return same_as(ctx, g->owner) != NULL;
}

void correlations_adopt(struct correlations *c, struct correlations *old) {
	struct windows *fresh = c->windows;

	c->windows = old->windows;
	old->windows = fresh;
	windows_each(c->windows, still_owned, c);
	for (uint32_t i = 0; i < old->n; i++) {
		const struct correlation *was = old->v[i];
		struct correlation *is = same_as(c, was->head.fingerprint);

		if (!is)
			continue;
		is->head.hits = was->head.hits;
		is->gap_ns = was->gap_ns;
		is->unjudged_ns = was->unjudged_ns;
	}
}
