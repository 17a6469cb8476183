/* SPDX-License-Identifier: Apache-2.0 */
/* Any answer of a collector: read within its bytes, and to an end. */
#include "sink/otlp.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	static struct sink s;

	(void)rejected(&s, (struct str){ (const char *)data, (uint32_t)size });
	return 0;
}
