/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crc32c.h"

#include <string.h>

#define POLYNOMIAL 0x82f63b78u /* reflected */

uint32_t crc32c_table(uint32_t crc, const void *bytes, size_t n) {
	static uint32_t table[256];
	const unsigned char *p = bytes;

	/* the last entry is not 0 once the table is made; making it twice does no harm */
	for (uint32_t i = 0; i < 256 && !table[255]; i++) {
		uint32_t v = i;

		for (int bit = 0; bit < 8; bit++)
			v = v >> 1 ^ (v & 1 ? POLYNOMIAL : 0);
		table[i] = v;
	}
	crc = ~crc;
	while (n--)
		crc = crc >> 8 ^ table[(crc ^ *p++) & 0xff];
	return ~crc;
}

#ifdef __x86_64__

static __attribute__((target("sse4.2"))) uint32_t by_cpu(uint32_t crc, const void *bytes,
							 size_t n) {
	const unsigned char *p = bytes;
	uint64_t wide = ~crc, word;

	for (; n >= 8; n -= 8, p += 8) {
		memcpy(&word, p, 8);
		wide = __builtin_ia32_crc32di(wide, word);
	}
	crc = (uint32_t)wide;
	while (n--)
		crc = __builtin_ia32_crc32qi(crc, *p++);
	return ~crc;
}

uint32_t crc32c(uint32_t crc, const void *bytes, size_t n) {
	return __builtin_cpu_supports("sse4.2") ? by_cpu(crc, bytes, n)
						: crc32c_table(crc, bytes, n);
}

#else

uint32_t crc32c(uint32_t crc, const void *bytes, size_t n) {
	return crc32c_table(crc, bytes, n);
}

#endif
