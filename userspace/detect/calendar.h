/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendar.h - times as text: the minute, hour, day, week, month or year of one, and when it was
 */
#ifndef LAPWING_DETECT_CALENDAR_H
#define LAPWING_DETECT_CALENDAR_H

#include "base/str.h"

enum time_part { TIME_WHOLE, TIME_MINUTE, TIME_HOUR, TIME_DAY, TIME_WEEK, TIME_MONTH, TIME_YEAR };

/*
 * calendar_part - @part of the time @x; 0, or -EINVAL when @x is no time or has no such part
 *
 * "2025-01-31", or that with "T23:59", ":59" and ".999" behind it (a blank for the T), as it
 * stands there: a zone behind it is not looked at. Or a Unix time, in UTC: seconds by up to 11
 * digits, milli-, micro- and nanoseconds by 14, 17 and 20. Weeks are those of ISO 8601.
 */
int calendar_part(struct str x, enum time_part part, long double *ret);

#define CALENDAR_END_S 10000000000 /* in 2286: a Unix time of more is none of seconds */

/*
 * calendar_ns - when @x was, as "2025-01-31T23:59:00.999+02:00", in nanoseconds of Unix time
 * A blank may stand for the T; the zone, which may be Z, has to be there. -EINVAL.
 */
int calendar_ns(struct str x, uint64_t *ret);

#endif
