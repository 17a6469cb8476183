/* SPDX-License-Identifier: Apache-2.0 */
/*
 * head.h - how far the writer is: a page that all processes of the spool map
 *
 * Readers take no event past it, so that they see whole flushes only, and the classes in step. It
 * outlives the writer's death, but not every power cut: each number stands there twice, the second
 * time inverted, and one that does not match its pair is not believed.
 */
#ifndef LAPWING_SPOOL_HEAD_H
#define LAPWING_SPOOL_HEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "spool/spool.h"

struct head;

/* head_open - maps the head of the folder @dir; the writer makes one that is not there; -errno */
int head_open(int dir, bool writer, struct head **ret);

void head_free(struct head *h);

struct head_state {
	uint64_t seq;		     /* the last one that was flushed; 0: none ever */
	uint64_t end[SPOOL_CLASSES]; /* ordinals below it were given out, and are flushed */
};

/* head_load - false when it is damaged */
bool head_load(struct head *h, struct head_state *ret);

/* head_store - for readers to see, and wakes those who wait */
void head_store(struct head *h, const struct head_state *state);

/* head_tick - changes with each store; for head_wait() */
uint32_t head_tick(struct head *h);

/* head_wait - until the tick is not @tick any more, or for @ms milliseconds */
void head_wait(struct head *h, uint32_t tick, uint32_t ms);

#endif
