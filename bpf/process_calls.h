/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * process_calls.h - changes of credentials and session, by system calls
 *
 * The end of process.bpf.c, for kernels that refuse the hooks there.
 */
#ifndef LAPWING_PROCESS_CALLS_H
#define LAPWING_PROCESS_CALLS_H

#include "syscall.h"

#define CALL_IN_RANGE(nr) ((nr) >= SYSCALL_IDS_FIRST && (nr) <= SYSCALL_IDS_LAST)
_Static_assert(CALL_IN_RANGE(NR_setuid) && CALL_IN_RANGE(NR_setgid) && CALL_IN_RANGE(NR_setsid) &&
		       CALL_IN_RANGE(NR_setreuid) && CALL_IN_RANGE(NR_setregid) &&
		       CALL_IN_RANGE(NR_setresuid) && CALL_IN_RANGE(NR_setresgid) &&
		       CALL_IN_RANGE(NR_setfsuid) && CALL_IN_RANGE(NR_setfsgid) &&
		       CALL_IN_RANGE(NR_capset),
	       "a call outside of the range is never looked at");

/* call_changes - whether call @nr, which did not fail, may have changed ids or capabilities */
static __always_inline bool call_changes(int nr, struct pt_regs *regs, long ret) {
	switch (nr) {
	case NR_setuid:
	case NR_setgid:
	case NR_capset:
		return true;
	case NR_setreuid:
	case NR_setregid:
		return ((__u32)SYSCALL_ARG1(regs) & (__u32)SYSCALL_ARG2(regs)) != ~0u;
	case NR_setresuid:
	case NR_setresgid:
		return ((__u32)SYSCALL_ARG1(regs) & (__u32)SYSCALL_ARG2(regs) &
			(__u32)SYSCALL_ARG3(regs)) != ~0u;
	case NR_setfsuid:
	case NR_setfsgid:
		/* they give the id before, whatever they did */
		return (__u32)SYSCALL_ARG1(regs) != ~0u && (__u32)SYSCALL_ARG1(regs) != (__u32)ret;
	default:
		return false;
	}
}

enum call_change { CALL_NONE, CALL_CREDENTIALS, CALL_SESSION };

static __always_inline int call_change(struct pt_regs *regs, long ret) {
	int nr = SYSCALL_NR(regs);

	/* a range first: this runs at the end of every call */
	if (!CALL_IN_RANGE(nr))
		return CALL_NONE;
	if (nr == NR_setsid)
		return CALL_SESSION;
	return call_changes(nr, regs, ret) ? CALL_CREDENTIALS : CALL_NONE;
}

static __noinline int call_change_foreign(struct pt_regs *regs, long ret) {
	struct pt_regs own;

	return syscall_own(&own, regs) ? call_change(&own, ret) : CALL_NONE;
}

/*
 * Why: tells changes of credentials and session where the hooks of process.bpf.c are refused.
 * Kernel: trace_sys_exit() of the architecture's entry code, after the call.
 * Blind spots: on arm64 32-bit calls are not seen; what the credentials were before cannot be told
 * (WIRE_OLD_UNKNOWN), so that a call that asks for what is there already is told as well, up to the
 * limit of a process; a setfsuid(2) that was not allowed is told with the ids unchanged, and so is
 * a call that a seccomp filter or a tracer kept from being done, with a result that says it was.
 */
SEC("tp_btf/sys_exit")
int BPF_PROG(process_sys_exit, struct pt_regs *regs, long ret) {
	struct task_struct *task = bpf_get_current_task_btf();
	struct wire_process_credentials *e;
	int change;

	if (ret < 0)
		return 0;
	change = syscall_foreign(task) ? call_change_foreign(regs, ret) : call_change(regs, ret);
	if (change == CALL_SESSION && gate_call(WIRE_PROCESS_SESSION))
		return session_begun(WIRE_HOOK_TP_SYS_EXIT, task);
	if (change != CALL_CREDENTIALS)
		return 0;
	if (!gate_call(WIRE_PROCESS_CREDENTIALS) || !gate_task(task))
		return 0;
	e = emit_fixed(&ring_process, WIRE_PROCESS_CREDENTIALS, WIRE_HOOK_TP_SYS_EXIT, sizeof(*e),
		       task);
	if (!e)
		return 0;
	e->head.flags |= WIRE_OLD_UNKNOWN;
	__builtin_memset(&e->old, 0, sizeof(e->old));
	task_ids(&e->new, task->real_cred);
	emit_submit(&ring_process, &e->head);
	return 0;
}

#endif
