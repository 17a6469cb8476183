/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena.h - memory that dies all at once
 *
 * The event's own memory: the corridor resets it before each record, so that
 * nothing on the way is freed one by one. An arena grows by whole blocks up to
 * its limit and keeps them; arena_alloc() past the limit gives NULL, which is
 * the only failure it has.
 */
#ifndef LAPWING_ARENA_H
#define LAPWING_ARENA_H

#include <stddef.h>

#include "base/str.h"

struct arena_block {
	struct arena_block *next;
	size_t size;
	_Alignas(16) char data[];
};

struct arena {
	struct arena_block *first, *current;
	char *begin;	    /* of the first block's bytes; or NULL */
	char *at;	    /* free bytes of the current block, */
	size_t left;	    /* and how many of them, a multiple of 8 */
	size_t total_bytes; /* bytes held in all blocks */
	size_t max_bytes;
	bool full; /* since it was last reset, something would have gone past the limit */
};

/* arena_init - an empty arena that may hold @max_bytes; takes no memory yet */
void arena_init(struct arena *a, size_t max_bytes);

/* arena_done - gives all memory back; every pointer from it dies */
void arena_done(struct arena *a);

/* arena_reset - all that was allocated dies; the blocks stay */
static inline void arena_reset(struct arena *a) {
	if (a->at == a->begin && !a->full) /* as it mostly is in the corridor */
		return;
	a->current = a->first;
	a->at = a->begin;
	a->left = a->first ? a->first->size : 0;
	a->full = false;
}

/* arena_alloc_slow - for arena_alloc(), when the current block is full */
void *arena_alloc_slow(struct arena *a, size_t n);

/* arena_alloc - @n bytes, aligned to 8, not zeroed; NULL past the limit or out of memory */
static inline void *arena_alloc(struct arena *a, size_t n) {
	void *p = a->at;

	if (__builtin_expect(n >= a->left, 0))
		return arena_alloc_slow(a, n);
	n = (n + 7) & ~(size_t)7;
	a->at += n;
	a->left -= n;
	return p;
}

/* arena_zalloc - the same, zeroed */
void *arena_zalloc(struct arena *a, size_t n);

/* arena_str - a copy of @x, with a NUL behind it; absent when there is no room */
struct str arena_str(struct arena *a, struct str x);

#endif
