/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * net_unix.h - who talks to which service of this host; a part of net.bpf.c
 *
 * A container's runtime, a session's bus and the init system are each an AF_UNIX
 * socket away. What is told is the name that the peer was bound to: the true path
 * of its inode, not what the process wrote.
 */
#ifndef LAPWING_NET_UNIX_H
#define LAPWING_NET_UNIX_H

#include "net.h"
#include "path.h"

#define AF_UNIX 1
#define UNIX_NAME_BYTES 108 /* sizeof(sockaddr_un.sun_path) */

/* unix_name - appends the name of a socket without a path: its bytes behind the first NUL */
static __always_inline void unix_name(struct slot *s, struct wire_net_unix *e,
				      struct unix_address *address) {
	__u32 n = (__u32)BPF_CORE_READ(address, len) - 3; /* the family, and that NUL */
	char *to = emit_room(s, UNIX_NAME_BYTES);

	if (!to || n > UNIX_NAME_BYTES - 1)
		return;
	if (bpf_probe_read_kernel(to, n, &address->name[0].sun_path[1]))
		return;
	e->name.off = (__u16)s->len;
	e->name.len = (__u16)n;
	s->len += n;
}

static __always_inline void unix_object(struct fold *f, struct unix_sock *peer,
					struct dentry *dentry, struct unix_address *address) {
	if (dentry) {
		f->key.object[0] = BPF_CORE_READ(dentry, d_inode, i_ino);
		f->key.object[1] = BPF_CORE_READ(dentry, d_inode, i_sb, s_dev);
	} else {
		f->key.object[0] = (__u64)address;
	}
}

/* unix_tell - a connect of @sk to @peer, whose pointers the verifier does not know */
static __always_inline void unix_tell(struct task_struct *task, __u32 hook, struct sock *sk,
				      struct unix_sock *peer) {
	struct unix_address *address = BPF_CORE_READ(peer, addr);
	struct dentry *dentry = BPF_CORE_READ(peer, path.dentry);
	struct wire_net_unix *e;
	struct fold fold;
	struct slot *s;

	if (!address)
		return;
	fold_begin(&fold, WIRE_NET_UNIX, task);
	unix_object(&fold, peer, dentry, address);
	if (fold_deed(&fold, 0, 0))
		return;
	s = emit_begin(WIRE_NET_UNIX, hook, sizeof(*e), task);
	if (!s)
		return;
	e = (struct wire_net_unix *)s->rec;
	e->head.outcome = WIRE_ATTEMPTED;
	if (hook == WIRE_HOOK_TP_SYS_EXIT) /* after the call, and only if it went well */
		e->head.outcome = (__u8)syscall_outcome(task, 0);
	e->socket_inode = BPF_CORE_READ(sk, sk_socket, file, f_inode, i_ino);
	e->type = BPF_CORE_READ(sk, sk_type);
	if (dentry)
		path_raw(s, &e->path, BPF_CORE_READ(peer, path.mnt), dentry, s->len);
	else
		unix_name(s, e, address);
	fold_keep(&fold, s->rec, s->len);
	emit_end(s, &ring_bulk);
}

/*
 * Why: a process asks a service of this host, of docker.sock for one.
 * Kernel: net/unix/af_unix.c unix_stream_connect() -> security_unix_stream_connect(), the peer
 * found.
 * Blind spots: datagrams; sockets that were inherited or passed; socketpair(), which has no name.
 */
SEC("lsm/unix_stream_connect")
int BPF_PROG(net_unix, struct sock *sk, struct sock *other, struct sock *newsk) {
	struct task_struct *task = bpf_get_current_task_btf();

	if (gate_task(task))
		unix_tell(task, WIRE_HOOK_LSM_UNIX_STREAM_CONNECT, sk, (struct unix_sock *)other);
	return 0;
}

/* unix_connects - the socket that a call connects; -1: it is another call */
static __always_inline int unix_connects(struct pt_regs *regs) {
	return SYSCALL_NR(regs) == NR_connect ? (int)SYSCALL_ARG1(regs) : -1;
}

static __noinline int unix_connects_foreign(struct pt_regs *regs) {
	struct pt_regs own;

	return syscall_own(&own, regs) ? unix_connects(&own) : -1;
}

/*
 * Why: the same where LSM hooks are refused.
 * Kernel: trace_sys_exit() of the architecture's entry code, after connect(): the socket has its
 * peer, which has the name of the one that listens.
 * Blind spots: io_uring, on arm64 32-bit calls; a peer that is gone already; connects that failed.
 * A call that went well in a process with a seccomp filter is told as an attempt.
 */
SEC("tp_btf/sys_exit")
int BPF_PROG(net_unix_exit, struct pt_regs *regs, long ret) {
	struct task_struct *task = bpf_get_current_task_btf();
	struct unix_sock *peer;
	struct socket *socket;
	struct sock *sk;
	int fd;

	if (ret)
		return 0;
	fd = syscall_foreign(task) ? unix_connects_foreign(regs) : unix_connects(regs);
	if (fd < 0 || !gate_task(task))
		return 0;
	socket = net_call_socket(fd);
	sk = BPF_CORE_READ(socket, sk);
	if (!sk || BPF_CORE_READ(sk, __sk_common.skc_family) != AF_UNIX)
		return 0;
	peer = (struct unix_sock *)BPF_CORE_READ((struct unix_sock *)sk, peer);
	if (peer)
		unix_tell(task, WIRE_HOOK_TP_SYS_EXIT, sk, peer);
	return 0;
}

#endif
