/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gates 3 and 4, and budgets, against a clock that the test turns.
 */
#include <stdlib.h>
#include <string.h>

#include "content/budget.h"
#include "content/trial.h"
#include "test.h"

static struct trial trial;
static struct trial_limits limits;
static uint64_t now;
static const char *reason;
static char why[200];

static struct trial_sample normal(void) {
	return (struct trial_sample){ .span_ms = 1000, .serial = trial.serial, .events = 1000,
				      .cpu_us = 5000, .rss_bytes = 30 << 20, .lag_ms = 900,
				      .exec_ns = 1000000, .others_permille = 300 };
}

static void begin(enum trial_stage stage) {
	trial_begin(&trial, stage, trial.serial + 1, now);
}

/* run - a second each, until a verdict or @seconds are over */
static enum trial_verdict run(uint64_t seconds, struct trial_sample (*sample)(void)) {
	enum trial_verdict v = TRIAL_CONTINUE;

	for (uint64_t i = 0; i < seconds && v == TRIAL_CONTINUE; i++) {
		struct trial_sample s = sample ? sample() : (struct trial_sample){ 0 };

		now += 1000;
		v = trial_step(&trial, &limits, sample ? &s : NULL, now, &reason, why, sizeof(why));
	}
	return v;
}

static void setup(void) {
	now = 1000000;
	trial = (struct trial){ 0 };
	limits = (struct trial_limits){ 0 };
	trial_defaults(&limits);
	begin(TRIAL_CONTROL);
	CHECK(run(60, normal) == TRIAL_PROMOTE);
}

static void a_bundle_that_is_well_passes_each_stage_in_its_time(void) {
	setup();
	begin(TRIAL_SHADOW);
	CHECK(run(86399, normal) == TRIAL_CONTINUE);
	CHECK(run(1, normal) == TRIAL_PROMOTE);
	begin(TRIAL_PROBATION);
	CHECK(run(599, normal) == TRIAL_CONTINUE);
	CHECK(run(1, normal) == TRIAL_PROMOTE);
}

static struct trial_sample quiet(void) {
	struct trial_sample s = normal();

	s.events = 1;
	return s;
}

static void a_quiet_host_stays_longer_in_the_shadow_and_not_for_ever(void) {
	setup();
	begin(TRIAL_SHADOW);
	CHECK(run(86400 * 7 - 1, quiet) == TRIAL_CONTINUE);
	CHECK(run(1, quiet) == TRIAL_PROMOTE);
}

static void silence_rolls_back(void) {
	for (int stage = TRIAL_CONTROL; stage < TRIAL_STAGES; stage++) {
		setup();
		begin((enum trial_stage)stage);
		CHECK(run(3, normal) == TRIAL_CONTINUE);
		CHECK(run(15, NULL) == TRIAL_CONTINUE);
		CHECK(run(1, NULL) == TRIAL_ROLLBACK && !strcmp(reason, "silence"));
	}
}

static struct trial_sample of_another_state(void) {
	struct trial_sample s = normal();

	s.serial--;
	return s;
}

static void who_does_not_come_to_the_new_state_is_silent(void) {
	setup();
	begin(TRIAL_PROBATION);
	CHECK(run(15, of_another_state) == TRIAL_CONTINUE);
	CHECK(run(1, of_another_state) == TRIAL_ROLLBACK && !strcmp(reason, "silence"));
}

static struct trial_sample worse;

static struct trial_sample bad(void) {
	struct trial_sample s = normal();

	s.cpu_us += worse.cpu_us;
	s.rss_bytes += worse.rss_bytes;
	s.lost += worse.lost;
	s.lag_ms += worse.lag_ms;
	s.exec_ns += worse.exec_ns;
	s.others_permille += worse.others_permille;
	s.matches += worse.matches;
	s.candidate_matches += worse.candidate_matches;
	s.candidate_ns += worse.candidate_ns;
	s.disarmed += worse.disarmed;
	s.failed += worse.failed;
	return s;
}

/* after - seconds until it is rolled back; 0: within a minute it is not */
static int after(enum trial_stage stage, struct trial_sample what, const char *word) {
	setup();
	begin(stage);
	worse = what;
	for (int i = 1; i <= 60; i++)
		if (run(1, bad) == TRIAL_ROLLBACK)
			return strcmp(reason, word) || !why[0] ? -1 : i;
	return 0;
}

