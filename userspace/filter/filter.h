/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filter.h - what of an event a sink may have, and whether it may have it at all
 *
 * A filter stands between the spool and one sink. It decides (kinds, severity,
 * detections, a cap on the rate) and it changes the event for this sink alone:
 * detections below a level go, fields are left out, hashed or masked, secrets in
 * command lines are masked. Every call is a function of the event, the filter's
 * bucket and the time that it is given; nothing waits, and the work is linear in
 * the event. Who asks counts what was left out, and tells of what the cap did.
 */
#ifndef LAPWING_FILTER_H
#define LAPWING_FILTER_H

#include <stddef.h>

#include "base/arena.h"
#include "event/event.h"
#include "event/field.h"

struct filter;

/* A key of a sink's URL or config that is the filter's. */
struct filter_key {
	const char *name, *help;
};

extern const struct filter_key filter_keys[]; /* ends with a NULL name */

/*
 * filter_new - a filter that lets everything pass
 * @masked: secrets in command lines are masked, as for what leaves the machine; -ENOMEM
 */
int filter_new(bool masked, struct filter **ret);

void filter_free(struct filter *f); /* NULL is fine */

/*
 * filter_set - gives one of filter_keys a value
 * 0; -ENOENT: no key of a filter; -EINVAL: @why is one sentence, static until the next call.
 */
int filter_set(struct filter *f, const char *key, const char *value, const char **why);

/* filter_omits - whether @field is left out of every event */
bool filter_omits(const struct filter *f, enum field_id field);

enum filter_verdict {
	FILTER_SENT,
	FILTER_UNWANTED, /* by its kind, its severity, or for want of a detection */
	FILTER_CAPPED,	 /* the cap on the rate; events with detections are never capped */
};

/*
 * filter_event - whether the sink gets @e, and if so, @e as it gets it
 * @now_ns: a clock that does not go back. @e is changed in place; new strings are in @arena, and
 * when that is full, the field is left out rather than told whole.
 */
enum filter_verdict filter_event(struct filter *f, struct arena *arena, uint64_t now_ns,
				 struct event *e);

/* filter_notice - @e, which the sink gets in any case, as it may have it; @f: NULL is fine */
void filter_notice(const struct filter *f, struct arena *arena, struct event *e);

#endif
