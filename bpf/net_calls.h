/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * net_calls.h - the end of a network system call; the last part of net.bpf.c
 */
#ifndef LAPWING_NET_CALLS_H
#define LAPWING_NET_CALLS_H

/* struct user_msghdr and mmsghdr of the system call interface, as far as they matter */
struct net_user_msghdr {
	const void *name;
	int namelen;
};

static __always_inline struct socket *net_call_socket(struct task_struct *task, int fd) {
	struct file *file = syscall_file(task, fd);

	if (!file || (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return NULL;
	return (struct socket *)BPF_CORE_READ(file, private_data);
}

static __always_inline void net_ends_raw(struct wire_net *e, struct sock *sk) {
	if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_INET) {
		__u32 local = BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr);
		__u32 remote = BPF_CORE_READ(sk, __sk_common.skc_daddr);

		net_v4(e->local, &local);
		net_v4(e->remote, &remote);
	} else {
		bpf_core_read(e->local, 16, &sk->__sk_common.skc_v6_rcv_saddr);
		bpf_core_read(e->remote, 16, &sk->__sk_common.skc_v6_daddr);
	}
	e->local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
	e->remote_port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	e->protocol = net_told(BPF_CORE_READ(sk, sk_protocol));
}

/* What a system call on sockets was asked. */
struct net_call {
	const void *address; /* in the process; NULL: the socket knows */
	int address_len;
	int fd;
	__u32 kind;
	__u16 backlog;
	__u16 error;
};

/* net_call_message - the destination in a msghdr */
static __always_inline void net_call_message(struct net_call *c, const void *message) {
	struct net_user_msghdr m = {};

	if (bpf_probe_read_user(&m, sizeof(m), message) || !m.name)
		return;
	c->kind = WIRE_NET_SEND;
	c->address = m.name;
	c->address_len = m.namelen;
}

/* net_call_read - which deed the call was; kind 0: none of ours */
static __always_inline void net_call_read(struct net_call *c, struct pt_regs *regs, long ret) {
	unsigned long a1 = SYSCALL_ARG1(regs), a2 = SYSCALL_ARG2(regs), a3 = SYSCALL_ARG3(regs);

	c->fd = (int)a1;
	c->error = ret < 0 ? (__u16)-ret : 0;
	switch (SYSCALL_NR(regs)) {
	case NR_connect:
		c->kind = WIRE_NET_CONNECT;
		if (ret < 0) {
			c->address = (const void *)a2;
			c->address_len = (int)a3;
		}
		break;
	case NR_bind:
		c->kind = WIRE_NET_BIND;
		if (ret < 0) {
			c->address = (const void *)a2;
			c->address_len = (int)a3;
		}
		break;
	case NR_listen:
		c->kind = WIRE_NET_LISTEN;
		c->backlog = (__u16)a2;
		break;
	case NR_accept:
	case NR_accept4:
		if (ret >= 0) {
			c->kind = WIRE_NET_ACCEPT;
			c->fd = (int)ret;
		}
		break;
	case NR_sendto:
		if (SYSCALL_ARG5(regs)) {
			c->kind = WIRE_NET_SEND;
			c->address = (const void *)SYSCALL_ARG5(regs);
			c->address_len = (int)SYSCALL_ARG6(regs);
		}
		break;
	case NR_sendmsg:
	case NR_sendmmsg: /* a struct mmsghdr begins with its msghdr */
		net_call_message(c, (const void *)a2);
		break;
	}
}

/* net_call_wanted - whether the deed is one that this hook is to tell of this socket */
static __always_inline bool net_call_wanted(const struct net_call *c, __u16 protocol) {
	/* net_state() tells a TCP connect that got as far as a packet */
	if (c->kind == WIRE_NET_CONNECT && net_tcp(protocol))
		return c->error == 1 /* EPERM */ || c->error == 13 /* EACCES */ ||
		       c->error == 99 /* EADDRNOTAVAIL */ || c->error == 101 /* ENETUNREACH */;
	if (c->kind == WIRE_NET_SEND)
		return protocol == IPPROTO_UDP;
	if (c->kind == WIRE_NET_CONNECT)
		return protocol == IPPROTO_UDP;
	return true;
}

