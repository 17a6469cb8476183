/* SPDX-License-Identifier: Apache-2.0 */
/* Input: what a client sends to `lapwing receive`. Every byte handed on must be one that came. */
#include <stdlib.h>

#include "sink/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct range {
	const char *begin, *end;
	unsigned sum;
};

static int touch(void *ctx, const char *bytes, size_t n) {
	struct range *r = ctx;

	if (bytes < r->begin || bytes > r->end || n > (size_t)(r->end - bytes))
		abort();
	for (size_t i = 0; i < n; i++)
		r->sum += (unsigned char)bytes[i];
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	const char *s = (const char *)data;
	struct range r = { .begin = s, .end = s + size };
	struct str frame;
	uint64_t number;

	while (frame_find(s, (size_t)(r.end - s), &frame) > 0) {
		if (!frame_batch(frame, &number, touch, &r) && !number)
			abort();
		s = frame.s + frame.n;
	}
	return 0;
}
