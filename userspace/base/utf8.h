/* SPDX-License-Identifier: Apache-2.0 */
/*
 * utf8.h - text that is safe to export, and safe to look at
 *
 * File names and arguments are bytes; what leaves the sensor is valid UTF-8
 * (RFC 3629: no overlong form, no surrogate, nothing past U+10FFFF). A byte that
 * is not part of it is written \xNN. Control characters are valid and stay.
 */
#ifndef LAPWING_UTF8_H
#define LAPWING_UTF8_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"

/* utf8_is_ascii - whether no byte has its high bit set; NULs are fine */
static inline bool utf8_is_ascii(const char *s, size_t n) {
	const uint64_t high = 0x8080808080808080ull;
	uint64_t seen = 0, word;

	if (n < 8) {
		while (n--)
			seen |= (unsigned char)*s++;
		return !(seen & high);
	}
	for (size_t i = 0; i < n - 8; i += 8) {
		memcpy(&word, s + i, 8);
		seen |= word;
	}
	memcpy(&word, s + n - 8, 8);
	return !((seen | word) & high);
}

/*
 * utf8_next - the character at @s, of which @n bytes are there
 * Gives its length in bytes, 1 to 4, or 0 when the bytes are not UTF-8 (or there are none).
 */
static inline uint32_t utf8_next(const char *s, size_t n, uint32_t *ret) {
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *u = (const unsigned char *)s;
	uint32_t len, c;

	if (!n)
		return 0;
	if (u[0] < 0x80) {
		*ret = u[0];
		return 1;
	}
	len = u[0] >= 0xf0 ? 4 : u[0] >= 0xe0 ? 3 : 2;
	if (u[0] < 0xc2 || u[0] > 0xf4 || len > n)
		return 0;
	c = u[0] & (0x7fu >> len);
	for (uint32_t i = 1; i < len; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (u[i] & 0x3f);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*ret = c;
	return len;
}

/* utf8_is_valid - whether all of @s is UTF-8 */
bool utf8_is_valid(const char *s, size_t n);

/* utf8_escape - a copy of @x in which each invalid byte is \xNN; absent without memory */
struct str utf8_escape(struct arena *arena, struct str x);

/* utf8_keep - @x with a NUL behind it in @to of @room bytes; cut where a character begins */
void utf8_keep(char *to, size_t room, struct str x);

/*
 * utf8_hidden - controls (C0, DEL, C1), direction overrides, separators of lines, what has no
 * width or no ink, and tags: the characters with which a text can pretend to be another one
 */
static inline bool utf8_hidden(uint32_t c) {
	if (c < 0x7f)
		return c < 0x20;
	switch (c) {
	case 0x7f ... 0x9f:
	case 0xad:
	case 0x34f:
	case 0x61c:
	case 0x115f ... 0x1160: /* fillers of Hangul, as 3164 and ffa0 */
	case 0x17b4 ... 0x17b5:
	case 0x180b ... 0x180f:
	case 0x200b ... 0x200f:
	case 0x2028 ... 0x202e:
	case 0x2060 ... 0x206f:
	case 0x2800:
	case 0x3164:
	case 0xfe00 ... 0xfe0f: /* variation selectors, as e0100 and on */
	case 0xfeff:
	case 0xffa0:
	case 0xfff0 ... 0xfffb:
	case 0x1d173 ... 0x1d17a:
	case 0xe0000 ... 0xe0fff:
		return true;
	}
	return false;
}

#endif
