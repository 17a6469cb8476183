/* SPDX-License-Identifier: Apache-2.0 */
/* Ends in the way that is asked for; the parent tells what wait(2) says of it. */
#include "truth.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void core_limit(rlim_t bytes) {
	struct rlimit limit = { bytes, bytes };

	if (setrlimit(RLIMIT_CORE, &limit))
		die("RLIMIT_CORE");
}

static void *group_exit_thread(void *unused) {
	(void)unused;
	(void)usleep(20000); /* the leader shall be gone, or asleep, by now */
	_exit(9);
}

static void *lone_exit_thread(void *unused) {
	(void)unused;
	(void)usleep(20000);
	(void)syscall(SYS_exit, 5);
	return NULL;
}

static void start(void *(*body)(void *)) {
	pthread_t t;

	if (pthread_create(&t, NULL, body, NULL))
		die("pthread_create");
}

static void fault(void) {
	volatile char *page = mmap(NULL, 1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*page = 0;
}

static void end(const char *how) {
	if (!strcmp(how, "by_term"))
		(void)raise(SIGTERM);
	if (!strcmp(how, "by_kill"))
		(void)raise(SIGKILL);
	if (!strcmp(how, "by_segv"))
		core_limit(0);
	if (!strcmp(how, "by_segv") || !strcmp(how, "with_core"))
		fault();
	if (!strcmp(how, "other_thread")) {
		start(group_exit_thread);
		for (;;)
			(void)pause();
	}
	if (!strcmp(how, "leader_first")) {
		start(group_exit_thread);
		(void)syscall(SYS_exit, 3);
	}
	if (!strcmp(how, "leader_first_alone")) {
		start(lone_exit_thread);
		(void)syscall(SYS_exit, 3);
	}
	_exit(atoi(how));
}

static void want_core(void) {
	struct rlimit limit;
	char pattern = '|';
	int fd = open("/proc/sys/kernel/core_pattern", O_RDONLY);

	if (fd < 0 || read(fd, &pattern, 1) != 1 || pattern == '|' || pattern == '/')
		skip("core_pattern does not name a file in the working directory");
	(void)close(fd);
	limit = (struct rlimit){ RLIM_INFINITY, RLIM_INFINITY };
	if (setrlimit(RLIMIT_CORE, &limit))
		skip("RLIMIT_CORE: %s", strerror(errno));
}

int main(int argc, char **argv) {
	const char *how = argc > 1 ? argv[1] : "0";
	uint64_t before, after;
	siginfo_t info;
	int status;
	pid_t pid;

	if (!strcmp(how, "with_core"))
		want_core();
	deed_start();
	before = boot_ns();
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid)
		end(how);
	if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT))
		die("waitid");
	after = boot_ns();
	deed_stop(false);
	truth_open("PROCESS_EXIT");
	truth_life(pid);
	truth_image(); /* the child has run nothing else */
	truth_parent(getpid());
	if (waitpid(pid, &status, 0) != pid)
		die("waitpid");
	if (WIFEXITED(status)) {
		put_u64("exit.code", (uint64_t)WEXITSTATUS(status));
		put_null("exit.signal");
	} else {
		put_null("exit.code");
		put_u64("exit.signal", (uint64_t)WTERMSIG(status));
		put_bool("exit.core_dumped", WCOREDUMP(status));
	}
	put_range("exit.run_ns", 1, after - before);
	truth_close();
	return 0;
}