/*
 * Why: tells accept, bind, listen and datagrams where the LSM hooks above are refused.
 * Kernel: trace_sys_exit() of the architecture's entry code, after the call: the socket then
 * knows both ends.
 * Blind spots: 32-bit calls and io_uring are not seen; of sendmmsg() only the first message; the
 * peer of an unconnected datagram, and the address of a call that failed, are read from the
 * process's memory (WIRE_ADDRESS_RACY); UDP-Lite. A call that went well in a process with a seccomp
 * filter is told as an attempt, as the filter may have said so in its place; a tracer (ptrace) may
 * change the result, too.
 */
SEC("tp_btf/sys_exit")
int BPF_PROG(net_sys_exit, struct pt_regs *regs, long ret) {
	struct net_address given = {};
	struct net_call c = {};
	struct task_struct *task;
	struct socket *socket;
	struct wire_net at, *e;
	struct fold fold;
	struct sock *sk;
	bool have = false;
	__u64 inode, cookie;

	net_call_read(&c, regs, ret);
	if (!c.kind || !gate_call(c.kind))
		return 0;
	task = bpf_get_current_task_btf();
	if (syscall_foreign(task) || !gate_task(task))
		return 0;
	socket = net_call_socket(task, c.fd);
	sk = BPF_CORE_READ(socket, sk);
	if (!sk || !net_family(BPF_CORE_READ(sk, __sk_common.skc_family)) ||
	    !net_call_wanted(&c, BPF_CORE_READ(sk, sk_protocol)))
		return 0;
	inode = BPF_CORE_READ(socket, file, f_inode, i_ino);
	if (c.address && net_read_user(&given, c.address, c.address_len)) {
		if (c.kind != WIRE_NET_CONNECT)
			net_meant(&given, BPF_CORE_READ(sk, __sk_common.skc_family));
		have = net_family(given.family);
	}
	cookie = c.kind == WIRE_NET_ACCEPT ? BPF_CORE_READ(sk, __sk_common.skc_cookie.counter) : 0;
	if (c.kind == WIRE_NET_SEND && (!have || !net_first(inode, &given)))
		return 0;
	/* connect(AF_UNSPEC) takes a datagram socket's peer away */
	if (c.kind == WIRE_NET_CONNECT && !have && !BPF_CORE_READ(sk, __sk_common.skc_dport))
		return 0;
	net_ends_raw(&at, sk);
	if (have && c.kind == WIRE_NET_BIND)
		net_put(&given, at.local, &at.local_port);
	else if (have)
		net_put(&given, at.remote, &at.remote_port);
	fold_begin(&fold, c.kind, task);
	net_peer(&fold, at.remote, c.kind == WIRE_NET_ACCEPT ? at.local_port : at.remote_port,
		 (__u32)at.protocol << 16 | c.error);
	if (c.kind != WIRE_NET_BIND && c.kind != WIRE_NET_LISTEN && fold_deed(&fold, 0, 0))
		return 0;
	e = net_begin(c.kind, WIRE_HOOK_TP_SYS_EXIT, syscall_outcome(task, c.error ? -1 : 0), inode,
		      task);
	if (!e)
		return 0;
	e->head.error = c.error;
	e->backlog = c.backlog;
	e->cookie = cookie;
	gate_socket_enter(cookie);
	net_copy_ends(e, &at);
	/* with threads, the descriptor may stand for another socket by now */
	if (have || BPF_CORE_READ(task, files, count.counter) > 1)
		e->head.flags |= WIRE_ADDRESS_RACY;
	net_submit(e, &fold, c.kind == WIRE_NET_ACCEPT ? WIRE_IN : WIRE_OUT);
	return 0;
}

#endif
