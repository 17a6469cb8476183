/* SPDX-License-Identifier: Apache-2.0 */
/* What an attacker writes into rules and events costs bounded time and memory. */
#include "detect_rule.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#define SECONDS 10.0 /* of CPU for a test: what runs away takes hours */
#define MAX_KIB (192l * 1024)
#define BIG (1u << 20)
#define MANY 100000u

static const struct detect_options for_records = { .strict = true, .records = true };

static double cpu_s(void) {
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double began;

static void begin(void) {
	began = cpu_s();
}

static void within_bounds(void) {
	struct rusage u;

	CHECK(cpu_s() - began < SECONDS);
	CHECK(!getrusage(RUSAGE_SELF, &u) && u.ru_maxrss < MAX_KIB);
}

/* load - NULL if it is refused, which then has a reason */
static struct ruleset *load(const char *text, size_t n) {
	struct buf errors = { 0 };
	struct ruleset *rules = NULL;

	if (ruleset_load_text("t.yml", text, n, &for_records, &errors, &rules)) {
		CHECK(errors.len > 0);
		rules = NULL;
	}
	buf_done(&errors);
	return rules;
}

static struct ruleset *rule_of(const char *item) {
	char text[512];
	int n = snprintf(text, sizeof(text), "title: t\nlogsource: {product: x}\ndetection:\n  s:\n"
			 "    %s\n  condition: s\n", item);

	return load(text, (size_t)n);
}

static uint32_t hits(struct ruleset *rules, const struct str *values, uint32_t n) {
	const struct record_field field = { STR("f"), values, n };
	const struct detection *found;

	arena_reset(&rule_arena);
	return detect_record(rules, &rule_arena, &(struct record){ .fields = &field, .n = 1 },
			     &found);
}

static char *big_of(const char *piece) {
	size_t n = strlen(piece);
	char *text = malloc(BIG);

	for (size_t i = 0; text && i < BIG; i++)
		text[i] = piece[i % n];
	return text;
}

static void nested_quantifiers_over_a_mebibyte(void) {
	static const char *const items[] = { "f|re: '^(a+)+$!'", "f|re: '(a|a)*b'",
					     "f|re: '(a*)*c'",	 "f|re: '(.*a){12}b'",
					     "f|re: '(a{1,20}){1,10}c'", "f|re: '(a+)+\\b!'",
					     "f|re: '(?=(a+)+$)b'" };
	char *text = big_of("a");
	struct str value = { text, BIG };
	unsigned loaded = 0;

	begin();
	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
		struct ruleset *rules = rule_of(items[i]);

		if (!rules)
			continue;
		loaded++;
		CHECK(hits(rules, &value, 1) == 0);
		ruleset_free(rules);
	}
	CHECK(loaded > 0);
	within_bounds();
	free(text);
}

static void many_wildcards_over_a_mebibyte(void) {
	struct ruleset *rules = rule_of("f: '*ab*ab*ab*ab*a?b*a?b*abc'");
	struct ruleset *keywords = rule_of("f|contains|all: [abab, bab?c, zz]");
	char *text = big_of("ab");
	struct str value = { text, BIG };

	begin();
	CHECK(rules && hits(rules, &value, 1) == 0);
	CHECK(keywords && hits(keywords, &value, 1) == 0);
	within_bounds();
	ruleset_free(rules);
	ruleset_free(keywords);
	free(text);
}

/* Both texts are the attacker's: nearly alike all along, they must not be compared at each byte. */
static void one_field_inside_another(void) {
	static const char *const items[] = { "f|contains|fieldref: g",
					     "f|contains|cased|fieldref: g",
					     "f|fieldref: g", "f|startswith|fieldref: g",
					     "f|endswith|fieldref: g" };
	char *a = big_of("a"), *b = big_of("A");

	begin();
	b[BIG / 2 - 1] = 'B';
	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
		struct ruleset *rules = rule_of(items[i]);
		struct str values[] = { { a, BIG }, { b, BIG / 2 } };
		const struct record_field two[] = { { STR("f"), &values[0], 1 },
						       { STR("g"), &values[1], 1 } };
		const struct record record = { .fields = two, .n = 2 };
		const struct detection *found;

		arena_reset(&rule_arena);
		CHECK(rules && detect_record(rules, &rule_arena, &record, &found) == 0);
		values[1] = (struct str){ i == 1 ? a : b, BIG / 4 };
		arena_reset(&rule_arena);
		CHECK(rules && detect_record(rules, &rule_arena, &record, &found) == (i != 2));
		ruleset_free(rules);
	}
	within_bounds();
	free(a);
	free(b);
}

static void nuls_and_bytes_that_are_no_utf8_are_bytes(void) {
	static const char bytes[] = "a\0\xff\xfe\xc3 b\0";
	struct str value = { bytes, sizeof(bytes) - 1 };
	struct ruleset *part = rule_of("f|contains: ' b'"), *whole = rule_of("f: a");
	struct ruleset *any = rule_of("f: 'a?????b?'"), *re = rule_of("f|re: '^a.+b'");

	CHECK(part && hits(part, &value, 1) == 1);
	CHECK(whole && hits(whole, &value, 1) == 0);
	CHECK(any && hits(any, &value, 1) == 1);
	CHECK(re && hits(re, &value, 1) == 1);
	ruleset_free(part);
	ruleset_free(whole);
	ruleset_free(any);
	ruleset_free(re);
}

static void a_list_of_100000_values_in_an_event(void) {
	struct ruleset *rules = rule_of("f|contains: needle");
	struct str *values = calloc(MANY, sizeof(*values));

	begin();
	for (uint32_t i = 0; values && i < MANY; i++)
		values[i] = STR("hay");
	CHECK(rules && values && hits(rules, values, MANY) == 0);
	if (values)
		values[MANY - 1] = STR("a needle");
	CHECK(rules && values && hits(rules, values, MANY) == 1);
	within_bounds();
	ruleset_free(rules);
	free(values);
}

