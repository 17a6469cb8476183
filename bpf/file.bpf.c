/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * file.bpf.c - made, opened, renamed, removed, given other rights or owners
 *
 * LSM hooks see the kernel's own objects before the deed: path and inode are
 * exact, the outcome is ATTEMPTED. Where they are refused, file_sys_exit() sees the end of
 * the system call: the outcome is known, but a path given as text must be read
 * from the process's memory, and user space looks the inode up afterwards.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "close.h"
#include "emit.h"
#include "file_calls.h"
#include "fold.h"
#include "gate.h"
#include "inode.h"
#include "path.h"
#include "watch.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define FMODE_WRITE 0x2		   /* include/linux/fs.h */
#define FMODE_PATH 0x4000	   /* O_PATH: a name of it, and nothing was opened */
#define FMODE_WRITER 0x10000	   /* since v4.19: it counts as one that writes to its mount */
#define FMODE_CREATED 0x100000	   /* since v4.19 */
#define FMODE_NOACCOUNT 0x20000000 /* since v4.19: opened by the kernel for its own use */
#define O_ACCMODE 00000003
#define S_IFMT 0170000
#define S_IFREG 0100000
#define S_IFBLK 0060000

#define ENOENT 2
#define ENOTDIR 20

/* file_notable - KNOBS_LIMIT_NOTABLE, if a change of what @dentry names is (watch.h); else 0 */
static __always_inline __u32 file_notable(struct dentry *dentry) {
	struct dentry *dir = dentry->d_parent;

	/* by a read: a loaded pointer to a name is a number to the verifier of 6.12, not of 6.18 */
	return watch_notable(dir->d_inode->i_ino, (__u64)BPF_CORE_READ(dentry, d_name.name),
			     dentry->d_name.len, (__u64)BPF_CORE_READ(dir, d_name.name),
			     dir->d_name.len)
		       ? KNOBS_LIMIT_NOTABLE
		       : 0;
}

/* file_notable_raw - the same where the verifier knows no type; NULL: it is not known */
static __always_inline __u32 file_notable_raw(struct file *file) {
	struct dentry *dentry = file ? BPF_CORE_READ(file, f_path.dentry) : NULL, *dir;

	if (!dentry)
		return 0;
	dir = BPF_CORE_READ(dentry, d_parent);
	return watch_notable(BPF_CORE_READ(dir, d_inode, i_ino),
			     (__u64)BPF_CORE_READ(dentry, d_name.name),
			     BPF_CORE_READ(dentry, d_name.len),
			     (__u64)BPF_CORE_READ(dir, d_name.name), BPF_CORE_READ(dir, d_name.len))
		       ? KNOBS_LIMIT_NOTABLE
		       : 0;
}

/* file_begin - @notable: as file_notable() */
static __always_inline struct slot *file_begin(__u32 kind, __u32 notable, __u32 hook,
					       __u32 outcome, struct task_struct *task) {
	struct slot *s = NULL;

	if (!limit_over(kind | notable, task))
		s = emit_slot(kind, hook, sizeof(struct wire_file), task);
	if (s)
		((struct wire_header *)s->rec)->outcome = (__u8)outcome;
	return s;
}

/* file_attempt - the record of a deed that the current task is about to do; NULL: not told */
static __always_inline struct slot *file_attempt(__u32 kind, __u32 hook) {
	struct task_struct *task = bpf_get_current_task_btf();

	return gate_task(task) ? file_begin(kind, 0, hook, WIRE_ATTEMPTED, task) : NULL;
}

/* file_change - the same of a deed to what @dentry names */
static __always_inline struct slot *file_change(__u32 kind, __u32 hook, struct dentry *dentry) {
	struct task_struct *task = bpf_get_current_task_btf();

	return gate_task(task) ? file_begin(kind, file_notable(dentry), hook, WIRE_ATTEMPTED, task)
			       : NULL;
}

/* file_inode - a dentry without an inode is one that another task has just removed */
static __always_inline void file_inode(struct wire_file *e, struct inode *inode) {
	if (inode)
		inode_fill(&e->inode, inode, inode->i_sb);
	else
		e->head.flags |= WIRE_FILE_UNRESOLVED;
}

/* file_mounts - the mount namespace in which a path of @task holds */
static __always_inline __u32 file_mounts(struct task_struct *task) {
	return task->nsproxy ? task->nsproxy->mnt_ns->ns.inum : 0;
}

