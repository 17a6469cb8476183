/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments past what a usual record holds: long, cut, and as many as a program can make. */
#include "decode_one.h"
#include "test.h"

static struct wire_process_exec *begin(const char *bytes, size_t n, size_t head) {
	struct wire_process_exec *w = sample_begin(&sample, WIRE_PROCESS_EXEC, sizeof(*w));

	sample_add_args(&sample, w, bytes, n);
	w->args_head = (uint32_t)head;
	return w;
}

static void head_and_tail_are_one_list_and_a_marked_line(void) {
	static const char bytes[] = "one\0two three\0last";
	struct wire_process_exec *w = begin(bytes, sizeof(bytes), 11);

	w->head.flags = WIRE_ARGS_CUT;
	w->args_bytes = 2000000;
	CHECK(decode() == 0 && e.exec.args.n == 4 && e.exec.args_bytes == 2000000);
	CHECK(is_text(e.exec.args.v[0], "one") && is_text(e.exec.args.v[1], "two thr"));
	CHECK(is_text(e.exec.args.v[2], "ee") && is_text(e.exec.args.v[3], "last"));
	CHECK(HAS(EXEC_ARGS_TAIL) && e.exec.args_tail == 2);
	CHECK(is_text(e.process.command_line, "one two thr [...] ee last"));
	CHECK(e.degraded == 1ull << DEGRADED_ARGS_CUT);
	CHECK(is_text(e.exec.args_sha256,
		      "7b4e535b7105b7613e1e7735a688eceda96f475b525e21337ec5c86c4c8516bc"));
}

static void short_arguments_have_no_hash_and_long_ones_have(void) {
	static char bytes[4097];

	memset(bytes, 'a', 4096);
	begin(bytes, 4096, 4096);
	CHECK(decode() == 0 && !HAS(EXEC_ARGS_SHA256) && !HAS(EXEC_ARGS_TAIL));
	begin(bytes, 4097, 4097);
	CHECK(decode() == 0 && e.exec.args.n == 1 && !HAS(EXEC_ARGS_TAIL));
	CHECK(is_text(e.exec.args_sha256,
		      "3d062dc1607efa84a62622cd3a73253674158f734112d1bded7edbb742484798"));
}

static void cut_within_a_character_is_escaped_on_both_sides(void) {
	struct wire_process_exec *w = begin("x\xc3\xa9y", 5, 2);

	w->head.flags = WIRE_ARGS_CUT;
	CHECK(decode() == 0 && is_text(e.process.command_line, "x\\xc3 [...] \\xa9y"));
	CHECK(e.degraded >> DEGRADED_TEXT_ESCAPED & 1);
}

static void tail_that_begins_at_an_argument_is_its_own(void) {
	struct wire_process_exec *w = begin("a\0b\0c\0", 6, 4);

	w->head.flags = WIRE_ARGS_CUT;
	CHECK(decode() == 0 && e.exec.args.n == 3 && e.exec.args_tail == 2);
	CHECK(is_text(e.process.command_line, "a b [...] c"));
}

/* The arena of the corridor holds what the kernel lets through, however it is made up. */
static void worst_arguments_fit_the_arena(void) {
	static char bytes[WIRE_ARGS_WHOLE];

	memset(bytes, 0, sizeof(bytes));
	begin(bytes, sizeof(bytes), sizeof(bytes));
	CHECK(decode() == 0 && e.exec.args.n == sizeof(bytes));
	begin(bytes, sizeof(bytes), sizeof(bytes) / 2);
	CHECK(decode() == 0 && e.exec.args.n == sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i += 2)
		bytes[i] = '\xff';
	begin(bytes, sizeof(bytes), sizeof(bytes) / 2);
	CHECK(decode() == 0 && e.exec.args.n == sizeof(bytes) / 2);
	CHECK(is_text(e.exec.args.v[sizeof(bytes) / 2 - 1], "\\xff"));
	memset(bytes, '\xff', sizeof(bytes));
	begin(bytes, sizeof(bytes), sizeof(bytes));
	CHECK(decode() == 0 && e.exec.args.n == 1 && e.exec.args.v[0].n == 4 * sizeof(bytes));
}

int main(void) {
	arena_init(&arena, 4 << 20); /* ARENA_BYTES of app/corridor.c */
	RUN(head_and_tail_are_one_list_and_a_marked_line);
	RUN(short_arguments_have_no_hash_and_long_ones_have);
	RUN(cut_within_a_character_is_escaped_on_both_sides);
	RUN(tail_that_begins_at_an_argument_is_its_own);
	RUN(worst_arguments_fit_the_arena);
	arena_done(&arena);
	DONE();
}
