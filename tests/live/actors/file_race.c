/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens files in a folder that another process keeps swapping for its twin.
 * Which of the two an open meets, and what that one is called by then, is not
 * known before: the inode is the descriptor's own, the name one of the two.
 */
#include "file.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILES 100
#define TOLD 8 /* of those that met a swap; the others show nothing */
#define SWAPS 200000

static const char *const folders[2] = { "left", "right" };

static const char *name_in(int folder, int i) {
	static char path[2][32];

	(void)snprintf(path[folder], sizeof(path[0]), "%s/%03d", folders[folder], i);
	return path[folder];
}

/* two_cpus - for each of the two processes its own, else one waits while the other does its deed */
static void two_cpus(cpu_set_t cpus[2]) {
	cpu_set_t all;
	int n = 0;

	if (sched_getaffinity(0, sizeof(all), &all))
		die("sched_getaffinity");
	for (int cpu = 0; cpu < CPU_SETSIZE && n < 2; cpu++) {
		if (!CPU_ISSET(cpu, &all))
			continue;
		CPU_ZERO(&cpus[n]);
		CPU_SET(cpu, &cpus[n++]);
	}
	if (n < 2)
		skip("a race needs two CPUs");
}

static void stay_on(const cpu_set_t *cpu) {
	if (sched_setaffinity(0, sizeof(*cpu), cpu))
		die("sched_setaffinity");
}

static volatile long *swaps; /* so many are done; shared by both processes */

static pid_t start_swapping(const cpu_set_t *cpu) {
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid)
		return pid;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	stay_on(cpu);
	while (*swaps < SWAPS) {
		if (syscall(SYS_renameat2, AT_FDCWD, folders[0], AT_FDCWD, folders[1],
			    2 /* RENAME_EXCHANGE */))
			_exit(1);
		++*swaps;
	}
	_exit(0);
}

static void tell(int fd, const struct stat *st, int i) {
	tell_open("FILE_OPEN", here(), name_in(0, i), st);
	put_path("@or.file.path", here(), name_in(1, i));
	put_flags(fd);
	truth_close();
}

int main(void) {
	int fds[FILES], raced[TOLD], met = 0;
	cpu_set_t cpus[2];
	struct stat st;
	pid_t swapper;

	two_cpus(cpus);
	for (int f = 0; f < 2; f++) {
		make_dir(folders[f]);
		for (int i = 0; i < FILES; i++)
			make_file(name_in(f, i), 0600);
	}
	swaps = mmap(NULL, sizeof(*swaps), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	if (swaps == MAP_FAILED)
		die("mmap");
	swapper = start_swapping(&cpus[1]);
	stay_on(&cpus[0]);
	deed_start();
	for (int i = 0; i < FILES; i++) {
		long was = *swaps;

		while (*swaps == was) /* from now on it is in the middle of the next one */
			if (waitpid(swapper, NULL, WNOHANG))
				die("nobody swaps any more");
		was = *swaps;
		fds[i] = open(name_in(0, i), O_WRONLY | O_CLOEXEC);
		if (fds[i] < 0)
			die("opening '%s'", name_in(0, i));
		if (was != *swaps && met < TOLD)
			raced[met++] = i;
	}
	deed_stop(false);
	(void)kill(swapper, SIGKILL);
	(void)waitpid(swapper, NULL, 0);
	if (!met)
		skip("no folder was swapped while a file in it was opened");
	for (int i = 0; i < met; i++) {
		if (fstat(fds[raced[i]], &st))
			die("fstat");
		tell(fds[raced[i]], &st, raced[i]);
	}
	return 0;
}
