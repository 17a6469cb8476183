/* SPDX-License-Identifier: Apache-2.0 */
/*
 * storm WORKERS N OUT [PADDING] - each worker starts N short-lived processes, one after another,
 * with so many bytes of arguments, if any; with 0, children that exec nothing and live 1 ms
 *
 * OUT.0, OUT.1, … get a line "pid entity" for each, read while it is a zombie,
 * so that its number cannot be another's.
 */
#include "truth.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char tiny[4096];

static uint64_t start_ticks(pid_t pid) {
	char path[64], buf[1024];
	uint64_t ticks;
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, buf, sizeof(buf) - 1);
	if (n <= 0)
		die("%s", path);
	(void)close(fd);
	buf[n] = '\0';
	if (sscanf(strrchr(buf, ')') + 2,
		   "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d "
		   "%" SCNu64,
		   &ticks) != 1)
		die("%s", path);
	return ticks;
}

static char *padding; /* NULL: none */
static bool only_fork;

static pid_t start(void) {
	const struct timespec life = { .tv_nsec = 1000000 };
	char *argv[] = { tiny, padding, NULL };
	pid_t pid;

	if (!only_fork) {
		errno = posix_spawn(&pid, tiny, NULL, NULL, argv, environ);
		if (errno)
			die("posix_spawn");
		return pid;
	}
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) {
		(void)nanosleep(&life, NULL);
		_exit(0);
	}
	return pid;
}

static void work(int worker, long n, const char *out) {
	char path[4096];
	siginfo_t info;
	pid_t pid;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s.%d", out, worker);
	f = fopen(path, "we");
	if (!f)
		die("'%s'", path);
	while (n-- > 0) {
		pid = start();
		if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT))
			die("waitid");
		(void)fprintf(f, "%d %" PRIx64 "-%x\n", pid, start_ticks(pid), (unsigned int)pid);
		if (waitpid(pid, NULL, 0) != pid)
			die("waitpid");
	}
	if (fclose(f))
		die("'%s'", path);
}

int main(int argc, char **argv) {
	int workers = argc >= 4 ? atoi(argv[1]) : 0, status, failed = 0;
	size_t bytes = argc == 5 ? strtoul(argv[4], NULL, 10) : 0;
	ssize_t n = readlink("/proc/self/exe", tiny, sizeof(tiny) - 16);

	if (workers < 1 || n < 0)
		die("usage: storm WORKERS N OUT");
	tiny[n] = '\0';
	(void)strcpy(strrchr(tiny, '/') + 1, "tiny");
	only_fork = argc == 5 && !bytes;
	if (bytes) {
		padding = malloc(bytes + 1);
		if (!padding)
			die("padding");
		memset(padding, '#', bytes);
		padding[bytes] = '\0';
	}
	if (workers == 1) {
		work(0, atol(argv[2]), argv[3]);
		return 0;
	}
	for (int i = 0; i < workers; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (!pid) {
			work(i, atol(argv[2]), argv[3]);
			_exit(0);
		}
	}
	while (wait(&status) > 0)
		failed |= status;
	return failed != 0;
}
