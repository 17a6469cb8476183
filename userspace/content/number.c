/* SPDX-License-Identifier: Apache-2.0 */
#include "content/number.h"

#include <errno.h>

int number_parse(struct str x, uint64_t *ret) {
	uint64_t v = 0;

	if (!x.n || x.n > 20)
		return -EBADMSG;
	for (uint32_t i = 0; i < x.n; i++) {
		if (x.s[i] < '0' || x.s[i] > '9' || __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(x.s[i] - '0'), &v))
			return -EBADMSG;
	}
	*ret = v;
	return 0;
}
