/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that need much room run, and one that needs too much is alone in it. */
#include "detect_rule.h"

#include <time.h>

#include "detect/build.h"

#define SECONDS 10.0 /* of CPU for a test: what runs away takes minutes */
#define GOOD                                                                                       \
	"title: good\nname: good\nlogsource: {product: x}\n"                                       \
	"detection: {s: {f: x}, condition: s}\n"
#define BEGIN "---\ntitle: big\nid: " ID_B "\nlogsource: {product: x}\ndetection:\n  s:\n"
#define END "  condition: s\n"

static double began;

static double cpu_s(void) {
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* load - @text between two rules that are sound; what was found fault with goes to @errors */
static struct ruleset *load(const struct buf *text, struct buf *errors) {
	static const struct detect_options options = { .records = true };
	const struct rule_text texts[] = {
		{ "first.yml", STR(GOOD) },
		{ "big.yml", { text->data, (uint32_t)text->len } },
		{ "last.yml", STR("title: last\nlogsource: {product: x}\n"
				  "detection: {s: {f: x}, condition: s}\n") },
	};
	struct ruleset *rules = NULL;

	began = cpu_s();
	CHECK(!ruleset_load_texts(texts, 3, &options, errors, &rules));
	CHECK(cpu_s() - began < SECONDS);
	return rules;
}

static uint32_t hits(struct ruleset *rules, const char *name, const char *value) {
	struct str v = str_of(value);
	const struct record_field field = { str_of(name), &v, 1 };
	const struct detection *found;

	arena_reset(&rule_arena);
	return rules ? detect_record(rules, &rule_arena,
				     &(struct record){ .fields = &field, .n = 1 }, &found)
		     : 99;
}

static void many_regexes_load(void) {
	struct buf text = { 0 }, errors = { 0 };
	struct ruleset *rules;

	buf_addf(&text, BEGIN "    g|re:\n");
	for (unsigned i = 0; i < 3000; i++)
		buf_addf(&text, "      - 'a%u[0-9]+b'\n", i);
	buf_addf(&text, END);
	rules = load(&text, &errors);
	CHECK(rules && !ruleset_refused(rules));
	CHECK(hits(rules, "g", "xa29991b") == 1 && hits(rules, "g", "xaab") == 0);
	CHECK(hits(rules, "f", "x") == 2);
	ruleset_free(rules);
	buf_done(&errors);
	buf_done(&text);
}

static void many_values_with_dashes_load(void) {
	struct buf text = { 0 }, errors = { 0 };
	struct ruleset *rules;

	buf_addf(&text, BEGIN "    g|windash:\n");
	for (unsigned i = 0; i < 9000; i++)
		buf_addf(&text, "      - a -f%u\n", i);
	buf_addf(&text, END);
	rules = load(&text, &errors);
	CHECK(rules && !ruleset_refused(rules));
	CHECK(hits(rules, "g", "a /f8999") == 1 && hits(rules, "g", "a /f9000") == 0);
	ruleset_free(rules);
	buf_done(&errors);
	buf_done(&text);
}

static void a_document_without_room_is_alone_in_it(void) {
	struct buf text = { 0 }, errors = { 0 };
	struct ruleset *rules;

	buf_addf(&text, "title: before\nlogsource: {product: x}\n"
			"detection: {s: {f: x}, condition: s}\n" BEGIN "    a: &x '");
	for (unsigned i = 0; i < 8000; i++)
		buf_add_char(&text, 'y');
	buf_addf(&text, "'\n    g:\n");
	for (unsigned i = 0; i < 8000; i++)
		buf_addf(&text, "      - *x\n");
	buf_addf(&text, END "---\ntitle: behind\nlogsource: {product: x}\n"
			    "detection: {s: {f: x}, condition: s}\n");
	rules = load(&text, &errors);
	CHECK(rules && ruleset_refused(rules) == 1 && ruleset_count(rules) == 4);
	CHECK(buf_reserve(&errors, 1));
	errors.data[errors.len] = '\0';
	CHECK(strstr(errors.data, "big.yml:5:1: the document needs more than 64 MiB"));
	CHECK(strstr(errors.data, "(rule " ID_B ")"));
	CHECK(hits(rules, "f", "x") == 4);
	ruleset_free(rules);
	buf_done(&errors);
	buf_done(&text);
}

static void many_filters_of_many_rules_load(void) {
	struct buf text = { 0 }, errors = { 0 };
	struct ruleset *rules;

	for (unsigned i = 0; i < 300; i++)
		buf_addf(&text, "---\ntitle: r\nname: r%u\nlogsource: {product: x}\n"
				"detection: {s: {g: v%u}, condition: s}\n",
			 i, i);
	for (unsigned i = 0; i < 1000; i++)
		buf_addf(&text, "---\ntitle: f\nlogsource: {product: x}\nfilter: {rules: %s, "
				"s: {g|endswith: '%u'}, condition: not s}\n",
			 i == 7 ? "[r7, r9]" : "any", i < 100 ? i : i * 1000);
	rules = load(&text, &errors);
	CHECK(rules && !ruleset_refused(rules));
	CHECK(hits(rules, "g", "v299") == 0 && hits(rules, "g", "v7") == 0);
	CHECK(hits(rules, "f", "x") == 2);
	ruleset_free(rules);
	buf_done(&errors);
	buf_done(&text);
}

int main(void) {
	RUN(many_regexes_load);
	RUN(many_values_with_dashes_load);
	RUN(a_document_without_room_is_alone_in_it);
	RUN(many_filters_of_many_rules_load);
	arena_done(&rule_arena);
	DONE();
}
