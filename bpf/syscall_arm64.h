/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * syscall_arm64.h - system calls of arm64: their numbers, and the registers of their arguments
 *
 * Numbers are the kernel's, from include/uapi/asm-generic/unistd.h. Which registers there are is
 * said here as well, because vmlinux.h is made on x86-64.
 */
#ifndef LAPWING_SYSCALL_ARM64_H
#define LAPWING_SYSCALL_ARM64_H

enum {
	NR_openat = 56,
	NR_openat2 = 437,
	NR_renameat = 38,
	NR_renameat2 = 276,
	NR_unlinkat = 35,
	NR_fchmod = 52,
	NR_fchmodat = 53,
	NR_fchmodat2 = 452,
	NR_fchown = 55,
	NR_fchownat = 54,
	NR_linkat = 37,
	NR_symlinkat = 36,
	NR_read = 63,
	NR_recvfrom = 207,
	NR_recvmsg = 212,
	NR_recvmmsg = 243,
	NR_socket = 198,
	NR_mkdirat = 34,
	NR_mknodat = 33,
	NR_mount = 40,
	NR_umount2 = 39,
	NR_move_mount = 429,
	NR_pivot_root = 41,
	NR_truncate = 45,
	NR_ftruncate = 46,
	NR_setxattr = 5,
	NR_lsetxattr = 6,
	NR_fsetxattr = 7,
	NR_removexattr = 14,
	NR_lremovexattr = 15,
	NR_fremovexattr = 16,
	NR_setxattrat = 463,
	NR_removexattrat = 466,
	NR_open_by_handle_at = 265,
	NR_connect = 203,
	NR_accept = 202,
	NR_accept4 = 242,
	NR_bind = 200,
	NR_listen = 201,
	NR_sendto = 206,
	NR_sendmsg = 211,
	NR_sendmmsg = 269,
	NR_setuid = 146,
	NR_setgid = 144,
	NR_setsid = 157,
	NR_setreuid = 145,
	NR_setregid = 143,
	NR_setresuid = 147,
	NR_setresgid = 149,
	NR_setfsuid = 151,
	NR_setfsgid = 152,
	NR_capset = 91,
	NR_mmap = 222,
	NR_mprotect = 226,
	NR_ptrace = 117,
	NR_process_vm_readv = 270,
	NR_process_vm_writev = 271,
	NR_memfd_create = 279,
	NR_userfaultfd = 282,
	NR_pkey_mprotect = 288,
	NR_pidfd_getfd = 438,
	NR_delete_module = 106,
	NR_init_module = 105,
	NR_finit_module = 273,
	NR_kexec_load = 104,
	NR_kexec_file_load = 294,
	NR_add_key = 217,
	NR_unshare = 97,
	NR_setns = 268,
	NR_bpf = 280,
	/*
	 * Calls that arm64 never had: each a number of its own, so that a switch may name them
	 * all, and none that anything means. -1 is the kernel's, for a call that was skipped.
	 */
	NR_open = -1001,
	NR_creat = -1002,
	NR_rename = -1003,
	NR_unlink = -1004,
	NR_chmod = -1005,
	NR_chown = -1006,
	NR_lchown = -1007,
	NR_link = -1008,
	NR_symlink = -1009,
	NR_mkdir = -1010,
	NR_rmdir = -1011,
	NR_mknod = -1012,
};

/* between these are all calls of process_calls.h */
#define SYSCALL_IDS_FIRST NR_capset
#define SYSCALL_IDS_LAST NR_setsid

/* arch/arm64/include/asm/ptrace.h */
struct pt_regs___call {
	__u64 regs[31];
	__u64 pc;
	__u64 orig_x0;
	int syscallno;
} __attribute__((preserve_access_index));

/* arch/arm64/include/asm/thread_info.h */
struct thread_info___call {
	unsigned long flags;
} __attribute__((preserve_access_index));

#define SYSCALL_TIF_32BIT (1ul << 22)

/*
 * The first argument's register has the outcome when a call ends; what it had before is kept in
 * orig_x0, and is not what was done if a tracer changed it in between.
 */
#define SYSCALL_REGS(regs) ((struct pt_regs___call *)(regs))
#define SYSCALL_NR(regs) (SYSCALL_REGS(regs)->syscallno)
#define SYSCALL_ARG1(regs) (SYSCALL_REGS(regs)->orig_x0)
#define SYSCALL_ARG2(regs) (SYSCALL_REGS(regs)->regs[1])
#define SYSCALL_ARG3(regs) (SYSCALL_REGS(regs)->regs[2])
#define SYSCALL_ARG4(regs) (SYSCALL_REGS(regs)->regs[3])
#define SYSCALL_ARG5(regs) (SYSCALL_REGS(regs)->regs[4])
#define SYSCALL_ARG6(regs) (SYSCALL_REGS(regs)->regs[5])
#define SYSCALL_IP(regs) (SYSCALL_REGS(regs)->pc)
#define SYSCALL_FUNCTION(name) "__arm64_sys_" name
/* none: 32-bit calls end in the functions of the others, with the same registers */
#define SYSCALL_FUNCTION_32(name) "__arm64_no_sys_" name
#define SYSCALL_ARG1_32(regs) SYSCALL_ARG1(regs)
#define SYSCALL_ARG2_32(regs) SYSCALL_ARG2(regs)

/* syscall_foreign - a 32-bit call, whose numbers mean something else */
static __always_inline bool syscall_foreign(struct task_struct *task) {
	struct thread_info___call *info = (void *)&task->thread_info;

	return info->flags & SYSCALL_TIF_32BIT;
}

/* syscall_own - no 32-bit call is known as one of ours */
static __always_inline bool syscall_own(struct pt_regs *own, struct pt_regs *regs) {
	return false;
}

#endif
