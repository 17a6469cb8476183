/* SPDX-License-Identifier: Apache-2.0 */
/* OCSF and ECS: what holds for any event; tests/replay/schemas holds real ones to the books. */
#include <errno.h>

#include "encode/encode.h"
#include "encode/foreign.h"
#include "encode_random.h"
#include "json_reader.h"
#include "test.h"

typedef void (*encoder)(struct buf *, const struct event *);

static const encoder encoders[] = { encode_ocsf, encode_ecs };

static char text[65536];

/* told - the documents of @e, as text in @text */
static const char *told(encoder encode, const struct event *e) {
	struct buf b = { 0 };

	encode(&b, e);
	CHECK(b.len < sizeof(text));
	memcpy(text, b.data, b.len);
	text[b.len] = '\0';
	buf_done(&b);
	return text;
}

static bool has(const char *piece) {
	bool found = strstr(text, piece) != NULL;

	if (!found)
		printf("# no %s in %s", piece, text);
	return found;
}

static void random_events_are_strict_json_a_line_for_each_document(void) {
	struct buf b = { 0 };
	struct arena a;
	struct event e;

	arena_init(&a, 64 << 20);
	for (int i = 0; i < 3000 && !test_bad; i++) {
		arena_reset(&a);
		random_event(&a, i % 10 == 0, &e);
		if (event_has(&e, FIELD_KIND))
			e.kind %= WIRE_KIND_MAX;
		for (int s = 0; s < 2; s++) {
			uint32_t lines = 0;
			const char *p, *end;

			buf_reset(&b);
			encoders[s](&b, &e);
			CHECK(!buf_error(&b));
			for (p = b.data, end = p + b.len; p < end && !test_bad; lines++) {
				const char *newline = memchr(p, '\n', (size_t)(end - p));

				CHECK(newline && json_is_line(p, (size_t)(newline - p) + 1));
				p = newline ? newline + 1 : end;
			}
			CHECK(lines == 1 + e.n_detections);
		}
	}
	arena_done(&a);
	buf_done(&b);
}

static void every_field_shows_in_every_schema(void) {
	static const struct str one = { "one", 3 };
	char without[8192];

	for (int s = 0; s < 2; s++) {
		for (int f = 0; f < FIELD_MAX; f++) {
			struct event e;
			void *at = (char *)&e + fields[f].offset;

			memset(&e, 0, sizeof(e));
			EVENT_SET(&e, TIME_NS, time_ns, 1700000000000000000);
			EVENT_SET(&e, BOOT_NS, boot_ns, 1000000000);
			if (f == FIELD_TIME_NS || f == FIELD_BOOT_NS)
				event_unmark(&e, (enum field_id)f);
			(void)snprintf(without, sizeof(without), "%s", told(encoders[s], &e));
			if (fields[f].type == FIELD_STR)
				*(struct str *)at = one;
			else if (fields[f].type == FIELD_STRV)
				*(struct strv *)at = (struct strv){ &one, 1 };
			else if (fields[f].type == FIELD_BITS)
				e.degraded = 2;
			else
				*(uint8_t *)at = 1;
			event_mark(&e, (enum field_id)f);
			if (!strcmp(without, told(encoders[s], &e)) && f != FIELD_SCHEMA) {
				printf("# %s is in no document\n", fields[f].name);
				CHECK(false);
			}
		}
	}
}

static void a_kind_without_a_class_is_a_valid_base_event(void) {
	struct event e;

	memset(&e, 0, sizeof(e));
	CHECK(told(encode_ocsf, &e) && has("\"class_uid\":0,") && has("\"type_uid\":99"));
	CHECK(has("\"category_uid\":0,") && has("\"activity_id\":99,") && has("\"time\":0"));
	CHECK(has("\"severity_id\":1,") && has("\"activity_name\":\"?\"") && has("\"type_id\":0"));
	EVENT_SET(&e, KIND, kind, WIRE_KIND_MAX - 1); /* a newer sensor's */
	EVENT_SET(&e, PROCESS_PID, process.pid, 7);
	CHECK(told(encode_ocsf, &e) && has("\"class_uid\":0,"));
	CHECK(has("\"actor\":{\"process\":{\"pid\":7}}"));
	CHECK(told(encode_ecs, &e) && has("\"category\":[\"host\"]") && has("\"type\":[\"info\"]"));
	CHECK(has("\"@timestamp\":\"1970-01-01T00:00:00.000000000Z\""));
	CHECK(has("\"dataset\":\"lapwing.other\""));
}

