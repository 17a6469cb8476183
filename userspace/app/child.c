/* SPDX-License-Identifier: Apache-2.0 */
#include "app/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOT_EXECUTABLE = 126, NOT_FOUND = 127 }; /* as shells have it */

static void run(char **command, int leave) {
	sigset_t none;
	char go;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (read(leave, &go, 1) != 1)
		_exit(1); /* the sensor is gone, or could not start */
	(void)execvp(command[0], command);
	(void)fprintf(stderr, "lapwing: error: \"%s\" cannot be run: %s\n", command[0],
		      strerror(errno));
	_exit(errno == ENOENT ? NOT_FOUND : NOT_EXECUTABLE);
}

int child_start(struct child *c, char **command) {
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	c->pid = fork();
	if (c->pid < 0) {
		int err = -errno;

		c->pid = 0;
		(void)close(ends[0]);
		(void)close(ends[1]);
		return err;
	}
	if (!c->pid) {
		(void)close(ends[1]);
		run(command, ends[0]);
	}
	(void)close(ends[0]);
	c->leave = ends[1];
	return 0;
}

void child_release(struct child *c) {
	if (write(c->leave, "x", 1) != 1)
		return; /* it is gone already, which child_reap() will find */
	(void)close(c->leave);
	c->leave = -1;
}

bool child_reap(struct child *c) {
	if (c->pid && !c->ended && waitpid(c->pid, &c->status, WNOHANG) == c->pid)
		c->ended = true;
	return c->ended;
}

int child_code(const struct child *c) {
	return WIFSIGNALED(c->status) ? 128 + WTERMSIG(c->status) : WEXITSTATUS(c->status);
}

void child_free(struct child *c) {
	if (c->pid && c->leave >= 0)
		(void)close(c->leave);
}
