/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * file_calls.h - which deed on files a system call was
 */
#ifndef LAPWING_FILE_CALLS_H
#define LAPWING_FILE_CALLS_H

#include "syscall.h"

#define O_CREAT 00000100
#define O_TRUNC 00001000
#define O_PATH 010000000
#define RENAME_EXCHANGE 2 /* include/uapi/linux/fs.h */
#define AF_UNIX 1
#define S_IFSOCK 0140000

/* What a system call on files was asked. Names are pointers into the process. */
struct file_call {
	const char *name, *old_name; /* open: only if the descriptor is gone */
	int dirfd, old_dirfd;	     /* or, with neither name, the file itself */
	__u32 kind;
	__u32 flags;
	__u32 new_mode, new_uid, new_gid, new_dev;
	__u64 value;	  /* as in wire_file */
	const char *text; /* wire_file::name */
};

#define FILE_NAME_BYTES 256 /* XATTR_NAME_MAX and its NUL; types of file systems are shorter */

static __always_inline void file_call_names(struct file_call *c, __u32 kind, long dirfd,
					    unsigned long name, __u32 flags) {
	c->kind = kind;
	c->dirfd = (int)dirfd;
	c->name = (const char *)name;
	c->flags = flags;
}

static __always_inline void file_call_old(struct file_call *c, long dirfd, unsigned long name) {
	c->old_dirfd = (int)dirfd;
	c->old_name = (const char *)name;
}

static __always_inline void file_call_owner(struct file_call *c, unsigned long uid,
					    unsigned long gid) {
	c->new_uid = (__u32)uid;
	c->new_gid = (__u32)gid;
}

static __always_inline void file_call_text(struct file_call *c, unsigned long text, __u64 value) {
	c->text = (const char *)text;
	c->value = value;
}

/* file_call_bound - bind(2) of a name in the file system makes a socket there */
static __always_inline void file_call_bound(struct file_call *c, unsigned long address, int len) {
	__u64 word = len > 2 ? syscall_user_word(address) : 0;

	/* one without a path begins with a NUL */
	if ((__u16)word != AF_UNIX || !(word >> 16 & 0xff))
		return;
	file_call_names(c, WIRE_FILE_MKNOD, AT_FDCWD, address + 2, AT_SYMLINK_NOFOLLOW);
	c->new_mode = S_IFSOCK | 0777;
}

/* file_call_read_tree - file_call_read() for what makes and removes other things than files */
static __always_inline void file_call_read_tree(struct file_call *c, struct pt_regs *regs) {
	unsigned long a1 = SYSCALL_ARG1(regs), a2 = SYSCALL_ARG2(regs), a3 = SYSCALL_ARG3(regs),
		      a4 = SYSCALL_ARG4(regs);

	switch (SYSCALL_NR(regs)) {
	case NR_mkdir:
		file_call_names(c, WIRE_FILE_MKDIR, AT_FDCWD, a1, AT_SYMLINK_NOFOLLOW);
		c->new_mode = (__u32)a2;
		break;
	case NR_mkdirat:
		file_call_names(c, WIRE_FILE_MKDIR, (long)a1, a2, AT_SYMLINK_NOFOLLOW);
		c->new_mode = (__u32)a3;
		break;
	case NR_rmdir:
		file_call_names(c, WIRE_FILE_RMDIR, AT_FDCWD, a1, AT_SYMLINK_NOFOLLOW);
		break;
	case NR_mknod:
		file_call_names(c, WIRE_FILE_MKNOD, AT_FDCWD, a1, AT_SYMLINK_NOFOLLOW);
		c->new_mode = (__u32)a2;
		c->new_dev = (__u32)a3;
		break;
	case NR_mknodat:
		file_call_names(c, WIRE_FILE_MKNOD, (long)a1, a2, AT_SYMLINK_NOFOLLOW);
		c->new_mode = (__u32)a3;
		c->new_dev = (__u32)a4;
		break;
	case NR_mount:
		file_call_names(c, WIRE_FILE_MOUNT, AT_FDCWD, a2, 0);
		file_call_text(c, a3, a4);
		c->old_name = (const char *)a1;
		break;
	case NR_umount2:
		file_call_names(c, WIRE_FILE_UMOUNT, AT_FDCWD, a1, 0);
		c->value = a2;
		break;
	case NR_move_mount:
		file_call_names(c, WIRE_FILE_MOVE_MOUNT, (long)a3, a4, 0);
		file_call_old(c, (long)a1, a2);
		break;
	case NR_pivot_root:
		file_call_names(c, WIRE_FILE_PIVOT_ROOT, AT_FDCWD, a1, 0);
		file_call_old(c, AT_FDCWD, a2);
		break;
	}
}

