/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/utf8.h"
#include "encode/text.h"

static void add_escape(struct buf *out, uint32_t c) {
	if (c == '\n')
		buf_add_lit(out, "\\n");
	else if (c == '\t')
		buf_add_lit(out, "\\t");
	else
		buf_addf(out, c < 0x80 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", c);
}

/* add_shown - @x with escapes, and a backslash before the characters of @marked */
static void add_shown(struct buf *out, struct str x, const char *marked) {
	uint32_t step, c;

	for (uint32_t i = 0; i < x.n; i += step) {
		step = utf8_next(x.s + i, x.n - i, &c);
		if (!step) {
			buf_addf(out, "\\x%02x", (unsigned char)x.s[i]);
			step = 1;
		} else if (utf8_hidden(c)) {
			add_escape(out, c);
		} else {
			if (c < 0x80 && strchr(marked, (int)c))
				buf_add_char(out, '\\');
			buf_add(out, x.s + i, step);
		}
	}
}

void text_shown(struct buf *out, struct str x) {
	add_shown(out, x, "");
}

/* is_plain - whether @c needs no quotes; wide spaces and punctuation of U+20xx do */
static bool is_plain(uint32_t c) {
	if (c < 0x80)
		return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		       (c && strchr("@%+=:,./-_", (int)c));
	return c > 0xa0 && c != 0x1680 && c != 0x3000 && (c < 0x2000 || c > 0x206f) &&
	       !utf8_hidden(c);
}

void text_word(struct buf *out, struct str x) {
	bool plain = x.n > 0;
	uint32_t step = 1, c = 0;

	for (uint32_t i = 0; i < x.n && plain; i += step) {
		step = utf8_next(x.s + i, x.n - i, &c);
		plain = step && is_plain(c);
	}
	if (plain) {
		buf_add_str(out, x);
	} else if (x.n && memchr(x.s, '\'', x.n)) {
		buf_add_char(out, '"');
		add_shown(out, x, "\"\\$`");
		buf_add_char(out, '"');
	} else {
		buf_add_char(out, '\'');
		add_shown(out, x, "");
		buf_add_char(out, '\'');
	}
}

void text_duration(struct buf *out, uint64_t ns) {
	uint64_t s = ns / 1000000000;

	if (ns < 1000000)
		buf_addf(out, "%u us", (unsigned)(ns / 1000));
	else if (s == 0)
		buf_addf(out, "%.1f ms", (double)ns / 1e6);
	else if (s < 60)
		buf_addf(out, "%.2f s", (double)ns / 1e9);
	else if (s < 3600)
		buf_addf(out, "%u min %02u s", (unsigned)(s / 60), (unsigned)(s % 60));
	else
		buf_addf(out, "%llu h %02u min", (unsigned long long)(s / 3600),
			 (unsigned)(s / 60 % 60));
}

void text_error(struct buf *out, uint32_t error) {
	const char *name = error && error < 4096 ? strerrorname_np((int)error) : NULL;

	if (name)
		buf_add(out, name, strlen(name));
	else
		buf_addf(out, "errno %u", error);
}
