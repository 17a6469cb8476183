/* SPDX-License-Identifier: Apache-2.0 */
#include "decode_sample.h"
#include "test.h"

static struct arena arena;
static struct sample sample;

/* A literal and its length, for bytes with NULs in them. */
#define L(literal) (literal), sizeof(literal) - 1

struct path_case {
	const char *bytes;
	size_t n;
	const char *tail; /* NULL: none */
	uint16_t flags;
	uint32_t head_flags;
	const char *want; /* NULL: absent, or refused in bad[] */
};

static int decode_case(const struct path_case *c, bool at_the_end, struct event *ret) {
	struct wire_file *w = sample_begin(&sample, WIRE_FILE_OPEN, sizeof(*w));

	w->head.flags = c->head_flags;
	if (c->tail) {
		struct wire_str tail = sample_add(&sample, c->tail, strlen(c->tail));

		w->path.tail_off = tail.off;
		w->path.tail_len = tail.len;
	}
	if (c->bytes) {
		struct wire_str where = sample_add(&sample, c->bytes, c->n);

		w->path.off = where.off;
		w->path.len = where.len;
	}
	w->path.flags = c->flags;
	if (!at_the_end)
		sample_add_lit(&sample, "0123456789abcdef");
	arena_reset(&arena);
	return sample_decode(&sample, &arena, ret);
}

#define NAME31 "abcdefghijklmnopqrstuvwxyz01234"

static const struct path_case good[] = {
	{ L("passwd\0etc\0"), NULL, 0, 0, "/etc/passwd" },
	{ L("a\0"), NULL, 0, 0, "/a" },
	{ L("c\0b\0a\0"), NULL, 0, 0, "/a/b/c" },
	{ L("1234567\0"), NULL, 0, 0, "/1234567" },
	{ L("12345678\0"), NULL, 0, 0, "/12345678" },
	{ L("123456789\0"), NULL, 0, 0, "/123456789" },
	{ L("12345678\0abcdefgh\0"), NULL, 0, 0, "/abcdefgh/12345678" },
	{ L("1234567\0abcdefg\0"), NULL, 0, 0, "/abcdefg/1234567" },
	{ L(NAME31 "\0" NAME31 "\0x\0"), NULL, 0, 0, "/x/" NAME31 "/" NAME31 },
	{ L(" \0\n\0"), NULL, 0, 0, "/\n/ " },
	{ L(""), NULL, 0, 0, "/" },
	{ NULL, 0, NULL, 0, 0, NULL },
	/* deleted: the text stays as it is */
	{ L("gone\0tmp\0"), NULL, WIRE_PATH_DELETED, 0, "/tmp/gone" },
	/* nothing above the last name */
	{ L("memfd:x\0"), NULL, WIRE_PATH_BARE, 0, "memfd:x" },
	{ L("memfd:a/b//\0"), NULL, WIRE_PATH_BARE, 0, "memfd:a/b//" },
	{ L("x\0sub\0/\0"), NULL, WIRE_PATH_BARE, 0, "sub/x" },
	{ L("/\0"), NULL, WIRE_PATH_BARE, 0, NULL },
	{ L("\0"), NULL, WIRE_PATH_BARE, 0, NULL },
	{ L(""), NULL, WIRE_PATH_BARE, 0, NULL },
	/* cut: then it is bare as well; another path of a record in which one was cut is whole */
	{ L("b\0a\0"), NULL, WIRE_PATH_BARE, WIRE_PATH_CUT, "a/b" },
	{ L(""), NULL, WIRE_PATH_BARE, WIRE_PATH_CUT, NULL },
	{ L("b\0a\0"), NULL, 0, WIRE_PATH_CUT, "/a/b" },
	{ L(""), NULL, 0, WIRE_PATH_CUT, "/" },
	/* a name in user memory that could not be read */
	{ NULL, 0, NULL, 0, WIRE_PATH_RACY | WIRE_PATH_CUT, NULL },
	/* text below a directory */
	{ L("b\0a\0"), "c", 0, 0, "/a/b/c" },
	{ L("b\0a\0"), "../c", 0, 0, "/a/c" },
	{ L("b\0a\0"), "../../../c", 0, 0, "/c" },
	{ L("b\0a\0"), "../..", 0, 0, "/" },
	{ L("b\0a\0"), "./c/.//d/", 0, 0, "/a/b/c/d" },
	/* but a name of the text's own may be a link, and ".." above it anywhere */
	{ L("b\0a\0"), "c/../..", 0, 0, "/a/b/c/../.." },
	{ L("b\0a\0"), "../c/./../d", 0, 0, "/a/c/../d" },
	{ L("b\0a\0"), "...", 0, 0, "/a/b/..." },
	{ L("b\0a\0"), "..c/.d", 0, 0, "/a/b/..c/.d" },
	{ L("b\0a\0"), "", 0, 0, "/a/b" },
	{ L(""), "/x/y", 0, 0, "/x/y" },
	{ L(""), "/", 0, 0, "/" },
	{ L("jail\0srv\0"), "/x/../y", 0, 0, "/srv/jail/x/../y" },
	{ L("b\0a\0"), "../../../c", WIRE_PATH_BARE, WIRE_PATH_CUT, "c" },
	{ L("b\0a\0"), "c", WIRE_PATH_BARE, WIRE_PATH_CUT, "a/b/c" },
	{ L("b\0a\0"), "c", 0, WIRE_PATH_CUT, "/a/b/c" },
	/* bytes that are not UTF-8 */
	{ L("\xff\0etc\0"), NULL, 0, 0, "/etc/\\xff" },
	{ L("\xc3\xa9\0etc\0"), NULL, 0, 0, "/etc/\xc3\xa9" },
	{ L("x\0\xc3\0"), NULL, 0, 0, "/\\xc3/x" },
	{ L("b\0a\0"), "\x80", 0, 0, "/a/b/\\x80" },
};

