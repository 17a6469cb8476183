/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

bool utf8_is_valid(const char *s, size_t n) {
	uint32_t c, step;

	for (size_t i = 0; i < n; i += step) {
		step = utf8_next(s + i, n - i, &c);
		if (!step)
			return false;
	}
	return true;
}

struct str utf8_escape(struct arena *arena, struct str x) {
	static const char hex[] = "0123456789abcdef";
	char *out = arena_alloc(arena, (size_t)x.n * 4 + 1);
	uint32_t n = 0, c;

	if (!out)
		return (struct str){ 0 };
	for (uint32_t i = 0; i < x.n;) {
		uint32_t step = utf8_next(x.s + i, x.n - i, &c);
		unsigned char byte = (unsigned char)x.s[i];

		if (step) {
			memcpy(out + n, x.s + i, step);
			n += step;
			i += step;
			continue;
		}
		out[n++] = '\\';
		out[n++] = 'x';
		out[n++] = hex[byte >> 4];
		out[n++] = hex[byte & 15];
		i++;
	}
	out[n] = '\0';
	return (struct str){ out, n };
}

void utf8_keep(char *to, size_t room, struct str x) {
	size_t n = x.n < room ? x.n : room - 1;

	while (n < x.n && n && ((unsigned char)x.s[n] & 0xc0) == 0x80)
		n--;
	if (n)
		memcpy(to, x.s, n);
	to[n] = '\0';
}
