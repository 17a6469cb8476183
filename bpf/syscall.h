/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * syscall.h - what a system call was asked, for hooks that see it end
 *
 * Used mostly where LSM hooks are refused. What differs between architectures is in a header for
 * each: NR_*, SYSCALL_NR() and SYSCALL_ARG1() to 6, SYSCALL_IP(), the address at which the program
 * goes on, SYSCALL_FUNCTION(), how the kernel names the function of a call, SYSCALL_FUNCTION_32(),
 * that of a 32-bit one, SYSCALL_ARG1_32() and 2 there, syscall_foreign(), and syscall_own(), what a
 * foreign call is in these numbers and registers. What reads a foreign call is a function of its
 * own that is not inlined: no instruction can read both the kernel's registers and a copy on the
 * stack.
 *
 * What follows once it is known which call it was stands in functions that are not static: these
 * the verifier looks at once, knowing nothing of what they are given, and not anew for each call
 * that was told apart. How often it looks is how long a start takes: since Linux 6.4 it searches
 * all the kernel's types by name, some two or three times a millisecond, whenever it comes by a
 * load of a pointer from what a hook was given or from the current task.
 */
#ifndef LAPWING_SYSCALL_H
#define LAPWING_SYSCALL_H

#include "compat.h"
#include "wire.h"
#include <bpf/bpf_tracing.h>

#if defined(__TARGET_ARCH_x86)
#include "syscall_x86.h"
#elif defined(__TARGET_ARCH_arm64)
#include "syscall_arm64.h"
#else
#error "syscall.h does not know this architecture"
#endif

#define AT_FDCWD (-100)
#define AT_SYMLINK_NOFOLLOW 0x100
#define AT_REMOVEDIR 0x200
#define AT_SYMLINK_FOLLOW 0x400
#define AT_EMPTY_PATH 0x1000

/* syscall_file_at - syscall_file() as a number. Not static: see the paragraph above. */
__noinline __u64 syscall_file_at(int fd) {
	struct task_struct *task = bpf_get_current_task_btf();
	struct fdtable *fdt = BPF_CORE_READ(task, files, fdt);
	__u64 file = 0;

	if (fd < 0 || (__u32)fd >= BPF_CORE_READ(fdt, max_fds))
		return 0;
	bpf_probe_read_kernel(&file, sizeof(file), BPF_CORE_READ(fdt, fd) + fd);
	return file;
}

/* syscall_file - the open file behind a descriptor of the current task, untyped; or NULL */
static __always_inline struct file *syscall_file(int fd) {
	return (struct file *)syscall_file_at(fd);
}

/* syscall_user_word - eight bytes of the process's memory, or 0 */
static __always_inline __u64 syscall_user_word(unsigned long from) {
	__u64 word = 0;

	(void)bpf_probe_read_user(&word, sizeof(word), (const void *)from);
	return word;
}

/*
 * syscall_outcome - of a call that gave @ret
 * A filter (seccomp) can have a call not done and yet give 0 or more: then it was only attempted.
 */
static __always_inline __u32 syscall_outcome(struct task_struct *task, long ret) {
	if (ret < 0)
		return WIRE_FAILED;
	return compat_has_filter(task) ? WIRE_ATTEMPTED : WIRE_SUCCEEDED;
}

/*
 * syscall_forget - what is at @call stays as it is, but the verifier knows it no more
 * It would otherwise look at all that follows once for each system call that was told apart.
 */
static __always_inline void syscall_forget(void *call, __u32 size) {
	bpf_probe_read_kernel(call, size, call);
}

#endif
