/* SPDX-License-Identifier: Apache-2.0 */
/* Any command line, whole and as arguments. */
#include <assert.h>
#include <stddef.h>

#include "filter/secret.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	static struct secret_names names;
	static struct arena arena;
	struct str line = { (const char *)data, (uint32_t)size }, args[64];
	uint32_t n = 0, from = 0;

	if (!names.n) {
		secret_defaults(&names);
		arena_init(&arena, 16 << 20);
	}
	arena_reset(&arena);
	assert(secret_mask_line(&names, &arena, line).s || !line.s);
	for (uint32_t i = 0; i <= size && n < 64; i++) {
		if (i < size && data[i])
			continue;
		args[n++] = (struct str){ line.s + from, i - from };
		from = i + 1;
	}
	assert(secret_mask_args(&names, &arena, (struct strv){ args, n }).n == n);
	return 0;
}
