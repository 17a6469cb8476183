/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>

#include "decode/community.h"
#include "decode/reader.h"
#include "event/field.h"

#define IPV4_AT 12
static const uint8_t mapped[IPV4_AT] = { [10] = 0xff, [11] = 0xff };

/* put_ipv4 - "a.b.c.d" without the printf behind inet_ntop(); the length */
static uint32_t put_ipv4(char *to, const uint8_t *bytes) {
	char *p = to;

	for (int i = 0; i < 4; i++) {
		unsigned int v = bytes[i];

		if (v >= 100)
			*p++ = (char)('0' + v / 100);
		if (v >= 10)
			*p++ = (char)('0' + v / 10 % 10);
		*p++ = (char)('0' + v % 10);
		*p++ = '.';
	}
	*--p = '\0';
	return (uint32_t)(p - to);
}

/* An address as text: most conversations of a host are held between the same few. */
struct spoken {
	uint8_t bytes[16];
	uint32_t n; /* 0: nothing is kept here */
	char text[INET6_ADDRSTRLEN];
};

#define SPOKEN 64 /* a power of two */

/* address - @bytes as text, from @kept if it was spoken of before; borrowed until the next one */
static struct str address(struct spoken kept[static SPOKEN], const uint8_t *bytes) {
	struct spoken *a = &kept[(bytes[13] ^ bytes[14] ^ bytes[15]) % SPOKEN];

	if (a->n && !memcmp(a->bytes, bytes, sizeof(a->bytes)))
		return (struct str){ a->text, a->n };
	memcpy(a->bytes, bytes, sizeof(a->bytes));
	if (!memcmp(bytes, mapped, IPV4_AT)) {
		a->n = put_ipv4(a->text, bytes + IPV4_AT);
	} else {
		(void)inet_ntop(AF_INET6, bytes, a->text, sizeof(a->text));
		a->n = (uint32_t)strlen(a->text);
	}
	return (struct str){ a->text, a->n };
}

/* is_any - "::" or "0.0.0.0" */
static bool is_any(const uint8_t *bytes) {
	static const uint8_t zero[16];

	return !memcmp(bytes + IPV4_AT, zero, 4) &&
	       (!memcmp(bytes, zero, IPV4_AT) || !memcmp(bytes, mapped, IPV4_AT));
}

static void set_source(struct event *e, struct str ip, uint16_t port) {
	EVENT_SET(e, NET_SOURCE_IP, net.source_ip, ip);
	EVENT_SET(e, NET_SOURCE_PORT, net.source_port, port);
}

/* set_known_source - port 0 and the address of no interface: the kernel has not chosen yet */
static void set_known_source(struct event *e, struct str ip, const uint8_t *bytes, uint16_t port) {
	if (port)
		set_source(e, ip, port);
	else if (!is_any(bytes))
		EVENT_SET(e, NET_SOURCE_IP, net.source_ip, ip);
}

static void set_destination(struct event *e, struct str ip, uint16_t port) {
	EVENT_SET(e, NET_DESTINATION_IP, net.destination_ip, ip);
	/* 0: a fold of conversations with several */
	if (port || e->kind != WIRE_NET_CLOSE)
		EVENT_SET(e, NET_DESTINATION_PORT, net.destination_port, port);
}

static enum wire_direction direction(const struct wire_net *w) {
	if (w->head.kind == WIRE_NET_DNS)
		return w->remote_port == 53 ? WIRE_OUT : WIRE_IN;
	if (w->head.kind == WIRE_NET_CLOSE)
		return ((const struct wire_net_close *)w)->direction;
	return w->head.kind == WIRE_NET_ACCEPT ? WIRE_IN : WIRE_OUT;
}

