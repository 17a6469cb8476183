/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "content/cohort.h"
#include "content/plan.h"
#include "content/policy.h"
#include "test.h"

#define NOW 1800000000ull
#define TUESDAY (1440u + 600)

static struct order order;
static struct policy policy;
static struct plan_host host;
static struct plan plan;

static void setup(void) {
	order = (struct order){ .number = 5, .issued_s = NOW - 10, .expires_s = NOW + 1000,
				.version = 2, .state = ORDER_RUN, .channel = "stable",
				.release = "r1", .ring = 4, .permyriad = COHORTS };
	memset(order.bundle, 2, sizeof(order.bundle));
	policy = (struct policy){ .channel = "stable", .max_ring = 4 };
	host = (struct plan_host){ .identity = STR("host"), .order = 4, .has_live = true,
				   .has_good = true };
	memset(host.live, 1, sizeof(host.live));
	memset(host.good, 1, sizeof(host.good));
}

static enum plan_action act(void) {
	plan_order(&order, &policy, &host, NOW, TUESDAY, &plan);
	return plan.action;
}

static bool held(const char *word) {
	return act() == PLAN_HOLD && !strcmp(plan.reason, word);
}

static void an_order_to_run_is_followed_once(void) {
	setup();
	CHECK(act() == PLAN_TAKE && plan.hash[0] == 2);
	host.on_trial = true;
	memset(host.trial, 2, sizeof(host.trial));
	CHECK(act() == PLAN_NONE);
	host.on_trial = false;
	memset(host.live, 2, sizeof(host.live));
	CHECK(act() == PLAN_NONE);
}

static void orders_that_do_not_hold(void) {
	setup();
	order.number = 3;
	CHECK(held("older"));
	setup();
	order.expires_s = NOW;
	CHECK(held("expired"));
	setup();
	(void)snprintf(order.channel, sizeof(order.channel), "beta");
	CHECK(held("channel"));
	setup();
	order.state = ORDER_PAUSE;
	CHECK(held("pause"));
	setup();
	host.reverted = true;
	CHECK(held("reverted"));
	order.retry = true; /* an order that says so tries it again, once */
	CHECK(act() == PLAN_TAKE);
	host.reverted_order = order.number - 1;
	CHECK(act() == PLAN_TAKE);
	host.reverted_order = order.number;
	CHECK(held("reverted"));
	setup();
	order.permyriad = 0;
	CHECK(held("cohort"));
	setup();
	order.n_strata = 1;
	(void)snprintf(order.strata[0], ORDER_TEXT_BYTES, "debian-13");
	CHECK(held("stratum"));
	(void)snprintf(policy.stratum, sizeof(policy.stratum), "debian-13");
	CHECK(act() == PLAN_TAKE);
}

static void the_owners_word_wins(void) {
	setup();
	policy.freeze_until_s = NOW + 1;
	CHECK(held("freeze") && plan.not_before_s == NOW + 1);
	setup();
	policy.delay_s = 11;
	CHECK(held("delay") && plan.not_before_s == NOW + 1);
	setup();
	policy.ring = 4;
	CHECK(act() == PLAN_TAKE);
	order.ring = 3;
	CHECK(held("ring"));
	setup();
	policy.max_ring = 0;
	CHECK(held("max_ring"));
	setup();
	policy.exact = true;
	CHECK(held("exact"));
	memset(policy.exact_hash, 2, sizeof(policy.exact_hash));
	CHECK(act() == PLAN_TAKE);
}

static void nothing_begins_on_a_weekend_but_an_emergency(void) {
	static const struct {
		uint32_t minute;
		bool holds;
	} cases[] = { { 0, true },			 { 359, true },
		      { 360, false },			 { 4 * 1440 + 959, false },
		      { 4 * 1440 + 960, true },		 { 6 * 1440 + 1439, true } };

	setup();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		plan_order(&order, &policy, &host, NOW, cases[i].minute, &plan);
		CHECK((plan.action == PLAN_HOLD) == cases[i].holds);
	}
	order.emergency = true;
	plan_order(&order, &policy, &host, NOW, 0, &plan);
	CHECK(plan.action == PLAN_TAKE);
	order.emergency = false;
	policy.weekends = true;
	plan_order(&order, &policy, &host, NOW, 0, &plan);
	CHECK(plan.action == PLAN_TAKE);
}

