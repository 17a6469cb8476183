/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/calendar.h"

#include <errno.h>
#include <time.h>

struct moment {
	int year, month, day, hour, minute;
	bool has_clock;
};

/* digits - the number of just @n digits at *@i, which moves past them; -1 */
static int digits(struct str x, uint32_t *i, uint32_t n) {
	int v = 0;

	if (x.n - *i < n)
		return -1;
	for (uint32_t end = *i + n; *i < end; (*i)++) {
		if (x.s[*i] < '0' || x.s[*i] > '9')
			return -1;
		v = v * 10 + (x.s[*i] - '0');
	}
	return v;
}

static bool passes(struct str x, uint32_t *i, char c) {
	bool there = *i < x.n && x.s[*i] == c;

	*i += there;
	return there;
}

static int read_written(struct str x, struct moment *ret) {
	uint32_t i = 0;

	*ret = (struct moment){ 0 };
	ret->year = digits(x, &i, 4);
	if (ret->year < 0 || !passes(x, &i, '-'))
		return -EINVAL;
	ret->month = digits(x, &i, 2);
	if (ret->month < 1 || ret->month > 12 || !passes(x, &i, '-'))
		return -EINVAL;
	ret->day = digits(x, &i, 2);
	if (ret->day < 1 || ret->day > 31)
		return -EINVAL;
	if (i == x.n)
		return 0;
	if (!passes(x, &i, 'T') && !passes(x, &i, ' '))
		return -EINVAL;
	ret->hour = digits(x, &i, 2);
	if (ret->hour < 0 || ret->hour > 23 || !passes(x, &i, ':'))
		return -EINVAL;
	ret->minute = digits(x, &i, 2);
	if (ret->minute < 0 || ret->minute > 59)
		return -EINVAL;
	ret->has_clock = true;
	return 0;
}

static int read_unix(struct str x, struct moment *ret) {
	static const time_t units[] = { 1, 1000, 1000000, 1000000000 };
	uint32_t n = 0;
	time_t t = 0;
	struct tm tm;

	while (n < x.n && n < 19 && x.s[n] >= '0' && x.s[n] <= '9')
		t = t * 10 + (x.s[n++] - '0');
	if (n == 0 || (n < x.n && x.s[n] != '.'))
		return -EINVAL;
	t /= units[n <= 11 ? 0 : n <= 14 ? 1 : n <= 17 ? 2 : 3];
	if (!gmtime_r(&t, &tm))
		return -EINVAL;
	*ret = (struct moment){ tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
				tm.tm_hour,	   tm.tm_min,	  true };
	return 0;
}

static int iso_week(const struct moment *m) {
	struct tm tm = { .tm_year = m->year - 1900, .tm_mon = m->month - 1, .tm_mday = m->day };
	time_t t = timegm(&tm);
	int to_thursday;

	if (!gmtime_r(&t, &tm))
		return 0;
	to_thursday = 3 - (tm.tm_wday + 6) % 7;
	t += (time_t)to_thursday * 86400;
	if (!gmtime_r(&t, &tm))
		return 0;
	return tm.tm_yday / 7 + 1;
}

int calendar_part(struct str x, enum time_part part, long double *ret) {
	struct moment m;

	if (read_written(x, &m) && read_unix(x, &m))
		return -EINVAL;
	if ((part == TIME_MINUTE || part == TIME_HOUR) && !m.has_clock)
		return -EINVAL;
	*ret = part == TIME_MINUTE  ? m.minute
	       : part == TIME_HOUR  ? m.hour
	       : part == TIME_DAY   ? m.day
	       : part == TIME_WEEK  ? iso_week(&m)
	       : part == TIME_MONTH ? m.month
				    : m.year;
	return 0;
}
