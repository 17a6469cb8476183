/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pacer.h - how long a fork and exec take on this host, now
 *
 * A process of its own, without capabilities, that does nothing but start /bin/true when it is
 * asked to (`lapwing --version` where there is none), and takes the time from before the fork to
 * the end of the child. What either waits for a CPU is not counted: that is the host's load, and
 * what this sensor adds to it is measured as CPU time. What hooks do in fork, exec and exit is in
 * it, and so is what they wait for. Its children are processes like others.
 * Kernel: run_delay of /proc/PID/schedstat (CONFIG_SCHED_INFO); without that waits do count.
 */
#ifndef LAPWING_PACER_H
#define LAPWING_PACER_H

#include <stdint.h>

struct pacer {
	int fd;		   /* -1: there is none */
	uint64_t asked_ns; /* CLOCK_MONOTONIC; 0: nothing is asked */
	uint64_t busy, all; /* ticks of all CPUs, at the last look */
};

/* pacer_start - forks it; where that cannot be, nothing is measured, which is logged */
void pacer_start(struct pacer *p);

/*
 * pacer_ns - what the exec took that was asked for last time, and asks for the next
 * One that has not ended yet takes at least so long as it took until now. 0: none was measured.
 */
uint64_t pacer_ns(struct pacer *p);

/* pacer_busy - how much of the host's CPUs was busy since it was asked last, in permille */
uint64_t pacer_busy(struct pacer *p);

#endif
