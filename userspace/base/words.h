/* SPDX-License-Identifier: Apache-2.0 */
/*
 * words.h - runs of bytes whose length is a constant, compared and cleared in registers
 *
 * memcmp() asks after each few bytes, and looks for the first that differs; memset() past some
 * hundred bytes becomes "rep stos", which is slow to begin.
 */
#ifndef LAPWING_WORDS_H
#define LAPWING_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint64_t words_pair __attribute__((vector_size(16)));

/* words_at - where the pair at @at of @n bytes, 16 or more, begins; the last may overlap */
static inline size_t words_at(size_t at, size_t n) {
	if (n < sizeof(words_pair))
		__builtin_trap(); /* gone when it is compiled, for @n is a constant */
	return n - at < sizeof(words_pair) ? n - sizeof(words_pair) : at;
}

/* words_differ - the bits in which the @n bytes at @a and @b differ, all pairs in one */
static inline __attribute__((always_inline)) words_pair words_differ(const void *a, const void *b,
								      size_t n) {
	words_pair differ = { 0, 0 };

#pragma GCC unroll 16
	for (size_t at = 0; at < n; at += sizeof(words_pair)) {
		words_pair x, y;

		memcpy(&x, (const char *)a + words_at(at, n), sizeof(x));
		memcpy(&y, (const char *)b + words_at(at, n), sizeof(y));
		differ |= x ^ y;
	}
	return differ;
}

/* words_none - whether no bit is set */
static inline bool words_none(words_pair differ) {
	return !(differ[0] | differ[1]);
}

/* words_clear - the @n bytes at @p are 0 */
static inline __attribute__((always_inline)) void words_clear(void *p, size_t n) {
	const words_pair none = { 0, 0 };

#pragma GCC unroll 16
	for (size_t at = 0; at < n; at += sizeof(words_pair))
		memcpy((char *)p + words_at(at, n), &none, sizeof(none));
}

#endif
