/* SPDX-License-Identifier: Apache-2.0 */
#include "base/quantity.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct unit {
	const char *name;
	uint64_t factor;
};

static int parse(const char *text, const struct unit *units, uint64_t *ret) {
	char *end;
	uint64_t v;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	v = strtoull(text, &end, 10);
	for (; units->name && !errno; units++) {
		if (strcmp(end, units->name) != 0 || v > UINT64_MAX / units->factor)
			continue;
		*ret = v * units->factor;
		return 0;
	}
	return -EINVAL;
}

int quantity_bytes(const char *text, uint64_t *ret) {
	static const struct unit units[] = {
		{ "", 1 },	    { "K", 1ull << 10 },   { "KiB", 1ull << 10 },
		{ "M", 1ull << 20 }, { "MiB", 1ull << 20 }, { "G", 1ull << 30 },
		{ "GiB", 1ull << 30 }, { "T", 1ull << 40 }, { "TiB", 1ull << 40 },
		{ 0 },
	};

	return parse(text, units, ret);
}

int quantity_ms(const char *text, uint64_t *ret) {
	static const struct unit units[] = {
		{ "ms", 1 },	  { "s", 1000 },     { "m", 60000 },
		{ "h", 3600000 }, { "d", 86400000 }, { 0 },
	};

	return parse(text, units, ret);
}
