/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as rules and records: the engine and the oracle must agree about each. */
#include "random_rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
	struct luck luck = { .bytes = bytes, .n = n };
	uint32_t n_rules = 0, hits = 0;

	if (random_round(&luck, &n_rules, &hits))
		abort();
	return 0;
}
