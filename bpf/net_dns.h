/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * net_dns.h - datagrams from and to port 53, their first bytes; a part of net.bpf.c
 *
 * The bytes are the kernel's own, from the packet: the process cannot change
 * them. They are only copied here, and read in user space (decode/dns.c).
 */
#ifndef LAPWING_NET_DNS_H
#define LAPWING_NET_DNS_H

#include "net.h"

#define DNS_PORT 53
#define MSG_PEEK 2

/* struct udphdr of include/uapi/linux/udp.h */
struct dns_udp {
	__be16 source, dest, len, check;
};

/* dns_addresses - both ends, from the IP header; false: this is no UDP */
static __always_inline bool dns_addresses(struct sk_buff *skb, __u8 *source, __u8 *destination) {
	const unsigned char *ip = skb->head + skb->network_header;
	__u8 first = 0, protocol = 0, v4[8];

	if (bpf_probe_read_kernel(&first, 1, ip))
		return false;
	if (first >> 4 == 4) {
		if (bpf_probe_read_kernel(&protocol, 1, ip + 9) ||
		    bpf_probe_read_kernel(v4, 8, ip + 12))
			return false;
		net_v4(source, v4);
		net_v4(destination, v4 + 4);
		return protocol == IPPROTO_UDP;
	}
	return first >> 4 == 6 && !bpf_probe_read_kernel(&protocol, 1, ip + 6) &&
	       protocol == IPPROTO_UDP && !bpf_probe_read_kernel(source, 16, ip + 8) &&
	       !bpf_probe_read_kernel(destination, 16, ip + 24);
}

/* dns_append - the first of @n bytes at @from */
static __always_inline void dns_append(struct slot *s, const void *from, __u32 n,
				       enum emit_source source) {
	struct wire_dns *e = (void *)s->rec;
	char *to = emit_room(s, WIRE_DNS_BYTES);
	long error;

	if (!to)
		return;
	if (n > WIRE_DNS_BYTES)
		n = WIRE_DNS_BYTES;
	error = source == EMIT_USER ? bpf_probe_read_user(to, n, from)
				    : bpf_probe_read_kernel(to, n, from);
	if (error)
		return;
	e->payload.off = (__u16)s->len;
	e->payload.len = (__u16)n;
	s->len += n;
}

/* dns_payload - appends the bytes behind the UDP header, as far as they lie side by side */
static __always_inline void dns_payload(struct slot *s, struct sk_buff *skb, __u32 bytes) {
	__u32 at = skb->transport_header + sizeof(struct dns_udp), end = skb->tail;

	((struct wire_dns *)s->rec)->bytes = bytes;
	if (end > at)
		dns_append(s, skb->head + at, bytes < end - at ? bytes : end - at, EMIT_KERNEL);
}

/* dns_tell - a datagram that the process sends (@out) or receives, if it is from or to port 53 */
static __always_inline void dns_tell(struct sk_buff *skb, __u32 hook, bool out, __u64 inode) {
	struct task_struct *task = bpf_get_current_task_btf();
	__u8 source[16], destination[16];
	struct dns_udp udp = {};
	struct wire_net *e;
	struct slot *s;

	if (bpf_probe_read_kernel(&udp, sizeof(udp), skb->head + skb->transport_header) ||
	    (udp.source != bpf_htons(DNS_PORT) && udp.dest != bpf_htons(DNS_PORT)) ||
	    bpf_ntohs(udp.len) < sizeof(udp) || !gate_task(task) ||
	    !dns_addresses(skb, source, destination))
		return;
	s = emit_begin(WIRE_NET_DNS, hook, sizeof(struct wire_dns), task);
	if (!s)
		return;
	e = (struct wire_net *)s->rec;
	__builtin_memcpy(e->local, out ? source : destination, 16);
	__builtin_memcpy(e->remote, out ? destination : source, 16);
	e->local_port = bpf_ntohs(out ? udp.source : udp.dest);
	e->remote_port = bpf_ntohs(out ? udp.dest : udp.source);
	e->protocol = IPPROTO_UDP;
	e->socket_inode = inode;
	dns_payload(s, skb, bpf_ntohs(udp.len) - (__u32)sizeof(udp));
	emit_end(s, &ring_bulk);
}

