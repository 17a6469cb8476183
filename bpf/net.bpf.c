/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * net.bpf.c - connect, accept, close, bind, listen; the first datagram to a peer
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "net_udp.h"
#include "syscall.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define MSG_FASTOPEN 0x20000000

/*
 * net_asked - @task is about to connect a TCP socket, or to give a UDP socket its peer
 * Told with the outcome, or at once where none can be awaited.
 */
static __always_inline int net_asked(struct task_struct *task, struct socket *socket,
				     struct sock *sk, bool smc, __u32 hook, const __u8 *remote,
				     __u16 port) {
	__u64 inode = net_inode(socket);
	struct wire_net *e;
	struct fold fold;

	fold_begin(&fold, WIRE_NET_CONNECT, task);
	net_peer(&fold, remote, port, smc ? IPPROTO_TCP : sk->sk_protocol);
	if (fold_deed(&fold, 0, 0))
		return 0;
	if (sk->sk_protocol == IPPROTO_TCP && flow_ask(sk, hook, remote, port, inode, task, &fold))
		return 0;
	if (sk->sk_protocol == IPPROTO_UDP)
		udp_begin(sk, remote, port, inode, task, 0);
	e = net_begin(WIRE_NET_CONNECT, hook, WIRE_ATTEMPTED, inode, task);
	if (!e)
		return 0;
	net_ends(e, sk);
	if (smc)
		e->protocol = IPPROTO_TCP;
	__builtin_memcpy(e->remote, remote, 16);
	e->remote_port = port;
	net_submit(e, &fold, WIRE_OUT);
	return 0;
}

/*
 * net_connects - whether a socket is free to connect
 * One that connects or is connected already: to ask again is no new attempt; one that was gets an
 * error until it has let go of that, __inet_stream_connect().
 */
static __always_inline bool net_connects(struct sock *sk, struct socket *socket) {
	return !net_tcp(sk->sk_protocol) ||
	       (sk->__sk_common.skc_state == TCP_CLOSE &&
		((struct socket___state *)socket)->state == SS_UNCONNECTED);
}

/*
 * Why: a process reaches out; told with the outcome, or alone if nothing answers (flow.h).
 * Kernel: net/socket.c __sys_connect_file() -> security_socket_connect(); the address is the
 * kernel's copy.
 * Blind spots: sockets of the kernel itself; only stream and datagram sockets of TCP, SMC and UDP
 * over IPv4 and IPv6. A connect that ends without a packet (no route) is told when its socket goes
 * or connects again, as an attempt. Of multipath TCP and SMC only the attempt is told.
 */
SEC("lsm/socket_connect")
int BPF_PROG(net_connect, struct socket *socket, struct sockaddr *address, int addrlen) {
	struct task_struct *task = bpf_get_current_task_btf();
	struct sock *sk = socket->sk;
	__u8 remote[16];
	__u16 port = 0;

	if (!sk || !net_family(address->sa_family))
		return 0;
	if (!net_tcp(sk->sk_protocol) && sk->sk_protocol != IPPROTO_UDP && !net_smc(sk))
		return 0;
	if (!gate_task(task)) {
		flow_mute(sk, task);
		return 0;
	}
	if (!net_connects(sk, socket) || !net_read_typed(address, addrlen, remote, &port))
		return 0;
	return net_asked(task, socket, sk, net_smc(sk), WIRE_HOOK_LSM_SOCKET_CONNECT, remote, port);
}

/*
 * Why: the connection stands.
 * Kernel: net/ipv4/tcp_input.c tcp_finish_connect() -> security_inet_conn_established(), often
 * in a softirq.
 * Blind spots: connects whose attempt was not told. When both ends connect at once, or a socket to
 * itself, the hook is not called: if anything was sent, that is told when the connection ends.
 */
SEC("lsm/inet_conn_established")
int BPF_PROG(net_established, struct sock *sk, struct sk_buff *skb) {
	flow_outcome(sk, WIRE_HOOK_LSM_INET_CONN_ESTABLISHED, 0);
	return 0;
}

/*
 * Why: the connection was refused, or timed out.
 * Kernel: net/core/sock.c sk_error_report() -> trace_inet_sk_error_report(), sk_err set and the
 * state already TCP_CLOSE. Errors of sockets that were connected come here too, and are left to
 * their close.
 * Blind spots: a connect that failed before a packet was sent (no route) raises no report.
 */
