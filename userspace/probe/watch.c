/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch.c - which opens for reading the hooks tell (bpf/watch.h)
 *
 * Hooks look into the tables while they are changed. So the one that is not in
 * use is filled, then becomes the one in use; a hook that has just taken the old
 * one may finish with it, because it is not touched until the next change. The
 * bits of what is new are set before, those of what is gone are cleared after.
 */
#include "probe/probe_impl.h"

#include <errno.h>
#include <string.h>

int watch_map(struct probe *p) {
	void *at;
	int err;

	if (family_map(&p->maps, "watches") < 0)
		return 0;
	err = probe_map_shared(p, ".data.watch", sizeof(*p->watch_filter), &at);
	if (err)
		return err;
	p->watch_filter = at;
	err = probe_map_shared(p, "watches", 2 * sizeof(*p->watches), &at);
	if (!err)
		p->watches = at;
	return err;
}

void watch_unmap(struct probe *p) {
	probe_unmap_shared(p, p->watch_filter, sizeof(*p->watch_filter));
	probe_unmap_shared(p, p->watches, 2 * sizeof(*p->watches));
}

/* bit_of - that of the name of @w, or of all names of its directory */
static uint32_t bit_of(const struct knobs_watch *w) {
	uint64_t start;

	memcpy(&start, w->name, sizeof(start)); /* behind a shorter name are zeros */
	return knobs_watch_name_bit(w->dir_ino, start, (uint32_t)strlen(w->name));
}

static bool put(struct knobs_watch_table *t, const struct knobs_watch *w) {
	uint32_t at = knobs_watch_slot(bit_of(w));

	for (uint32_t i = 0; i < KNOBS_WATCH_STEPS; i++) {
		struct knobs_watch *slot = &t->slots[(at + i) % KNOBS_WATCHES];

		if (slot->dir_ino && memcmp(slot, w, sizeof(*w)) != 0)
			continue;
		*slot = *w;
		return true;
	}
	return false;
}

static void set_bits(struct knobs_watch_filter *f, const struct knobs_watch *w) {
	uint32_t name = bit_of(w);

	f->folders[knobs_watch_folder(w->dir_ino)] |= knobs_watch_length((uint32_t)strlen(w->name));
	f->bits[name / 64] |= 1ull << name % 64;
}

static void add_bits(struct knobs_watch_filter *f, const struct knobs_watch_filter *now) {
	for (size_t i = 0; i < KNOBS_WATCH_FOLDERS; i++)
		__atomic_fetch_or(&f->folders[i], now->folders[i], __ATOMIC_RELAXED);
	for (size_t i = 0; i < KNOBS_WATCH_BITS / 64; i++)
		__atomic_fetch_or(&f->bits[i], now->bits[i], __ATOMIC_RELAXED);
}

static void leave_bits(struct knobs_watch_filter *f, const struct knobs_watch_filter *now) {
	for (size_t i = 0; i < KNOBS_WATCH_FOLDERS; i++)
		__atomic_store_n(&f->folders[i], now->folders[i], __ATOMIC_RELAXED);
	for (size_t i = 0; i < KNOBS_WATCH_BITS / 64; i++)
		__atomic_store_n(&f->bits[i], now->bits[i], __ATOMIC_RELAXED);
}

int probe_watch(struct probe *p, const struct knobs_watch *list, size_t n) {
	struct knobs_watch_filter *f = p->watch_filter;
	struct knobs_watch_filter now = { 0 };
	struct knobs_watch_table *t;
	uint32_t next;
	int left = 0;

	if (!f || !p->watches)
		return -ENOTSUP;
	next = !f->table;
	t = &p->watches[next];
	memset(t, 0, sizeof(*t));
	for (size_t i = 0; i < n; i++) {
		if (!list[i].dir_ino)
			continue;
		if (put(t, &list[i]))
			set_bits(&now, &list[i]);
		else
			left++;
	}
	add_bits(f, &now);
	__atomic_store_n(&f->table, next, __ATOMIC_RELEASE);
	leave_bits(f, &now);
	return left;
}