static void good_paths_are_built_from_the_root_down(void) {
	struct event e;

	for (size_t i = 0; i < 2 * sizeof(good) / sizeof(good[0]); i++) {
		const struct path_case *c = &good[i / 2];

		CHECK(decode_case(c, i % 2, &e) == 0);
		if (c->want) {
			CHECK(event_has(&e, FIELD_FILE_PATH));
			CHECK(is_text(e.file.path, c->want));
			CHECK(e.file.path.s[0] != '/' || e.file.path.s[e.file.path.n] == '\0');
		} else {
			CHECK(!event_has(&e, FIELD_FILE_PATH));
		}
	}
}

static void malformed_paths_are_refused(void) {
	static const struct path_case bad[] = {
		{ L("etc"), NULL, 0, 0, NULL },
		{ L("passwd\0etc"), NULL, 0, 0, NULL },
		{ L("\0"), NULL, 0, 0, NULL },
		{ L("a\0\0"), NULL, 0, 0, NULL },
		{ L("\0a\0"), NULL, 0, 0, NULL },
		{ L("a\0\0b\0"), NULL, 0, 0, NULL },
		{ L("12345678\0\0abcdefgh\0"), NULL, 0, 0, NULL },
		{ L("a/b\0"), NULL, 0, 0, NULL },
		{ L("a\0/\0"), NULL, 0, 0, NULL },
		{ L("12345678/\0etc\0"), NULL, 0, 0, NULL },
		{ L("x\0" NAME31 "/\0"), NULL, 0, 0, NULL },
		{ L("a\0\0"), NULL, WIRE_PATH_BARE, 0, NULL },
	};
	struct event e;

	for (size_t i = 0; i < 2 * sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(decode_case(&bad[i / 2], i % 2, &e) == -EBADMSG);
}

static void tail_with_a_nul_inside_is_refused(void) {
	struct wire_file *w = sample_begin(&sample, WIRE_FILE_OPEN, sizeof(*w));
	struct wire_str tail = sample_add_lit(&sample, "a\0b");
	struct event e;

	w->path.tail_off = tail.off;
	w->path.tail_len = tail.len;
	CHECK(sample_decode(&sample, &arena, &e) == -EBADMSG);
}

static void name_without_a_directory_is_a_path_cut_above(void) {
	static const struct path_case c = { NULL, 0, "b/../c", 0, 0, NULL };
	static const struct path_case dot = { NULL, 0, ".", 0, 0, NULL };
	struct event e;

	CHECK(decode_case(&c, true, &e) == 0);
	CHECK(is_text(e.file.path, "b/../c") && e.degraded == 1ull << DEGRADED_PATH_CUT);
	CHECK(decode_case(&dot, true, &e) == 0 && !event_has(&e, FIELD_FILE_PATH));
}

static void escaped_path_says_so_and_valid_text_does_not(void) {
	static const struct path_case bad = { L("\xff\0"), NULL, 0, 0, NULL };
	static const struct path_case fine = { L("\xe2\x82\xac\0"), NULL, 0, 0, NULL };
	struct event e;

	CHECK(decode_case(&bad, true, &e) == 0);
	CHECK(e.degraded == 1ull << DEGRADED_TEXT_ESCAPED);
	CHECK(decode_case(&fine, true, &e) == 0);
	CHECK(e.degraded == 0 && is_text(e.file.path, "/\xe2\x82\xac"));
}

static void cut_cwd_costs_the_executable_no_slash(void) {
	struct wire_process_exec *w = sample_exec(&sample, WIRE_PROCESS_EXEC);
	struct event e;

	w->head.flags = WIRE_PATH_CUT;
	w->cwd.flags = WIRE_PATH_BARE;
	CHECK(sample_decode(&sample, &arena, &e) == 0);
	CHECK(is_text(e.process.executable, "/usr/bin/cat") && is_text(e.process.cwd, "home/mia"));
	CHECK(e.degraded == 1ull << DEGRADED_PATH_CUT);
}

/* What is kept of a folder must be good for that folder alone. */
static void files_of_many_folders_in_turn_have_their_own_paths(void) {
	char bytes[500], want[500];
	struct path_case c = { .bytes = bytes };
	struct event e;

	for (int i = 0; i < 3000; i++) {
		char names[3][140];

		/* short and long folders, alike in their lengths, first and middle bytes */
		(void)snprintf(names[0], sizeof(names[0]), "file%d", i % 7);
		(void)snprintf(names[1], sizeof(names[1]), "%0*d%c", i % 3 ? 3 : 130, 0,
		               'a' + i % 5);
		(void)snprintf(names[2], sizeof(names[2]), "top%d", i % 11);
		c.n = (size_t)snprintf(bytes, sizeof(bytes), "%s%c%s%c%s", names[0], 0, names[1], 0,
		                       names[2]) + 1;
		(void)snprintf(want, sizeof(want), "/%s/%s/%s", names[2], names[1], names[0]);
		CHECK(decode_case(&c, i % 2, &e) == 0 && is_text(e.file.path, want));
	}
}

static void folder_that_is_not_plain_text_stays_so_when_it_comes_again(void) {
	static const struct path_case odd = { L("f\0\xff\0"), NULL, 0, 0, NULL };
	static const struct path_case slash = { L("f\0a/b\0"), NULL, 0, 0, NULL };
	static const struct path_case bare = { L("f\0a/b\0"), NULL, WIRE_PATH_BARE, 0, NULL };
	struct event e;

	for (int i = 0; i < 3; i++) {
		CHECK(decode_case(&odd, true, &e) == 0 && is_text(e.file.path, "/\\xff/f"));
		CHECK(e.degraded == 1ull << DEGRADED_TEXT_ESCAPED);
		CHECK(decode_case(&bare, true, &e) == 0 && is_text(e.file.path, "a/b/f"));
		CHECK(decode_case(&slash, true, &e) == -EBADMSG);
	}
}

static void longest_path_the_kernel_gives_is_whole(void) {
	char bytes[WIRE_PATH_BYTES];
	struct path_case c = { .bytes = bytes, .n = sizeof(bytes) };
	struct event e;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = i % 2 ? '\0' : (char)('a' + i / 2 % 26);
	CHECK(decode_case(&c, true, &e) == 0);
	CHECK(e.file.path.n == sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++)
		CHECK(e.file.path.s[i] == (i % 2 ? bytes[sizeof(bytes) - 1 - i] : '/'));
}

int main(void) {
	arena_init(&arena, 1 << 20);
	RUN(good_paths_are_built_from_the_root_down);
	RUN(malformed_paths_are_refused);
	RUN(tail_with_a_nul_inside_is_refused);
	RUN(name_without_a_directory_is_a_path_cut_above);
	RUN(escaped_path_says_so_and_valid_text_does_not);
	RUN(cut_cwd_costs_the_executable_no_slash);
	RUN(files_of_many_folders_in_turn_have_their_own_paths);
	RUN(folder_that_is_not_plain_text_stays_so_when_it_comes_again);
	RUN(longest_path_the_kernel_gives_is_whole);
	arena_done(&arena);
	DONE();
}
