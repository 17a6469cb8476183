/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.h - the time of a clock as one number
 *
 * @clock: CLOCK_MONOTONIC for waits, CLOCK_BOOTTIME where the time asleep counts, as it does in
 * what hooks send.
 */
#ifndef LAPWING_CLOCK_H
#define LAPWING_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_ns(clockid_t clock) {
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline uint64_t clock_ms(clockid_t clock) {
	return clock_ns(clock) / 1000000;
}

#endif
