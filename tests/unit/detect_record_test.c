/* SPDX-License-Identifier: Apache-2.0 */
/* Rules against records: named values that are no event of this sensor. */
#include "detect_rule.h"

#define RECORD_HEAD                                                                                \
	"title: t\nname: n\nlogsource: {product: x, category: y}\ndetection:\n  s:\n    "
#define END "\n  condition: s\n"

static const char *const site[] = { "site=a", "site=b", "admins=root", "site=a*c" };
static const struct detect_options for_records = {
	.strict = true, .records = true, .placeholders = site, .n_placeholders = 4
};

static struct ruleset *load(const char *item) {
	char text[1024];
	struct buf errors = { 0 };
	struct ruleset *rules = NULL;

	(void)snprintf(text, sizeof(text), RECORD_HEAD "%s" END, item);
	if (ruleset_load_text("t.yml", text, strlen(text), &for_records, &errors, &rules))
		printf("# %.*s", (int)errors.len, errors.data ? errors.data : "no reason\n");
	buf_done(&errors);
	return rules;
}

static uint32_t hits(struct ruleset *rules, const struct record *record) {
	const struct detection *found;

	arena_reset(&rule_arena);
	return rules ? detect_record(rules, &rule_arena, record, &found) : 99;
}

/* one - whether @item holds for a record of the field @name; no value: null; no name: no field */
static uint32_t one(const char *item, const char *name, const char *value) {
	struct str v = str_of(value);
	const struct record_field field = { str_of(name), &v, 1 };
	struct ruleset *rules = load(item);
	uint32_t n = hits(rules, &(struct record){ .fields = &field, .n = name != NULL });

	ruleset_free(rules);
	return n;
}

static void null_is_there_and_has_no_value(void) {
	CHECK(one("f: null", "f", NULL) == 1 && one("f: null", NULL, NULL) == 1);
	CHECK(one("f: null", "f", "") == 0 && one("f: null", "f", "null") == 0);
	CHECK(one("f: ''", "f", "") == 1 && one("f: ''", "f", NULL) == 0);
	CHECK(one("f|exists: true", "f", NULL) == 1 && one("f|exists: true", "f", "") == 1);
	CHECK(one("f|exists: true", NULL, NULL) == 0 && one("f|exists: false", NULL, NULL) == 1);
	CHECK(one("f|exists: false", "f", NULL) == 0);
	CHECK(one("f: '*'", "f", "") == 1 && one("f: '*'", "f", NULL) == 0);
	CHECK(one("f|neq: x", "f", NULL) == 1 && one("f|neq: x", NULL, NULL) == 1);
}

static void placeholders_are_spelled_out(void) {
	CHECK(one("f|expand: '%admins%'", "f", "root") == 1);
	CHECK(one("f|expand: '%admins%'", "f", "%admins%") == 0);
	CHECK(one("f|expand: 'x%site%y%site%'", "f", "xbya") == 1);
	CHECK(one("f|expand: 'x%site%'", "f", "xabbc") == 1); /* a wildcard in the value */
	CHECK(one("f|expand: 'x%site%'", "f", "xabb") == 0);
	CHECK(one("f|expand: '\\%site%'", "f", "%site%") == 1);
	CHECK(one("f|expand: '100% of %site%'", "f", "100% of b") == 1);
	CHECK(one("f|expand|contains: '%site%z'", "f", "..bz..") == 1);
	CHECK(one("f|contains|expand: ['%site%z', q]", "f", "..q..") == 1);
	CHECK(one("f|expand|base64: '%admins%'", "f", "cm9vdA==") == 1);
	CHECK(one("f|expand: 'a\\\\*'", "f", "a\\b") == 1);
}

