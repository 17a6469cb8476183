/* SPDX-License-Identifier: Apache-2.0 */
/* Correlations of correlations by the whole values of a group, and those that are much alike. */
#include "detect/correlate.h"
#include "test.h"

#define ID "aaaaaaaa-2222-4333-8444-555555555555"
#define UPPER_ID "AAAAAAAA-2222-4333-8444-555555555555"
#define RULE                                                                                       \
	"title: r1\nname: r1\nid: " ID "\nlogsource: {product: linux}\n"                           \
	"detection: {s: {rule: r1}, condition: s}\n---\n"
#define INNER                                                                                      \
	"title: inner\nname: inner\ncorrelation:\n  type: event_count\n  rules: r1\n"              \
	"  group-by: [Line, User]\n  timespan: 1m\n  condition: {gte: 2}\n---\n"
#define LONG 600

static struct arena arena = { .max_bytes = 1 << 20 };
static struct ruleset *rules;
static const struct detection *found;

static int try_load(const char *text, struct buf *errors) {
	static const struct detect_options options = { .strict = true, .records = true };

	ruleset_free(rules);
	rules = NULL;
	return ruleset_load_text("t.yml", text, strlen(text), &options, errors, &rules);
}

static void load(const char *text) {
	struct buf errors = { 0 };
	int err = try_load(text, &errors);

	if (err)
		printf("# %.*s", (int)errors.len, errors.data ? errors.data : "no reason\n");
	CHECK(err == 0);
	buf_done(&errors);
}

static uint32_t tell_at(struct ruleset *set, double s, struct str line, const char *user) {
	struct str values[] = { STR("r1"), line, str_of(user) };
	struct record_field named[] = { { STR("rule"), &values[0], 1 },
					{ STR("Line"), &values[1], 1 },
					{ STR("User"), &values[2], 1 } };
	struct record r = { .time_ns = (uint64_t)(s * 1e9), .fields = named, .n = 3 };

	arena_reset(&arena);
	return set ? detect_record(set, &arena, &r, &found) : 99;
}

static uint32_t at(double s, struct str line, const char *user) {
	return tell_at(rules, s, line, user);
}

/* long_line - many bytes, of which only the last is of its own */
static struct str long_line(char last) {
	static char bytes[2][LONG];
	char *p = bytes[last == 'b'];

	memset(p, 'a', LONG);
	p[LONG - 1] = last;
	return (struct str){ p, LONG };
}

static void groups_that_are_alike_at_their_beginning_are_two(void) {
	load(RULE INNER "title: outer\ncorrelation:\n  type: event_count\n  rules: inner\n"
			"  group-by: Line\n  timespan: 1m\n  condition: {gte: 2}\n");
	CHECK(at(1, long_line('a'), "u") == 0);
	CHECK(at(2, long_line('a'), "u") == 0); /* inner holds */
	CHECK(at(3, long_line('b'), "u") == 0);
	CHECK(at(4, long_line('b'), "u") == 0); /* and again, in another group of the outer one */
	CHECK(at(5, long_line('b'), "u") == 1);
	/* cut where it is shown */
	CHECK(found[0].group.n == 1 && found[0].group.v[0].n == 5 + GROUP_TEXT_BYTES);
}

static void what_stands_behind_a_long_value_is_known(void) {
	load(RULE INNER "title: outer\ncorrelation:\n  type: value_count\n  rules: inner\n"
			"  group-by: User\n  timespan: 1m\n  condition: {gte: 2, field: Line}\n");
	CHECK(at(1, long_line('a'), "u") == 0);
	CHECK(at(2, long_line('a'), "u") == 0);
	CHECK(at(3, long_line('b'), "u") == 0);
	CHECK(at(4, long_line('b'), "u") == 1);
	CHECK(found[0].group.n == 1 && str_eq(found[0].group.v[0], STR("User=u")));
}

static void a_nul_in_a_value_moves_nothing(void) {
	load(RULE INNER "title: outer\ncorrelation:\n  type: value_count\n  rules: inner\n"
			"  group-by: User\n  timespan: 1m\n  condition: {gte: 2, field: Line}\n");
	CHECK(at(1, STR("a\0v1"), "u") == 0);
	CHECK(at(2, STR("a\0v1"), "u") == 0);
	CHECK(at(3, STR("a\0v2"), "u") == 0);
	CHECK(at(4, STR("a\0v2"), "u") == 1);
	CHECK(found[0].group.n == 1 && str_eq(found[0].group.v[0], STR("User=u")));
}

#define TWICE(list)                                                                                \
	RULE "title: c\ncorrelation: {type: event_count, rules: [" list "], timespan: 1m, "        \
	     "condition: {gte: 2}}\n"

static void one_rule_by_two_names_is_refused(void) {
	static const char *const texts[] = { TWICE("r1, " ID), TWICE(ID ", r1"),
					     TWICE(ID ", " UPPER_ID) };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		static const char fault[] = " is a rule that is in the list already, ";
		struct buf errors = { 0 };

		CHECK(try_load(texts[i], &errors) == -22);
		CHECK(errors.data && memmem(errors.data, errors.len, fault, sizeof(fault) - 1));
		buf_done(&errors);
	}
}

#define ALIKE                                                                                      \
	"title: c\ncorrelation: {type: event_count, rules: r1, timespan: 1m, "                     \
	"condition: {gte: 4}}\n"

/* Two that say the same are two: neither counts for the other, and a reload keeps both. */
static void correlations_of_the_same_text_are_two(void) {
	struct ruleset *old;

	load(RULE ALIKE "---\n" ALIKE);
	CHECK(at(1, STR("x"), "u") == 0);
	CHECK(at(2, STR("x"), "u") == 0);
	CHECK(at(3, STR("x"), "u") == 0);
	old = rules;
	rules = NULL;
	load(RULE ALIKE "---\n" ALIKE);
	ruleset_adopt(rules, old);
	ruleset_free(old);
	CHECK(at(4, STR("x"), "u") == 2);
}

static void true_may_be_written_in_three_ways(void) {
	static const char *const words[] = { "true", "True", "TRUE", "false", "False", "FALSE" };

	for (unsigned i = 0; i < 6; i++) {
		char text[512];

		(void)snprintf(text, sizeof(text),
			       RULE "title: c\ncorrelation: {type: event_count, rules: r1, "
				    "timespan: 1m, condition: {gte: 2}, generate: %s}\n",
			       words[i]);
		load(text);
		CHECK(at(1, STR("x"), "u") == (i < 3));
	}
}

int main(void) {
	RUN(groups_that_are_alike_at_their_beginning_are_two);
	RUN(what_stands_behind_a_long_value_is_known);
	RUN(a_nul_in_a_value_moves_nothing);
	RUN(one_rule_by_two_names_is_refused);
	RUN(correlations_of_the_same_text_are_two);
	RUN(true_may_be_written_in_three_ways);
	ruleset_free(rules);
	arena_done(&arena);
	DONE();
}
