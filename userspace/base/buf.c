/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void buf_done(struct buf *b) {
	free(b->data);
	*b = (struct buf){ 0 };
}

char *buf_reserve(struct buf *b, size_t n) {
	size_t cap = b->cap ? b->cap : 256;
	char *data;

	if (b->error)
		return NULL;
	if (b->cap - b->len >= n && b->data)
		return b->data + b->len;
	if (n > SIZE_MAX / 4 || b->len > SIZE_MAX / 4) {
		b->error = -ENOMEM;
		return NULL;
	}
	while (cap - b->len < n)
		cap *= 2;
	data = realloc(b->data, cap);
	if (!data) {
		b->error = -ENOMEM;
		return NULL;
	}
	b->data = data;
	b->cap = cap;
	return data + b->len;
}

void buf_add_slow(struct buf *b, const void *bytes, size_t n) {
	char *p = buf_reserve(b, n);

	if (!p)
		return;
	memcpy(p, bytes, n);
	b->len += n;
}

void buf_add_u64(struct buf *b, uint64_t v) {
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	buf_add(b, digits + at, sizeof(digits) - at);
}

void buf_add_i64(struct buf *b, int64_t v) {
	if (v < 0)
		buf_add_char(b, '-');
	buf_add_u64(b, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void buf_addf(struct buf *b, const char *fmt, ...) {
	va_list args, again;
	int n;

	va_start(args, fmt);
	va_copy(again, args);
	n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (n > 0 && buf_reserve(b, (size_t)n + 1)) {
		(void)vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
		b->len += (size_t)n;
	}
	va_end(again);
}
