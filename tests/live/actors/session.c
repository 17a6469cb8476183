/* SPDX-License-Identifier: Apache-2.0 */
/* Begins a session: once as it should be, once as the leader of a group, who may not. */
#include "truth.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void begin(bool leader) {
	int error;

	if (leader && setpgid(0, 0))
		die("setpgid");
	deed_start();
	error = setsid() < 0;
	deed_stop(error);
	if (error != leader)
		die("setsid");
	truth_open("PROCESS_SESSION");
	truth_doer();
	put_u64("process.session", (uint64_t)outer_pid());
	put_u64("process.group", (uint64_t)outer_pid());
	if (leader)
		put_times(0, 0);
	truth_close();
}

int main(int argc, char **argv) {
	bool leader = argc > 1 && !strcmp(argv[1], "leader");
	pid_t pid = fork();
	int status;

	if (pid < 0)
		die("fork");
	if (!pid) {
		begin(leader);
		return 0;
	}
	return waitpid(pid, &status, 0) != pid || status;
}
