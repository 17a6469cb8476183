/* SPDX-License-Identifier: Apache-2.0 */
/* Begins to listen, with a backlog that no other program would ask for. */
#include "net.h"

int main(int argc, char **argv) {
	enum family family = family_of(argc > 1 ? argv[1] : "v4");
	struct sockaddr_storage sa = loopback(family, 0);
	int fd = bound(family, SOCK_STREAM, &sa), failed;

	sa = name_of(fd);
	truth_window();
	deed_start();
	failed = listen(fd, 37);
	deed_stop(failed);
	if (failed)
		die("listen");
	tell_net("NET_LISTEN", "TCP", fd);
	put_address("net.source", &sa);
	put_u64("net.backlog", 37);
	truth_close();
	truth_window();
	return 0;
}
