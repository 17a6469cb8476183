/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks a server for a name, and is that server too: a question and an answer,
 * each sent and received. "connect": then connects to the address of the answer.
 * "malformed" and "long": one datagram that is no DNS message, or a longer one
 * than is copied.
 */
#include "net.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define NAME "www.lapwing.test"
#define ADDRESS "127.77.0.2"
#define COPIED 1232 /* WIRE_DNS_BYTES of proto/wire.h */

static const char question[] = "\x12\x34\x01\0\0\x01\0\0\0\0\0\0"
			       "\x03www\x07lapwing\x04test\0\0\x01\0\x01";
static const char answer[] = "\x12\x34\x81\x80\0\x01\0\x01\0\0\0\0"
			     "\x03www\x07lapwing\x04test\0\0\x01\0\x01"
			     "\xc0\x0c\0\x01\0\x01\0\0\0\x05\0\x04\x7f\x4d\0\x02";

struct ends {
	int client, server;
	struct sockaddr_storage at_client, at_server;
};

static struct ends make(enum family family) {
	struct ends e;

	e.at_server = family == V4 ? address(V4, "127.77.0.1", 53) : loopback(family, 53);
	e.server = new_socket(family, SOCK_DGRAM);
	if (bind(e.server, (const void *)&e.at_server, size_of(&e.at_server)))
		skip("port 53 cannot be had: %s", strerror(errno));
	e.client = new_socket(family, SOCK_DGRAM);
	if (connect(e.client, (const void *)&e.at_server, size_of(&e.at_server)))
		die("connect to the server");
	e.at_client = name_of(e.client);
	if (connect(e.server, (const void *)&e.at_client, size_of(&e.at_client)))
		die("connect to the client");
	return e;
}

/* carry - one datagram from end to end; peeked at, which must not be told */
static void carry(int from, int to, const void *bytes, size_t n) {
	char got[4096];

	deed_start();
	if (send(from, bytes, n, 0) != (ssize_t)n ||
	    recv(to, got, sizeof(got), MSG_PEEK) != (ssize_t)n ||
	    recv(to, got, sizeof(got), 0) != (ssize_t)n)
		die("a datagram");
	deed_stop(false);
}

static void open_dns(const struct ends *e, bool by_client, size_t bytes, int fd) {
	struct stat st;

	if (fstat(fd, &st))
		die("fstat of a socket");
	truth_open("NET_DNS");
	truth_doer();
	put_u64("@known.net.socket_inode", st.st_ino);
	put_str("outcome", "SUCCEEDED");
	put_str("net.transport", "UDP");
	put_address("net.source", &e->at_client);
	put_address("net.destination", &e->at_server);
	put_bool("net.initiated", by_client);
	put_null("net.destination_domain");
	put_u64("dns.bytes", bytes);
}

static void tell(const struct ends *e, bool by_client, bool response) {
	char *answers[] = { (char[]){ ADDRESS } };

	open_dns(e, by_client, response ? sizeof(answer) - 1 : sizeof(question) - 1,
		 by_client ? e->client : e->server);
	put_u64("dns.id", 0x1234);
	put_bool("dns.response", response);
	put_str("dns.query", NAME);
	put_str("dns.record_type", "A");
	put_str("dns.response_code", response ? "NOERROR" : NULL);
	if (response)
		put_strv("dns.answers", answers, 1);
	else
		put_null("dns.answers");
	truth_close();
}

static void ask(const struct ends *e) {
	carry(e->client, e->server, question, sizeof(question) - 1);
	tell(e, true, false);
	tell(e, false, false);
	carry(e->server, e->client, answer, sizeof(answer) - 1);
	tell(e, false, true);
	tell(e, true, true);
}

static void connect_there(void) {
	struct sockaddr_storage at = address(V4, ADDRESS, 0), from;
	int listener = bound(V4, SOCK_STREAM, &at), fd = new_socket(V4, SOCK_STREAM);

	at = name_of(listener);
	if (listen(listener, 4))
		die("listen");
	truth_window();
	deed_start();
	if (connect(fd, (const void *)&at, size_of(&at)))
		die("connect");
	deed_stop(false);
	from = name_of(fd);
	tell_net("NET_CONNECT", "TCP", fd);
	put_str("outcome", "SUCCEEDED");
	put_address("net.source", &from);
	put_address("net.destination", &at);
	put_bool("net.initiated", true);
	put_str("net.destination_domain", NAME);
	truth_close();
	truth_window();
}

static void send_odd(const struct ends *e, bool is_long) {
	static char bytes[COPIED + 100] = "\0\x07\x80\0\0\x01\0\0\0\0\0\0\xc0\x0c";
	size_t n = is_long ? sizeof(bytes) : 40;

	if (is_long) /* as many questions as fit, and more: "." IN A */
		for (size_t at = 12; at + 5 <= n; at += 5)
			memcpy(bytes + at, "\0\0\x01\0\x01", 5);
	bytes[4] = is_long ? 1 : 0;
	carry(e->client, e->server, bytes, n);
	for (int by_client = 0; by_client < 2; by_client++) {
		open_dns(e, by_client, n, by_client ? e->client : e->server);
		put_u64("dns.id", 7);
		put_bool("dns.response", true);
		put_str("dns.query", is_long ? "." : NULL);
		truth_close();
	}
}

int main(int argc, char **argv) {
	enum family family = family_of(argc > 1 ? argv[1] : "v4");
	const char *how = argc > 2 ? argv[2] : "plain";
	struct ends e = make(family);

	truth_window();
	if (!strcmp(how, "long") || !strcmp(how, "malformed"))
		send_odd(&e, *how == 'l');
	else
		ask(&e);
	truth_window();
	if (!strcmp(how, "connect"))
		connect_there();
	return 0;
}