/* cramped - what is found of the values in an arena that has no room for them, and is it told */
static uint32_t cramped(const char *item, const struct str *values, bool *ret_told) {
	const struct record_field field = { STR("f"), values, MANY };
	const struct record record = { .fields = &field, .n = 1 };
	struct ruleset *rules = rule_of(item);
	const struct detection *found;
	struct arena small;
	uint32_t n;

	arena_init(&small, 64 * 1024);
	n = rules ? detect_record(rules, &small, &record, &found) : 0;
	*ret_told = rules && detect_cramped(rules);
	arena_done(&small);
	CHECK(rules && hits(rules, values, 1) == 0 && !detect_cramped(rules));
	ruleset_free(rules);
	return n;
}

static void values_without_room_are_told(void) {
	static const char *const items[] = { "f|contains: needle", "- needle",
					     "f|re: 'n[e]+dle'",    "f|contains|cased: needle",
					     "f: '*a*needle'",	    "f|endswith: ' needle'" };
	struct str *values = calloc(MANY, sizeof(*values));
	bool told;

	CHECK(values);
	for (int nulls = 0; values && nulls < 2; nulls++) {
		for (uint32_t i = 0; i < MANY; i++)
			values[i] = STR("hay");
		values[MANY - 1] = STR("a needle");
		values[1].s = nulls ? NULL : "hay";
		for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++)
			CHECK(cramped(items[i], values, &told) == 1 || told);
		CHECK(cramped("- needle", values, &told) == 0 && told);
	}
	free(values);
}

/* What is put together of an event takes room, too: a value that had none is no silent "no". */
static void values_put_together_without_room_are_told(void) {
	static const struct {
		const char *text;
		bool invoked, read;
	} rows[] = {
		{ HEAD "detection: {s: {Hashes: SHA256=ab}, condition: s}\n", false, false },
		{ HEAD "detection: {s: {Image: /srv/run}, condition: s}\n", true, false },
		{ HEAD "detection: {s: {Image: /usr/bin/sh}, condition: s}\n", false, false },
		{ HEAD "detection: {s: {ParentImage: /usr/bin/sh}, condition: s}\n", false, false },
		{ "title: t\nlogsource: {product: linux, service: auditd}\n"
		  "detection: {s: {name: /var/run/x}, condition: s}\n",
		  false, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ruleset *rules = rule_load(rows[i].text);
		struct event e = { .kind = rows[i].read ? WIRE_FILE_CREATE : WIRE_PROCESS_EXEC };
		struct arena none;

		EVENT_SET_STR(&e, PROCESS_EXECUTABLE, process.executable, STR("/usr/bin/dash"));
		EVENT_SET_STR(&e, PARENT_EXECUTABLE, parent.executable, STR("/usr/bin/dash"));
		EVENT_SET_STR(&e, PROCESS_NAME, process.name, STR("sh"));
		EVENT_SET_STR(&e, PARENT_NAME, parent.name, STR("sh"));
		EVENT_SET_STR(&e, PROCESS_CWD, process.cwd, STR("/srv"));
		EVENT_SET_STR(&e, EXEC_SHA256, exec.sha256, STR("ab"));
		EVENT_SET_STR(&e, FILE_PATH, file.path, STR("/run/x"));
		if (rows[i].invoked)
			EVENT_SET_STR(&e, EXEC_INVOKED, exec.invoked, STR("./run"));
		arena_init(&none, 1);
		detect_event(rules, &none, &e);
		CHECK(e.n_detections == 0 && detect_cramped(rules));
		detect_event(rules, &rule_arena, &e);
		CHECK(e.n_detections == 1 && !detect_cramped(rules));
		arena_done(&none);
		ruleset_free(rules);
	}
}

static void a_list_of_100000_values_in_a_rule_is_refused(void) {
	struct buf text = { 0 };

	begin();
	buf_addf(&text, "title: t\nlogsource: {product: x}\ndetection:\n  s:\n    f:\n");
	for (uint32_t i = 0; i < MANY; i++)
		buf_addf(&text, "      - v%u\n", i);
	buf_addf(&text, "  condition: s\n");
	CHECK(!load(text.data, text.len));
	within_bounds();
	buf_done(&text);
}

static void an_alias_bomb_is_refused(void) {
	struct buf text = { 0 };

	begin();
	buf_addf(&text, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
	for (int i = 1; i < 20; i++) {
		buf_addf(&text, "a%d: &a%d [", i, i);
		for (int k = 0; k < 10; k++)
			buf_addf(&text, "%s*a%d", k ? ", " : "", i - 1);
		buf_addf(&text, "]\n");
	}
	buf_addf(&text, "title: t\nlogsource: {product: x}\n"
			"detection: {s: {f: *a19}, condition: s}\n");
	CHECK(!load(text.data, text.len));
	within_bounds();
	buf_done(&text);
}

int main(void) {
	rule_arena.max_bytes = 16u << 20; /* of the 256 MiB that `lapwing match` has for a line */
	RUN(nested_quantifiers_over_a_mebibyte);
	RUN(many_wildcards_over_a_mebibyte);
	RUN(one_field_inside_another);
	RUN(nuls_and_bytes_that_are_no_utf8_are_bytes);
	RUN(a_list_of_100000_values_in_an_event);
	RUN(values_without_room_are_told);
	RUN(values_put_together_without_room_are_told);
	RUN(a_list_of_100000_values_in_a_rule_is_refused);
	RUN(an_alias_bomb_is_refused);
	arena_done(&rule_arena);
	DONE();
}
