/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * process.bpf.c - born, becomes, ends; and who was here before us
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "emit.h"
#include "gate.h"
#include "inode.h"
#include "path.h"
#include "task.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define INTERP_BYTES 512    /* a #! line is at most 256, include/uapi/linux/binfmts.h */
#define SIGNAL_GROUP_EXIT 4 /* include/linux/sched/signal.h */

static __always_inline void process_args(struct slot *s, struct wire_process_exec *e,
					 struct mm_struct *mm) {
	unsigned long start = mm->arg_start, end = mm->arg_end;
	__u32 n = (__u32)(end - start);
	char *to = emit_room(s, WIRE_ARGS_BYTES);

	e->args_bytes = n;
	if (n > WIRE_ARGS_BYTES) {
		n = WIRE_ARGS_BYTES;
		e->head.flags |= WIRE_ARGS_CUT;
	}
	if (!to || bpf_probe_read_user(to, n, (const void *)start)) {
		e->head.flags |= WIRE_ARGS_UNREADABLE;
		return;
	}
	e->args.off = (__u16)s->len;
	e->args.len = (__u16)n;
	s->len += n;
}

/* process_image - what a task runs and where: executable, directory, cgroup, terminal */
static __always_inline void process_image(struct slot *s, struct wire_process_exec *e,
					  struct task_struct *task) {
	struct mm_struct *mm = task->mm;
	struct fs_struct *fs = task->fs;
	struct tty_struct *tty = task->signal->tty;

	task_fill(&e->task, task);
	if (mm) {
		struct file *exe = mm->exe_file;

		if (exe) {
			inode_fill(&e->exe_inode, exe->f_inode);
			if (!exe->f_path.dentry->d_hash.pprev)
				e->exe.flags |= WIRE_PATH_DELETED;
			path_of(s, &e->exe, exe->f_path.mnt, exe->f_path.dentry);
		}
	}
	if (fs)
		path_of(s, &e->cwd, fs->pwd.mnt, fs->pwd.dentry);
	task_cgroup(s, &e->cgroup, task);
	if (tty)
		emit_str(s, &e->tty, tty->name, 64, EMIT_KERNEL);
}

/*
 * Why: a process exists from here on; its parent is the one that made it.
 * Kernel: kernel/fork.c kernel_clone() -> trace_sched_process_fork(), in the parent.
 * Blind spots: fires for threads too, which are left out; a child that failed to be made is
 * not seen; kernel threads are seen as children of kthreadd.
 */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(process_fork, struct task_struct *parent, struct task_struct *child) {
	struct wire_process_fork *e;
	__u32 tgid = (__u32)child->tgid;

	if (child->pid != child->tgid || !gate_task(parent))
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
	e = emit_fixed(&ring_process, WIRE_PROCESS_FORK, WIRE_HOOK_TP_FORK, sizeof(*e), child);
	if (!e)
		return 0;
	__builtin_memset(&e->task, 0, sizeof(e->task));
	task_fill(&e->task, child);
	/* who made it: with CLONE_PARENT real_parent is another */
	e->task.parent_tgid = (__u32)parent->tgid;
	e->task.parent_start_ns = parent->group_leader->start_boottime;
	emit_submit(&ring_process, &e->head);
	return 0;
}

/*
 * Why: what a process runs, with which arguments and rights, is the heart of every story.
 * Kernel: fs/exec.c exec_binprm() -> trace_sched_process_exec(): after the point of no return,
 * with the new mm, credentials and name in place, so nothing here is another thread's to change.
 * Blind spots: an exec that failed is not seen; arguments past 4 KiB are cut, and say so; a
 * program that rewrites its own arguments later is not followed.
 */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(process_exec, struct task_struct *task, pid_t old_pid, struct linux_binprm *bprm) {
	struct wire_process_exec *e;
	struct slot *s;

	if (!gate_task(task))
		return 0;
	s = emit_begin(WIRE_PROCESS_EXEC, WIRE_HOOK_TP_EXEC, sizeof(*e), task);
	if (!s)
		return 0;
	e = (struct wire_process_exec *)s->rec;
	process_image(s, e, task);
	emit_str(s, &e->filename, bprm->filename, WIRE_PATH_BYTES, EMIT_KERNEL);
	if (bprm->interp != bprm->filename)
		emit_str(s, &e->interp, bprm->interp, INTERP_BYTES, EMIT_KERNEL);
	if (task->mm)
		process_args(s, e, task->mm);
	emit_end(s, &ring_process);
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
int BPF_PROG(process_exit, struct task_struct *task) {
	struct signal_struct *signal = task->signal;
	struct wire_process_exit *e;
	__u32 tgid = (__u32)task->tgid;

	if (signal->live.counter != 0 || !gate_task(task))
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
 * Why: whoever ran before the sensor is a parent of what comes after.
 * Kernel: kernel/bpf/task_iter.c, every task; read once after the hooks are attached.
 * Blind spots: arguments are added by user space from /proc, where the process itself can
 * change them; a process that ends during the walk may be missing.
 */
SEC("iter/task")
int process_census(struct bpf_iter__task *ctx) {
	struct task_struct *task = ctx->task;
	struct wire_process_exec *e;
	struct slot *s;
	__u32 len;

	if (!task || task->pid != task->tgid)
		return 0;
	s = emit_begin(WIRE_PROCESS_CENSUS, WIRE_HOOK_ITER_TASK, sizeof(*e), task);
	if (!s)
		return 0;
	e = (struct wire_process_exec *)s->rec;
	process_image(s, e, task);
	len = s->len;
	if (len <= WIRE_MAX_BYTES - 8) {
		/* records follow one another in the file, and each is to begin aligned */
		__builtin_memset(s->rec + len, 0, 8);
		len = (len + 7) & ~7u;
		e->head.len = len;
		bpf_seq_write(ctx->meta->seq, s->rec, len);
	}
	*(volatile __u32 *)&s->busy = 0;
	return 0;
}
