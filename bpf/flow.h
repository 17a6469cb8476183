/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * flow.h - one connection, from the wish to the end, told as few times as can be
 *
 * What is known of a connection's process hangs on its socket, because nearly
 * all that follows happens in softirqs, while any process runs. Connections that
 * are folded have no flow, so their ends are nobody's. A connect is
 * told once its outcome is known, with the time of the attempt. An attempt that
 * has no answer is told when the kernel sends its first packet again (a second
 * later), or when the socket goes; an outcome after that is told as well, and
 * marked WIRE_RETOLD.
 *
 *     ASKED ──answer──────────────▶ STANDS ──socket goes──▶ (close is told)
 *       │                             ▲
 *       └─no answer─▶ TOLD ──answer───┘      ASKED, TOLD ──error──▶ OVER
 */
#ifndef LAPWING_FLOW_H
#define LAPWING_FLOW_H

#include "net.h"

enum flow_state {
	FLOW_ASKED = 1, /* connect was allowed; nothing is told yet */
	FLOW_TOLD = 2,  /* the attempt is told; its outcome is to come */
	FLOW_STANDS = 3,
	FLOW_OVER = 4, /* it failed, and that is told */
};

/* Whose connection it is, and since when. */
struct flow {
	__u64 began_ns; /* connect, or accept */
	__u64 stands_ns;
	__u64 start_ns; /* these as in wire_header */
	__u64 cred;	/* as in knobs_fold_key */
	__u32 tgid, tid, uid, gid, euid;
	__u32 state;
	__u64 inode;
	__u8 remote[16]; /* as asked for: a socket that never got a route does not know it */
	__u16 service;	 /* the port that was connected to */
	__u16 direction; /* enum wire_direction */
	__u16 fold_at;	 /* struct fold, of the attempt */
	__u16 fold_keep;
	__u64 sent, received; /* UDP: the kernel does not count them for us */
};

/*
 * The flows of sockets whose process is told of. Written and read by the hooks
 * of net.bpf.c; each dies with its socket. No memory: the attempt is told at
 * once, and neither its outcome nor its end.
 */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, 1 /* BPF_F_NO_PREALLOC */);
	__type(key, int);
	__type(value, struct flow);
} flows SEC(".maps");

static __always_inline struct flow *flow_get(struct sock *sk) {
	return bpf_sk_storage_get(&flows, sk, NULL, 0);
}

/* flow_actor - @f is the current task's. Not static, so that it is verified once (syscall.h). */
__noinline int flow_actor(struct flow *f) {
	struct task_struct *task = bpf_get_current_task_btf();
	const struct cred *cred = task->real_cred;

	if (!f)
		return 0;
	f->start_ns = task->group_leader->start_boottime;
	f->cred = fold_address(cred, cred->user_ns);
	f->tgid = (__u32)task->tgid;
	f->tid = (__u32)task->pid;
	f->uid = cred->uid.val;
	f->gid = cred->gid.val;
	f->euid = cred->euid.val;
	return 0;
}

/*
 * flow_new - the flow of a socket that @task connects or accepted; NULL: no memory, or our own
 * The caller fills @remote and @service.
 */
static __always_inline struct flow *flow_new(struct sock *sk, __u32 state, __u64 inode,
					     struct task_struct *task) {
	struct flow *f;

	/* the sensor's own, during a trial: told at once, and numbered as such (emit_header()) */
	if ((__u32)task->tgid == knobs.self_tgid)
		return NULL;
	f = bpf_sk_storage_get(&flows, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	if (!f)
		return NULL;
	f->began_ns = bpf_ktime_get_boot_ns();
	f->stands_ns = state == FLOW_STANDS ? f->began_ns : 0;
	flow_actor(f);
	f->state = state;
	f->direction = state == FLOW_STANDS ? WIRE_IN : WIRE_OUT;
	f->inode = inode;
	return f;
}

/* flow_mute - a connect of a courier's: neither it nor its end is told, not even as nobody's */
static __always_inline void flow_mute(struct sock *sk, struct task_struct *task) {
	if (gate_courier(task))
		(void)flow_new(sk, FLOW_OVER, 0, task);
}

/* flow_own - makes a record that was nobody's one of the flow's process */
static __always_inline void flow_own(struct wire_header *h, const struct flow *f) {
	h->flags = 0;
	h->start_ns = f->start_ns;
	h->tgid = f->tgid;
	h->tid = f->tid;
	h->uid = f->uid;
	h->gid = f->gid;
	h->euid = f->euid;
}

/* flow_source_port - skc_num is given back before a socket goes, and this is not */
static __always_inline void flow_source_port(struct wire_net *e, struct sock *sk) {
	struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);

	if (tcp)
		e->local_port = bpf_ntohs(tcp->inet_conn.icsk_inet.inet_sport);
}

