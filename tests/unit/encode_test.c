/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "encode/encode.h"
#include "event/word.h"
#include "encode_random.h"
#include "proto/event.pb-c.h"
#include "test.h"

#define ARENA_MAX (64u << 20)

/* body_of - the event behind its length; NULL if the length is not that of what follows */
static const uint8_t *body_of(const struct buf *b, size_t *ret_n) {
	uint64_t n = 0;
	size_t i = 0;

	do
		n |= (uint64_t)(b->data[i] & 0x7f) << (7 * i);
	while (b->data[i++] & 0x80);
	*ret_n = b->len - i;
	return n == b->len - i ? (const uint8_t *)b->data + i : NULL;
}

static bool same_list(const struct strv *a, const struct strv *b) {
	for (uint32_t i = 0; i < a->n; i++) {
		if (i >= b->n || !str_eq(a->v[i], b->v[i]))
			return false;
	}
	return a->n == b->n;
}

static bool same_member(int type, const void *a, const void *b) {
	switch ((enum field_type)type) {
	case FIELD_U32:
	case FIELD_ENUM:
		return *(const uint32_t *)a == *(const uint32_t *)b;
	case FIELD_U64:
	case FIELD_FIXED64:
	case FIELD_BITS:
		return *(const uint64_t *)a == *(const uint64_t *)b;
	case FIELD_BOOL:
		return *(const bool *)a == *(const bool *)b;
	case FIELD_STR:
		return str_eq(*(const struct str *)a, *(const struct str *)b);
	case FIELD_STRV:
		return same_list(a, b);
	}
	return false;
}

/* Empty lists and empty sets are not known; all else is as it is marked. */
static bool is_known(const struct event *e, enum field_id id) {
	if (fields[id].type == FIELD_BITS)
		return *(const uint64_t *)field_at(e, id) != 0;
	if (fields[id].type == FIELD_STRV)
		return event_has(e, id) && ((const struct strv *)field_at(e, id))->n > 0;
	return event_has(e, id);
}

static bool same_event(const struct event *a, const struct event *b) {
	for (int i = 0; i < FIELD_MAX; i++) {
		enum field_id id = (enum field_id)i;

		if (is_known(a, id) != is_known(b, id) ||
		    (is_known(a, id) &&
		     !same_member(fields[id].type, field_at(a, id), field_at(b, id)))) {
			printf("# %s differs\n", fields[id].name);
			return false;
		}
	}
	for (uint32_t i = 0; i < a->n_detections && i < b->n_detections; i++) {
		const struct detection *x = &a->detections[i], *y = &b->detections[i];

		if (!str_eq(x->rule_id, y->rule_id) || !str_eq(x->title, y->title) ||
		    !str_eq(x->author, y->author) || !x->author.s != !y->author.s ||
		    x->level != y->level || !same_list(&x->tags, &y->tags) ||
		    !same_list(&x->matched, &y->matched) || x->evidence != y->evidence ||
		    !same_list(&x->events, &y->events) || !same_list(&x->group, &y->group))
			return false;
	}
	return a->n_detections == b->n_detections;
}

static bool is_canonical(const uint8_t *bytes, size_t n) {
	Lapwing__V1__Event *pb = lapwing__v1__event__unpack(NULL, n, bytes);
	uint8_t *again = malloc(n + 1);
	bool same = pb && again && lapwing__v1__event__get_packed_size(pb) == n &&
		    lapwing__v1__event__pack(pb, again) == n && !memcmp(again, bytes, n);

	if (pb)
		lapwing__v1__event__free_unpacked(pb, NULL);
	free(again);
	return same;
}

