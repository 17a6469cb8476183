/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "correlate_one.h"

/* Rules r1 to r3 hold for records that say so, and a correlation of them. */
#define RULE(n)                                                                                    \
	"title: r" #n "\nname: r" #n "\nid: 0000000" #n "-0000-4000-8000-000000000000\n"           \
	"logsource: {product: linux}\ndetection: {s: {rule|contains: r" #n                         \
	"}, condition: s}\n---\n"
#define RULES RULE(1) RULE(2) RULE(3)
#define CORR(type, rules, span, rest)                                                              \
	RULES "title: c\nname: c\nlevel: high\ncorrelation:\n  type: " type "\n  rules: [" rules   \
	      "]\n  group-by: [User]\n  timespan: " span "\n  " rest "\n"

static const struct detection *found;

/* at - a record at @s seconds; how often something is told of it */
static uint32_t at(double s, const char *rule, const char *user, const char *value) {
	struct str values[] = { str_of(rule), str_of(user), str_of(value) };
	struct record_field named[] = { { STR("rule"), &values[0], 1 },
					{ STR("User"), &values[1], user != NULL },
					{ STR("Value"), &values[2], value != NULL } };
	struct record r = { .time_ns = (uint64_t)(s * 1e9), .fields = named, .n = 3 };

	arena_reset(&arena);
	return rules ? detect_record(rules, &arena, &r, &found) : 99;
}

static void a_count_fires_at_its_threshold_within_the_span(void) {
	load(CORR("event_count", "r1", "60s", "condition: {gte: 3}"));
	CHECK(at(0, "r1", "a", NULL) == 0);
	CHECK(at(10, "r1", "a", NULL) == 0);
	CHECK(at(15, "r2", "a", NULL) == 1 && found[0].rule); /* r2 itself */
	CHECK(at(20, "r1", "b", NULL) == 0);
	CHECK(at(20, "r1", "a", NULL) == 1);
	CHECK(str_eq(found[0].title, STR("c")) && found[0].level == LEVEL_HIGH);
	CHECK(found[0].evidence == EVIDENCE_COMPLETE);
	CHECK(found[0].group.n == 1 && str_eq(found[0].group.v[0], STR("User=a")));
	CHECK(at(71, "r1", "a", NULL) == 0);
	CHECK(at(79, "r1", "a", NULL) == 1);
}

static void both_ends_of_the_span_count(void) {
	load(CORR("event_count", "r1", "1m", "condition: {gte: 2}"));
	CHECK(at(0, "r1", "a", NULL) == 0);
	CHECK(at(60, "r1", "a", NULL) == 1);
	CHECK(at(120.001, "r1", "a", NULL) == 0);
}

static void what_lacks_a_group_field_does_not_count(void) {
	load(CORR("event_count", "r1", "1m", "condition: {gte: 2}"));
	CHECK(at(0, "r1", NULL, NULL) == 0);
	CHECK(at(1, "r1", NULL, NULL) == 0);
	CHECK(at(2, "r1", "a", NULL) == 0);
}

static void a_range_and_less_than_are_asked_at_each_hit(void) {
	load(CORR("event_count", "r1", "1m", "condition: {gte: 2, lte: 3}"));
	CHECK(at(0, "r1", "a", NULL) == 0);
	CHECK(at(1, "r1", "a", NULL) == 1);
	CHECK(at(2, "r1", "a", NULL) == 1);
	CHECK(at(3, "r1", "a", NULL) == 0);
	load(CORR("event_count", "r1", "1m", "condition: {lt: 2}"));
	CHECK(at(0, "r1", "a", NULL) == 1);
	CHECK(at(1, "r1", "a", NULL) == 0);
}

static void late_hits_find_their_neighbours(void) {
	load(CORR("event_count", "r1", "60s", "condition: {gte: 3}"));
	CHECK(at(100, "r1", "a", NULL) == 0);
	CHECK(at(39, "r1", "a", NULL) == 0); /* no stretch has all three */
	CHECK(at(38, "r1", "a", NULL) == 0);
	CHECK(at(37, "r1", "a", NULL) == 1); /* 37, 38, 39 */
	load(CORR("value_count", "r1", "60s", "condition: {gte: 2, field: Value}"));
	CHECK(at(100, "r1", "a", "x") == 0);
	CHECK(at(39, "r1", "a", "x") == 0);
	CHECK(at(38, "r1", "a", "y") == 1);
	CHECK(at(20, "r1", "a", "z") == 0); /* too late to be kept */
	CHECK(windows_figures(rules->correlations->windows)->late == 1);
}

