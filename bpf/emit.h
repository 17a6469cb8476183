/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * emit.h - the only door to the ring
 *
 * A record of fixed size is built in the ring itself (emit_fixed, emit_submit).
 * One with strings grows in a claimed slot (emit_begin, emit_str, emit_end):
 * hooks preempt one another on one CPU and end in any order, so per-CPU memory
 * is not exclusive and a nesting counter would be wrong. A slot is claimed by
 * compare-and-swap, which is right on every kernel that has it (5.12).
 *
 * The length so far is kept in the slot, not on the stack: what a bpf_loop()
 * callback does to the stack is not seen in full by every verifier, while what
 * is read from a map value must be checked anew.
 *
 * Every record takes a number of its CPU's sequence before anything can fail,
 * so each loss is a counter here and a hole there.
 */
#ifndef LAPWING_EMIT_H
#define LAPWING_EMIT_H

#include "limit.h"
#include "maps.h"

#define EMIT_WAKE_EVERY 32 /* records of a CPU between two looks at how full the ring is */

static __always_inline void emit_lost(__u32 kind, enum wire_loss cause) {
	__u32 cpu = bpf_get_smp_processor_id();
	struct knobs_losses *l = bpf_map_lookup_elem(&losses, &cpu);

	/* a remainder, for the verifier: a comparison is compiled to a test of the sign */
	if (l)
		__sync_fetch_and_add(&l->lost[kind % WIRE_KIND_MAX][cause], 1);
}

static __always_inline __u64 emit_sequence(__u32 cpu) {
	struct knobs_sequence *s = bpf_map_lookup_elem(&sequences, &cpu);

	return s ? __sync_fetch_and_add(&s->next, 1) : 0;
}

/* emit_task - whose deed it is, but for @h's start_ns */
static __always_inline void emit_task(struct wire_header *h, struct task_struct *task) {
	/* what a task is, not what the kernel lends it for a while (overlayfs) */
	const struct cred *cred = task->real_cred;

	h->flags = 0;
	h->execs = (__u32)task->self_exec_id;
	h->tgid = (__u32)task->tgid;
	h->tid = (__u32)task->pid;
	h->uid = cred->uid.val;
	h->gid = cred->gid.val;
	h->euid = cred->euid.val;
}

/* emit_current - the current task's deed. Not static, so that it is verified once (syscall.h). */
__noinline int emit_current(struct wire_header *h) {
	struct task_struct *task = bpf_get_current_task_btf();

	if (!h)
		return 0;
	emit_task(h, task);
	h->start_ns = task->group_leader->start_boottime;
	return 0;
}

/* emit_start - when @task began; asked for before a record has one of several places */
static __always_inline __u64 emit_start(__u32 hook, struct task_struct *task) {
	return task && hook != WIRE_HOOK_TP_SYS_EXIT ? task->group_leader->start_boottime : 0;
}

/*
 * emit_header - stamps a record as a deed of @task; NULL: nobody's, WIRE_NO_TASK
 * @start_ns: emit_start(). The end of a call is told of the current task, by as few instructions
 * for the verifier as can be; other hooks, by as few when they run.
 */
static __always_inline void emit_header(struct wire_header *h, __u32 kind, __u32 hook, __u32 len,
					__u32 cpu, struct task_struct *task, __u64 start_ns) {
	/* the clock of a birth was read when the kernel set its start, a moment ago */
	h->ts_ns = kind == WIRE_PROCESS_FORK ? start_ns : bpf_ktime_get_boot_ns();
	/*
	 * The census is not sent through a ring, and a trial's deeds of our own end in the sensor:
	 * they have no part in the rings' numbers.
	 */
	h->seq = kind == WIRE_PROCESS_CENSUS ||
				 (task && (__u32)task->tgid == knobs.self_tgid)
			 ? 0
			 : emit_sequence(cpu);
	h->len = len;
	h->cpu = (__u16)cpu;
	h->kind = (__u8)kind;
	h->outcome = WIRE_SUCCEEDED;
	h->hook = (__u16)hook;
	h->error = 0;
	if (task && hook == WIRE_HOOK_TP_SYS_EXIT) {
		emit_current(h);
	} else if (task) {
		emit_task(h, task);
		h->start_ns = start_ns;
	} else {
		h->flags = WIRE_NO_TASK;
		h->execs = 0;
		h->start_ns = 0;
		h->tgid = 0;
		h->tid = 0;
		h->uid = 0;
		h->gid = 0;
		h->euid = 0;
	}
}

/* emit_wake - mostly "no": the reader comes by on its own clock, unless the ring fills */
static __always_inline __u64 emit_wake(void *ring, __u64 seq) {
	if (seq % EMIT_WAKE_EVERY == 0 &&
	    bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA) > knobs.wake_bytes)
		return BPF_RB_FORCE_WAKEUP;
	return BPF_RB_NO_WAKEUP;
}

/* emit_spare - whether ring_process has room for what is not fork, exec or exit */
static __always_inline bool emit_spare(void) {
	return bpf_ringbuf_query(&ring_process, BPF_RB_AVAIL_DATA) <=
	       bpf_ringbuf_query(&ring_process, BPF_RB_RING_SIZE) / LIMIT_SPARE;
}

/*
 * emit_fixed - a record of @size bytes in @ring, its header stamped
 * NULL: over a limit (limit.h) or lost, and counted. The caller writes every byte behind the
 * header, then calls emit_submit().
 */
