/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inode.h - which file: identity, owner, mode
 */
#ifndef LAPWING_INODE_H
#define LAPWING_INODE_H

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>

#include "compat.h"
#include "wire.h"

#define TMPFS_MAGIC 0x01021994 /* include/uapi/linux/magic.h */
#define RAMFS_MAGIC 0x858458f6
#define HUGETLBFS_MAGIC 0x958458f6
#define OVERLAYFS_MAGIC 0x794c7630
#define SB_KERNMOUNT (1u << 22) /* include/linux/fs.h: the kernel's own mount, in no tree */

/* inode_layer - which file of which layer an inode of overlayfs stands for, before the deed */
static __noinline int inode_layer(struct wire_inode *to, struct inode *inode) {
	__u32 layer = WIRE_LAYER_UNKNOWN;
	struct dentry *below = compat_overlay_upper(inode);
	struct inode *real;

	if (!to)
		return 0;
	if (below) {
		layer = WIRE_LAYER_UPPER;
	} else {
		below = compat_overlay_lower(inode);
		if (below)
			layer = WIRE_LAYER_LOWER;
	}
	real = below ? BPF_CORE_READ(below, d_inode) : NULL;
	if (real) {
		to->layer_ino = BPF_CORE_READ(real, i_ino);
		to->layer_dev = BPF_CORE_READ(real, i_sb, s_dev);
	}
	to->layer = real ? layer : WIRE_LAYER_UNKNOWN;
	return 0;
}

/* inode_fill - returns super_block::s_magic, which callers have use for */
static __always_inline __u32 inode_fill(struct wire_inode *to, struct inode *inode,
					struct super_block *sb) {
	__u32 magic = (__u32)sb->s_magic;

	to->ino = inode->i_ino;
	to->dev = sb->s_dev;
	to->mode = inode->i_mode;
	to->uid = inode->i_uid.val;
	to->gid = inode->i_gid.val;
	to->links = inode->i_nlink;
	if (magic == OVERLAYFS_MAGIC)
		inode_layer(to, inode);
	return magic;
}

/* inode_fill_raw - the same where the verifier knows no type */
static __always_inline void inode_fill_raw(struct wire_inode *to, struct inode *inode) {
	to->ino = BPF_CORE_READ(inode, i_ino);
	to->dev = BPF_CORE_READ(inode, i_sb, s_dev);
	to->mode = BPF_CORE_READ(inode, i_mode);
	to->uid = BPF_CORE_READ(inode, i_uid.val);
	to->gid = BPF_CORE_READ(inode, i_gid.val);
	to->links = BPF_CORE_READ(inode, i_nlink);
	if (BPF_CORE_READ(inode, i_sb, s_magic) == OVERLAYFS_MAGIC)
		inode_layer(to, inode);
}

#endif
