/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inode.h - which file: identity, owner, mode
 */
#ifndef LAPWING_INODE_H
#define LAPWING_INODE_H

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>

#include "wire.h"

#define TMPFS_MAGIC 0x01021994 /* include/uapi/linux/magic.h */
#define RAMFS_MAGIC 0x858458f6
#define HUGETLBFS_MAGIC 0x958458f6
#define SB_KERNMOUNT (1u << 22) /* include/linux/fs.h: the kernel's own mount, in no tree */

static __always_inline void inode_fill(struct wire_inode *to, struct inode *inode) {
	to->ino = inode->i_ino;
	to->dev = inode->i_sb->s_dev;
	to->mode = inode->i_mode;
	to->uid = inode->i_uid.val;
	to->gid = inode->i_gid.val;
	to->links = inode->i_nlink;
}

/* inode_fill_raw - the same where the verifier knows no type */
static __always_inline void inode_fill_raw(struct wire_inode *to, struct inode *inode) {
	to->ino = BPF_CORE_READ(inode, i_ino);
	to->dev = BPF_CORE_READ(inode, i_sb, s_dev);
	to->mode = BPF_CORE_READ(inode, i_mode);
	to->uid = BPF_CORE_READ(inode, i_uid.val);
	to->gid = BPF_CORE_READ(inode, i_gid.val);
	to->links = BPF_CORE_READ(inode, i_nlink);
}

#endif
