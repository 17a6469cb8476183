/* SPDX-License-Identifier: Apache-2.0 */
#include "app/keeper.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "spool/pack.h"
#include "spool/spool.h"

#define PACK_MS 5000	    /* between looks for segments that wait */
#define PACK_AGE_S 5	    /* what waits this long will wait longer */
#define AGAIN_S 1	    /* a courier that dies at once must not be a loop */
#define AFTER_GRACE_MS 1000 /* couriers end by themselves when their grace is over */

struct keeper {
	struct courier *couriers;
	pid_t pids[SPOOL_MAX_READERS]; /* 0: not running */
	unsigned n;
	int children; /* signalfd */
};

static void start(struct keeper *k, unsigned i) {
	struct courier *c = &k->couriers[i];
	pid_t keeper = getpid();
	struct rlimit none = { 0, 0 };
	sigset_t empty;
	char name[16];

	k->pids[i] = fork();
	if (k->pids[i])
		return;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != keeper)
		_exit(1);
	(void)setrlimit(RLIMIT_CORE, &none); /* it holds secrets */
	(void)sigemptyset(&empty);
	(void)sigprocmask(SIG_SETMASK, &empty, NULL);
	(void)close(k->children);
	(void)snprintf(name, sizeof(name), "lw:%s", c->name);
	(void)prctl(PR_SET_NAME, name);
	_exit(courier_run(c));
}

/* reap - whether any courier is left; those that died before the end are started again */
static bool reap(struct keeper *k, bool ending) {
	bool any = false;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (unsigned i = 0; i < k->n; i++) {
			if (k->pids[i] != pid)
				continue;
			k->pids[i] = 0;
			if (ending)
				continue;
			if (WIFSIGNALED(status))
				log_warn("sink \"%s\": its process died of signal %d, and is "
					 "started again, continuing",
					 k->couriers[i].name, WTERMSIG(status));
			(void)sleep(AGAIN_S);
			k->couriers[i].told = -1; /* what it had to say at the start was said */
			k->couriers[i].after_death = true;
			start(k, i);
		}
	}
	for (unsigned i = 0; i < k->n; i++)
		any |= k->pids[i] > 0;
	return any;
}

/* wait_for - a child's end, or the sensor's; true: the sensor's */
static bool wait_for(struct keeper *k, int alive, int ms) {
	struct pollfd fds[2] = { { .fd = k->children, .events = POLLIN },
				 { .fd = alive, .events = POLLIN } };
	struct signalfd_siginfo info;

	if (poll(fds, 2, ms) > 0 && fds[0].revents)
		(void)!read(k->children, &info, sizeof(info));
	return fds[1].revents != 0;
}

static void finish(struct keeper *k) {
	uint64_t now = clock_ms(CLOCK_MONOTONIC);
	uint64_t end = now + k->couriers[0].grace_ms + AFTER_GRACE_MS;

	for (; reap(k, true) && now < end; now = clock_ms(CLOCK_MONOTONIC))
		(void)wait_for(k, -1, (int)(end - now));
	for (unsigned i = 0; i < k->n; i++)
		if (k->pids[i] > 0)
			(void)kill(k->pids[i], SIGKILL);
}

int keeper_run(struct courier *couriers, unsigned n) {
	struct keeper k = { .couriers = couriers, .n = n };
	int alive = couriers[0].alive, told = couriers[0].told;
	bool packed = false;
	sigset_t set;
	char go;

	(void)prctl(PR_SET_NAME, "lw-keeper");
	/* a terminal's Ctrl-C is for the sensor, which closes the pipe */
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	if (read(alive, &go, 1) != 1)
		return 0;
	k.children = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (k.children < 0)
		return 1;
	for (unsigned i = 0; i < n; i++)
		start(&k, i);
	(void)close(told);
	while (!wait_for(&k, alive, packed ? 0 : PACK_MS)) {
		(void)reap(&k, false);
		packed = pack_one(couriers[0].folder, PACK_AGE_S) > 0;
	}
	finish(&k);
	return 0;
}
