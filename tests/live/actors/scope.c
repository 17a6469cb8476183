/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scope DIR - deeds of a child, of a grandchild, and of a daemon that left us: our session, our
 * group, its parent. Each makes a file and then becomes the witness. We wait for the last one.
 */
#include "file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char witness[4096];

static _Noreturn void act(const char *name) {
	struct stat st;
	int fd;

	truth_window();
	deed_start();
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	deed_stop(fd < 0);
	if (fd < 0 || fstat(fd, &st))
		die("'%s'", name);
	tell_open("FILE_CREATE", here(), name, &st);
	put_flags(fd);
	truth_close();
	truth_window();
	deed_env_start();
	execl(witness, name, (char *)NULL);
	die("exec");
}

static void child(void) {
	pid_t pid = fork();

	if (!pid)
		act("child");
	(void)waitpid(pid, NULL, 0);
}

static void grandchild(void) {
	pid_t pid = fork();

	if (!pid) {
		pid = fork();
		if (!pid)
			act("grandchild");
		(void)waitpid(pid, NULL, 0);
		_exit(0);
	}
	(void)waitpid(pid, NULL, 0);
}

/* The end of @done that the daemon holds closes when it has ended: that is what we wait for. */
static void daemonised(void) {
	int done[2], known[2];
	pid_t pid, between;
	char byte;

	if (pipe(done) || pipe(known))
		die("pipe");
	pid = fork();
	if (!pid) {
		(void)close(done[0]);
		(void)setsid();
		between = getpid();
		if (fork()) {
			(void)!read(known[0], &byte, 1);
			_exit(0);
		}
		truth_keep_parent();
		(void)!write(known[1], "x", 1);
		while (getppid() == between)
			(void)usleep(1000);
		act("daemon");
	}
	(void)waitpid(pid, NULL, 0);
	(void)close(done[1]);
	(void)!read(done[0], &byte, 1);
}

int main(int argc, char **argv) {
	if (argc != 2 || chdir(argv[1]))
		die("usage: scope DIR");
	truth_beside("witness", witness);
	child();
	grandchild();
	daemonised();
	return 0;
}
