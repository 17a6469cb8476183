/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * limit.h - how many deeds of one kind a process, and a cgroup, may have told in a second
 *
 * What folds cannot help against is a process that does a hundred thousand
 * different deeds: it would fill the ring, and others' deeds would be lost. So
 * of each kind of deed but fork, exec and exit (WIRE_KIND_IS_LIFE) a process has
 * so many told whole in a window of a second, and those past it are counted in
 * the map `limits`; user space tells them once a second, naming who did most of
 * them (HOST_LIMIT). Nothing is dropped: a deed is told, or in such a number. When
 * its entry cannot count it, because another holds or fills it, nobody is named.
 *
 * Asked at emit.h, behind the folds: what is folded is not counted here. A kind
 * has a budget of its own, so that a flood of opens does not hide a connect; and
 * so have changes of files by a name that is watched (watch_notable()), so that
 * it does not hide the one that matters. While less than half of the ring is
 * free, each has less, down to KNOBS_LIMIT_LAST: many processes shall not do
 * together what one cannot.
 * Deeds of nobody (the end of a connection, seen in an interrupt) have no limit.
 */
#ifndef LAPWING_LIMIT_H
#define LAPWING_LIMIT_H

#include "cgroup.h"
#include "maps.h"

#define LIMIT_SPARE 4 /* what is not WIRE_KIND_IS_LIFE gets that part of ring_process, no more */

static __always_inline __u32 limit_hash(__u64 id, __u32 kind) {
	return (__u32)((id + kind) * 0x9e3779b97f4a7c15 >> 40);
}

/* limit_hold - the entry @at, which nobody else looks at until limit_let_go(); or NULL */
static __always_inline struct knobs_limit *limit_hold(__u32 at) {
	struct knobs_limit *e = bpf_map_lookup_elem(&limits, &at);

	return e && __sync_val_compare_and_swap(&e->busy, 0, 1) == 0 ? e : NULL;
}

/* A swap, because other CPUs and user space must see all that was written before it. */
static __always_inline void limit_let_go(struct knobs_limit *e) {
	(void)__sync_lock_test_and_set(&e->busy, 0);
}

/* limit_user - whose deeds @e counts: the current task's. Not static, see limit_ask(). */
__noinline int limit_user(struct knobs_limit *e) {
	const struct cred *cred = bpf_get_current_task_btf()->real_cred;

	if (!e)
		return 0;
	e->uid = cred->uid.val;
	e->gid = cred->gid.val;
	e->euid = cred->euid.val;
	return 0;
}

/* limit_group - cgroup_id() of the current task. Not static, see limit_ask(). */
__noinline __u64 limit_group(void) {
	return cgroup_id(bpf_get_current_task_btf());
}

/*
 * limit_own - makes @e that of these deeds; false: it has others' to tell yet
 * Its window goes on: who take an entry from one another in turns share one limit.
 */
static __always_inline bool limit_own(struct knobs_limit *e, __u64 id, __u32 tgid, __u32 kind) {
	if (e->id == id && e->tgid == tgid && e->kind == kind)
		return true;
	if (e->over[WIRE_LIMIT_PROCESS] || e->over[WIRE_LIMIT_CGROUP])
		return false;
	e->id = id;
	e->tgid = tgid;
	e->kind = kind;
	limit_user(e);
	return true;
}

/* limit_lasts - whether a window that began at @began goes on */
static __always_inline bool limit_lasts(__u64 began, __u64 now) {
	return (__s64)(now - began) < (__s64)KNOBS_LIMIT_WINDOW_NS;
}

/*
 * limit_within - whether one more deed of @e is within @rate
 * Also of an entry that another holds, who may be off the CPU for long: one begins a window.
 */
static __always_inline bool limit_within(struct knobs_limit *e, __u64 now, __u32 rate) {
	__u64 began = e->began_ns;

	if (!limit_lasts(began, now) &&
	    __sync_val_compare_and_swap(&e->began_ns, began, now) == began)
		e->told = 0;
	if (e->told >= rate)
		return false;
	__sync_fetch_and_add(&e->told, 1);
	return true;
}