SEC("tp_btf/inet_sk_error_report")
int BPF_PROG(net_error, struct sock *sk) {
	int error = sk->sk_err;

	if (error && sk->sk_protocol == IPPROTO_TCP && sk->__sk_common.skc_state == TCP_CLOSE)
		flow_outcome(sk, WIRE_HOOK_TP_INET_SK_ERROR_REPORT, (__u32)error);
	return 0;
}

/*
 * Why: nobody answers; the attempt is told now, and not only when the kernel gives up.
 * Kernel: net/ipv4/tcp_output.c __tcp_retransmit_skb() -> trace_tcp_retransmit_skb(), of a SYN
 * for the first time a second after it.
 * Blind spots: until 6.17 not called when the packet could not be sent again; the attempt is
 * then told at the end of the socket.
 */
SEC("tp_btf/tcp_retransmit_skb")
int BPF_PROG(net_unanswered, struct sock *sk) {
	if (sk->__sk_common.skc_state == TCP_SYN_SENT)
		flow_waits(sk, WIRE_HOOK_TP_TCP_RETRANSMIT_SKB);
	return 0;
}

/* net_close_called - where accept is a system call, which cannot reach the socket's flow */
static __always_inline void net_close_called(struct sock *sk, __u32 hook) {
	__u64 cookie = (__u64)sk->__sk_common.skc_cookie.counter, sent, received;
	struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);
	struct fold none = {};

	if (!tcp || !cookie || !gate_socket(cookie))
		return;
	flow_totals(sk, tcp, &sent, &received);
	flow_close(sk, tcp, NULL, hook, cookie, &none, sent, received);
}

static __always_inline void net_over(struct sock *sk, const struct flow *f, __u32 hook) {
	if (f)
		flow_end(sk, f, hook);
	else if (gate_call(WIRE_NET_ACCEPT))
		net_close_called(sk, hook);
	else if (knobs.scope == SCOPE_ALL)
		flow_end(sk, NULL, hook);
}

/* net_torn - the end of a connection that a process is known to have, before its socket's */
static __always_inline void net_torn(struct sock *sk, __u32 hook) {
	struct flow *f = flow_get(sk);

	if (f && flow_stood(sk, f))
		flow_outcome(sk, hook, 0);
	if (!f || f->state != FLOW_STANDS)
		return;
	net_over(sk, f, hook);
	f->state = FLOW_OVER;
}

/*
 * Why: how long it lasted, and how much went each way: what a theft of data looks like.
 * Kernel: net/ipv4/tcp_ipv4.c tcp_v4_destroy_sock() -> trace_tcp_destroy_sock(), once for a
 * socket; the last acknowledgement may have come long after close(2). Bytes are those of
 * struct tcp_sock, retransmissions taken off.
 * Blind spots: connections that stood before the sensor, and those whose connect or accept was
 * folded, are nobody's (not told when they moved nothing, and where accept comes from its system
 * call); what a child or another process does with a socket that it got is told as of the process
 * that connected or accepted.
 */
SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(net_close, struct sock *sk) {
	struct flow *f = flow_get(sk);

	if (f && flow_stood(sk, f))
		flow_outcome(sk, WIRE_HOOK_TP_TCP_DESTROY_SOCK, 0);
	if (f && f->state == FLOW_ASKED)
		flow_tell(sk, f, WIRE_HOOK_TP_TCP_DESTROY_SOCK, WIRE_ATTEMPTED, 0);
	else if (!f || f->state == FLOW_STANDS)
		net_over(sk, f, WIRE_HOOK_TP_TCP_DESTROY_SOCK);
	return 0;
}

/*
 * Why: a connection that is torn down (SO_LINGER of 0, connect(AF_UNSPEC)) forgets its peer and
 * its counters, and only then its socket goes, or is used again: nobody shall hide bytes so.
 * Kernel: net/ipv4/tcp_output.c tcp_send_active_reset() -> trace_tcp_send_reset(), the state
 * already TCP_CLOSE, all else still there.
 * Blind spots: a reset for which there was no memory; sockets in repair mode (TCP_REPAIR).
 */
