/* SPDX-License-Identifier: Apache-2.0 */
#include "decode_one.h"
#include "test.h"

static void addresses_are_written_as_people_write_them(void) {
	static const struct {
		uint8_t bytes[16];
		const char *want;
	} good[] = {
		{ { [10] = 0xff, 0xff, 10, 0, 2, 15 }, "10.0.2.15" },
		{ { [10] = 0xff, 0xff, 255, 255, 255, 255 }, "255.255.255.255" },
		{ { [10] = 0xff, 0xff, 0, 0, 0, 0 }, "0.0.0.0" },
		{ { [10] = 0xff, 0xff, 1, 99, 100, 109 }, "1.99.100.109" },
		{ { 0 }, "::" },
		{ { [15] = 1 }, "::1" },
		{ { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 }, "2001:db8::1" },
		{ { 0xfe, 0x80, [8] = 0xAB, 0xcd, [15] = 0xff }, "fe80::abcd:0:0:ff" },
		{ { [10] = 0xff, 0xfe, 10, 0, 2, 15 }, "::fffe:a00:20f" },
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct wire_net *w = sample_net(&sample, WIRE_NET_BIND);

		memcpy(w->local, good[i].bytes, 16);
		CHECK(decode() == 0 && is_text(e.net.source_ip, good[i].want));
	}
}

static void every_ipv4_byte_is_written_right(void) {
	char want[32];

	for (unsigned int v = 0; v < 256; v++) {
		struct wire_net *w = sample_net(&sample, WIRE_NET_BIND);

		memset(w->local + 12, (int)v, 4);
		(void)snprintf(want, sizeof(want), "%u.%u.%u.%u", v, v, v, v);
		CHECK(decode() == 0 && is_text(e.net.source_ip, want));
	}
}

static void who_opened_a_conversation_is_its_source(void) {
	sample_net(&sample, WIRE_NET_CONNECT);
	CHECK(decode() == 0);
	CHECK(is_text(e.net.source_ip, "10.0.2.15") && e.net.source_port == 40000);
	CHECK(is_text(e.net.destination_ip, "2001:db8::1") && e.net.destination_port == 443);
	CHECK(HAS(NET_INITIATED) && e.net.initiated && e.net.transport == 6);
	CHECK(e.net.socket_inode == 777 && !HAS(NET_BACKLOG) && !HAS(NET_LATENCY_NS));
	sample_net(&sample, WIRE_NET_ACCEPT);
	CHECK(decode() == 0);
	CHECK(is_text(e.net.source_ip, "2001:db8::1") && e.net.source_port == 443);
	CHECK(is_text(e.net.destination_ip, "10.0.2.15") && e.net.destination_port == 40000);
	CHECK(HAS(NET_INITIATED) && !e.net.initiated);
}

static void bind_and_listen_have_no_destination(void) {
	sample_net(&sample, WIRE_NET_BIND);
	CHECK(decode() == 0 && is_text(e.net.source_ip, "10.0.2.15") && !HAS(NET_BACKLOG));
	CHECK(!HAS(NET_DESTINATION_IP) && !HAS(NET_DESTINATION_PORT) && !HAS(NET_INITIATED));
	sample_net(&sample, WIRE_NET_LISTEN);
	CHECK(decode() == 0 && e.net.source_port == 40000 && e.net.backlog == 128);
	CHECK(HAS(NET_BACKLOG) && !HAS(NET_DESTINATION_IP));
}

static void source_that_is_not_chosen_yet_is_absent(void) {
	static const uint8_t kinds[] = { WIRE_NET_CONNECT, WIRE_NET_LISTEN, WIRE_NET_SEND };

	for (size_t i = 0; i < sizeof(kinds); i++) {
		struct wire_net *w = sample_net(&sample, kinds[i]);

		w->local_port = 0;
		CHECK(decode() == 0 && is_text(e.net.source_ip, "10.0.2.15"));
		CHECK(!HAS(NET_SOURCE_PORT));
		memset(w->local + 12, 0, 4);
		CHECK(decode() == 0 && !HAS(NET_SOURCE_IP) && !HAS(NET_SOURCE_PORT));
		memset(w->local, 0, 16);
		CHECK(decode() == 0 && !HAS(NET_SOURCE_IP) && !HAS(NET_SOURCE_PORT));
		CHECK(HAS(NET_DESTINATION_IP) == (kinds[i] != WIRE_NET_LISTEN));
		w->local_port = 5;
		CHECK(decode() == 0 && is_text(e.net.source_ip, "::") && e.net.source_port == 5);
	}
}

static void bind_tells_the_zeros_that_were_asked_for(void) {
	struct wire_net *w = sample_net(&sample, WIRE_NET_BIND);

	w->local_port = 0;
	CHECK(decode() == 0 && HAS(NET_SOURCE_PORT) && e.net.source_port == 0);
	memset(w->local, 0, 16);
	CHECK(decode() == 0 && is_text(e.net.source_ip, "::") && HAS(NET_SOURCE_PORT));
}

