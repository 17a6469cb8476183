/* SPDX-License-Identifier: Apache-2.0 */
/*
 * switches.h - what an order or the owner has switched off (content/off.h), here and now, and what
 * is left out for its cost (guard/toll.h)
 *
 * A rule goes off and on while the sensor runs. What hooks tell goes off at once, by detaching the
 * programs; for them to come back the sensor begins anew, which its supervisor lets it.
 */
#ifndef LAPWING_SWITCHES_H
#define LAPWING_SWITCHES_H

#include "app/beat.h"
#include "app/live.h"

/* switches_begin - before the probe: what of it is off; with all of it off the level is safe */
void switches_begin(struct live *l, struct beat *b, struct probe_options *po);

/*
 * switches_rules - arms and disarms the rules of @c as the state has it now
 * Tells each change as HOST_CONTENT, unless @h is NULL. -errno of telling.
 */
int switches_rules(struct live *l, struct corridor *c, struct host *h);

/*
 * switches_hooks - once a second: what is newly off is detached, and told
 * -errno of telling. @ret_again: hooks were off and are not any more, so the sensor is to begin
 * anew; only set, and only where a supervisor starts it again.
 */
int switches_hooks(struct live *l, struct probe *p, struct host *h, struct beat *b,
		   bool *ret_again);

/* switches_left - whether hooks were detached since it was asked last: coverage is another now */
bool switches_left(struct live *l);

#endif