static void distinct_values_are_those_inside_the_span(void) {
	load(CORR("value_count", "r1", "60s", "condition: {gte: 2, field: Value}"));
	CHECK(at(0, "r1", "a", "x") == 0);
	CHECK(at(1, "r1", "a", NULL) == 0);
	CHECK(at(61, "r1", "a", "y") == 0);
	CHECK(at(62, "r1", "a", "y") == 0);
	CHECK(at(63, "r1", "a", "x") == 1);
	load(CORR("value_count", "r1", "60s", "condition: {gte: 2, field: [Value, rule]}"));
	CHECK(at(0, "r1", "a", "x") == 0);
	CHECK(at(1, "r1", "a", "x") == 0);
	CHECK(at(2, "r1 or so", "a", "x") == 1);
}

static void temporal_wants_every_rule_in_any_order(void) {
	load(CORR("temporal", "r1, r2", "60s", ""));
	CHECK(at(0, "r2", "a", NULL) == 0);
	CHECK(at(1, "r1", "b", NULL) == 0);
	CHECK(at(30, "r1", "a", NULL) == 1);
	CHECK(found[0].matched.n == 2 && str_eq(found[0].matched.v[0], STR("r1")));
	CHECK(at(100, "r1 r2", "c", NULL) == 1); /* one event counts for both */
	load(CORR("temporal", "r1, r2, r3", "60s", "condition: {gte: 2}"));
	CHECK(at(0, "r1", "a", NULL) == 0);
	CHECK(at(1, "r1", "a", NULL) == 0);
	CHECK(at(1, "r3", "a", NULL) == 1);
}

static void ordered_wants_the_order_of_the_list(void) {
	load(CORR("temporal_ordered", "r1, r2, r3", "60s", ""));
	CHECK(at(0, "r1", "a", NULL) == 0);
	CHECK(at(1, "r3", "a", NULL) == 0);
	CHECK(at(2, "r2", "a", NULL) == 0);
	CHECK(at(3, "r3", "a", NULL) == 1);
	CHECK(at(61, "r2", "a", NULL) == 0); /* r1 is gone, and r3 comes before r2 */
	load(CORR("temporal_ordered", "r1, r2", "60s", ""));
	CHECK(at(5, "r2", "a", NULL) == 0);
	CHECK(at(5, "r1", "a", NULL) == 0);
	CHECK(at(5, "r2", "a", NULL) == 1); /* at one time: as they arrived */
}

static void figures_of_numbers(void) {
	load(CORR("value_sum", "r1", "60s", "condition: {gt: 10.5, field: Value}"));
	CHECK(at(0, "r1", "a", "5") == 0);
	CHECK(at(1, "r1", "a", "many") == 0);
	CHECK(at(2, "r1", "a", "5.6") == 1);
	CHECK(at(61, "r1", "a", "4") == 0);
	load(CORR("value_avg", "r1", "60s", "condition: {gte: 2.5, field: Value}"));
	CHECK(at(0, "r1", "a", "2") == 0);
	CHECK(at(1, "r1", "a", "3") == 1);
	load(CORR("value_percentile", "r1", "60s",
		  "condition: {gte: 91, field: Value, percentile: 90}"));
	CHECK(at(0, "r1", "a", "10") == 0);
	CHECK(at(1, "r1", "a", "100") == 1);
	load(CORR("value_median", "r1", "60s", "condition: {gte: 5, field: Value}"));
	CHECK(at(0, "r1", "a", "1") == 0);
	CHECK(at(1, "r1", "a", "9") == 1);
	CHECK(at(2, "r1", "a", "2") == 0);
}

