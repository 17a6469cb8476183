/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * file_close_calls.h - the end of what was opened to be written; a part of file.bpf.c
 */
#ifndef LAPWING_FILE_CLOSE_CALLS_H
#define LAPWING_FILE_CLOSE_CALLS_H

#include "close.h"

#define O_RDWR 2
#define O_APPEND 00002000

/*
 * file_written - how many bytes went through the file that @w was, and whether that is sure
 * Two witnesses: where the file's own position ended up, unless reading may have moved it, and what
 * the thread has written since. It is sure when they agree, and when neither saw anything and the
 * length is what it was.
 */
static __always_inline bool file_written(const struct writer *w, struct file *file,
					 struct task_struct *task, __u64 size, __u64 *ret) {
	__u64 pos = (__u64)BPF_CORE_READ(file, f_pos), all = compat_written(task) - w->wchar;
	__u32 flags = BPF_CORE_READ(file, f_flags);
	bool same = compat_has_written() && w->tid == (__u32)task->pid;
	bool moved = (flags & (O_ACCMODE | O_APPEND)) == O_RDWR && pos;

	if (flags & O_APPEND)
		pos = size > w->size ? size - w->size : 0;
	*ret = same && (!pos || all < pos) ? all : pos;
	return same && ((all == pos && !moved) || (!all && (!pos || moved) && size == w->size));
}

static __noinline int file_closing(struct vfsmount *mnt, __u32 hook) {
	struct task_struct *task = bpf_get_current_task_btf();
	struct writers *first = close_room(0);
	struct writer w = {};
	struct wire_file *e;
	struct inode *inode;
	struct file *file;
	__u64 written = 0, size;
	struct slot *s;
	bool sure;

	if (first && !first->on)
		first->on = 1;
	if (!close_done((__u64)mnt, task, &w) || !gate_task(task))
		return 0;
	file = (struct file *)w.file;
	inode = (struct inode *)w.inode;
	size = (__u64)BPF_CORE_READ(inode, i_size);
	sure = file_written(&w, file, task, size, &written);
	if (sure && !written && size == w.size)
		return 0; /* it was opened for nothing */
	s = file_begin(WIRE_FILE_CLOSE, file_notable_raw(file), hook, WIRE_SUCCEEDED, task);
	if (!s)
		return 0;
	e = (struct wire_file *)s->rec;
	e->value = written;
	e->size = size;
	e->old_size = w.size;
	e->flags = BPF_CORE_READ(file, f_flags);
	if (!sure)
		e->head.flags |= WIRE_FILE_GUESSED;
	inode_fill_raw(&e->inode, inode);
	path_raw(s, &e->path, mnt, BPF_CORE_READ(file, f_path.dentry), s->len);
	emit_end(s, &ring_bulk);
	return 0;
}

/*
 * Why: how much was written, and how long the file is now, says whether a file was touched, filled
 * or replaced.
 * Kernel: fs/file_table.c __fput() -> put_file_access() -> mnt_put_write_access() (fs/namespace.c,
 * so called since v6.6), once the last reference to a file that could be written is gone; also at
 * the end of every other change on a mount.
 * Blind spots: bytes are what the file's position and the thread's count of written bytes say
 * together, else WRITTEN_GUESSED: pwrite(2), lseek(2), several files written at once, another
 * thread that closes, splice(2), and whatever was open to be read too. Mappings and io_uring change
 * neither, nor does splice(2) what can be read: a file that only they changed and whose length
 * stayed is not told. The last to close must be the process that opened: a file that another ends,
 * to which it was handed or left, is not told, or late, at the opener's next change on that mount.
 * Of equal opens, only those that were told whole have an end. Of more than sixteen files that a
 * process has open to be written, some have none.
 */
SEC("fentry/mnt_put_write_access")
int BPF_PROG(file_close, struct vfsmount *mnt) {
	return file_closing(mnt, WIRE_HOOK_FENTRY_MNT_PUT_WRITE_ACCESS);
}

/*
 * Why: the same before v6.6, when the function had another name.
 * Kernel: fs/file_table.c __fput() -> __mnt_drop_write().
 * Blind spots: the same.
 */
SEC("fentry/__mnt_drop_write")
int BPF_PROG(file_close_old, struct vfsmount *mnt) {
	return file_closing(mnt, WIRE_HOOK_FENTRY_MNT_DROP_WRITE);
}

#endif
