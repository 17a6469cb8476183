/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf.h - bytes that grow, with an error that sticks
 *
 * Writers append without checking; whoever needs the result asks buf_error()
 * once at the end. After an error the buffer stays as it was and further
 * appends do nothing. @data is valid until the next append or buf_done().
 */
#ifndef LAPWING_BUF_H
#define LAPWING_BUF_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct buf {
	char *data;
	size_t len, cap;
	int error; /* 0 or -ENOMEM */
};

/* buf_done - frees the memory; @b may be used again as an empty one */
void buf_done(struct buf *b);

/* buf_reserve - room for @n more bytes at data + len, or NULL (and the sticky error) */
char *buf_reserve(struct buf *b, size_t n);

void buf_add_slow(struct buf *b, const void *bytes, size_t n);

/* buf_room - buf_reserve(), without a call when there is room already */
static inline char *buf_room(struct buf *b, size_t n) {
	return b->cap - b->len >= n && !b->error ? b->data + b->len : buf_reserve(b, n);
}

static inline void buf_reset(struct buf *b) {
	b->len = 0;
	b->error = 0;
}

static inline int buf_error(const struct buf *b) {
	return b->error;
}

static inline void buf_add(struct buf *b, const void *bytes, size_t n) {
	if (n && b->cap - b->len >= n && !b->error) {
		memcpy(b->data + b->len, bytes, n);
		b->len += n;
	} else if (n) {
		buf_add_slow(b, bytes, n);
	}
}

static inline void buf_add_str(struct buf *b, struct str x) {
	if (x.n)
		buf_add(b, x.s, x.n);
}

static inline void buf_add_char(struct buf *b, char c) {
	buf_add(b, &c, 1);
}

#define buf_add_lit(b, literal) buf_add((b), (literal), sizeof(literal) - 1)

/* buf_add_u64, buf_add_i64 - decimal */
void buf_add_u64(struct buf *b, uint64_t v);
void buf_add_i64(struct buf *b, int64_t v);

/* buf_addf - printf into the buffer */
void buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
