/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * process.bpf.c - born, becomes, ends; and who was here before us
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "args.h"
#include "emit.h"
#include "env.h"
#include "gate.h"
#include "image.h"
#include "inode.h"
#include "path.h"
#include "streams.h"
#include "task.h"
#include "trace.h"
#include "version.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define INTERP_BYTES 512    /* a #! line is at most 256, include/uapi/linux/binfmts.h */
#define SIGNAL_GROUP_EXIT 4 /* include/linux/sched/signal.h */
#define TASK_EXITING 4      /* PF_EXITING, include/linux/sched.h */

static __noinline int BPF_PROG(fork_tell, struct task_struct *child, unsigned long clone_flags) {
	struct task_struct *parent;
	struct wire_process_fork *e;
	__u32 tgid = (__u32)child->tgid;

	if (trace_told(TRACE_FORK, (__u32)child->pid, child->start_boottime) ||
	    child->pid != child->tgid)
		return 0;
	parent = bpf_get_current_task_btf();
	if (!gate_task(parent))
		return 0;
	if (knobs.scope == SCOPE_PROCESS) {
		__u8 one = 1;

		if (bpf_map_update_elem(&scope, &tgid, &one, BPF_ANY)) {
			/* all that the child does is lost; its fork stands for that */
			(void)emit_sequence(bpf_get_smp_processor_id());
			emit_lost(WIRE_PROCESS_FORK, WIRE_LOSS_NO_SLOT);
			return 0;
		}
	}
	e = emit_fixed(&ring_process, WIRE_PROCESS_FORK, WIRE_HOOK_TP_NEWTASK, sizeof(*e), child);
	if (!e)
		return 0;
	/* who made it: with CLONE_PARENT real_parent is another */
	e->parent_tgid = (__u32)parent->tgid;
	e->parent_start_ns = parent->group_leader->start_boottime;
	e->clone_flags = clone_flags;
	e->cgroup_id = cgroup_of(child)->kn->id;
	e->pad = 0;
	__builtin_memset(&e->spaces, 0, sizeof(e->spaces));
	task_spaces(&e->spaces, child);
	task_comm(e->comm, child);
	emit_submit(&ring_process, &e->head);
	return 0;
}

/*
 * Why: a process exists from here on; its parent is the one that made it.
 * Kernel: kernel/fork.c copy_process() -> trace_task_newtask(), in the parent, past the last place
 * where making the child can fail.
 * Blind spots: fires for threads too, which are left out; a child that failed to be made is
 * not seen; kernel threads are seen as children of kthreadd.
 */
SEC("tp_btf/task_newtask")
int process_fork(unsigned long long *ctx) {
	return fork_tell(ctx);
}
TRACE_COPIES("tp_btf/task_newtask", process_fork, fork_tell)

static __noinline int BPF_PROG(exec_tell, struct task_struct *task, pid_t old_pid,
			       struct linux_binprm *bprm) {
	struct file *exe = bprm->file; /* mm->exe_file, and to the verifier one that is held */
	/* early, where the verifier comes by once (syscall.h) */
	const char *filename = bprm->filename, *interp = bprm->interp;
	struct mm_struct *mm = task->mm;
	struct wire_process_exec *e;
	struct slot *s;

	/* the process's execs are counted: two of one task differ */
	if (trace_told(TRACE_EXEC, (__u32)task->pid, task->start_boottime + task->self_exec_id) ||
	    !gate_task(task))
		return 0;
	s = emit_begin(WIRE_PROCESS_EXEC, WIRE_HOOK_TP_EXEC, sizeof(*e), task);
	if (!s)
		return 0;
	e = (struct wire_process_exec *)s->rec;
	process_version(e, exe);
	process_image(s, e, task, exe, NULL);
	streams_fill(e);
	emit_str(s, &e->filename, filename, WIRE_PATH_BYTES, EMIT_KERNEL);
	if (interp != filename)
		emit_str(s, &e->interp, interp, INTERP_BYTES, EMIT_KERNEL);
	env_fill(s, task, mm, bprm);
	args_end(s, &ring_process, mm);
	return 0;
}

/*
 * Why: what a process runs, with which arguments and rights, is the heart of every story.
 * Kernel: fs/exec.c exec_binprm() -> trace_sched_process_exec(): after the point of no return,
 * with the new mm, credentials and name in place, so nothing here is another thread's to change.
 * Blind spots: an exec that failed is not seen; of arguments past 128 KiB the middle is left out,
 * and of those past 4 KiB when many such come at once; both are told; a program that rewrites its
 * own arguments later is not followed. Of the environment only what was asked for is told, of
 * programs with a dynamic linker, and of the first 511 variables (env.h).
 */
