/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * file_more_calls.h - directories, devices, lengths and extended attributes; a part of file.bpf.c
 */
#ifndef LAPWING_FILE_MORE_CALLS_H
#define LAPWING_FILE_MORE_CALLS_H

/*
 * Why: where files are about to be put; hidden folders, mount points.
 * Kernel: fs/namei.c do_mkdirat() -> security_path_mkdir(), parent locked.
 * Blind spots: the folder has no inode yet; user space looks it up afterwards.
 */
SEC("lsm/path_mkdir")
int BPF_PROG(file_mkdir, struct path *dir, struct dentry *dentry, umode_t mode) {
	struct slot *s = file_new(WIRE_FILE_MKDIR, WIRE_HOOK_LSM_PATH_MKDIR, dir, dentry, mode);

	if (s)
		emit_end(s, &ring_bulk);
	return 0;
}

/*
 * Why: traces go with the folder that held them.
 * Kernel: fs/namei.c do_rmdir() -> security_path_rmdir(), parent locked.
 * Blind spots: none known beyond those of path.h.
 */
SEC("lsm/path_rmdir")
int BPF_PROG(file_rmdir, struct path *dir, struct dentry *dentry) {
	return file_gone(WIRE_FILE_RMDIR, WIRE_HOOK_LSM_PATH_RMDIR, dir, dentry);
}

/*
 * Why: a device file gives access to the disk or the memory behind all permissions; pipes and
 * sockets are how programs talk.
 * Kernel: fs/namei.c do_mknodat() and net/unix/af_unix.c unix_bind() -> security_path_mknod().
 * Blind spots: regular files: the hook is called for every one that open(2) makes, too, so one
 * that mknod(2) makes is told only by its first open.
 */
SEC("lsm/path_mknod")
int BPF_PROG(file_mknod, struct path *dir, struct dentry *dentry, umode_t mode, unsigned int dev) {
	struct slot *s;

	if (!(mode & S_IFMT) || (mode & S_IFMT) == S_IFREG)
		return 0;
	s = file_new(WIRE_FILE_MKNOD, WIRE_HOOK_LSM_PATH_MKNOD, dir, dentry, mode);
	if (!s)
		return 0;
	((struct wire_file *)s->rec)->new_dev = dev;
	emit_end(s, &ring_bulk);
	return 0;
}

/* file_length - the length that the current call asked for; ~0: it is none that has one */
static __always_inline __u64 file_length(void) {
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
	int nr = SYSCALL_NR(regs);

	return nr == NR_truncate || nr == NR_ftruncate ? SYSCALL_ARG2(regs) : ~0ull;
}

/* file_emptied - whether the current call is an open for reading that empties the file */
static __always_inline bool file_emptied(void) {
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
	int nr = SYSCALL_NR(regs);

	return (nr == NR_open && !(SYSCALL_ARG2(regs) & O_ACCMODE)) ||
	       (nr == NR_openat && !(SYSCALL_ARG3(regs) & O_ACCMODE));
}

/* file_truncated - @length 0 for an open that empties the file: of one for writing that is told */
static __always_inline int file_truncated(struct vfsmount *mnt, struct dentry *dentry, __u32 hook,
					  __u64 length) {
	struct slot *s = file_attempt(WIRE_FILE_TRUNCATE, hook);
	struct wire_file *e;

	if (!s)
		return 0;
	e = (struct wire_file *)s->rec;
	e->value = length;
	file_inode(e, dentry->d_inode);
	path_of(s, &e->path, mnt, dentry);
	emit_end(s, &ring_bulk);
	return 0;
}

/*
 * Why: logs are emptied this way without being opened.
 * Kernel: fs/open.c vfs_truncate() -> security_path_truncate(); before v6.2 also ftruncate(2) and
 * an open that empties the file. The length is from the registers of the call.
 * Blind spots: before v6.2 an openat2(2) for reading that empties the file, and calls of io_uring.
 */
SEC("lsm/path_truncate")
int BPF_PROG(file_truncate, struct path *path) {
	__u64 length = file_length();

	if (length == ~0ull && !file_emptied())
		return 0;
	return file_truncated(path->mnt, path->dentry, WIRE_HOOK_LSM_PATH_TRUNCATE,
			      length == ~0ull ? 0 : length);
}

/*
 * Why: the same, of an open file.
 * Kernel: fs/open.c do_ftruncate() and fs/namei.c handle_truncate() -> security_file_truncate(),
 * since v6.2.
 * Blind spots: ftruncate by io_uring is told with the length 0.
 */
SEC("lsm/file_truncate")
int BPF_PROG(file_ftruncate, struct file *file) {
	__u64 length = file_length();

	/* an open for writing has been told, and says that it empties the file */
	if (length == ~0ull && file->f_mode & FMODE_WRITE)
		return 0;
	return file_truncated(file->f_path.mnt, file->f_path.dentry,
			      WIRE_HOOK_LSM_FILE_TRUNCATE, length == ~0ull ? 0 : length);
}

static __always_inline int file_xattr(__u32 kind, __u32 hook, struct dentry *dentry,
				      const char *name, __u64 size) {
	struct slot *s = file_attempt(kind, hook);
	struct wire_file *e;

	if (!s)
		return 0;
	e = (struct wire_file *)s->rec;
	e->value = size;
	file_inode(e, dentry->d_inode);
	path_below(s, &e->path, dentry);
	emit_str(s, &e->name, name, FILE_NAME_BYTES, EMIT_KERNEL);
	emit_end(s, &ring_bulk);
	return 0;
}

/*
 * Why: capabilities of files, labels and ACLs are extended attributes; data can be hidden there.
 * Kernel: fs/xattr.c vfs_setxattr() -> security_inode_setxattr().
 * Blind spots: the hook does not know the mount, so the path is that within the file system
 * (WIRE_PATH_CUT); ACLs since v6.2, which have hooks of their own. overlayfs marks what it copies
 * up in the name of whoever changed it: those attributes (trusted.overlay.*) are told, too.
 */
SEC("lsm/inode_setxattr")
int BPF_PROG(file_setxattr, void *idmap, struct dentry *dentry, const char *name,
	     const void *value, unsigned long size, int flags) {
	return file_xattr(WIRE_FILE_SETXATTR, WIRE_HOOK_LSM_INODE_SETXATTR, dentry, name, size);
}

/*
 * Why: a label or a capability is taken away.
 * Kernel: fs/xattr.c vfs_removexattr() -> security_inode_removexattr().
 * Blind spots: those of lsm/inode_setxattr.
 */
SEC("lsm/inode_removexattr")
int BPF_PROG(file_rmxattr, void *idmap, struct dentry *dentry, const char *name) {
	return file_xattr(WIRE_FILE_REMOVEXATTR, WIRE_HOOK_LSM_INODE_REMOVEXATTR, dentry, name, 0);
}

#endif
