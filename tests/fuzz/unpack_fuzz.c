/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes are an event or -EBADMSG; one that was read is written and read back the same. */
#include <errno.h>
#include <stdlib.h>

#include "encode/encode.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
	static struct arena arena, again;
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
	if (r < 0)
		return r == -EBADMSG ? 0 : (abort(), 0);
	encode_text(&first, &e, true);
	encode_json(&first, &e);
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
