/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fold threads|processes WORKERS N - each worker opens the file "many" N times for writing
 *
 * Half of it done, it makes the file "half" and waits for one called "go". Its own counters, a line
 * "PID OPENS" for each process, are on standard output, and behind them "CLOCK BEGIN END".
 */
#include "file.h"

#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_WORKERS 16

static long opens_each;

static void open_many(long n) {
	while (n-- > 0) {
		int fd = open("many", O_WRONLY | O_CLOEXEC);

		if (fd < 0)
			die("many");
		(void)close(fd);
	}
}

static void *in_thread(void *nothing) {
	open_many(opens_each / 2);
	return nothing;
}

static void by_threads(int workers) {
	pthread_t threads[MAX_WORKERS];

	for (int i = 0; i < workers; i++)
		if (pthread_create(&threads[i], NULL, in_thread, NULL))
			die("pthread_create");
	for (int i = 0; i < workers; i++)
		(void)pthread_join(threads[i], NULL);
}

/* in_process - waits for its order before each half */
static _Noreturn void in_process(int orders, int word) {
	char c;

	for (int half = 0; half < 2; half++) {
		if (read(orders, &c, 1) != 1)
			_exit(1);
		open_many(opens_each / 2);
		if (write(word, "", 1) != 1)
			_exit(1);
	}
	_exit(0);
}

static void await(const char *path) {
	while (access(path, F_OK))
		(void)usleep(1000);
}

static void all_processes(int workers, int orders, int word) {
	char c[MAX_WORKERS] = "";

	if (write(orders, c, (size_t)workers) != workers)
		die("orders");
	for (int i = 0; i < workers; i++)
		if (read(word, c, 1) != 1)
			die("a worker failed");
}

static void run_processes(int workers) {
	int orders[2], word[2], status;
	pid_t pids[MAX_WORKERS];

	if (pipe2(orders, O_CLOEXEC) || pipe2(word, O_CLOEXEC))
		die("pipe");
	for (int i = 0; i < workers; i++) {
		pids[i] = fork();
		if (pids[i] < 0)
			die("fork");
		if (!pids[i])
			in_process(orders[0], word[1]);
	}
	(void)close(word[1]);
	all_processes(workers, orders[1], word[0]);
	make_file("half", 0600);
	await("go");
	all_processes(workers, orders[1], word[0]);
	for (int i = 0; i < workers; i++) {
		if (waitpid(pids[i], &status, 0) != pids[i] || status)
			die("a worker ended with %d", status);
		(void)printf("%d %ld\n", (int)pids[i], opens_each / 2 * 2);
	}
}

static void run_threads(int workers) {
	by_threads(workers);
	make_file("half", 0600);
	await("go");
	by_threads(workers);
	(void)printf("%d %ld\n", (int)getpid(), workers * (opens_each / 2) * 2);
}

int main(int argc, char **argv) {
	int workers = argc == 4 ? atoi(argv[2]) : 0;
	uint64_t begin;

	if (workers < 1 || workers > MAX_WORKERS)
		die("usage: fold threads|processes WORKERS N");
	opens_each = atol(argv[3]);
	make_file("many", 0604);
	begin = boot_ns();
	if (!strcmp(argv[1], "threads"))
		run_threads(workers);
	else
		run_processes(workers);
	(void)printf("CLOCK %" PRIu64 " %" PRIu64 "\n", begin, boot_ns());
	make_file("done", 0600);
	return fflush(stdout) ? 1 : 0;
}
