/* SPDX-License-Identifier: Apache-2.0 */
#include "app/pacer.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/sandbox.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/procfile.h"

#define PROGRAM "/bin/true"

/* waited_ns - for a CPU, since the process began; it may have ended, if nobody has reaped it */
static uint64_t waited_ns(pid_t pid) {
	char path[48], line[96], *rest;

	(void)snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)pid);
	procfile_line(path, line, sizeof(line));
	rest = strchr(line, ' ');
	return rest ? strtoull(rest, NULL, 10) : 0;
}

/* run_one - from the fork to the end, in ns; 0: it could not be run */
static uint64_t run_one(void) {
	char *const argv[] = { (char *)PROGRAM, NULL };
	uint64_t waited = waited_ns(getpid()), began = clock_ns(CLOCK_MONOTONIC), took;
	siginfo_t ended = { 0 };
	int status = 0;
	pid_t pid = fork();

	if (pid < 0)
		return 0;
	if (!pid) {
		(void)execv(PROGRAM, argv);
		_exit(127);
	}
	(void)waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOWAIT);
	took = clock_ns(CLOCK_MONOTONIC) - began;
	waited = waited_ns(getpid()) - waited + waited_ns(pid);
	(void)waitpid(pid, &status, 0);
	if (!WIFEXITED(status) || WEXITSTATUS(status) == 127)
		return 0;
	return took > waited ? took - waited : 1;
}

static int run(int fd) {
	uint64_t ns;
	char byte;

	(void)prctl(PR_SET_NAME, "lw-pacer");
	(void)signal(SIGCHLD, SIG_DFL);
	if (sandbox_pacer())
		return 1;
	while (read(fd, &byte, 1) == 1) {
		ns = run_one();
		if (write(fd, &ns, sizeof(ns)) != sizeof(ns))
			break;
	}
	return 0;
}

void pacer_start(struct pacer *p) {
	int ends[2] = { -1, -1 };
	pid_t pid = -1;

	*p = (struct pacer){ .fd = -1 };
	if (!access(PROGRAM, X_OK) && !socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		pid = fork();
	if (!pid) {
		(void)close(ends[0]);
		_exit(run(ends[1]));
	}
	if (ends[1] >= 0)
		(void)close(ends[1]);
	if (pid > 0) {
		p->fd = ends[0];
		return;
	}
	if (ends[0] >= 0)
		(void)close(ends[0]);
	log_info("how long an exec takes is not watched while a bundle is on trial: there is no "
		 "\"%s\" that could be started", PROGRAM);
}

uint64_t pacer_ns(struct pacer *p) {
	uint64_t now = clock_ns(CLOCK_MONOTONIC), ns = 0;
	ssize_t n;

	if (p->fd < 0)
		return 0;
	if (p->asked_ns) {
		n = recv(p->fd, &ns, sizeof(ns), MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return now - p->asked_ns;
		if (n != (ssize_t)sizeof(ns)) { /* it has died */
			(void)close(p->fd);
			p->fd = -1;
			return 0;
		}
	}
	p->asked_ns = send(p->fd, "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL) == 1 ? now : 0;
	return ns;
}