#define SAMPLE(...) ((struct trial_sample){ __VA_ARGS__ })

static void each_breach_rolls_back_by_its_own_reason(void) {
	CHECK(after(TRIAL_SHADOW, SAMPLE(.candidate_matches = 1), "matches") == 21);
	CHECK(after(TRIAL_PROBATION, SAMPLE(.matches = 1), "matches") == 21);
	CHECK(after(TRIAL_PROBATION, SAMPLE(.matches = 1000), "matches") == 1);
	CHECK(after(TRIAL_SHADOW, SAMPLE(.candidate_ns = 1000 * 50001), "cost") == 1);
	CHECK(after(TRIAL_SHADOW, SAMPLE(.candidate_ns = 1000 * 49000), "cost") == 0);
	CHECK(after(TRIAL_PROBATION, SAMPLE(.cpu_us = 50000), "cpu") == 10);
	CHECK(after(TRIAL_PROBATION, SAMPLE(.cpu_us = 10000), "cpu") == 0);
	CHECK(after(TRIAL_PROBATION, SAMPLE(.rss_bytes = 40 << 20), "memory") == 1);
	CHECK(after(TRIAL_PROBATION, SAMPLE(.rss_bytes = 30 << 20), "memory") == 0);
	CHECK(after(TRIAL_PROBATION, SAMPLE(.lost = 100), "loss") == 1);
	CHECK(after(TRIAL_SHADOW, SAMPLE(.lost = 1), "loss") == 10);
	CHECK(after(TRIAL_PROBATION, SAMPLE(.lag_ms = 29101), "lag") == 10);
	CHECK(after(TRIAL_SHADOW, SAMPLE(.lag_ms = 29101), "lag") == 0);
	CHECK(after(TRIAL_PROBATION, SAMPLE(.lag_ms = 29100), "lag") == 0);
	CHECK(after(TRIAL_PROBATION, SAMPLE(.exec_ns = 550001), "exec") == 10);
	CHECK(after(TRIAL_PROBATION, SAMPLE(.exec_ns = 550000), "exec") == 0);
	CHECK(after(TRIAL_PROBATION, SAMPLE(.exec_ns = 9000000, .others_permille = 100), "exec") ==
	      10);
	CHECK(after(TRIAL_PROBATION, SAMPLE(.exec_ns = 9000000, .others_permille = 101), "exec") ==
	      0); /* it is the host that is busier */
	CHECK(after(TRIAL_PROBATION, SAMPLE(.exec_ns = 15000000, .others_permille = 600), "exec") ==
	      10);
	CHECK(after(TRIAL_SHADOW, SAMPLE(.disarmed = 1), "budget") == 1);
	CHECK(after(TRIAL_PROBATION, SAMPLE(.failed = 1), "load") == 1);
}

static struct trial_sample noisy(void) {
	struct trial_sample s = normal();

	s.matches = 1;
	s.lost = 1;
	s.cpu_us = 50000;
	return s;
}

static void what_was_normal_before_is_no_breach_after(void) {
	setup();
	begin(TRIAL_CONTROL);
	CHECK(run(60, noisy) == TRIAL_PROMOTE);
	begin(TRIAL_PROBATION);
	CHECK(run(599, noisy) == TRIAL_CONTINUE);
	CHECK(run(1, noisy) == TRIAL_PROMOTE);
}

static struct trial_sample behind(void) {
	struct trial_sample s = normal();

	s.lag_ms = 30001 + now / 10;
	return s;
}

static void sinks_that_were_behind_before_say_nothing_of_a_bundle(void) {
	setup();
	begin(TRIAL_CONTROL);
	CHECK(run(60, behind) == TRIAL_PROMOTE);
	begin(TRIAL_PROBATION);
	CHECK(run(600, behind) == TRIAL_PROMOTE);
}

static struct trial_sample now_and_then(void) {
	struct trial_sample s = normal();
	bool calm = now / 1000 % 10 == 0;

	s.lag_ms = calm ? 0 : 60000;
	s.exec_ns = calm ? s.exec_ns : 100000000;
	return s;
}

static void nine_seconds_of_ten_are_no_breach(void) {
	setup();
	begin(TRIAL_PROBATION);
	CHECK(run(600, now_and_then) == TRIAL_PROMOTE);
}

static struct trial_sample busy(void) {
	struct trial_sample s = normal();