/* One who can write a single number must not blind the window for those that follow. */
static void a_huge_number_leaves_nothing_behind(void) {
	load(CORR("value_sum", "r1", "60s", "condition: {gte: 10, field: Value}"));
	CHECK(at(0, "r1", "a", "-9999999999999999999999999999999999999999") == 0);
	CHECK(at(30, "r1", "a", "5") == 0);
	CHECK(at(61, "r1", "a", "5") == 1);
	load(CORR("value_sum", "r1", "60s", "condition: {eq: 1, field: Value}"));
	CHECK(at(0, "r1", "a", "18446744073709551615") == 0);
	CHECK(at(30, "r1", "a", "0.7") == 0);
	CHECK(at(61, "r1", "a", "0.2") == 0);
	CHECK(at(62, "r1", "a", "0.1") == 1);
}

static void aliases_name_another_field_for_each_rule(void) {
	load(RULES "title: c\ncorrelation:\n  type: temporal\n  rules: [r1, "
		   "00000002-0000-4000-8000-000000000000]\n  group-by: who\n  timespan: 1m\n"
		   "  aliases: {who: {r1: User, r2: Value}}\n");
	CHECK(at(0, "r1", "a", "b") == 0);
	CHECK(at(1, "r2", "a", "c") == 0);
	CHECK(at(2, "r2", "x", "a") == 1);
	CHECK(str_eq(found[0].group.v[0], STR("who=a")));
}

#define CHAIN                                                                                      \
	CORR("event_count", "r1", "60s", "condition: {gte: 2}")                                    \
	"---\ntitle: d\ncorrelation:\n  type: temporal_ordered\n  rules: [c, r2]\n"                \
	"  group-by: User\n  timespan: 1h\n"

static void a_correlation_counts_another_one(void) {
	load(CHAIN);
	CHECK(at(0, "r1", "a", NULL) == 0);
	CHECK(at(1, "r1", "a", NULL) == 0); /* c holds, quietly */
	CHECK(at(2, "r2", "b", NULL) == 0);
	CHECK(at(900, "r2", "a", NULL) == 1);
	CHECK(str_eq(found[0].title, STR("d")));
}

static void rules_are_told_themselves_where_a_correlation_generates(void) {
	load(CORR("event_count", "r1", "60s", "generate: true\n  condition: {gte: 2}"));
	CHECK(at(0, "r1", "a", NULL) == 1);
	CHECK(at(1, "r1", "a", NULL) == 2);
	CHECK(str_eq(found[0].title, STR("r1")) && str_eq(found[1].title, STR("c")));
}

/* --- refusals --- */

static bool refused(const char *text, const char *fault_line) {
	static const struct detect_options options = { .strict = true, .records = true };
	struct buf errors = { 0 };
	struct ruleset *set = NULL;
	int err = ruleset_load_text("t.yml", text, strlen(text), &options, &errors, &set);
	bool same = err == -22 && errors.len &&
		    memmem(errors.data, errors.len, fault_line, strlen(fault_line));

	if (!same)
		printf("# %d, expected: %s\n#    found: %.*s\n", err, fault_line, (int)errors.len,
		       errors.data ? errors.data : "");
	ruleset_free(set);
	buf_done(&errors);
	return same;
}

static const struct {
	const char *text, *fault;
} bad[] = {
	{ CORR("event_count", "r1", "60s", ""),
	  "no 'condition', expected event_count to have one" },
	{ CORR("value_count", "r1", "60s", "condition: {gte: 2}"),
	  "no 'field', expected value_count to have one" },
	{ CORR("event_count", "r1", "60s", "condition: {gte: 2, foo: 1}"),
	  "'foo' in the condition of event_count, expected gt, gte, lt, lte, eq, neq" },
	{ CORR("event_count", "r1", "60s", "condition: {gte: two}"),
	  "'gte' is text, expected a number" },
	{ CORR("event_count", "r1", "60s", "condition: {gte: 2, gt: 3}"),
	  "two bounds that are no range" },
	{ CORR("event_count", "r1", "60s", "condition: r1 and not r2"), "the condition is text" },
	{ CORR("event_count", "r1", "60s", "condition: {}"), "the condition has no bound" },
	{ CORR("event_count", "r1", "60s", "group_by: [User]\n  condition: {gte: 2}"),
	  "'group_by' in a correlation, expected group-by" },
	{ CORR("event_count", "r1", "60", "condition: {gte: 2}"), "timespan '60' is none" },
	{ CORR("event_count", "r1", "0s", "condition: {gte: 2}"), "timespan '0s' is none" },
	{ CORR("event_count", "r1", "5 m", "condition: {gte: 2}"), "timespan '5 m' is none" },
	{ CORR("event_count", "r9", "60s", "condition: {gte: 2}"), "no rule 'r9'" },
	{ CORR("event_count", "r1, r1", "60s", "condition: {gte: 2}"), "'r1' is given twice" },
	{ CORR("event_count", "c", "60s", "condition: {gte: 2}"), "expected no cycle" },
	{ CORR("sometimes", "r1", "60s", ""), "correlation type 'sometimes' is unknown" },
	{ CORR("temporal", "r1, r2", "60s", "aliases: {User: {r3: x}}"), "an alias for 'r3'" },
	{ CORR("value_percentile", "r1", "60s", "condition: {gte: 2, field: n, percentile: 101}"),
	  "the percentile is" },
	{ RULES "title: c\ncorrelation: {type: temporal, timespan: 1m}\n", "no 'rules'" },
	{ RULES "title: c\ncorrelation: 1\n", "'correlation' is" },
	{ CHAIN "---\ntitle: e\ncorrelation: {type: temporal, rules: [c, r2], group-by: Value, "
		"timespan: 1m}\n",
	  "correlation 'c' has no field 'Value', expected one of its group-by" },
};

