/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * image.h - what a task runs and where: executable, directory, cgroup, terminal
 */
#ifndef LAPWING_IMAGE_H
#define LAPWING_IMAGE_H

#include "inode.h"
#include "path.h"
#include "task.h"

static __always_inline __u32 process_place(struct super_block *sb, __u32 magic) {
	if (magic != TMPFS_MAGIC && magic != RAMFS_MAGIC)
		return 0;
	return WIRE_EXE_TMPFS | (sb->s_flags & SB_KERNMOUNT ? WIRE_EXE_MEMORY : 0);
}

/* process_exe - the path of what a task runs; whether it has told where the task is as well */
static __always_inline bool process_exe(struct slot *s, struct wire_process_exec *e,
					struct vfsmount *mnt, struct dentry *dentry,
					struct fs_struct *fs) {
	__u32 at;

	at = path_of_past(s, &e->exe, mnt, dentry, fs ? fs->pwd.dentry : dentry);
	if (!at || !fs || fs->pwd.mnt != mnt)
		return false;
	e->cwd.off = (__u16)at;
	e->cwd.len = (__u16)(s->len - at);
	return true;
}

/* process_image - what a task runs (@exe, or that of @mm) and where: directory, cgroup, terminal */
static __always_inline void process_image(struct slot *s, struct wire_process_exec *e,
					  struct task_struct *task, struct file *exe,
					  struct mm_struct *mm) {
	struct fs_struct *fs = task->fs;
	struct tty_struct *tty = task->signal->tty;
	bool placed = false;

	task_fill(&e->task, task);
	if (!exe && mm)
		exe = mm->exe_file;
	if (exe) {
		/* early, where the verifier comes by once (syscall.h) */
		struct vfsmount *mnt = exe->f_path.mnt;
		struct dentry *dentry = exe->f_path.dentry;
		struct inode *inode = exe->f_inode;
		struct super_block *sb = inode->i_sb;

		e->exe_magic = inode_fill(&e->exe_inode, inode, sb);
		e->place = process_place(sb, e->exe_magic);
		if (!dentry->d_hash.pprev)
			e->exe.flags |= WIRE_PATH_DELETED;
		placed = process_exe(s, e, mnt, dentry, fs);
	}
	if (fs && !placed)
		path_of(s, &e->cwd, fs->pwd.mnt, fs->pwd.dentry);
	task_cgroup(s, &e->cgroup, task);
	if (tty)
		emit_str(s, &e->tty, tty->name, 64, EMIT_KERNEL);
}

#endif
