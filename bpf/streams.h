/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * streams.h - what a program finds at its descriptors 0, 1 and 2
 */
#ifndef LAPWING_STREAMS_H
#define LAPWING_STREAMS_H

#include "compat.h"
#include "wire.h"

/* Inodes of no file system, such as an eventfd's, say they are regular files since 6.16. */
#define STREAMS_ANON_MAGIC 0x09041934 /* include/uapi/linux/magic.h */

static __always_inline void stream_fill(struct wire_stream *to, struct file *file) {
	struct inode *inode;
	__u32 mode, type;

	if (!file)
		return;
	if (compat_has_cast()) {
		struct file *typed = bpf_rdonly_cast(file, bpf_core_type_id_kernel(struct file));

		inode = typed->f_inode;
		mode = inode->i_mode;
		to->rdev = inode->i_rdev;
		type = (__u32)inode->i_sb->s_magic;
	} else {
		inode = BPF_CORE_READ(file, f_inode);
		mode = BPF_CORE_READ(inode, i_mode);
		to->rdev = BPF_CORE_READ(inode, i_rdev);
		type = (__u32)BPF_CORE_READ(inode, i_sb, s_magic);
	}
	to->mode = (type == STREAMS_ANON_MAGIC ? 0 : mode) | WIRE_STREAM_OPEN;
}

/* streams_fill - for the current task; @to is zeroed */
static __always_inline void streams_fill(struct wire_stream to[WIRE_STREAMS],
					 struct task_struct *task) {
	struct file *files[WIRE_STREAMS] = {};

	/* a table has 64 places and more */
	if (task->files)
		bpf_probe_read_kernel(files, sizeof(files), task->files->fdt->fd);
	for (int i = 0; i < WIRE_STREAMS; i++)
		stream_fill(&to[i], files[i]);
}

#endif
