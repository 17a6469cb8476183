/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inject.bpf.c - code where it should not be: into another process, or into memory that was data
 *
 * One LSM hook, ptrace_access_check, stands before every way into another
 * process; which way it is, is said by the system call that is under way. Where
 * LSM hooks are refused, inject_sys_exit() sees the calls end. Many of these
 * deeds are an engine's daily work (compilers of Java and JavaScript), so that
 * equal ones are folded.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "emit.h"
#include "fold.h"
#include "gate.h"
#include "inject_calls.h"
#include "inode.h"
#include "mapped.h"
#include "path.h"
#include "syscall.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define PTRACE_MODE_ATTACH 0x02 /* include/linux/ptrace.h */
#define ANON_NAME_BYTES 16

static __always_inline struct slot *inject_begin(__u32 kind, __u32 hook, __u32 outcome,
						 struct task_struct *task) {
	return emit_deed(kind, hook, outcome, sizeof(struct wire_inject), task);
}

static __always_inline void inject_end(struct slot *s, struct fold *f) {
	fold_keep(f, s->rec, s->len);
	emit_end(s, &ring_bulk);
}

/*
 * Why: whoever may write into another process can make it do anything in its name.
 * Kernel: kernel/ptrace.c __ptrace_may_access() -> security_ptrace_access_check(), for ptrace(2),
 * process_vm_readv(2), process_vm_writev(2), opening /proc/PID/mem and pidfd_getfd(2).
 * Blind spots: what is done through an access that was given is not told again; PTRACE_TRACEME, by
 * which a child gives itself to its parent; a process that writes to its own /proc/self/mem;
 * /proc/PID/mem that is opened only to be read; opening it through io_uring is told as an access
 * without saying for what.
 */
SEC("lsm/ptrace_access_check")
int BPF_PROG(inject_access, struct task_struct *child, unsigned int mode) {
	struct task_struct *task = bpf_get_current_task_btf();
	struct inject_call c = {};
	struct wire_inject *e;
	struct fold f;
	struct slot *s;

	if (!(mode & PTRACE_MODE_ATTACH) || child->tgid == task->tgid || !gate_task(task))
		return 0;
	inject_call_access(&c, task);
	if (!c.kind)
		return 0;
	syscall_forget(&c, sizeof(c));
	fold_begin(&f, c.kind, task);
	f.key.object[0] = (__u64)(__u32)child->tgid << 32 | c.call;
	f.key.object[1] = child->group_leader->start_boottime;
	f.key.object[2] = c.request;
	if (fold_deed(&f, 0, 0))
		return 0;
	s = inject_begin(c.kind, WIRE_HOOK_LSM_PTRACE_ACCESS_CHECK, WIRE_ATTEMPTED, task);
	if (!s)
		return 0;
	e = (struct wire_inject *)s->rec;
	e->target_tgid = (__u32)child->tgid;
	e->target_start_ns = child->group_leader->start_boottime;
	e->call = c.call;
	e->request = c.request;
	inject_end(s, &f);
	return 0;
}

/* inject_map_fold - whether running a file's pages is only counted (fold.h) */
static __always_inline bool inject_map_fold(struct fold *f, struct task_struct *task, __u64 ino,
					    __u32 dev, __u32 exposed, long error) {
	fold_begin(f, WIRE_FILE_MAP, task);
	f->key.object[0] = ino;
	f->key.object[1] = (__u64)dev << 32 | exposed;
	f->key.object[2] = error;
	return fold_deed(f, 0, 0);
}

static __always_inline struct slot *inject_map_begin(__u32 hook, __u32 outcome, __u32 exposed,
						     struct task_struct *task) {
	struct slot *s = emit_deed(WIRE_FILE_MAP, hook, outcome, sizeof(struct wire_file), task);

	if (s)
		((struct wire_file *)s->rec)->value = exposed;
	return s;
}