static void round_trips(int rounds, bool long_ones) {
	struct arena from, to;
	struct buf proto = { 0 }, json = { 0 }, json_again = { 0 };

	arena_init(&from, ARENA_MAX);
	arena_init(&to, ARENA_MAX);
	for (int i = 0; i < rounds && !test_bad; i++) {
		struct event e, back;
		const uint8_t *body;
		size_t n = 0;

		arena_reset(&from);
		arena_reset(&to);
		buf_reset(&json);
		buf_reset(&json_again);
		/* every other round the buffer starts small and has to grow on the way */
		if (i % 2)
			buf_done(&proto);
		buf_reset(&proto);
		random_event(&from, long_ones, &e);
		encode_proto(&proto, &e);
		CHECK(!buf_error(&proto));
		body = body_of(&proto, &n);
		CHECK(body != NULL);
		CHECK(body && is_canonical(body, n));
		CHECK(body && encode_unpack(body, n, &to, &back) == 0);
		CHECK(!test_bad && same_event(&e, &back));
		if (test_bad)
			break;
		encode_json(&json, &e);
		encode_json(&json_again, &back);
		CHECK(json.len == json_again.len && !memcmp(json.data, json_again.data, json.len));
		CHECK(encode_parse(json.data, json.len, &to, &back) ==
		      (event_has(&e, FIELD_KIND) ? 0 : -EBADMSG));
		if (!event_has(&e, FIELD_KIND))
			continue;
		buf_reset(&json_again);
		encode_json(&json_again, &back);
		CHECK(json.len == json_again.len && !memcmp(json.data, json_again.data, json.len));
	}
	buf_done(&proto);
	buf_done(&json);
	buf_done(&json_again);
	arena_done(&from);
	arena_done(&to);
}

static void random_events_come_back_the_same_in_canonical_bytes_and_the_same_json(void) {
	round_trips(4000, false);
}

static void what_is_no_event_of_ours_as_json_is_refused(void) {
	static const char *const bad[] = {
		"", "{", "[]", "7", "{}", "{\"kind\":7.5}", "{\"kind\":\"NO_SUCH\"}",
		"{\"kind\":\"PROCESS_EXEC\"} x", "{\"kind\":-1}", "{\"kind\":4294967296}",
		"{\"kind\":\"PROCESS_EXEC\",\"time_ns\":\"1\"}",
		"{\"kind\":\"PROCESS_EXEC\",\"process\":[]}",
		"{\"kind\":\"PROCESS_EXEC\",\"process\":{\"pid\":-1}}",
		"{\"kind\":\"PROCESS_EXEC\",\"process\":{\"pid\":4294967296}}",
		"{\"kind\":\"PROCESS_EXEC\",\"detections\":[7]}",
		"{\"kind\":\"PROCESS_EXEC\",\"detections\":[{\"tags\":[7]}]}",
		"{\"kind\":\"PROCESS_EXEC\",\"id\":\"\xff\"}",
		"{\"kind\":[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]}",
		"{\"@timestamp\":\"2026-01-01T00:00:00Z\",\"process\":{\"pid\":1}}",
	};
	static const char good[] = "{\"kind\":\"PROCESS_EXEC\",\"newer\":{\"x\":[1]},"
				   "\"process\":{\"pid\":7,\"newer\":null}}\n";
	struct arena a;
	struct event e;

	arena_init(&a, ARENA_MAX);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(encode_parse(bad[i], strlen(bad[i]), &a, &e) == -EBADMSG);
	for (size_t n = 0; n < sizeof(good) - 2; n++)
		CHECK(encode_parse(good, n, &a, &e) == -EBADMSG);
	CHECK(!encode_parse(good, sizeof(good) - 1, &a, &e) && e.process.pid == 7);
	arena_done(&a);
}

static void so_do_events_with_very_long_texts(void) {
	round_trips(300, true);
}

static void a_run_of_numbers_that_comes_again_is_written_again(void) {
	struct event e, back;
	struct buf b = { 0 };
	struct arena a;

	arena_init(&a, ARENA_MAX);
	for (uint32_t i = 0; i < 2000; i++) {
		const uint8_t *body;
		size_t n = 0;

		event_reset(&e);
		EVENT_SET(&e, FILE_DEV_MAJOR, file.dev_major, 8);
		EVENT_SET(&e, FILE_DEV_MINOR, file.dev_minor, i / 3 % 5);
		EVENT_SET(&e, FILE_MODE, file.mode, 0100644);
		EVENT_SET(&e, FILE_UID, file.uid, i / 7 % 3 * 70000);
		EVENT_SET(&e, FILE_GID, file.gid, i / 2 % 2);
		if (i % 5 == 0)
			event_unmark(&e, (enum field_id)(FIELDS_owner + i % 3));
		buf_reset(&b);
		arena_reset(&a);
		encode_proto(&b, &e);
		body = body_of(&b, &n);
		CHECK(body && is_canonical(body, n));
		CHECK(body && encode_unpack(body, n, &a, &back) == 0 && same_event(&e, &back));
	}
	buf_done(&b);
	arena_done(&a);
}

