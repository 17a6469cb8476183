/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * net.h - sockets and addresses, as the hooks of net.bpf.c tell them
 */
#ifndef LAPWING_NET_H
#define LAPWING_NET_H

#include "vmlinux.h"
#include <bpf/bpf_endian.h>

#include "emit.h"
#include "fold.h"
#include "gate.h"

#define AF_INET 2
#define AF_INET6 10
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define IPPROTO_MPTCP 262
#define IPPROTO_SMC 256 /* since v6.11 */
#define AF_SMC 43
#define AF_UNSPEC 0
#define TCP_ESTABLISHED 1
#define TCP_SYN_SENT 2
#define TCP_SYN_RECV 3
#define TCP_CLOSE 7
#define S_IFMT 0170000
#define S_IFSOCK 0140000

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

/* socket_state, which is an enum without a name: include/uapi/linux/net.h */
struct socket___state {
	enum { SS_FREE, SS_UNCONNECTED } state;
} __attribute__((preserve_access_index));

/* net_smc - a socket that is carried by a TCP socket of the kernel, as far as the peer has SMC */
static __always_inline bool net_smc(struct sock *sk) {
	return sk->__sk_common.skc_family == AF_SMC || sk->sk_protocol == IPPROTO_SMC;
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

static __always_inline void net_remote(struct sock *sk, __u8 *to) {
	__u32 remote = sk->__sk_common.skc_daddr;

	if (sk->__sk_common.skc_family == AF_INET)
		net_v4(to, &remote);
	else
		bpf_probe_read_kernel(to, 16, &sk->__sk_common.skc_v6_daddr);
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
	e->cookie = 0;
	e->latency_ns = 0;
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

/* net_read_typed - a sockaddr of IPv4 or IPv6 that came as a hook's argument; IPv4 is only loads */
static __always_inline bool net_read_typed(struct sockaddr *from, int len, __u8 *to, __u16 *port) {
	struct net_address a = {};
	__u8 v4[4];

	if (from->sa_family != AF_INET)
		return net_read_kernel(&a, from, len) && net_put(&a, to, port);
	if (len < 8)
		return false;
	for (int i = 0; i < 4; i++)
		v4[i] = (__u8)from->sa_data[2 + i];
	net_v4(to, v4);
	*port = (__u16)((__u8)from->sa_data[0] << 8 | (__u8)from->sa_data[1]);
	return true;
}

static __always_inline bool net_read_user(struct net_address *to, const void *from, int len) {
	char raw[24] = {};

	if (len < 8 || bpf_probe_read_user(raw, len >= 24 ? 24 : 8, from))
		return false;
	return net_read_kernel(to, raw, len);
}

/*
 * net_peer - makes a fold's object of a peer and the @port of the service, at whichever end it is
 * The other end's port is new for each conversation, and does not make one differ from the next.
 */
static __always_inline void net_peer(struct fold *f, const __u8 *remote, __u16 port,
				     __u32 protocol) {
	__builtin_memcpy(f->key.object, remote, 16);
	f->key.object[2] = (__u64)protocol << 16 | port;
}

/*
 * net_keep - keeps a copy of a record for its fold, without the port that each deed has of its own
 * @direction: enum wire_direction; WIRE_ANY: neither port is that of all
 */
static __always_inline void net_keep(struct wire_net *e, struct fold *f, __u32 len,
				     __u32 direction) {
	__u16 local_port = e->local_port, remote_port = e->remote_port;

	if (!f->keep)
		return;
	if (direction != WIRE_IN)
		e->local_port = 0;
	if (direction != WIRE_OUT)
		e->remote_port = 0;
	fold_keep(f, e, len);
	e->local_port = local_port;
	e->remote_port = remote_port;
}

/* net_submit - sends a record, of which its fold may want a copy */
static __always_inline void net_submit(struct wire_net *e, struct fold *f, __u32 direction) {
	net_keep(e, f, sizeof(*e), direction);
	emit_submit(&ring_bulk, &e->head);
}

#endif