/* flow_fold - a fold of @kind of deeds of the flow's process to its peer */
static __always_inline void flow_fold(const struct flow *f, __u32 kind, __u32 protocol,
				      struct fold *ret) {
	fold_begin(ret, kind, NULL);
	ret->key.start_ns = f->start_ns;
	ret->key.cred = f->cred;
	ret->key.tgid = f->tgid;
	net_peer(ret, f->remote, f->service, protocol);
}

/* flow_keep - keeps of a connect what it has in common with those that are folded */
static __always_inline void flow_keep(const struct flow *f, struct wire_net *e) {
	__u64 latency_ns = e->latency_ns;
	__u16 error = e->head.error;
	__u8 outcome = e->head.outcome;
	struct fold fold;

	flow_fold(f, WIRE_NET_CONNECT, IPPROTO_TCP, &fold);
	fold.at = f->fold_at;
	fold.keep = f->fold_keep;
	e->latency_ns = 0;
	e->head.error = 0;
	e->head.outcome = WIRE_ATTEMPTED;
	net_keep(e, &fold, sizeof(*e), WIRE_OUT);
	e->latency_ns = latency_ns;
	e->head.error = error;
	e->head.outcome = outcome;
}

/* flow_is_late - whether @hook sees a connection's end: nobody knows then when it was answered */
static __always_inline bool flow_is_late(__u32 hook) {
	return hook == WIRE_HOOK_TP_TCP_DESTROY_SOCK || hook == WIRE_HOOK_TP_TCP_SEND_RESET ||
	       hook == WIRE_HOOK_FENTRY_TCP_DISCONNECT;
}

/* flow_tell - a connect at the time of its attempt: with its outcome, or WIRE_ATTEMPTED */
static __always_inline void flow_tell(struct sock *sk, struct flow *f, __u32 hook, __u32 outcome,
				      __u32 error) {
	struct wire_net *e = net_begin(WIRE_NET_CONNECT, hook, outcome, f->inode, NULL);

	if (!e)
		return;
	flow_own(&e->head, f);
	if (f->state == FLOW_TOLD)
		e->head.flags |= WIRE_RETOLD;
	if (outcome != WIRE_ATTEMPTED && !flow_is_late(hook))
		e->latency_ns = e->head.ts_ns - f->began_ns;
	e->head.ts_ns = f->began_ns;
	e->head.error = (__u16)error;
	net_ends(e, sk);
	flow_source_port(e, sk);
	__builtin_memcpy(e->remote, f->remote, 16);
	e->remote_port = f->service;
	if (f->fold_keep)
		flow_keep(f, e);
	emit_submit(&ring_bulk, &e->head);
}

/*
 * flow_ask - a connect begins; false: there is no memory to wait for its outcome
 * @fold: its own; the connect is not folded
 */
static __always_inline bool flow_ask(struct sock *sk, __u32 hook, const __u8 *remote, __u16 port,
				     __u64 inode, struct task_struct *task,
				     const struct fold *fold) {
	struct flow *f = flow_get(sk);

	/* the one before never got as far as a packet */
	if (f && f->state == FLOW_ASKED)
		flow_tell(sk, f, hook, WIRE_ATTEMPTED, 0);
	f = flow_new(sk, FLOW_ASKED, inode, task);
	if (!f)
		return false;
	__builtin_memcpy(f->remote, remote, 16);
	f->service = port;
	f->fold_at = (__u16)fold->at;
	f->fold_keep = (__u16)fold->keep;
	return true;
}

