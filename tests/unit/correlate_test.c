/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "detect/correlate.h"
#include "test.h"

/* Rules r1 to r3 hold for records that say so, and a correlation of them. */
#define RULE(n)                                                                                    \
	"title: r" #n "\nname: r" #n "\nid: 0000000" #n "-0000-4000-8000-000000000000\n"           \
	"logsource: {product: linux}\ndetection: {s: {rule|contains: r" #n                         \
	"}, condition: s}\n---\n"
#define RULES RULE(1) RULE(2) RULE(3)
#define CORR(type, rules, span, rest)                                                              \
	RULES "title: c\nname: c\nlevel: high\ncorrelation:\n  type: " type "\n  rules: [" rules   \
	      "]\n  group-by: [User]\n  timespan: " span "\n  " rest "\n"

static struct arena arena = { .max_bytes = 1 << 20 };
static struct ruleset *rules;
static const struct detection *found;

static void load(const char *text) {
	static const struct detect_options options = { .strict = true, .records = true };
	struct buf errors = { 0 };
	int err;

	ruleset_free(rules);
	rules = NULL;
	err = ruleset_load_text("t.yml", text, strlen(text), &options, &errors, &rules);
	if (err)
		printf("# %.*s", (int)errors.len, errors.data ? errors.data : "no reason\n");
	CHECK(err == 0);
	buf_done(&errors);
}

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

/* --- in a sensor --- */

#define LIVE                                                                                       \
	"title: r1\nname: r1\nlogsource: {product: linux, category: process_creation}\n"           \
	"detection: {s: {process.name: x}, condition: s}\n---\n"                                   \
	"title: c\nlevel: high\ncorrelation: {type: event_count, rules: r1, group-by: "            \
	"process.uid, timespan: 1m, condition: {gte: 4}}\n"

static struct ruleset *live;

static void load_live(const char *text, struct ruleset **ret) {
	struct buf errors = { 0 };

	CHECK(!ruleset_load_text("t.yml", text, strlen(text), NULL, &errors, ret));
	buf_done(&errors);
}

/* exec_at - an exec of "x" at @s seconds that stands for @n */
static struct event exec_at(double s, uint64_t n) {
	struct event e;

	event_reset(&e);
	EVENT_SET(&e, KIND, kind, WIRE_PROCESS_EXEC);
	EVENT_SET(&e, BOOT_NS, boot_ns, (uint64_t)(s * 1e9));
	EVENT_SET(&e, ID, id, STR("some-0-1"));
	EVENT_SET(&e, PROCESS_NAME, process.name, STR("x"));
	EVENT_SET(&e, PROCESS_UID, process.uid, 7);
	if (n > 1)
		EVENT_SET(&e, FOLD_COUNT, fold.count, n);
	arena_reset(&arena);
	detect_event(live, &arena, &e);
	return e;
}

static struct event host_at(double s, uint32_t kind, uint32_t lost_kind, uint64_t count) {
	struct event e;

	event_reset(&e);
	EVENT_SET(&e, KIND, kind, kind);
	EVENT_SET(&e, BOOT_NS, boot_ns, (uint64_t)(s * 1e9));
	if (kind == WIRE_HOST_LOSS) {
		EVENT_SET(&e, HOST_LOST_KIND, host.lost_kind, lost_kind);
		EVENT_SET(&e, HOST_LOST_COUNT, host.lost_count, count);
	}
	arena_reset(&arena);
	detect_event(live, &arena, &e);
	return e;
}

static void a_group_is_told_once_per_span(void) {
	load_live(LIVE, &live);
	for (int i = 0; i < 3; i++)
		CHECK(exec_at(i, 1).n_detections == 0);
	CHECK(exec_at(3, 1).n_detections == 1);
	CHECK(exec_at(4, 1).n_detections == 0);
	for (int i = 50; i < 63; i++)
		CHECK(exec_at(i, 1).n_detections == 0);
	CHECK(exec_at(63, 1).n_detections == 1);
	ruleset_free(live);
}

static void a_folded_event_counts_as_many(void) {
	struct event e;

	load_live(LIVE, &live);
	CHECK(exec_at(1, 3).n_detections == 0);
	e = exec_at(2, 1);
	CHECK(e.n_detections == 1 && e.detections[0].events.n == 1);
	ruleset_free(live);
}

static void what_a_loss_leaves_unjudged_is_told(void) {
	struct event e;

	load_live(LIVE, &live);
	(void)exec_at(1, 2);
	e = host_at(2, WIRE_HOST_LOSS, WIRE_FILE_OPEN, 100); /* of no concern */
	CHECK(e.n_detections == 0);
	e = host_at(2, WIRE_HOST_LOSS, WIRE_PROCESS_EXEC, 1); /* 3 would not be enough */
	CHECK(e.n_detections == 0);
	e = host_at(3, WIRE_HOST_LOSS, WIRE_PROCESS_EXEC, 2);
	CHECK(e.n_detections == 1 && e.detections[0].evidence == EVIDENCE_UNJUDGED);
	CHECK(e.n_detections == 1 && e.detections[0].level == LEVEL_INFORMATIONAL);
	e = host_at(4, WIRE_HOST_LOSS, WIRE_PROCESS_EXEC, 2); /* told already */
	CHECK(e.n_detections == 0);
	e = exec_at(5, 2);
	CHECK(e.n_detections == 1 && e.detections[0].evidence == EVIDENCE_INCOMPLETE);
	CHECK(e.n_detections == 1 && e.detections[0].level == LEVEL_HIGH);
	e = exec_at(65.5, 4); /* by now the loss is behind the window */
	CHECK(e.n_detections == 1 && e.detections[0].evidence == EVIDENCE_COMPLETE);
	ruleset_free(live);
}

static void a_start_of_the_sensor_ends_all_windows(void) {
	load_live(LIVE, &live);
	(void)exec_at(5, 3);
	(void)host_at(1, WIRE_HOST_START, 0, 0);
	CHECK(exec_at(2, 1).n_detections == 0);
	CHECK(exec_at(2, 3).n_detections == 1);
	ruleset_free(live);
}

static void a_reload_keeps_the_windows_of_what_did_not_change(void) {
	static const char other[] = "---\ntitle: c2\ncorrelation: {type: event_count, rules: r1, "
				    "group-by: process.uid, timespan: 1m, condition: {gte: 3}}\n";
	char text[2048], *eight;
	struct ruleset *next = NULL;

	(void)snprintf(text, sizeof(text), "%s%s", LIVE, other);
	load_live(text, &live);
	CHECK(exec_at(1, 2).n_detections == 0);
	eight = strstr(text, "{gte: 3}");
	CHECK(eight != NULL);
	eight[6] = '2'; /* c2 changes, c does not */
	load_live(text, &next);
	ruleset_adopt(next, live);
	ruleset_free(live);
	live = next;
	CHECK(exec_at(2, 1).n_detections == 0);
	CHECK(exec_at(3, 1).n_detections == 2); /* c has its four, c2 its two */
	ruleset_free(live);
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
	RUN(the_pool_of_hits_is_shared_and_bounded);
	RUN(a_group_is_told_once_per_span);
	RUN(a_folded_event_counts_as_many);
	RUN(what_a_loss_leaves_unjudged_is_told);
	RUN(a_start_of_the_sensor_ends_all_windows);
	RUN(a_reload_keeps_the_windows_of_what_did_not_change);
	ruleset_free(rules);
	arena_done(&arena);
	DONE();
}
