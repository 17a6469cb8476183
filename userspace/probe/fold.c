/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fold.c - equal deeds that hooks only counted (bpf/fold.h), told as one record
 *
 * The maps are shared with the hooks, and bpf(2) is forbidden by the time this
 * runs, so an entry is held as a hook holds it: by swapping its `busy`. Hooks do
 * not wait for us, and we do not for them: what is held stays marked, and is
 * looked at the next time.
 */
#include "probe/probe_impl.h"

#include <poll.h>
#include <string.h>

#define LAST_TRIES 1000 /* of a millisecond each, for entries that are held when all is detached */

int fold_map(struct probe *p) {
	void *at;
	int err = probe_map_shared(p, "folds", KNOBS_FOLDS * sizeof(*p->folds), &at);

	if (err)
		return err;
	p->folds = at;
	err = probe_map_shared(p, "fold_marks", sizeof(*p->fold_marks), &at);
	if (!err)
		p->fold_marks = at;
	return err;
}

void fold_unmap(struct probe *p) {
	probe_unmap_shared(p, p->folds, KNOBS_FOLDS * sizeof(*p->folds));
	probe_unmap_shared(p, p->fold_marks, sizeof(*p->fold_marks));
}

/* A fold as a record, with room for the one within. */
struct draft {
	struct wire_host_fold fold;
	char record[KNOBS_FOLD_BYTES];
};
_Static_assert(sizeof(struct wire_host_fold) % 8 == 0, "the record within is aligned");

/* take - moves what @w has counted into @d, and ends its window; false: nothing is due */
static bool take(struct knobs_fold *w, uint64_t now_ns, bool all, struct draft *d) {
	struct wire_header *within = (struct wire_header *)d->record;
	uint32_t len = w->len;

	if (!w->count || len > sizeof(d->record) || len < sizeof(*within))
		return false;
	if (!all && now_ns - w->began_ns < KNOBS_FOLD_WINDOW_NS)
		return false;
	memcpy(d->record, w->record, len);
	within->len = len;
	d->fold = (struct wire_host_fold){
		.head = { .ts_ns = w->last_ns,
			  .len = (uint32_t)sizeof(d->fold) + len,
			  .flags = WIRE_NO_TASK,
			  .cpu = PROBE_NO_CPU,
			  .kind = WIRE_HOST_FOLD,
			  .outcome = WIRE_SUCCEEDED },
		.count = w->count,
		.first_ns = w->first_ns,
		.last_ns = w->last_ns,
		.bytes_out = w->bytes_out,
		.bytes_in = w->bytes_in,
	};
	w->count = w->bytes_out = w->bytes_in = 0;
	w->began_ns = 0;
	return true;
}

/* tell - the records of one entry; 1: a hook holds it */
static int tell(struct probe *p, uint32_t n, uint64_t now_ns, bool all, uint64_t *seq,
		probe_record_fn cb, void *ctx) {
	struct knobs_fold_entry *e = &p->folds[n];
	struct draft drafts[KNOBS_FOLD_WAYS];
	int due = 0, err = 0;
	bool more = false;
	uint32_t free = 0;

	if (!__atomic_compare_exchange_n(&e->busy, &free, 1, false, __ATOMIC_ACQUIRE,
					 __ATOMIC_RELAXED))
		return 1;
	for (int i = 0; i < KNOBS_FOLD_WAYS; i++) {
		due += take(&e->way[i], now_ns, all, &drafts[due]);
		more |= e->way[i].count != 0;
	}
	if (!more)
		__atomic_fetch_and(&p->fold_marks->bits[n / 64], ~(1ull << n % 64),
				   __ATOMIC_RELAXED);
	__atomic_store_n(&e->busy, 0, __ATOMIC_RELEASE);
	for (int i = 0; i < due && err >= 0; i++) {
		drafts[i].fold.head.seq = (*seq)++;
		err = cb(ctx, &drafts[i], drafts[i].fold.head.len);
	}
	return err < 0 ? err : 0;
}

/* tell_all - one round over the marks; how many entries were held, or what @cb returned */
static int tell_all(struct probe *p, uint64_t now_ns, bool all, uint64_t *seq, probe_record_fn cb,
		    void *ctx) {
	int held = 0;

	for (uint32_t word = 0; word < KNOBS_FOLDS / 64; word++) {
		uint64_t bits = __atomic_load_n(&p->fold_marks->bits[word], __ATOMIC_RELAXED);

		for (; bits; bits &= bits - 1) {
			int r = tell(p, word * 64 + (uint32_t)__builtin_ctzll(bits), now_ns, all,
				     seq, cb, ctx);

			if (r < 0)
				return r;
			held += r;
		}
	}
	return held;
}

int probe_folds(struct probe *p, uint64_t now_ns, bool all, uint64_t *seq, probe_record_fn cb,
		void *ctx) {
	int r, over;

	if (!p->folds)
		return 0;
	over = limit_tell(p, now_ns, all, seq, cb, ctx);
	if (over < 0)
		return over;
	r = tell_all(p, now_ns, all, seq, cb, ctx);
	/* a hook that was under way when it was detached ends soon */
	for (int i = 0; all && r > 0 && i < LAST_TRIES; i++) {
		(void)poll(NULL, 0, 1);
		r = tell_all(p, now_ns, all, seq, cb, ctx);
	}
	return r < 0 ? r : r + over;
}
