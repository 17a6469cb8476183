/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hex.h - numbers as lower-case hexadecimal, for ids
 */
#ifndef LAPWING_HEX_H
#define LAPWING_HEX_H

#include <stdint.h>

/* hex_put - @v at @to without leading zeros, at most 16 digits, no NUL; what follows them */
static inline char *hex_put(char *to, uint64_t v) {
	int digits = v ? (67 - __builtin_clzll(v)) / 4 : 1;

	for (int i = digits; i-- > 0; v >>= 4)
		to[i] = "0123456789abcdef"[v & 15];
	return to + digits;
}

#endif
