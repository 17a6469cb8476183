/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * net_udp.h - what a UDP socket moved until its end; a part of net.bpf.c
 *
 * A socket is counted from the moment when a talk of it is told (NET_SEND, or
 * NET_CONNECT), and told as a talk with that first peer.
 */
#ifndef LAPWING_NET_UDP_H
#define LAPWING_NET_UDP_H

#include "flow.h"

/* udp_begin - counts what the socket of a talk that is being told moves from now on */
static __always_inline void udp_begin(struct sock *sk, const __u8 *remote, __u16 port, __u64 inode,
				      struct task_struct *task, __u64 bytes) {
	struct flow *f = flow_get(sk);

	if (!f) {
		f = flow_new(sk, FLOW_STANDS, inode, task);
		if (!f)
			return;
		f->direction = WIRE_OUT;
		__builtin_memcpy(f->remote, remote, 16);
		f->service = port;
	}
	__sync_fetch_and_add(&f->sent, bytes);
}

static __always_inline void udp_sent(struct sock *sk, __u64 bytes) {
	struct flow *f = flow_get(sk);

	if (f)
		__sync_fetch_and_add(&f->sent, bytes);
}

static __always_inline void udp_end(struct sock *sk, __u32 hook) {
	struct flow *f = flow_get(sk);
	struct wire_net_close *e;
	struct fold fold;

	if (!f || f->state != FLOW_STANDS)
		return;
	f->state = FLOW_OVER;
	flow_fold(f, WIRE_NET_CLOSE, IPPROTO_UDP, &fold);
	if (fold_deed(&fold, f->sent, f->received))
		return;
	e = emit_fixed(&ring_bulk, WIRE_NET_CLOSE, hook, sizeof(*e), NULL);
	if (!e)
		return;
	flow_own(&e->net.head, f);
	e->net.socket_inode = f->inode;
	e->net.cookie = 0;
	e->net.latency_ns = 0;
	e->net.backlog = 0;
	net_ends(&e->net, sk);
	__builtin_memcpy(e->net.remote, f->remote, 16);
	e->net.remote_port = f->service;
	e->duration_ns = e->net.head.ts_ns - f->stands_ns;
	e->sent_bytes = f->sent;
	e->received_bytes = f->received;
	e->direction = WIRE_OUT;
	e->pad = 0;
	net_keep(&e->net, &fold, sizeof(*e), WIRE_OUT);
	emit_submit(&ring_bulk, &e->net.head);
}

/*
 * Why: counts what comes in, for the end of the talk.
 * Kernel: net/ipv4/udp.c skb_consume_udp(), at the end of recvmsg(); @len is negative for a peek.
 * Blind spots: what is spliced or read by BPF (sockmap).
 */
SEC("fentry/skb_consume_udp")
int BPF_PROG(udp_received, struct sock *sk, struct sk_buff *skb, int len) {
	struct flow *f = len > 0 ? flow_get(sk) : NULL;

	if (f)
		__sync_fetch_and_add(&f->received, (__u64)len);
	return 0;
}

/*
 * Why: how much went each way, and for how long: what a theft by datagrams looks like.
 * Kernel: net/ipv4/udp.c udp_destroy_sock(), when a UDP socket's last descriptor is closed.
 * Blind spots: talks that are never ended; sockets that only receive; sockets whose first datagram
 * was folded; a socket of several peers is told as a talk with the first; sent bytes are those that
 * sendmsg() was asked for, whether or not they went out.
 */
SEC("fentry/udp_destroy_sock")
int BPF_PROG(udp_close, struct sock *sk) {
	udp_end(sk, WIRE_HOOK_FENTRY_UDP_DESTROY_SOCK);
	return 0;
}

/*
 * Why: the same over IPv6.
 * Kernel: net/ipv6/udp.c udpv6_destroy_sock().
 * Blind spots: as above.
 */
SEC("fentry/udpv6_destroy_sock")
int BPF_PROG(udp_close_6, struct sock *sk) {
	udp_end(sk, WIRE_HOOK_FENTRY_UDPV6_DESTROY_SOCK);
	return 0;
}

#endif