static void an_event_of_which_nothing_is_known_is_a_zero_length(void) {
	struct buf b = { 0 };
	struct event e;

	event_reset(&e);
	encode_proto(&b, &e);
	CHECK(b.len == 1 && b.data[0] == 0);
	buf_done(&b);
}

static void events_are_appended_behind_what_the_buffer_holds(void) {
	struct buf b = { 0 };
	struct event e;

	event_reset(&e);
	EVENT_SET(&e, KIND, kind, WIRE_FILE_OPEN);
	buf_add_lit(&b, "before");
	encode_proto(&b, &e);
	encode_proto(&b, &e);
	CHECK(b.len == 12 && !memcmp(b.data, "before\x02\x48\x11\x02\x48\x11", 12));
	buf_done(&b);
}

static void a_message_with_only_an_empty_list_is_left_out(void) {
	struct buf b = { 0 };
	struct event e;

	event_reset(&e);
	EVENT_SET(&e, EXEC_ARGS, exec.args, ((struct strv){ NULL, 0 }));
	encode_proto(&b, &e);
	CHECK(b.len == 1 && b.data[0] == 0);
	buf_reset(&b);
	encode_json(&b, &e);
	CHECK(b.len == 3 && !memcmp(b.data, "{}\n", 3));
	buf_done(&b);
}

static void degraded_bits_need_no_mark(void) {
	struct buf b = { 0 };
	struct event e, back;
	struct arena a;

	arena_init(&a, ARENA_MAX);
	event_reset(&e);
	event_degrade(&e, DEGRADED_PATH_CUT);
	event_degrade(&e, DEGRADED_TEXT_ESCAPED);
	encode_proto(&b, &e);
	CHECK(b.len == 5 && !memcmp(b.data, "\x04\x62\x02\x03\x0d", 5));
	CHECK(encode_unpack(b.data + 1, b.len - 1, &a, &back) == 0);
	CHECK(back.degraded == e.degraded && event_has(&back, FIELD_DEGRADED));
	buf_done(&b);
	arena_done(&a);
}

/* field_end - where the field at @at ends; only the types that event.proto has */
static size_t field_end(const uint8_t *p, size_t at) {
	unsigned wire = p[at] & 7;
	uint64_t n = 0;
	unsigned shift = 0;

	while (p[at++] & 0x80)
		;
	if (wire == 1)
		return at + 8;
	do
		n |= (uint64_t)(p[at] & 0x7f) << (7 * shift++);
	while (p[at++] & 0x80);
	return wire == 2 ? at + n : at;
}

/* A body that ends between two fields is a whole, smaller event; its length tells them apart. */
static void an_event_cut_inside_a_field_is_refused_at_every_length(void) {
	struct buf b = { 0 };
	struct arena a, from;
	struct event e, back;
	const uint8_t *body;
	size_t n = 0, boundary = 0;

	arena_init(&a, ARENA_MAX);
	arena_init(&from, ARENA_MAX);
	do {
		buf_reset(&b);
		random_event(&from, false, &e);
		encode_proto(&b, &e);
	} while (b.len < 2000 || b.len > 20000 || !e.n_detections);
	body = body_of(&b, &n);
	CHECK(body != NULL);
	for (size_t cut = 0; body && cut < n; cut++) {
		uint8_t *part = malloc(cut ? cut : 1); /* its own block, for the sanitizer */
		int r;

		memcpy(part, body, cut);
		arena_reset(&a);
		r = encode_unpack(part, cut, &a, &back);
		if (cut > boundary)
			boundary = field_end(body, boundary);
		CHECK(r == (cut == boundary ? 0 : -EBADMSG));
		free(part);
	}
	buf_done(&b);
	arena_done(&a);
	arena_done(&from);
}

static void damaged_bytes_are_refused_or_read_but_never_more(void) {
	struct buf b = { 0 };
	struct arena a, from;
	struct event e, back;
	int refused = 0, read = 0;

	arena_init(&a, ARENA_MAX);
	arena_init(&from, ARENA_MAX);
	for (int i = 0; i < 3000; i++) {
		int r;

		arena_reset(&from);
		arena_reset(&a);
		buf_reset(&b);
		random_event(&from, false, &e);
		encode_proto(&b, &e);
		for (int flips = 0; flips < 3; flips++)
			b.data[random_u64() % b.len] ^= (char)(1 << random_u64() % 8);
		r = encode_unpack(b.data, b.len, &a, &back);
		CHECK(r == 0 || r == -EBADMSG);
		refused += r < 0;
		read += r == 0;
		if (r == 0) {
			buf_reset(&b);
			encode_json(&b, &back);
			encode_text(&b, &back, true);
			CHECK(!buf_error(&b));
		}
	}
	CHECK(refused > 0 && read > 0);
	buf_done(&b);
	arena_done(&a);
	arena_done(&from);
}

