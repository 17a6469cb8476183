/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "test.h"

struct target {
	const char *text;
	int word;
	bool yes;
	uint64_t bytes, seconds;
	uint32_t ms;
	const char *list[3];
	int n_list;
	char maps[256];
};

static int take_map(void *target, const struct config_pair *pairs, size_t n, size_t *bad,
		    const char **why) {
	struct target *t = target;

	for (size_t i = 0; i < n; i++) {
		size_t at = strlen(t->maps);

		if (!strcmp(pairs[i].key, "wrong")) {
			*bad = i;
			*why = "that is wrong";
			return -EINVAL;
		}
		(void)snprintf(t->maps + at, sizeof(t->maps) - at, "%s=%s;", pairs[i].key,
			       pairs[i].value);
	}
	return 0;
}

static const char *const words[] = { "auto", "always", "never", NULL };

#define AT(m) offsetof(struct target, m)

static const struct config_key keys[] = {
	{ .path = "text", .type = CONFIG_TEXT, .offset = AT(text) },
	{ .path = "color", .type = CONFIG_WORD, .offset = AT(word), .words = words },
	{ .path = "part.yes", .type = CONFIG_YES, .offset = AT(yes) },
	{ .path = "part.bytes", .type = CONFIG_BYTES, .offset = AT(bytes) },
	{ .path = "part.age", .type = CONFIG_SECONDS, .offset = AT(seconds) },
	{ .path = "part.wait", .type = CONFIG_MS, .offset = AT(ms) },
	{ .path = "list", .type = CONFIG_TEXTS, .offset = AT(list), .count = AT(n_list), .max = 3 },
	{ .path = "maps", .type = CONFIG_MAPS, .map = take_map },
	{ 0 },
};

static char fault[512];

static int parse(const char *text, struct target *t, struct config **c) {
	fault[0] = '\0';
	*c = NULL;
	return config_parse("f", text, strlen(text), keys, t, c, fault, sizeof(fault));
}

static void every_type_is_read(void) {
	struct target t = { 0 };
	struct config *c;

	CHECK(!parse("# comment\ntext: hello world\ncolor: never\n"
		     "part:\n  yes: true\n  bytes: 64KiB\n  age: 2d\n  wait: 1500ms\n"
		     "list: [a, 'b c']\nmaps:\n  - x: 1\n    y: two\n  - z: ''\n", &t, &c));
	CHECK(t.text && !strcmp(t.text, "hello world") && t.word == 2 && t.yes);
	CHECK(t.bytes == 65536 && t.seconds == 172800 && t.ms == 1500);
	CHECK(t.n_list == 2 && !strcmp(t.list[1], "b c"));
	CHECK(!strcmp(t.maps, "x=1;y=two;z=;"));
	config_free(c);
}

static void the_place_of_each_value_can_be_asked_for(void) {
	struct target t = { 0 };
	struct config *c;

	CHECK(!parse("text: hello\ncolor: never\npart:\n  bytes: 64KiB\nlist: [a, 'b c']\n", &t,
		     &c));
	CHECK(!strcmp(config_place(c, t.text), "f:1:7: "));
	CHECK(!strcmp(config_place(c, "color"), "f:2:8: "));
	CHECK(!strcmp(config_place(c, "part.bytes"), "f:4:10: "));
	CHECK(!strcmp(config_place(c, t.list[1]), "f:5:11: "));
	CHECK(!strcmp(config_place(c, "part.age"), "") && !strcmp(config_place(c, "hello"), ""));
	CHECK(!strcmp(config_place(NULL, t.text), "") && !strcmp(config_place(c, NULL), ""));
	config_free(c);
}

static void what_is_not_there_keeps_its_value(void) {
	static const char *const empty[] = { "", "\n", "# only this\n", "---\n", "part:\n", "{}",
					       "text:\n", "part:\n  bytes:\n" };

	for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
		struct target t = { .text = "before", .bytes = 7, .n_list = 2 };
		struct config *c;

		CHECK(!parse(empty[i], &t, &c));
		CHECK(!strcmp(t.text, "before") && t.bytes == 7 && t.n_list == 2);
		config_free(c);
	}
}

