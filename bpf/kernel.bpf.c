/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * kernel.bpf.c - the kernel itself changes, or what a process sees of it
 *
 * Where the kernel has a tracepoint for a deed it serves everywhere, because it
 * stands where the deed is done. Else an LSM hook, or the end of the function
 * that does it; and where these are refused, kernel_sys_exit() sees the end of
 * the system call.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "emit.h"
#include "fold.h"
#include "gate.h"
#include "kernel_calls.h"
#include "path.h"
#include "syscall.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define KERNEL_NAME_BYTES 256

union bpf_attr; /* its first words are read as numbers */

static __always_inline struct slot *kernel_begin(__u32 kind, __u32 hook, __u32 outcome,
						 struct task_struct *task) {
	return emit_deed(kind, hook, outcome, sizeof(struct wire_kernel), task);
}

/* kernel_path - the path of an untyped file */
static __always_inline void kernel_path(struct slot *s, struct wire_path *to, struct file *file) {
	if (file)
		path_raw(s, to, BPF_CORE_READ(file, f_path.mnt),
			 BPF_CORE_READ(file, f_path.dentry), s->len);
}

/* kernel_program - what a program is; untyped */
static __always_inline void kernel_program(struct slot *s, struct wire_kernel *e,
					   struct bpf_prog *prog) {
	const void *name;

	e->type = compat_prog_type(prog);
	e->id = BPF_CORE_READ(prog, aux, id);
	bpf_probe_read_kernel(e->tag, sizeof(e->tag),
			      (void *)prog + bpf_core_field_offset(struct bpf_prog, tag));
	name = (void *)BPF_CORE_READ(prog, aux) + bpf_core_field_offset(struct bpf_prog_aux, name);
	emit_str(s, &e->name, name, BPF_NAME_BYTES, EMIT_KERNEL);
}

/* kernel_module_fd - of the file that a call asks to load, or -1 */
static __always_inline int kernel_module_fd(struct pt_regs *regs) {
	return SYSCALL_NR(regs) == NR_finit_module ? (int)SYSCALL_ARG1(regs) : -1;
}

static __noinline int kernel_module_foreign(struct pt_regs *regs) {
	struct pt_regs own;

	return syscall_own(&own, regs) ? kernel_module_fd(&own) : -1;
}

static __always_inline int kernel_module(struct module *module, __u32 kind, __u32 hook) {
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	int fd = syscall_foreign(task) ? kernel_module_foreign(regs) : kernel_module_fd(regs);
	struct wire_kernel *e;
	struct slot *s;

	if (!gate_task(task))
		return 0;
	s = kernel_begin(kind, hook, WIRE_SUCCEEDED, task);
	if (!s)
		return 0;
	e = (struct wire_kernel *)s->rec;
	e->flags = module->taints;
	e->signature = compat_module_signature(module);
	emit_str(s, &e->name, module->name, MODULE_NAME_BYTES, EMIT_KERNEL);
	if (kind == WIRE_KERNEL_MODULE_LOAD)
		kernel_path(s, &e->path, syscall_file(fd));
	emit_end(s, &ring_bulk);
	return 0;
}

/*
 * Why: code in the kernel can hide and undo everything else.
 * Kernel: kernel/module/main.c load_module() -> trace_module_load(), before its own code runs.
 * Blind spots: a module that came by init_module(2) was bytes in memory, and has no file; what is
 * built into the kernel; code that gets there by other ways than a module.
 */
SEC("tp_btf/module_load")
int BPF_PROG(kernel_modload, struct module *module) {
	return kernel_module(module, WIRE_KERNEL_MODULE_LOAD, WIRE_HOOK_TP_MODULE_LOAD);
}

/*
 * Why: a module that goes may be a protection that is taken away, or a trace.
 * Kernel: kernel/module/main.c free_module() -> trace_module_free().
 * Blind spots: a module that takes itself off the list only is not freed, and not told.
 */
SEC("tp_btf/module_free")
int BPF_PROG(kernel_modfree, struct module *module) {
	return kernel_module(module, WIRE_KERNEL_MODULE_UNLOAD, WIRE_HOOK_TP_MODULE_FREE);
}

