/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * net.bpf.c - connect, accept, bind, listen; the first datagram to a peer
 *
 * A TCP connect is told twice: when it is asked for, by the process that asks,
 * and when its outcome is known, which may be in a softirq while any process
 * runs. The second record is therefore nobody's (WIRE_NO_TASK), and user space
 * finds its process by the socket's inode.
 */
#include "vmlinux.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "emit.h"
#include "gate.h"
#include "syscall.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define AF_INET 2
#define AF_INET6 10
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define IPPROTO_MPTCP 262
#define AF_UNSPEC 0
#define TCP_SYN_SENT 2
#define TCP_CLOSE 7
#define S_IFMT 0170000
#define S_IFSOCK 0140000
#define EPIPE 32
#define ECONNRESET 104

/* struct sockaddr_in and sockaddr_in6, as far as they matter: uapi, the same everywhere */
struct net_address {
	__u16 family;
	__be16 port;
	__u8 v4[4];
	__u8 v6[16];
};

static __always_inline void net_v4(__u8 *to, const void *from) {
	__builtin_memset(to, 0, 10);
	to[10] = 0xff;
	to[11] = 0xff;
	__builtin_memcpy(to + 12, from, 4);
}

static __always_inline bool net_family(__u16 family) {
	return family == AF_INET || family == AF_INET6;
}

/* net_tcp - TCP, or multipath TCP, which talks to any TCP peer */
static __always_inline bool net_tcp(__u32 protocol) {
	return protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP;
}

/* net_told - the protocol as it is told: MPTCP is TCP to its peer and to whoever reads of it */
static __always_inline __u16 net_told(__u32 protocol) {
	return net_tcp(protocol) ? IPPROTO_TCP : (__u16)protocol;
}

/* net_inode - the inode of a socket's file, which /proc shows as socket:[N]; 0: has none */
static __always_inline __u64 net_inode(struct socket *socket) {
	struct file *file;

	if (!socket)
		return 0;
	file = socket->file;
	return file ? file->f_inode->i_ino : 0;
}

/* net_ends - both ends, as far as the socket knows them */
static __always_inline void net_ends(struct wire_net *e, struct sock *sk) {
	if (sk->__sk_common.skc_family == AF_INET) {
		__u32 local = sk->__sk_common.skc_rcv_saddr, remote = sk->__sk_common.skc_daddr;

		net_v4(e->local, &local);
		net_v4(e->remote, &remote);
	} else {
		bpf_probe_read_kernel(e->local, 16, &sk->__sk_common.skc_v6_rcv_saddr);
		bpf_probe_read_kernel(e->remote, 16, &sk->__sk_common.skc_v6_daddr);
	}
	e->local_port = sk->__sk_common.skc_num;
	e->remote_port = bpf_ntohs(sk->__sk_common.skc_dport);
	e->protocol = net_told(sk->sk_protocol);
}

/* net_put - an address that a process gave, as far as it is IPv4 or IPv6 */
static __always_inline bool net_put(const struct net_address *a, __u8 *to, __u16 *port) {
	if (a->family == AF_INET)
		net_v4(to, a->v4);
	else if (a->family == AF_INET6)
		__builtin_memcpy(to, a->v6, 16);
	else
		return false;
	*port = bpf_ntohs(a->port);
	return true;
}

static __always_inline struct wire_net *net_begin(__u32 kind, __u32 hook, __u32 outcome,
						  __u64 inode, struct task_struct *task) {
	struct wire_net *e = emit_fixed(&ring_bulk, kind, hook, sizeof(*e), task);

	if (!e)
		return NULL;
	e->head.outcome = (__u8)outcome;
	e->socket_inode = inode;
	e->backlog = 0;
	return e;
}

/* net_meant - bind and send take AF_UNSPEC for AF_INET on a socket of that family */
static __always_inline void net_meant(struct net_address *a, __u16 family) {
	if (a->family == AF_UNSPEC && family == AF_INET)
		a->family = AF_INET;
}

/* net_read_kernel, net_read_user - @len bytes of a sockaddr */
static __always_inline bool net_read_kernel(struct net_address *to, const void *from, int len) {
	struct {
		__u16 family;
		__be16 port;
		__u8 rest[20];
	} raw = {};

	if (len < 8 || bpf_probe_read_kernel(&raw, len >= 24 ? 24 : 8, from))
		return false;
	to->family = raw.family;
	to->port = raw.port;
	__builtin_memcpy(to->v4, raw.rest, 4);
	__builtin_memcpy(to->v6, raw.rest + 4, 16);
	return raw.family != AF_INET6 || len >= 24;
}

static __always_inline bool net_read_user(struct net_address *to, const void *from, int len) {
	char raw[24] = {};

	if (len < 8 || bpf_probe_read_user(raw, len >= 24 ? 24 : 8, from))
		return false;
	return net_read_kernel(to, raw, len);
}

/*
 * Why: a process reaches out; told even if nothing answers.
 * Kernel: net/socket.c __sys_connect_file() -> security_socket_connect(); the address is the
 * kernel's copy.
 * Blind spots: TCP fast open connects inside sendmsg(); sockets of the kernel itself; only
 * stream and datagram sockets of TCP and UDP over IPv4 and IPv6.
 */
