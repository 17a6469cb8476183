/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gate.h - gate 1: may these bytes be looked at, and are they for this sensor, now?
 *
 * In this order, and the first that fails is the verdict's reason:
 *
 *     format     no sealed bundle
 *     signature  too few of the release keys have signed it
 *     parse      signed, and still not what a bundle must be
 *     channel    of another channel than the host follows
 *     reverted   it was reverted here, and nobody has ordered to try it again
 *     expired    too old to be taken up
 *     future     made in a time that has not come: a clock is wrong
 *     version    not newer than what was proven here before
 *     engine     for other versions of the sensor
 *     kinds      needs a kind of event of which this sensor never heard
 *     fields     counts on fields that this sensor does not have
 *     schema     counts on other fields than it has
 */
#ifndef LAPWING_CONTENT_GATE_H
#define LAPWING_CONTENT_GATE_H

#include "content/bundle.h"
#include "content/keys.h"
#include "content/verdict.h"

#define GATE_CLOCK_SLACK_S 86400

struct gate_now {
	uint64_t now_s;
	const struct keys_root *root;
	const char *engine;  /* version of this sensor */
	const char *channel; /* "": any */
	uint64_t floor;	     /* highest version that was proven here */
	bool back;	     /* somebody with the right to it asks for an older one */
	bool reverted;	     /* this hash was, and no order says to try again */
};

/*
 * gate_check - @n bytes through gate 1
 * @bytes must be memory of the caller's own that nobody else can change. 0 and @ret, which borrows
 * @bytes; or -errno. @verdict says it either way; its time, and @order, are the caller's.
 */
int gate_check(const void *bytes, size_t n, const struct gate_now *now, struct bundle *ret,
	       struct verdict *verdict);

#endif
