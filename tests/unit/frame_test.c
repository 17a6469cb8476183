/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "sink/frame.h"
#include "test.h"

static struct sink_item items[] = {
	{ .body = STR("first") },
	{ .body = STR("") },
	{ .body = STR("a third one, of some length") },
};

static const struct sink_batch three = { .items = items, .n = 3 };

struct seen {
	size_t n;
	int wrong, stop_at;
};

static int see(void *ctx, const char *bytes, size_t n) {
	struct seen *s = ctx;

	s->wrong |= s->n >= 3 || n != items[s->n].body.n || memcmp(bytes, items[s->n].body.s, n);
	s->n++;
	return s->stop_at && s->n == (size_t)s->stop_at ? -ENOMEM : 0;
}

static void a_batch_comes_back(void) {
	struct buf b = { 0 };
	struct seen s = { 0 };
	uint64_t number = 0;
	struct str frame;

	frame_put_batch(&b, 300, &three);
	CHECK(frame_find(b.data, b.len, &frame) == 1 && frame.s + frame.n == b.data + b.len);
	CHECK(!frame_batch(frame, &number, see, &s));
	CHECK(number == 300 && s.n == 3 && !s.wrong);
	s = (struct seen){ .stop_at = 2 };
	CHECK(frame_batch(frame, &number, see, &s) == -ENOMEM && s.n == 2);
	buf_done(&b);
}

static void an_ack_comes_back(void) {
	static const uint64_t numbers[] = { 1, 127, 128, 1ull << 40, UINT64_MAX };

	for (size_t i = 0; i < 5; i++) {
		struct buf b = { 0 };
		uint64_t number = 0;
		struct str frame;

		frame_put_ack(&b, numbers[i]);
		CHECK(frame_find(b.data, b.len, &frame) == 1);
		CHECK(!frame_ack(frame, &number) && number == numbers[i]);
		buf_done(&b);
	}
}

static void bytes_cut_anywhere_are_not_whole_or_refused(void) {
	struct buf b = { 0 };
	struct str frame, cut;
	uint64_t number;

	frame_put_batch(&b, 300, &three);
	for (size_t n = 0; n < b.len; n++)
		CHECK(frame_find(b.data, n, &frame) == 0);
	CHECK(frame_find(b.data, b.len, &frame) == 1);
	for (uint32_t n = 0; n < frame.n; n++) {
		struct seen s = { 0 };
		int err;

		cut = (struct str){ frame.s, n };
		err = frame_batch(cut, &number, see, &s);
		CHECK(!s.wrong && (err == -EBADMSG || (!err && s.n < 3)));
	}
	buf_done(&b);
}

static void unknown_fields_are_passed_over(void) {
	static const char bytes[] = "\x1a\x02xy"	      /* 3: bytes */
				    "\x21" "12345678"	      /* 4: fixed64 */
				    "\x2d" "1234"	      /* 5: fixed32 */
				    "\x30\x96\x01"	      /* 6: varint */
				    "\x08\x07" "\x12\x05" "first";
	struct str frame = { bytes, sizeof(bytes) - 1 };
	struct seen s = { 0 };
	uint64_t number;

	CHECK(!frame_batch(frame, &number, see, &s) && number == 7 && s.n == 1 && !s.wrong);
}

static void what_is_no_message_is_refused(void) {
	static const struct str bad[] = { STR(""), STR("\x08"), STR("\x12\x05" "firs"), STR("\x0b"),
					  STR("\x08\x00"), STR("\x80"), STR("\x21" "1234567"),
					  STR("\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01") };
	static const char endless[] = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff";
	struct str frame;
	uint64_t number;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct seen s = { 0 };

		CHECK(frame_batch(bad[i], &number, see, &s) == -EBADMSG);
	}
	CHECK(frame_find(endless, sizeof(endless) - 1, &frame) == -EMSGSIZE);
	CHECK(frame_find("\x80\x80\x80\x40", 4, &frame) == -EMSGSIZE); /* 128 MiB */
}

int main(void) {
	RUN(a_batch_comes_back);
	RUN(an_ack_comes_back);
	RUN(bytes_cut_anywhere_are_not_whole_or_refused);
	RUN(unknown_fields_are_passed_over);
	RUN(what_is_no_message_is_refused);
	DONE();
}