/* file_call_read_more - file_call_read() for length and extended attributes, then the tree */
static __always_inline void file_call_read_more(struct file_call *c, struct pt_regs *regs) {
	unsigned long a1 = SYSCALL_ARG1(regs), a2 = SYSCALL_ARG2(regs), a4 = SYSCALL_ARG4(regs);

	switch (SYSCALL_NR(regs)) {
	case NR_truncate:
		file_call_names(c, WIRE_FILE_TRUNCATE, AT_FDCWD, a1, 0);
		c->value = a2;
		break;
	case NR_ftruncate:
		file_call_names(c, WIRE_FILE_TRUNCATE, (long)a1, 0, 0);
		c->value = a2;
		break;
	case NR_setxattr:
		file_call_names(c, WIRE_FILE_SETXATTR, AT_FDCWD, a1, 0);
		file_call_text(c, a2, a4);
		break;
	case NR_lsetxattr:
		file_call_names(c, WIRE_FILE_SETXATTR, AT_FDCWD, a1, AT_SYMLINK_NOFOLLOW);
		file_call_text(c, a2, a4);
		break;
	case NR_fsetxattr:
		file_call_names(c, WIRE_FILE_SETXATTR, (long)a1, 0, 0);
		file_call_text(c, a2, a4);
		break;
	case NR_removexattr:
		file_call_names(c, WIRE_FILE_REMOVEXATTR, AT_FDCWD, a1, 0);
		file_call_text(c, a2, 0);
		break;
	case NR_lremovexattr:
		file_call_names(c, WIRE_FILE_REMOVEXATTR, AT_FDCWD, a1, AT_SYMLINK_NOFOLLOW);
		file_call_text(c, a2, 0);
		break;
	case NR_fremovexattr:
		file_call_names(c, WIRE_FILE_REMOVEXATTR, (long)a1, 0, 0);
		file_call_text(c, a2, 0);
		break;
	case NR_setxattrat: /* struct xattr_args: the value's address, its size, flags */
		file_call_names(c, WIRE_FILE_SETXATTR, (long)a1, a2, (__u32)SYSCALL_ARG3(regs));
		file_call_text(c, a4, (__u32)syscall_user_word(SYSCALL_ARG5(regs) + 8));
		break;
	case NR_removexattrat:
		file_call_names(c, WIRE_FILE_REMOVEXATTR, (long)a1, a2, (__u32)SYSCALL_ARG3(regs));
		file_call_text(c, a4, 0);
		break;
	case NR_bind:
		file_call_bound(c, a2, (int)SYSCALL_ARG3(regs));
		break;
	default:
		file_call_read_tree(c, regs);
	}
}

