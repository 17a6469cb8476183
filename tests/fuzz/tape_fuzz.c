/* SPDX-License-Identifier: Apache-2.0 */
/* Input: records of a tape, whose checksums are made right so that play goes on behind them. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "probe/tape.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int touch(void *ctx, const void *record, size_t len) {
	uint32_t *sum = ctx;

	*sum = (uint32_t)crc32(*sum, record, (uInt)len);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	char *tape = malloc(size ? size : 1);
	struct tape_end end;
	uint32_t sum = 0, len, crc;

	if (!tape)
		abort();
	memcpy(tape, data, size);
	for (size_t at = 16; at + 8 <= size; at += 8 + ((size_t)len + 7) / 8 * 8) {
		memcpy(&len, tape + at, 4);
		if (len == 0 || len > size - at - 8)
			break;
		crc = (uint32_t)crc32(0, (const Bytef *)tape + at + 8, len);
		memcpy(tape + at + 4, &crc, 4);
	}
	if (!tape_play(tape, size, touch, &sum, &end) && (end.offset > size || end.offset % 8))
		abort();
	free(tape);
	return 0;
}