/* inject_map - a file's pages are about to be run, if that is worth telling (mapped.h) */
static __noinline int inject_map(struct file *file, __u32 hook) {
	struct task_struct *task = bpf_get_current_task_btf();
	__u32 exposed = mapped_exposed(file, true);
	struct inode *inode = file->f_inode;
	struct wire_file *e;
	struct fold f;
	struct slot *s;

	if (!exposed || !inode || !gate_task(task) ||
	    inject_map_fold(&f, task, inode->i_ino, inode->i_sb->s_dev, exposed, 0))
		return 0;
	s = inject_map_begin(hook, WIRE_ATTEMPTED, exposed, task);
	if (!s)
		return 0;
	e = (struct wire_file *)s->rec;
	inode_fill(&e->inode, inode, inode->i_sb);
	path_of(s, &e->path, file->f_path.mnt, file->f_path.dentry);
	inject_end(s, &f);
	return 0;
}

/*
 * inject_map_raw - the same of a call that ended, where the verifier knows no type
 * @mapped: the address of the file. Not static: see syscall.h.
 */
__noinline int inject_map_raw(__u64 mapped, long ret) {
	struct task_struct *task = bpf_get_current_task_btf();
	struct file *file = (struct file *)mapped;
	__u32 exposed = (__u32)mapped_exposed_raw(mapped);
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	struct wire_file *e;
	struct fold f;
	struct slot *s;

	if (!exposed || inject_map_fold(&f, task, BPF_CORE_READ(inode, i_ino),
					BPF_CORE_READ(inode, i_sb, s_dev), exposed,
					ret < 0 ? ret : 0))
		return 0;
	s = inject_map_begin(WIRE_HOOK_TP_SYS_EXIT, WIRE_ATTEMPTED, exposed, task);
	if (!s)
		return 0;
	e = (struct wire_file *)s->rec;
	e->head.outcome = (__u8)syscall_outcome(task, ret);
	if (ret < 0)
		e->head.error = (__u16)-ret;
	inode_fill_raw(&e->inode, inode);
	path_raw(s, &e->path, BPF_CORE_READ(file, f_path.mnt), BPF_CORE_READ(file, f_path.dentry),
		 s->len);
	inject_end(s, &f);
	return 0;
}

static __always_inline __u32 inject_memory(struct vm_area_struct *vma) {
	struct mm_struct *mm = vma->vm_mm;

	if (vma->vm_file)
		return WIRE_MEMORY_FILE;
	if (!mm) /* never; to the verifier of 7.2 it may be */
		return WIRE_MEMORY_ANONYMOUS;
	if (vma->vm_start < mm->brk && vma->vm_end > mm->start_brk)
		return WIRE_MEMORY_HEAP;
	if (vma->vm_start <= mm->start_stack && vma->vm_end >= mm->start_stack)
		return WIRE_MEMORY_STACK;
	return WIRE_MEMORY_ANONYMOUS;
}

/* inject_range - the part of @vma that the call is about, which may be one of many */
static __always_inline void inject_range(struct wire_inject *e, struct vm_area_struct *vma,
					 struct task_struct *task) {
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	__u64 begin = SYSCALL_ARG1(regs), end = begin + SYSCALL_ARG2(regs);
	int nr = SYSCALL_NR(regs);

	e->address = vma->vm_start;
	e->bytes = vma->vm_end - vma->vm_start;
	if (syscall_foreign(task) || (nr != NR_mprotect && nr != NR_pkey_mprotect) ||
	    begin >= vma->vm_end || end <= vma->vm_start)
		return;
	if (begin > vma->vm_start)
		e->address = begin;
	e->bytes = (end < vma->vm_end ? end : vma->vm_end) - e->address;
}

