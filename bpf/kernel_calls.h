/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * kernel_calls.h - which change to the kernel a system call is
 */
#ifndef LAPWING_KERNEL_CALLS_H
#define LAPWING_KERNEL_CALLS_H

#include "compat.h"
#include "syscall.h"
#include "wire.h"

#define MODULE_NAME_BYTES 56  /* include/linux/moduleparam.h MODULE_NAME_LEN */
#define BPF_NAME_BYTES 16     /* include/uapi/linux/bpf.h BPF_OBJ_NAME_LEN */
#define BPF_TP_NAME_BYTES 128 /* kernel/bpf/syscall.c */

/* include/uapi/linux/bpf.h, enum bpf_cmd */
#define BPF_PROG_LOAD 5
#define BPF_PROG_ATTACH 8
#define BPF_RAW_TRACEPOINT_OPEN 17
#define BPF_LINK_CREATE 28

#define READING_KEXEC_IMAGE 3 /* include/linux/kernel_read_file.h; loading is numbered alike */

/* CLONE_NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET */
#define KERNEL_NEW_NAMESPACES 0x7e020080u

/* Requests that do nothing to a file or a socket: nop, poll, timeouts, cancelling. */
#define KERNEL_IO_IDLE (1ull << 0 | 1ull << 6 | 1ull << 7 | 1ull << 11 | 1ull << 12 | 1ull << 14 | \
			1ull << 15)

/*
 * What the lockdown is asked about; the kernel's numbers change from version to version, so each is
 * asked for by its name. Their order is that of decode_kernel.c.
 */
enum lockdown_reason {
	LOCKDOWN_MODULE_SIGNATURE = 1,
	LOCKDOWN_DEV_MEM = 2,
	LOCKDOWN_EFI_TEST = 3,
	LOCKDOWN_KEXEC = 4,
	LOCKDOWN_HIBERNATION = 5,
	LOCKDOWN_PCI_ACCESS = 6,
	LOCKDOWN_IOPORT = 7,
	LOCKDOWN_MSR = 8,
	LOCKDOWN_ACPI_TABLES = 9,
	LOCKDOWN_PCMCIA_CIS = 10,
	LOCKDOWN_TIOCSSERIAL = 11,
	LOCKDOWN_MODULE_PARAMETERS = 12,
	LOCKDOWN_MMIOTRACE = 13,
	LOCKDOWN_DEBUGFS = 14,
	LOCKDOWN_XMON_WR = 15,
	LOCKDOWN_KCORE = 16,
	LOCKDOWN_KPROBES = 17,
	LOCKDOWN_PERF = 18,
	LOCKDOWN_TRACEFS = 19,
	LOCKDOWN_XMON_RW = 20,
	LOCKDOWN_XFRM_SECRET = 21,
	LOCKDOWN_BPF_READ_KERNEL = 22,
	LOCKDOWN_BPF_WRITE_USER = 23,
	LOCKDOWN_DBG_READ_KERNEL = 24,
	LOCKDOWN_DBG_WRITE_KERNEL = 25,
	LOCKDOWN_DEVICE_TREE = 26,
};

