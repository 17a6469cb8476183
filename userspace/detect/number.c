/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <float.h>

#include "detect/number.h"

#define MAX_DIGITS 40
#define MAX_EXPONENT 400

/* read_exponent - what stands behind the 'e' */
static int read_exponent(struct str x, uint32_t i, int *ret) {
	bool minus = i < x.n && x.s[i] == '-';
	int v = 0;

	i += i < x.n && (x.s[i] == '-' || x.s[i] == '+');
	if (i == x.n)
		return -EINVAL;
	for (; i < x.n; i++) {
		if (x.s[i] < '0' || x.s[i] > '9')
			return -EINVAL;
		v = v * 10 + (x.s[i] - '0');
		if (v > MAX_EXPONENT)
			return -EINVAL;
	}
	*ret = minus ? -v : v;
	return 0;
}

/* times_ten - @v times ten to the @n-th; as reading @n zeros more, or behind the point, would be */
static long double times_ten(long double v, int n) {
	long double scale = 1;

	for (; n > 0; n--)
		v *= 10;
	for (; n < 0; n++)
		scale *= 10;
	return v / scale;
}

/*
 * Not strtold(): that needs a NUL, follows the locale, and takes "0x", "inf" and
 * blanks, none of which is a number in an event.
 */
int number_read(struct str x, long double *ret) {
	bool minus = x.n && x.s[0] == '-', point = false;
	uint32_t n_digits = 0, i = minus;
	int exponent = 0, n_behind = 0;
	long double v = 0;

	for (; i < x.n && (x.s[i] | 0x20) != 'e'; i++) {
		char c = x.s[i];

		if (c == '.' && !point && n_digits) {
			point = true;
			continue;
		}
		if (c < '0' || c > '9' || ++n_digits > MAX_DIGITS)
			return -EINVAL;
		v = v * 10 + (c - '0');
		n_behind += point;
	}
	if (!n_digits || x.s[i - 1] == '.')
		return -EINVAL;
	if (i < x.n && read_exponent(x, i + 1, &exponent))
		return -EINVAL;
	v = times_ten(v, exponent - n_behind);
	if (v > DBL_MAX)
		return -EINVAL;
	*ret = minus ? -v : v;
	return 0;
}