/* file_wanted - writing to files and disks is news; to terminals, pipes and /dev/null it is not */
static __always_inline bool file_wanted(__u32 mode) {
	return (mode & S_IFMT) == S_IFREG || (mode & S_IFMT) == S_IFBLK;
}

/*
 * file_object - which open is the same as another: of one file by one name, in the same way
 * The name is known by its entry, its directory and its hash, so that a file that was renamed in
 * between is another; a directory renamed above it is not noticed, and is told by its own event.
 */
static __always_inline void file_object(struct fold *f, __u64 ino, __u32 dev, __u32 flags,
					__u64 mnt, __u64 dentry, __u64 parent, __u32 name_hash) {
	f->key.object[0] = ino;
	f->key.object[1] = (__u64)dev << 32 | flags;
	f->key.object[2] = mnt;
	f->key.object[3] = parent;
	f->key.object[4] = dentry + ((__u64)name_hash << 32);
}

/* file_folded - whether an open is only counted (fold.h) */
static __always_inline bool file_folded(struct fold *f, __u32 kind, struct task_struct *task,
					struct file *file) {
	struct dentry *dentry = file->f_path.dentry;
	struct inode *inode = file->f_inode;
	struct super_block *sb = inode->i_sb;

	fold_begin(f, kind, task);
	file_object(f, inode->i_ino, sb->s_dev, file->f_flags, fold_address(file->f_path.mnt, sb),
		    fold_address(dentry, sb), fold_address(dentry->d_parent, sb),
		    dentry->d_name.hash);
	return fold_deed(f, 0, 0);
}

/*
 * file_folded_raw - the same of the current task, where the verifier knows no type
 * @opened: the address of the file. Not static: see syscall.h.
 */
__noinline int file_folded_raw(struct fold *f, __u32 kind, __u64 opened) {
	struct file *file = (struct file *)opened;
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	struct inode *inode = BPF_CORE_READ(file, f_inode);

	if (!f)
		return 0;
	fold_begin(f, kind, bpf_get_current_task_btf());
	file_object(f, BPF_CORE_READ(inode, i_ino), BPF_CORE_READ(inode, i_sb, s_dev),
		    BPF_CORE_READ(file, f_flags), (__u64)BPF_CORE_READ(file, f_path.mnt),
		    (__u64)dentry, (__u64)BPF_CORE_READ(dentry, d_parent),
		    BPF_CORE_READ(dentry, d_name.hash));
	return fold_deed(f, 0, 0);
}

/*
 * file_opened - a file that was made, or opened for writing, or for reading where that is watched
 * Not inline: most opens are for reading and of no interest, and the hook that lets them pass is
 * then so short that it saves no registers.
 */
static __noinline int file_opened(struct file *file, __u32 kind, __u32 hook) {
	struct task_struct *task = bpf_get_current_task_btf();
	struct fold f = {};
	struct wire_file *e;
	struct slot *s;

	/* overlayfs opens the file below once more: the process has asked for one only */
	if (file->f_mode & FMODE_NOACCOUNT || !file_wanted(file->f_inode->i_mode) ||
	    !gate_task(task))
		return 0;
	if (kind != WIRE_FILE_CREATE && file_folded(&f, kind, task, file))
		return 0;
	s = file_begin(kind, kind == WIRE_FILE_READ ? 0 : file_notable(file->f_path.dentry), hook,
		       kind == WIRE_FILE_CREATE ? WIRE_SUCCEEDED : WIRE_ATTEMPTED, task);
	if (!s)
		return 0;
	e = (struct wire_file *)s->rec;
	e->flags = file->f_flags;
	inode_fill(&e->inode, file->f_inode, file->f_inode->i_sb);
	path_of(s, &e->path, file->f_path.mnt, file->f_path.dentry);
	fold_keep(&f, s->rec, s->len);
	if (file->f_mode & FMODE_WRITER)
		close_expect(file, task);
	emit_end(s, &ring_bulk);
	return 0;
}

/* file_watched - not inline: what it has on the stack is not there below file_opened() */
static __noinline bool file_watched(struct file *file) {
	struct dentry *dentry = file->f_path.dentry;

	return watch_entry(dentry->d_parent->d_inode->i_ino, dentry);
}

/* file_read - the same, if the name in its directory is watched */
static __noinline int file_read(struct file *file, __u32 hook) {
	return file_watched(file) ? file_opened(file, WIRE_FILE_READ, hook) : 0;
}

