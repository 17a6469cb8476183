/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * compat.h - the kernel's history, one change to a paragraph
 *
 * Nothing else asks which kernel it is on.
 */
#ifndef LAPWING_COMPAT_H
#define LAPWING_COMPAT_H

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

/*
 * 633488947ef6 ("kernfs: Use RCU to access kernfs_node::parent."), v6.15:
 * kernfs_node::parent became __parent.
 */
struct kernfs_node___before_6_15 {
	struct kernfs_node *parent;
} __attribute__((preserve_access_index));

struct kernfs_node___since_6_15 {
	struct kernfs_node *__parent;
} __attribute__((preserve_access_index));

static __always_inline struct kernfs_node *compat_kernfs_parent(struct kernfs_node *kn) {
	struct kernfs_node___before_6_15 *before = (void *)kn;
	struct kernfs_node___since_6_15 *since = (void *)kn;

	return bpf_core_field_exists(since->__parent) ? since->__parent : before->parent;
}

/*
 * task_struct::loginuid and ::sessionid stand only in kernels with
 * CONFIG_AUDIT. Without it nobody's login is known: AUDIT_UID_UNSET.
 */
static __always_inline __u32 compat_login_uid(struct task_struct *task) {
	return bpf_core_field_exists(task->loginuid) ? task->loginuid.val : ~0u;
}

static __always_inline __u32 compat_login_session(struct task_struct *task) {
	return bpf_core_field_exists(task->sessionid) ? task->sessionid : ~0u;
}

/* task_struct::seccomp stands only in kernels with CONFIG_SECCOMP. */
struct seccomp___filter {
	int mode;
} __attribute__((preserve_access_index));

struct task_struct___filter {
	struct seccomp___filter seccomp;
} __attribute__((preserve_access_index));

#define SECCOMP_MODE_FILTER 2

/* compat_has_filter - whether @task has a filter, which can answer system calls in their place */
static __always_inline bool compat_has_filter(struct task_struct *task) {
	struct task_struct___filter *t = (void *)task;

	return bpf_core_field_exists(t->seccomp) && t->seccomp.mode == SECCOMP_MODE_FILTER;
}

/*
 * 4faeee0cf8a5 ("tcp: deny tcp_disconnect() when threads are waiting"), v6.4 and stable kernels:
 * sock::sk_wait_pending counts them; 419ce133ab92 ("tcp: allow again tcp_disconnect() when threads
 * are waiting"), v6.7, took it away.
 */
struct sock___waited_for {
	int sk_wait_pending;
} __attribute__((preserve_access_index));

/* compat_waited_for - whether tcp_disconnect() will refuse, because threads wait for @sk */
static __always_inline bool compat_waited_for(struct sock *sk) {
	struct sock___waited_for *s = (void *)sk;

	return bpf_core_field_exists(s->sk_wait_pending) && s->sk_wait_pending;
}

/* e6f2c617 ("bpf: Add bpf_loop helper"), v5.17. */
static __always_inline bool compat_has_loop(void) {
	return bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_loop);
}

/*
 * a35b9af4ec2c ("bpf: Add a kfunc for generic type cast"), v6.3: pointers that
 * were computed can be read like typed ones, at an instruction a load. Asked
 * for by a type of 6.4, because libbpf 1.1 cannot ask for a kfunc.
 */
struct bpf_iter_num___since_6_4 {
	__u64 opaque;
} __attribute__((preserve_access_index));

extern void *bpf_rdonly_cast(const void *object, __u32 btf_id) __ksym __weak;

static __always_inline bool compat_has_cast(void) {
	return bpf_core_type_exists(struct bpf_iter_num___since_6_4);
}

/*
 * 58cf9c383c5c ("dcache: back inline names with a struct-wrapped array of unsigned long"), v6.15:
 * dentry::d_iname became d_shortname. Both hold at least 32 bytes, NUL included.
 */
struct dentry___before_6_15 {
	unsigned char d_iname[32];
} __attribute__((preserve_access_index));

union shortname_store___since_6_15 {
	unsigned char string[32];
} __attribute__((preserve_access_index));