static __noinline bool kernel_loads_foreign(struct pt_regs *regs) {
	struct pt_regs own;

	return syscall_own(&own, regs) && SYSCALL_NR(&own) == NR_bpf &&
	       (__u32)SYSCALL_ARG1(&own) == BPF_PROG_LOAD;
}

/*
 * kernel_loads - whether @prog is being loaded, and not one that has been and gets a descriptor
 * A new one is nobody else's, whoever asks; unless somebody who guessed its number has it already.
 */
static __always_inline bool kernel_loads(struct bpf_prog *prog, struct task_struct *task) {
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);

	if (BPF_CORE_READ(prog, aux, refcnt.counter) == 1)
		return true;
	if (syscall_foreign(task))
		return kernel_loads_foreign(regs);
	return SYSCALL_NR(regs) == NR_bpf && (__u32)SYSCALL_ARG1(regs) == BPF_PROG_LOAD;
}

/*
 * Why: BPF programs can watch and change what the kernel does, and hide it.
 * Kernel: kernel/bpf/syscall.c bpf_prog_new_fd() -> security_bpf_prog(), the program being loaded.
 * Blind spots: programs that were there before; the sensor's own are not told.
 */
SEC("lsm/bpf_prog")
int BPF_PROG(kernel_bpf_load, struct bpf_prog *prog) {
	struct task_struct *task = bpf_get_current_task_btf();
	struct slot *s;

	if (!kernel_loads(prog, task) || !gate_task(task))
		return 0;
	s = kernel_begin(WIRE_KERNEL_BPF_LOAD, WIRE_HOOK_LSM_BPF_PROG, WIRE_SUCCEEDED, task);
	if (!s)
		return 0;
	((struct wire_kernel *)s->rec)->command = BPF_PROG_LOAD;
	kernel_program(s, (struct wire_kernel *)s->rec, prog);
	emit_end(s, &ring_bulk);
	return 0;
}

static __always_inline void kernel_attach(struct slot *s, struct kernel_attach *a,
					  enum emit_source source) {
	struct wire_kernel *e = (struct wire_kernel *)s->rec;

	e->command = a->command;
	e->attach = a->type;
	if (a->prog)
		kernel_program(s, e, a->prog);
	if (a->name)
		emit_str(s, &e->detail, a->name, BPF_TP_NAME_BYTES, source);
}

/*
 * Why: a program does something from the moment that it is attached.
 * Kernel: kernel/bpf/syscall.c __sys_bpf() -> security_bpf(), the arguments being copied already.
 * Blind spots: programs attached by ioctl(2) to a perf event, by netlink or by setsockopt(2).
 */
SEC("lsm/bpf")
int BPF_PROG(kernel_bpf, int command, union bpf_attr *attr, unsigned int size) {
	struct kernel_attach a = { .command = (__u32)command };
	struct task_struct *task = bpf_get_current_task_btf();
	__u32 words[4] = {};
	struct slot *s;

	if (!kernel_attaches(a.command) || !gate_task(task))
		return 0;
	bpf_probe_read_kernel(words, sizeof(words), attr);
	kernel_attach_read(&a, words);
	s = kernel_begin(WIRE_KERNEL_BPF_ATTACH, WIRE_HOOK_LSM_BPF, WIRE_ATTEMPTED, task);
	if (!s)
		return 0;
	kernel_attach(s, &a, EMIT_USER);
	emit_end(s, &ring_bulk);
	return 0;
}

static __always_inline int kernel_kexec(struct file *file, __u32 hook) {
	struct task_struct *task = bpf_get_current_task_btf();
	struct wire_kernel *e;
	struct slot *s;

	if (!gate_task(task))
		return 0;
	s = kernel_begin(WIRE_KERNEL_KEXEC, hook, WIRE_ATTEMPTED, task);
	if (!s)
		return 0;
	e = (struct wire_kernel *)s->rec;
	kernel_path(s, &e->path, file);
	emit_end(s, &ring_bulk);
	return 0;
}

/*
 * Why: another kernel, put in place without a boot loader's checks, undoes all protection.
 * Kernel: kernel/kexec_file.c -> kernel_read_file() -> security_kernel_read_file().
 * Blind spots: the switch itself (reboot(2)) is not told.
 */
SEC("lsm/kernel_read_file")
int BPF_PROG(kernel_kexec_f, struct file *file, int id, bool contents) {
	return id == READING_KEXEC_IMAGE ? kernel_kexec(file, WIRE_HOOK_LSM_KERNEL_READ_FILE) : 0;
}