static void faulty_correlations_are_refused(void) {
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(refused(bad[i].text, bad[i].fault));
}

static void one_that_refers_to_a_refused_one_is_refused_too(void) {
	static const struct detect_options options = { .records = true };
	static const char text[] =
		CORR("event_count", "r1", "60",
		     "condition: {gte: 2}") "---\ntitle: d\ncorrelation: {type: event_count, "
					    "rules: c, timespan: 1h, "
					    "condition: {gte: 2}}\n";
	struct buf errors = { 0 };
	struct ruleset *set = NULL;

	CHECK(!ruleset_load_text("t.yml", text, strlen(text), &options, &errors, &set));
	CHECK(set && ruleset_refused(set) == 2 && ruleset_count(set) == 3 && !set->correlations);
	ruleset_free(set);
	buf_done(&errors);
}

/* --- filters --- */

#define FILTER(rules, rest)                                                                        \
	RULES "title: f\nlogsource: {product: linux}\nfilter:\n  rules: " rules "\n  " rest "\n"

static void a_filter_is_anded_as_it_is_written(void) {
	load(FILTER("[r1]", "sel: {User|startswith: adm_}\n  condition: not sel"));
	CHECK(at(0, "r1", "adm_x", NULL) == 0);
	CHECK(at(0, "r1", "bob", NULL) == 1);
	CHECK(at(0, "r2", "adm_x", NULL) == 1);
	CHECK(at(0, "r1", NULL, NULL) == 1);
	load(FILTER("any", "a: {User: x}\n  b: {User: y}\n  condition: not 1 of them"));
	CHECK(at(0, "r1", "x", NULL) == 0 && at(0, "r2", "y", NULL) == 0);
	CHECK(at(0, "r1", "z", NULL) == 1);
	load(FILTER("[]", "a: {User: x}\n  condition: a"));
	CHECK(at(0, "r1", "x", NULL) == 1 && at(0, "r1", "y", NULL) == 0);
}

static void a_filter_keeps_to_its_log_source(void) {
	load(RULES "title: f\nlogsource: {product: linux, category: file_event}\nfilter:\n"
		   "  rules: any\n  a: {User: x}\n  condition: not a\n");
	CHECK(at(0, "r1", "x", NULL) == 1);
	CHECK(ruleset_skipped(rules, 0) &&
	      strstr(ruleset_skipped(rules, 0), "no rule is of its log source"));
}

static void faulty_filters_are_refused(void) {
	CHECK(refused(FILTER("any", "a: {User: x}"), "no 'condition'"));
	CHECK(refused(FILTER("any", "condition: not a"), "unknown identifier 'a'"));
	CHECK(refused(RULES "title: f\nlogsource: {product: linux}\nfilter: {a: {User: x}, "
			    "condition: a}\n",
		      "no 'rules'"));
	CHECK(refused(RULES "title: f\nfilter: {rules: any, a: {User: x}, condition: a}\n",
		      "no 'logsource'"));
}

/* --- bounds --- */

