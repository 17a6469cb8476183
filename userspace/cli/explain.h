/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain.h - why an event set off rules: found anew, with the values that met each selection
 */
#ifndef LAPWING_EXPLAIN_H
#define LAPWING_EXPLAIN_H

#include "base/buf.h"
#include "cli/recall.h"
#include "detect/detect.h"

/*
 * explain_values - calls @each for each value that met a selection of @recorded, a detection of @e
 * @rules: NULL: none. False: no rule of that id or title holds for this event any more, or it is a
 * correlation, which is of many events.
 */
bool explain_values(struct ruleset *rules, struct arena *arena, struct event *e,
		    const struct detection *recorded,
		    int (*each)(void *ctx, struct str identifier, struct str field,
				struct str value),
		    void *ctx);

#define EXPLAIN_SHOWN 40

/* explain_shown - @value as a person reads it: a file's mode in octal, too, as chmod(1) has it */
struct str explain_shown(struct str field, struct str value, char room[EXPLAIN_SHOWN]);

/* explain_technique - "T1548.001" for attack.t1548.001; false: the tag is not of that form */
bool explain_technique(struct str tag, char ret[16]);

#endif