static __always_inline void limit_mark(__u32 at) {
	__u32 zero = 0;
	struct knobs_limit_marks *m = bpf_map_lookup_elem(&limit_marks, &zero);

	if (m)
		__sync_fetch_and_or(&m->bits[at / 64 & 63], 1ull << at % 64);
}

static __always_inline void limit_count(struct knobs_limit *e, __u32 at, __u32 by, __u64 cgroup,
					__u64 now) {
	if (!e->over[WIRE_LIMIT_PROCESS] && !e->over[WIRE_LIMIT_CGROUP]) {
		e->first_ns = e->last_ns = now;
		limit_mark(at);
	}
	e->over[by & 1]++;
	/* who lost the CPU before it held the entry comes with an older time */
	if (now < e->first_ns)
		e->first_ns = now;
	if (now > e->last_ns)
		e->last_ns = now;
	e->cgroup = cgroup;
}

/*
 * limit_place - where the entry is of deeds of @kind by the process @tgid that began at @start
 * One of a few: its own; or else, of those with no number to tell, the one that has told least in
 * its window, so that who says much keeps its entry, and with it its limit. Read while others
 * change them: a guess until it is held.
 */
static __always_inline __u32 limit_place(__u64 start, __u32 tgid, __u32 kind, __u64 now) {
	__u32 at = limit_hash(start ^ (__u64)tgid << 40, kind) & (KNOBS_LIMIT_PROCESSES - 1);
	__u32 found = at, least = ~0u;

	for (__u32 i = 0; i < KNOBS_LIMIT_WAYS; i++) {
		__u32 way = at ^ i, told;
		struct knobs_limit *e = bpf_map_lookup_elem(&limits, &way);

		if (!e)
			break;
		if (e->id == start && e->tgid == tgid && e->kind == kind)
			return way;
		if (e->over[WIRE_LIMIT_PROCESS] || e->over[WIRE_LIMIT_CGROUP])
			continue;
		told = limit_lasts(e->began_ns, now) ? e->told : 0;
		if (told < least) {
			least = told;
			found = way;
		}
	}
	return found;
}

/* limit_place_of_group - the same of deeds of @kind by the processes of @cgroup together */
static __always_inline __u32 limit_place_of_group(__u64 cgroup, __u32 kind) {
	return KNOBS_LIMIT_PROCESSES +
	       (limit_hash(cgroup, kind) & (KNOBS_LIMITS - KNOBS_LIMIT_PROCESSES - 1));
}

/* limit_free - how many eighths of the room for such deeds are free */
static __always_inline __u64 limit_free(__u32 kind) {
	bool life = (kind & (KNOBS_LIMIT_NOTABLE - 1)) / 16 == WIRE_PROCESS_FORK / 16;
	void *ring = life ? (void *)&ring_process : (void *)&ring_bulk;
	__u64 size = bpf_ringbuf_query(ring, BPF_RB_RING_SIZE) / (life ? LIMIT_SPARE : 1);
	__u64 used = bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA);

	return used < size ? (size - used) * 8 / size : 0;
}

/* limit_rate - how many a second the process of @e has */
static __always_inline __u32 limit_rate(const struct knobs_limit *e) {
	__u32 rate = knobs.limit_process, low;
	__u64 free;

	if (e->told < KNOBS_LIMIT_LAST)
		return rate;
	free = limit_free(e->kind);
	if (free > 3)
		return rate;
	low = KNOBS_LIMIT_LAST << 2 * free;
	return low < rate ? low : rate;
}