static void what_a_class_requires_is_there_when_nothing_is_known(void) {
	struct event e;

	memset(&e, 0, sizeof(e));
	EVENT_SET(&e, KIND, kind, WIRE_FILE_OPEN);
	CHECK(told(encode_ocsf, &e) && has("\"file\":{\"name\":\"?\",\"type_id\":0}"));
	CHECK(has("\"actor\":{\"user\":{\"name\":\"?\"}}"));
	e.kind = WIRE_PROCESS_EXIT;
	CHECK(told(encode_ocsf, &e) && has("\"process\":{\"pid\":0}"));
	e.kind = WIRE_NET_LISTEN;
	CHECK(told(encode_ocsf, &e) && has("\"src_endpoint\":{\"name\":\"?\"}"));
	EVENT_SET(&e, NET_DESTINATION_PORT, net.destination_port, 80);
	CHECK(told(encode_ocsf, &e) && has("\"dst_endpoint\":{\"port\":80}"));
	CHECK(!strstr(text, "src_endpoint"));
	e.kind = WIRE_HOST_START;
	CHECK(told(encode_ocsf, &e) &&
	      has("\"app\":{\"name\":\"Lapwing\",\"vendor_name\":\"Lapwing\"}"));
}

static void an_object_that_is_there_is_whole(void) {
	struct event e;

	memset(&e, 0, sizeof(e));
	EVENT_SET(&e, KIND, kind, WIRE_FILE_RENAME);
	EVENT_SET(&e, FILE_OLD_PATH, file.old_path, STR("/a/b"));
	EVENT_SET(&e, PROCESS_EXECUTABLE, process.executable, STR("/bin/x"));
	CHECK(told(encode_ocsf, &e));
	CHECK(has("\"file\":{\"name\":\"b\",\"path\":\"/a/b\",\"type_id\":0}"));
	CHECK(has("\"process\":{\"file\":{\"name\":\"x\",\"path\":\"/bin/x\",\"type_id\":1},"
		  "\"pid\":0}"));
	CHECK(!strstr(text, "file_result"));
	EVENT_SET(&e, FILE_MODE, file.mode, 0100644);
	CHECK(told(encode_ocsf, &e));
	CHECK(has("\"file_result\":{\"name\":\"?\",\"type_id\":1}"));
}

static void a_refused_connection_is_told_from_one_that_failed(void) {
	struct event e;

	memset(&e, 0, sizeof(e));
	EVENT_SET(&e, KIND, kind, WIRE_NET_CONNECT);
	EVENT_SET(&e, OUTCOME, outcome, OUTCOME_ATTEMPTED);
	CHECK(told(encode_ocsf, &e) && has("\"type_uid\":400101") && has("\"status_id\":0"));
	e.outcome = OUTCOME_FAILED;
	EVENT_SET(&e, ERROR, error, ETIMEDOUT);
	CHECK(told(encode_ocsf, &e) && has("\"type_uid\":400104") && has("\"status_id\":2"));
	CHECK(has("\"status_code\":\"ETIMEDOUT\""));
	e.error = ECONNREFUSED;
	CHECK(told(encode_ocsf, &e) && has("\"type_uid\":400105"));
	CHECK(told(encode_ecs, &e) && has("\"outcome\":\"failure\""));
}

