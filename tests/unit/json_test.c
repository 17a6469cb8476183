/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "encode/encode.h"
#include "encode_random.h"
#include "json_reader.h"
#include "test.h"

static bool gives(const struct event *e, const char *want) {
	struct buf b = { 0 };
	bool same;

	encode_json(&b, e);
	same = b.len == strlen(want) && !memcmp(b.data, want, b.len);
	if (!same)
		printf("# got %.*s", (int)b.len, b.data);
	buf_done(&b);
	return same;
}

static void the_reader_of_this_test_is_strict(void) {
	static const char *const good[] = { "{}\n",
					    "{\"a\":[1,\"\\u00e9\"],\"b\":{\"c\":true}}\n" };
	static const char *const bad[] = { "{}", "{\"a\":1,}\n", "{\"a\":01}\n", "{\"a\"}\n",
					   "{\"a\":\"\n\"}\n", "{\"a\":\"\\x\"}\n", "{} \n",
					   "{\"a\":[1,]}\n", "{\"a\":1 \"b\":2}\n", "[]\n" };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		CHECK(json_is_line(good[i], strlen(good[i])));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(!json_is_line(bad[i], strlen(bad[i])));
}

static void each_type_of_field_has_its_form(void) {
	struct str args[] = { STR("bash"), STR("") };
	struct event e;

	event_reset(&e);
	CHECK(gives(&e, "{}\n"));
	EVENT_SET(&e, SCHEMA, schema, UINT32_MAX);
	EVENT_SET(&e, SEQ, seq, UINT64_MAX);
	EVENT_SET(&e, TIME_NS, time_ns, 0);
	EVENT_SET(&e, KIND, kind, WIRE_PROCESS_EXEC);
	event_degrade(&e, DEGRADED_ARGS_CUT);
	event_degrade(&e, DEGRADED_USER_UNKNOWN);
	EVENT_SET(&e, PROCESS_NAME, process.name, STR(""));
	EVENT_SET(&e, EXEC_ARGS, exec.args, ((struct strv){ args, 2 }));
	EVENT_SET(&e, EXIT_CORE_DUMPED, exit.core_dumped, false);
	EVENT_SET(&e, NET_INITIATED, net.initiated, true);
	CHECK(gives(&e, "{\"schema\":4294967295,\"seq\":18446744073709551615,\"time_ns\":0,"
			"\"kind\":\"PROCESS_EXEC\",\"degraded\":[\"ARGS_CUT\",\"USER_UNKNOWN\"],"
			"\"process\":{\"name\":\"\"},\"exec\":{\"args\":[\"bash\",\"\"]},"
			"\"exit\":{\"core_dumped\":false},\"net\":{\"initiated\":true}}\n"));
}

static void an_enum_value_without_a_name_is_its_number(void) {
	struct event e;

	event_reset(&e);
	EVENT_SET(&e, OUTCOME, outcome, 9);
	e.degraded = 1ull << 40;
	CHECK(gives(&e, "{\"outcome\":9,\"degraded\":[40]}\n"));
}

static void detections_are_a_list_of_objects(void) {
	struct str tags[] = { STR("attack.t1059"), STR("attack.execution") };
	struct detection d[] = {
		{ .rule_id = STR("r-1"), .title = STR("One"), .level = LEVEL_HIGH,
		  .tags = { tags, 2 } },
		{ .rule_id = STR("r-2"), .author = STR("A"), .matched = { tags, 1 } },
		{ .evidence = EVIDENCE_COMPLETE, .events = { tags, 1 }, .group = { tags + 1, 1 } },
	};
	struct event e;

	event_reset(&e);
	e.detections = d;
	e.n_detections = 3;
	CHECK(gives(&e, "{\"detections\":[{\"rule_id\":\"r-1\",\"title\":\"One\","
			"\"level\":\"HIGH\","
			"\"tags\":[\"attack.t1059\",\"attack.execution\"]},"
			"{\"rule_id\":\"r-2\",\"author\":\"A\","
			"\"matched\":[\"attack.t1059\"]},"
			"{\"evidence\":\"COMPLETE\",\"events\":[\"attack.t1059\"],"
			"\"group\":[\"attack.execution\"]}]}\n"));
}

static void what_a_terminal_obeys_is_escaped(void) {
	struct event e;

	event_reset(&e);
	EVENT_SET(&e, HOST_NAME, host_name,
		  STR("q\" b\\ n\n e\033[31m d\177 c\xc2\x9b l\xe2\x80\xa8 p\xe2\x80\xa9 "
		      "r\xe2\x80\xae u\xc3\xa9\xf0\x9f\xa6\x86/ t\xf3\xa0\x81\x81 "
		      "m\xe1\xa0\x8e h\xe3\x85\xa4"));
	CHECK(gives(&e, "{\"host_name\":\"q\\\" b\\\\ n\\u000a e\\u001b[31m d\\u007f c\\u009b "
			"l\\u2028 p\\u2029 r\\u202e u\xc3\xa9\xf0\x9f\xa6\x86/ "
			"t\\udb40\\udc41 m\\u180e h\\u3164\"}\n"));
}

static void a_byte_that_is_not_utf8_becomes_a_replacement_character(void) {
	struct event e;

	event_reset(&e);
	EVENT_SET(&e, HOST_NAME, host_name, STR("a\xff" "b\xc3"));
	CHECK(gives(&e, "{\"host_name\":\"a\\ufffdb\\ufffd\"}\n"));
}

static void random_events_are_strict_json_on_one_line(void) {
	struct buf b = { 0 };
	struct arena a;
	struct event e;

	arena_init(&a, 64 << 20);
	for (int i = 0; i < 3000 && !test_bad; i++) {
		arena_reset(&a);
		buf_reset(&b);
		random_event(&a, i % 10 == 0, &e);
		encode_json(&b, &e);
		CHECK(!buf_error(&b));
		CHECK(json_is_line(b.data, b.len));
		CHECK(memchr(b.data, '\n', b.len) == b.data + b.len - 1);
		CHECK(!memchr(b.data, '\033', b.len) && !memchr(b.data, '\177', b.len));
	}
	buf_done(&b);
	arena_done(&a);
}

int main(void) {
	if (encode_setup() < 0)
		return 1;
	RUN(the_reader_of_this_test_is_strict);
	RUN(each_type_of_field_has_its_form);
	RUN(an_enum_value_without_a_name_is_its_number);
	RUN(detections_are_a_list_of_objects);
	RUN(what_a_terminal_obeys_is_escaped);
	RUN(a_byte_that_is_not_utf8_becomes_a_replacement_character);
	RUN(random_events_are_strict_json_on_one_line);
	DONE();
}
