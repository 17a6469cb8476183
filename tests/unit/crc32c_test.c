/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crc32c.h"
#include "base/varint.h"
#include "test.h"

#include <string.h>

static void the_check_value_of_the_standard(void) {
	static const unsigned char ones[32] = { [0 ... 31] = 0xff }, zeros[32];

	CHECK(crc32c(0, "123456789", 9) == 0xe3069283);
	CHECK(crc32c(0, zeros, 32) == 0x8a9136aa); /* RFC 3720, B.4 */
	CHECK(crc32c(0, ones, 32) == 0x62a8ab43);
}

static void cpu_and_table_agree_at_every_length_in_any_pieces(void) {
	char text[100];

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)(i * 7 + 3);
	for (size_t n = 0; n <= sizeof(text); n++) {
		uint32_t whole = crc32c(0, text, n);

		CHECK(whole == crc32c_table(0, text, n));
		CHECK(whole == crc32c(crc32c(0, text, n / 3), text + n / 3, n - n / 3));
	}
}

static void varints_come_back_and_a_cut_one_is_none(void) {
	static const uint64_t values[] = { 0, 1, 127, 128, 300, 16383, 16384, 1ull << 35,
					   UINT64_MAX };

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		char bytes[VARINT_MAX_BYTES];
		size_t n = varint_put(bytes, values[i]);
		uint64_t back = 0;

		CHECK(varint_get(bytes, n, &back) == n && back == values[i]);
		for (size_t cut = 0; cut < n; cut++)
			CHECK(!varint_get(bytes, cut, &back));
	}
}

int main(void) {
	RUN(the_check_value_of_the_standard);
	RUN(cpu_and_table_agree_at_every_length_in_any_pieces);
	RUN(varints_come_back_and_a_cut_one_is_none);
	DONE();
}