/* A file, the place of the fault, and a word of the sentence. */
static const char *const bad[][3] = {
	{ "tetx: 1\n", "f:1:1: ", "did you mean \"text\"" },
	{ "text: a\nunheard-of: b\n", "f:2:1: ", "is no key" },
	{ "part:\n  byts: 1\n", "f:2:3: ", "of part; did you mean \"bytes\"" },
	{ "part:\n  text: 1\n", "f:2:3: ", "is no key of part" },
	{ "yes: true\n", "f:1:1: ", "is no key" },
	{ "part.yes: true\npart:\n  yes: no\n", "f:3:3: ", "twice" },
	{ "text: a\ntext: b\n", "f:2:1: ", "twice" },
	{ "part:\n  yes: no\npart:\n  bytes: 1\n", "f:3:1: ", "twice" },
	{ "part:\n  yes: no\n  yes: no\n", "f:3:3: ", "twice" },
	{ "maps:\n  - a: 1\n    a: 2\n", "f:3:5: ", "twice" },
	{ "text: !foo a\n", "f:1:7: ", "tag \"!foo\"" },
	{ "part: !bar\n  yes: no\n", "f:1:7: ", "tag \"!bar\"" },
	{ "list: [a, !!binary eA==]\n", "f:1:11: ", "tag" },
	{ "text: [a]\n", "f:1:7: ", "a text is wanted" },
	{ "text: {a: b}\n", "f:1:7: ", "a text is wanted" },
	{ "color: nevr\n", "f:1:8: ", "did you mean \"never\"" },
	{ "color: 17\n", "f:1:8: ", "one is \"auto\"" },
	{ "part: 3\n", "f:1:7: ", "key: value" },
	{ "part:\n  yes: perhaps\n", "f:2:8: ", "yes or no" },
	{ "part:\n  bytes: 5 apples\n", "f:2:10: ", "unit" },
	{ "part:\n  bytes: -1\n", "f:2:10: ", "unit" },
	{ "part:\n  bytes: 99999999999999999999\n", "f:2:10: ", "unit" },
	{ "part:\n  age: 5\n", "f:2:8: ", "unit" },
	{ "part:\n  wait: 900d\n", "f:2:9: ", "too long" },
	{ "list: a\n", "f:1:7: ", "a list" },
	{ "list: [a, b, c, d]\n", "f:1:17: ", "at most 3" },
	{ "list: [[a]]\n", "f:1:8: ", "a text is wanted" },
	{ "maps: a\n", "f:1:7: ", "a list" },
	{ "maps:\n  - a\n", "f:2:5: ", "key: value" },
	{ "maps:\n  - right: 1\n    wrong: 2\n", "f:3:5: ", "that is wrong" },
	{ "? [a]\n: b\n", "f:1:3: ", "a key is a text" },
	{ "text: \"a\\0b\"\n", "f:1:7: ", "a text is wanted" },
	{ "- a\n", "f:1:1: ", "the file is key: value" },
	{ "text: a\n---\ntext: b\n", "f:3:1: ", "second document" },
	{ "text: 'a\n", "f:2:1: ", "no YAML" },
	{ "\t: a", "f:1:1: ", "no YAML" },
	{ "text: ${NO_SUCH_VARIABLE}\n", "f:1:7: ", "NO_SUCH_VARIABLE" },
	{ "text: ${file:/nowhere/at/all}\n", "f:1:7: ", "/nowhere/at/all" },
	{ "text: a $ b\n", "f:1:7: ", "a dollar is $$" },
	{ "text: ${open\n", "f:1:7: ", "a dollar is $$" },
	{ "text: ${}\n", "f:1:7: ", "a dollar is $$" },
};

