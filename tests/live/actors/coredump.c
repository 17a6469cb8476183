/* SPDX-License-Identifier: Apache-2.0 */
/* A child comes to an end that is worth a core dump, though it may not write one. */
#include "truth.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile char *page;

static void handler(int number) {
	(void)number;
	_exit(0);
}

static _Noreturn void end(const char *how) {
	const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none))
		_exit(1);
	(void)signal(SIGQUIT, SIG_DFL); /* ignored by what a shell starts in the background */
	if (!strcmp(how, "handled"))
		(void)signal(SIGSEGV, handler);
	if (!strcmp(how, "quit"))
		(void)kill(getpid(), SIGQUIT);
	else if (!strcmp(how, "term"))
		(void)kill(getpid(), SIGTERM);
	else
		*page = 0;
	_exit(0);
}

int main(int argc, char **argv) {
	const char *how = argc > 1 ? argv[1] : "fault";
	bool quit = !strcmp(how, "quit"), silent = !strcmp(how, "handled") || !strcmp(how, "term");
	siginfo_t info;
	pid_t pid;

	page = mmap(NULL, 1, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		die("mmap");
	deed_start();
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid)
		end(how);
	if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT))
		die("waitid");
	deed_stop(false);
	truth_open("PROCESS_COREDUMP");
	truth_life(pid);
	truth_image(); /* the child has run nothing else */
	truth_parent(getpid());
	put_str("outcome", "ATTEMPTED");
	put_u64("signal.number", quit ? SIGQUIT : SIGSEGV);
	put_str("signal.origin", quit ? "KILL" : "FAULT");
	if (quit) {
		put_null("signal.code");
		put_null("signal.address");
	} else {
		put_u64("signal.code", SEGV_ACCERR);
		put_u64("signal.address", (uint64_t)page);
	}
	if (silent)
		put_times(0, 0);
	truth_close();
	return waitpid(pid, NULL, 0) != pid;
}
