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

static __always_inline struct socket *net_call_socket(int fd) {
	struct file *file = syscall_file(fd);

	if (!file || (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return NULL;
	return (struct socket *)BPF_CORE_READ(file, private_data);
}

/* Both ends of a socket, as far as it knows them. */
struct net_pair {
	__u8 local[16], remote[16];
	__u16 local_port, remote_port, protocol, pad;
};

static __always_inline void net_ends_raw(struct net_pair *e, struct sock *sk) {
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

static __always_inline void net_put_ends(struct wire_net *to, const struct net_pair *from) {
	__builtin_memcpy(to->local, from->local, 32);
	to->local_port = from->local_port;
	to->remote_port = from->remote_port;
	to->protocol = from->protocol;
}

/* What a system call on sockets was asked. */
struct net_call {
	const void *address; /* in the process; NULL: the socket knows */
	int address_len;
	int fd;
	__u32 kind;
	__u16 backlog;
	__u16 error;
	__u32 given; /* there is an address, and it was read */
};

/* net_call_message - the destination in a msghdr; that of a 32-bit call is narrower */
static __always_inline void net_call_message(struct net_call *c, const void *message,
					     bool foreign) {
	struct net_user_msghdr m = {};

	if (bpf_probe_read_user(&m, sizeof(m), message))
		return;
	if (foreign) {
		m.namelen = (int)((__u64)m.name >> 32);
		m.name = (const void *)((__u64)m.name & 0xffffffff);
	}
	if (!m.name)
		return;
	c->kind = WIRE_NET_SEND;
	c->address = m.name;
	c->address_len = m.namelen;
}

/* net_call_read - which deed the call was; kind 0: none of ours */
static __always_inline void net_call_read(struct net_call *c, struct pt_regs *regs, long ret,
					  bool foreign) {
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
		net_call_message(c, (const void *)a2, foreign);
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

/* net_call_tell - a deed of @c on a socket whose ends are @at. Not static: see syscall.h. */
__noinline int net_call_tell(const struct net_call *c, const struct net_pair *at, __u64 inode,
			     __u64 cookie) {
	struct task_struct *task = bpf_get_current_task_btf();
	struct fold fold;
	struct wire_net *e;

	if (!c || !at)
		return 0;
	fold_begin(&fold, c->kind, task);
	net_peer(&fold, at->remote, c->kind == WIRE_NET_ACCEPT ? at->local_port : at->remote_port,
		 (__u32)at->protocol << 16 | c->error);
	if (c->kind != WIRE_NET_BIND && c->kind != WIRE_NET_LISTEN && fold_deed(&fold, 0, 0))
		return 0;
	e = net_begin(c->kind, WIRE_HOOK_TP_SYS_EXIT, WIRE_ATTEMPTED, inode, task);
	if (!e)
		return 0;
	e->head.outcome = (__u8)syscall_outcome(task, c->error ? -1 : 0);
	e->head.error = c->error;
	e->backlog = c->backlog;
	e->cookie = cookie;
	gate_socket_enter(cookie);
	net_put_ends(e, at);
	/* with threads, the descriptor may stand for another socket by now */
	if (c->given || BPF_CORE_READ(task, files, count.counter) > 1)
		e->head.flags |= WIRE_ADDRESS_RACY;
	net_submit(e, &fold, c->kind == WIRE_NET_ACCEPT ? WIRE_IN : WIRE_OUT);
	return 0;
}

/* net_call_ended - a call may be one to tell. Not static: see syscall.h. */
__noinline int net_call_ended(struct net_call *c) {
	struct task_struct *task = bpf_get_current_task_btf();
	struct net_address given = {};
	struct net_pair at = {};
	struct socket *socket;
	struct sock *sk;
	__u64 inode, cookie;

	if (!c || !gate_task(task))
		return 0;
	socket = net_call_socket(c->fd);
	sk = BPF_CORE_READ(socket, sk);
	if (!sk || !net_family(BPF_CORE_READ(sk, __sk_common.skc_family)) ||
	    !net_call_wanted(c, BPF_CORE_READ(sk, sk_protocol)))
		return 0;
	inode = BPF_CORE_READ(socket, file, f_inode, i_ino);
	if (c->address && net_read_user(&given, c->address, c->address_len)) {
		if (c->kind != WIRE_NET_CONNECT)
			net_meant(&given, BPF_CORE_READ(sk, __sk_common.skc_family));
		c->given = net_family(given.family);
	}
	cookie = c->kind == WIRE_NET_ACCEPT ? BPF_CORE_READ(sk, __sk_common.skc_cookie.counter) : 0;
	if (c->kind == WIRE_NET_SEND && (!c->given || !net_first(inode, &given)))
		return 0;
	/* connect(AF_UNSPEC) takes a datagram socket's peer away */
	if (c->kind == WIRE_NET_CONNECT && !c->given && !BPF_CORE_READ(sk, __sk_common.skc_dport))
		return 0;
	net_ends_raw(&at, sk);
	if (c->given && c->kind == WIRE_NET_BIND)
		net_put(&given, at.local, &at.local_port);
	else if (c->given)
		net_put(&given, at.remote, &at.remote_port);
	return net_call_tell(c, &at, inode, cookie);
}

static __noinline int net_call_foreign(struct net_call *c, struct pt_regs *regs, long ret) {
	struct pt_regs own;

	if (syscall_own(&own, regs))
		net_call_read(c, &own, ret, true);
	return 0;
}

/*
 * Why: tells accept, bind, listen and datagrams where the LSM hooks above are refused.
 * Kernel: trace_sys_exit() of the architecture's entry code, after the call: the socket then
 * knows both ends.
 * Blind spots: io_uring, x32's own sendmsg() and sendmmsg(), and, on arm64, 32-bit calls are not
 * seen; of sendmmsg() only the first message; the peer of an unconnected datagram, and the address
 * of a call that failed, are read from the process's memory (WIRE_ADDRESS_RACY); UDP-Lite. A call
 * that went well in a process with a seccomp filter is told as an attempt, as the filter may have
 * said so in its place; a tracer (ptrace) may change the result, too.
 */
SEC("tp_btf/sys_exit")
int BPF_PROG(net_sys_exit, struct pt_regs *regs, long ret) {
	struct net_call c = {};

	if (syscall_foreign(bpf_get_current_task_btf()))
		net_call_foreign(&c, regs, ret);
	else
		net_call_read(&c, regs, ret, false);
	return c.kind && gate_call(c.kind) ? net_call_ended(&c) : 0;
}

#endif
