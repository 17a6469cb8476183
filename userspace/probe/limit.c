/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limit.c - deeds past a limit (bpf/limit.h), told once a second
 *
 * Those who did most of them are told one by one; what is left of each kind is
 * one record, so that however many there are, they cannot fill the stream.
 */
#include "probe/probe_impl.h"

#include <poll.h>
#include <string.h>

#define TALKERS 8	/* that are named, of each second */
#define LAST_TRIES 1000 /* of a millisecond each, for entries that are held when all is detached */

/* One second's summary. */
struct summary {
	struct wire_host_limit top[TALKERS]; /* the largest first */
	int n;
	struct wire_host_limit rest[WIRE_KIND_MAX][WIRE_LIMIT_MAX];
};

int limit_map(struct probe *p) {
	void *at;
	int err = probe_map_shared(p, "limits", KNOBS_LIMITS * sizeof(*p->limits), &at);

	if (err)
		return err;
	p->limits = at;
	err = probe_map_shared(p, "limit_marks", sizeof(*p->limit_marks), &at);
	if (err)
		return err;
	p->limit_marks = at;
	err = probe_map_shared(p, "limit_others", sizeof(*p->limit_others), &at);
	if (!err)
		p->limit_others = at;
	return err;
}

void limit_unmap(struct probe *p) {
	probe_unmap_shared(p, p->limits, KNOBS_LIMITS * sizeof(*p->limits));
	probe_unmap_shared(p, p->limit_marks, sizeof(*p->limit_marks));
	probe_unmap_shared(p, p->limit_others, sizeof(*p->limit_others));
}

/* add - to what nobody is named for */
static void add(struct summary *s, const struct wire_host_limit *l) {
	struct wire_host_limit *r = &s->rest[l->kind][l->by];

	if (!r->count) {
		*r = *l;
		r->head.flags = WIRE_NO_TASK;
		r->head.tgid = r->head.tid = 0;
		r->head.start_ns = 0;
		return;
	}
	r->count += l->count;
	r->talkers += l->talkers;
	if (l->first_ns < r->first_ns)
		r->first_ns = l->first_ns;
	if (l->last_ns > r->last_ns)
		r->last_ns = l->last_ns;
	if (r->cgroup != l->cgroup)
		r->cgroup = 0;
}

/* place - among the largest, if it is one; who has to go for that is added to the rest */
static void place(struct summary *s, const struct wire_host_limit *l) {
	int at = s->n;

	while (at > 0 && s->top[at - 1].count < l->count)
		at--;
	if (!l->talkers || at == TALKERS) {
		add(s, l);
		return;
	}
	if (s->n == TALKERS)
		add(s, &s->top[--s->n]);
	memmove(&s->top[at + 1], &s->top[at], (size_t)(s->n - at) * sizeof(*l));
	s->top[at] = *l;
	s->n++;
}

static uint32_t rate_of(const struct probe *p, uint32_t by) {
	return by == WIRE_LIMIT_PROCESS ? p->options.volume.limit_process
					: p->options.volume.limit_cgroup;
}

