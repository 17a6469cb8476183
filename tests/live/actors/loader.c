/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Executes the dynamic linker as a program, and a program that needs none; each with a variable
 * that is for the linker. Neither can say what it is, so we tell of it.
 */
#include "truth.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __aarch64__
#define LOADER "/lib/ld-linux-aarch64.so.1"
#else
#define LOADER "/lib64/ld-linux-x86-64.so.2"
#endif
#define VARIABLE "LD_LIBRARY_PATH=/nowhere"

static void run(const char *path, const char *const *argv, bool told) {
	static const char *const environment[] = { VARIABLE, NULL };
	int status;
	pid_t pid;

	deed_start();
	pid = fork();
	if (!pid) {
		execve(path, (char *const *)argv, (char *const *)environment);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		die("'%s'", path);
	deed_stop(false);
	truth_open("PROCESS_EXEC");
	put_u64("process.pid", (uint64_t)pid);
	put_str("exec.invoked", path);
	if (told)
		put_strv("exec.environment", (char *const *)environment, 1);
	else
		put_null("exec.environment");
	truth_close();
}

int main(int argc, char **argv) {
	char path[4096];

	if (argc > 1 && !strcmp(argv[1], "static")) {
		if (strlen(argv[0]) >= sizeof(path))
			return 1;
		(void)strcpy(path, argv[0]);
		(void)strcpy(strrchr(path, '/'), "/tiny");
		run(path, (const char *const[]){ "tiny", NULL }, false);
		return 0;
	}
	if (access(LOADER, X_OK))
		skip("no '%s' here", LOADER);
	run(LOADER, (const char *const[]){ LOADER, "/bin/true", NULL }, true);
	return 0;
}