/* file_open_any - the short way out for what is neither a change nor watched */
static __always_inline int file_open_any(struct file *file, __u32 hook) {
	__u32 change = file->f_mode & (FMODE_CREATED | FMODE_WRITE), lengths;
	struct dentry *dentry;

	barrier_var(change); /* or both would be kept, with and without the mask */
	if (change)
		return file_opened(file, change & FMODE_CREATED ? WIRE_FILE_CREATE : WIRE_FILE_OPEN,
				   hook);
	dentry = file->f_path.dentry;
	lengths = watch_lengths(dentry->d_parent->d_inode->i_ino);
	if (lengths && watch_long(lengths, dentry->d_name.len))
		return file_read(file, hook);
	return 0;
}

/*
 * Why: a new file, or one opened to be changed, is how most attacks stay; who reads a password
 * file or a key has it.
 * Kernel: fs/open.c do_dentry_open() -> security_file_open(), after lookup and creation, with
 * the file's own path; FMODE_CREATED says whether this very call made it. Called at its entry,
 * which costs a fifth less than the LSM hook within it, with every open of the machine.
 * Blind spots: security modules and the file system may still refuse, hence ATTEMPTED; a file
 * written or read through a descriptor or mapping that came from elsewhere; character devices,
 * pipes and sockets; one that is opened for reading and emptied by that is a FILE_TRUNCATE.
 * A watched name is seen by whatever mount or namespace it is reached, but not another name of the
 * same file: making that is told (FILE_LINK). A directory that is made anew is watched from when
 * the sensor looks again, about a second later.
 */
SEC("fentry/security_file_open")
int BPF_PROG(file_opening, struct file *file) {
	return file_open_any(file, WIRE_HOOK_FENTRY_SECURITY_FILE_OPEN);
}

/*
 * Why: the same deeds, where fentry is not to be had.
 * Kernel: security/security.c security_file_open() -> the hook `file_open`, after the modules that
 * stand before "bpf" in the kernel's list.
 * Blind spots: those of fentry/security_file_open.
 */
SEC("lsm/file_open")
int BPF_PROG(file_open, struct file *file) {
	return file_open_any(file, WIRE_HOOK_LSM_FILE_OPEN);
}

/* file_new - the record of something that is about to be made, and has no inode yet */
static __always_inline struct slot *file_new(__u32 kind, __u32 hook, struct path *dir,
					     struct dentry *dentry, __u32 mode) {
	struct slot *s = file_change(kind, hook, dentry);
	struct wire_file *e;

	if (!s)
		return NULL;
	e = (struct wire_file *)s->rec;
	e->head.flags |= WIRE_FILE_UNRESOLVED;
	e->flags = AT_SYMLINK_NOFOLLOW;
	e->new_mode = mode;
	e->ns_mnt = file_mounts(bpf_get_current_task_btf());
	path_of(s, &e->path, dir->mnt, dentry);
	return s;
}

/* file_gone - of something that is about to lose its name */
static __always_inline int file_gone(__u32 kind, __u32 hook, struct path *dir,
				     struct dentry *dentry) {
	struct slot *s = file_change(kind, hook, dentry);
	struct wire_file *e;

	if (!s)
		return 0;
	e = (struct wire_file *)s->rec;
	file_inode(e, dentry->d_inode);
	path_of(s, &e->path, dir->mnt, dentry);
	emit_end(s, &ring_bulk);
	return 0;
}

/* file_named - of what is about to have another name, or one more */
static __always_inline int file_named(__u32 kind, __u32 hook, struct vfsmount *old_mnt,
				      struct dentry *old, struct vfsmount *mnt,
				      struct dentry *dentry, __u32 flags) {
	struct task_struct *task = bpf_get_current_task_btf();
	__u32 notable;
	struct wire_file *e;
	struct slot *s;

	if (!gate_task(task))
		return 0;
	notable = file_notable(dentry) | file_notable(old);
	s = file_begin(kind, notable, hook, WIRE_ATTEMPTED, task);
	if (!s)
		return 0;
	e = (struct wire_file *)s->rec;
	e->value = flags;
	file_inode(e, old->d_inode);
	path_of(s, &e->path, mnt, dentry);
	path_of(s, &e->old_path, old_mnt, old);
	emit_end(s, &ring_bulk);
	return 0;
}

/*
 * Why: a file takes another's name: replaced programs, finished downloads, hidden traces.
 * Kernel: fs/namei.c do_renameat2() -> security_path_rename(), both parents locked; once, and with
 * its flags, since v5.19. Two files that change places (RENAME_EXCHANGE) are told as two renames.
 * Blind spots: renames by a file server inside the kernel (nfsd) have no path hook.
 */
