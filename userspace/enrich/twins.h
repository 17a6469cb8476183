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
 * It is known by what decode says of it, before anything is told, and by the keys of
 * all that will be. Bounded: TWINS, of which a new one takes the place of an old one.
 * An event gets a key when it comes a second time, so that one without a twin costs a
 * comparison and a copy.
 */
#ifndef LAPWING_TWINS_H
#define LAPWING_TWINS_H

#include "event/field.h"

#define TWINS 1024 /* a power of two */

/* What is told of an event's process: keys of event.h; 0: there is nothing to tell */
struct twin_keys {
	uint64_t look, parent, container, lineage;
};

/* An event as decode gives it, but for what is its own, and what is to be told of it. */
struct twin {
	uint64_t key; /* of event.h; 0: it came once */
	uint64_t has[EVENT_HAS_WORDS];
	struct twin_keys keys;
	uint64_t exec_key;
	uint64_t degraded;
	uint64_t detail; /* clone flags, or how it ended */
	const char *hook;
	uint64_t kind; /* and its outcome; 0: a free row */
	uint64_t gid;  /* and euid */
	uint32_t cpu;
};

struct twins {
	struct twin rows[TWINS];
};

/* twins_forget - there are none, for all events will be another host's or run's */
void twins_forget(struct twins *t);

/* twin_detail - what only events of this kind say */
static inline uint64_t twin_detail(const struct event *e) {
	if (e->kind == WIRE_PROCESS_FORK)
		return e->fork.clone_flags;
	if (e->kind != WIRE_PROCESS_EXIT)
		return 0;
	if (event_has(e, FIELD_EXIT_SIGNAL))
		return e->exit.signal | (uint64_t)e->exit.core_dumped << 32;
	return e->exit.code;
}

/* twin_both - two numbers that stand side by side */
static inline uint64_t twin_both(const uint32_t *first) {
	uint64_t pair;

	memcpy(&pair, first, sizeof(pair));
	return pair;
}
_Static_assert(offsetof(struct event, kind) + 4 == offsetof(struct event, outcome) &&
		       offsetof(struct event_process, gid) + 4 ==
			       offsetof(struct event_process, euid),
	       "side by side");

/* twin_is_of - whether @t is @e with these @keys */
static inline bool twin_is_of(const struct twin *t, const struct event *e,
			      const struct twin_keys *keys) {
	uint64_t differ = t->cpu ^ e->cpu;

#pragma GCC unroll 8
	for (unsigned w = 0; w < EVENT_HAS_WORDS; w++)
		differ |= t->has[w] ^ e->has[w];
	differ |= t->keys.look ^ keys->look;
	differ |= t->keys.parent ^ keys->parent;
	differ |= t->keys.container ^ keys->container;
	differ |= t->keys.lineage ^ keys->lineage;
	differ |= t->exec_key ^ e->exec_key;
	differ |= t->degraded ^ e->degraded;
	differ |= t->detail ^ twin_detail(e);
	differ |= (uintptr_t)t->hook ^ (uintptr_t)e->hook.s;
	differ |= t->kind ^ twin_both(&e->kind);
	differ |= t->gid ^ twin_both(&e->process.gid);
	return !differ;
}

/* twins_place - where a twin is, if it is there */
static inline struct twin *twins_place(struct twins *t, uint64_t kind, uint64_t exec_key,
				       const struct twin_keys *keys) {
	uint64_t h = (keys->look + exec_key * 16 + keys->parent * 256 + kind) *
		     0x9e3779b97f4a7c15ull;

	return &t->rows[h >> 54];
}
_Static_assert(TWINS == 1 << (64 - 54), "twins_place() takes so many bits");

/* twins_copy - @e as it is now; for twins_find() */
void twins_copy(struct twin *was, const struct event *e, const struct twin_keys *keys);

/*
 * twins_find - gives @e the key of its twin
 * False: it has none, and is copied to @was for twins_keep().
 */
static inline bool twins_find(struct twins *t, struct event *e, const struct twin_keys *keys,
			      struct twin *was) {
	struct twin *row = twins_place(t, twin_both(&e->kind), e->exec_key, keys);

	if (__builtin_expect(!twin_is_of(row, e, keys), 0)) {
		twins_copy(was, e, keys);
		return false;
	}
	if (__builtin_expect(!row->key, 0))
		row->key = event_new_key();
	e->twin_key = row->key;
	return true;
}

/*
 * twins_keep - all that is told of @e is told by now, and it is known from now on
 * @was: from twins_find(); its kind is 0 if that was not asked.
 */
void twins_keep(struct twins *t, const struct twin *was, const struct event *e);

#endif