/* inject_protected - memory of @vma that is or was written is about to be run */
static __noinline int inject_protected(struct vm_area_struct *vma, unsigned long prot) {
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 flags = vma->vm_flags;
	struct file *file = vma->vm_file;
	struct inject_call c = {};
	struct wire_inject *e;
	struct fold f;
	struct slot *s;

	if (!gate_task(task))
		return 0;
	fold_begin(&f, WIRE_INJECT_EXECUTABLE, task);
	c.memory = inject_memory(vma);
	c.inode = file ? file->f_inode->i_ino : 0;
	syscall_forget(&c, sizeof(c));
	f.key.object[0] = prot << 8 | (flags & PROT_ALL);
	f.key.object[1] = c.memory;
	f.key.object[2] = c.inode;
	if (fold_deed(&f, vma->vm_end - vma->vm_start, 0))
		return 0;
	s = inject_begin(WIRE_INJECT_EXECUTABLE, WIRE_HOOK_LSM_FILE_MPROTECT, WIRE_ATTEMPTED, task);
	if (!s)
		return 0;
	e = (struct wire_inject *)s->rec;
	e->protection = (__u32)prot;
	e->old_protection = (__u32)(flags & PROT_ALL);
	e->memory = c.memory;
	inject_range(e, vma, task);
	if (file)
		path_of(s, &e->path, file->f_path.mnt, file->f_path.dentry);
	inject_end(s, &f);
	return 0;
}

/*
 * Why: memory that was written is about to be run: shellcode, unpacked programs, hooks; or a file
 * that was mapped to be read (FILE_MAP, as lsm/mmap_file).
 * Kernel: mm/mprotect.c do_mprotect_pkey() -> security_file_mprotect(), once for each mapping.
 * Blind spots: the same pages mapped twice, once to be written and once to be run, need no
 * mprotect(2); of a mapping that is shared, what was written before it was made read-only is not
 * known.
 */
SEC("lsm/file_mprotect")
int BPF_PROG(inject_mprotect, struct vm_area_struct *vma, unsigned long reqprot,
	     unsigned long prot) {
	__u64 flags = vma->vm_flags;
	struct file *file;

	if (!(prot & PROT_EXEC) || (flags & PROT_EXEC && !(prot & PROT_WRITE)))
		return 0;
	if ((prot | flags) & PROT_WRITE || vma->anon_vma)
		return inject_protected(vma, prot);
	file = vma->vm_file;
	return file ? inject_map(file, WIRE_HOOK_LSM_FILE_MPROTECT) : 0;
}

/* inject_both - memory that can be written and run at once */
static __noinline int inject_both(struct file *file, unsigned long prot) {
	struct task_struct *task = bpf_get_current_task_btf();
	struct wire_inject *e;
	struct fold f;
	struct slot *s;

	if (!gate_task(task))
		return 0;
	fold_begin(&f, WIRE_INJECT_EXECUTABLE, task);
	f.key.object[0] = 1ull << 32 | prot;
	f.key.object[2] = file ? file->f_inode->i_ino : 0;
	if (fold_deed(&f, 0, 0))
		return 0;
	s = inject_begin(WIRE_INJECT_EXECUTABLE, WIRE_HOOK_LSM_MMAP_FILE, WIRE_ATTEMPTED, task);
	if (!s)
		return 0;
	e = (struct wire_inject *)s->rec;
	e->protection = (__u32)prot;
	e->memory = file ? WIRE_MEMORY_FILE : WIRE_MEMORY_ANONYMOUS;
	if (file)
		path_of(s, &e->path, file->f_path.mnt, file->f_path.dentry);
	inject_end(s, &f);
	return 0;
}

/*
 * Why: memory that can be written and run at once needs no further call to become code; a library
 * that somebody else can change, or that is in memory only, is code without an exec (FILE_MAP).
 * Kernel: mm/util.c vm_mmap_pgoff() -> security_mmap_file(); @file is NULL for memory without one.
 * Blind spots: where it will be is not known yet. Of files that are run without writing only those
 * are told that mapped.h calls exposed: not a library that root has put among root's own, nor one
 * that others may change by an access list or by a mount of the same folder elsewhere. Of what
 * exec(2) maps itself the program is told by PROCESS_EXEC, its dynamic linker by nobody. Folders
 * are looked at within the file's own file system.
 */