struct dentry___since_6_15 {
	union shortname_store___since_6_15 d_shortname;
} __attribute__((preserve_access_index));

#define COMPAT_SHORT_NAME_BYTES 32

/* compat_short_name - where a dentry keeps a name that is shorter than COMPAT_SHORT_NAME_BYTES */
static __always_inline const __u64 *compat_short_name(struct dentry *d) {
	struct dentry___before_6_15 *before = (void *)d;
	struct dentry___since_6_15 *since = (void *)d;

	return bpf_core_field_exists(since->d_shortname)
		       ? (const __u64 *)&since->d_shortname.string[0]
		       : (const __u64 *)&before->d_iname[0];
}

/*
 * 3f0e6f2b41d3 ("bpf: Add bpf_task_from_pid() kfunc"), v6.2. Use only with compat_has_cast(), for
 * the same reason.
 */
extern struct task_struct *bpf_task_from_pid(int pid) __ksym __weak;
extern void bpf_task_release(struct task_struct *task) __ksym __weak;

/* 7c7e3d31e785 ("bpf: Introduce helper bpf_find_vma"), v5.17. */
static __always_inline bool compat_has_find_vma(void) {
	return bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_find_vma);
}

/*
 * cb12fd8e0dab ("pidfd: add pidfs"), v6.9: a pidfd's struct pid moved from file::private_data to
 * inode::i_private, and struct pid got a number of its own.
 */
struct pid___since_6_9 {
	__u64 ino;
} __attribute__((preserve_access_index));

static __always_inline struct pid *compat_pidfd_pid(struct file *file) {
	if (bpf_core_field_exists(struct pid___since_6_9, ino))
		return (struct pid *)BPF_CORE_READ(file, f_inode, i_private);
	return (struct pid *)BPF_CORE_READ(file, private_data);
}

/* An enum is relocated as an enum only; vmlinux.h has it as a number. */
enum bpf_prog_type { BPF_PROG_TYPE_UNSPEC };

struct bpf_prog___type {
	enum bpf_prog_type type;
} __attribute__((preserve_access_index));

static __always_inline __u32 compat_prog_type(struct bpf_prog *prog) {
	struct bpf_prog___type *p = (void *)prog;

	return BPF_CORE_READ(p, type);
}

/*
 * 13bc24457850 ("fs: rename i_ctime field to __i_ctime"), v6.6; 3aa63a569c64 ("fs: switch
 * timespec64 fields in inode to discrete integers"), v6.11. Since v6.13 the uppermost bit of the
 * nanoseconds says whether somebody has asked (I_CTIME_QUERIED).
 */
struct timespec64___ctime {
	long long tv_sec;
	long tv_nsec;
} __attribute__((preserve_access_index));

struct inode___before_6_6 {
	struct timespec64___ctime i_ctime;
} __attribute__((preserve_access_index));

struct inode___before_6_11 {
	struct timespec64___ctime __i_ctime;
} __attribute__((preserve_access_index));

struct inode___since_6_11 {
	long long i_ctime_sec;
	unsigned int i_ctime_nsec;
} __attribute__((preserve_access_index));

static __always_inline __u64 compat_ctime_ns(struct inode *inode) {
	struct inode___since_6_11 *since = (void *)inode;
	struct inode___before_6_11 *between = (void *)inode;
	struct inode___before_6_6 *before = (void *)inode;

	if (bpf_core_field_exists(since->i_ctime_sec))
		return (__u64)since->i_ctime_sec * 1000000000 +
		       (since->i_ctime_nsec & 0x7fffffff);
	if (bpf_core_field_exists(between->__i_ctime))
		return (__u64)between->__i_ctime.tv_sec * 1000000000 +
		       (__u64)between->__i_ctime.tv_nsec;
	return (__u64)before->i_ctime.tv_sec * 1000000000 + (__u64)before->i_ctime.tv_nsec;
}

/*
 * overlayfs, often a module, whose types are known only while it is loaded. Since 3cc1ca0f3de7
 * ("ovl: store lower path in ovl_inode"), v6.0, an inode has the path below it; since 0af950f57fef
 * ("ovl: move ovl_entry into ovl_inode"), v6.5, a list of those of all layers, the uppermost first.
 */
