/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connects by TCP to a listener of our own, to a port that refuses, to one that
 * does not answer for a while or at all, or to where no route leads. One event,
 * with the outcome; two where the answer is late: the attempt alone, and then
 * how it ended.
 */
#include "net.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
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

static void tell(int fd, const struct sockaddr_storage *to, const char *outcome) {
	tell_net("NET_CONNECT", "TCP", fd);
	if (outcome)
		put_str("outcome", outcome);
	put_address("net.destination", to);
	put_bool("net.initiated", true);
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
	tell(fd, to, failed ? "FAILED" : "SUCCEEDED");
	if (!failed)
		put_address("net.source", &from);
	put_range("net.latency_ns", 1, start);
	truth_close();
	linger();
	truth_window();
}

/* A listener whose queue is full: its kernel does not answer. */
static int full_listener(enum family family, struct sockaddr_storage *at) {
	struct sockaddr_storage sa = loopback(family, 0);
	int fd = bound(family, SOCK_STREAM, &sa);

	*at = name_of(fd);
	if (listen(fd, 0) || connect_to(new_socket(family, SOCK_STREAM), at))
		die("filling the queue of a listener");
	return fd;
}

/* Until the kernel has asked again. */
static void wait_asked_again(int fd) {
	const struct timespec tick = { .tv_nsec = 5000000 };
	struct tcp_info info = { 0 };
	socklen_t n = sizeof(info);

	while (!info.tcpi_total_retrans) {
		(void)nanosleep(&tick, NULL);
		if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &n))
			die("TCP_INFO");
	}
}

static void act_unanswered(enum family family, bool late) {
	struct sockaddr_storage to, from;
	int listener = full_listener(family, &to);
	int fd = new_socket(family, SOCK_STREAM | SOCK_NONBLOCK);
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	uint64_t start;

	truth_window();
	deed_start();
	start = boot_ns();
	if (!connect(fd, (const void *)&to, size_of(&to)) || errno != EINPROGRESS)
		die("connect, which should wait");
	deed_stop(false);
	from = name_of(fd);
	wait_asked_again(fd);
	tell(fd, &to, "ATTEMPTED");
	put_str("hook", "tp_btf/tcp_retransmit_skb");
	put_address("net.source", &from);
	put_null("net.latency_ns");
	truth_close();
	if (late) {
		truth_window(); /* to accept is a deed, and not the one that we tell */
		if (accept(listener, NULL, NULL) < 0)
			die("accept");
		truth_window();
		if (poll(&p, 1, 30000) != 1)
			die("waiting for the connection");
		tell(fd, &to, "SUCCEEDED");
		put_address("net.source", &from);
		put_range("net.latency_ns", 1000000000, boot_ns() - start);
		truth_close();
	}
	truth_window();
}

/* Where no interface is up. The kernel finds no route, and sends nothing. */
static void act_unreachable(int fd, const struct sockaddr_storage *to) {
	int failed;

	truth_window();
	deed_start();
	failed = connect(fd, (const void *)to, size_of(to));
	deed_stop(failed);
	if (!failed)
		die("connect without a route");
	tell(fd, to, NULL);
	truth_close();
	(void)close(fd);
	truth_window();
}

/* act_fast - connects by a send; the cookie that lets data go at once may not be there yet */
static void act_fast(int fd, const struct sockaddr_storage *to) {
	struct sockaddr_storage from;
	uint64_t start;

	truth_window();
	deed_start();
	start = boot_ns();
	if (sendto(fd, "secret", 6, MSG_FASTOPEN, (const void *)to, size_of(to)) != 6) {
		if (errno == EOPNOTSUPP)
			skip("no TCP fast open here");
		die("sendto");
	}
	deed_stop(false);
	start = boot_ns() - start;
	from = name_of(fd);
	tell(fd, to, "SUCCEEDED");
	put_address("net.source", &from);
	put_range("net.latency_ns", 1, start);
	truth_close();
	linger();
	truth_window();
}

/* act_smc - by a socket that hides its TCP */
static void act_smc(const struct sockaddr_storage *to) {
	/* include/net/smc.h: SMCPROTO_SMC, SMCPROTO_SMC6 */
	int fd = socket(AF_SMC, SOCK_STREAM | SOCK_CLOEXEC, to->ss_family == AF_INET6);

	if (fd < 0)
		skip("no SMC here: %s", strerror(errno));
	truth_window();
	deed_start();
	if (connect(fd, (const void *)to, size_of(to)))
		die("connect");
	deed_stop(false);
	tell(fd, to, "ATTEMPTED");
	truth_close();
	linger();
	truth_window();
}

static void act_for_child(int fd, const struct sockaddr_storage *to) {
	int status;
	pid_t pid = fork();

	if (!pid) {
		act(fd, to);
		exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		die("the child");
}

/* act_apart - by a child in a network namespace of its own: nothing is up there */
static void act_apart(enum family family) {
	struct sockaddr_storage to = loopback(family, 9);
	pid_t pid = (pid_t)syscall(SYS_clone, CLONE_NEWNET | SIGCHLD, 0, 0, 0, 0);
	int status;

	if (pid < 0)
		skip("no network namespace of our own: %s", strerror(errno));
	if (!pid) {
		act_unreachable(new_socket(family, SOCK_STREAM), &to);
		exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		die("the child");
}

int main(int argc, char **argv) {
	enum family family = family_of(argc > 1 ? argv[1] : "v4");
	const char *how = argc > 2 ? argv[2] : "ok";
	bool waits = strncmp(how, "nonblocking", 11) != 0;
	struct sockaddr_storage to;
	int fd;

	if (!strcmp(how, "unanswered") || !strcmp(how, "late")) {
		act_unanswered(family, *how == 'l');
	} else if (!strcmp(how, "unreachable")) {
		act_apart(family);
	} else {
		to = target(family, strstr(how, "refused"));
		fd = new_socket(family, SOCK_STREAM | (waits ? 0 : SOCK_NONBLOCK));
		if (!strcmp(how, "by_child"))
			act_for_child(fd, &to);
		else if (!strcmp(how, "fast"))
			act_fast(fd, &to);
		else if (!strcmp(how, "smc"))
			act_smc(&to);
		else
			act(fd, &to);
	}
	return 0;
}