SEC("lsm/mmap_file")
int BPF_PROG(inject_mmap, struct file *file, unsigned long reqprot, unsigned long prot,
	     unsigned long flags) {
	if (!(prot & PROT_EXEC))
		return 0;
	if (prot & PROT_WRITE)
		return inject_both(file, prot);
	if (!file || file->f_flags & FMODE_EXEC)
		return 0;
	return inject_map(file, WIRE_HOOK_LSM_MMAP_FILE);
}

/*
 * Why: a process that handles its own page faults can stop the kernel in the middle of a copy,
 * which many exploits need.
 * Kernel: fs/userfaultfd.c -> anon_inode_create_getfd() -> security_inode_init_security_anon(),
 * which names the kind of file.
 * Blind spots: what is done with the descriptor; /dev/userfaultfd gives one by an ioctl, through
 * the same hook.
 */
SEC("lsm/inode_init_security_anon")
int BPF_PROG(inject_uffd, struct inode *inode, const struct qstr *name,
	     const struct inode *context_inode) {
	static const char want[ANON_NAME_BYTES] = "[userfaultfd]";
	char got[ANON_NAME_BYTES] = {};
	struct task_struct *task = bpf_get_current_task_btf();
	struct slot *s;

	if (bpf_probe_read_kernel_str(got, sizeof(got), name->name) != 14)
		return 0;
	for (int i = 0; i < 13; i++)
		if (got[i] != want[i])
			return 0;
	if (!gate_task(task))
		return 0;
	s = inject_begin(WIRE_INJECT_USERFAULTFD, WIRE_HOOK_LSM_INODE_INIT_SECURITY_ANON,
			 WIRE_ATTEMPTED, task);
	if (s)
		emit_end(s, &ring_bulk);
	return 0;
}

/* inject_memfd_made - a call that gave @ret was asked to make a file called @name */
static __always_inline int inject_memfd_made(const void *name, __u32 flags, long ret) {
	struct task_struct *task = bpf_get_current_task_btf();
	struct wire_inject *e;
	struct slot *s;

	if (!gate_task(task))
		return 0;
	s = inject_begin(WIRE_INJECT_MEMFD, WIRE_HOOK_FEXIT_MEMFD_CREATE,
			 ret < 0 ? WIRE_FAILED : WIRE_SUCCEEDED, task);
	if (!s)
		return 0;
	e = (struct wire_inject *)s->rec;
	if (ret < 0)
		e->head.error = (__u16)-ret;
	e->flags = flags;
	emit_str(s, &e->name, name, MEMFD_NAME_BYTES, EMIT_USER);
	emit_end(s, &ring_bulk);
	return 0;
}

/*
 * Why: a file that is in memory only can be run, and leaves no trace on a disk.
 * Kernel: mm/memfd.c, the system call memfd_create; no LSM hook stands in it.
 * Blind spots: the name is text that the process could have changed since; running one is told by
 * PROCESS_EXEC.
 */
SEC("fexit/" SYSCALL_FUNCTION("memfd_create"))
int BPF_PROG(inject_memfd, struct pt_regs *regs, long ret) {
	return inject_memfd_made((const void *)SYSCALL_ARG1(regs), (__u32)SYSCALL_ARG2(regs), ret);
}

/*
 * Why: the same by a 32-bit call, which a 64-bit program can make as well.
 * Kernel: mm/memfd.c, the system call as the table of 32-bit calls has it.
 * Blind spots: the same.
 */
SEC("fexit/" SYSCALL_FUNCTION_32("memfd_create"))
int BPF_PROG(inject_memfd_32, struct pt_regs *regs, long ret) {
	return inject_memfd_made((const void *)(unsigned long)SYSCALL_ARG1_32(regs),
				 SYSCALL_ARG2_32(regs), ret);
}

/* inject_call_folded - whether a call is only counted (fold.h). Not static: see syscall.h. */
__noinline int inject_call_folded(struct fold *f, const struct inject_call *c, long ret) {
	if (!f || !c)
		return 0;
	fold_begin(f, c->kind, bpf_get_current_task_btf());
	f->key.object[0] = (__u64)c->target_tgid << 32 | c->call;
	f->key.object[1] = (__u64)c->protection << 32 | c->request;
	f->key.object[2] = c->inode;
	f->key.object[3] = ret < 0 ? ret : 0;
	return !c->name && fold_deed(f, c->bytes, 0); /* each file in memory is another */
}

