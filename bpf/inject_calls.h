/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inject_calls.h - which way into a process, or into memory, a system call is
 */
#ifndef LAPWING_INJECT_CALLS_H
#define LAPWING_INJECT_CALLS_H

#include "compat.h"
#include "syscall.h"
#include "wire.h"

#define PROT_WRITE 2
#define PROT_EXEC 4
#define PROT_ALL 7

#define PTRACE_ATTACH 16
#define PTRACE_SEIZE 0x4206

#define ESRCH 3
#define EBADF 9

#define MAP_ANONYMOUS 0x20
#define O_ACCMODE 3
#define FMODE_WRITE 0x2
#define PROC_SUPER_MAGIC 0x9fa0
#define PIDTYPE_PID 0
#define MEMFD_NAME_BYTES 256 /* mm/memfd.c: 249 and the NUL */

struct inject_call {
	__u64 target_start_ns, address, bytes, inode;
	const char *name;
	struct file *file; /* of the memory; untyped */
	__u32 kind;	   /* 0: none of ours */
	__u32 target_tgid, call, request, protection, memory, flags;
	int pid, fd; /* who is meant, by number or by descriptor */
};

/* inject_call_opens - whether a call that opens a file wants to write to it */
static __always_inline bool inject_call_opens(struct pt_regs *regs, int nr) {
	__u64 second = SYSCALL_ARG2(regs), third = SYSCALL_ARG3(regs), how = 0;
	__u64 flags = nr == NR_open ? second : third;

	if (nr == NR_creat)
		return true;

	barrier_var(flags); /* a load from registers and one from the stack are never one load */
	if (nr == NR_openat2) {
		(void)bpf_probe_read_user(&how, sizeof(how), (void *)third);
		flags = how;
	}
	return flags & O_ACCMODE;
}

static __always_inline void inject_call_wants(struct inject_call *c, struct pt_regs *regs) {
	int nr = SYSCALL_NR(regs);

	c->call = (__u32)nr;
	switch (nr) {
	case NR_ptrace:
		c->request = (__u32)SYSCALL_ARG1(regs);
		break;
	case NR_process_vm_readv:
		c->kind = WIRE_INJECT_VM_READ;
		break;
	case NR_process_vm_writev:
		c->kind = WIRE_INJECT_VM_WRITE;
		break;
	case NR_pidfd_getfd:
		c->kind = WIRE_INJECT_GETFD;
		c->request = (__u32)SYSCALL_ARG2(regs);
		break;
	case NR_open:
	case NR_creat:
	case NR_openat:
	case NR_openat2:
		c->kind = inject_call_opens(regs, nr) ? WIRE_INJECT_MEM_OPEN : 0;
		break;
	}
}

static __noinline int inject_call_wants_foreign(struct inject_call *c, struct pt_regs *regs) {
	struct pt_regs own;

	if (syscall_own(&own, regs))
		inject_call_wants(c, &own);
	return 0;
}

/* inject_call_access - what the call that is under way wants of another process */
static __always_inline void inject_call_access(struct inject_call *c, struct task_struct *task) {
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);

	c->kind = WIRE_INJECT_PTRACE;
	if (syscall_foreign(task))
		inject_call_wants_foreign(c, regs);
	else
		inject_call_wants(c, regs);
}

static __always_inline void inject_call_protect(struct inject_call *c, struct pt_regs *regs) {
	c->address = SYSCALL_ARG1(regs);
	c->bytes = SYSCALL_ARG2(regs);
	c->protection = (__u32)SYSCALL_ARG3(regs) & PROT_ALL;
	if (c->protection & PROT_EXEC)
		c->kind = WIRE_INJECT_EXECUTABLE;
}

/* inject_call_read - which deed a call that ended was, from its registers */
static __always_inline void inject_call_read(struct inject_call *c, struct pt_regs *regs,
					     long ret) {
	int nr = SYSCALL_NR(regs);

	c->call = (__u32)nr;
	c->fd = -1;
	switch (nr) {
	case NR_ptrace:
		c->request = (__u32)SYSCALL_ARG1(regs);
		c->pid = (int)SYSCALL_ARG2(regs);
		if (c->request == PTRACE_ATTACH || c->request == PTRACE_SEIZE)
			c->kind = WIRE_INJECT_PTRACE;
		break;
	case NR_process_vm_readv:
	case NR_process_vm_writev:
		c->kind = nr == NR_process_vm_writev ? WIRE_INJECT_VM_WRITE : WIRE_INJECT_VM_READ;
		c->pid = (int)SYSCALL_ARG1(regs);
		c->bytes = ret > 0 ? (__u64)ret : 0;
		break;
	case NR_pidfd_getfd:
		c->kind = WIRE_INJECT_GETFD;
		c->fd = (int)SYSCALL_ARG1(regs);
		c->request = (__u32)SYSCALL_ARG2(regs);
		break;
	case NR_open:
	case NR_creat:
	case NR_openat:
	case NR_openat2:
		if (ret >= 0 && inject_call_opens(regs, nr))
			c->kind = WIRE_INJECT_MEM_OPEN;
		break;
	case NR_memfd_create:
		c->kind = WIRE_INJECT_MEMFD;
		c->name = (const char *)SYSCALL_ARG1(regs);
		c->flags = (__u32)SYSCALL_ARG2(regs);
		break;
	case NR_userfaultfd:
		c->kind = WIRE_INJECT_USERFAULTFD;
		break;
	case NR_mprotect:
	case NR_pkey_mprotect:
		inject_call_protect(c, regs);
		break;
	case NR_mmap:
		inject_call_protect(c, regs);
		c->address = (__u64)ret;
		if (c->protection & PROT_WRITE)
			break;
		c->fd = (int)SYSCALL_ARG5(regs);
		if (c->kind)
			c->kind = SYSCALL_ARG4(regs) & MAP_ANONYMOUS ? 0 : WIRE_FILE_MAP;
		break;
	}
}

