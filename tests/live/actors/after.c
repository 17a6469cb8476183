/* SPDX-License-Identifier: Apache-2.0 */
/*
 * after - what a process does behind an exec that the sensor may not have been told of
 *
 * Makes the file "after"; when "resumed" is there, a child makes "child"; then "tiny" takes its
 * place. Standard output: "PID CHILD".
 */
#include "truth.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void make(const char *path) {
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 || close(fd))
		die("%s", path);
}

int main(void) {
	char tiny[4096], *argv[] = { tiny, NULL };
	int status;
	pid_t child;

	truth_beside("tiny", tiny);
	make("after");
	while (access("resumed", F_OK))
		(void)usleep(10000);
	child = fork();
	if (child < 0)
		die("fork");
	if (!child) {
		make("child");
		_exit(0);
	}
	if (waitpid(child, &status, 0) != child || status)
		die("the child ended with %d", status);
	(void)printf("%d %d\n", getpid(), child);
	if (fflush(stdout))
		die("standard output");
	(void)execv(tiny, argv);
	die("%s", tiny);
}