/* file_call_read - which deed the call was, from its registers; kind 0: none of ours */
static __always_inline void file_call_read(struct file_call *c, struct pt_regs *regs) {
	unsigned long a1 = SYSCALL_ARG1(regs), a2 = SYSCALL_ARG2(regs), a3 = SYSCALL_ARG3(regs),
		      a4 = SYSCALL_ARG4(regs), a5 = SYSCALL_ARG5(regs);

	switch (SYSCALL_NR(regs)) {
	case NR_open:
		file_call_names(c, WIRE_FILE_OPEN, AT_FDCWD, a1, (__u32)a2);
		break;
	case NR_creat:
		file_call_names(c, WIRE_FILE_OPEN, AT_FDCWD, a1, O_CREAT | O_TRUNC);
		break;
	case NR_openat:
		file_call_names(c, WIRE_FILE_OPEN, (long)a1, a2, (__u32)a3);
		break;
	case NR_openat2:
		file_call_names(c, WIRE_FILE_OPEN, (long)a1, a2, (__u32)syscall_user_word(a3));
		break;
	case NR_open_by_handle_at: /* what it opens has no name here */
		file_call_names(c, WIRE_FILE_OPEN, -1, 0, (__u32)a3);
		break;
	case NR_rename:
		file_call_names(c, WIRE_FILE_RENAME, AT_FDCWD, a2, AT_SYMLINK_NOFOLLOW);
		file_call_old(c, AT_FDCWD, a1);
		break;
	case NR_renameat2:
		c->value = (__u32)a5;
		/* fallthrough */
	case NR_renameat:
		file_call_names(c, WIRE_FILE_RENAME, (long)a3, a4, AT_SYMLINK_NOFOLLOW);
		file_call_old(c, (long)a1, a2);
		break;
	case NR_unlink:
		file_call_names(c, WIRE_FILE_UNLINK, AT_FDCWD, a1, AT_SYMLINK_NOFOLLOW);
		break;
	case NR_unlinkat:
		file_call_names(c, a3 & AT_REMOVEDIR ? WIRE_FILE_RMDIR : WIRE_FILE_UNLINK,
				(long)a1, a2, AT_SYMLINK_NOFOLLOW);
		break;
	case NR_chmod:
		file_call_names(c, WIRE_FILE_CHMOD, AT_FDCWD, a1, 0);
		c->new_mode = (__u32)a2;
		break;
	case NR_fchmod:
		file_call_names(c, WIRE_FILE_CHMOD, (long)a1, 0, 0);
		c->new_mode = (__u32)a2;
		break;
	case NR_fchmodat:
		file_call_names(c, WIRE_FILE_CHMOD, (long)a1, a2, 0);
		c->new_mode = (__u32)a3;
		break;
	case NR_fchmodat2:
		file_call_names(c, WIRE_FILE_CHMOD, (long)a1, a2, (__u32)a4);
		c->new_mode = (__u32)a3;
		break;
	case NR_chown:
		file_call_names(c, WIRE_FILE_CHOWN, AT_FDCWD, a1, 0);
		file_call_owner(c, a2, a3);
		break;
	case NR_lchown:
		file_call_names(c, WIRE_FILE_CHOWN, AT_FDCWD, a1, AT_SYMLINK_NOFOLLOW);
		file_call_owner(c, a2, a3);
		break;
	case NR_fchown:
		file_call_names(c, WIRE_FILE_CHOWN, (long)a1, 0, 0);
		file_call_owner(c, a2, a3);
		break;
	case NR_fchownat:
		file_call_names(c, WIRE_FILE_CHOWN, (long)a1, a2, (__u32)a5);
		file_call_owner(c, a3, a4);
		break;
	case NR_link:
		file_call_names(c, WIRE_FILE_LINK, AT_FDCWD, a2, AT_SYMLINK_NOFOLLOW);
		file_call_old(c, AT_FDCWD, a1);
		break;
	case NR_linkat:
		file_call_names(c, WIRE_FILE_LINK, (long)a3, a4, AT_SYMLINK_NOFOLLOW);
		file_call_old(c, (long)a1, a2);
		break;
	case NR_symlink:
		file_call_names(c, WIRE_FILE_SYMLINK, AT_FDCWD, a2, AT_SYMLINK_NOFOLLOW);
		c->old_name = (const char *)a1;
		break;
	case NR_symlinkat:
		file_call_names(c, WIRE_FILE_SYMLINK, (long)a2, a3, AT_SYMLINK_NOFOLLOW);
		c->old_name = (const char *)a1;
		break;
	default:
		file_call_read_more(c, regs);
	}
}

#endif
