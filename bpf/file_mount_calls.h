/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * file_mount_calls.h - what is mounted where; a part of file.bpf.c
 */
#ifndef LAPWING_FILE_MOUNT_CALLS_H
#define LAPWING_FILE_MOUNT_CALLS_H

/*
 * Why: a mount can cover a file with another, or bring in a disk; the way out of many containers.
 * Kernel: fs/namespace.c path_mount() -> security_sb_mount(): new mounts, bind mounts, remounts,
 * moves and changes of propagation by mount(2); what and type are the kernel's copies.
 * Blind spots: of a mount made by fsopen(2) and fsmount(2) only its attachment is seen
 * (FILE_MOVE_MOUNT), without its type.
 */
SEC("lsm/sb_mount")
int BPF_PROG(file_mount, const char *what, struct path *path, const char *type,
	     unsigned long flags, void *data) {
	struct slot *s = file_attempt(WIRE_FILE_MOUNT, WIRE_HOOK_LSM_SB_MOUNT);
	struct wire_file *e;

	if (!s)
		return 0;
	e = (struct wire_file *)s->rec;
	e->value = flags;
	file_inode(e, path->dentry->d_inode);
	path_of(s, &e->path, path->mnt, path->dentry);
	emit_str(s, &e->target, what, WIRE_PATH_BYTES, EMIT_KERNEL);
	emit_str(s, &e->name, type, FILE_NAME_BYTES, EMIT_KERNEL);
	emit_end(s, &ring_bulk);
	return 0;
}

/*
 * Why: what was covered is seen again, or what protected it is gone.
 * Kernel: fs/namespace.c do_umount() -> security_sb_umount().
 * Blind spots: mounts that go with their namespace.
 */
SEC("lsm/sb_umount")
int BPF_PROG(file_umount, struct vfsmount *mnt, int flags) {
	struct slot *s = file_attempt(WIRE_FILE_UMOUNT, WIRE_HOOK_LSM_SB_UMOUNT);
	struct wire_file *e;

	if (!s)
		return 0;
	e = (struct wire_file *)s->rec;
	e->value = (__u32)flags;
	file_inode(e, mnt->mnt_root->d_inode);
	path_of(s, &e->path, mnt, mnt->mnt_root);
	emit_end(s, &ring_bulk);
	return 0;
}

static __always_inline int file_moved(__u32 kind, __u32 hook, struct path *path,
				      struct path *old_path) {
	struct slot *s = file_attempt(kind, hook);
	struct wire_file *e;

	if (!s)
		return 0;
	e = (struct wire_file *)s->rec;
	file_inode(e, path->dentry->d_inode);
	path_of(s, &e->path, path->mnt, path->dentry);
	path_of(s, &e->old_path, old_path->mnt, old_path->dentry);
	emit_end(s, &ring_bulk);
	return 0;
}

/*
 * Why: the new interface attaches its mounts in this way.
 * Kernel: fs/namespace.c move_mount(2) -> security_move_mount().
 * Blind spots: the type of the file system; where a mount came from that was never attached.
 */
SEC("lsm/move_mount")
int BPF_PROG(file_move_mount, struct path *from, struct path *to) {
	return file_moved(WIRE_FILE_MOVE_MOUNT, WIRE_HOOK_LSM_MOVE_MOUNT, to, from);
}

/*
 * Why: everything below / becomes something else: how containers begin, and how one escapes.
 * Kernel: fs/namespace.c pivot_root(2) -> security_sb_pivotroot().
 * Blind spots: chroot(2).
 */
SEC("lsm/sb_pivotroot")
int BPF_PROG(file_pivot_root, struct path *old_path, struct path *new_path) {
	return file_moved(WIRE_FILE_PIVOT_ROOT, WIRE_HOOK_LSM_SB_PIVOTROOT, new_path, old_path);
}

#endif
