/* SPDX-License-Identifier: Apache-2.0 */
/*
 * child.h - the command that `lapwing trace` runs
 *
 * It is born before the hooks are attached and before the sandbox, and waits
 * for leave to exec, so that nothing that it does is missed and nothing that
 * the sensor gives up is taken from it.
 */
#ifndef LAPWING_CHILD_H
#define LAPWING_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

struct child {
	pid_t pid; /* 0: none */
	int leave; /* pipe end */
	bool ended;
	int status; /* as wait(2) gives it, once ended */
};

/* child_start - forks; -errno */
int child_start(struct child *c, char **command);

/* child_release - lets it exec */
void child_release(struct child *c);

/* child_reap - whether it has ended by now */
bool child_reap(struct child *c);

/* child_code - the exit code that a shell would give for it */
int child_code(const struct child *c);

/* child_free - a child that was never released ends without having done anything */
void child_free(struct child *c);

#endif
