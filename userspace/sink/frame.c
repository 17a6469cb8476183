/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/frame.h"

#include <errno.h>

#include "base/varint.h"

#define TAG_NUMBER 0x08 /* Batch.number, Ack.number: field 1, varint */
#define TAG_EVENT 0x12	/* Batch.events: field 2, bytes */

enum wire_type { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

int frame_find(const char *s, size_t n, struct str *ret) {
	uint64_t len;
	size_t head = varint_get(s, n, &len);

	if (!head)
		return n < VARINT_MAX_BYTES ? 0 : -EMSGSIZE;
	if (len > FRAME_MAX_BYTES)
		return -EMSGSIZE;
	if (n - head < len)
		return 0;
	*ret = (struct str){ s + head, (uint32_t)len };
	return 1;
}

static void add_varint(struct buf *b, uint64_t v) {
	char bytes[VARINT_MAX_BYTES];

	buf_add(b, bytes, varint_put(bytes, v));
}

static size_t varint_bytes(uint64_t v) {
	char bytes[VARINT_MAX_BYTES];

	return varint_put(bytes, v);
}

void frame_put_batch(struct buf *out, uint64_t number, const struct sink_batch *batch) {
	size_t n = 1 + varint_bytes(number);

	for (size_t i = 0; i < batch->n; i++)
		n += 1 + varint_bytes(batch->items[i].body.n) + batch->items[i].body.n;
	add_varint(out, n);
	buf_add_char(out, TAG_NUMBER);
	add_varint(out, number);
	for (size_t i = 0; i < batch->n; i++) {
		buf_add_char(out, TAG_EVENT);
		add_varint(out, batch->items[i].body.n);
		buf_add_str(out, batch->items[i].body);
	}
}

void frame_put_ack(struct buf *out, uint64_t number) {
	add_varint(out, 1 + varint_bytes(number));
	buf_add_char(out, TAG_NUMBER);
	add_varint(out, number);
}

/* A field of a message: what its tag says, and its value: a number, or bytes. */
struct part {
	uint64_t tag, number;
	const char *bytes;
};

/* take - the field at the start of @s; its bytes, 0: it is none */
static size_t take(const char *s, size_t n, struct part *ret) {
	size_t head = varint_get(s, n, &ret->tag), more;

	if (!head)
		return 0;
	switch (ret->tag & 7) {
	case FIXED64:
		return n - head >= 8 ? head + 8 : 0;
	case FIXED32:
		return n - head >= 4 ? head + 4 : 0;
	case VARINT:
	case BYTES:
		more = varint_get(s + head, n - head, &ret->number);
		if (!more)
			return 0;
		head += more;
		if ((ret->tag & 7) == VARINT)
			return head;
		ret->bytes = s + head;
		return ret->number <= n - head ? head + (size_t)ret->number : 0;
	default:
		return 0;
	}
}

int frame_batch(struct str frame, uint64_t *number,
		int (*event)(void *ctx, const char *bytes, size_t n), void *ctx) {
	*number = 0;
	for (size_t at = 0; at < frame.n;) {
		struct part p = { 0 };
		size_t n = take(frame.s + at, frame.n - at, &p);
		int err = n ? 0 : -EBADMSG;

		if (!err && p.tag == TAG_NUMBER)
			*number = p.number;
		else if (!err && p.tag == TAG_EVENT)
			err = event(ctx, p.bytes, (size_t)p.number);
		if (err)
			return err;
		at += n;
	}
	return *number ? 0 : -EBADMSG;
}

static int no_event(void *ctx, const char *bytes, size_t n) {
	(void)ctx;
	(void)bytes;
	(void)n;
	return 0;
}

/* An Ack is a Batch without events: what else may stand in either is passed over. */
int frame_ack(struct str frame, uint64_t *number) {
	return frame_batch(frame, number, no_event, NULL);
}
