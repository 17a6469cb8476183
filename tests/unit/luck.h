/* SPDX-License-Identifier: Apache-2.0 */
/* luck.h - numbers that look random, and are the same on each run */
#ifndef LAPWING_LUCK_H
#define LAPWING_LUCK_H

#include <stdint.h>

static uint32_t luck_state; /* a test that wants others begins with another */

/* luck - below @below, which is at most 65,536 */
static inline uint32_t luck(uint32_t below) {
	luck_state = luck_state * 1664525u + 1013904223u;
	return (luck_state >> 16) % below;
}

#endif
