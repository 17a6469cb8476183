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

/* What a call that changes a file's length asks for, if it is none that says it. */
#define FILE_LENGTH_UNKNOWN (~0ull)
#define FILE_LENGTH_OF_OPEN (~1ull)	   /* an open for writing, or one that we cannot read */
#define FILE_LENGTH_OF_READER (~2ull) /* an open for reading */

/* file_length_of - the length that a call asks for */
static __always_inline __u64 file_length_of(struct pt_regs *regs) {
	switch (SYSCALL_NR(regs)) {
	case NR_truncate:
	case NR_ftruncate:
		return SYSCALL_ARG2(regs);
	case NR_open:
		return SYSCALL_ARG2(regs) & O_ACCMODE ? FILE_LENGTH_OF_OPEN : FILE_LENGTH_OF_READER;
	case NR_openat:
		return SYSCALL_ARG3(regs) & O_ACCMODE ? FILE_LENGTH_OF_OPEN : FILE_LENGTH_OF_READER;
	case NR_creat:
	case NR_openat2:
	case NR_open_by_handle_at:
		return FILE_LENGTH_OF_OPEN;
	}
	return FILE_LENGTH_UNKNOWN;
}

static __noinline __u64 file_length_foreign(struct pt_regs *regs) {
	struct pt_regs own;

	return syscall_own(&own, regs) ? file_length_of(&own) : FILE_LENGTH_UNKNOWN;
}

/* file_length - the length that the current call asks for */
static __always_inline __u64 file_length(void) {
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);

	return syscall_foreign(task) ? file_length_foreign(regs) : file_length_of(regs);
}

/* file_truncated - @length: of a call, or of an open that empties the file, which one is told */
static __always_inline int file_truncated(struct vfsmount *mnt, struct dentry *dentry, __u32 hook,
					  __u64 length) {
	struct slot *s = file_change(WIRE_FILE_TRUNCATE, hook, dentry);
	struct wire_file *e;

	if (!s)
		return 0;
	e = (struct wire_file *)s->rec;
	if (length == FILE_LENGTH_UNKNOWN)
		e->head.flags |= WIRE_LENGTH_UNKNOWN;
	else if (length != FILE_LENGTH_OF_READER)
		e->value = length;
	file_inode(e, dentry->d_inode);
	path_of(s, &e->path, mnt, dentry);
	emit_end(s, &ring_bulk);
	return 0;
}

/*
 * Why: logs are emptied this way without being opened.
 * Kernel: fs/open.c vfs_truncate() -> security_path_truncate(); before v6.2 also ftruncate(2) and
 * an open that empties the file. The length is from the registers of the call; where another way
 * led here (io_uring) it is not known, and said so (LENGTH_UNKNOWN).
 * Blind spots: before v6.2 an openat2(2) for reading that empties the file. An open by io_uring
 * that empties it, which is told as an open, is told here as well.
 */
SEC("lsm/path_truncate")
int BPF_PROG(file_truncate, struct path *path) {
	__u64 length = file_length();

	/* an open for writing has been told, and says that it empties the file */
	if (length == FILE_LENGTH_OF_OPEN)
		return 0;
	return file_truncated(path->mnt, path->dentry, WIRE_HOOK_LSM_PATH_TRUNCATE, length);
}

/*
 * Why: the same, of an open file.
 * Kernel: fs/open.c do_ftruncate() and fs/namei.c handle_truncate() -> security_file_truncate(),
 * since v6.2.
 * Blind spots: those of lsm/path_truncate, but openat2(2) is told.
 */
SEC("lsm/file_truncate")
int BPF_PROG(file_ftruncate, struct file *file) {
	__u64 length = file_length();

	/* as above; an open for reading has not */
	if (length == FILE_LENGTH_OF_OPEN && file->f_mode & FMODE_WRITE)
		return 0;
	return file_truncated(file->f_path.mnt, file->f_path.dentry, WIRE_HOOK_LSM_FILE_TRUNCATE,
			      length == FILE_LENGTH_OF_OPEN ? FILE_LENGTH_OF_READER : length);
}

static __always_inline int file_xattr(__u32 kind, __u32 hook, struct dentry *dentry,
				      const char *name, __u64 size) {
	struct slot *s = file_change(kind, hook, dentry);
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
