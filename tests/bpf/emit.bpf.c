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

/* outputs */
__u32 claimed;
__u32 length;
__u32 string_off, string_len;

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
