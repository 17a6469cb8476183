/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdlib.h>

#define BLOCK_BYTES (64 * 1024)

void arena_init(struct arena *a, size_t max_bytes) {
	*a = (struct arena){ .max_bytes = max_bytes };
}

void arena_done(struct arena *a) {
	struct arena_block *b = a->first;

	while (b) {
		struct arena_block *next = b->next;

		free(b);
		b = next;
	}
	arena_init(a, a->max_bytes);
}

/* arena_grow - makes @a->current a block with room for @n bytes, an old one where it fits */
static int arena_grow(struct arena *a, size_t n) {
	struct arena_block *b = a->current ? a->current->next : a->first;
	size_t size = n > BLOCK_BYTES ? n : BLOCK_BYTES;

	if (!b || b->size < n) {
		struct arena_block *fresh;

		a->full = size > a->max_bytes || a->total_bytes > a->max_bytes - size;
		if (a->full)
			return -1;
		fresh = malloc(sizeof(*fresh) + size);
		if (!fresh)
			return -1;
		fresh->size = size;
		fresh->next = b;
		a->total_bytes += size;
		if (a->current)
			a->current->next = fresh;
		else
			a->first = fresh;
		a->begin = a->first->data;
		b = fresh;
	}
	a->current = b;
	a->at = b->data;
	a->left = b->size;
	return 0;
}

void *arena_alloc_slow(struct arena *a, size_t n) {
	void *p;

	if (n > a->max_bytes) {
		a->full = true;
		return NULL;
	}
	n = (n + 7) & ~(size_t)7;
	if ((!a->current || a->left < n) && arena_grow(a, n) < 0)
		return NULL;
	p = a->at;
	a->at += n;
	a->left -= n;
	return p;
}

void *arena_zalloc(struct arena *a, size_t n) {
	void *p = arena_alloc(a, n);

	return p ? memset(p, 0, n) : NULL;
}

struct str arena_str(struct arena *a, struct str x) {
	char *p;

	if (!x.s)
		return x;
	p = arena_alloc(a, (size_t)x.n + 1);
	if (!p)
		return (struct str){ 0 };
	memcpy(p, x.s, x.n);
	p[x.n] = '\0';
	return (struct str){ p, x.n };
}