SEC("tp_btf/sched_process_exec")
int process_exec(unsigned long long *ctx) {
	return exec_tell(ctx);
}
TRACE_COPIES("tp_btf/sched_process_exec", process_exec, exec_tell)

static __noinline int BPF_PROG(exit_tell, struct task_struct *task) {
	struct signal_struct *signal = task->signal;
	struct wire_process_exit *e;
	__u32 tgid = (__u32)task->tgid;

	if (trace_told(TRACE_EXIT, (__u32)task->pid, task->start_boottime) ||
	    signal->live.counter != 0 || !gate_task(task))
		return 0;
	e = emit_fixed(&ring_process, WIRE_PROCESS_EXIT, WIRE_HOOK_TP_EXIT, sizeof(*e), task);
	if (e) {
		e->code = (__u32)((signal->flags & SIGNAL_GROUP_EXIT)
					  ? signal->group_exit_code
					  : task->group_leader->exit_code);
		e->pad = 0;
		emit_submit(&ring_process, &e->head);
	}
	if (knobs.scope == SCOPE_PROCESS)
		bpf_map_delete_elem(&scope, &tgid);
	return 0;
}

/*
 * Why: the end of a process closes its story and frees its row in the table.
 * Kernel: kernel/exit.c do_exit() -> trace_sched_process_exit(), every thread. signal->live has
 * been taken down before, so the last thread sees 0; two that end at once may both see it, and
 * user space drops the second record.
 * Blind spots: the status is that of the group (exit_group, a fatal signal) or of the leader,
 * as wait(2) gives it; a leader that ended long before its last thread keeps its own status.
 */
SEC("tp_btf/sched_process_exit")
int process_exit(unsigned long long *ctx) {
	return exit_tell(ctx);
}
TRACE_COPIES("tp_btf/sched_process_exit", process_exit, exit_tell)

/*
 * Why: whoever ran before the sensor is a parent of what comes after.
 * Kernel: kernel/bpf/task_iter.c, every task; read once after the hooks are attached.
 * Blind spots: arguments are added by user space from /proc, where the process itself can
 * change them; a process that ends during the walk may be missing.
 */
SEC("iter/task")
int process_census(struct bpf_iter__task *ctx) {
	struct task_struct *task = ctx->task;
	struct seq_file *seq = ctx->meta->seq; /* early, where the verifier comes by once */
	struct wire_process_exec *e;
	struct slot *s;
	__u32 len;

	if (!task || task->pid != task->tgid)
		return 0;
	task_learn_home(task);
	s = emit_begin(WIRE_PROCESS_CENSUS, WIRE_HOOK_ITER_TASK, sizeof(*e), task);
	if (!s)
		return 0;
	e = (struct wire_process_exec *)s->rec;
	process_image(s, e, task, NULL, task->mm);
	len = s->len;
	if (len <= WIRE_MAX_BYTES - 8) {
		/* records follow one another in the file, and each is to begin aligned */
		__builtin_memset(s->rec + len, 0, 8);
		len = (len + 7) & ~7u;
		e->head.len = len;
		bpf_seq_write(seq, s->rec, len);
	}
	emit_release(s);
	return 0;
}

/* --- what processes do to themselves and to one another ------------------------------------- */

#define SIGNAL_KERNEL_INFO 1UL /* SEND_SIG_PRIV; 0, as kill(2) has since 7.3, is SI_USER */
#define SIGNAL_DEFAULT 0       /* SIG_DFL */

/* siginfo::si_code, include/uapi/asm-generic/siginfo.h */
#define SI_TIMER (-2)
#define SI_ASYNCIO (-4)
#define SI_SIGIO (-5)

/* Signals whose default is a core dump: SIG_KERNEL_COREDUMP_MASK, include/linux/signal.h. */
#define SIGNAL_BIT(n) (1u << (n))
#define SIGNAL_CORE                                                                                \
	(SIGNAL_BIT(3) | SIGNAL_BIT(4) | SIGNAL_BIT(5) | SIGNAL_BIT(6) | SIGNAL_BIT(7) |           \
	 SIGNAL_BIT(8) | SIGNAL_BIT(11) | SIGNAL_BIT(24) | SIGNAL_BIT(25) | SIGNAL_BIT(31))

/* signal_code - siginfo::si_code; @info is no pointer to the verifier of 6.12, as it may be 1 */
static __always_inline int signal_code(struct kernel_siginfo *info) {
	return (unsigned long)info > SIGNAL_KERNEL_INFO ? BPF_CORE_READ(info, si_code) : 0;
}