/* Addresses that were written once are kept; each must be good for itself alone. */
static void many_addresses_in_turn_have_their_own_text(void) {
	char want[2][32];

	for (unsigned int i = 0; i < 4000; i++) {
		struct wire_net *w = sample_net(&sample, WIRE_NET_CONNECT);
		uint8_t *local = w->local + 12, *remote = w->remote + 12;

		memcpy(w->remote, w->local, 16);
		local[2] = (uint8_t)(i % 5);
		local[3] = (uint8_t)(i % 7);
		remote[1] = (uint8_t)(i % 3);
		remote[2] = local[3]; /* the same bytes in another order */
		remote[3] = local[2];
		(void)snprintf(want[0], 32, "10.0.%u.%u", i % 5, i % 7);
		(void)snprintf(want[1], 32, "10.%u.%u.%u", i % 3, i % 7, i % 5);
		CHECK(decode() == 0 && is_text(e.net.source_ip, want[0]));
		CHECK(is_text(e.net.destination_ip, want[1]));
	}
}

static void transport_and_inode_that_are_not_known_are_absent(void) {
	struct wire_net *w = sample_net(&sample, WIRE_NET_SEND);

	w->protocol = 17;
	CHECK(decode() == 0 && e.net.transport == 17 && HAS(NET_TRANSPORT));
	w->protocol = 132;
	w->socket_inode = 0;
	CHECK(decode() == 0 && !HAS(NET_TRANSPORT) && !HAS(NET_SOCKET_INODE));
}

static void close_tells_its_totals_and_who_began(void) {
	struct wire_net_close *w = sample_net_close(&sample);

	CHECK(decode() == 0 && e.net.duration_ns == 90 && e.net.sent_bytes == 1ull << 40);
	CHECK(HAS(NET_DURATION_NS) && HAS(NET_SENT_BYTES) && HAS(NET_RECEIVED_BYTES));
	CHECK(e.net.received_bytes == 6 && e.net.initiated && e.net.source_port == 40000);
	w->direction = WIRE_IN;
	w->duration_ns = 0;
	CHECK(decode() == 0 && !e.net.initiated && e.net.source_port == 443);
	CHECK(!HAS(NET_DURATION_NS) && e.net.destination_port == 40000);
	w->direction = WIRE_ANY;
	CHECK(decode() == 0 && !HAS(NET_INITIATED) && e.net.source_port == 40000);
}

static void outcome_has_its_latency_and_says_if_the_attempt_was_told(void) {
	struct wire_net *w = sample_net(&sample, WIRE_NET_CONNECT);

	w->latency_ns = 5;
	CHECK(decode() == 0 && HAS(NET_LATENCY_NS) && e.net.latency_ns == 5 && !e.retold);
	w->head.flags = WIRE_RETOLD;
	CHECK(decode() == 0 && e.retold && !e.degraded);
}

static void socket_is_told_by_family_type_and_protocol(void) {
	struct wire_net_socket *w = sample_socket(&sample);

	CHECK(decode() == 0 && e.net.family == 17 && e.net.socket_type == 3);
	CHECK(HAS(NET_FAMILY) && HAS(NET_SOCKET_TYPE) && HAS(NET_PROTOCOL));
	CHECK(e.net.protocol == 768 && !HAS(NET_SOCKET_INODE) && !HAS(NET_TRANSPORT));
	w->socket_inode = 9;
	CHECK(decode() == 0 && e.net.socket_inode == 9);
}

static void socket_of_this_host_has_a_path_or_a_name(void) {
	static const struct {
		const char *given, *want;
		size_t n;
	} names[] = { { "session", "@session", 7 }, { "a\0b\0", "@a@b@", 4 },
		      { "\xff", "@\\xff", 1 } };
	struct wire_net_unix *w = sample_unix(&sample);

	CHECK(decode() == 0 && is_text(e.net.path, "/run/docker.sock") && e.net.family == 1);
	CHECK(HAS(NET_FAMILY) && e.net.socket_type == 1 && !HAS(NET_SOCKET_INODE));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		w = sample_begin(&sample, WIRE_NET_UNIX, sizeof(*w));
		w->name = sample_add(&sample, names[i].given, names[i].n);
		CHECK(decode() == 0 && is_text(e.net.path, names[i].want));
	}
}

int main(void) {
	arena_init(&arena, 1 << 20);
	RUN(addresses_are_written_as_people_write_them);
	RUN(every_ipv4_byte_is_written_right);
	RUN(who_opened_a_conversation_is_its_source);
	RUN(bind_and_listen_have_no_destination);
	RUN(source_that_is_not_chosen_yet_is_absent);
	RUN(bind_tells_the_zeros_that_were_asked_for);
	RUN(many_addresses_in_turn_have_their_own_text);
	RUN(transport_and_inode_that_are_not_known_are_absent);
	RUN(close_tells_its_totals_and_who_began);
	RUN(outcome_has_its_latency_and_says_if_the_attempt_was_told);
	RUN(socket_is_told_by_family_type_and_protocol);
	RUN(socket_of_this_host_has_a_path_or_a_name);
	arena_done(&arena);
	DONE();
}
