/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * fold.h - equal deeds are counted, not told one by one
 *
 * A process that opens the same file a hundred thousand times has one thing to
 * say. The first KNOBS_FOLD_WHOLE equal deeds of a window of about a second are
 * told whole; those after them are counted in the map `folds`, and when the
 * window is over user space tells them as one event with their number (message
 * `fold`). Nothing is dropped: a deed is either told or in such a number. When
 * it cannot be counted, because another holds the entry or fills it, or the
 * record is too long to be kept for that event, it is told whole.
 *
 * A hook first fills the key, and asks fold_deed(); if that gives false, it
 * makes its record, calls fold_keep() with it, and sends it.
 *
 *	struct fold f;
 *
 *	fold_begin(&f, WIRE_NET_SEND, task);
 *	f.key.object[0] = ...;
 *	if (fold_deed(&f, bytes, 0))
 *		return 0;
 *	... s = emit_begin(...) ...
 *	fold_keep(&f, s->rec, s->len);
 *	emit_end(s, &ring_bulk);
 *
 * Deeds of process life are never folded.
 */
#ifndef LAPWING_FOLD_H
#define LAPWING_FOLD_H

#include "maps.h"

struct fold {
	struct knobs_fold_key key;
	__u32 at;   /* entry of `folds` */
	__u32 keep; /* way + 1 to keep the record in; 0: no need */
};

/*
 * fold_address - an address as a number that tells it from others with the same @base
 * A typed pointer is no number to the verifier, but the distance of two is.
 */
static __always_inline __u64 fold_address(const void *at, const void *base) {
	__u64 distance = (__u64)at - (__u64)base;

	barrier_var(distance);
	return distance;
}

/* fold_begin - a key whose object is still all zero; @task: the doer, or NULL for nobody */
static __always_inline void fold_begin(struct fold *f, __u32 kind, struct task_struct *task) {
	__builtin_memset(f, 0, sizeof(*f));
	f->key.kind = kind;
	if (!task)
		return;
	f->key.tgid = (__u32)task->tgid;
	f->key.start_ns = task->group_leader->start_boottime;
	f->key.cred = fold_address(task->real_cred, task->real_cred->user_ns);
}

/* fold_hash - a sum, so that what a hook leaves zero in the object costs it nothing */
static __always_inline __u32 fold_hash(const struct knobs_fold_key *k) {
	__u64 h = k->start_ns ^ k->kind;

	for (int i = 0; i < KNOBS_FOLD_OBJECT; i++)
		h += k->object[i] * (0x9e3779b97f4a7c15 + i * 0xc2b2ae3d27d4eb4e);
	h = (h ^ h >> 32) * 0x9e3779b97f4a7c15;
	return (__u32)(h >> 40) & (KNOBS_FOLDS - 1);
}

static __always_inline bool fold_same(const struct knobs_fold_key *a,
				      const struct knobs_fold_key *b) {
	for (int i = 0; i < KNOBS_FOLD_OBJECT; i++)
		if (a->object[i] != b->object[i])
			return false;
	return a->start_ns == b->start_ns && a->cred == b->cred && a->tgid == b->tgid &&
	       a->kind == b->kind;
}

static __always_inline bool fold_hold(struct knobs_fold_entry *e) {
	return __sync_val_compare_and_swap(&e->busy, 0, 1) == 0;
}

/* A swap, because other CPUs and user space must see all that was written before it. */
static __always_inline void fold_let_go(struct knobs_fold_entry *e) {
	(void)__sync_lock_test_and_set(&e->busy, 0);
}

static __always_inline void fold_mark(__u32 at) {
	__u32 zero = 0;
	struct knobs_fold_marks *m = bpf_map_lookup_elem(&fold_marks, &zero);

	if (m)
		__sync_fetch_and_or(&m->bits[at / 64 % (KNOBS_FOLDS / 64)], 1ull << at % 64);
}

/* fold_count - one more of @w's deeds; false: it is to be told whole. The entry is held. */
static __always_inline bool fold_count(struct fold *f, struct knobs_fold *w, __u32 way, __u64 out,
				       __u64 in) {
	__u64 now = bpf_ktime_get_boot_ns();

	if (!w->count && now - w->began_ns >= KNOBS_FOLD_WINDOW_NS) {
		w->began_ns = now;
		w->whole = 0;
		w->len = 0;
	}
	if (w->whole < KNOBS_FOLD_WHOLE || !w->len || w->len == KNOBS_FOLD_TOO_LONG) {
		w->whole++;
		if (w->whole >= KNOBS_FOLD_WHOLE && !w->len)
			f->keep = way + 1;
		return false;
	}
	if (!w->count) {
		w->first_ns = now;
		fold_mark(f->at);
	}
	w->count++;
	w->last_ns = now;
	w->bytes_out += out;
	w->bytes_in += in;
	return true;
}

/* fold_claim - takes the way of the older window for @f's deeds, if it has nothing left to tell */
static __always_inline void fold_claim(struct fold *f, struct knobs_fold_entry *e) {
	struct knobs_fold *w = &e->way[0];

	if (w->count || (!e->way[1].count && e->way[1].began_ns < w->began_ns))
		w = &e->way[1];
	if (w->count)
		return;
	w->key = f->key;
	w->began_ns = bpf_ktime_get_boot_ns();
	w->bytes_out = 0;
	w->bytes_in = 0;
	w->whole = 1;
	w->len = 0;
}

/*
 * fold_deed - whether the deed is only counted, and needs no record
 * @out, @in: bytes that it moved, to be summed up; 0 where that means nothing
 */
static __always_inline bool fold_deed(struct fold *f, __u64 out, __u64 in) {
	__u32 at = fold_hash(&f->key);
	struct knobs_fold_entry *e = bpf_map_lookup_elem(&folds, &at);
	bool counted = false;

	f->at = at;
	if (!e || !fold_hold(e))
		return false;
	if (fold_same(&e->way[0].key, &f->key))
		counted = fold_count(f, &e->way[0], 0, out, in);
	else if (fold_same(&e->way[1].key, &f->key))
		counted = fold_count(f, &e->way[1], 1, out, in);
	else
		fold_claim(f, e);
	fold_let_go(e);
	return counted;
}

/* fold_keep - keeps the @len bytes of a record that is about to be sent, if that is due */
static __always_inline void fold_keep(struct fold *f, const void *record, __u32 len) {
	__u64 n = len;
	struct knobs_fold_entry *e;
	struct knobs_fold *w;

	if (!f->keep)
		return;
	e = bpf_map_lookup_elem(&folds, &f->at);
	if (!e || !fold_hold(e))
		return;
	w = f->keep == 1 ? &e->way[0] : &e->way[1];
	if (fold_same(&w->key, &f->key) && !w->count) {
		/* in a register: of one read back twice the verifier of 6.1 forgets the bound */
		barrier_var(n);
		if (n > KNOBS_FOLD_BYTES)
			w->len = KNOBS_FOLD_TOO_LONG;
		else if (!bpf_probe_read_kernel(w->record, (__u32)n, record))
			w->len = (__u32)n;
	}
	fold_let_go(e);
}

#endif
