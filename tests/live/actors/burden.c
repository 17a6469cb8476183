/* SPDX-License-Identifier: Apache-2.0 */
/*
 * burden KIND WORKERS AMOUNT - one kind of deed again and again, by so many processes at once
 *
 * AMOUNT is of each: a number of deeds, or seconds ("60s"). Kinds: "watched" opens the file
 * "secret" for reading, "opens" one of many files after another for writing, so that few are equal,
 * "exec" starts "tiny" and waits for it, "tcp" connects to a listener of the worker's own. In the
 * middle of "opens" by number each worker starts "tiny" once, with its number as the argument.
 * Standard output: a line "PID DEEDS" for each worker, then "CLOCK BEGIN END".
 */
#include "net.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_WORKERS 16
#define FILES 8192 /* twice as many as bpf/fold.h can count at once */
#define LOOK_EVERY 64

static char tiny[4096];
static int listener;
static struct sockaddr_storage place;

static void run_tiny(const char *argument) {
	char *argv[] = { tiny, (char *)argument, NULL };
	int status;
	pid_t pid;

	errno = posix_spawn(&pid, tiny, NULL, NULL, argv, environ);
	if (errno || waitpid(pid, &status, 0) != pid || status)
		die("%s", tiny);
}

static void make_files(void) {
	char path[64];

	(void)mkdir("many", 0700);
	for (int i = 0; i < FILES; i++) {
		int fd;

		(void)snprintf(path, sizeof(path), "many/%05d", i);
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0 || close(fd))
			die("%s", path);
	}
}

static void open_once(const char *path, int flags) {
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0 || close(fd))
		die("%s", path);
}

static void do_watched(uint64_t i) {
	(void)i;
	open_once("secret", O_RDONLY);
}

static void do_opens(uint64_t i) {
	char path[64];

	(void)snprintf(path, sizeof(path), "many/%05d", (int)(i % FILES));
	open_once(path, O_WRONLY);
}

static void do_exec(uint64_t i) {
	(void)i;
	run_tiny("burden");
}

static void make_listener(void) {
	place = loopback(V4, 0);
	listener = bound(V4, SOCK_STREAM, &place);
	if (listen(listener, 4))
		die("listen");
	place = name_of(listener);
}

/* Reset, so that none waits for its ports. */
static void do_tcp(uint64_t i) {
	const struct linger reset = { .l_onoff = 1 };
	int from = new_socket(V4, SOCK_STREAM), to;

	if (connect(from, (const void *)&place, size_of(&place)))
		die("connection %" PRIu64, i);
	to = accept(listener, NULL, NULL);
	if (to < 0 || setsockopt(from, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)))
		die("connection %" PRIu64, i);
	(void)close(from);
	(void)close(to);
}

static void nothing(void) {
}

static const struct kind {
	const char *name;
	void (*prepare)(void); /* in each worker */
	void (*once)(uint64_t i);
} kinds[] = {
	{ "watched", nothing, do_watched },
	{ "opens", nothing, do_opens },
	{ "exec", nothing, do_exec },
	{ "tcp", make_listener, do_tcp },
};

/* work - until @end, a time, or @n deeds are done; how many these were */
static uint64_t work(const struct kind *k, uint64_t n, uint64_t end) {
	char me[16];
	uint64_t i = 0;

	(void)snprintf(me, sizeof(me), "%d", getpid());
	k->prepare();
	for (; n ? i < n : i % LOOK_EVERY || boot_ns() < end; i++) {
		if (n && k->once == do_opens && i == n / 2)
			run_tiny(me);
		k->once(i);
	}
	return i;
}

static const struct kind *kind_of(const char *name) {
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}

int main(int argc, char **argv) {
	const struct kind *k = argc == 4 ? kind_of(argv[1]) : NULL;
	int workers = k ? atoi(argv[2]) : 0, status;
	uint64_t amount = k ? strtoull(argv[3], NULL, 10) : 0, begin, end = 0;
	uint64_t *done = mmap(NULL, MAX_WORKERS * sizeof(*done), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pids[MAX_WORKERS];

	if (workers < 1 || workers > MAX_WORKERS || !amount || done == MAP_FAILED)
		die("usage: burden watched|opens|exec|tcp WORKERS AMOUNT");
	truth_beside("tiny", tiny);
	if (k->once == do_opens)
		make_files();
	begin = boot_ns();
	if (argv[3][strlen(argv[3]) - 1] == 's') {
		end = begin + amount * 1000000000u;
		amount = 0;
	}
	for (int i = 0; i < workers; i++) {
		pids[i] = fork();
		if (pids[i] < 0)
			die("fork");
		if (pids[i])
			continue;
		done[i] = work(k, amount, end);
		_exit(0);
	}
	for (int i = 0; i < workers; i++) {
		if (waitpid(pids[i], &status, 0) != pids[i] || status)
			die("a worker ended with %d", status);
		(void)printf("%d %" PRIu64 "\n", pids[i], done[i]);
	}
	(void)printf("CLOCK %" PRIu64 " %" PRIu64 "\n", begin, boot_ns());
	return fflush(stdout) ? 1 : 0;
}
