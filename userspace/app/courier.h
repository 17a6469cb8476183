/* SPDX-License-Identifier: Apache-2.0 */
/*
 * courier.h - the process of one sink: reads the spool, hands over, and moves the cursor
 */
#ifndef LAPWING_COURIER_H
#define LAPWING_COURIER_H

#include <stdbool.h>
#include <stdint.h>

#include "sink/url.h"

struct courier {
	unsigned sink;		    /* which one */
	const char *folder;	    /* the spool's */
	const char *name;	    /* the sink's, and its cursor's */
	const struct sink_url *url;
	bool keyed;		    /* the spool has a hash chain */
	int alive;		    /* its other end is closed when the sensor is gone */
	int told;		    /* gets one struct courier_word; -1: nobody listens */
	bool after_death;	    /* the one before died, maybe in the middle of something */
	uint32_t grace_ms;	    /* after that, how long what is left may take */
};

/* What a courier says when it has opened its sink, or could not. */
struct courier_word {
	uint32_t sink;
	int32_t error; /* 0: it goes on */
	char why[256];
};

/* courier_run - until the sensor is gone and all is delivered, or the grace over; an exit code */
int courier_run(const struct courier *c);

#endif