static void each_detection_is_a_document_with_an_id_of_its_own(void) {
	struct str tags[] = { STR("attack.t1059.004"), STR("attack.t1105"),
			      STR("attack.command-and-control"), STR("attack.g0016"),
			      STR("cve.2021.44228") };
	struct detection d[] = {
		{ .rule_id = STR("r-1"), .title = STR("One"), .level = LEVEL_HIGH,
		  .tags = { tags, 5 }, .author = STR("A") },
		{ .rule_id = STR("r-2"), .level = LEVEL_LOW },
	};
	struct event e;

	memset(&e, 0, sizeof(e));
	EVENT_SET(&e, ID, id, STR("i\"d"));
	e.detections = d;
	e.n_detections = 2;
	CHECK(told(encode_ocsf, &e));
	CHECK(has("\"uid\":\"i\\\"d\"") && has("\"uid\":\"i\\\"d-1\""));
	CHECK(has("\"uid\":\"i\\\"d-2\""));
	CHECK(has("\"attacks\":[{\"technique\":{\"uid\":\"T1059\"},\"sub_technique\":{\"uid\":"
		  "\"T1059.004\"}},{\"technique\":{\"uid\":\"T1105\"}},"
		  "{\"tactic\":{\"name\":\"command-and-control\"}}]"));
	CHECK(has("\"severity_id\":4") && has("\"severity_id\":2") && has("\"type_uid\":200401"));
	CHECK(told(encode_ecs, &e));
	CHECK(has("\"technique\":{\"id\":[\"T1105\"],\"subtechnique\":{\"id\":[\"T1059.004\"]}}"));
	CHECK(has("\"kind\":\"event\"") && has("\"kind\":\"alert\"") && has("\"severity\":73"));
	CHECK(has("\"rule\":{\"author\":[\"A\"],\"id\":\"r-1\",\"name\":\"One\"}"));
}

static void values_take_the_forms_of_the_schemas(void) {
	struct event e;

	memset(&e, 0, sizeof(e));
	EVENT_SET(&e, KIND, kind, WIRE_FILE_CHMOD);
	EVENT_SET(&e, TIME_NS, time_ns, 1700000005123456789);
	EVENT_SET(&e, BOOT_NS, boot_ns, 9000000000);
	EVENT_SET(&e, PROCESS_START_NS, process.start_ns, 4000000000);
	EVENT_SET(&e, PROCESS_UID, process.uid, 0);
	EVENT_SET(&e, PROCESS_CAP_EFFECTIVE, process.cap_effective, 1ull << 21 | 1ull << 63);
	EVENT_SET(&e, FILE_PATH, file.path, STR("/passwd"));
	EVENT_SET(&e, FILE_MODE, file.mode, 0104755);
	CHECK(told(encode_ocsf, &e) && has("\"time\":1700000005123,"));
	CHECK(has("\"created_time\":1700000000123") && has("\"uid\":\"0\""));
	CHECK(told(encode_ecs, &e) && has("\"@timestamp\":\"2023-11-14T22:13:25.123456789Z\""));
	CHECK(has("\"start\":\"2023-11-14T22:13:20.123456789Z\"") && has("\"mode\":\"4755\""));
	CHECK(has("\"directory\":\"/\"") && has("\"effective\":[\"CAP_SYS_ADMIN\",\"CAP_63\"]"));
}

static void a_table_that_contradicts_itself_is_refused(void) {
	static const struct shape_map value_and_object[] = { CONST('T', "a", "1")
								     CONST('T', "a.b", "1") };
	static const struct shape_map twice[] = { CONST('T', "a", "1") CONST('T', "a", "2") };
	static const struct shape_map deep[] = { CONST('T', "a.b.c.d.e.f.g.h.i", "1") };
	static const struct shape_map type[] = { MAP(HOST_NAME, 'T', "a", MS) };
	static const struct shape_map good[] = { CONST('T', "a.b", "1") CONST('T', "a.c", "1") };
	static const struct shape_layout layout = { .at = { ['T' - 'A'] = "" } };
	struct shape s;

	CHECK(shape_compile(value_and_object, 2, &layout, &s) == -EPROTO);
	CHECK(shape_compile(twice, 2, &layout, &s) == -EPROTO);
	CHECK(shape_compile(deep, 1, &layout, &s) == -EPROTO);
	CHECK(shape_compile(type, 1, &layout, &s) == -EPROTO);
	CHECK(shape_compile(good, 2, &layout, &s) == 0);
	shape_done(&s);
}

int main(void) {
	if (encode_setup() < 0)
		return 1;
	RUN(random_events_are_strict_json_a_line_for_each_document);
	RUN(every_field_shows_in_every_schema);
	RUN(a_kind_without_a_class_is_a_valid_base_event);
	RUN(what_a_class_requires_is_there_when_nothing_is_known);
	RUN(an_object_that_is_there_is_whole);
	RUN(a_refused_connection_is_told_from_one_that_failed);
	RUN(each_detection_is_a_document_with_an_id_of_its_own);
	RUN(values_take_the_forms_of_the_schemas);
	RUN(a_table_that_contradicts_itself_is_refused);
	DONE();
}