/* limit_other - counts a deed that is over a limit, enum wire_limit @by, where no entry can */
static __always_inline bool limit_other(__u32 kind, __u32 by) {
	__u32 zero = 0;
	struct knobs_limit_others *o = bpf_map_lookup_elem(&limit_others, &zero);

	if (!o)
		return false;
	__sync_fetch_and_add(&o->over[by][kind % WIRE_KIND_MAX], 1);
	return true;
}

/* limit_raced - the same for an entry that another holds just now, when it is of these deeds */
static __always_inline bool limit_raced(__u32 at, __u64 id, __u32 tgid, __u32 kind, __u64 now) {
	struct knobs_limit *e = bpf_map_lookup_elem(&limits, &at);

	if (!e || e->id != id || e->tgid != tgid || e->kind != kind)
		return false;
	if (tgid)
		return !limit_within(e, now, limit_rate(e)) &&
		       limit_other(kind, WIRE_LIMIT_PROCESS);
	return !limit_within(e, now, knobs.limit_cgroup) && limit_other(kind, WIRE_LIMIT_CGROUP);
}

/* limit_cgroup - whether one more deed of @task is over the limit of its cgroup */
static __always_inline bool limit_cgroup(__u32 kind, struct task_struct *task) {
	__u64 cgroup = limit_group(), now = bpf_ktime_get_boot_ns(), start;
	__u32 at = limit_place_of_group(cgroup, kind);
	struct knobs_limit *e = limit_hold(at), *m;
	__u32 mine;
	bool over;

	if (!e)
		return limit_raced(at, cgroup, 0, kind, now);
	over = limit_own(e, cgroup, 0, kind) && !limit_within(e, now, knobs.limit_cgroup);
	if (over) {
		/* by the process, whose name is worth more */
		start = task->group_leader->start_boottime;
		mine = limit_place(start, (__u32)task->tgid, kind, now);
		m = limit_hold(mine);
		if (m && limit_own(m, start, (__u32)task->tgid, kind))
			limit_count(m, mine, WIRE_LIMIT_CGROUP, cgroup, now);
		else
			limit_count(e, at, WIRE_LIMIT_CGROUP, cgroup, now);
		if (m)
			limit_let_go(m);
	}
	limit_let_go(e);
	return over;
}

/*
 * limit_process - whether one more deed of @task is over the limit of its process
 * When all its entries have others' deeds to tell, it shares the budget of one.
 */
static __always_inline bool limit_process(__u32 kind, struct task_struct *task) {
	__u64 start = task->group_leader->start_boottime, now = bpf_ktime_get_boot_ns();
	__u32 at = limit_place(start, (__u32)task->tgid, kind, now);
	struct knobs_limit *e = limit_hold(at);
	bool over, own;

	if (!e)
		return limit_raced(at, start, (__u32)task->tgid, kind, now);
	own = limit_own(e, start, (__u32)task->tgid, kind);
	over = !limit_within(e, now, limit_rate(e));
	if (own && over)
		limit_count(e, at, WIRE_LIMIT_PROCESS, limit_group(), now);
	limit_let_go(e);
	return over && (own || limit_other(kind, WIRE_LIMIT_PROCESS));
}

/*
 * limit_ask - whether one more deed of the current task is over a limit
 * Not static, so that the verifier looks at it once (syscall.h).
 */
__noinline int limit_ask(__u32 kind) {
	struct task_struct *task = bpf_get_current_task_btf();

	return (knobs.limit_process && limit_process(kind, task)) ||
	       (knobs.limit_cgroup && limit_cgroup(kind, task));
}

/*
 * limit_over - whether a deed is only counted, and needs no record
 * @kind: with KNOBS_LIMIT_NOTABLE, if it is
 * @task: the doer; of a kind that has a limit the current one, or NULL
 */
static __always_inline bool limit_over(__u32 kind, struct task_struct *task) {
	if (WIRE_KIND_IS_LIFE(kind) || !(knobs.limit_process || knobs.limit_cgroup))
		return false;
	return task && (__u32)task->tgid != knobs.self_tgid && limit_ask(kind);
}

#endif
