/* SPDX-License-Identifier: Apache-2.0 */
/*
 * varint.h - protobuf's variable-length integers, as they stand before each message of a stream
 */
#ifndef LAPWING_VARINT_H
#define LAPWING_VARINT_H

#include <stddef.h>
#include <stdint.h>

#define VARINT_MAX_BYTES 10

/* varint_n - how many bytes it takes */
static inline unsigned varint_n(uint64_t v) {
	return ((63 - (unsigned)__builtin_clzll(v | 1)) * 9 + 73) / 64; /* one for each 7 bits */
}

/* varint_put - writes @v to @to, which has VARINT_MAX_BYTES; gives how many it took */
static inline size_t varint_put(char *to, uint64_t v) {
	size_t n = 0;

	while (v > 0x7f) {
		to[n++] = (char)(v | 0x80);
		v >>= 7;
	}
	to[n++] = (char)v;
	return n;
}

/* varint_get - reads one from the @n bytes at @from; gives its length, or 0: none, or not whole */
static inline size_t varint_get(const char *from, size_t n, uint64_t *ret) {
	uint64_t v = 0;

	for (size_t i = 0; i < n && i < VARINT_MAX_BYTES; i++) {
		v |= (uint64_t)(from[i] & 0x7f) << 7 * i;
		if (!(from[i] & 0x80)) {
			*ret = v;
			return i + 1;
		}
	}
	return 0;
}

#endif
