/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decode_one.h - the one record at hand, and the event that it becomes
 */
#ifndef LAPWING_DECODE_ONE_H
#define LAPWING_DECODE_ONE_H

#include "decode_sample.h"

static struct arena arena;
static struct sample sample;
static struct event e;

#define HAS(id) event_has(&e, FIELD_##id)

static int decode(void) {
	arena_reset(&arena);
	return sample_decode(&sample, &arena, &e);
}

#endif
