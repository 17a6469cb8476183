/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a child that tells who it is; or a thread, which is no process. */
#include "truth.h"

#include <errno.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void tell_child(uint64_t flags) {
	truth_open("PROCESS_FORK");
	truth_doer();
	truth_ids();
	put_u64("fork.clone_flags", flags);
	truth_close();
}

static void *thread_body(void *unused) {
	(void)unused;
	truth_open("PROCESS_FORK");
	put_u64("process.pid", (uint64_t)syscall(SYS_gettid));
	put_times(0, 0);
	truth_close();
	return NULL;
}

static void thread(void) {
	pthread_t t;

	deed_start();
	if (pthread_create(&t, NULL, thread_body, NULL))
		die("pthread_create");
	(void)pthread_join(t, NULL);
}

static pid_t clone3_child(uint64_t flags) {
	struct clone_args args = { .flags = flags, .exit_signal = SIGCHLD };
	pid_t tid;

	args.parent_tid = (uint64_t)(uintptr_t)&tid;
	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

/* vfork_child - waits for its end as vfork(2) does, with memory of its own */
static pid_t vfork_child(uint64_t flags) {
	return (pid_t)syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
}

/* Ways to make a child, and the CLONE_* that the kernel is then asked for. */
static const struct way {
	const char *name;
	uint64_t flags;
	pid_t (*make)(uint64_t flags); /* NULL: fork(3), whose flags are those of glibc */
} ways[] = {
	{ "fork", CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID, NULL },
	{ "renamed", CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID, NULL },
	{ "vfork", CLONE_VFORK, vfork_child },
	{ "clone3", CLONE_PARENT_SETTID, clone3_child },
	{ "spaces", CLONE_NEWUTS | CLONE_NEWIPC, clone3_child },
};

static void child(const struct way *way) {
	pid_t pid;
	int status;

	if (!strcmp(way->name, "renamed"))
		(void)prctl(PR_SET_NAME, "other \377 name");
	deed_start();
	pid = way->make ? way->make(way->flags) : fork();
	if (pid < 0 && errno == ENOSYS)
		skip("this kernel has no clone3");
	if (pid < 0)
		die("%s", way->name);
	if (!pid) {
		deed_stop(false);
		tell_child(way->flags);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		die("the child");
}

int main(int argc, char **argv) {
	const char *how = argc > 1 ? argv[1] : "fork";

	if (!strcmp(how, "thread"))
		thread();
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (!strcmp(ways[i].name, how))
			child(&ways[i]);
	return 0;
}
