/* SPDX-License-Identifier: Apache-2.0 */
/* Accepts a TCP connection that a child makes: the doer of the accept is us. */
#include "net.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t client(enum family family, uint16_t port) {
	struct sockaddr_storage to = loopback(family, port);
	pid_t pid = fork();
	int fd;

	if (pid)
		return pid;
	fd = new_socket(family, SOCK_STREAM);
	if (connect(fd, (const void *)&to, size_of(&to)))
		die("connect");
	(void)pause();
	_exit(0);
}

int main(int argc, char **argv) {
	const char *family_name = argc > 1 ? argv[1] : "v4", *how = argc > 2 ? argv[2] : "accept";
	enum family family = family_of(family_name);
	struct sockaddr_storage at = family == MAPPED ? any(V6) : loopback(family, 0), local, peer;
	int listener = bound(family, SOCK_STREAM, &at), fd;
	pid_t pid;

	if (listen(listener, 4))
		die("listen");
	local = name_of(listener);
	pid = client(family == MAPPED ? V4 : family, port_of(&local));
	truth_window();
	deed_start();
	if (!strcmp(how, "accept4"))
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	else
		fd = accept(listener, NULL, NULL);
	deed_stop(fd < 0);
	if (pid < 0 || fd < 0)
		die("accept");
	local = name_of(fd);
	peer = peer_of(fd);
	tell_net("NET_ACCEPT", "TCP", fd);
	put_address("net.source", &peer);
	put_address("net.destination", &local);
	put_bool("net.initiated", false);
	truth_close();
	truth_window();
	(void)kill(pid, SIGTERM);
	(void)waitpid(pid, NULL, 0);
	return 0;
}
