/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A conversation from its beginning to its end, both ends ours: what was sent
 * each way, whoever closed first, and also when the client tears it down by a
 * reset or lets go of its peer, which makes the kernel forget both: while the
 * other end is there, or when both have said all. And a socket that talks to
 * itself.
 */
#include "net.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FROM_CLIENT 70001
#define FROM_SERVER 123

static char bytes[FROM_CLIENT];

/* Sends all of @n from one end and reads it at the other, so that neither has to wait. */
static void carry(int from, int to, size_t n) {
	size_t sent = 0, got = 0;

	while (got < n) {
		ssize_t k = sent < n ? send(from, bytes, n - sent, MSG_DONTWAIT) : 0;

		sent += k > 0 ? (size_t)k : 0;
		k = recv(to, bytes, sizeof(bytes), sent < n ? MSG_DONTWAIT : 0);
		got += k > 0 ? (size_t)k : 0;
	}
}

static const char *kept(int fd, bool client, uint64_t lasted) {
	struct sockaddr_storage local = name_of(fd), peer = peer_of(fd);
	static char text[2][2048];

	tell_net("NET_CLOSE", "TCP", fd);
	put_str("outcome", "SUCCEEDED");
	put_address("net.source", client ? &local : &peer);
	put_address("net.destination", client ? &peer : &local);
	put_bool("net.initiated", client);
	put_u64("net.sent_bytes", client ? FROM_CLIENT : FROM_SERVER);
	put_u64("net.received_bytes", client ? FROM_SERVER : FROM_CLIENT);
	put_range("net.duration_ns", 1, lasted);
	(void)strncpy(text[client], truth_take(), sizeof(text[client]) - 1);
	return text[client];
}

/* A talk by datagrams: three of 100 bytes go, two of 50 come, each looked at before. */
static int by_datagrams(enum family family) {
	struct sockaddr_storage sa = loopback(family, 0), from;
	int server = bound(family, SOCK_DGRAM, &sa), client = new_socket(family, SOCK_DGRAM);
	uint64_t start = boot_ns();

	sa = name_of(server);
	if (connect(client, (const void *)&sa, size_of(&sa)))
		die("connect");
	from = name_of(client);
	if (connect(server, (const void *)&from, size_of(&from)))
		die("connect back");
	for (int i = 0; i < 3; i++)
		if (send(client, bytes, 100, 0) != 100)
			die("send");
	for (int i = 0; i < 2; i++)
		if (send(server, bytes, 50, 0) != 50 || recv(client, bytes, 99, MSG_PEEK) != 50 ||
		    recv(client, bytes, 99, 0) != 50)
			die("recv");
	truth_window();
	tell_net("NET_CLOSE", "UDP", client);
	put_str("outcome", "SUCCEEDED");
	put_address("net.source", &from);
	put_address("net.destination", &sa);
	put_bool("net.initiated", true);
	put_u64("net.sent_bytes", 300);
	put_u64("net.received_bytes", 100);
	put_range("net.duration_ns", 1, boot_ns() - start + 1000000000);
	deed_start();
	(void)close(client);
	deed_stop(false);
	truth_close();
	truth_window();
	return 0;
}

/* A socket whose peer is itself: both ends ask at once, and nobody listens. */
static int by_itself(enum family family, bool torn) {
	const struct linger none = { .l_onoff = 1 };
	struct sockaddr_storage sa = loopback(family, 0);
	int fd = bound(family, SOCK_STREAM, &sa);
	uint64_t start = boot_ns();

	sa = name_of(fd);
	if (connect(fd, (const void *)&sa, size_of(&sa)))
		die("connect");
	carry(fd, fd, FROM_SERVER);
	truth_window();
	tell_net("NET_CLOSE", "TCP", fd);
	put_str("outcome", "SUCCEEDED");
	put_address("net.source", &sa);
	put_address("net.destination", &sa);
	put_bool("net.initiated", true);
	put_u64("net.sent_bytes", FROM_SERVER);
	put_u64("net.received_bytes", FROM_SERVER);
	put_range("net.duration_ns", 1, boot_ns() - start + 1000000000);
	deed_start();
	if (torn && setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none)))
		die("SO_LINGER");
	(void)close(fd);
	linger();
	deed_stop(false);
	truth_close();
	truth_window();
	return 0;
}

/* Both ends have said that they are done, and the client is not closed. */
static void part(int client, int server) {
	struct pollfd p = { .fd = client, .events = POLLIN };
	char c;

	(void)shutdown(client, SHUT_WR);
	if (recv(server, &c, 1, 0))
		die("the client's end");
	(void)close(server);
	if (poll(&p, 1, 10000) != 1 || recv(client, &c, 1, 0))
		die("the server's end");
}

static void tell(const char *members) {
	truth_open("NET_CLOSE");
	put_kept(members);
	truth_close();
}

int main(int argc, char **argv) {
	enum family family = family_of(argc > 1 ? argv[1] : "v4");
	const char *how = argc > 2 ? argv[2] : "client_first";
	bool server_first = !strcmp(how, "server_first"), again = !strcmp(how, "asked_again");
	bool parted = again || !strcmp(how, "let_go_late");
	const struct sockaddr nobody = { .sa_family = AF_UNSPEC };
	const struct linger none = { .l_onoff = 1 };
	struct sockaddr_storage sa = loopback(family, 0);
	int listener = bound(family, SOCK_STREAM, &sa), client, server;
	const char *of_client, *of_server;
	struct pollfd p;
	uint64_t start;

	if (!strcmp(how, "datagrams"))
		return by_datagrams(family);
	if (!strncmp(how, "itself", 6))
		return by_itself(family, !strcmp(how, "itself_torn"));
	sa = name_of(listener);
	client = new_socket(family, SOCK_STREAM);
	if (listen(listener, 4))
		die("listen");
	start = boot_ns();
	if (connect(client, (const void *)&sa, size_of(&sa)))
		die("connect");
	server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (server < 0)
		die("accept");
	carry(client, server, FROM_CLIENT);
	carry(server, client, FROM_SERVER);
	truth_window();
	of_client = kept(client, true, boot_ns() - start + 1000000000);
	of_server = kept(server, false, boot_ns() - start + 1000000000);
	deed_start();
	if (!strcmp(how, "reset") &&
	    setsockopt(client, SOL_SOCKET, SO_LINGER, &none, sizeof(none)))
		die("SO_LINGER");
	if (parted)
		part(client, server);
	if (again && (!connect(client, (const void *)&sa, size_of(&sa)) || errno != EISCONN))
		die("a socket that has not let go was connected again");
	if (((parted && !again) || !strcmp(how, "let_go")) &&
	    connect(client, &nobody, sizeof(nobody)))
		die("connect to nobody");
	(void)close(server_first ? server : client);
	if (parted)
		goto over;
	/* the other end has heard of it before it closes in its turn */
	p = (struct pollfd){ .fd = server_first ? client : server, .events = POLLIN };
	if (poll(&p, 1, 10000) != 1)
		die("waiting for the end");
	(void)close(server_first ? client : server);
over:
	linger();
	deed_stop(false);
	tell(of_client);
	tell(of_server);
	truth_window();
	return 0;
}
