/* SPDX-License-Identifier: Apache-2.0 */
/* CEF and LEEF: one line for an alert, and nothing in it that ends a field too early. */
#include "encode/encode.h"
#include "encode_random.h"
#include "test.h"

typedef void (*encoder)(struct buf *, const struct event *);

static bool gives(encoder encode, const struct event *e, const char *want) {
	struct buf b = { 0 };
	bool same;

	encode(&b, e);
	same = b.len == strlen(want) && !memcmp(b.data, want, b.len);
	if (!same)
		printf("# got %.*s", (int)b.len, b.data);
	buf_done(&b);
	return same;
}

static struct event alert(const struct detection *d) {
	struct event e;

	memset(&e, 0, sizeof(e));
	EVENT_SET(&e, KIND, kind, WIRE_PROCESS_EXEC);
	EVENT_SET(&e, ID, id, STR("i"));
	EVENT_SET(&e, TIME_NS, time_ns, 1700000000123456789);
	EVENT_SET(&e, PROCESS_COMMAND_LINE, process.command_line, STR("a=b\\c|d\ne\tf"));
	e.detections = d;
	e.n_detections = 1;
	return e;
}

static void what_ends_a_field_is_escaped(void) {
	struct detection d = { .rule_id = STR("r|1"), .title = STR("A|b\\c\nd"),
			       .level = LEVEL_HIGH };
	struct event e = alert(&d);

	CHECK(gives(encode_cef, &e,
		    "CEF:0|Lapwing|Lapwing|" LAPWING_VERSION "|r\\|1|A\\|b\\\\c d|8|"
		    "rt=1700000000123 externalId=i-1 act=PROCESS_EXEC "
		    "cs1=a\\=b\\\\c|d\\ne f cs1Label=commandLine\n"));
	CHECK(gives(encode_leef, &e,
		    "LEEF:1.0|Lapwing|Lapwing|" LAPWING_VERSION "|r 1|"
		    "devTime=1700000000123\tsev=8\tname=A|b\\c d\teventId=i-1\tkind=PROCESS_EXEC\t"
		    "commandLine=a=b\\c|d e f\n"));
}

static void an_event_without_a_detection_is_one_line_of_no_severity(void) {
	struct event e = alert(NULL);

	e.n_detections = 0;
	event_unmark(&e, FIELD_PROCESS_COMMAND_LINE);
	CHECK(gives(encode_cef, &e,
		    "CEF:0|Lapwing|Lapwing|" LAPWING_VERSION "|PROCESS_EXEC|PROCESS_EXEC|0|"
		    "rt=1700000000123 externalId=i act=PROCESS_EXEC\n"));
}

/* A value may end in the sign that ends the header. */
static void a_value_that_ends_in_a_bar_swallows_nothing(void) {
	struct event e = alert(NULL);

	e.n_detections = 0;
	EVENT_SET(&e, PROCESS_COMMAND_LINE, process.command_line, STR("ls |"));
	EVENT_SET(&e, FILE_PATH, file.path, STR("/x"));
	CHECK(gives(encode_cef, &e,
		    "CEF:0|Lapwing|Lapwing|" LAPWING_VERSION "|PROCESS_EXEC|PROCESS_EXEC|0|"
		    "rt=1700000000123 externalId=i act=PROCESS_EXEC cs1=ls | "
		    "cs1Label=commandLine filePath=/x\n"));
	CHECK(gives(encode_leef, &e,
		    "LEEF:1.0|Lapwing|Lapwing|" LAPWING_VERSION "|PROCESS_EXEC|"
		    "devTime=1700000000123\tsev=1\teventId=i\tkind=PROCESS_EXEC\t"
		    "commandLine=ls |\tfilePath=/x\n"));
}

static void addresses_stand_in_the_keys_of_their_family(void) {
	struct event e = alert(NULL);

	e.n_detections = 0;
	event_unmark(&e, FIELD_PROCESS_COMMAND_LINE);
	EVENT_SET(&e, NET_SOURCE_IP, net.source_ip, STR("10.0.0.1"));
	EVENT_SET(&e, NET_DESTINATION_IP, net.destination_ip,
		      STR("2001:db8::1"));
	CHECK(gives(encode_cef, &e,
		    "CEF:0|Lapwing|Lapwing|" LAPWING_VERSION "|PROCESS_EXEC|PROCESS_EXEC|0|"
		    "rt=1700000000123 externalId=i act=PROCESS_EXEC src=10.0.0.1 "
		    "c6a3=2001:db8::1 c6a3Label=Destination IPv6 Address\n"));
	CHECK(gives(encode_leef, &e,
		    "LEEF:1.0|Lapwing|Lapwing|" LAPWING_VERSION "|PROCESS_EXEC|"
		    "devTime=1700000000123\tsev=1\teventId=i\tkind=PROCESS_EXEC\t"
		    "src=10.0.0.1\tdst=2001:db8::1\n"));
}

static void any_event_is_a_line_for_each_detection(void) {
	static const encoder encoders[] = { encode_cef, encode_leef };
	struct buf b = { 0 };
	struct arena a;
	struct event e;

	arena_init(&a, 64 << 20);
	for (int i = 0; i < 2000 && !test_bad; i++) {
		arena_reset(&a);
		random_event(&a, false, &e);
		for (int k = 0; k < 2; k++) {
			uint32_t lines = 0;

			buf_reset(&b);
			encoders[k](&b, &e);
			for (size_t at = 0; at < b.len; at++) {
				lines += b.data[at] == '\n';
				CHECK((unsigned char)b.data[at] >= 0x20 || b.data[at] == '\n' ||
				      (k == 1 && b.data[at] == '\t'));
			}
			CHECK(lines == (e.n_detections ? e.n_detections : 1));
		}
	}
	arena_done(&a);
	buf_done(&b);
}

int main(void) {
	if (encode_setup() < 0)
		return 1;
	RUN(what_ends_a_field_is_escaped);
	RUN(an_event_without_a_detection_is_one_line_of_no_severity);
	RUN(a_value_that_ends_in_a_bar_swallows_nothing);
	RUN(addresses_stand_in_the_keys_of_their_family);
	RUN(any_event_is_a_line_for_each_detection);
	DONE();
}
