/* SPDX-License-Identifier: Apache-2.0 */
#include "app/pacer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
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

/* The sensor itself takes some ms, and is what there is in an image of one program. */
static const struct {
	const char *path;
	char *const argv[3];
} programs[] = { { "/bin/true", { (char *)"true", NULL, NULL } },
		 { "/proc/self/exe", { (char *)"lapwing", (char *)"--version", NULL } } };

#define PROGRAMS (sizeof(programs) / sizeof(programs[0]))

/* waited_ns - for a CPU, since the process began; it may have ended, if nobody has reaped it */
static uint64_t waited_ns(pid_t pid) {
	char path[48], line[96], *rest;

	(void)snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)pid);
	procfile_line(path, line, sizeof(line));
	rest = strchr(line, ' ');
	return rest ? strtoull(rest, NULL, 10) : 0;
}

/* run_one - from the fork to the end, in ns; 0: it could not be run */
static uint64_t run_one(size_t which) {
	uint64_t waited = waited_ns(getpid()), began = clock_ns(CLOCK_MONOTONIC), took;
	siginfo_t ended = { 0 };
	int status = 0;
	pid_t pid = fork();

	if (pid < 0)
		return 0;
	if (!pid) {
		(void)execv(programs[which].path, programs[which].argv);
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

/* quiet - what it starts has nothing to say to those who started the sensor */
static void quiet(void) {
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int i = 0; i < 3 && fd >= 0; i++)
		(void)dup2(fd, i);
}

static int run(int fd, size_t which) {
	uint64_t ns;
	char byte;

	(void)prctl(PR_SET_NAME, "lw-pacer");
	quiet();
	(void)signal(SIGCHLD, SIG_DFL);
	if (sandbox_pacer())
		return 1;
	while (read(fd, &byte, 1) == 1) {
		ns = run_one(which);
		if (write(fd, &ns, sizeof(ns)) != sizeof(ns))
			break;
	}
	return 0;
}

void pacer_start(struct pacer *p) {
	int ends[2] = { -1, -1 };
	size_t which = 0;
	pid_t pid = -1;

	*p = (struct pacer){ .fd = -1 };
	while (which < PROGRAMS && access(programs[which].path, X_OK))
		which++;
	if (which < PROGRAMS && !socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		pid = fork();
	if (!pid) {
		(void)close(ends[0]);
		_exit(run(ends[1], which));
	}
	if (ends[1] >= 0)
		(void)close(ends[1]);
	if (pid > 0) {
		p->fd = ends[0];
		return;
	}
	if (ends[0] >= 0)
		(void)close(ends[0]);
	log_warn("how long an exec takes is not watched while a bundle is on trial: no process can "
		 "be started, continuing");
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

/* Kernel: fs/proc/stat.c show_stat(): user nice system idle iowait irq softirq steal */
uint64_t pacer_busy(struct pacer *p) {
	uint64_t t[8] = { 0 }, all = 0, idle, busy, permille;
	char line[256];
	int n;

	procfile_line("/proc/stat", line, sizeof(line));
	n = sscanf(line, "cpu %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
		   " %" SCNu64 " %" SCNu64, &t[0], &t[1], &t[2], &t[3], &t[4], &t[5], &t[6], &t[7]);
	for (int i = 0; i < n; i++)
		all += t[i];
	idle = t[3] + t[4];
	busy = all - idle;
	permille = all > p->all && busy > p->busy ? (busy - p->busy) * 1000 / (all - p->all) : 0;
	p->all = all;
	p->busy = busy;
	return permille;
}
