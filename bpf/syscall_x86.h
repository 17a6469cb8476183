/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * syscall_x86.h - system calls of x86-64: their numbers, and the registers of their arguments
 *
 * Numbers are the kernel's, from arch/x86/entry/syscalls/syscall_64.tbl.
 */
#ifndef LAPWING_SYSCALL_X86_H
#define LAPWING_SYSCALL_X86_H

enum {
	NR_open = 2,
	NR_creat = 85,
	NR_openat = 257,
	NR_openat2 = 437,
	NR_rename = 82,
	NR_renameat = 264,
	NR_renameat2 = 316,
	NR_unlink = 87,
	NR_unlinkat = 263,
	NR_chmod = 90,
	NR_fchmod = 91,
	NR_fchmodat = 268,
	NR_fchmodat2 = 452,
	NR_chown = 92,
	NR_fchown = 93,
	NR_lchown = 94,
	NR_fchownat = 260,
	NR_link = 86,
	NR_linkat = 265,
	NR_symlink = 88,
	NR_symlinkat = 266,
	NR_read = 0,
	NR_recvfrom = 45,
	NR_recvmsg = 47,
	NR_recvmmsg = 299,
	NR_socket = 41,
	NR_mkdir = 83,
	NR_mkdirat = 258,
	NR_rmdir = 84,
	NR_mknod = 133,
	NR_mknodat = 259,
	NR_mount = 165,
	NR_umount2 = 166,
	NR_move_mount = 429,
	NR_pivot_root = 155,
	NR_truncate = 76,
	NR_ftruncate = 77,
	NR_setxattr = 188,
	NR_lsetxattr = 189,
	NR_fsetxattr = 190,
	NR_removexattr = 197,
	NR_lremovexattr = 198,
	NR_fremovexattr = 199,
	NR_setxattrat = 463,
	NR_removexattrat = 466,
	NR_open_by_handle_at = 304,
	NR_connect = 42,
	NR_accept = 43,
	NR_accept4 = 288,
	NR_bind = 49,
	NR_listen = 50,
	NR_sendto = 44,
	NR_sendmsg = 46,
	NR_sendmmsg = 307,
	NR_setuid = 105,
	NR_setgid = 106,
	NR_setsid = 112,
	NR_setreuid = 113,
	NR_setregid = 114,
	NR_setresuid = 117,
	NR_setresgid = 119,
	NR_setfsuid = 122,
	NR_setfsgid = 123,
	NR_capset = 126,
	NR_mmap = 9,
	NR_mprotect = 10,
	NR_ptrace = 101,
	NR_process_vm_readv = 310,
	NR_process_vm_writev = 311,
	NR_memfd_create = 319,
	NR_userfaultfd = 323,
	NR_pkey_mprotect = 329,
	NR_pidfd_getfd = 438,
	NR_delete_module = 176,
	NR_init_module = 175,
	NR_finit_module = 313,
	NR_kexec_load = 246,
	NR_kexec_file_load = 320,
	NR_add_key = 248,
	NR_unshare = 272,
	NR_setns = 308,
	NR_bpf = 321,
};

/* between these are all calls of process_calls.h */
#define SYSCALL_IDS_FIRST NR_setuid
#define SYSCALL_IDS_LAST NR_capset

/* of x32, too, whose calls are ours with a bit; but those from 512 on are its own, and not seen */
#define SYSCALL_NR(regs) ((int)((regs)->orig_ax & ~SYSCALL_X32))
#define SYSCALL_X32 0x40000000 /* arch/x86/include/uapi/asm/unistd.h, __X32_SYSCALL_BIT */
#define SYSCALL_ARG1(regs) ((regs)->di)
#define SYSCALL_ARG2(regs) ((regs)->si)
#define SYSCALL_ARG3(regs) ((regs)->dx)
#define SYSCALL_ARG4(regs) ((regs)->r10)
#define SYSCALL_ARG5(regs) ((regs)->r8)
#define SYSCALL_ARG6(regs) ((regs)->r9)
#define SYSCALL_IP(regs) ((regs)->ip)
#define SYSCALL_FUNCTION(name) "__x64_sys_" name
/* the same of a 32-bit call, where the kernel takes such calls; its arguments are elsewhere */
#define SYSCALL_FUNCTION_32(name) "__ia32_sys_" name
#define SYSCALL_ARG1_32(regs) ((__u32)(regs)->bx)
#define SYSCALL_ARG2_32(regs) ((__u32)(regs)->cx)
#define SYSCALL_TS_COMPAT 2 /* arch/x86/include/asm/thread_info.h */

/* syscall_foreign - a 32-bit call, whose numbers mean something else */
static __always_inline bool syscall_foreign(struct task_struct *task) {
	return task->thread_info.status & SYSCALL_TS_COMPAT;
}

#include "syscall_i386.h"

#endif