SEC("lsm/socket_connect")
int BPF_PROG(net_connect, struct socket *socket, struct sockaddr *address, int addrlen) {
	struct task_struct *task = bpf_get_current_task_btf();
	struct sock *sk = socket->sk;
	struct net_address to = {};
	struct wire_net *e;
	__u64 inode;

	if (!sk || !net_family(address->sa_family) || !gate_task(task))
		return 0;
	if (!net_tcp(sk->sk_protocol) && sk->sk_protocol != IPPROTO_UDP)
		return 0;
	if (!net_read_kernel(&to, address, addrlen))
		return 0;
	inode = net_inode(socket);
	gate_socket_enter(inode);
	e = net_begin(WIRE_NET_CONNECT, WIRE_HOOK_LSM_SOCKET_CONNECT, WIRE_ATTEMPTED, inode, task);
	if (!e)
		return 0;
	net_ends(e, sk);
	net_put(&to, e->remote, &e->remote_port);
	emit_submit(&ring_bulk, &e->head);
	return 0;
}

/* net_outcome - how a TCP connect ended; nobody's, see above */
static __always_inline void net_outcome(struct sock *sk, __u32 hook, __u32 error, bool failed) {
	__u64 inode = net_inode(sk->sk_socket);
	struct wire_net *e;

	if (!inode || !gate_socket(inode))
		return;
	e = net_begin(WIRE_NET_CONNECT, hook, failed ? WIRE_FAILED : WIRE_SUCCEEDED, inode, NULL);
	if (!e)
		return;
	e->head.error = (__u16)error;
	net_ends(e, sk);
	emit_submit(&ring_bulk, &e->head);
}

/*
 * Why: the connection stands.
 * Kernel: net/ipv4/tcp_input.c tcp_finish_connect() -> security_inet_conn_established(), often
 * in a softirq.
 * Blind spots: a socket closed before the answer came has no inode any more, and no outcome.
 */
SEC("lsm/inet_conn_established")
int BPF_PROG(net_established, struct sock *sk, struct sk_buff *skb) {
	if (net_family(sk->__sk_common.skc_family) && net_tcp(sk->sk_protocol))
		net_outcome(sk, WIRE_HOOK_LSM_INET_CONN_ESTABLISHED, 0, false);
	return 0;
}

/*
 * Why: the connection was refused, or timed out.
 * Kernel: net/core/sock.c sk_error_report() -> trace_inet_sk_error_report(), sk_err set and the
 * state already TCP_CLOSE. Errors of sockets that were connected come here too; user space knows
 * by the inode which connect was still open.
 * Blind spots: a connect that failed before a packet was sent (no route) raises no report.
 */
SEC("tp_btf/inet_sk_error_report")
int BPF_PROG(net_error, struct sock *sk) {
	int error = sk->sk_err;

	/* tcp_reset() gives these two to sockets that were connected, and only to them */
	if (error && error != ECONNRESET && error != EPIPE &&
	    net_family(sk->__sk_common.skc_family) && net_tcp(sk->sk_protocol) &&
	    sk->__sk_common.skc_state == TCP_CLOSE)
		net_outcome(sk, WIRE_HOOK_TP_INET_SK_ERROR_REPORT, (__u32)error, true);
	return 0;
}

/*
 * Why: the same story where LSM hooks are refused: asked for, established, or failed.
 * Kernel: net/ipv4/tcp.c tcp_set_state() -> trace_inet_sock_set_state(). TCP_SYN_SENT is
 * entered by the connecting process with the peer's address in the socket; sk_err is set
 * before a refused socket is closed.
 * Blind spots: at TCP_SYN_SENT the source port is not chosen yet; TCP_SYN_SENT entered by a
 * kernel worker (MPTCP) is told as the worker's; a socket that its process closes while
 * connecting has no error, and is told as FAILED without one.
 */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(net_state, struct sock *sk, int old, int new) {
	if (!net_family(sk->__sk_common.skc_family) || !net_tcp(sk->sk_protocol))
		return 0;
	if (new == TCP_SYN_SENT) {
		struct task_struct *task = bpf_get_current_task_btf();
		__u64 inode = net_inode(sk->sk_socket);
		struct wire_net *e;

		if (!inode || !gate_call(WIRE_NET_CONNECT) || !gate_task(task))
			return 0;
		gate_socket_enter(inode);
		e = net_begin(WIRE_NET_CONNECT, WIRE_HOOK_TP_INET_SOCK_SET_STATE, WIRE_ATTEMPTED,
			      inode, task);
		if (!e)
			return 0;
		net_ends(e, sk);
		emit_submit(&ring_bulk, &e->head);
	} else if (old == TCP_SYN_SENT) {
		net_outcome(sk, WIRE_HOOK_TP_INET_SOCK_SET_STATE, (__u32)sk->sk_err,
			    new == TCP_CLOSE);
	}
	return 0;
}

