/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * net_socket.h - sockets that few programs need; a part of net.bpf.c
 */
#ifndef LAPWING_NET_SOCKET_H
#define LAPWING_NET_SOCKET_H

#include "net.h"

#define AF_NETLINK 16
#define AF_PACKET 17
#define AF_ALG 38
#define AF_VSOCK 40
#define SOCK_RAW 3
#define SOCK_PACKET 10
#define SOCK_TYPE 0xf
#define IPPROTO_ICMP 1
#define IPPROTO_ICMPV6 58
#define NETLINK_AUDIT 9

/*
 * socket_is_odd - raw access to the network, TCP that is told by no connect of its own (SMC), talk
 * to the hypervisor, the kernel's own ciphers, and the audit subsystem
 */
static __always_inline bool socket_is_odd(int family, int type, int protocol) {
	if (family == AF_INET || family == AF_INET6)
		return (type & SOCK_TYPE) == SOCK_RAW || protocol == IPPROTO_ICMP ||
		       protocol == IPPROTO_ICMPV6 || protocol == IPPROTO_SMC;
	return family == AF_PACKET || family == AF_VSOCK || family == AF_ALG || family == AF_SMC ||
	       (family == AF_NETLINK && protocol == NETLINK_AUDIT);
}

static __always_inline void socket_tell(struct task_struct *task, __u32 hook, int family, int type,
					int protocol, long ret, __u64 inode) {
	__u32 error = ret < 0 ? (__u32)-ret : 0;
	struct wire_net_socket *e;
	struct fold fold;

	fold_begin(&fold, WIRE_NET_SOCKET, task);
	fold.key.object[0] = (__u32)family;
	fold.key.object[1] = (__u32)type;
	fold.key.object[2] = (__u32)protocol;
	fold.key.object[3] = error;
	if (fold_deed(&fold, 0, 0))
		return;
	e = emit_fixed(&ring_bulk, WIRE_NET_SOCKET, hook, sizeof(*e), task);
	if (!e)
		return;
	e->head.outcome = WIRE_SUCCEEDED;
	if (hook == WIRE_HOOK_TP_SYS_EXIT)
		e->head.outcome = (__u8)syscall_outcome(task, ret);
	e->head.error = (__u16)error;
	e->socket_inode = inode;
	e->family = (__u32)family;
	e->type = (__u32)type & SOCK_TYPE;
	e->protocol = (__u32)protocol;
	e->pad = 0;
	fold_keep(&fold, e, sizeof(*e));
	emit_submit(&ring_bulk, &e->head);
}

/*
 * Why: raw and packet sockets read what others say and forge what they did not; pings carry data
 * out; the audit socket is how an auditor is shut off; the kernel's ciphers have had holes, and few
 * programs ask for them.
 * Kernel: net/socket.c __sock_create() -> security_socket_post_create(), the socket made.
 * Blind spots: sockets of the kernel itself; one that was refused (no CAP_NET_RAW); sockets that
 * come from another process (SCM_RIGHTS, pidfd_getfd).
 */
SEC("lsm/socket_post_create")
int BPF_PROG(net_socket, struct socket *socket, int family, int type, int protocol, int kern) {
	struct task_struct *task;

	if (kern || !socket_is_odd(family, type, protocol))
		return 0;
	task = bpf_get_current_task_btf();
	if (gate_task(task))
		socket_tell(task, WIRE_HOOK_LSM_SOCKET_POST_CREATE, family, type, protocol, 0,
			    0);
	return 0;
}

/* What socket(2) was asked for. */
struct socket_call {
	int made, family, type, protocol;
};

static __always_inline void socket_call_read(struct socket_call *c, struct pt_regs *regs) {
	if (SYSCALL_NR(regs) != NR_socket)
		return;
	c->made = 1;
	c->family = (int)SYSCALL_ARG1(regs);
	c->type = (int)SYSCALL_ARG2(regs);
	c->protocol = (int)SYSCALL_ARG3(regs);
	/* as the kernel takes it: net/socket.c __sock_create() */
	if (c->family == AF_INET && (c->type & SOCK_TYPE) == SOCK_PACKET)
		c->family = AF_PACKET;
}

static __noinline int socket_call_foreign(struct socket_call *c, struct pt_regs *regs) {
	struct pt_regs own;

	if (syscall_own(&own, regs))
		socket_call_read(c, &own);
	return 0;
}

/*
 * Why: the same where LSM hooks are refused; and who was not allowed to.
 * Kernel: trace_sys_exit() of the architecture's entry code, after socket().
 * Blind spots: io_uring, on arm64 32-bit calls; socketpair(); otherwise as above. A call that went
 * well in a process with a seccomp filter is told as an attempt.
 */
SEC("tp_btf/sys_exit")
int BPF_PROG(net_socket_exit, struct pt_regs *regs, long ret) {
	struct task_struct *task = bpf_get_current_task_btf();
	struct socket_call c = {};
	__u64 inode = 0;

	if (syscall_foreign(task))
		socket_call_foreign(&c, regs);
	else
		socket_call_read(&c, regs);
	if (!c.made || !socket_is_odd(c.family, c.type, c.protocol) || !gate_task(task))
		return 0;
	if (ret >= 0) /* of a socket: a filter may have made that number up */
		inode = BPF_CORE_READ(net_call_socket((int)ret), file, f_inode, i_ino);
	socket_tell(task, WIRE_HOOK_TP_SYS_EXIT, c.family, c.type, c.protocol, ret, inode);
	return 0;
}

#endif