/* what children asked for (PR_SET_PDEATHSIG) comes while their parent exits, and is not its deed */
static __always_inline bool signal_between(struct task_struct *task, struct task_struct *target) {
	return target->tgid != task->tgid && !(task->flags & TASK_EXITING);
}

static __always_inline struct wire_process_signal *
signal_begin(__u32 kind, __u32 hook, __u32 number, struct kernel_siginfo *info) {
	struct wire_process_signal *e =
		emit_fixed(&ring_bulk, kind, hook, sizeof(*e), bpf_get_current_task_btf());

	if (!e)
		return NULL;
	e->target_start_ns = 0;
	e->address = 0;
	e->target_tgid = 0;
	e->number = number;
	e->code = (__u32)signal_code(info);
	e->pad = 0;
	return e;
}

static __always_inline void signal_sent(__u32 hook, __u32 outcome, __u32 number,
					struct kernel_siginfo *info, struct task_struct *target) {
	struct wire_process_signal *e =
		signal_begin(WIRE_PROCESS_SIGNAL, hook, number, info);

	if (!e)
		return;
	e->head.outcome = (__u8)outcome;
	e->target_tgid = (__u32)target->tgid;
	e->target_start_ns = target->group_leader->start_boottime;
	emit_submit(&ring_bulk, &e->head);
}

/*
 * Why: one process ends, stops or steers another.
 * Kernel: kernel/signal.c check_kill_permission() -> security_task_kill(), in the sender, once for
 * each target of kill(2), tgkill(2), rt_sigqueueinfo(2), pidfd_send_signal(2).
 * Blind spots: signals that the kernel sends for a process (a terminal's Ctrl-C, SIGPIPE, SIGIO,
 * timers, the end of a child); those to the sender's own threads; signal 0, which only asks.
 */
SEC("lsm/task_kill")
int BPF_PROG(process_kill, struct task_struct *target, struct kernel_siginfo *info, int sig) {
	struct task_struct *task = bpf_get_current_task_btf();

	if (sig && signal_between(task, target) && gate_task(task))
		signal_sent(WIRE_HOOK_LSM_TASK_KILL, WIRE_ATTEMPTED, (__u32)sig, info, target);
	return 0;
}

/*
 * Why: the same where LSM hooks are refused.
 * Kernel: kernel/signal.c __send_signal_locked() -> trace_signal_generate(), in the sender.
 * Blind spots: as above, and: a sender that gives its signal the code of a timer or of
 * asynchronous input (rt_sigqueueinfo(2)) is not seen, because real ones come while anybody runs;
 * one that the receiver ignores, or that is not allowed, is not told.
 */
SEC("tp_btf/signal_generate")
int BPF_PROG(process_signal, int sig, struct kernel_siginfo *info, struct task_struct *target,
	     int group, int result) {
	struct task_struct *task = bpf_get_current_task_btf();
	int code;

	if (result || (unsigned long)info == SIGNAL_KERNEL_INFO || !signal_between(task, target))
		return 0;
	code = signal_code(info);
	if (code <= 0 && code != SI_TIMER && code != SI_ASYNCIO && code != SI_SIGIO &&
	    gate_task(task))
		signal_sent(WIRE_HOOK_TP_SIGNAL_GENERATE, WIRE_SUCCEEDED, (__u32)sig, info, target);
	return 0;
}

/*
 * Why: a crash is how many an attack begins, and a core dump holds a process's secrets.
 * Kernel: kernel/signal.c get_signal() -> trace_signal_deliver(), in the receiver, the signal
 * about to have its default effect.
 * Blind spots: whether a core file was written (limits, core_pattern) is told by the exit event;
 * a dump that another thread's exit overtakes.
 */
SEC("tp_btf/signal_deliver")
int BPF_PROG(process_core, int sig, struct kernel_siginfo *info, void *action) {
	struct task_struct *task = bpf_get_current_task_btf();
	struct wire_process_signal *e;
	unsigned long handler = 0;

	if (sig < 1 || sig > 31 || !(SIGNAL_CORE & SIGNAL_BIT(sig & 31)) || !gate_task(task))
		return 0;
	/* sa_handler is the first member of sigaction on every architecture with 64 bits */
	bpf_probe_read_kernel(&handler, sizeof(handler), action);
	if (handler != SIGNAL_DEFAULT)
		return 0;
	e = signal_begin(WIRE_PROCESS_COREDUMP, WIRE_HOOK_TP_SIGNAL_DELIVER, (__u32)sig, info);
	if (!e)
		return 0;
	e->head.outcome = WIRE_ATTEMPTED;
	/* siginfo::_sifields stands at 16 where pointers have 64 bits, si_addr first in it */
	if ((unsigned long)info > SIGNAL_KERNEL_INFO && (int)e->code > 0)
		bpf_probe_read_kernel(&e->address, sizeof(e->address), (void *)info + 16);
	emit_submit(&ring_bulk, &e->head);
	return 0;
}