/*
 * Why: someone came in, and this process took the call.
 * Kernel: net/ipv4/af_inet.c __inet_accept() -> sock_graft() -> security_sock_graft(), in the
 * accepting process, the new socket joined to its file.
 * Blind spots: connections that are never accepted; AF_UNIX uses the hook too and is left out.
 */
SEC("lsm/sock_graft")
int BPF_PROG(net_accept, struct sock *sk, struct socket *parent) {
	struct task_struct *task = bpf_get_current_task_btf();
	struct wire_net *e;

	if (!net_family(sk->__sk_common.skc_family) || !net_tcp(sk->sk_protocol) ||
	    !sk->__sk_common.skc_dport || !gate_task(task))
		return 0;
	e = net_begin(WIRE_NET_ACCEPT, WIRE_HOOK_LSM_SOCK_GRAFT, WIRE_SUCCEEDED, net_inode(parent),
		      task);
	if (!e)
		return 0;
	net_ends(e, sk);
	emit_submit(&ring_bulk, &e->head);
	return 0;
}

/*
 * Why: a name on the network is taken.
 * Kernel: net/socket.c __sys_bind() -> security_socket_bind(); the address is the kernel's copy.
 * Blind spots: a port of 0 is chosen by the kernel later; sockets bound without bind(2), by
 * connect or listen, are not told here.
 */
SEC("lsm/socket_bind")
int BPF_PROG(net_bind, struct socket *socket, struct sockaddr *address, int addrlen) {
	struct task_struct *task = bpf_get_current_task_btf();
	struct sock *sk = socket->sk;
	struct net_address at = {};
	struct wire_net *e;

	if (!sk || !net_family(sk->__sk_common.skc_family) || !gate_task(task) ||
	    !net_read_kernel(&at, address, addrlen))
		return 0;
	net_meant(&at, sk->__sk_common.skc_family);
	e = net_begin(WIRE_NET_BIND, WIRE_HOOK_LSM_SOCKET_BIND, WIRE_ATTEMPTED, net_inode(socket),
		      task);
	if (!e)
		return 0;
	net_ends(e, sk);
	net_put(&at, e->local, &e->local_port);
	emit_submit(&ring_bulk, &e->head);
	return 0;
}

/*
 * Why: a service, or a back door, opens.
 * Kernel: net/socket.c __sys_listen() -> security_socket_listen().
 * Blind spots: a socket that was never bound gets its port after this hook.
 */
SEC("lsm/socket_listen")
int BPF_PROG(net_listen, struct socket *socket, int backlog) {
	struct task_struct *task = bpf_get_current_task_btf();
	struct sock *sk = socket->sk;
	struct wire_net *e;

	if (!sk || !net_family(sk->__sk_common.skc_family) || !gate_task(task))
		return 0;
	e = net_begin(WIRE_NET_LISTEN, WIRE_HOOK_LSM_SOCKET_LISTEN, WIRE_ATTEMPTED,
		      net_inode(socket), task);
	if (!e)
		return 0;
	net_ends(e, sk);
	e->backlog = (__u16)backlog;
	emit_submit(&ring_bulk, &e->head);
	return 0;
}

/* net_first - whether this is the first datagram of the socket to this peer */
static __always_inline bool net_first(__u64 inode, const struct net_address *to) {
	struct peer peer = { .socket_inode = inode };
	__u16 port = 0;
	__u8 one = 1;

	if (!net_put(to, peer.address, &port))
		return false;
	peer.port = port;
	if (bpf_map_lookup_elem(&peers, &peer))
		return false;
	bpf_map_update_elem(&peers, &peer, &one, BPF_ANY);
	return true;
}

/*
 * Why: datagrams need no connect; the first one to a peer tells of the talk.
 * Kernel: net/socket.c sock_sendmsg() -> security_socket_sendmsg(); msg_name is the kernel's copy.
 * Blind spots: datagrams of the kernel itself, and those past the 16,384 peers remembered, which
 * are told again.
 */
SEC("lsm/socket_sendmsg")
int BPF_PROG(net_send, struct socket *socket, struct msghdr *msg, int size) {
	struct sock *sk = socket->sk;
	struct net_address to = {};
	struct task_struct *task;
	struct wire_net *e;
	__u64 inode;

	if (!sk || !msg->msg_name || sk->sk_protocol != IPPROTO_UDP ||
	    !net_family(sk->__sk_common.skc_family))
		return 0;
	task = bpf_get_current_task_btf();
	inode = net_inode(socket);
	if (!gate_task(task) || !net_read_kernel(&to, msg->msg_name, msg->msg_namelen))
		return 0;
	net_meant(&to, sk->__sk_common.skc_family);
	if (!net_first(inode, &to))
		return 0;
	e = net_begin(WIRE_NET_SEND, WIRE_HOOK_LSM_SOCKET_SENDMSG, WIRE_ATTEMPTED, inode, task);
	if (!e)
		return 0;
	net_ends(e, sk);
	net_put(&to, e->remote, &e->remote_port);
	emit_submit(&ring_bulk, &e->head);
	return 0;
}

#include "net_calls.h"
