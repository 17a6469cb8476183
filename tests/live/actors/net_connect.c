/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connects by TCP to a listener of our own, or to a port that refuses. Two
 * events: the attempt, and how it ended.
 */
#include "net.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A port on which nobody listens: bound, so that nobody else can take it. */
static struct sockaddr_storage target(enum family family, bool refused) {
	struct sockaddr_storage sa = loopback(family, 0);
	int fd = bound(family, SOCK_STREAM, &sa);

	if (!refused && listen(fd, 8))
		die("listen");
	return name_of(fd);
}

static int connect_to(int fd, const struct sockaddr_storage *to) {
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	socklen_t n = sizeof(int);
	int error;

	if (!connect(fd, (const void *)to, size_of(to)))
		return 0;
	if (errno != EINPROGRESS)
		return -1;
	if (poll(&p, 1, 10000) != 1 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n))
		die("waiting for the connection");
	errno = error;
	return error ? -1 : 0;
}

static void act(int fd, const struct sockaddr_storage *to) {
	struct sockaddr_storage from;
	uint64_t start;
	int failed;

	truth_window();
	deed_start();
	start = boot_ns();
	failed = connect_to(fd, to);
	deed_stop(failed);
	start = boot_ns() - start;
	from = name_of(fd);
	/* At the time of the attempt the kernel has not yet chosen where from. */
	tell_net("NET_CONNECT", "TCP", fd);
	put_str("outcome", "ATTEMPTED");
	put_address("net.destination", to);
	put_null("net.source_port");
	put_bool("net.initiated", true);
	truth_close();
	tell_net("NET_CONNECT", "TCP", fd);
	put_str("outcome", failed ? "FAILED" : "SUCCEEDED");
	put_address("net.destination", to);
	if (!failed)
		put_address("net.source", &from);
	put_bool("net.initiated", true);
	put_range("net.latency_ns", 1, start);
	truth_close();
	linger();
	truth_window();
}

int main(int argc, char **argv) {
	enum family family = family_of(argc > 1 ? argv[1] : "v4");
	const char *how = argc > 2 ? argv[2] : "ok";
	bool waits = strcmp(how, "nonblocking") && strcmp(how, "nonblocking_refused");
	bool refused = strstr(how, "refused");
	struct sockaddr_storage to = target(family, refused);
	int fd = new_socket(family, SOCK_STREAM | (waits ? 0 : SOCK_NONBLOCK)), status;
	pid_t pid = 0;

	if (!strcmp(how, "by_child"))
		pid = fork();
	if (!pid)
		act(fd, &to);
	else if (waitpid(pid, &status, 0) != pid || status)
		die("the child");
	return 0;
}
