/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/buf.h"
#include "test.h"

static bool holds(const struct buf *b, const char *want) {
	return !buf_error(b) && b->len == strlen(want) && !memcmp(b->data, want, b->len);
}

static void bytes_come_in_their_order(void) {
	struct buf b = { 0 };

	buf_add_lit(&b, "ab");
	buf_add_char(&b, '-');
	buf_add_str(&b, STR("cd"));
	buf_add_str(&b, (struct str){ 0 });
	CHECK(holds(&b, "ab-cd"));
	buf_reset(&b);
	CHECK(holds(&b, ""));
	buf_done(&b);
	CHECK(!b.data && !b.cap);
}

static void buffer_grows_past_every_size(void) {
	struct buf b = { 0 };

	for (int i = 0; i < 100000; i++)
		buf_add_char(&b, (char)('a' + i % 26));
	CHECK(!buf_error(&b) && b.len == 100000);
	for (int i = 0; i < 100000; i += 997)
		CHECK(b.data[i] == (char)('a' + i % 26));
	buf_done(&b);
}

static void numbers_are_decimal_at_their_ends(void) {
	struct buf b = { 0 };

	buf_add_u64(&b, 0);
	buf_add_char(&b, ' ');
	buf_add_u64(&b, UINT64_MAX);
	buf_add_char(&b, ' ');
	buf_add_i64(&b, INT64_MIN);
	buf_add_char(&b, ' ');
	buf_add_i64(&b, INT64_MAX);
	buf_add_char(&b, ' ');
	buf_add_i64(&b, -1);
	CHECK(holds(&b, "0 18446744073709551615 -9223372036854775808 9223372036854775807 -1"));
	buf_done(&b);
}

static void formatted_text_of_any_length_is_whole(void) {
	struct buf b = { 0 };
	char wide[600];

	buf_addf(&b, "%s=%d", "a", 7);
	CHECK(holds(&b, "a=7"));
	buf_reset(&b);
	memset(wide, 'w', sizeof(wide) - 1);
	wide[sizeof(wide) - 1] = '\0';
	buf_addf(&b, "%s", wide);
	CHECK(holds(&b, wide));
	buf_addf(&b, "%s", "");
	CHECK(holds(&b, wide));
	buf_done(&b);
}

static void error_sticks_and_the_bytes_stay(void) {
	struct buf b = { 0 };

	buf_add_lit(&b, "kept");
	CHECK(!buf_reserve(&b, SIZE_MAX / 2));
	CHECK(buf_error(&b) == -ENOMEM);
	buf_add_lit(&b, "lost");
	buf_add_char(&b, 'x');
	buf_addf(&b, "%d", 1);
	CHECK(b.len == 4 && !memcmp(b.data, "kept", 4) && buf_error(&b) == -ENOMEM);
	buf_reset(&b);
	buf_add_lit(&b, "again");
	CHECK(holds(&b, "again"));
	buf_done(&b);
}

static void reserved_room_is_writable(void) {
	struct buf b = { 0 };
	char *p = buf_reserve(&b, 1000);

	CHECK(p && b.len == 0 && b.cap >= 1000);
	memset(p, 'r', 1000);
	b.len += 1000;
	p = buf_reserve(&b, 5000);
	CHECK(p == b.data + 1000 && b.data[999] == 'r');
	memset(p, 's', 5000);
	buf_done(&b);
}

int main(void) {
	RUN(bytes_come_in_their_order);
	RUN(buffer_grows_past_every_size);
	RUN(numbers_are_decimal_at_their_ends);
	RUN(formatted_text_of_any_length_is_whole);
	RUN(error_sticks_and_the_bytes_stay);
	RUN(reserved_room_is_writable);
	DONE();
}
