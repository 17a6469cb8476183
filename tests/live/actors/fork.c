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

static void tell_child(void) {
	truth_open("PROCESS_FORK");
	truth_doer();
	truth_ids();
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

static pid_t clone3_child(void) {
	struct clone_args args = { .flags = CLONE_PARENT_SETTID, .exit_signal = SIGCHLD };
	pid_t tid;

	args.parent_tid = (uint64_t)(uintptr_t)&tid;
	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

static void child(const char *how) {
	pid_t pid;
	int status;

	if (!strcmp(how, "renamed"))
		(void)prctl(PR_SET_NAME, "other \377 name");
	deed_start();
	pid = !strcmp(how, "clone3") ? clone3_child() : fork();
	if (pid < 0 && errno == ENOSYS)
		skip("this kernel has no clone3");
	if (pid < 0)
		die("%s", how);
	if (!pid) {
		deed_stop(false);
		tell_child();
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		die("the child");
}

int main(int argc, char **argv) {
	const char *how = argc > 1 ? argv[1] : "fork";

	if (!strcmp(how, "thread"))
		thread();
	else
		child(how);
	return 0;
}
