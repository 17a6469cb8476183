/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * version.h - which state of a file's bytes it is that runs, for who hashes it
 */
#ifndef LAPWING_VERSION_H
#define LAPWING_VERSION_H

#include "compat.h"
#include "wire.h"

/* process_version - which state of the bytes of @exe it is that runs, but for exe_magic */
static __always_inline void process_version(struct wire_process_exec *e, struct file *exe) {
	struct inode *inode;

	if (!exe)
		return;
	inode = exe->f_inode;
	e->exe_ctime_ns = compat_ctime_ns(inode);
	e->exe_size = (__u64)inode->i_size;
}

#endif
