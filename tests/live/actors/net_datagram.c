/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Datagrams. A connect fixes a peer: one NET_CONNECT, and no NET_SEND is needed
 * to know of it. Without connect the first datagram of a socket to a peer is
 * one NET_SEND; the second gives none, the first to another peer gives one.
 */
#include "net.h"

#include <string.h>
#include <sys/socket.h>

static ssize_t send_one(const char *how, int fd, const struct sockaddr_storage *to) {
	struct iovec iov = { .iov_base = (char[]){ "x" }, .iov_len = 1 };
	struct mmsghdr many[2] = {
		{ .msg_hdr = { .msg_name = (void *)(uintptr_t)to, .msg_namelen = size_of(to),
			       .msg_iov = &iov, .msg_iovlen = 1 } },
	};

	many[1] = many[0];
	if (!strcmp(how, "sendmsg"))
		return sendmsg(fd, &many[0].msg_hdr, 0);
	if (!strcmp(how, "sendmmsg"))
		return sendmmsg(fd, many, 2, 0);
	return sendto(fd, "x", 1, 0, (const void *)to, size_of(to));
}

static void tell_send(int fd, const struct sockaddr_storage *to) {
	struct sockaddr_storage from = name_of(fd);

	tell_net("NET_SEND", "UDP", fd);
	put_address("net.destination", to);
	put_u64("@known.net.source_port", port_of(&from));
	put_bool("net.initiated", true);
	truth_close();
}

static void send_all(enum family family, const char *how, int fd,
		     const struct sockaddr_storage *to) {
	struct sockaddr_storage sa = loopback(family, 0), other;

	other = name_of(bound(family, SOCK_DGRAM, &sa));
	truth_window();
	deed_start();
	if (send_one(how, fd, to) < 0)
		die("%s", how);
	deed_stop(false);
	tell_send(fd, to);
	if (send_one(how, fd, to) < 0)
		die("%s again", how);
	deed_start();
	if (send_one(how, fd, &other) < 0)
		die("%s to another", how);
	deed_stop(false);
	tell_send(fd, &other);
	truth_window();
}

static void connect_peer(int fd, const struct sockaddr_storage *to) {
	struct sockaddr_storage from;

	truth_window();
	deed_start();
	if (connect(fd, (const void *)to, size_of(to)))
		die("connect");
	deed_stop(false);
	from = name_of(fd);
	tell_net("NET_CONNECT", "UDP", fd);
	put_address("net.destination", to);
	put_address("@known.net.source", &from);
	put_bool("net.initiated", true);
	truth_close();
	truth_window();
}

int main(int argc, char **argv) {
	enum family family = family_of(argc > 1 ? argv[1] : "v4");
	const char *how = argc > 2 ? argv[2] : "sendto";
	struct sockaddr_storage sa = loopback(family, 0), to;
	int peer = bound(family, SOCK_DGRAM, &sa), fd = new_socket(family, SOCK_DGRAM);

	to = name_of(peer);
	if (!strcmp(how, "connect"))
		connect_peer(fd, &to);
	else
		send_all(family, how, fd, &to);
	return 0;
}
