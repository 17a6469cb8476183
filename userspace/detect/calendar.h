/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendar.h - the minute, hour, day, week, month or year of a time as text
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

#endif
