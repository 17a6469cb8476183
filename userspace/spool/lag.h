/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lag.h - for how long something has waited for a reader
 *
 * About once a second the writer marks how far it is. A mark goes when all readers have passed it;
 * how old the oldest is that is left, so long has some event of before it waited. Pure.
 */
#ifndef LAPWING_SPOOL_LAG_H
#define LAPWING_SPOOL_LAG_H

#include "spool/spool.h"

#define LAG_MARKS 64 /* when all are taken, the newest stands for what comes, too */

struct lag_mark {
	uint64_t ms;
	uint64_t end[SPOOL_CLASSES]; /* ordinals below it were there */
};

struct lag {
	struct lag_mark marks[LAG_MARKS]; /* the oldest first */
	unsigned n;
	uint64_t ms; /* as of the last step; 0: nothing waits */
};

/*
 * lag_step - a look
 * @passed: of each class, the first ordinal that some reader still wants; @end: the next one that
 * will be written.
 */
void lag_step(struct lag *l, const uint64_t passed[SPOOL_CLASSES],
	      const uint64_t end[SPOOL_CLASSES], uint64_t now_ms);

#endif
