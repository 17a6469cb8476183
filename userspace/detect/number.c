/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "detect/number.h"

/*
 * Not strtold(): that needs a NUL, follows the locale, and takes "0x", "inf" and
 * blanks, none of which is a number in an event.
 */
int number_read(struct str x, long double *ret) {
	bool minus = x.n && x.s[0] == '-', point = false;
	long double v = 0, scale = 1;
	uint32_t n_digits = 0;

	for (uint32_t i = minus; i < x.n; i++) {
		char c = x.s[i];

		if (c == '.' && !point && n_digits) {
			point = true;
			continue;
		}
		if (c < '0' || c > '9' || ++n_digits > 40)
			return -EINVAL;
		v = v * 10 + (c - '0');
		if (point)
			scale *= 10;
	}
	if (!n_digits || x.s[x.n - 1] == '.')
		return -EINVAL;
	*ret = (minus ? -v : v) / scale;
	return 0;
}