struct ovl_path {
	struct dentry *dentry;
} __attribute__((preserve_access_index));

struct ovl_entry {
	unsigned int __numlower;
	struct ovl_path __lowerstack[1];
} __attribute__((preserve_access_index));

struct ovl_inode {
	struct inode vfs_inode;
	struct dentry *__upperdentry;
} __attribute__((preserve_access_index));

struct ovl_inode___before_6_5 {
	struct ovl_path lowerpath;
} __attribute__((preserve_access_index));

struct ovl_inode___since_6_5 {
	struct ovl_entry *oe;
} __attribute__((preserve_access_index));

static __always_inline struct ovl_inode *compat_overlay_inode(struct inode *inode) {
	return (void *)inode - bpf_core_field_offset(struct ovl_inode, vfs_inode);
}

/* compat_overlay_upper - what an inode of overlayfs stands for in its upper layer, or NULL */
static __always_inline struct dentry *compat_overlay_upper(struct inode *inode) {
	if (!bpf_core_type_exists(struct ovl_inode))
		return NULL;
	return BPF_CORE_READ(compat_overlay_inode(inode), __upperdentry);
}

/* compat_overlay_lower - in the uppermost of its lower layers that has it, or NULL */
static __always_inline struct dentry *compat_overlay_lower(struct inode *inode) {
	struct ovl_inode___since_6_5 *since;
	struct ovl_inode___before_6_5 *before;
	struct ovl_entry *entry;

	if (!bpf_core_type_exists(struct ovl_inode))
		return NULL;
	since = (void *)compat_overlay_inode(inode);
	before = (void *)since;
	if (bpf_core_field_exists(before->lowerpath))
		return BPF_CORE_READ(before, lowerpath.dentry);
	if (!bpf_core_field_exists(since->oe))
		return NULL;
	entry = BPF_CORE_READ(since, oe);
	if (!entry || !BPF_CORE_READ(entry, __numlower))
		return NULL;
	return BPF_CORE_READ(entry, __lowerstack[0].dentry);
}

/*
 * 90ee6ed776c0 ("fs: port files to file_ref"), v6.13: file::f_count became f_ref, which is one less
 * than the references, and below zero once there is none.
 */
struct file_ref___since_6_13 {
	long refcnt;
} __attribute__((preserve_access_index));

struct atomic_long___count {
	long counter;
} __attribute__((preserve_access_index));

struct file___before_6_13 {
	struct atomic_long___count f_count;
} __attribute__((preserve_access_index));

struct file___since_6_13 {
	struct file_ref___since_6_13 f_ref;
} __attribute__((preserve_access_index));

/* compat_file_is_dead - whether nobody has a file any more, and nobody can get it */
static __always_inline bool compat_file_is_dead(struct file *file) {
	struct file___before_6_13 *before = (void *)file;
	struct file___since_6_13 *since = (void *)file;
	long count = 1;

	if (bpf_core_field_exists(since->f_ref)) {
		bpf_probe_read_kernel(&count, sizeof(count), &since->f_ref);
		return count < 0;
	}
	bpf_probe_read_kernel(&count, sizeof(count), &before->f_count);
	return !count;
}

/* task_io_accounting::wchar stands only in kernels with CONFIG_TASK_XACCT. */
static __always_inline bool compat_has_written(void) {
	return bpf_core_field_exists(struct task_io_accounting, wchar);
}

/* compat_written - bytes that @task gave to calls that write, ever */
static __always_inline __u64 compat_written(struct task_struct *task) {
	return compat_has_written() ? task->ioac.wchar : 0;
}

/* module::sig_ok stands only in kernels with CONFIG_MODULE_SIG. */
struct module___signed {
	bool sig_ok;
} __attribute__((preserve_access_index));

/* compat_module_signature - as in wire_kernel.signature */
static __always_inline __u32 compat_module_signature(struct module *module) {
	struct module___signed *m = (void *)module;

	if (!bpf_core_field_exists(m->sig_ok))
		return 0;
	return m->sig_ok ? 1 : 2;
}

#endif