/*
 * Why: the same, from memory.
 * Kernel: kernel/kexec.c kexec_load_check() -> security_kernel_load_data().
 * Blind spots: what the memory held.
 */
SEC("lsm/kernel_load_data")
int BPF_PROG(kernel_kexec_d, int id, bool contents) {
	return id == READING_KEXEC_IMAGE ? kernel_kexec(NULL, WIRE_HOOK_LSM_KERNEL_LOAD_DATA) : 0;
}

/* kernel_namespaces - where @task is now; what of it cannot have changed is left 0 */
static __always_inline int kernel_namespaces(__u32 hook, __u64 flags, long ret) {
	struct task_struct *task = bpf_get_current_task_btf();
	struct nsproxy *ns = task->nsproxy;
	struct wire_kernel *e;
	struct slot *s;

	if (!ns || !gate_task(task))
		return 0;
	s = kernel_begin(WIRE_KERNEL_NAMESPACE, hook, WIRE_SUCCEEDED, task);
	if (!s)
		return 0;
	e = (struct wire_kernel *)s->rec;
	/* the function that unshares says how it went; the end of a call may be another's word */
	if (ret < 0 || hook == WIRE_HOOK_TP_SYS_EXIT)
		e->head.outcome = (__u8)syscall_outcome(task, ret);
	if (ret < 0)
		e->head.error = (__u16)-ret;
	e->flags = flags;
	e->ns_mnt = ns->mnt_ns->ns.inum;
	e->ns_net = ns->net_ns->ns.inum;
	e->ns_uts = ns->uts_ns->ns.inum;
	e->ns_ipc = ns->ipc_ns->ns.inum;
	e->ns_cgroup = ns->cgroup_ns->ns.inum;
	e->ns_user = task->real_cred->user_ns->ns.inum;
	emit_end(s, &ring_bulk);
	return 0;
}

/*
 * Why: new namespaces give rights over things of one's own, which many exploits begin with; and
 * from here on a process sees other files, processes or networks than the rest.
 * Kernel: kernel/fork.c ksys_unshare(), at its end.
 * Blind spots: namespaces that a process is born into are told by its exec. Of a process with
 * threads each is in namespaces of its own: what other threads than this one do later is told with
 * those of the leader.
 */
SEC("fexit/ksys_unshare")
int BPF_PROG(kernel_unshare, unsigned long asked, int ret) {
	__u64 flags = asked & KERNEL_NEW_NAMESPACES;

	return flags ? kernel_namespaces(WIRE_HOOK_FEXIT_UNSHARE, flags, (int)ret) : 0;
}

/*
 * Why: joining another's namespaces is how one gets into a container, or out of it.
 * Kernel: kernel/nsproxy.c, the system call setns, at its end.
 * Blind spots: which kinds were asked for by a pidfd is known, of a namespace's file only what the
 * call names; threads, as with unshare.
 */
SEC("fexit/" SYSCALL_FUNCTION("setns"))
int BPF_PROG(kernel_setns, struct pt_regs *regs, long ret) {
	return kernel_namespaces(WIRE_HOOK_FEXIT_SETNS,
				 SYSCALL_ARG2(regs) & KERNEL_NEW_NAMESPACES, ret);
}

/*
 * Why: the same by a 32-bit call, which a 64-bit program can make as well.
 * Kernel: kernel/nsproxy.c, the system call setns as the table of 32-bit calls has it, at its end.
 * Blind spots: the same.
 */
SEC("fexit/" SYSCALL_FUNCTION_32("setns"))
int BPF_PROG(kernel_setns_32, struct pt_regs *regs, long ret) {
	return kernel_namespaces(WIRE_HOOK_FEXIT_SETNS,
				 SYSCALL_ARG2_32(regs) & KERNEL_NEW_NAMESPACES, ret);
}

/*
 * Why: a process that changes its cgroup leaves its container's limits, or enters one.
 * Kernel: kernel/cgroup/cgroup.c cgroup_attach_task() -> trace_cgroup_attach_task(), which has the
 * path; the mover is who wrote to cgroup.procs.
 * Blind spots: where v1 has the controllers, all hierarchies but that of memory; a process that is
 * born into a cgroup (CLONE_INTO_CGROUP).
 */
SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(kernel_cgroup, struct cgroup *to, const char *path, struct task_struct *moved,
	     bool threadgroup) {
	struct task_struct *task = bpf_get_current_task_btf();
	struct wire_kernel *e;
	struct slot *s;

	if ((__u32)to->root->hierarchy_id != knobs.cgroup_hierarchy || !gate_task(task))
		return 0;
	s = kernel_begin(WIRE_KERNEL_CGROUP, WIRE_HOOK_TP_CGROUP_ATTACH_TASK, WIRE_SUCCEEDED, task);
	if (!s)
		return 0;
	e = (struct wire_kernel *)s->rec;
	e->target_tgid = (__u32)moved->tgid;
	e->target_start_ns = moved->group_leader->start_boottime;
	e->cgroup_id = to->kn->id;
	emit_str(s, &e->name, path, WIRE_PATH_BYTES, EMIT_KERNEL);
	emit_end(s, &ring_bulk);
	return 0;
}

/*
 * Why: keys of disks and networks are kept in the kernel, and exploits have made use of them.
 * Kernel: security/keys/key.c key_alloc() -> security_key_alloc(), type and description being set.
 * Blind spots: reading, linking and changing keys that are there (keyctl(2)).
 */
SEC("lsm/key_alloc")
int BPF_PROG(kernel_key, struct key *key, const struct cred *cred, unsigned long flags) {
	struct task_struct *task = bpf_get_current_task_btf();
	struct wire_kernel *e;
	struct slot *s;

	if (!gate_task(task))
		return 0;
	s = kernel_begin(WIRE_KERNEL_KEY, WIRE_HOOK_LSM_KEY_ALLOC, WIRE_ATTEMPTED, task);
	if (!s)
		return 0;
	e = (struct wire_kernel *)s->rec;
	emit_str(s, &e->name, key->description, KERNEL_NAME_BYTES, EMIT_KERNEL);
	emit_str(s, &e->detail, key->type->name, KERNEL_NAME_BYTES, EMIT_KERNEL);
	emit_end(s, &ring_bulk);
	return 0;
}

/*
 * Why: who is stopped by the lockdown tried to change a kernel that was meant to be sealed.
 * Kernel: security/security.c security_locked_down(), at its end: an LSM hook would not be asked
 * once the lockdown has said no.
 * Blind spots: on a kernel that is not locked down nothing is denied.
 */
SEC("fexit/security_locked_down")
int BPF_PROG(kernel_lockdown, int what, int ret) {
	struct task_struct *task = bpf_get_current_task_btf();
	struct wire_kernel *e;
	struct slot *s;

	if (ret >= 0 || !gate_task(task))
		return 0;
	s = kernel_begin(WIRE_KERNEL_LOCKDOWN, WIRE_HOOK_FEXIT_SECURITY_LOCKED_DOWN, WIRE_FAILED,
			 task);
	if (!s)
		return 0;
	e = (struct wire_kernel *)s->rec;
	e->head.error = (__u16)-ret;
	e->type = kernel_reason((__u32)what);
	emit_end(s, &ring_bulk);
	return 0;
}

/*
 * Why: with io_uring a process does what it wants without the system calls that are watched.
 * Kernel: io_uring/io_uring.c io_uring_create() -> trace_io_uring_create().
 * Blind spots: a ring that was handed over by another process.
 */
SEC("tp_btf/io_uring_create")
int BPF_PROG(kernel_uring, int fd, void *ring, __u32 sq_entries, __u32 cq_entries, __u32 flags) {
	struct task_struct *task = bpf_get_current_task_btf();
	struct wire_kernel *e;
	struct slot *s;

	if (!gate_task(task))
		return 0;
	s = kernel_begin(WIRE_KERNEL_IO_URING, WIRE_HOOK_TP_IO_URING_CREATE, WIRE_SUCCEEDED, task);
	if (!s)
		return 0;
	e = (struct wire_kernel *)s->rec;
	e->flags = flags;
	e->entries = sq_entries;
	emit_end(s, &ring_bulk);
	return 0;
}

