/* SPDX-License-Identifier: Apache-2.0 */
/*
 * put.h - the values of field.def's types as protobuf writes them, for proto.c
 *
 * Each put_TYPE() appends at @p and gives where the next goes. Room for all that
 * is short was reserved before (EVENT_SHORT_BYTES); a longer text reserves
 * again, and then @p moves with the buffer.
 */
#ifndef LAPWING_ENCODE_PUT_H
#define LAPWING_ENCODE_PUT_H

#include "base/buf.h"
#include "event/field.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "fixed64 is stored as it lies in memory");

#define TEXT_SHORT 127
#define ROW_SHORT_BYTES (2 + 1 + TEXT_SHORT)
#define DETECTION_ROWS 6
#define KEPT_LONG_BYTES 1024 /* that are copied of a section which may be long, but was not */
/* every row short, and tags and lengths of messages; what was kept */
#define EVENT_SHORT_BYTES                                                                          \
	((FIELD_MAX + DETECTION_ROWS) * ROW_SHORT_BYTES + 64 * 7 + 16 + 2 * KEPT_LONG_BYTES)

/* Numbers in event.proto: of messages NUMBER_process, of members NUMBER_ID, NUMBER_PROCESS_PID */
enum {
#define SECTION(name, number) NUMBER_##name = number,
#define TOP(id, number, member, type) NUMBER_##id = number,
#define FIELD(id, number, message, member, type) NUMBER_##id = number,
#include "event/field.def"
};

#define TAG_BYTES(number) ((number) < 16 ? 1 : 2)

enum wire_type { VARINT = 0, FIXED64 = 1, BYTES = 2 };

/* --- values ----------------------------------------------------------------------------------- */

static inline char *put_varint(char *p, uint64_t v) {
	if (__builtin_expect(v < 0x80, 1)) {
		*p = (char)v;
		return p + 1;
	}
	if (v < 0x4000) {
		p[0] = (char)(v | 0x80);
		p[1] = (char)(v >> 7);
		return p + 2;
	}
	while (v > 0x7f) {
		*p++ = (char)(v | 0x80);
		v >>= 7;
	}
	*p++ = (char)v;
	return p;
}

/* put_tag - numbers are constants up to 2047, so this is one store; schema_bind() refuses others */
static inline char *put_tag(char *p, uint32_t number, enum wire_type type) {
	uint32_t tag = number << 3 | type;

	p[0] = (char)(tag < 0x80 ? tag : tag | 0x80);
	if (tag < 0x80)
		return p + 1;
	p[1] = (char)(tag >> 7);
	return p + 2;
}

/* room - @n bytes at @p, and EVENT_SHORT_BYTES behind them; @p may move; NULL without memory */
static inline char *room(struct buf *out, char *p, size_t n) {
	out->len = (size_t)(p - out->data);
	return buf_room(out, n + EVENT_SHORT_BYTES);
}

/* A call of memcpy() costs more than these few moves, and most texts are this short. */
static inline void copy_short(char *to, const char *from, size_t n) {
	if (n >= 16) {
		memcpy(to, from, 16);
		for (size_t at = 16; at + 16 < n; at += 16)
			memcpy(to + at, from + at, 16);
		memcpy(to + n - 16, from + n - 16, 16);
	} else if (n >= 8) {
		memcpy(to, from, 8);
		memcpy(to + n - 8, from + n - 8, 8);
	} else if (n >= 4) {
		memcpy(to, from, 4);
		memcpy(to + n - 4, from + n - 4, 4);
	} else if (n) {
		to[0] = from[0];
		to[n / 2] = from[n / 2];
		to[n - 1] = from[n - 1];
	}
}

static __attribute__((noinline)) char *put_long(struct buf *out, char *p, struct str x) {
	char *to = room(out, p, x.n + 10ul);

	if (!to)
		return p;
	to = put_varint(to, x.n);
	memcpy(to, x.s, x.n);
	return to + x.n;
}

static inline char *put_text(struct buf *out, char *p, struct str x) {
	if (__builtin_expect(x.n > TEXT_SHORT, 0))
		return put_long(out, p, x);
	*p++ = (char)x.n;
	copy_short(p, x.s, x.n);
	return p + x.n;
}

/* --- members, by their type in field.def ------------------------------------------------------ */

static inline char *put_U64(struct buf *out, char *p, bool has, uint32_t number,
			    const uint64_t *v) {
	(void)out;
	return has ? put_varint(put_tag(p, number, VARINT), *v) : p;
}

static inline char *put_U32(struct buf *out, char *p, bool has, uint32_t number,
			    const uint32_t *v) {
	(void)out;
	return has ? put_varint(put_tag(p, number, VARINT), *v) : p;
}

#define put_ENUM put_U32

static inline char *put_BOOL(struct buf *out, char *p, bool has, uint32_t number, const bool *v) {
	(void)out;
	return has ? put_varint(put_tag(p, number, VARINT), *v) : p;
}

static inline char *put_FIXED64(struct buf *out, char *p, bool has, uint32_t number,
				const uint64_t *v) {
	(void)out;
	if (!has)
		return p;
	p = put_tag(p, number, FIXED64);
	memcpy(p, v, sizeof(*v));
	return p + sizeof(*v);
}

static inline char *put_STR(struct buf *out, char *p, bool has, uint32_t number,
			    const struct str *x) {
	return has ? put_text(out, put_tag(p, number, BYTES), *x) : p;
}

static __attribute__((noinline)) char *put_list(struct buf *out, char *p, uint32_t number,
						const struct strv *list) {
	for (uint32_t i = 0; i < list->n; i++) {
		char *to = room(out, p, 0);

		if (!to)
			return p;
		p = put_text(out, put_tag(to, number, BYTES), list->v[i]);
	}
	return p;
}

static inline char *put_STRV(struct buf *out, char *p, bool has, uint32_t number,
			     const struct strv *list) {
	return has ? put_list(out, p, number, list) : p;
}

/* Numbers of an enum below 64, packed: one byte each. An empty set is not known, any other is. */
static inline char *put_BITS(struct buf *out, char *p, bool has, uint32_t number,
			     const uint64_t *set) {
	char *count;

	(void)out;
	(void)has;
	if (!*set)
		return p;
	count = put_tag(p, number, BYTES);
	p = count + 1;
	for (uint64_t bits = *set; bits; bits &= bits - 1)
		*p++ = (char)__builtin_ctzll(bits);
	*count = (char)(p - count - 1);
	return p;
}

#endif
