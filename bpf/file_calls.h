/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * file_calls.h - which deed on files a system call was
 */
#ifndef LAPWING_FILE_CALLS_H
#define LAPWING_FILE_CALLS_H

#include "syscall.h"

#define O_CREAT 00000100
#define O_TRUNC 00001000

/* What a system call on files was asked. Names are pointers into the process. */
struct file_call {
	const char *name, *old_name; /* open: only if the descriptor is gone */
	int dirfd, old_dirfd;	     /* or, with neither name, the file itself */
	__u32 kind;
	__u32 flags;
	__u32 new_mode, new_uid, new_gid;
};

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
	case NR_openat2: /* its flags are in memory; the file has them, unless it is gone */
		file_call_names(c, WIRE_FILE_OPEN, (long)a1, a2, 0);
		break;
	case NR_rename:
		file_call_names(c, WIRE_FILE_RENAME, AT_FDCWD, a2, AT_SYMLINK_NOFOLLOW);
		file_call_old(c, AT_FDCWD, a1);
		break;
	case NR_renameat:
	case NR_renameat2:
		file_call_names(c, WIRE_FILE_RENAME, (long)a3, a4, AT_SYMLINK_NOFOLLOW);
		file_call_old(c, (long)a1, a2);
		break;
	case NR_unlink:
		file_call_names(c, WIRE_FILE_UNLINK, AT_FDCWD, a1, AT_SYMLINK_NOFOLLOW);
		break;
	case NR_unlinkat:
		if (!(a3 & AT_REMOVEDIR))
			file_call_names(c, WIRE_FILE_UNLINK, (long)a1, a2, AT_SYMLINK_NOFOLLOW);
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
	}
}

#endif