static __always_inline int kernel_request(struct io_kiocb *req) {
	struct task_struct *task = bpf_get_current_task_btf();
	__u32 opcode = req->opcode;
	struct wire_kernel *e;
	struct fold f;
	struct slot *s;

	if (opcode < 64 && KERNEL_IO_IDLE >> opcode & 1)
		return 0;
	if (!gate_task(task))
		return 0;
	fold_begin(&f, WIRE_KERNEL_IO_REQUEST, task);
	f.key.object[0] = opcode;
	if (fold_deed(&f, 0, 0))
		return 0;
	s = kernel_begin(WIRE_KERNEL_IO_REQUEST, WIRE_HOOK_TP_IO_URING_SUBMIT_REQ, WIRE_ATTEMPTED,
			 task);
	if (!s)
		return 0;
	e = (struct wire_kernel *)s->rec;
	e->type = opcode;
	fold_keep(&f, s->rec, s->len);
	emit_end(s, &ring_bulk);
	return 0;
}

/*
 * Why: where no LSM hook sees what a request does to files and sockets, this says at least who
 * asked for what kind of thing.
 * Kernel: io_uring/io_uring.c io_submit_sqe() -> trace_io_uring_submit_req(), since v6.3.
 * Blind spots: on which file or socket, and how it ended.
 */
SEC("tp_btf/io_uring_submit_req")
int BPF_PROG(kernel_uring_r, struct io_kiocb *req) {
	return kernel_request(req);
}

/*
 * Why: the same before v6.3, when the tracepoint had another name.
 * Kernel: io_uring/io_uring.c io_submit_sqe() -> trace_io_uring_submit_sqe(), v5.19 to v6.2.
 * Blind spots: the same.
 */
SEC("tp_btf/io_uring_submit_sqe")
int BPF_PROG(kernel_uring_s, struct io_kiocb *req, bool force_nonblock) {
	return kernel_request(req);
}

/* kernel_call_ended - a call that gave @ret may be one to tell. Not static: see syscall.h. */
__noinline int kernel_call_ended(struct kernel_call *c, long ret) {
	struct task_struct *task = bpf_get_current_task_btf();
	struct wire_kernel *e;
	struct slot *s;

	if (!c || !gate_task(task))
		return 0;
	if (c->kind == WIRE_KERNEL_NAMESPACE)
		return kernel_namespaces(WIRE_HOOK_TP_SYS_EXIT, c->flags, ret);
	kernel_call_look(c, ret);
	s = kernel_begin(c->kind, WIRE_HOOK_TP_SYS_EXIT, WIRE_ATTEMPTED, task);
	if (!s)
		return 0;
	e = (struct wire_kernel *)s->rec;
	e->head.outcome = (__u8)syscall_outcome(task, ret);
	if (ret < 0)
		e->head.error = (__u16)-ret;
	if (c->attach.command)
		kernel_attach(s, &c->attach, EMIT_USER);
	if (c->name)
		emit_str(s, &e->name, c->name, KERNEL_NAME_BYTES, EMIT_USER);
	if (c->detail)
		emit_str(s, &e->detail, c->detail, KERNEL_NAME_BYTES, EMIT_USER);
	kernel_path(s, &e->path, c->file);
	emit_end(s, &ring_bulk);
	return 0;
}

static __noinline int kernel_call_foreign(struct kernel_call *c, struct pt_regs *regs, long ret) {
	struct pt_regs own;

	if (syscall_own(&own, regs))
		kernel_call_read(c, &own, ret);
	return 0;
}

/*
 * Why: tells the same deeds where the hooks above are refused.
 * Kernel: trace_sys_exit() of the architecture's entry code, after the call.
 * Blind spots: on arm64 32-bit calls; x32's own kexec_load(2); texts that a call points to could
 * have been changed since;
 * lockdown denials are seen only as errors of whatever was denied; keys that the kernel makes by
 * itself. A call that went well in a process with a seccomp filter is told as an attempt, as the
 * filter may have said so in its place; a tracer (ptrace) may change the result, too.
 */
SEC("tp_btf/sys_exit")
int BPF_PROG(kernel_sys_exit, struct pt_regs *regs, long ret) {
	struct kernel_call c = {};

	if (syscall_foreign(bpf_get_current_task_btf()))
		kernel_call_foreign(&c, regs, ret);
	else
		kernel_call_read(&c, regs, ret);
	return c.kind && gate_call(c.kind) ? kernel_call_ended(&c, ret) : 0;
}
