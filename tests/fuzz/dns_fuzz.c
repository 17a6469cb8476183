/* SPDX-License-Identifier: Apache-2.0 */
/* Input: a DNS message. It is read, and every text of it must be printable ASCII. */
#include <stdlib.h>

#include "decode/dns.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct str x) {
	for (uint32_t i = 0; i < x.n; i++)
		if (x.s[i] < ' ' || x.s[i] > '~')
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct arena arena;
	enum dns_end end;
	struct dns d;
	arena_init(&arena, 1 << 20);
	if (!dns_parse(data, size, &arena, &d, &end)) {
		check(d.query);
		check(d.record_type);
		check(d.response_code);
		if (d.n_answers > DNS_ANSWERS)
			abort();
		for (uint32_t i = 0; i < d.n_answers; i++)
			check(d.answers[i]);
	}
	arena_done(&arena);
	return 0;
}