SEC("tp_btf/tcp_send_reset")
int BPF_PROG(net_reset, struct sock *sk) {
	struct flow *f;

	if (!sk || sk->__sk_common.skc_state != TCP_CLOSE)
		return 0;
	f = flow_get(sk);
	if (f && flow_stood(sk, f))
		flow_outcome(sk, WIRE_HOOK_TP_TCP_SEND_RESET, 0);
	if (f && f->state != FLOW_STANDS)
		return 0;
	net_over(sk, f, WIRE_HOOK_TP_TCP_SEND_RESET);
	if (!f)
		f = bpf_sk_storage_get(&flows, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	if (f)
		f->state = FLOW_OVER;
	return 0;
}

/*
 * Why: the same of a connection that both ends have closed: connect(AF_UNSPEC) then sends no reset.
 * Kernel: net/ipv4/tcp.c tcp_disconnect(), at its entry, before it forgets anything.
 * Blind spots: while another thread waits for the socket kernels before v6.7 refuse, and nothing
 * is told here.
 */
SEC("fentry/tcp_disconnect")
int BPF_PROG(net_disconnect, struct sock *sk) {
	if (net_family(sk->__sk_common.skc_family) && !compat_waited_for(sk))
		net_torn(sk, WIRE_HOOK_FENTRY_TCP_DISCONNECT);
	return 0;
}

/*
 * Why: the same story where LSM hooks are refused: asked for, established, or failed.
 * Kernel: net/ipv4/tcp.c tcp_set_state() -> trace_inet_sock_set_state(). TCP_SYN_SENT is
 * entered by the connecting process with the peer's address in the socket; sk_err is set
 * before a refused socket is closed. A socket that will be accepted gets the number here
 * by which accept and close know it.
 * Blind spots: TCP_SYN_SENT entered by a kernel worker (MPTCP) is told as the worker's. An accepted
 * connection that both ends have closed, and of which its process then lets go (AF_UNSPEC).
 */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(net_state, struct sock *sk, int old, int new) {
	struct task_struct *task;
	struct wire_net at;
	struct fold fold;
	__u64 inode;

	if (!net_family(sk->__sk_common.skc_family) || !net_tcp(sk->sk_protocol) ||
	    !gate_call(WIRE_NET_CONNECT))
		return 0;
	if (old == TCP_SYN_RECV && new == TCP_ESTABLISHED) {
		(void)bpf_get_socket_cookie(sk);
		flow_outcome(sk, WIRE_HOOK_TP_INET_SOCK_SET_STATE, 0); /* both ends asked at once */
	} else if (old == TCP_SYN_SENT && new == TCP_ESTABLISHED) {
		flow_outcome(sk, WIRE_HOOK_TP_INET_SOCK_SET_STATE, 0);
	} else if (old == TCP_SYN_SENT && new == TCP_CLOSE && sk->sk_err) {
		flow_outcome(sk, WIRE_HOOK_TP_INET_SOCK_SET_STATE, (__u32)sk->sk_err);
	} else if (new == TCP_CLOSE && old != TCP_SYN_SENT) {
		net_torn(sk, WIRE_HOOK_TP_INET_SOCK_SET_STATE);
	} else if (new == TCP_SYN_SENT) {
		task = bpf_get_current_task_btf();
		inode = net_inode(sk->sk_socket);
		if (!inode)
			return 0;
		if (!gate_task(task)) {
			flow_mute(sk, task);
			return 0;
		}
		net_ends(&at, sk);
		fold_begin(&fold, WIRE_NET_CONNECT, task);
		net_peer(&fold, at.remote, at.remote_port, IPPROTO_TCP);
		if (!fold_deed(&fold, 0, 0))
			(void)flow_ask(sk, WIRE_HOOK_TP_INET_SOCK_SET_STATE, at.remote,
				       at.remote_port, inode, task, &fold);
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
	__u16 service = sk->__sk_common.skc_num;
	struct wire_net *e;
	struct fold fold;
	__u8 remote[16];
	struct flow *f;
	__u64 inode;

	if (!net_family(sk->__sk_common.skc_family) || !net_tcp(sk->sk_protocol) ||
	    !sk->__sk_common.skc_dport || !gate_task(task))
		return 0;
	net_remote(sk, remote);
	fold_begin(&fold, WIRE_NET_ACCEPT, task);
	net_peer(&fold, remote, service, IPPROTO_TCP);
	if (fold_deed(&fold, 0, 0))
		return 0;
	inode = net_inode(parent);
	f = flow_new(sk, FLOW_STANDS, inode, task);
	if (f) {
		__builtin_memcpy(f->remote, remote, 16);
		f->service = service;
	}
	e = net_begin(WIRE_NET_ACCEPT, WIRE_HOOK_LSM_SOCK_GRAFT, WIRE_SUCCEEDED, inode, task);
	if (!e)
		return 0;
	net_ends(e, sk);
	net_submit(e, &fold, WIRE_IN);
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

/* net_fast - a send that may be a connect as well: TCP fast open */
static __noinline int net_fast(struct socket *socket, struct msghdr *msg) {
	struct task_struct *task = bpf_get_current_task_btf();
	struct net_address to = {};
	struct sock *sk = socket->sk;
	__u8 remote[16];
	__u16 port = 0;

	if (!sk || !(msg->msg_flags & MSG_FASTOPEN) || !net_family(sk->__sk_common.skc_family))
		return 0;
	if (!gate_task(task)) {
		flow_mute(sk, task);
		return 0;
	}
	if (!net_connects(sk, socket) || !net_read_kernel(&to, msg->msg_name, msg->msg_namelen))
		return 0;
	net_meant(&to, sk->__sk_common.skc_family);
	if (!net_put(&to, remote, &port))
		return 0;
	syscall_forget(remote, sizeof(remote)); /* of which family it was */
	return net_asked(task, socket, sk, false, WIRE_HOOK_LSM_SOCKET_SENDMSG, remote, port);
}

/* net_datagram - one to a peer that it names */
static __noinline int net_datagram(struct socket *socket, struct msghdr *msg, int size) {
	struct task_struct *task = bpf_get_current_task_btf();
	struct sock *sk = socket->sk;
	struct net_address to = {};
	struct wire_net *e;
	struct fold fold;
	__u8 remote[16];
	__u16 port = 0;
	__u64 inode;

	if (!sk || !gate_task(task) || !net_read_kernel(&to, msg->msg_name, msg->msg_namelen))
		return 0;
	inode = net_inode(socket);
	net_meant(&to, sk->__sk_common.skc_family);
	if (!net_put(&to, remote, &port))
		return 0;
	if (!net_first(inode, &to)) {
		udp_sent(sk, (__u64)size);
		return 0;
	}
	fold_begin(&fold, WIRE_NET_SEND, task);
	net_peer(&fold, remote, port, IPPROTO_UDP);
	if (fold_deed(&fold, 0, 0))
		return 0;
	udp_begin(sk, remote, port, inode, task, (__u64)size);
	e = net_begin(WIRE_NET_SEND, WIRE_HOOK_LSM_SOCKET_SENDMSG, WIRE_ATTEMPTED, inode, task);
	if (!e)
		return 0;
	net_ends(e, sk);
	__builtin_memcpy(e->remote, remote, 16);
	e->remote_port = port;
	net_submit(e, &fold, WIRE_OUT);
	return 0;
}

/*
 * Why: datagrams need no connect; the first one to a peer tells of the talk. And a TCP socket can
 * connect by sending (MSG_FASTOPEN), which no other hook sees begin.
 * Kernel: net/socket.c sock_sendmsg() -> security_socket_sendmsg(); msg_name is the kernel's copy.
 * Blind spots: datagrams of the kernel itself, and those past the 16,384 peers remembered, which
 * are told again; UDP-Lite.
 */
SEC("lsm/socket_sendmsg")
int BPF_PROG(net_send, struct socket *socket, struct msghdr *msg, int size) {
	struct sock *sk = socket->sk;

	if (!sk)
		return 0;
	if (sk->sk_protocol != IPPROTO_UDP)
		return msg->msg_name && net_tcp(sk->sk_protocol) ? net_fast(socket, msg) : 0;
	if (!net_family(sk->__sk_common.skc_family))
		return 0;
	if (msg->msg_name)
		return net_datagram(socket, msg, size);
	udp_sent(sk, (__u64)size);
	return 0;
}

#include "net_calls.h"
#include "net_dns.h"
#include "net_socket.h"
#include "net_unix.h"