static void text_that_is_not_utf8_and_negative_enums_are_refused(void) {
	static const char host_name[] = "\x42\x02\xc3\x28", stray[] = "\x42\x01\x80";
	static const char kind[] = "\x48\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
	struct event e = { .cpu = 77 };
	struct arena a;

	arena_init(&a, ARENA_MAX);
	CHECK(encode_unpack(host_name, sizeof(host_name) - 1, &a, &e) == -EBADMSG);
	CHECK(encode_unpack(stray, sizeof(stray) - 1, &a, &e) == -EBADMSG);
	CHECK(encode_unpack(kind, sizeof(kind) - 1, &a, &e) == -EBADMSG);
	CHECK(e.cpu == 77);
	arena_done(&a);
}

static void fields_of_a_newer_schema_are_passed_over(void) {
	static const char bytes[] = "\x48\x11\xfa\x3f\x03new\x80\x40\x05";
	struct event e;
	struct arena a;

	arena_init(&a, ARENA_MAX);
	CHECK(encode_unpack(bytes, sizeof(bytes) - 1, &a, &e) == 0);
	CHECK(event_has(&e, FIELD_KIND) && e.kind == WIRE_FILE_OPEN);
	arena_done(&a);
}

static void no_room_in_the_arena_is_enomem_and_ret_untouched(void) {
	struct buf b = { 0 };
	struct arena a;
	struct event e, back = { .cpu = 77 };

	event_reset(&e);
	EVENT_SET(&e, HOST_NAME, host_name, STR("h"));
	encode_proto(&b, &e);
	arena_init(&a, 16);
	CHECK(encode_unpack(b.data + 1, b.len - 1, &a, &back) == -ENOMEM);
	CHECK(back.cpu == 77);
	buf_done(&b);
	arena_done(&a);
}

static void after_an_error_nothing_is_appended(void) {
	struct buf b = { .error = -ENOMEM };
	struct event e;

	event_reset(&e);
	EVENT_SET(&e, KIND, kind, WIRE_FILE_OPEN);
	encode_proto(&b, &e);
	encode_json(&b, &e);
	encode_text(&b, &e, true);
	CHECK(b.len == 0 && b.data == NULL && buf_error(&b) == -ENOMEM);
}

static void kinds_have_their_names(void) {
	CHECK(!strcmp(event_kind_name(WIRE_PROCESS_EXEC), "PROCESS_EXEC"));
	CHECK(!strcmp(event_kind_name(WIRE_HOST_STOP), "HOST_STOP"));
	CHECK(!strcmp(event_kind_name(0), "?"));
	CHECK(!strcmp(event_kind_name(63), "?"));
	CHECK(!strcmp(event_kind_name(UINT32_MAX), "?"));
}

int main(void) {
	if (encode_setup() < 0)
		return 1;
	RUN(random_events_come_back_the_same_in_canonical_bytes_and_the_same_json);
	RUN(what_is_no_event_of_ours_as_json_is_refused);
	RUN(so_do_events_with_very_long_texts);
	RUN(a_run_of_numbers_that_comes_again_is_written_again);
	RUN(an_event_of_which_nothing_is_known_is_a_zero_length);
	RUN(events_are_appended_behind_what_the_buffer_holds);
	RUN(a_message_with_only_an_empty_list_is_left_out);
	RUN(degraded_bits_need_no_mark);
	RUN(an_event_cut_inside_a_field_is_refused_at_every_length);
	RUN(damaged_bytes_are_refused_or_read_but_never_more);
	RUN(text_that_is_not_utf8_and_negative_enums_are_refused);
	RUN(fields_of_a_newer_schema_are_passed_over);
	RUN(no_room_in_the_arena_is_enomem_and_ret_untouched);
	RUN(after_an_error_nothing_is_appended);
	RUN(kinds_have_their_names);
	DONE();
}