static void a_revert_goes_back_to_what_was_good(void) {
	setup();
	order.state = ORDER_REVERT;
	CHECK(act() == PLAN_NONE); /* it is not here */
	memset(host.live, 2, sizeof(host.live));
	CHECK(act() == PLAN_REVERT && plan.hash[0] == 1);
	memset(host.good, 2, sizeof(host.good));
	CHECK(act() == PLAN_REVERT && plan.hash[0] == 0);
	order.has_to = true;
	memset(order.to, 7, sizeof(order.to));
	CHECK(act() == PLAN_REVERT && plan.hash[0] == 7);
	policy.freeze_until_s = UINT64_MAX; /* to go back is safe, and not new */
	CHECK(act() == PLAN_REVERT);
	policy.exact = true;
	memset(policy.exact_hash, 2, sizeof(policy.exact_hash));
	CHECK(held("exact"));
}

static void hosts_begin_spread_over_the_orders_time(void) {
	uint32_t begun[4] = { 0 };
	char name[32];

	setup();
	order.issued_s = NOW - 1000;
	order.expires_s = NOW + 9000;
	order.spread_s = 4000;
	for (int i = 0; i < 4000; i++) {
		(void)snprintf(name, sizeof(name), "host-%d", i);
		host.identity = str_of(name);
		for (int hour = 0; hour < 4; hour++) {
			plan_order(&order, &policy, &host, NOW + (uint64_t)hour * 1000 - 1, TUESDAY,
				   &plan);
			begun[hour] += plan.action == PLAN_TAKE;
		}
	}
	for (uint32_t i = 0; i < 4; i++)
		CHECK(begun[i] > 1000 * (i + 1) - 150 && begun[i] < 1000 * (i + 1) + 150);
}

static void parts_of_one_failure_domain_begin_apart(void) {
	uint32_t begun[3] = { 0 };
	char name[32];

	setup();
	order.issued_s = NOW;
	order.expires_s = NOW + 9000;
	order.spread_s = 3000;
	policy.parts = 3;
	for (int i = 0; i < 300; i++) {
		(void)snprintf(name, sizeof(name), "host-%d", i);
		host.identity = str_of(name);
		policy.part = (uint32_t)i % 3 + 1;
		for (uint32_t third = 0; third < 3; third++) {
			plan_order(&order, &policy, &host, NOW + (third + 1) * 1000 - 1, TUESDAY,
				   &plan);
			begun[third] += plan.action == PLAN_TAKE;
			/* its own third, and none before */
			CHECK((plan.action == PLAN_TAKE) == (policy.part <= third + 1));
			CHECK(policy.part <= third + 1 || !strcmp(plan.reason, "spread"));
		}
	}
	CHECK(begun[0] == 100 && begun[1] == 200 && begun[2] == 300);
}

static void a_part_is_of_as_many_as_there_are(void) {
	struct policy p = policy_default();
	struct buf text = { 0 };

	for (int i = 0; i < 6; i++)
		CHECK(policy_set(&p, STR("part"),
				 str_of((const char *[]){ "0/3", "4/3", "2", "2/", "/2",
							  "1/1001" }[i])) == -EINVAL);
	CHECK(!policy_set(&p, STR("part"), STR("2/3")));
	policy_format(&p, &text);
	p = policy_default();
	CHECK(!policy_parse((struct str){ text.data, (uint32_t)text.len }, &p));
	CHECK(p.part == 2 && p.parts == 3);
	buf_done(&text);
}

static void cohorts_are_even_and_shuffled_for_each_release(void) {
	uint32_t in[2] = { 0 }, both = 0;
	char name[32];

	for (int i = 0; i < 20000; i++) {
		bool a, b;

		(void)snprintf(name, sizeof(name), "%016x", i);
		a = cohort_of(STR("release 1"), str_of(name)) < 500;
		b = cohort_of(STR("release 2"), str_of(name)) < 500;
		in[0] += a;
		in[1] += b;
		both += a && b;
	}
	CHECK(in[0] > 900 && in[0] < 1100 && in[1] > 900 && in[1] < 1100);
	CHECK(both > 20 && both < 90); /* 5 % of 5 %: 50 */
	CHECK(cohort_of(STR("r"), STR("h")) == cohort_of(STR("r"), STR("h")));
}

int main(void) {
	RUN(an_order_to_run_is_followed_once);
	RUN(orders_that_do_not_hold);
	RUN(the_owners_word_wins);
	RUN(nothing_begins_on_a_weekend_but_an_emergency);
	RUN(a_revert_goes_back_to_what_was_good);
	RUN(hosts_begin_spread_over_the_orders_time);
	RUN(parts_of_one_failure_domain_begin_apart);
	RUN(a_part_is_of_as_many_as_there_are);
	RUN(cohorts_are_even_and_shuffled_for_each_release);
	DONE();
}
