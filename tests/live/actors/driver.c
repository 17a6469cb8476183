/* SPDX-License-Identifier: Apache-2.0 */
/*
 * driver PLAN OUT - runs one actor after another
 *
 * A line of PLAN is NAME, DIR, PROGRAM and its arguments, with tabs between. The
 * actor runs in DIR; its truth goes to OUT/NAME, what it complains of to
 * OUT/NAME.err, and its wait status to OUT/NAME.status. One that hangs is ended.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_WORDS 16
#define MAX_SECONDS 60 /* emulated guests are slow */

static const char *out;

static void place_at(int fd, const char *name, const char *suffix) {
	char path[4096];
	int new;

	(void)snprintf(path, sizeof(path), "%s/%s%s", out, name, suffix);
	new = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_APPEND, 0666);
	if (new < 0 || dup2(new, fd) < 0)
		_exit(126);
}

static _Noreturn void become(char **words) {
	place_at(STDOUT_FILENO, words[0], "");
	place_at(STDERR_FILENO, words[0], ".err");
	if (!chdir(words[1]))
		execv(words[2], words + 2);
	perror(words[2]);
	_exit(127);
}

/* Waits for @pid, and ends its process when the time is up; our own child, so the id is its. */
static int wait_for(pid_t pid) {
	const struct timespec tick = { .tv_nsec = 2000000 };
	int status;

	for (long ticks = 0; !waitpid(pid, &status, WNOHANG); ticks++) {
		if (ticks == MAX_SECONDS * 500)
			(void)kill(pid, SIGKILL);
		(void)nanosleep(&tick, NULL);
	}
	return status;
}

static void run(char **words) {
	char path[4096];
	pid_t pid = fork();
	FILE *f;
	int status;

	if (!pid)
		become(words);
	if (pid < 0) {
		perror("fork");
		exit(1);
	}
	status = wait_for(pid);
	(void)snprintf(path, sizeof(path), "%s/%s.status", out, words[0]);
	f = fopen(path, "we");
	if (!f || fprintf(f, "%d\n", status) < 0 || fclose(f)) {
		perror(path);
		exit(1);
	}
}

int main(int argc, char **argv) {
	FILE *plan = argc == 3 ? fopen(argv[1], "re") : NULL;
	char line[8192], *words[MAX_WORDS + 1];
	size_t n;

	if (!plan) {
		perror("usage: driver PLAN OUT");
		return 1;
	}
	out = argv[2];
	while (fgets(line, sizeof(line), plan)) {
		line[strcspn(line, "\n")] = '\0';
		n = 0;
		for (char *w = strtok(line, "\t"); w && n < MAX_WORDS; w = strtok(NULL, "\t"))
			words[n++] = w;
		words[n] = NULL;
		if (n >= 3)
			run(words);
	}
	return 0;
}