static __always_inline bool ids_differ(const struct cred *a, const struct cred *b) {
	return a->uid.val != b->uid.val || a->euid.val != b->euid.val ||
	       a->suid.val != b->suid.val || a->fsuid.val != b->fsuid.val ||
	       a->gid.val != b->gid.val || a->egid.val != b->egid.val ||
	       a->sgid.val != b->sgid.val || a->fsgid.val != b->fsgid.val;
}

static __always_inline bool caps_differ(const struct cred *a, const struct cred *b) {
	return TASK_CAPS(a, cap_effective) != TASK_CAPS(b, cap_effective) ||
	       TASK_CAPS(a, cap_permitted) != TASK_CAPS(b, cap_permitted) ||
	       TASK_CAPS(a, cap_inheritable) != TASK_CAPS(b, cap_inheritable) ||
	       TASK_CAPS(a, cap_ambient) != TASK_CAPS(b, cap_ambient);
}

static __always_inline int credentials_change(__u32 hook, const struct cred *new,
					      const struct cred *old) {
	struct task_struct *task = bpf_get_current_task_btf();
	struct wire_process_credentials *e;

	if (!gate_task(task))
		return 0;
	e = emit_fixed(&ring_process, WIRE_PROCESS_CREDENTIALS, hook, sizeof(*e), task);
	if (!e)
		return 0;
	e->head.outcome = WIRE_ATTEMPTED;
	if (hook == WIRE_HOOK_LSM_BPRM_COMMITTING_CREDS)
		e->head.execs--; /* the exec counts already, and is told later */
	task_ids(&e->old, old);
	task_ids(&e->new, new);
	emit_submit(&ring_process, &e->head);
	return 0;
}

/*
 * Why: who becomes root, or stops being it.
 * Kernel: kernel/sys.c __sys_setuid() and its kin -> security_task_fix_setuid(), after all that
 * could refuse it but the count of processes, before commit_creds(). Capabilities are adjusted.
 * Blind spots: calls that change nothing are left out; an exec that brings rights is for another
 * hook; code that runs in the kernel and calls commit_creds() itself.
 */
SEC("lsm/task_fix_setuid")
int BPF_PROG(process_setuid, struct cred *new, const struct cred *old, int flags) {
	return ids_differ(new, old)
		       ? credentials_change(WIRE_HOOK_LSM_TASK_FIX_SETUID, new, old)
		       : 0;
}

/*
 * Why: the same for groups.
 * Kernel: kernel/sys.c __sys_setgid() and its kin -> security_task_fix_setgid().
 * Blind spots: supplementary groups, setgroups(2), are not told.
 */
SEC("lsm/task_fix_setgid")
int BPF_PROG(process_setgid, struct cred *new, const struct cred *old, int flags) {
	return ids_differ(new, old)
		       ? credentials_change(WIRE_HOOK_LSM_TASK_FIX_SETGID, new, old)
		       : 0;
}

/*
 * Why: rights without an id: capabilities raised or dropped.
 * Kernel: kernel/capability.c capset(2) -> security_capset(), the new sets in place.
 * Blind spots: calls that change nothing are left out; prctl(2) of the bounding and ambient sets
 * is not told.
 */
SEC("lsm/capset")
int BPF_PROG(process_capset, struct cred *new, const struct cred *old) {
	return caps_differ(new, old) ? credentials_change(WIRE_HOOK_LSM_CAPSET, new, old) : 0;
}

static __always_inline int script_tell(struct linux_binprm *bprm, __u32 hook) {
	struct wire_process_script *e;
	struct task_struct *task;
	struct file *file;
	struct slot *s;

	if (bprm->buf[0] != '#' || bprm->buf[1] != '!')
		return 0;
	task = bpf_get_current_task_btf();
	if (!gate_task(task))
		return 0;
	s = emit_begin(WIRE_PROCESS_SCRIPT, hook, sizeof(*e), task);
	if (!s)
		return 0;
	e = (struct wire_process_script *)s->rec;
	e->head.outcome = WIRE_ATTEMPTED;
	file = bprm->file;
	inode_fill(&e->inode, file->f_inode, file->f_inode->i_sb);
	path_of(s, &e->path, file->f_path.mnt, file->f_path.dentry);
	emit_str(s, &e->filename, bprm->filename, WIRE_PATH_BYTES, EMIT_KERNEL);
	if (bprm->interp != bprm->filename)
		emit_str(s, &e->interp, bprm->interp, INTERP_BYTES, EMIT_KERNEL);
	emit_end_spare(s);
	return 0;
}

