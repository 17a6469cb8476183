/* SPDX-License-Identifier: Apache-2.0 */
/*
 * walk.h - all events that a spool holds, for who looks back; no cursor is moved
 */
#ifndef LAPWING_SPOOL_WALK_H
#define LAPWING_SPOOL_WALK_H

#include "spool/spool.h"

/*
 * spool_walk - gives @each the payload of every event in @folder, the kept ones too: detections,
 * then the life of processes, then the rest; of each the newest segment first, each in order
 * The payload dies when @each returns; other than 0 ends the walk and is given back. What is
 * damaged is passed over: spool_verify() tells of it. -errno.
 */
int spool_walk(const char *folder, int (*each)(void *ctx, const void *payload, size_t n),
	       void *ctx);

#endif
