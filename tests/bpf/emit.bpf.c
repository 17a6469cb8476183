/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * emit.bpf.c - bpf/emit.h run in the kernel, on numbers that emit_test.c gives
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#include "emit.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* inputs */
__u32 claims;
char text[64];
__u32 max;
__u32 asks;
bool hold; /* as a thread that is off the CPU does */

/* outputs */
__u32 told;
__u32 claimed;
__u32 length;
__u32 string_off, string_len;
__u32 held; /* bytes in ring_process */

/*
 * Why: a fifth hook at once on one CPU must lose its record, and say so.
 * Kernel: run by BPF_PROG_RUN, in the caller.
 * Blind spots: one task only; preemption is what the live storms try.
 */
SEC("syscall")
int emit_slots(void *ctx) {
	struct slot *held[8] = {};

	claimed = 0;
	for (__u32 i = 0; i < 8; i++) {
		if (i >= claims)
			break;
		held[i] = emit_begin(WIRE_FILE_OPEN, WIRE_HOOK_NONE, sizeof(struct wire_header),
				     NULL);
		if (held[i])
			claimed++;
	}
	for (__u32 i = 0; i < 8; i++)
		if (held[i])
			emit_end(held[i], &ring_bulk);
	return 0;
}

/*
 * Why: a string is named by where it stands, and cut at its bound.
 * Kernel: run by BPF_PROG_RUN, in the caller.
 * Blind spots: kernel strings only.
 */
SEC("syscall")
int emit_string(void *ctx) {
	struct wire_str name = {};
	struct slot *s;

	s = emit_begin(WIRE_FILE_OPEN, WIRE_HOOK_NONE, sizeof(struct wire_header), NULL);
	if (!s)
		return 0;
	emit_str(s, &name, text, 16, EMIT_KERNEL);
	string_off = name.off;
	string_len = name.len;
	length = s->len;
	emit_end(s, &ring_bulk);
	return 0;
}

static __always_inline int emit_life(__u32 kind) {
	struct wire_header *h = emit_fixed(&ring_process, kind, WIRE_HOOK_NONE, sizeof(*h), NULL);

	if (h)
		emit_submit(&ring_process, h);
	held = (__u32)bpf_ringbuf_query(&ring_process, BPF_RB_AVAIL_DATA);
	return 0;
}

/*
 * Why: whoever begins sessions, or changes credentials, must not push out an exec.
 * Kernel: run by BPF_PROG_RUN, in the caller.
 * Blind spots: records of a fixed size only.
 */
SEC("syscall")
int emit_session(void *ctx) {
	return emit_life(WIRE_PROCESS_SESSION);
}

/*
 * Why: the same ring to its end.
 * Kernel: run by BPF_PROG_RUN, in the caller.
 * Blind spots: the same.
 */
SEC("syscall")
int emit_exit(void *ctx) {
	return emit_life(WIRE_PROCESS_EXIT);
}

/*
 * Why: what one thread holds while it has no CPU must not be without limit for the others.
 * Kernel: run by BPF_PROG_RUN, in the caller.
 * Blind spots: one task only.
 */
SEC("syscall")
int emit_limits(void *ctx) {
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 start = task->group_leader->start_boottime;
	__u32 at = limit_place(start, (__u32)task->tgid, WIRE_FILE_OPEN,
			       bpf_ktime_get_boot_ns());
	__u32 with = limit_place_of_group(limit_group(), WIRE_FILE_OPEN);
	struct knobs_limit *e = NULL, *g = NULL;

	told = 0;
	if (hold) {
		e = limit_hold(at);
		g = limit_hold(with);
		if (!e || !g)
			told = ~0u >> 1;
	}
	for (__u32 i = 0; i < 1000 && i < asks; i++)
		told += !limit_ask(WIRE_FILE_OPEN);
	if (e)
		limit_let_go(e);
	if (g)
		limit_let_go(g);
	return 0;
}