/* flow_outcome - a connect that was asked for has ended; other sockets are left alone */
static __always_inline void flow_outcome(struct sock *sk, __u32 hook, __u32 error) {
	struct flow *f = flow_get(sk);

	if (!f || (f->state != FLOW_ASKED && f->state != FLOW_TOLD))
		return;
	flow_tell(sk, f, hook, error ? WIRE_FAILED : WIRE_SUCCEEDED, error);
	f->state = error ? FLOW_OVER : FLOW_STANDS;
	f->stands_ns = flow_is_late(hook) ? f->began_ns : bpf_ktime_get_boot_ns();
}

/* flow_waits - a connect that was asked for has no answer yet */
static __always_inline void flow_waits(struct sock *sk, __u32 hook) {
	struct flow *f = flow_get(sk);

	if (!f || f->state != FLOW_ASKED)
		return;
	flow_tell(sk, f, hook, WIRE_ATTEMPTED, 0);
	f->state = FLOW_TOLD;
}

/* flow_totals - the bytes each way, as they stand at the end */
static __always_inline void flow_totals(struct sock *sk, const struct tcp_sock *tcp,
					__u64 *ret_sent, __u64 *ret_received) {
	*ret_sent = tcp->bytes_sent - tcp->bytes_retrans;
	/* the peer's FIN was counted like a byte: net/ipv4/tcp_input.c tcp_fin() */
	*ret_received = tcp->bytes_received - (sk->__sk_common.skc_flags >> SOCK_DONE & 1);
}

/* flow_stood - of a flow that waits for its answer: whether bytes went all the same */
static __always_inline bool flow_stood(struct sock *sk, const struct flow *f) {
	struct tcp_sock *tcp;

	if (f->state != FLOW_ASKED && f->state != FLOW_TOLD)
		return false;
	tcp = bpf_skc_to_tcp_sock(sk);
	return tcp && (tcp->bytes_received || tcp->bytes_acked);
}

/*
 * flow_close - a connection is over
 * @f: NULL: nobody's, or one whose process user space knows by @cookie
 */
static __always_inline void flow_close(struct sock *sk, const struct tcp_sock *tcp,
				       const struct flow *f, __u32 hook, __u64 cookie,
				       struct fold *fold, __u64 sent, __u64 received) {
	struct wire_net_close *e =
		emit_fixed(&ring_bulk, WIRE_NET_CLOSE, hook, sizeof(*e), NULL);

	if (!e)
		return;
	e->net.socket_inode = 0;
	e->net.cookie = cookie;
	e->net.latency_ns = 0;
	e->net.backlog = 0;
	e->duration_ns = 0;
	e->direction = cookie ? WIRE_IN : WIRE_ANY;
	e->pad = 0;
	if (f) {
		flow_own(&e->net.head, f);
		e->net.socket_inode = f->inode;
		e->duration_ns = e->net.head.ts_ns - f->stands_ns;
		e->direction = f->direction;
	}
	net_ends(&e->net, sk);
	e->net.local_port = bpf_ntohs(tcp->inet_conn.icsk_inet.inet_sport);
	e->sent_bytes = sent;
	e->received_bytes = received;
	net_keep(&e->net, fold, sizeof(*e), e->direction);
	emit_submit(&ring_bulk, &e->net.head);
}

/* flow_end - the same, folded with others of its process, or of nobody's, and its peer */
static __always_inline void flow_end(struct sock *sk, const struct flow *f, __u32 hook) {
	struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);
	__u64 sent, received;
	struct fold fold;
	__u8 remote[16];

	/* a socket that was never connected: nothing came in */
	if (!tcp || !tcp->rcv_nxt || !sk->__sk_common.skc_dport)
		return;
	flow_totals(sk, tcp, &sent, &received);
	if (f) {
		flow_fold(f, WIRE_NET_CLOSE, IPPROTO_TCP, &fold);
	} else if (!(sent | received)) {
		return; /* nobody moved nothing */
	} else {
		fold_begin(&fold, WIRE_NET_CLOSE, NULL);
		net_remote(sk, remote);
		net_peer(&fold, remote, 0, IPPROTO_TCP); /* which port is the service's? */
	}
	if (!fold_deed(&fold, sent, received))
		flow_close(sk, tcp, f, hook, 0, &fold, sent, received);
}

#endif
