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

/* read_zone - how far ahead of UTC, in seconds */
static int read_zone(struct str x, uint32_t *i, int *ret) {
	int sign, hours, minutes;

	*ret = 0;
	if (passes(x, i, 'Z') || passes(x, i, 'z'))
		return 0;
	sign = passes(x, i, '+') ? 1 : passes(x, i, '-') ? -1 : 0;
	hours = digits(x, i, 2);
	(void)passes(x, i, ':');
	minutes = digits(x, i, 2);
	if (!sign || hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
		return -EINVAL;
	*ret = sign * (hours * 3600 + minutes * 60);
	return 0;
}

/* read_fraction - nanoseconds, where some are told; finer ones are passed by */
static int read_fraction(struct str x, uint32_t *i, uint64_t *ret) {
	uint64_t unit = 1000000000;
	uint32_t from;

	*ret = 0;
	if (!passes(x, i, '.') && !passes(x, i, ','))
		return 0;
	for (from = *i; *i < x.n && x.s[*i] >= '0' && x.s[*i] <= '9'; (*i)++) {
		unit /= 10;
		*ret += unit * (uint64_t)(x.s[*i] - '0');
	}
	return *i > from ? 0 : -EINVAL;
}

int calendar_ns(struct str x, uint64_t *ret) {
	uint32_t i = 16; /* behind the minute */
	int zone, second = 0;
	uint64_t fraction;
	struct moment m;
	struct tm tm;
	time_t t;

	if (x.n < i || read_written((struct str){ x.s, i }, &m))
		return -EINVAL;
	if (passes(x, &i, ':'))
		second = digits(x, &i, 2);
	if (second < 0 || second > 60 || read_fraction(x, &i, &fraction) ||
	    read_zone(x, &i, &zone) || i != x.n)
		return -EINVAL;
	tm = (struct tm){ .tm_year = m.year - 1900, .tm_mon = m.month - 1, .tm_mday = m.day,
			  .tm_hour = m.hour,	    .tm_min = m.minute };
	t = timegm(&tm) + second - zone;
	if (tm.tm_mday != m.day || t < 0 || t >= CALENDAR_END_S) /* there is no 31st of June */
		return -EINVAL;
	*ret = (uint64_t)t * 1000000000u + fraction;
	return 0;
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