static void a_group_that_gives_way_is_counted_and_told(void) {
	char user[32];

	load(CORR("event_count", "r1", "60s", "condition: {gte: 2}"));
	CHECK(at(1, "r1", "victim", NULL) == 0);
	for (int i = 0; i < WINDOW_GROUPS; i++) {
		(void)snprintf(user, sizeof(user), "u%d", i);
		(void)at(2, "r1", user, NULL);
	}
	CHECK(windows_figures(rules->correlations->windows)->groups_evicted == 1);
	CHECK(windows_figures(rules->correlations->windows)->n_groups == WINDOW_GROUPS);
	CHECK(at(3, "r1", "victim", NULL) == 0);
	CHECK(at(4, "r1", "victim", NULL) == 1 && found[0].evidence == EVIDENCE_INCOMPLETE);
}

static void a_flood_into_one_group_stays_within_its_bound(void) {
	load(CORR("event_count", "r1", "1h", "condition: {gte: 32768}"));
	for (int i = 0; i < WINDOW_MOST - 1; i++)
		(void)at(i / 1000.0, "r1", "a", NULL);
	CHECK(at(100, "r1", "a", NULL) == 1 && found[0].evidence == EVIDENCE_COMPLETE);
	CHECK(at(101, "r1", "a", NULL) == 1 && found[0].evidence == EVIDENCE_INCOMPLETE);
	CHECK(windows_figures(rules->correlations->windows)->n_hits == WINDOW_MOST);
	CHECK(windows_figures(rules->correlations->windows)->hits_evicted == 1);
}

static void a_flood_of_one_rule_does_not_push_out_another(void) {
	static const char *const types[] = { CORR("temporal", "r1, r2", "1h", ""),
					     CORR("temporal_ordered", "r2, r1", "1h", "") };

	for (int k = 0; k < 2; k++) {
		load(types[k]);
		CHECK(at(0, k ? "r2" : "r1", "a", NULL) == 0);
		for (int i = 1; i < 5000 && !k; i++)
			CHECK(at(i / 10.0, "r1", "a", NULL) == 0);
		for (int i = 1; i < 5000 && k; i++)
			CHECK(at(i / 10.0, "r2", "a", NULL) == 0);
		CHECK(at(600, k ? "r1" : "r2", "a", NULL) == 1);
		CHECK(found[0].evidence == EVIDENCE_COMPLETE);
		CHECK(windows_figures(rules->correlations->windows)->hits_evicted == 0);
	}
}

static void the_pool_of_hits_is_shared_and_bounded(void) {
	char user[32];

	load(CORR("value_count", "r1", "1h", "condition: {gte: 30000, field: Value}"));
	for (int i = 0; i < 3 * WINDOW_HITS; i++) {
		char value[32];

		(void)snprintf(user, sizeof(user), "u%d", i % 7);
		(void)snprintf(value, sizeof(value), "v%d", i);
		CHECK(at(i / 1000.0, "r1", user, value) == 0);
	}
	CHECK(windows_figures(rules->correlations->windows)->n_hits <= WINDOW_HITS);
	CHECK(windows_figures(rules->correlations->windows)->groups_evicted > 0);
}

/* --- against the slow and obvious way --- */

#define N_PAST 600

static struct {
	uint64_t ms;
	uint32_t user, value;
} past[N_PAST];

static uint32_t random_state = 7;

static uint32_t random_below(uint32_t n) {
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % n;
}

enum slow { SLOW_COUNT, SLOW_DISTINCT, SLOW_SUM, SLOW_ORDER };

/* measure - of the hits of past[i]'s user in the stretch of 20 s that ends with it, before @n */
static uint32_t measure(enum slow what, uint32_t i, uint32_t n) {
	uint32_t count = 0, sum = 0, seen = 0;
	bool ordered = false;

	for (uint32_t k = 0; k < n; k++) {
		if (past[k].user != past[i].user || past[k].ms > past[i].ms ||
		    past[i].ms - past[k].ms > 20000)
			continue;
		count++;
		sum += past[k].value;
		seen |= 1u << past[k].value;
		for (uint32_t m = 0; m < n; m++) /* a 0 before a 1: by time, then by arrival */
			ordered |= past[k].value == 0 && past[m].value == 1 &&
				   past[m].user == past[i].user && past[m].ms <= past[i].ms &&
				   past[i].ms - past[m].ms <= 20000 &&
				   (past[m].ms > past[k].ms || (past[m].ms == past[k].ms && m > k));
	}
	return what == SLOW_COUNT      ? count
	       : what == SLOW_DISTINCT ? (uint32_t)__builtin_popcount(seen)
	       : what == SLOW_SUM      ? sum
				       : ordered;
}