static void a_fault_is_told_with_its_place_and_the_remedy(void) {
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct target t = { 0 };
		struct config *c;
		int err = parse(bad[i][0], &t, &c);

		if (err != -EINVAL || strncmp(fault, bad[i][1], strlen(bad[i][1])) != 0 ||
		    !strstr(fault, bad[i][2]))
			printf("# %s# said: %s\n", bad[i][0], fault);
		CHECK(err == -EINVAL && !c);
		CHECK(!strncmp(fault, bad[i][1], strlen(bad[i][1])) && strstr(fault, bad[i][2]));
	}
}

static void secrets_come_from_the_environment_and_from_files(void) {
	char path[] = "/tmp/lapwing-config-XXXXXX", text[256];
	int fd = mkstemp(path);
	struct target t = { 0 };
	struct config *c;

	CHECK(fd >= 0 && write(fd, "s3cret\r\nmore\n", 13) == 13 && !close(fd));
	CHECK(!setenv("LAPWING_TEST", "from env", 1));
	(void)snprintf(text, sizeof(text),
		       "text: \"<${LAPWING_TEST}|${file:%s}|${NO_SUCH:-default}|$$>\"\n"
		       "maps:\n  - token: ${file:%s}\n", path, path);
	CHECK(!parse(text, &t, &c));
	CHECK(t.text && !strcmp(t.text, "<from env|s3cret|default|$>"));
	CHECK(!strcmp(t.maps, "token=s3cret;"));
	config_free(c);
	(void)unlink(path);
}

static void a_file_cut_anywhere_is_read_or_refused(void) {
	static const char whole[] = "text: hello\ncolor: never\npart: {yes: true, bytes: 64KiB}\n"
				    "list: [a, 'b']\nmaps: [{x: \"1\"}, {y: ${HOME:-x}}]\n";

	for (size_t n = 0; n < sizeof(whole); n++) {
		struct target t = { 0 };
		struct config *c = NULL;

		if (!config_parse("f", whole, n, keys, &t, &c, fault, sizeof(fault)))
			config_free(c);
	}
}

static void a_file_that_is_not_there_is_told(void) {
	struct target t = { 0 };
	struct config *c;

	CHECK(config_read("/nowhere/lapwing.yaml", keys, &t, &c, fault, sizeof(fault)) == -ENOENT);
	CHECK(strstr(fault, "/nowhere/lapwing.yaml"));
	CHECK(config_read("/dev/zero", keys, &t, &c, fault, sizeof(fault)) == -EFBIG);
}

static void fallbacks_are_read_as_a_file_would_be(void) {
	static const struct config_key some[] = {
		{ .path = "text", .type = CONFIG_TEXT, .offset = AT(text), .fallback = "hello" },
		{ .path = "color", .type = CONFIG_WORD, .offset = AT(word), .words = words,
		  .fallback = "never" },
		{ .path = "yes", .type = CONFIG_YES, .offset = AT(yes), .fallback = "yes" },
		{ .path = "bytes", .type = CONFIG_BYTES, .offset = AT(bytes), .fallback = "64KiB" },
		{ .path = "age", .type = CONFIG_SECONDS, .offset = AT(seconds), .fallback = "2h" },
		{ .path = "wait", .type = CONFIG_MS, .offset = AT(ms) },
		{ .path = "list", .type = CONFIG_TEXTS, .offset = AT(list), .count = AT(n_list),
		  .max = 3, .fallback = "[]" },
		{ 0 },
	};
	struct target t = { .ms = 7 };

	config_defaults(some, &t);
	CHECK(!strcmp(t.text, "hello") && t.word == 2 && t.yes && t.bytes == 65536);
	CHECK(t.seconds == 7200 && t.ms == 7 && !t.n_list);
}

int main(void) {
	RUN(fallbacks_are_read_as_a_file_would_be);
	RUN(every_type_is_read);
	RUN(the_place_of_each_value_can_be_asked_for);
	RUN(what_is_not_there_keeps_its_value);
	RUN(a_fault_is_told_with_its_place_and_the_remedy);
	RUN(secrets_come_from_the_environment_and_from_files);
	RUN(a_file_cut_anywhere_is_read_or_refused);
	RUN(a_file_that_is_not_there_is_told);
	DONE();
}
