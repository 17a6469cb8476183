/* SPDX-License-Identifier: Apache-2.0 */
/* Hits that arrive behind newer ones, in any number, and what they cost. */
#include <time.h>

#include "correlate_one.h"

/*
 * How many times the CPU of the same hits in their order may be taken by those that come late:
 * it is some 300, and 20,000 where it runs away.
 */
#define LATE 2500
#define RULE(n)                                                                                    \
	"title: " n "\nname: " n "\nlogsource: {product: linux}\n"                                 \
	"detection: {s: {rule|contains: " n "}, condition: s}\n---\n"
#define CORR(type, rules, span, rest)                                                              \
	"title: c\nname: c\ncorrelation:\n  type: " type "\n  rules: [" rules "]\n"                \
	"  timespan: " span "\n  " rest "\n"

/* at - a record at @s seconds; how often something is told of it */
static uint32_t at(double s, const char *rule, const char *value) {
	const struct detection *found;
	struct str values[] = { str_of(rule), str_of(value) };
	struct record_field named[] = { { STR("rule"), &values[0], 1 },
					{ STR("Value"), &values[1], 1 } };
	struct record r = { .time_ns = (uint64_t)(s * 1e9), .fields = named, .n = 2 };

	arena_reset(&arena);
	return rules ? detect_record(rules, &arena, &r, &found) : 99;
}

static uint32_t at_number(double s, const char *rule, uint32_t value) {
	char text[16];

	(void)snprintf(text, sizeof(text), "%u", value);
	return at(s, rule, text);
}

/* The newest first: every stretch that a hit is part of is asked, however many follow it. */
static void the_newest_first_counts_as_the_oldest_first(void) {
	static const char *const texts[] = {
		RULE("r1") CORR("event_count", "r1", "1h", "condition: {gte: 18}"),
		RULE("r1") CORR("value_count", "r1", "1h", "condition: {gte: 18, field: Value}"),
		RULE("r1") CORR("value_sum", "r1", "1h", "condition: {gte: 153, field: Value}"),
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		load(texts[i]);
		for (uint32_t k = 0; k < 17; k++)
			CHECK(at_number(1000 - k, "r1", k) == 0);
		CHECK(at_number(1000 - 17, "r1", 17) == 1);
	}
	load(RULE("ra") RULE("rb") RULE("rc") CORR("temporal_ordered", "ra, rb, rc", "1h", ""));
	CHECK(at(1000, "rc", "") == 0);
	for (uint32_t k = 0; k < 20; k++)
		CHECK(at(990 - k, "rb", "") == 0);
	CHECK(at(900, "ra", "") == 1); /* then rb, and at last rc */
}

static void many_distinct_values_count_out_of_order(void) {
	uint32_t fired = 0;

	load(RULE("r1") CORR("value_count", "r1", "1h", "condition: {gte: 300, field: Value}"));
	for (uint32_t k = 0; k < 400; k++)
		fired += at_number(3000 - k, "r1", k % 300);
	CHECK(fired == 101);
	load(RULE("r1") CORR("value_count", "r1", "100s", "condition: {gte: 300, field: Value}"));
	CHECK(at_number(1000, "r1", 1000) == 0);
	for (uint32_t k = 0; k < 299; k++) /* none of them within 100 s of the first */
		CHECK(at_number(899.5, "r1", k) == 0);
	CHECK(at_number(899, "r1", 5) == 0);
	CHECK(at_number(899, "r1", 300) == 1);
}

#define N_PAST 300
#define SPAN_MS 20000

static struct {
	uint32_t ms, value;
} past[N_PAST];

static uint32_t random_state = 11;

static uint32_t random_below(uint32_t n) {
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % n;
}

enum what { COUNT, DISTINCT, SUM, AVERAGE };

/* holds_at - whether the stretch that ends at @end_ms says so, of the first @n */
static bool holds_at(enum what what, uint32_t end_ms, uint32_t n, double bound) {
	static bool seen[256];
	double sum = 0, count = 0, distinct = 0;

	memset(seen, 0, sizeof(seen));
	for (uint32_t k = 0; k < n; k++) {
		if (past[k].ms > end_ms || end_ms - past[k].ms > SPAN_MS)
			continue;
		count++;
		sum += past[k].value;
		distinct += !seen[past[k].value];
		seen[past[k].value] = true;
	}
	return (what == COUNT	   ? count
		: what == DISTINCT ? distinct
		: what == SUM	   ? sum
				   : sum / count) >= bound;
}

/* slow_holds - the slow and obvious way: each stretch that the last one is part of */
static bool slow_holds(enum what what, uint32_t n, double bound) {
	for (uint32_t i = 0; i < n; i++) {
		if (past[i].ms >= past[n - 1].ms && past[i].ms - past[n - 1].ms <= SPAN_MS &&
		    holds_at(what, past[i].ms, n, bound))
			return true;
	}
	return false;
}