/* inject_call_tell - the record of a call that is told. Not static: see syscall.h. */
__noinline int inject_call_tell(const struct inject_call *c, long ret) {
	struct task_struct *task = bpf_get_current_task_btf();
	struct wire_inject *e;
	struct file *file;
	struct fold f = {};
	struct slot *s;

	if (!c || inject_call_folded(&f, c, ret))
		return 0;
	s = inject_begin(c->kind, WIRE_HOOK_TP_SYS_EXIT, WIRE_ATTEMPTED, task);
	if (!s)
		return 0;
	e = (struct wire_inject *)s->rec;
	e->head.outcome = (__u8)syscall_outcome(task, ret);
	if (ret < 0)
		e->head.error = (__u16)-ret;
	e->target_tgid = c->target_tgid;
	e->target_start_ns = c->target_start_ns;
	e->address = c->address;
	e->bytes = c->bytes;
	e->call = c->call;
	e->request = c->request;
	e->protection = c->protection;
	e->memory = c->memory;
	e->flags = c->flags;
	if (c->name)
		emit_str(s, &e->name, c->name, MEMFD_NAME_BYTES, EMIT_USER);
	file = c->file;
	if (file)
		path_raw(s, &e->path, BPF_CORE_READ(file, f_path.mnt),
			 BPF_CORE_READ(file, f_path.dentry), s->len);
	inject_end(s, &f);
	return 0;
}

/* inject_call_ended - a call that gave @ret may be one to tell. Not static: see syscall.h. */
__noinline int inject_call_ended(struct inject_call *c, long ret) {
	struct task_struct *task = bpf_get_current_task_btf();
	struct file *file;

	if (!c || !gate_task(task))
		return 0;
	if (c->kind == WIRE_FILE_MAP) {
		file = syscall_file(c->fd);
		return file ? inject_map_raw((__u64)file, ret) : 0;
	}
	if (!inject_call_look(c, task, ret))
		return 0;
	return c->kind == WIRE_FILE_MAP ? inject_map_raw((__u64)c->file, ret)
					: inject_call_tell(c, ret);
}

static __noinline int inject_call_foreign(struct inject_call *c, struct pt_regs *regs, long ret) {
	struct pt_regs own;

	if (syscall_own(&own, regs))
		inject_call_read(c, &own, ret);
	return 0;
}

/*
 * Why: tells the same deeds where the hooks above are refused.
 * Kernel: trace_sys_exit() of the architecture's entry code, after the call.
 * Blind spots: io_uring; on arm64 32-bit calls; x32's own ptrace(2), process_vm_readv(2) and
 * process_vm_writev(2), where the kernel takes its calls (syscall.x32); calls that failed for want
 * of the process; who was
 * meant is not known before Linux 6.4, nor when the caller is in a pid namespace of its own; of
 * memory that is made executable only, before 5.17, it is not known whether it was written before.
 * A file that mmap(2) named by a descriptor is looked at when the call has ended, and so is what
 * mprotect(2) was about, even if it could be run before. Memory that shmat(2) makes executable, and
 * what READ_IMPLIES_EXEC of personality(2) does to mmap(2) and mprotect(2). A call that went well
 * in a process with a seccomp filter is told as an attempt, as the filter may have said so in its
 * place; a tracer (ptrace) may change the result, too.
 */
SEC("tp_btf/sys_exit")
int BPF_PROG(inject_sys_exit, struct pt_regs *regs, long ret) {
	struct inject_call c = {};

	if (ret == -ESRCH || ret == -EBADF)
		return 0;
	if (syscall_foreign(bpf_get_current_task_btf()))
		inject_call_foreign(&c, regs, ret);
	else
		inject_call_read(&c, regs, ret);
	return c.kind && gate_call(c.kind) ? inject_call_ended(&c, ret) : 0;
}
