/* SPDX-License-Identifier: Apache-2.0 */
/*
 * twins.h - births, execs and ends that say what one before them said
 *
 * Whoever runs a program over and over is told of each time by the same three
 * events: the same parent and ancestors, image, rights and place. But for what each
 * has of its own (FIELD_OWN) such an event is equal to an earlier one, its twin, and
 * has the same key: rules that do not ask for what is its own have the same to say,
 * it is encoded by copying, and what nobody reads is not told.
 *
 * It is known by keys: of what decode says of it, and of all that will be told. Bounded:
 * TWINS, of which a new one takes the place of an old one. An event gets a key when it comes
 * a second time, so that one without a twin costs a comparison and a copy.
 */
#ifndef LAPWING_TWINS_H
#define LAPWING_TWINS_H

#include "event/field.h"

#define TWINS 1024 /* a power of two */

/* Keys of event.h, and event.deed, which by themselves say all of an event but its own. */
struct twin_keys {
	uint64_t said, deed; /* by its record; said 0: not known, and then it has no twin */
	uint64_t look, parent, container, lineage; /* to be told; 0: there is nothing to tell */
};

struct twin {
	uint64_t key; /* of event.h; 0: it came once */
	struct twin_keys keys;
};

struct twins {
	struct twin rows[TWINS];
};

/* twins_forget - there are none, for all events will be another host's or run's */
void twins_forget(struct twins *t);

/* twins_place - where a twin is, if it is there */
static inline struct twin *twins_place(struct twins *t, const struct twin_keys *keys) {
	uint64_t h = (keys->look + keys->said * 16 + keys->parent * 256 + keys->deed) *
		     0x9e3779b97f4a7c15ull;

	return &t->rows[h >> 54];
}
_Static_assert(TWINS == 1 << (64 - 54), "twins_place() takes so many bits");

static inline bool twins_same(const struct twin_keys *a, const struct twin_keys *b) {
	return !((a->said ^ b->said) | (a->deed ^ b->deed) | (a->look ^ b->look) |
		 (a->parent ^ b->parent) | (a->container ^ b->container) |
		 (a->lineage ^ b->lineage));
}

/* twins_find - gives @e, which has these @keys, the key of its twin; false: it has none */
static inline bool twins_find(struct twins *t, struct event *e, const struct twin_keys *keys) {
	struct twin *row = twins_place(t, keys);

	if (__builtin_expect(!twins_same(&row->keys, keys), 0))
		return false;
	if (__builtin_expect(!row->key, 0))
		row->key = event_new_key();
	e->twin_key = row->key;
	return true;
}

/*
 * twins_keep - all that is told of @e is told by now, and it is known from now on
 * @keys: of twins_find(), which did not find it.
 */
void twins_keep(struct twins *t, const struct twin_keys *keys, const struct event *e);

#endif