	s.others_permille = 701;
	s.exec_ns = 1000000 + now % 7000 * 1000;
	return s;
}

static void a_host_without_a_cpu_to_spare_says_nothing_of_execs(void) {
	setup();
	begin(TRIAL_CONTROL);
	CHECK(run(60, busy) == TRIAL_PROMOTE);
	begin(TRIAL_PROBATION);
	CHECK(run(600, busy) == TRIAL_PROMOTE);
}

static struct trial_sample unmeasured(void) {
	struct trial_sample s = normal();

	s.exec_ns = 0;
	return s;
}

static void an_exec_that_is_not_measured_is_not_slow(void) {
	setup();
	begin(TRIAL_PROBATION);
	CHECK(run(600, unmeasured) == TRIAL_PROMOTE);
	begin(TRIAL_CONTROL);
	CHECK(run(60, unmeasured) == TRIAL_PROMOTE);
	begin(TRIAL_PROBATION);
	CHECK(run(600, normal) == TRIAL_PROMOTE);
}

static void a_rule_over_its_budget_is_sampled_and_then_disarmed(void) {
	struct budget b = { 0 };
	uint64_t ns = 0;
	const char *word = "";

	CHECK(budget_step(&b, &budget_defaults, 0, 0, 1, &word) == BUDGET_ARMED);
	for (int i = 1; i <= 59; i++)
		CHECK(budget_step(&b, &budget_defaults, ns += 5000000, 0, (uint64_t)i * 1000,
				  &word) == BUDGET_ARMED);
	CHECK(budget_step(&b, &budget_defaults, ns += 9000000, 0, 59500, &word) == BUDGET_SAMPLED);
	CHECK(!strcmp(word, "time"));
	CHECK(budget_step(&b, &budget_defaults, ns, 100, 60000, &word) == BUDGET_SAMPLED);
	CHECK(budget_step(&b, &budget_defaults, ns, 101, 61000, &word) == BUDGET_DISARMED);
	CHECK(!strcmp(word, "matches"));
	CHECK(budget_step(&b, &budget_defaults, ns, 101, 9999999, &word) == BUDGET_DISARMED);
}

static void a_sampled_rule_that_is_calm_for_a_window_is_armed_again(void) {
	struct budget b = { 0 };
	const char *word = "";

	(void)budget_step(&b, &budget_defaults, 0, 0, 1, &word);
	CHECK(budget_step(&b, &budget_defaults, 0, 101, 1000, &word) == BUDGET_SAMPLED);
	CHECK(budget_step(&b, &budget_defaults, 0, 110, 60999, &word) == BUDGET_SAMPLED);
	CHECK(budget_step(&b, &budget_defaults, 0, 110, 61000, &word) == BUDGET_ARMED);
}

static void a_rule_far_over_its_budget_is_disarmed_at_once(void) {
	struct budget b = { 0 };
	const char *word = "";

	(void)budget_step(&b, &budget_defaults, 0, 0, 1, &word);
	CHECK(budget_step(&b, &budget_defaults, 0, 1001, 2000, &word) == BUDGET_DISARMED);
	b = (struct budget){ 0 };
	(void)budget_step(&b, &budget_defaults, 0, 0, 1, &word);
	CHECK(budget_step(&b, &budget_defaults, 3000000001ull, 0, 2000, &word) == BUDGET_DISARMED);
}

int main(void) {
	RUN(a_bundle_that_is_well_passes_each_stage_in_its_time);
	RUN(a_quiet_host_stays_longer_in_the_shadow_and_not_for_ever);
	RUN(silence_rolls_back);
	RUN(who_does_not_come_to_the_new_state_is_silent);
	RUN(each_breach_rolls_back_by_its_own_reason);
	RUN(what_was_normal_before_is_no_breach_after);
	RUN(sinks_that_were_behind_before_say_nothing_of_a_bundle);
	RUN(nine_seconds_of_ten_are_no_breach);
	RUN(a_host_without_a_cpu_to_spare_says_nothing_of_execs);
	RUN(an_exec_that_is_not_measured_is_not_slow);
	RUN(a_rule_over_its_budget_is_sampled_and_then_disarmed);
	RUN(a_sampled_rule_that_is_calm_for_a_window_is_armed_again);
	RUN(a_rule_far_over_its_budget_is_disarmed_at_once);
	DONE();
}
