/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"
#include "decode_sample.h"
#include "test.h"

static struct arena arena;
static struct sample sample;

#define L(literal) (literal), sizeof(literal) - 1

static void valid_text_passes_untouched(void) {
	static const char *const good[] = {
		"",
		"a",
		"plain ascii, longer than a word or two",
		"\x01\t\r\n\x7f",
		"\xc2\x80",
		"\xdf\xbf",
		"\xe0\xa0\x80",
		"\xef\xbf\xbf",
		"\xed\x9f\xbf",
		"\xee\x80\x80",
		"\xf0\x90\x80\x80",
		"\xf4\x8f\xbf\xbf",
		"na\xc3\xafve",
		"12345678\xe2\x82\xac",
		"1234567\xe2\x82\xac",
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		CHECK(utf8_is_valid(good[i], strlen(good[i])));
		CHECK(str_eq(utf8_escape(&arena, str_of(good[i])), str_of(good[i])));
	}
}

static void invalid_bytes_are_written_in_hex(void) {
	static const struct {
		const char *bytes, *want;
	} bad[] = {
		{ "\x80", "\\x80" },
		{ "\xbf", "\\xbf" },
		{ "\xff", "\\xff" },
		{ "a\xffz", "a\\xffz" },
		{ "\xc3", "\\xc3" }, /* cut */
		{ "\xe2\x82", "\\xe2\\x82" },
		{ "\xf0\x90\x80", "\\xf0\\x90\\x80" },
		{ "\xc3(", "\\xc3(" },
		{ "\xc0\xaf", "\\xc0\\xaf" }, /* overlong '/' */
		{ "\xc1\xbf", "\\xc1\\xbf" },
		{ "\xe0\x80\xaf", "\\xe0\\x80\\xaf" },
		{ "\xe0\x9f\xbf", "\\xe0\\x9f\\xbf" },
		{ "\xf0\x80\x80\xaf", "\\xf0\\x80\\x80\\xaf" },
		{ "\xf0\x8f\xbf\xbf", "\\xf0\\x8f\\xbf\\xbf" },
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" }, /* surrogates */
		{ "\xed\xbf\xbf", "\\xed\\xbf\\xbf" },
		{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" }, /* past U+10FFFF */
		{ "\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80" },
		{ "\xe2\x82\xc3\xa9", "\\xe2\\x82\xc3\xa9" },
		{ "\xf0\x90\x80(", "\\xf0\\x90\\x80(" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct str x = utf8_escape(&arena, str_of(bad[i].bytes));

		CHECK(!utf8_is_valid(bad[i].bytes, strlen(bad[i].bytes)));
		CHECK(is_text(x, bad[i].want));
		CHECK(utf8_is_valid(x.s, x.n));
	}
}

static void high_byte_is_found_at_every_place(void) {
	char text[40];

	for (size_t n = 1; n <= sizeof(text); n++) {
		for (size_t at = 0; at < n; at++) {
			memset(text, 'a', sizeof(text));
			CHECK(utf8_is_ascii(text, n));
			text[at] = (char)0x80;
			CHECK(!utf8_is_ascii(text, n));
		}
	}
}

static void arguments_are_split_at_their_nuls(void) {
	static const struct {
		const char *bytes;
		size_t n;
		const char *want[4];
		uint32_t n_want;
		const char *joined;
	} good[] = {
		{ L(""), { NULL }, 0, "" },
		{ L("ls\0"), { "ls" }, 1, "ls" },
		{ L("ls\0-l\0"), { "ls", "-l" }, 2, "ls -l" },
		{ L("ls\0-l"), { "ls", "-l" }, 2, "ls -l" },
		{ L("\0"), { "" }, 1, "" },
		{ L("a\0\0"), { "a", "" }, 2, "a " },
		{ L("\0\0"), { "", "" }, 2, " " },
		{ L("a\0\0b\0"), { "a", "", "b" }, 3, "a  b" },
		{ L("\0a"), { "", "a" }, 2, " a" },
		{ L("sh\0-c\0a b\0\0"), { "sh", "-c", "a b", "" }, 4, "sh -c a b " },
		{ L("a\0\xff\0"), { "a", "\\xff" }, 2, "a \\xff" },
		{ L("\xc3\0\xa9\0"), { "\\xc3", "\\xa9" }, 2, "\\xc3 \\xa9" },
	};
	struct event e;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct wire_process_exec *w = sample_begin(&sample, WIRE_PROCESS_EXEC, sizeof(*w));

		sample_add_args(&sample, w, good[i].bytes, good[i].n);
		CHECK(sample_decode(&sample, &arena, &e) == 0);
		CHECK(event_has(&e, FIELD_EXEC_ARGS) && e.exec.args.n == good[i].n_want);
		for (uint32_t j = 0; j < e.exec.args.n && j < good[i].n_want; j++)
			CHECK(is_text(e.exec.args.v[j], good[i].want[j]));
		CHECK(is_text(e.process.command_line, good[i].joined));
	}
}

static void arguments_that_were_not_read_are_absent(void) {
	struct wire_process_exec *w = sample_begin(&sample, WIRE_PROCESS_EXEC, sizeof(*w));
	struct event e;

	w->head.flags = WIRE_ARGS_UNREADABLE;
	w->args_bytes = 33;
	CHECK(sample_decode(&sample, &arena, &e) == 0);
	CHECK(!event_has(&e, FIELD_EXEC_ARGS) && !event_has(&e, FIELD_PROCESS_COMMAND_LINE));
	CHECK(event_has(&e, FIELD_EXEC_ARGS_BYTES) && e.exec.args_bytes == 33);
	CHECK(e.degraded == 1ull << DEGRADED_ARGS_UNREADABLE);
}

static void text_may_end_in_one_nul_but_hold_none(void) {
	struct wire_host_user *w = sample_begin(&sample, WIRE_HOST_USER, sizeof(*w));
	struct event e;

	w->name = sample_add_lit(&sample, "mia\0");
	CHECK(sample_decode(&sample, &arena, &e) == 0 && is_text(e.user_name, "mia"));
	w->name.len = 3;
	CHECK(sample_decode(&sample, &arena, &e) == 0 && is_text(e.user_name, "mia"));
	w = sample_begin(&sample, WIRE_HOST_USER, sizeof(*w));
	w->name = sample_add_lit(&sample, "m\0a");
	CHECK(sample_decode(&sample, &arena, &e) == -EBADMSG);
	w = sample_begin(&sample, WIRE_HOST_USER, sizeof(*w));
	CHECK(sample_decode(&sample, &arena, &e) == 0 && !e.user_name.s);
}

static void name_of_a_task_ends_at_its_first_nul_or_fills_its_room(void) {
	struct wire_process_fork *w = sample_begin(&sample, WIRE_PROCESS_FORK, sizeof(*w));
	char name[17] = "";
	struct event e;

	for (uint32_t n = 0; n <= 16; n++) {
		/* what an earlier, longer name has left behind the NUL is no part of it */
		memset(w->comm, '\x01', 16);
		memcpy(w->comm, name, n < 16 ? n + 1 : n);
		CHECK(sample_decode(&sample, &arena, &e) == 0 && !e.degraded);
		CHECK(is_text(e.process.name, name));
		name[n] = n < 16 ? (char)('a' + n) : '\0';
	}
	memcpy(w->comm, "caf\xc3\0", 5);
	CHECK(sample_decode(&sample, &arena, &e) == 0);
	CHECK(is_text(e.process.name, "caf\\xc3"));
	CHECK(e.degraded == 1ull << DEGRADED_TEXT_ESCAPED);
}

int main(void) {
	arena_init(&arena, 1 << 20);
	RUN(valid_text_passes_untouched);
	RUN(invalid_bytes_are_written_in_hex);
	RUN(high_byte_is_found_at_every_place);
	RUN(arguments_are_split_at_their_nuls);
	RUN(arguments_that_were_not_read_are_absent);
	RUN(text_may_end_in_one_nul_but_hold_none);
	RUN(name_of_a_task_ends_at_its_first_nul_or_fills_its_room);
	arena_done(&arena);
	DONE();
}
