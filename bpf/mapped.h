/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * mapped.h - which files that are mapped to be run are worth telling
 *
 * Each program maps its libraries so, and each of these is of root, in folders
 * of root. Worth telling is code that somebody else could have put there or
 * changed, or that has no place in a tree: that is asked of the inode and of the
 * folders above it, by owner and mode, and not of a list of paths, which would
 * be another for each distribution, and another for whoever hides. What exec(2)
 * itself maps was opened by it: the program, which the exec tells, and the
 * dynamic linker that it names, which nobody tells.
 */
#ifndef LAPWING_MAPPED_H
#define LAPWING_MAPPED_H

#include "vmlinux.h"
#include "inode.h"

/* include/linux/fs.h: in f_flags of what exec(2) opened, and never of what open(2) did */
#define FMODE_EXEC 0x20
#define MODE_GROUP_WRITES 020
#define MODE_OTHERS_WRITE 02

#define MAPPED_FOLDERS 24 /* looked at above a file; past them WIRE_EXPOSED_DEEP */

/* A member of an object that has a type for the verifier, or has none. */
#define MAPPED_READ(typed, object, member)                                                         \
	((typed) ? (object)->member : BPF_CORE_READ(object, member))

/* mapped_by_others - whether somebody who is not root may write to @inode, or own it */
static __always_inline __u32 mapped_by_others(struct inode *inode, bool typed) {
	__u32 mode = MAPPED_READ(typed, inode, i_mode);
	__u32 bits = MAPPED_READ(typed, inode, i_uid.val) ? WIRE_EXPOSED_OWNER : 0;

	if (mode & MODE_OTHERS_WRITE ||
	    (mode & MODE_GROUP_WRITES && MAPPED_READ(typed, inode, i_gid.val)))
		bits |= WIRE_EXPOSED_WRITABLE;
	return bits;
}

static __always_inline __u32 mapped_place(struct super_block *sb, bool typed) {
	__u32 magic = (__u32)MAPPED_READ(typed, sb, s_magic);
	__u32 bits = magic == TMPFS_MAGIC || magic == RAMFS_MAGIC || magic == HUGETLBFS_MAGIC
			     ? WIRE_EXPOSED_TMPFS
			     : 0;

	if (bits && MAPPED_READ(typed, sb, s_flags) & SB_KERNMOUNT)
		bits |= WIRE_EXPOSED_MEMORY;
	return bits;
}

/* mapped_folders - whether somebody who is not root may put another file in @dentry's place */
static __always_inline __u32 mapped_folders(struct dentry *dentry, bool typed) {
	struct dentry *parent;
	struct inode *inode;

	for (int i = 0; i < MAPPED_FOLDERS; i++) {
		parent = MAPPED_READ(typed, dentry, d_parent);
		if (parent == dentry)
			return 0;
		inode = MAPPED_READ(typed, parent, d_inode);
		if (!inode || mapped_by_others(inode, typed))
			return WIRE_EXPOSED_FOLDER;
		dentry = parent;
	}
	return WIRE_EXPOSED_DEEP;
}

/* mapped_folders_raw - where @dentry has no type. Not static: see syscall.h. */
__noinline int mapped_folders_raw(__u64 dentry) {
	return (int)mapped_folders((struct dentry *)dentry, false);
}

/* mapped_exposed - WIRE_EXPOSED_*, why running @file's pages is told; 0: it is not */
static __always_inline __u32 mapped_exposed(struct file *file, bool typed) {
	struct inode *inode = MAPPED_READ(typed, file, f_inode);
	__u32 bits;

	if (MAPPED_READ(typed, file, f_flags) & FMODE_EXEC || !inode)
		return 0;
	bits = mapped_by_others(inode, typed) |
	       mapped_place(MAPPED_READ(typed, inode, i_sb), typed);
	if (!MAPPED_READ(typed, inode, i_nlink))
		bits |= WIRE_EXPOSED_UNLINKED;
	if (bits & (WIRE_EXPOSED_MEMORY | WIRE_EXPOSED_UNLINKED))
		return bits; /* it has no folder */
	return bits | (typed ? mapped_folders(file->f_path.dentry, true)
			     : (__u32)mapped_folders_raw(
				       (__u64)BPF_CORE_READ(file, f_path.dentry)));
}

/* mapped_exposed_raw - where @file has no type. Not static: see syscall.h. */
__noinline int mapped_exposed_raw(__u64 file) {
	return (int)mapped_exposed((struct file *)file, false);
}

#endif
