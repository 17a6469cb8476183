/* SPDX-License-Identifier: Apache-2.0 */
#include "app/tally.h"
#include "cli/status_rules.c"
#include "detect_rule.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/lapwing-tally-XXXXXX", path[64];

static struct ruleset *load(const char *title, unsigned n) {
	struct buf text = { 0 }, errors = { 0 };
	struct ruleset *rules = NULL;

	for (unsigned i = 0; i < n; i++)
		buf_addf(&text,
			 "title: %s %u\nid: 00000000-0000-4000-8000-%012u\nlevel: high\n"
			 "logsource: {category: process_creation, product: linux}\n"
			 "detection: {s: {CommandLine|contains: needle%u}, condition: s}\n---\n",
			 title, i, i, i);
	buf_addf(&text, "title: All of them\n"
			"logsource: {category: process_creation, product: linux}\n"
			"detection: {s: {User: nobody}, condition: not s}\n");
	CHECK(!ruleset_load_text("t.yml", text.data, text.len, NULL, &errors, &rules));
	buf_done(&text);
	buf_done(&errors);
	return rules;
}

static void ask(struct ruleset *rules, const char *line, unsigned times) {
	struct arena arena;
	struct event e;

	arena_init(&arena, 1u << 20);
	for (unsigned i = 0; i < times; i++) {
		e = event_of(WIRE_PROCESS_EXEC);
		EVENT_SET(&e, PROCESS_COMMAND_LINE, process.command_line, str_of(line));
		detect_event(rules, &arena, &e);
		arena_reset(&arena);
	}
	arena_done(&arena);
}

static void a_title_is_text_on_a_screen(void) {
	struct ruleset *rules = load("\"Evil \\e[2J\\u202e\" #", 1);
	struct buf out = { 0 };
	struct tally *t;

	CHECK(!tally_open(folder, &t) && t);
	ask(rules, "x needle0 y", 3);
	CHECK(!tally_write(t, rules));
	status_rules_text(&out, folder, true);
	buf_add_char(&out, '\0');
	CHECK(strstr(out.data, "Evil \\x1b[2J\\u202e") && !strchr(out.data, '\033'));
	buf_done(&out);
	tally_free(t);
	ruleset_free(rules);
}

static void what_rules_counted_is_read_by_others(void) {
	struct ruleset *rules = load("Rule", 3);
	struct tally_row *rows;
	struct tally *t;
	size_t n;

	CHECK(!tally_open(folder, &t) && t);
	ask(rules, "x needle1 y", 130);
	CHECK(!tally_write(t, rules));
	CHECK(!tally_read(folder, &rows, &n));
	CHECK(n == 4);
	if (n == 4) {
		CHECK(!strcmp(rows[1].title, "Rule 1"));
		CHECK(!strcmp(rows[1].id, "00000000-0000-4000-8000-000000000001"));
		CHECK(rows[1].level == LEVEL_HIGH);
		CHECK(rows[1].hits == 130 && rows[1].evaluations == 130 && rows[1].ns > 0);
		CHECK(rows[0].hits == 0 && rows[0].evaluations == 0 && rows[0].ns == 0);
		CHECK(rows[3].hits == 130 && rows[3].id[0] == '\0');
	}
	free(rows);
	tally_free(t);
	ruleset_free(rules);
}

static void fewer_rules_take_the_place_of_more(void) {
	struct ruleset *many = load("Many", 50), *few = load("Few", 1);
	struct tally_row *rows;
	struct tally *t;
	size_t n;

	CHECK(!tally_open(folder, &t) && t);
	CHECK(!tally_write(t, many) && !tally_write(t, few));
	CHECK(!tally_read(folder, &rows, &n));
	CHECK(n == 2 && !strcmp(rows[0].title, "Few 0"));
	free(rows);
	tally_free(t);
	ruleset_free(many);
	ruleset_free(few);
}

static void it_is_written_when_it_is_due(void) {
	struct ruleset *a = load("A", 1), *b = load("B", 2);
	struct tally_row *rows;
	struct tally *t;
	size_t n;

	CHECK(!tally_open(folder, &t) && t);
	tally_tend(t, a, 1000000000ull);
	tally_tend(t, b, 10999999999ull);
	CHECK(!tally_read(folder, &rows, &n) && n == 2);
	free(rows);
	tally_tend(t, b, 11000000000ull);
	CHECK(!tally_read(folder, &rows, &n) && n == 3);
	free(rows);
	tally_tend(NULL, a, 0);
	tally_tend(t, NULL, 99000000000ull);
	tally_free(t);
	ruleset_free(a);
	ruleset_free(b);
}

static void a_long_title_is_cut_at_a_character(void) {
	char title[140] = "x";
	struct ruleset *rules;
	struct tally_row *rows;
	struct tally *t;
	size_t n;

	for (int i = 0; i < 60; i++)
		strcat(title, "\xc3\xa9");
	rules = load(title, 1);
	CHECK(!tally_open(folder, &t) && t && !tally_write(t, rules));
	CHECK(!tally_read(folder, &rows, &n) && n == 2);
	CHECK(strlen(rows[0].title) == TALLY_TITLE_BYTES - 1);
	CHECK((unsigned char)rows[0].title[TALLY_TITLE_BYTES - 2] == 0xa9);
	free(rows);
	tally_free(t);
	ruleset_free(rules);
}

/* whatever stands in the file, a reader gets all of it or -EBADMSG */
static void a_damaged_file_is_told_and_none_is_none(void) {
	struct ruleset *rules = load("Rule", 2);
	struct tally_row *rows;
	struct tally *t;
	struct stat st;
	int fd = -1;
	size_t n;

	CHECK(tally_read("/nowhere/at/all", &rows, &n) == -ENOENT);
	CHECK(!tally_open("/nowhere/at/all", &t) && !t);
	CHECK(!unlink(path) && tally_read(folder, &rows, &n) == -ENOENT);
	CHECK(!tally_open(folder, &t) && t && !tally_write(t, rules));
	fd = open(path, O_RDWR);
	CHECK(fd >= 0 && !fstat(fd, &st));
	for (off_t at = 0; at < st.st_size; at += at < 16 ? 3 : 61) {
		unsigned char byte, bad;

		CHECK(pread(fd, &byte, 1, at) == 1);
		bad = byte ^ 0x40;
		CHECK(pwrite(fd, &bad, 1, at) == 1);
		CHECK(tally_read(folder, &rows, &n) == -EBADMSG);
		CHECK(pwrite(fd, &byte, 1, at) == 1);
	}
	CHECK(!ftruncate(fd, st.st_size - 1));
	CHECK(tally_read(folder, &rows, &n) == -EBADMSG);
	(void)close(fd);
	tally_free(t);
	ruleset_free(rules);
}

int main(void) {
	if (!mkdtemp(folder))
		return 1;
	(void)snprintf(path, sizeof(path), "%s/" TALLY_FILE, folder);
	RUN(a_title_is_text_on_a_screen);
	RUN(what_rules_counted_is_read_by_others);
	RUN(fewer_rules_take_the_place_of_more);
	RUN(it_is_written_when_it_is_due);
	RUN(a_long_title_is_cut_at_a_character);
	RUN(a_damaged_file_is_told_and_none_is_none);
	(void)unlink(path);
	(void)rmdir(folder);
	DONE();
}