static __always_inline void *emit_fixed(void *ring, __u32 kind, __u32 hook, __u64 size,
					struct task_struct *task) {
	__u32 cpu = bpf_get_smp_processor_id();
	struct wire_header *h;
	__u64 start_ns;

	if (limit_over(kind, task))
		return NULL;
	if (ring == &ring_process && !WIRE_KIND_IS_LIFE(kind) && !emit_spare()) {
		(void)emit_sequence(cpu);
		emit_lost(kind, WIRE_LOSS_RESERVED);
		return NULL;
	}
	start_ns = emit_start(hook, task);
	h = bpf_ringbuf_reserve(ring, size, 0);
	if (!h) {
		(void)emit_sequence(cpu);
		emit_lost(kind, WIRE_LOSS_RING_FULL);
		return NULL;
	}
	emit_header(h, kind, hook, (__u32)size, cpu, task, start_ns);
	return h;
}

static __always_inline void emit_submit(void *ring, struct wire_header *h) {
	bpf_ringbuf_submit(h, emit_wake(ring, h->seq));
}

static __always_inline struct slot *emit_claim(__u32 cpu, __u32 i) {
	__u32 key = cpu * KNOBS_SLOTS_PER_CPU + i;
	struct slot *s = bpf_map_lookup_elem(&slots, &key);

	if (s && __sync_val_compare_and_swap(&s->busy, 0, 1) == 0)
		return s;
	return NULL;
}

/* emit_slot - emit_begin() of a deed for which limit.h has been asked */
static __always_inline struct slot *emit_slot(__u32 kind, __u32 hook, __u32 size,
					      struct task_struct *task) {
	__u32 cpu = bpf_get_smp_processor_id();
	__u64 start_ns;
	struct slot *s;

	start_ns = emit_start(hook, task);
	s = emit_claim(cpu, 0);
	for (__u32 i = 1; !s && i < KNOBS_SLOTS_PER_CPU; i++)
		s = emit_claim(cpu, i);
	if (!s) {
		if (kind != WIRE_PROCESS_CENSUS)
			(void)emit_sequence(cpu);
		emit_lost(kind, WIRE_LOSS_NO_SLOT);
		return NULL;
	}
	/* by words: through a char pointer each byte would be an instruction */
	__builtin_memset((__u64 *)(s->rec + sizeof(struct wire_header)), 0,
			 size - sizeof(struct wire_header));
	emit_header((struct wire_header *)s->rec, kind, hook, size, cpu, task, start_ns);
	s->len = size;
	return s;
}

/*
 * emit_begin - a slot that holds @size zeroed bytes with their header stamped
 * NULL: over a limit (limit.h) or lost, and counted. The caller ends with emit_end() on every way
 * out.
 */
static __always_inline struct slot *emit_begin(__u32 kind, __u32 hook, __u32 size,
					       struct task_struct *task) {
	return limit_over(kind, task) ? NULL : emit_slot(kind, hook, size, task);
}

/* emit_deed - emit_begin() of a deed that had come as far as @outcome (enum wire_outcome) */
static __always_inline struct slot *emit_deed(__u32 kind, __u32 hook, __u32 outcome, __u32 size,
					      struct task_struct *task) {
	struct slot *s = emit_begin(kind, hook, size, task);

	if (s)
		((struct wire_header *)s->rec)->outcome = (__u8)outcome;
	return s;
}

/* emit_room - where the next @max bytes go, or NULL when the record is full */
static __always_inline char *emit_room(struct slot *s, __u32 max) {
	__u32 at = s->len;

	if (at > WIRE_MAX_BYTES - max)
		return NULL;
	return s->rec + at;
}

enum emit_source { EMIT_KERNEL, EMIT_USER };

/* emit_str - appends a NUL-terminated string of at most @max bytes, NUL included, and names it */
static __always_inline void emit_str(struct slot *s, struct wire_str *name, const void *from,
				     __u32 max, enum emit_source source) {
	char *to = emit_room(s, max);
	long n;

	if (!to || !from)
		return;
	n = source == EMIT_USER ? bpf_probe_read_user_str(to, max, from)
				: bpf_probe_read_kernel_str(to, max, from);
	if (n < 1 || n > max)
		return;
	name->off = (__u16)s->len;
	name->len = (__u16)(n - 1);
	s->len += (__u32)n;
}

/* emit_send - the @len bytes at @h, of which there is room for @max */
static __always_inline void emit_send(void *ring, struct wire_header *h, __u32 len, __u32 max) {
	if (len <= max) {
		h->len = len;
		if (bpf_ringbuf_output(ring, h, len, emit_wake(ring, h->seq)) &&
		    (h->flags & WIRE_NO_TASK || h->tgid != knobs.self_tgid))
			emit_lost(h->kind, WIRE_LOSS_RING_FULL);
	} else {
		/* every record's parts are bounded to fit; were one not, it would be told */
		emit_lost(h->kind, WIRE_LOSS_NO_SLOT);
	}
}

/* emit_release - gives the slot back; only this CPU's hooks look at it: program order is enough */
static __always_inline void emit_release(struct slot *s) {
	*(volatile __u32 *)&s->busy = 0;
}

/* emit_end - sends exactly what the slot holds, and gives it back */
static __always_inline void emit_end(struct slot *s, void *ring) {
	emit_send(ring, (struct wire_header *)s->rec, s->len, WIRE_MAX_BYTES);
	emit_release(s);
}

/* emit_end_spare - emit_end() to ring_process, of what is not WIRE_KIND_IS_LIFE */
static __always_inline void emit_end_spare(struct slot *s) {
	if (emit_spare()) {
		emit_end(s, &ring_process);
		return;
	}
	emit_lost(((struct wire_header *)s->rec)->kind, WIRE_LOSS_RESERVED);
	emit_release(s);
}

#endif
