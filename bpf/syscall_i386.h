/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * syscall_i386.h - 32-bit system calls on x86-64, by int $0x80 or of 32-bit programs, as ours
 *
 * Any program can make them, and they do what those of 64 bits do. Their numbers are the kernel's,
 * from arch/x86/entry/syscalls/syscall_32.tbl; from 403 on they are the same. All arguments have
 * 32 bits.
 */
#ifndef LAPWING_SYSCALL_I386_H
#define LAPWING_SYSCALL_I386_H

#include <bpf/bpf_helpers.h>

#define I386_OLD_MMAP 90
#define I386_SOCKETCALL 102
#define I386_TRUNCATE64 193
#define I386_FTRUNCATE64 194
#define I386_SAME 403 /* and above */

/* Ours, and one more: 0 is none of those that we look at. */
static const __u16 i386_calls[I386_SAME] = {
	[3] = 1 + NR_read,	       [5] = 1 + NR_open,
	[8] = 1 + NR_creat,	       [9] = 1 + NR_link,
	[10] = 1 + NR_unlink,	       [14] = 1 + NR_mknod,
	[15] = 1 + NR_chmod,	       [16] = 1 + NR_lchown,
	[21] = 1 + NR_mount,	       [23] = 1 + NR_setuid,
	[26] = 1 + NR_ptrace,	       [38] = 1 + NR_rename,
	[39] = 1 + NR_mkdir,	       [40] = 1 + NR_rmdir,
	[46] = 1 + NR_setgid,	       [52] = 1 + NR_umount2,
	[66] = 1 + NR_setsid,	       [70] = 1 + NR_setreuid,
	[71] = 1 + NR_setregid,	       [83] = 1 + NR_symlink,
	[90] = 1 + NR_mmap,	       [92] = 1 + NR_truncate,
	[93] = 1 + NR_ftruncate,       [94] = 1 + NR_fchmod,
	[95] = 1 + NR_fchown,	       [125] = 1 + NR_mprotect,
	[128] = 1 + NR_init_module,    [129] = 1 + NR_delete_module,
	[138] = 1 + NR_setfsuid,       [139] = 1 + NR_setfsgid,
	[164] = 1 + NR_setresuid,      [170] = 1 + NR_setresgid,
	[182] = 1 + NR_chown,	       [185] = 1 + NR_capset,
	[192] = 1 + NR_mmap,	       [193] = 1 + NR_truncate,
	[194] = 1 + NR_ftruncate,      [198] = 1 + NR_lchown,
	[203] = 1 + NR_setreuid,       [204] = 1 + NR_setregid,
	[207] = 1 + NR_fchown,	       [208] = 1 + NR_setresuid,
	[210] = 1 + NR_setresgid,      [212] = 1 + NR_chown,
	[213] = 1 + NR_setuid,	       [214] = 1 + NR_setgid,
	[215] = 1 + NR_setfsuid,       [216] = 1 + NR_setfsgid,
	[217] = 1 + NR_pivot_root,     [226] = 1 + NR_setxattr,
	[227] = 1 + NR_lsetxattr,      [228] = 1 + NR_fsetxattr,
	[235] = 1 + NR_removexattr,    [236] = 1 + NR_lremovexattr,
	[237] = 1 + NR_fremovexattr,   [283] = 1 + NR_kexec_load,
	[286] = 1 + NR_add_key,	       [295] = 1 + NR_openat,
	[296] = 1 + NR_mkdirat,	       [297] = 1 + NR_mknodat,
	[298] = 1 + NR_fchownat,       [301] = 1 + NR_unlinkat,
	[302] = 1 + NR_renameat,       [303] = 1 + NR_linkat,
	[304] = 1 + NR_symlinkat,      [306] = 1 + NR_fchmodat,
	[310] = 1 + NR_unshare,	       [337] = 1 + NR_recvmmsg,
	[342] = 1 + NR_open_by_handle_at, [345] = 1 + NR_sendmmsg,
	[346] = 1 + NR_setns,	       [347] = 1 + NR_process_vm_readv,
	[348] = 1 + NR_process_vm_writev, [350] = 1 + NR_finit_module,
	[353] = 1 + NR_renameat2,      [356] = 1 + NR_memfd_create,
	[357] = 1 + NR_bpf,	       [359] = 1 + NR_socket,
	[361] = 1 + NR_bind,	       [362] = 1 + NR_connect,
	[363] = 1 + NR_listen,	       [364] = 1 + NR_accept4,
	[369] = 1 + NR_sendto,	       [370] = 1 + NR_sendmsg,
	[371] = 1 + NR_recvfrom,       [372] = 1 + NR_recvmsg,
	[374] = 1 + NR_userfaultfd,    [380] = 1 + NR_pkey_mprotect,
};

/* What socketcall(2) is asked for: include/uapi/linux/net.h. */
static const __u16 i386_sockets[32] = {
	[1] = 1 + NR_socket,	[2] = 1 + NR_bind,	[3] = 1 + NR_connect,
	[4] = 1 + NR_listen,	[5] = 1 + NR_accept,	[11] = 1 + NR_sendto,
	[12] = 1 + NR_recvfrom, [16] = 1 + NR_sendmsg,	[17] = 1 + NR_recvmsg,
	[18] = 1 + NR_accept4,	[19] = 1 + NR_recvmmsg, [20] = 1 + NR_sendmmsg,
};

/*
 * syscall_own - the registers with which @regs, a 32-bit call, would be one of ours
 * @own: of it only what the call's number and arguments are in
 *
 * false: it is none that we look at. Calls whose arguments are in memory are read from there;
 * 16-bit user ids of old calls are as they were given.
 */
static __always_inline bool syscall_own(struct pt_regs *own, struct pt_regs *regs) {
	__u32 nr = (__u32)regs->orig_ax, words[6] = {}, at = (__u32)regs->bx;
	__u32 call = 0;

	own->di = at;
	own->si = (__u32)regs->cx;
	own->dx = (__u32)regs->dx;
	own->r10 = (__u32)regs->si;
	own->r8 = (__u32)regs->di;
	own->r9 = (__u32)regs->bp;
	if (nr == I386_OLD_MMAP || nr == I386_SOCKETCALL) {
		if (nr == I386_SOCKETCALL)
			at = (__u32)regs->cx;
		/* not all calls have six, and what is behind the last may be no memory */
		for (int i = 0; i < 6; i++)
			(void)bpf_probe_read_user(&words[i], sizeof(words[i]),
						  (const void *)(unsigned long)(at + 4 * i));
		if (nr == I386_SOCKETCALL)
			call = i386_sockets[own->di & 31];
		own->di = words[0];
		own->si = words[1];
		own->dx = words[2];
		own->r10 = words[3];
		own->r8 = words[4];
		own->r9 = words[5];
	}
	if (nr == I386_TRUNCATE64 || nr == I386_FTRUNCATE64)
		own->si |= own->dx << 32;
	if (nr >= I386_SAME)
		call = nr + 1;
	else if (nr != I386_SOCKETCALL)
		call = i386_calls[nr];
	own->orig_ax = call - 1;
	return call;
}

#endif
