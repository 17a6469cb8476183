/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes are an event or -EBADMSG; one that was read is written and read back the
 * same, as JSON too.
 */
#include <errno.h>
#include <stdlib.h>

#include "encode/encode.h"
#include "event/field.h"

static struct arena again;

static void as_json(const struct event *e) {
	static struct buf json, back;
	struct event parsed;

	buf_reset(&json);
	buf_reset(&back);
	arena_reset(&again);
	encode_json(&json, e);
	if (!event_has(e, FIELD_KIND))
		return;
	if (encode_parse(json.data, json.len, &again, &parsed))
		abort();
	encode_json(&back, &parsed);
	if (json.len != back.len || memcmp(json.data, back.data, json.len) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
	static struct arena arena;
	static struct buf first, second;
	struct event e, back;
	size_t head = 1;
	int r;

	if (!arena.max_bytes) {
		arena_init(&arena, 64 << 20);
		arena_init(&again, 64 << 20);
		(void)encode_setup();
	}
	arena_reset(&arena);
	arena_reset(&again);
	buf_reset(&first);
	buf_reset(&second);
	r = encode_unpack(bytes, n, &arena, &e);
	if (r < 0) {
		if (!encode_parse((const char *)bytes, n, &again, &back))
			as_json(&back);
		return r == -EBADMSG ? 0 : (abort(), 0);
	}
	encode_text(&first, &e, true);
	as_json(&e);
	arena_reset(&again);
	buf_reset(&first);
	encode_proto(&first, &e);
	while (first.data[head - 1] & 0x80)
		head++;
	if (encode_unpack(first.data + head, first.len - head, &again, &back) < 0)
		abort();
	encode_proto(&second, &back);
	if (first.len != second.len || memcmp(first.data, second.data, first.len) != 0)
		abort();
	return 0;
}
