/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supervisor.h - starts the sensor, watches that it lives, and starts less of it when it died
 *
 * It parses nothing but a byte of an order, loads nothing, and talks to nobody
 * but the service manager: what can crash is in the worker. The mark of guard.h is on disk before a
 * worker starts, and so before it reads content or attaches a program. What dies counts there; what
 * is kept from its work by something else (BEAT_BLOCKED) is tried again, and counts as nothing.
 *
 *     FOLDER/lock        the supervisor's, with its pid
 *     FOLDER/worker.lock held as long as a process of the worker lives
 *     FOLDER/mark, step  as in guard/mark.h
 *     FOLDER/order       by "lapwing mode"
 */
#ifndef LAPWING_SUPERVISOR_H
#define LAPWING_SUPERVISOR_H

#include <stdint.h>

#define SUPERVISOR_FOLDER "/var/lib/lapwing/guard"

struct supervisor_options {
	const char *folder;
	const char *off_file; /* if it is there, nothing is started */
	char **worker;	      /* what "lapwing run" is called with, NULL at the end */
	uint32_t prove_s;     /* so long must it run well to be proven */
	uint32_t silence_s;   /* so long may its loop stand still */
	uint32_t start_s;     /* so long may a step of its start take, or its first round */
	uint32_t calm_s;      /* so long at a lower level, and the next higher one is tried */
	uint32_t count_s;     /* so long of each */
	uint32_t count_every_s; /* does the kernel count what programs cost; 0: never */
	uint32_t settle_ms;   /* between programs that are attached for the first time */
	uint32_t core_s;      /* so long only fork, exec and exit where all is new; 0: not at all */
};

/*
 * supervisor_run - until a signal ends it, or the worker ends by itself
 * A disk that takes nothing keeps it from nothing that it can do without; for the rest it waits.
 * Gives an exit code: 0; 1: it could not begin; 2: the worker did not understand its command line.
 */
int supervisor_run(const struct supervisor_options *options);

#endif
