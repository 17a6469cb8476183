/* SPDX-License-Identifier: Apache-2.0 */
/* Binds a socket to a port of our choice, to one of the kernel's (0), or to one that is taken. */
#include "net.h"

#include <string.h>
#include <unistd.h>

/* A port that was free a moment ago, or that @keep keeps taken. */
static uint16_t some_port(enum family family, int type, bool keep) {
	struct sockaddr_storage sa = loopback(family, 0);
	int fd = bound(family, type, &sa);

	sa = name_of(fd);
	if (!keep)
		(void)close(fd);
	return port_of(&sa);
}

int main(int argc, char **argv) {
	enum family family = family_of(argc > 1 ? argv[1] : "v4");
	const char *how = argc > 2 ? argv[2] : "chosen";
	int type = argc > 3 && !strcmp(argv[3], "udp") ? SOCK_DGRAM : SOCK_STREAM;
	bool zero = !strcmp(how, "zero"), taken = !strcmp(how, "taken");
	uint16_t port = zero ? 0 : some_port(family, type, taken);
	struct sockaddr_storage sa = loopback(family, port), local;
	int fd = new_socket(family, type), failed;

	truth_window();
	deed_start();
	failed = bind(fd, (const void *)&sa, size_of(&sa));
	deed_stop(failed);
	if (!failed == taken)
		die("bind");
	local = name_of(fd);
	tell_net("NET_BIND", type == SOCK_DGRAM ? "UDP" : "TCP", fd);
	put_address("net.source", &sa);
	if (zero)
		put_address("@done.net.source", &local);
	truth_close();
	truth_window();
	return 0;
}