/*
 * Why: what a process asks the network's names for, and what a server here answers.
 * Kernel: net/ipv4/ip_output.c ip_send_skb(), at the end of sendmsg() of datagrams, headers made;
 * TCP does not come here.
 * Blind spots: DNS over TCP, TLS, HTTPS, and on ports other than 53; a name that another process
 * looks up for this one (systemd-resolved, nscd) is asked by that one; datagrams that were held
 * back (MSG_MORE) and are sent by whoever ends that; of a payload that does not lie side by side
 * only the first part. The kernel skips the program when it interrupted itself (host.lost_cause
 * not_run).
 */
SEC("fentry/ip_send_skb")
int BPF_PROG(dns_sent, void *net, struct sk_buff *skb) {
	struct sock *sk = skb->sk;

	dns_tell(skb, WIRE_HOOK_FENTRY_IP_SEND_SKB, true, sk ? net_inode(sk->sk_socket) : 0);
	return 0;
}

/*
 * Why: the same over IPv6.
 * Kernel: net/ipv6/ip6_output.c ip6_send_skb().
 * Blind spots: as above; extension headers.
 */
SEC("fentry/ip6_send_skb")
int BPF_PROG(dns_sent_6, struct sk_buff *skb) {
	struct sock *sk = skb->sk;

	dns_tell(skb, WIRE_HOOK_FENTRY_IP6_SEND_SKB, true, sk ? net_inode(sk->sk_socket) : 0);
	return 0;
}

/*
 * Why: what the answer was; later connections go to the addresses in it.
 * Kernel: net/ipv4/udp.c skb_consume_udp(), at the end of recvmsg() of a UDP socket, in the
 * process that receives; @len is not above 0 when it only peeks.
 * Blind spots: as above; network drivers may leave what follows the headers in pages of its own,
 * then the payload is not here (DNS_CUT).
 */
SEC("fentry/skb_consume_udp")
int BPF_PROG(dns_received, struct sock *sk, struct sk_buff *skb, int len) {
	if (len > 0)
		dns_tell(skb, WIRE_HOOK_FENTRY_SKB_CONSUME_UDP, false, net_inode(sk->sk_socket));
	return 0;
}

/*
 * Why: the same where fentry is refused.
 * Kernel: net/core/dev.c __dev_queue_xmit() -> trace_net_dev_queue(), in the sending process.
 * Blind spots: runs for each packet of the host; told once for each device that a packet passes
 * (a bond and its member); otherwise as above.
 */
SEC("tp_btf/net_dev_queue")
int BPF_PROG(dns_queued, struct sk_buff *skb) {
	struct sock *sk = skb->sk;
	__u64 inode;

	if (!sk || sk->sk_protocol != IPPROTO_UDP)
		return 0;
	inode = net_inode(sk->sk_socket); /* sockets of the kernel have none */
	if (inode)
		dns_tell(skb, WIRE_HOOK_TP_NET_DEV_QUEUE, true, inode);
	return 0;
}

/* struct user_msghdr, iovec and mmsghdr of the system call interface, as far as they matter */
struct dns_message {
	const void *name;
	__u64 name_len;
	const struct dns_vector {
		const char *base;
		__u64 len;
	} *vectors;
	__u64 n_vectors;
	__u64 rest[3];
	__u32 len; /* recvmmsg(): of what came */
};

/* What a system call received. */
struct dns_call {
	const void *address;
	const char *bytes;
	__u32 n;
	int fd;
};

static __always_inline bool dns_call_message(const void *from, struct dns_call *ret, bool many) {
	struct dns_message m = {};
	struct dns_vector v = {};

	if (bpf_probe_read_user(&m, sizeof(m), from) ||
	    bpf_probe_read_user(&v, sizeof(v), m.vectors))
		return false;
	ret->address = m.name;
	ret->bytes = v.base;
	if (many)
		ret->n = m.len;
	return ret->n <= v.len;
}