#define KERNEL_REASON(name)                                                                        \
	if (bpf_core_enum_value_exists(enum lockdown_reason, LOCKDOWN_##name) &&                   \
	    what == (__u32)bpf_core_enum_value(enum lockdown_reason, LOCKDOWN_##name))             \
		return LOCKDOWN_##name;

/* kernel_reason - our number for the kernel's; 0: none that we know */
static __always_inline __u32 kernel_reason(__u32 what) {
	KERNEL_REASON(MODULE_SIGNATURE)
	KERNEL_REASON(DEV_MEM)
	KERNEL_REASON(EFI_TEST)
	KERNEL_REASON(KEXEC)
	KERNEL_REASON(HIBERNATION)
	KERNEL_REASON(PCI_ACCESS)
	KERNEL_REASON(IOPORT)
	KERNEL_REASON(MSR)
	KERNEL_REASON(ACPI_TABLES)
	KERNEL_REASON(PCMCIA_CIS)
	KERNEL_REASON(TIOCSSERIAL)
	KERNEL_REASON(MODULE_PARAMETERS)
	KERNEL_REASON(MMIOTRACE)
	KERNEL_REASON(DEBUGFS)
	KERNEL_REASON(XMON_WR)
	KERNEL_REASON(KCORE)
	KERNEL_REASON(KPROBES)
	KERNEL_REASON(PERF)
	KERNEL_REASON(TRACEFS)
	KERNEL_REASON(XMON_RW)
	KERNEL_REASON(XFRM_SECRET)
	KERNEL_REASON(BPF_READ_KERNEL)
	KERNEL_REASON(BPF_WRITE_USER)
	KERNEL_REASON(DBG_READ_KERNEL)
	KERNEL_REASON(DBG_WRITE_KERNEL)
	KERNEL_REASON(DEVICE_TREE)
	return 0;
}

struct kernel_attach {
	struct bpf_prog *prog; /* untyped; NULL: not known */
	const char *name;      /* of a raw tracepoint, in the process's memory */
	__u32 command, type;
};

struct kernel_call {
	struct kernel_attach attach;
	__u64 flags;
	const char *name, *detail;
	struct file *file;   /* untyped */
	__u64 first, second; /* its arguments */
	__u32 kind;	     /* 0: none of ours */
	int nr;
};

static __always_inline bool kernel_attaches(__u32 command) {
	return command == BPF_PROG_ATTACH || command == BPF_RAW_TRACEPOINT_OPEN ||
	       command == BPF_LINK_CREATE;
}

/* kernel_prog - the program behind a descriptor, if it is one */
static __always_inline struct bpf_prog *kernel_prog(int fd) {
	struct file *file = syscall_file(fd);
	char name[8] = {};

	if (!file)
		return NULL;
	bpf_probe_read_kernel(name, sizeof(name), BPF_CORE_READ(file, f_path.dentry, d_name.name));
	if (name[0] != 'b' || name[1] != 'p' || name[2] != 'f' || name[3] != '-' ||
	    name[4] != 'p' || name[5] != 'r' || name[6] != 'o' || name[7] != 'g')
		return NULL;
	return (struct bpf_prog *)BPF_CORE_READ(file, private_data);
}

/* kernel_attach_read - from the first words of union bpf_attr, which are as they are for ever */
static __always_inline void kernel_attach_read(struct kernel_attach *a, const __u32 words[4]) {
	switch (a->command) {
	case BPF_PROG_ATTACH: /* target_fd, attach_bpf_fd, attach_type */
		a->prog = kernel_prog((int)words[1]);
		a->type = words[2];
		break;
	case BPF_LINK_CREATE: /* prog_fd, target_fd, attach_type */
		a->prog = kernel_prog((int)words[0]);
		a->type = words[2];
		break;
	case BPF_RAW_TRACEPOINT_OPEN: /* name (two words), prog_fd */
		a->prog = kernel_prog((int)words[2]);
		a->name = (const char *)((__u64)words[1] << 32 | words[0]);
		break;
	}
}

static __always_inline void kernel_call_bpf(struct kernel_call *c, __u32 command, long ret) {
	c->attach.command = command;
	if (command == BPF_PROG_LOAD && ret >= 0)
		c->kind = WIRE_KERNEL_BPF_LOAD;
	else if (kernel_attaches(command))
		c->kind = WIRE_KERNEL_BPF_ATTACH;
}

/* kernel_call_read - which deed a call that ended was, from its registers */
static __always_inline void kernel_call_read(struct kernel_call *c, struct pt_regs *regs,
					     long ret) {
	c->nr = SYSCALL_NR(regs);
	c->first = SYSCALL_ARG1(regs);
	c->second = SYSCALL_ARG2(regs);
	switch (c->nr) {
	case NR_bpf:
		kernel_call_bpf(c, (__u32)SYSCALL_ARG1(regs), ret);
		break;
	case NR_kexec_load:
	case NR_kexec_file_load:
		c->kind = WIRE_KERNEL_KEXEC;
		break;
	case NR_unshare:
		c->flags = SYSCALL_ARG1(regs) & KERNEL_NEW_NAMESPACES;
		if (c->flags)
			c->kind = WIRE_KERNEL_NAMESPACE;
		break;
	case NR_setns:
		c->flags = SYSCALL_ARG2(regs) & KERNEL_NEW_NAMESPACES;
		c->kind = WIRE_KERNEL_NAMESPACE;
		break;
	case NR_add_key:
		c->kind = WIRE_KERNEL_KEY;
		c->detail = (const char *)SYSCALL_ARG1(regs);
		c->name = (const char *)SYSCALL_ARG2(regs);
		break;
	}
}

/* kernel_call_look - what registers do not say */
static __always_inline void kernel_call_look(struct kernel_call *c, long ret) {
	__u32 words[4] = {};

	if (c->kind == WIRE_KERNEL_BPF_LOAD) {
		c->attach.prog = kernel_prog((int)ret);
	} else if (c->kind == WIRE_KERNEL_BPF_ATTACH) {
		bpf_probe_read_user(words, sizeof(words), (void *)c->second);
		kernel_attach_read(&c->attach, words);
	} else if (c->kind == WIRE_KERNEL_KEXEC && c->nr == NR_kexec_file_load) {
		c->file = syscall_file((int)c->first);
	}
}

#endif
