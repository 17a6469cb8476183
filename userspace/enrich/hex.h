/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hex.h - numbers as lower-case hexadecimal, for ids
 */
#ifndef LAPWING_HEX_H
#define LAPWING_HEX_H

#include <stdint.h>
#include <string.h>

/* clang-format off */
#define HEX_16(h) h "0" h "1" h "2" h "3" h "4" h "5" h "6" h "7" \
		  h "8" h "9" h "a" h "b" h "c" h "d" h "e" h "f"
/* clang-format on */

/* The two digits of each byte. */
static const char hex_bytes[] =
	HEX_16("0") HEX_16("1") HEX_16("2") HEX_16("3") HEX_16("4") HEX_16("5") HEX_16("6")
	HEX_16("7") HEX_16("8") HEX_16("9") HEX_16("a") HEX_16("b") HEX_16("c") HEX_16("d")
	HEX_16("e") HEX_16("f");

/* hex_put - @v at @to without leading zeros, at most 16 digits, no NUL; what follows them */
static inline char *hex_put(char *to, uint64_t v) {
	int digits = v ? (67 - __builtin_clzll(v)) / 4 : 1;
	char *at = to + digits;

	for (; at - to >= 2; v >>= 8) {
		at -= 2;
		memcpy(at, &hex_bytes[2 * (v & 255)], 2);
	}
	if (at > to)
		*to = hex_bytes[2 * v + 1];
	return to + digits;
}

#endif