/* inject_pid_task - the task that a struct pid stands for, untyped */
static __always_inline void inject_pid_task(struct inject_call *c, struct pid *pid) {
	struct hlist_node *first = pid ? BPF_CORE_READ(pid, tasks[PIDTYPE_PID].first) : NULL;
	struct task_struct *task;

	if (!first)
		return;
	task = (void *)first - bpf_core_field_offset(struct task_struct, pid_links);
	c->target_tgid = (__u32)BPF_CORE_READ(task, tgid);
	c->target_start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
}

/* inject_number_task - the task of that number, when the caller counts as we do */
static __always_inline void inject_number_task(struct inject_call *c, struct task_struct *task) {
	struct task_struct *target;

	if (!compat_has_cast() || task->thread_pid->level)
		return;
	target = bpf_task_from_pid(c->pid);
	if (!target)
		return;
	c->target_tgid = (__u32)target->tgid;
	c->target_start_ns = target->group_leader->start_boottime;
	bpf_task_release(target);
}

/* inject_mem_file - whether @fd is another process's /proc/PID/mem, and whose */
static __always_inline bool inject_mem_file(struct inject_call *c, struct task_struct *task,
					    int fd) {
	struct file *file = syscall_file(fd);
	struct inode *inode;
	char name[4] = {};

	if (!file || !(BPF_CORE_READ(file, f_mode) & FMODE_WRITE) ||
	    BPF_CORE_READ(file, f_inode, i_sb, s_magic) != PROC_SUPER_MAGIC)
		return false;
	bpf_probe_read_kernel(name, sizeof(name), BPF_CORE_READ(file, f_path.dentry, d_name.name));
	if (name[0] != 'm' || name[1] != 'e' || name[2] != 'm' || name[3])
		return false;
	inode = BPF_CORE_READ(file, f_inode);
	inject_pid_task(c, BPF_CORE_READ((struct proc_inode *)((void *)inode -
					  bpf_core_field_offset(struct proc_inode, vfs_inode)),
					 pid));
	return c->target_tgid != (__u32)task->tgid;
}

/* inject_fd_task - whom a pidfd stands for */
static __always_inline void inject_fd_task(struct inject_call *c) {
	struct file *file = syscall_file(c->fd);

	if (file)
		inject_pid_task(c, compat_pidfd_pid(file));
}

/* What a mapping says of the memory in it. */
struct inject_mapping {
	struct file *file; /* untyped */
	__u64 inode;
	__u32 memory, written;
};

static long inject_vma(struct task_struct *task, struct vm_area_struct *vma,
		       struct inject_mapping *m) {
	struct mm_struct *mm = vma->vm_mm;
	struct file *file = vma->vm_file;

	m->written = vma->anon_vma ? 1 : 0;
	if (file) {
		m->memory = WIRE_MEMORY_FILE;
		m->inode = file->f_inode->i_ino;
		bpf_probe_read_kernel(&m->file, sizeof(m->file), &vma->vm_file);
	} else if (vma->vm_start < mm->brk && vma->vm_end > mm->start_brk) {
		m->memory = WIRE_MEMORY_HEAP;
	} else if (vma->vm_start <= mm->start_stack && vma->vm_end >= mm->start_stack) {
		m->memory = WIRE_MEMORY_STACK;
	} else {
		m->memory = WIRE_MEMORY_ANONYMOUS;
	}
	return 0;
}

/* inject_executable - whether memory that can be run could be written, now or before */
static __always_inline bool inject_executable(struct inject_call *c, struct task_struct *task) {
	struct inject_mapping m = {}; /* on the stack, as the helper wants it */

	if (!compat_has_find_vma())
		return c->protection & PROT_WRITE;
	(void)bpf_find_vma(task, c->address, inject_vma, &m, 0);
	syscall_forget(&m, sizeof(m));
	c->file = m.file;
	c->inode = m.inode;
	c->memory = m.memory;
	return m.written || c->protection & PROT_WRITE;
}

/* inject_call_look - what registers do not say; false: it is none of ours after all */
static __always_inline bool inject_call_look(struct inject_call *c, struct task_struct *task,
					     long ret) {
	switch (c->kind) {
	case WIRE_INJECT_MEM_OPEN:
		return inject_mem_file(c, task, (int)ret);
	case WIRE_INJECT_GETFD:
		inject_fd_task(c);
		return true;
	case WIRE_INJECT_EXECUTABLE:
		if (ret < 0 && ret > -4096)
			return c->protection & PROT_WRITE;
		if (inject_executable(c, task))
			return true;
		c->kind = WIRE_FILE_MAP; /* of a file, and never written */
		return c->file;
	case WIRE_INJECT_PTRACE:
	case WIRE_INJECT_VM_READ:
	case WIRE_INJECT_VM_WRITE:
		inject_number_task(c, task);
		return c->target_tgid != (__u32)task->tgid;
	}
	return true;
}

#endif