/*
 * Why: what a script's interpreter is given to do stands in the script.
 * Kernel: fs/binfmt_script.c load_script() -> bprm_change_interp(), for the file that was called
 * and each interpreter that is a script, too. The LSM hook costs all other execs as well.
 * Blind spots: there is no tracepoint for it; a script that its interpreter is called with by
 * hand ("sh FILE") is an argument, and not told; a file for binfmt_misc is not either.
 */
SEC("fentry/bprm_change_interp")
int BPF_PROG(process_interp, const char *interp, struct linux_binprm *bprm) {
	return script_tell(bprm, WIRE_HOOK_FENTRY_BPRM_CHANGE_INTERP);
}

/*
 * Why: the same deeds, where fentry is not to be had.
 * Kernel: fs/exec.c search_binary_handler() -> security_bprm_check(), once for the file that was
 * called and once for each interpreter on the way, its first bytes read.
 * Blind spots: those of fentry/bprm_change_interp; a file that begins like a script and names no
 * interpreter is told as well.
 */
SEC("lsm/bprm_check_security")
int BPF_PROG(process_script, struct linux_binprm *bprm) {
	return script_tell(bprm, WIRE_HOOK_LSM_BPRM_CHECK_SECURITY);
}

/*
 * exec_gains - whether a program brings other ids, or capabilities that were not there before
 * An exec leaves the real ids, and makes the saved and the file system's the effective ones.
 * Kernel: fs/exec.c bprm_fill_uid(), security/commoncap.c cap_bprm_creds_from_file().
 */
static __always_inline bool exec_gains(const struct cred *new, const struct cred *old) {
	__u32 uid = new->euid.val, gid = new->egid.val;

	return uid != old->euid.val || uid != old->suid.val || uid != old->fsuid.val ||
	       gid != old->egid.val || gid != old->sgid.val || gid != old->fsgid.val ||
	       (TASK_CAPS(new, cap_permitted) & ~TASK_CAPS(old, cap_permitted));
}

/*
 * Why: a set-user-id program or file capabilities give rights that its caller did not have.
 * Kernel: fs/exec.c begin_new_exec() -> security_bprm_committing_creds(), past the point of no
 * return, the old credentials still in force.
 * Blind spots: an exec that gains nothing is left out, though it may lose capabilities.
 */
SEC("lsm/bprm_committing_creds")
int BPF_PROG(process_gain, struct linux_binprm *bprm) {
	const struct cred *old = bpf_get_current_task_btf()->real_cred, *new = bprm->cred;

	return exec_gains(new, old)
		       ? credentials_change(WIRE_HOOK_LSM_BPRM_COMMITTING_CREDS, new, old)
		       : 0;
}

/*
 * Why: the same where LSM hooks are refused.
 * Kernel: fs/exec.c begin_new_exec() -> trace_sched_prepare_exec(), since 6.10: the new
 * credentials are made, the old ones still in force.
 * Blind spots: as above, and: an exec may still fail after it, which ends the process.
 */
SEC("tp_btf/sched_prepare_exec")
int BPF_PROG(process_prepare, struct task_struct *task, struct linux_binprm *bprm) {
	const struct cred *old = task->real_cred, *new = bprm->cred;

	return exec_gains(new, old)
		       ? credentials_change(WIRE_HOOK_TP_SCHED_PREPARE_EXEC, new, old)
		       : 0;
}

static __always_inline int session_begun(__u32 hook, struct task_struct *task) {
	struct wire_process_session *e;

	if (!gate_task(task))
		return 0;
	e = emit_fixed(&ring_process, WIRE_PROCESS_SESSION, hook, sizeof(*e), task);
	if (!e)
		return 0;
	e->session = task_session(task);
	e->group = task_group(task);
	emit_submit(&ring_process, &e->head);
	return 0;
}

/*
 * Why: leaving the terminal and its session is how a daemon, or a back door, begins.
 * Kernel: kernel/sys.c ksys_setsid(), its end.
 * Blind spots: none known; setpgid(2) and a fork alone leave the session as it is.
 */
SEC("fexit/ksys_setsid")
int BPF_PROG(process_setsid, int ret) {
	return ret < 0 ? 0
		       : session_begun(WIRE_HOOK_FEXIT_KSYS_SETSID, bpf_get_current_task_btf());
}

#include "process_calls.h"
