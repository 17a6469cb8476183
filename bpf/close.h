/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * close.h - which of the files that were opened to be written is being closed for good
 *
 * A hook for each close costs every close of the machine, of which most are of
 * files that were only read. But who wrote gives the mount's write access back,
 * and that is a call of its own; it names the mount alone. So opens that are told
 * are kept here, in a few rows of the process, and when a mount is given back the
 * file is the one of these whose last reference is gone: nobody can have it any
 * more, and its position and length are final.
 */
#ifndef LAPWING_CLOSE_H
#define LAPWING_CLOSE_H

#include "compat.h"
#include "emit.h"

#define WRITERS 1024 /* rooms, which processes share by their number */
#define WRITER_ROWS 16

/* A file that @tgid has opened to be written; behind the addresses may stand another by now. */
struct writer {
	__u64 file;  /* 0: an empty row */
	__u64 inode; /* that this file had */
	__u64 ino;   /* its number: the memory of both may have become another's */
	__u64 mnt;
	__u64 size;  /* of the inode before the open */
	__u64 wchar; /* that the opening thread had written until then, anywhere */
	__u32 tgid, tid;
	__u32 order; /* of this open among those of its room */
	__u32 pad;
};

struct writers {
	__u32 on; /* in the first room: the hook that closes is called */
	__u32 next;
	struct writer rows[WRITER_ROWS];
};

/*
 * Written by hooks that see opens, and emptied by close_done(). All rows of a room taken: one of
 * them goes, in turn, and the end of its file is not told.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, WRITERS);
	__type(key, __u32);
	__type(value, struct writers);
} writers SEC(".maps");

static __always_inline struct writers *close_room(__u32 tgid) {
	__u32 at = tgid % WRITERS;

	return bpf_map_lookup_elem(&writers, &at);
}

/* close_same - whether the file of @w is still the one that was opened */
static __always_inline bool close_same(const struct writer *w) {
	struct file *file = (struct file *)w->file;
	struct inode *inode = (struct inode *)w->inode;

	return BPF_CORE_READ(file, f_inode) == inode &&
	       (__u64)BPF_CORE_READ(file, f_path.mnt) == w->mnt &&
	       (__u64)BPF_CORE_READ(inode, i_ino) == w->ino;
}

/* close_expect - @file is about to be opened to be written, and that is told */
static __always_inline void close_expect(struct file *file, struct task_struct *task) {
	struct writers *first = close_room(0), *room = close_room((__u32)task->tgid);
	struct writer *w;
	__u32 order, at;

	if (!first || !first->on || !room)
		return;
	order = __sync_fetch_and_add(&room->next, 1);
	at = order % WRITER_ROWS;
	for (int i = 0; i < WRITER_ROWS && room->rows[at].file; i++)
		at = (at + 1) % WRITER_ROWS;
	w = &room->rows[at % WRITER_ROWS];
	w->file = 0;
	w->inode = (__u64)file->f_inode;
	w->ino = file->f_inode->i_ino;
	w->mnt = (__u64)file->f_path.mnt;
	w->size = (__u64)file->f_inode->i_size;
	w->wchar = compat_written(task);
	w->tgid = (__u32)task->tgid;
	w->tid = (__u32)task->pid;
	w->order = order;
	barrier();
	w->file = (__u64)file;
}

/*
 * close_done - the row of @task's file on @mnt that nobody has open any more; emptied, into @ret
 * Of several it is the one opened last: what ends with a process ends in that order, and one that
 * another process ended long ago stands back behind what is closed now.
 */
static __always_inline bool close_done(__u64 mnt, struct task_struct *task, struct writer *ret) {
	struct writers *room = close_room((__u32)task->tgid);
	__u32 at = WRITER_ROWS, order = 0;
	struct writer *w;

	if (!room)
		return false;
	for (__u32 i = 0; i < WRITER_ROWS; i++) {
		w = &room->rows[i];
		if (!w->file || w->mnt != mnt || w->tgid != (__u32)task->tgid ||
		    (at < WRITER_ROWS && (__s32)(w->order - order) < 0) ||
		    !compat_file_is_dead((struct file *)w->file) || !close_same(w))
			continue;
		at = i;
		order = w->order;
	}
	if (at >= WRITER_ROWS)
		return false;
	w = &room->rows[at];
	*ret = *w;
	return ret->file && __sync_val_compare_and_swap(&w->file, ret->file, 0) == ret->file;
}

#endif