/* slow_holds - whether it holds for some stretch that the last of @n is part of */
static bool slow_holds(enum slow what, uint32_t n, uint32_t bound) {
	for (uint32_t i = 0; i < n; i++) {
		if (past[i].user == past[n - 1].user && past[i].ms >= past[n - 1].ms &&
		    past[i].ms - past[n - 1].ms <= 20000 && measure(what, i, n) >= bound)
			return true;
	}
	return false;
}

static uint32_t differences(enum slow what, const char *text, uint32_t bound) {
	uint32_t wrong = 0, fired = 0;
	uint64_t now_ms = 100000;

	load(text);
	for (uint32_t i = 0; i < N_PAST; i++) {
		char user[8], value[8];
		bool holds;

		now_ms += random_below(3) ? random_below(4000) : 0;
		past[i].ms = now_ms - (random_below(4) ? 0 : random_below(8000));
		past[i].user = random_below(3);
		past[i].value = random_below(5);
		(void)snprintf(user, sizeof(user), "u%u", past[i].user);
		(void)snprintf(value, sizeof(value), "%u", past[i].value);
		holds = at((double)past[i].ms / 1000,
			   what != SLOW_ORDER	? "r1"
			   : past[i].value == 0 ? "r1"
			   : past[i].value == 1 ? "r2"
						: "none",
			   user, value) > 0;
		/* hits of no rule are in no window, and nothing is asked about them */
		if (what == SLOW_ORDER && past[i].value > 1)
			wrong += holds;
		else
			wrong += holds != slow_holds(what, i + 1, bound);
		fired += holds;
	}
	CHECK(fired > 20 && fired < N_PAST - 20);
	return wrong;
}

static void windows_agree_with_the_slow_way(void) {
	for (int round = 0; round < 5; round++) {
		CHECK(!differences(SLOW_COUNT,
				   CORR("event_count", "r1", "20s", "condition: {gte: 4}"), 4));
		CHECK(!differences(
			SLOW_DISTINCT,
			CORR("value_count", "r1", "20s", "condition: {gte: 4, field: Value}"), 4));
		CHECK(!differences(
			SLOW_SUM,
			CORR("value_sum", "r1", "20s", "condition: {gte: 9, field: Value}"), 9));
		CHECK(!differences(SLOW_ORDER, CORR("temporal_ordered", "r1, r2", "20s", ""), 1));
	}
}

int main(void) {
	RUN(a_count_fires_at_its_threshold_within_the_span);
	RUN(both_ends_of_the_span_count);
	RUN(what_lacks_a_group_field_does_not_count);
	RUN(a_range_and_less_than_are_asked_at_each_hit);
	RUN(late_hits_find_their_neighbours);
	RUN(distinct_values_are_those_inside_the_span);
	RUN(temporal_wants_every_rule_in_any_order);
	RUN(ordered_wants_the_order_of_the_list);
	RUN(figures_of_numbers);
	RUN(a_huge_number_leaves_nothing_behind);
	RUN(aliases_name_another_field_for_each_rule);
	RUN(a_correlation_counts_another_one);
	RUN(rules_are_told_themselves_where_a_correlation_generates);
	RUN(faulty_correlations_are_refused);
	RUN(one_that_refers_to_a_refused_one_is_refused_too);
	RUN(a_filter_is_anded_as_it_is_written);
	RUN(a_filter_keeps_to_its_log_source);
	RUN(faulty_filters_are_refused);
	RUN(a_group_that_gives_way_is_counted_and_told);
	RUN(a_flood_into_one_group_stays_within_its_bound);
	RUN(a_flood_of_one_rule_does_not_push_out_another);
	RUN(the_pool_of_hits_is_shared_and_bounded);
	RUN(windows_agree_with_the_slow_way);
	ruleset_free(rules);
	arena_done(&arena);
	DONE();
}
