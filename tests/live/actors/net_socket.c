/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes sockets that few programs need: raw, ICMP, packet, vsock, SMC, alg, and the one of
 * the audit subsystem; and then ordinary ones, of which nothing must be told. And one
 * that a filter of system calls does not let be made, while it says that it is descriptor 0.
 */
#include "net.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "forge.h"

static const struct odd {
	const char *name, *family_name, *type_name;
	int family, type, protocol;
} odd[] = {
	{ "raw", "INET", "RAW", AF_INET, SOCK_RAW, IPPROTO_RAW },
	{ "raw_6", "INET6", "RAW", AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6 },
	{ "ping", "INET", "DGRAM", AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, IPPROTO_ICMP },
	{ "packet", "PACKET", "DGRAM", AF_PACKET, SOCK_DGRAM, 0 },
	{ "vsock", "VSOCK", "STREAM", AF_VSOCK, SOCK_STREAM, 0 },
	{ "smc", "SMC", "STREAM", AF_SMC, SOCK_STREAM, 0 },
	{ "packet_old", "PACKET", "OLD_PACKET", AF_INET, SOCK_PACKET, 0 },
	{ "alg", "ALG", "SEQPACKET", AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0 },
	{ "audit", "NETLINK", "RAW", AF_NETLINK, SOCK_RAW, NETLINK_AUDIT },
};

static void make(const struct odd *o) {
	struct stat st;
	int fd;

	truth_window();
	deed_start();
	fd = socket(o->family, o->type, o->protocol);
	deed_stop(fd < 0);
	if (fd < 0)
		skip("no such socket here: %s", strerror(errno));
	if (fstat(fd, &st))
		die("fstat of a socket");
	truth_open("NET_SOCKET");
	truth_doer();
	put_str("outcome", "SUCCEEDED");
	put_u64("@known.net.socket_inode", st.st_ino);
	put_str("net.family", o->family_name);
	put_str("net.socket_type", o->type_name);
	put_u64("net.protocol", (uint64_t)o->protocol);
	truth_close();
	(void)close(fd);
	(void)close(socket(AF_INET, SOCK_STREAM, 0));
	(void)close(socket(AF_INET6, SOCK_DGRAM, 0));
	(void)close(socket(AF_UNIX, SOCK_STREAM, 0));
	(void)close(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
	truth_window();
}

static void make_none(void) {
	forge(SYS_socket);
	truth_window();
	deed_start();
	if (socket(AF_PACKET, SOCK_RAW, 0))
		die("the filter let it through");
	deed_stop(0);
	truth_open("NET_SOCKET");
	truth_doer();
	put_str("outcome", "ATTEMPTED");
	put_str("net.family", "PACKET");
	put_str("net.socket_type", "RAW");
	put_u64("net.protocol", 0);
	truth_close();
	linger();
	truth_window();
}

int main(int argc, char **argv) {
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		if (argc > 1 && !strcmp(argv[1], odd[i].name))
			make(&odd[i]);
	if (argc > 1 && !strcmp(argv[1], "forged"))
		make_none();
	return 0;
}