/* dns_call_read - false: the call received nothing that could be told */
static __always_inline bool dns_call_read(struct pt_regs *regs, long ret, struct dns_call *c,
					  bool foreign) {
	c->n = (__u32)ret;
	c->fd = (int)SYSCALL_ARG1(regs);
	c->address = NULL;
	c->bytes = (const char *)SYSCALL_ARG2(regs);
	switch (SYSCALL_NR(regs)) {
	case NR_read:
		return true;
	case NR_recvfrom:
		c->address = (const void *)SYSCALL_ARG5(regs);
		return !(SYSCALL_ARG4(regs) & MSG_PEEK);
	case NR_recvmsg:
		return !foreign && !(SYSCALL_ARG3(regs) & MSG_PEEK) &&
		       dns_call_message(c->bytes, c, false);
	case NR_recvmmsg:
		return !foreign && !(SYSCALL_ARG4(regs) & MSG_PEEK) &&
		       dns_call_message(c->bytes, c, true);
	default:
		return false;
	}
}

/* dns_call_ended - a call that received may be one to tell. Not static: see syscall.h. */
__noinline int dns_call_ended(const struct dns_call *c) {
	struct task_struct *task = bpf_get_current_task_btf();
	struct net_address given = {};
	struct net_pair at;
	struct socket *socket;
	struct wire_dns *e;
	struct sock *sk;
	struct slot *s;

	if (!c || !gate_task(task))
		return 0;
	socket = net_call_socket(c->fd);
	sk = BPF_CORE_READ(socket, sk);
	if (!sk || !net_family(BPF_CORE_READ(sk, __sk_common.skc_family)) ||
	    BPF_CORE_READ(sk, sk_protocol) != IPPROTO_UDP)
		return 0;
	net_ends_raw(&at, sk);
	if (!at.remote_port && c->address && net_read_user(&given, c->address, 24))
		net_put(&given, at.remote, &at.remote_port);
	if (at.remote_port != DNS_PORT && at.local_port != DNS_PORT)
		return 0;
	s = emit_begin(WIRE_NET_DNS, WIRE_HOOK_TP_SYS_EXIT, sizeof(struct wire_dns), task);
	if (!s)
		return 0;
	e = (struct wire_dns *)s->rec;
	net_put_ends(&e->net, &at);
	e->net.head.flags |= WIRE_ADDRESS_RACY;
	e->net.socket_inode = BPF_CORE_READ(socket, file, f_inode, i_ino);
	e->bytes = c->n;
	dns_append(s, c->bytes, c->n, EMIT_USER);
	emit_end(s, &ring_bulk);
	return 0;
}

static __noinline int dns_call_foreign(struct pt_regs *regs, long ret, struct dns_call *c) {
	struct pt_regs own;

	return syscall_own(&own, regs) && dns_call_read(&own, ret, c, true);
}

/*
 * Why: the answers, where fentry is refused.
 * Kernel: trace_sys_exit() of the architecture's entry code, after the call; the bytes are read
 * from the process's memory (WIRE_ADDRESS_RACY), the peer too where the socket is not connected.
 * Blind spots: io_uring, readv(), recvmsg() by a 32-bit call, on arm64 any such; x32's own
 * recvfrom(), recvmsg() and recvmmsg(); answers in several
 * pieces of memory, all but the first message of recvmmsg(); otherwise as above.
 */
SEC("tp_btf/sys_exit")
int BPF_PROG(dns_sys_exit, struct pt_regs *regs, long ret) {
	struct dns_call c = {};

	if (ret < 1 || ret > 65535)
		return 0;
	if (syscall_foreign(bpf_get_current_task_btf()) ? !dns_call_foreign(regs, ret, &c)
							: !dns_call_read(regs, ret, &c, false))
		return 0;
	return dns_call_ended(&c);
}

#endif