/* take - what entry @n has to tell; false: a hook holds it */
static bool take(struct probe *p, uint32_t n, struct summary *s) {
	struct knobs_limit *e = &p->limits[n], was;
	uint32_t free = 0;

	if (!__atomic_compare_exchange_n(&e->busy, &free, 1, false, __ATOMIC_ACQUIRE,
					 __ATOMIC_RELAXED))
		return false;
	was = *e;
	memset(e->over, 0, sizeof(e->over));
	__atomic_fetch_and(&p->limit_marks->bits[n / 64], ~(1ull << n % 64), __ATOMIC_RELAXED);
	__atomic_store_n(&e->busy, 0, __ATOMIC_RELEASE);
	for (uint32_t by = 0; by < WIRE_LIMIT_MAX; by++) {
		struct wire_host_limit l = {
			.head = { .ts_ns = was.last_ns,
				  .start_ns = was.tgid ? was.id : 0,
				  .len = sizeof(l),
				  .tgid = was.tgid,
				  .tid = was.tgid,
				  .uid = was.uid,
				  .gid = was.gid,
				  .euid = was.euid,
				  .flags = was.tgid ? 0 : WIRE_NO_TASK,
				  .cpu = PROBE_NO_CPU,
				  .kind = WIRE_HOST_LIMIT,
				  .outcome = WIRE_SUCCEEDED },
			.count = was.over[by],
			.first_ns = was.first_ns,
			.last_ns = was.last_ns,
			.cgroup = was.cgroup,
			.kind = was.kind % WIRE_KIND_MAX,
			.by = by,
			.rate = rate_of(p, by),
			.talkers = was.tgid != 0,
		};

		if (l.count)
			place(s, &l);
	}
	return true;
}

/* take_all - how many entries were held */
static int take_all(struct probe *p, struct summary *s) {
	int held = 0;

	for (uint32_t word = 0; word < KNOBS_LIMITS / 64; word++) {
		uint64_t bits = __atomic_load_n(&p->limit_marks->bits[word], __ATOMIC_RELAXED);

		for (; bits; bits &= bits - 1)
			held += !take(p, word * 64 + (uint32_t)__builtin_ctzll(bits), s);
	}
	return held;
}

/* take_others - what no entry could count, of the time since the last call */
static void take_others(struct probe *p, uint64_t now_ns, struct summary *s) {
	for (uint32_t i = 0; i < WIRE_KIND_MAX * WIRE_LIMIT_MAX; i++) {
		uint32_t kind = i / WIRE_LIMIT_MAX, by = i % WIRE_LIMIT_MAX;
		__u64 *over = &p->limit_others->over[by][kind];
		struct wire_host_limit l = {
			.head = { .ts_ns = now_ns,
				  .len = sizeof(l),
				  .flags = WIRE_NO_TASK,
				  .cpu = PROBE_NO_CPU,
				  .kind = WIRE_HOST_LIMIT,
				  .outcome = WIRE_SUCCEEDED },
			.first_ns = p->limits_told_ns,
			.last_ns = now_ns,
			.kind = kind,
			.by = by,
			.rate = rate_of(p, by),
		};

		if (!__atomic_load_n(over, __ATOMIC_RELAXED))
			continue;
		l.count = __atomic_exchange_n(over, 0, __ATOMIC_RELAXED);
		add(s, &l);
	}
}

static int tell(struct wire_host_limit *l, uint64_t *seq, probe_record_fn cb, void *ctx) {
	l->head.seq = (*seq)++;
	return cb(ctx, l, sizeof(*l));
}

int limit_tell(struct probe *p, uint64_t now_ns, bool all, uint64_t *seq, probe_record_fn cb,
	       void *ctx) {
	static struct summary s;
	int held, err = 0;

	if (!all && now_ns - p->limits_told_ns < KNOBS_LIMIT_WINDOW_NS)
		return 0;
	memset(&s, 0, sizeof(s));
	held = take_all(p, &s);
	for (int i = 0; all && held && i < LAST_TRIES; i++) {
		(void)poll(NULL, 0, 1);
		held = take_all(p, &s);
	}
	take_others(p, now_ns, &s);
	p->limits_told_ns = now_ns;
	for (int i = 0; i < s.n && err >= 0; i++)
		err = tell(&s.top[i], seq, cb, ctx);
	for (uint32_t i = 0; i < WIRE_KIND_MAX * WIRE_LIMIT_MAX && err >= 0; i++) {
		struct wire_host_limit *l = &s.rest[i / WIRE_LIMIT_MAX][i % WIRE_LIMIT_MAX];

		if (l->count)
			err = tell(l, seq, cb, ctx);
	}
	return err < 0 ? err : held;
}
