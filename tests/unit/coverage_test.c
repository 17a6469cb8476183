/* SPDX-License-Identifier: Apache-2.0 */
#include "decode_sample.h"
#include "encode/encode.h"
#include "test.h"

static struct sample sample;
static struct arena arena;
static struct event e;

static bool decoded(void) {
	arena_reset(&arena);
	return sample_decode(&sample, &arena, &e) == 0;
}

static void a_coverage_report_gives_its_lists_and_leaves_out_empty_ones(void) {
	sample_make(&sample, WIRE_HOST_COVERAGE);
	CHECK(decoded() && e.coverage.served.n == 2 && e.coverage.folded == 5);
	CHECK(is_text(e.coverage.served.v[0], "file.open=lsm/file_open"));
	CHECK(e.coverage.proven.n == 1 && is_text(e.coverage.proven.v[0], "file.open"));
	CHECK(e.coverage.silent.n == 1 && is_text(e.coverage.silent.v[0], "net.bind"));
	CHECK(event_has(&e, FIELD_COVERAGE_SILENT) && !event_has(&e, FIELD_COVERAGE_GAPS));
	CHECK(!event_has(&e, FIELD_COVERAGE_LOST) && event_has(&e, FIELD_COVERAGE_FOLDED));
	CHECK(!event_has(&e, FIELD_PROCESS_PID) && !e.ownerless);
}

static void a_silent_hook_is_named_in_the_line(void) {
	struct buf b = { 0 };

	sample_make(&sample, WIRE_HOST_COVERAGE);
	CHECK(decoded());
	encode_text(&b, &e, false);
	buf_add_char(&b, '\0');
	CHECK(!buf_error(&b) && strstr(b.data, " 2 deeds served, 1 of them proven"));
	CHECK(strstr(b.data, "1 silent, 0 gaps; silent: net.bind\n"));
	buf_done(&b);
}

int main(void) {
	if (encode_setup() < 0)
		return 1;
	arena_init(&arena, 1 << 20);
	RUN(a_coverage_report_gives_its_lists_and_leaves_out_empty_ones);
	RUN(a_silent_hook_is_named_in_the_line);
	arena_done(&arena);
	DONE();
}