static void every_order_says_what_the_slow_way_says(void) {
	static const struct {
		const char *text;
		double bound;
	} rows[] = {
		[COUNT] = { CORR("event_count", "r1", "20s", "condition: {gte: 120}"), 120 },
		[DISTINCT] = { CORR("value_count", "r1", "20s",
				    "condition: {gte: 70, field: Value}"), 70 },
		[SUM] = { CORR("value_sum", "r1", "20s", "condition: {gte: 9000, field: Value}"),
			  9000 },
		[AVERAGE] = { CORR("value_avg", "r1", "20s", "condition: {gte: 77, field: Value}"),
			      77 },
	};

	for (unsigned round = 0; round < 8; round++) {
		enum what what = round % 4;
		uint32_t wrong = 0, fired = 0;
		char text[512];

		(void)snprintf(text, sizeof(text), "%s%s", RULE("r1"), rows[what].text);
		load(text);
		for (uint32_t i = 0; i < N_PAST; i++) {
			bool holds;

			/* all within what is kept; an average says other things amid one time */
			past[i].ms = 100000 + 250 * random_below(120);
			if (what == AVERAGE)
				past[i].ms = 100000 + (i + round) * 7919 % N_PAST * 100;
			past[i].value = random_below(what == DISTINCT ? 100 : 140);
			holds = at_number(past[i].ms / 1000.0, "r1", past[i].value) > 0;
			wrong += holds != slow_holds(what, i + 1, rows[what].bound);
			fired += holds;
		}
		CHECK(wrong == 0);
		CHECK(fired > 5 && fired < N_PAST - 5);
	}
}

/* A hit is no reason to tell of a stretch that it is not part of. */
static void stretches_that_a_late_hit_is_not_in_are_not_its(void) {
	load(RULE("r1") CORR("event_count", "r1", "10s", "condition: {gte: 2}"));
	CHECK(at(100, "r1", "") == 0);
	CHECK(at(101, "r1", "") == 1);
	CHECK(at(85, "r1", "") == 0);
	load(RULE("r1") CORR("value_median", "r1", "10s", "condition: {gte: 2, field: Value}"));
	CHECK(at(101, "r1", "2") == 1);
	CHECK(at(85, "r1", "1") == 0);
}

/* One event that is several steps is so in the order of the list, whatever that of the files. */
static void one_event_is_steps_in_the_order_of_the_list(void) {
	static const char *const texts[] = {
		RULE("ra") RULE("rb") CORR("temporal_ordered", "ra, rb", "1m", ""),
		RULE("rb") RULE("ra") CORR("temporal_ordered", "ra, rb", "1m", ""),
		RULE("rb") RULE("ra") CORR("temporal_ordered", "rb, ra", "1m", ""),
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		load(texts[i]);
		CHECK(at(1, "rb ra", "") == 1);
	}
	load(texts[1]);
	CHECK(at(1, "rb", "") == 0);
	CHECK(at(1, "ra", "") == 0); /* another event of that time: as they arrived */
	CHECK(at(1, "rb", "") == 1);
}

static double cpu_s(void) {
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Two logs one behind the other: half of the hits have thousands of newer ones. */
static void two_logs_one_behind_the_other_take_little(void) {
	static const char *const texts[] = {
		RULE("r1") CORR("event_count", "r1", "1d", "condition: {gte: 16001}"),
		RULE("r1") CORR("value_count", "r1", "1d", "condition: {gte: 7999, field: Value}"),
		RULE("r1") CORR("value_sum", "r1", "1d",
				"condition: {gte: 1000000000000, field: Value}"),
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		double began = cpu_s(), in_order;

		load(texts[i]);
		for (uint32_t k = 0; k < 16000; k++)
			CHECK(at_number(k / 2, "r1", k % 7998) == 0);
		in_order = cpu_s() - began;
		load(texts[i]);
		for (uint32_t k = 0; k < 16000; k++)
			CHECK(at_number(k % 8000, "r1", k % 7998) == 0);
		CHECK(cpu_s() - began < LATE * in_order);
	}
}

int main(void) {
	RUN(the_newest_first_counts_as_the_oldest_first);
	RUN(many_distinct_values_count_out_of_order);
	RUN(every_order_says_what_the_slow_way_says);
	RUN(stretches_that_a_late_hit_is_not_in_are_not_its);
	RUN(one_event_is_steps_in_the_order_of_the_list);
	RUN(two_logs_one_behind_the_other_take_little);
	ruleset_free(rules);
	arena_done(&arena);
	DONE();
}