static void parts_of_a_time_are_compared_as_numbers(void) {
	CHECK(one("t|hour: 22", "t", "2025-01-01T22:59:00Z") == 1);
	CHECK(one("t|hour|gte: 22", "t", "2025-01-01 23:00:00+02:00") == 1);
	CHECK(one("t|gte|hour: 22", "t", "2025-01-01 21:59") == 0);
	CHECK(one("t|minute: [1, 7]", "t", "2025-01-01T00:07:59.999") == 1);
	CHECK(one("t|minute: 0", "t", "2025-01-01") == 0); /* it has no clock */
	CHECK(one("t|day: 31", "t", "2025-12-31") == 1);
	CHECK(one("t|month: 12", "t", "2025-12-31") == 1);
	CHECK(one("t|year|lt: 2026", "t", "2025-12-31") == 1);
	CHECK(one("t|week: 1", "t", "2025-12-31") == 1); /* a Wednesday of 2026's first week */
	CHECK(one("t|week: 53", "t", "2021-01-03") == 1);
	CHECK(one("t|week: 1", "t", "2021-01-04") == 1);
	CHECK(one("t|year: 2025", "t", "1735689600") == 1);
	CHECK(one("t|year: 2025", "t", "1735689600.5") == 1);
	CHECK(one("t|year: 2025", "t", "1735689600000") == 1);
	CHECK(one("t|year: 2024", "t", "1735689599999999999") == 1);
	CHECK(one("t|year: 2025", "t", "2025-1-1") == 0 && one("t|year: 2025", "t", "") == 0);
	CHECK(one("t|hour: 24", "t", "2025-01-01T24:00") == 0);
}

static void a_log_source_that_the_rule_names_must_be_the_records(void) {
	static const struct {
		struct logsource source;
		uint32_t n;
	} rows[] = {
		{ { { 0 }, { 0 }, { 0 } }, 1 }, /* not known */
		{ { STR("y"), STR("x"), { 0 } }, 1 }, { { STR("y"), STR("x"), STR("z") }, 1 },
		{ { STR("y"), { 0 }, { 0 } }, 0 },    { { STR("y"), STR("X"), { 0 } }, 0 },
		{ { { 0 }, STR("x"), STR("y") }, 0 },
	};
	struct ruleset *rules = load("f: null");

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK(hits(rules, &(struct record){ .source = rows[i].source }) == rows[i].n);
	ruleset_free(rules);
}

static void the_first_of_two_fields_with_one_name_counts(void) {
	const struct str a = STR("a"), b = STR("b");
	const struct record_field given[] = { { STR("f"), &a, 1 }, { STR("f"), &b, 1 } };
	struct ruleset *rules = load("f: a");

	CHECK(hits(rules, &(struct record){ .fields = given, .n = 2 }) == 1);
	CHECK(hits(rules, &(struct record){ .fields = given + 1, .n = 1 }) == 0);
	ruleset_free(rules);
}

struct told {
	char text[256];
	int n;
};

static int tell(void *ctx, struct str identifier, struct str field, struct str value) {
	struct told *t = ctx;

	t->n += snprintf(t->text + t->n, sizeof(t->text) - (size_t)t->n, "%.*s/%.*s/%.*s ",
			 STR_FMT(identifier), STR_FMT(field), STR_FMT(value));
	return 0;
}

static void evidence_is_the_values_that_met_a_condition(void) {
	static const struct str f[] = { STR("ab"), { NULL, 0 }, STR("cb") };
	static const struct str g = STR("7");
	const struct record_field given[] = { { STR("f"), f, 3 }, { STR("g"), &g, 1 } };
	struct ruleset *rules = load("f|endswith: b\n    h: null\n    g|gt: 6\n    '|contains': c");
	const struct detection *found;
	struct told t = { .n = 0 };

	CHECK(rules && detect_record(rules, &rule_arena,
				     &(struct record){ .fields = given, .n = 2 }, &found) == 1);
	CHECK(str_eq(found->name, STR("n")) && !found->rule_id.s);
	CHECK(detect_evidence(rules, found, tell, &t) == 0);
	CHECK(strstr(t.text, "s/f/ab ") && strstr(t.text, "s/f/cb ") && strstr(t.text, "s/g/7 "));
	CHECK(strstr(t.text, "s//cb ") && t.n == 26);
	ruleset_free(rules);
}

int main(void) {
	RUN(null_is_there_and_has_no_value);
	RUN(placeholders_are_spelled_out);
	RUN(parts_of_a_time_are_compared_as_numbers);
	RUN(a_log_source_that_the_rule_names_must_be_the_records);
	RUN(the_first_of_two_fields_with_one_name_counts);
	RUN(evidence_is_the_values_that_met_a_condition);
	DONE();
}
