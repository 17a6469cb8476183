/* SPDX-License-Identifier: Apache-2.0 */
/* Sends a signal to a child, in the ways that there are; to ourselves; and none at all. */
#include "truth.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIGNAL SIGUSR1

static int leash[2]; /* the child ends when its other end is closed */

/* A child in a process group of its own. */
static pid_t victim(void) {
	int ready[2];
	pid_t pid;
	char c;

	if (pipe(ready) || pipe(leash))
		die("pipe");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) {
		(void)close(leash[1]);
		if (setpgid(0, 0) || write(ready[1], "", 1) != 1)
			_exit(1);
		_exit(read(leash[0], &c, 1) != 0);
	}
	if (read(ready[0], &c, 1) != 1)
		die("read");
	return pid;
}

/* A siginfo as its sender would write it; @code is what some senders lie about. */
static int queue(pid_t pid, int code) {
	siginfo_t info = { .si_signo = SIGNAL, .si_code = code };

	info.si_pid = getpid();
	return (int)syscall(SYS_rt_sigqueueinfo, pid, SIGNAL, &info);
}

static int send_it(const char *how, pid_t pid) {
	if (!strcmp(how, "kill"))
		return kill(pid, SIGNAL);
	if (!strcmp(how, "group"))
		return kill(-pid, SIGNAL);
	if (!strcmp(how, "tgkill"))
		return (int)syscall(SYS_tgkill, pid, pid, SIGNAL);
	if (!strcmp(how, "queue"))
		return queue(pid, SI_QUEUE);
	if (!strcmp(how, "disguised"))
		return queue(pid, SI_TIMER);
	if (!strcmp(how, "zero"))
		return kill(pid, 0);
	if (!strcmp(how, "itself")) {
		(void)signal(SIGNAL, SIG_IGN);
		return raise(SIGNAL);
	}
	errno = EINVAL;
	return -1;
}

static const char *origin(const char *how) {
	if (!strcmp(how, "tgkill"))
		return "TGKILL";
	return !strcmp(how, "queue") || !strcmp(how, "disguised") ? "QUEUE" : "KILL";
}

int main(int argc, char **argv) {
	const char *how = argc > 1 ? argv[1] : "kill";
	bool silent = !strcmp(how, "zero") || !strcmp(how, "itself");
	pid_t pid = victim();
	int status;

	deed_start();
	if (send_it(how, pid))
		die("%s", how);
	deed_stop(false);
	/* the child is a zombie, or will be: its image is ours */
	truth_open("PROCESS_SIGNAL");
	truth_doer();
	truth_target(pid);
	truth_executable("target.executable");
	put_u64("signal.number", SIGNAL);
	put_str("signal.origin", origin(how));
	put_null("signal.code");
	put_null("signal.address");
	if (silent)
		put_times(0, 0);
	truth_close();
	(void)close(leash[1]);
	return waitpid(pid, &status, 0) != pid;
}