SEC("lsm/path_rename")
int BPF_PROG(file_rename, struct path *old_dir, struct dentry *old_dentry, struct path *new_dir,
	     struct dentry *new_dentry, unsigned int flags) {
	file_named(WIRE_FILE_RENAME, WIRE_HOOK_LSM_PATH_RENAME, old_dir->mnt, old_dentry,
		   new_dir->mnt, new_dentry, flags);
	if (!(flags & RENAME_EXCHANGE))
		return 0;
	return file_named(WIRE_FILE_RENAME, WIRE_HOOK_LSM_PATH_RENAME, new_dir->mnt, new_dentry,
			  old_dir->mnt, old_dentry, flags);
}

/*
 * Why: traces and evidence go this way.
 * Kernel: fs/namei.c do_unlinkat() -> security_path_unlink(), parent locked.
 * Blind spots: removal on another host of a network file system is not seen.
 */
SEC("lsm/path_unlink")
int BPF_PROG(file_unlink, struct path *dir, struct dentry *dentry) {
	return file_gone(WIRE_FILE_UNLINK, WIRE_HOOK_LSM_PATH_UNLINK, dir, dentry);
}

/*
 * Why: set-user-id bits and execute bits are given here.
 * Kernel: fs/open.c chmod_common() -> security_path_chmod(), inode locked.
 * Blind spots: mode bits set when a file is made are in its FILE_CREATE; ACLs are not told.
 */
SEC("lsm/path_chmod")
int BPF_PROG(file_chmod, struct path *path, umode_t mode) {
	struct slot *s = file_change(WIRE_FILE_CHMOD, WIRE_HOOK_LSM_PATH_CHMOD, path->dentry);
	struct wire_file *e;

	if (!s)
		return 0;
	e = (struct wire_file *)s->rec;
	e->new_mode = mode;
	file_inode(e, path->dentry->d_inode);
	path_of(s, &e->path, path->mnt, path->dentry);
	emit_end(s, &ring_bulk);
	return 0;
}

/*
 * Why: a file changes hands.
 * Kernel: fs/open.c chown_common() -> security_path_chown(), inode locked. The ids are structs
 * passed by value, one word each.
 * Blind spots: the ids are those of the initial user namespace.
 */
SEC("lsm/path_chown")
int file_chown(unsigned long long *ctx) {
	struct path *path = (struct path *)ctx[0];
	struct slot *s = file_change(WIRE_FILE_CHOWN, WIRE_HOOK_LSM_PATH_CHOWN, path->dentry);
	struct wire_file *e;

	if (!s)
		return 0;
	e = (struct wire_file *)s->rec;
	e->new_uid = (__u32)ctx[1];
	e->new_gid = (__u32)ctx[2];
	file_inode(e, path->dentry->d_inode);
	path_of(s, &e->path, path->mnt, path->dentry);
	emit_end(s, &ring_bulk);
	return 0;
}

/*
 * Why: a second name can dodge rules about the first.
 * Kernel: fs/namei.c do_linkat() -> security_path_link(), the new parent locked. Both names are
 * on one mount, so the old one's path is walked in the new one's.
 * Blind spots: none known beyond those of path.h.
 */
SEC("lsm/path_link")
int BPF_PROG(file_link, struct dentry *old_dentry, struct path *new_dir,
	     struct dentry *new_dentry) {
	return file_named(WIRE_FILE_LINK, WIRE_HOOK_LSM_PATH_LINK, new_dir->mnt, old_dentry,
			  new_dir->mnt, new_dentry, 0);
}

/*
 * Why: a name that leads elsewhere can dodge or fool rules and programs.
 * Kernel: fs/namei.c do_symlinkat() -> security_path_symlink(); the target is the kernel's copy.
 * Blind spots: the link has no inode yet; user space looks it up afterwards.
 */
SEC("lsm/path_symlink")
int BPF_PROG(file_symlink, struct path *dir, struct dentry *dentry, const char *old_name) {
	struct slot *s = file_new(WIRE_FILE_SYMLINK, WIRE_HOOK_LSM_PATH_SYMLINK, dir, dentry, 0);

	if (!s)
		return 0;
	emit_str(s, &((struct wire_file *)s->rec)->target, old_name, WIRE_PATH_BYTES, EMIT_KERNEL);
	emit_end(s, &ring_bulk);
	return 0;
}

#include "file_close_calls.h"
#include "file_exit_calls.h"
#include "file_more_calls.h"
#include "file_mount_calls.h"