static void set_ends(const struct wire_net *w, struct str local, struct str remote,
                     struct event *e) {
	enum wire_direction d = direction(w);

	if (d == WIRE_IN) {
		set_known_source(e, remote, w->remote, w->remote_port);
		set_destination(e, local, w->local_port);
		EVENT_SET(e, NET_INITIATED, net.initiated, false);
		return;
	}
	switch (w->head.kind) {
	case WIRE_NET_LISTEN:
		EVENT_SET(e, NET_BACKLOG, net.backlog, w->backlog);
		set_known_source(e, local, w->local, w->local_port);
		break;
	case WIRE_NET_BIND:
		set_source(e, local, w->local_port); /* 0 is what was asked for */
		break;
	default:
		set_known_source(e, local, w->local, w->local_port);
		set_destination(e, remote, w->remote_port);
		if (d == WIRE_OUT)
			EVENT_SET(e, NET_INITIATED, net.initiated, true);
	}
}

int decode_net(struct reader *r, struct event *ret) {
	static struct spoken locals[SPOKEN], remotes[SPOKEN];
	const struct wire_net *w = (const void *)r->head;
	struct str local = address(locals, w->local), remote = address(remotes, w->remote);
	int error = reader_commit(r, ret);

	if (error)
		return error;
	if (w->protocol == IPPROTO_TCP || w->protocol == IPPROTO_UDP)
		EVENT_SET(ret, NET_TRANSPORT, net.transport, w->protocol);
	set_ends(w, local, remote, ret);
	if (w->socket_inode)
		EVENT_SET(ret, NET_SOCKET_INODE, net.socket_inode, w->socket_inode);
	if (w->latency_ns)
		EVENT_SET(ret, NET_LATENCY_NS, net.latency_ns, w->latency_ns);
	if (w->local_port && w->remote_port && event_has(ret, FIELD_NET_TRANSPORT))
		EVENT_SET_STR(ret, NET_COMMUNITY_ID, net.community_id, community_id(w));
	ret->socket_cookie = w->cookie;
	ret->retold = w->head.flags & WIRE_RETOLD;
	return 0;
}

int decode_net_close(struct reader *r, struct event *ret) {
	const struct wire_net_close *w = (const void *)r->head;
	int error = decode_net(r, ret);

	if (error)
		return error;
	EVENT_SET(ret, NET_SENT_BYTES, net.sent_bytes, w->sent_bytes);
	EVENT_SET(ret, NET_RECEIVED_BYTES, net.received_bytes, w->received_bytes);
	if (w->duration_ns)
		EVENT_SET(ret, NET_DURATION_NS, net.duration_ns, w->duration_ns);
	return 0;
}

/* abstract_name - "@" and the name, in which NULs are "@" as well, as /proc/net/unix shows it */
static struct str abstract_name(struct reader *r, struct wire_str where) {
	const char *from = reader_at(r, where.off, where.len);
	char *to;

	if (!from)
		return (struct str){ 0 };
	to = arena_alloc(r->arena, where.len + 1ul);
	if (!to)
		return reader_fail(r, -ENOMEM);
	to[0] = '@';
	for (uint32_t i = 0; i < where.len; i++)
		to[1 + i] = from[i] ? from[i] : '@';
	return reader_clean(r, (struct str){ to, where.len + 1u });
}

int decode_net_unix(struct reader *r, struct event *ret) {
	const struct wire_net_unix *w = (const void *)r->head;
	struct str path = w->name.off ? abstract_name(r, w->name) : reader_path(r, &w->path);
	int error = reader_commit(r, ret);

	if (error)
		return error;
	EVENT_SET(ret, NET_FAMILY, net.family, AF_UNIX);
	EVENT_SET(ret, NET_SOCKET_TYPE, net.socket_type, w->type);
	EVENT_SET_STR(ret, NET_PATH, net.path, path);
	if (w->socket_inode)
		EVENT_SET(ret, NET_SOCKET_INODE, net.socket_inode, w->socket_inode);
	return 0;
}

int decode_net_socket(struct reader *r, struct event *ret) {
	const struct wire_net_socket *w = (const void *)r->head;
	int error = reader_commit(r, ret);

	if (error)
		return error;
	EVENT_SET(ret, NET_FAMILY, net.family, w->family);
	EVENT_SET(ret, NET_SOCKET_TYPE, net.socket_type, w->type);
	EVENT_SET(ret, NET_PROTOCOL, net.protocol, w->protocol);
	if (w->socket_inode)
		EVENT_SET(ret, NET_SOCKET_INODE, net.socket_inode, w->socket_inode);
	return 0;
}
