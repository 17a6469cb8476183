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

#define STREAMS_TYPE 0170000 /* S_IFMT */
#define STREAMS_REGULAR 0100000
#define STREAMS_BLOCK 0060000
#define STREAMS_CHARACTER 0020000

/* stream_has_rdev, stream_may_be_anon - what of an inode of this mode is worth reading */
static __always_inline bool stream_has_rdev(__u32 mode) {
	return (mode & STREAMS_TYPE) == STREAMS_CHARACTER || (mode & STREAMS_TYPE) == STREAMS_BLOCK;
}

static __always_inline bool stream_may_be_anon(__u32 mode) {
	return (mode & STREAMS_TYPE) == STREAMS_REGULAR || !(mode & STREAMS_TYPE);
}

/* Each member that is read costs several instructions, for its address is checked before. */
static __always_inline void stream_fill(struct wire_stream *to, struct file *file) {
	struct inode *inode = file->f_inode;
	__u32 mode = inode->i_mode;

	if (stream_has_rdev(mode))
		to->rdev = inode->i_rdev;
	else if (stream_may_be_anon(mode) && inode->i_sb->s_magic == STREAMS_ANON_MAGIC)
		mode = 0;
	to->mode = mode | WIRE_STREAM_OPEN;
}

/* stream_fill_raw - the same where the verifier knows no type */
static __always_inline void stream_fill_raw(struct wire_stream *to, struct file *file) {
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	__u32 mode = BPF_CORE_READ(inode, i_mode);

	if (stream_has_rdev(mode))
		to->rdev = BPF_CORE_READ(inode, i_rdev);
	else if (stream_may_be_anon(mode) &&
		 BPF_CORE_READ(inode, i_sb, s_magic) == STREAMS_ANON_MAGIC)
		mode = 0;
	to->mode = mode | WIRE_STREAM_OPEN;
}

/* streams_grown - where there once were more than the 64 descriptors that any table has */
static __always_inline void streams_grown(struct wire_stream *to,
					  struct files_struct *table) {
	struct file *files[WIRE_STREAMS] = {};

	bpf_probe_read_kernel(files, sizeof(files), table->fdt->fd);
	for (int i = 0; i < WIRE_STREAMS; i++)
		if (files[i])
			stream_fill_raw(&to[i], files[i]);
}

/*
 * streams_fill - for the current task; @e's are zeroed
 * Not static, so that the verifier looks at it once, and not for each way that leads to it.
 */
__noinline int streams_fill(struct wire_process_exec *e) {
	struct files_struct *files = bpf_get_current_task_btf()->files;
	struct file *last = NULL;
	struct wire_stream *to;

	if (!e || !files)
		return 0;
	to = e->streams;
	if (files->fdt != &files->fdtab) {
		streams_grown(to, files);
		return 0;
	}
	for (int i = 0; i < WIRE_STREAMS; i++) {
		struct file *file = files->fd_array[i];

		if (i && file == last)
			to[i] = to[i - 1]; /* a terminal is mostly all three */
		else if (file)
			stream_fill(&to[i], file);
		last = file;
	}
	return 0;
}

#endif
