/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What programs of the kernel's may cost, what goes when they cost more, and when it comes back.
 */
#include <string.h>

#include "guard/toll.h"
#include "test.h"

static const struct toll_limits limits = { .budget_ppm = 10000, .calm_ms = 3600000, .cpus = 2 };

/* count - the kernel counts for 16 s, in which programs take @ppm of two CPUs, one of them @most */
static enum toll_action count(struct toll *t, uint64_t ppm, uint64_t most) {
	enum toll_action action = TOLL_NONE;
	struct toll_look now = t->last;

	for (int i = 0; i < 8 && !action; i++) {
		now.ms += TOLL_BUSY_MS;
		now.ns += ppm * 2 * TOLL_BUSY_MS;
		now.runs += 100;
		now.most_ns = most * 2 * TOLL_BUSY_MS;
		action = toll_step(t, &limits, &now);
	}
	return action;
}

/* rest - and does not for @ms */
static void rest(struct toll *t, uint64_t ms) {
	struct toll_look now = t->last;

	now.ms += ms;
	now.most_ns = 0;
	CHECK(toll_step(t, &limits, &now) == TOLL_NONE && !t->series);
}

static struct toll begun(void) {
	struct toll t = { 0 };
	struct toll_look now = { .ms = 1000 };

	CHECK(toll_step(&t, &limits, &now) == TOLL_NONE);
	return t;
}

static void below_its_budget_nothing_is_shed(void) {
	struct toll t = begun();

	for (int i = 0; i < 100; i++) {
		CHECK(count(&t, 9999, 4999) == TOLL_NONE && t.ppm == 9999);
		rest(&t, 300000);
	}
	CHECK(!t.shed);
}

static void families_go_in_their_order_and_processes_never(void) {
	struct toll t = begun();

	for (uint32_t i = 0; i < TOLL_FAMILIES; i++) {
		CHECK(count(&t, 10001, 1) == TOLL_SHED && t.shed == i + 1 && t.ppm == 10001);
		rest(&t, 300000);
	}
	CHECK(count(&t, 900000, 1) == TOLL_NONE && t.shed == TOLL_FAMILIES);
	CHECK(!strcmp(toll_order[0], "file") && !strcmp(toll_order[1], "net"));
	for (int i = 0; i < TOLL_FAMILIES; i++)
		CHECK(strcmp(toll_order[i], "process") != 0);
}

static void one_program_may_not_have_it_all(void) {
	struct toll t = begun();

	CHECK(count(&t, 8000, 5001) == TOLL_SHED);
}

static void it_comes_back_after_an_hour_of_calm_and_not_before(void) {
	struct toll t = begun();

	CHECK(count(&t, 20000, 1) == TOLL_SHED);
	rest(&t, 300000);
	CHECK(count(&t, 5000, 1) == TOLL_NONE);
	rest(&t, 1800000);
	CHECK(count(&t, 5001, 1) == TOLL_NONE); /* no calm */
	rest(&t, 1800000);
	CHECK(count(&t, 5000, 1) == TOLL_NONE);
	rest(&t, 3500000);
	CHECK(count(&t, 5000, 1) == TOLL_NONE);
	rest(&t, 200000);
	CHECK(count(&t, 5000, 1) == TOLL_BACK);
}

static void a_short_look_says_nothing(void) {
	struct toll t = begun();
	struct toll_look now = t.last;

	for (int i = 0; i < 20; i++) { /* counted for 4 s, then for a while not */
		for (int k = 0; k < 3; k++) {
			now.ms += TOLL_BUSY_MS;
			now.ns += 1000000000;
			now.runs++;
			CHECK(toll_step(&t, &limits, &now) == TOLL_NONE);
		}
		now.ms += TOLL_IDLE_MS;
		CHECK(toll_step(&t, &limits, &now) == TOLL_NONE);
	}
}

static void without_a_budget_nothing_is_looked_at(void) {
	struct toll_limits none = { .cpus = 1 };
	struct toll t = { 0 };
	struct toll_look now = { .ms = 1 };

	for (int i = 0; i < 20; i++) {
		now.ms += TOLL_BUSY_MS;
		now.ns += 1ull << 40;
		now.runs++;
		CHECK(toll_step(&t, &none, &now) == TOLL_NONE);
	}
}

static void looks_are_rarer_while_nothing_is_counted(void) {
	struct toll t = begun();

	CHECK(!toll_due(&t, t.last.ms + TOLL_IDLE_MS - 1));
	CHECK(toll_due(&t, t.last.ms + TOLL_IDLE_MS));
	(void)count(&t, 1, 1);
	CHECK(!toll_due(&t, t.last.ms + TOLL_BUSY_MS - 1));
	CHECK(toll_due(&t, t.last.ms + TOLL_BUSY_MS));
}

int main(void) {
	RUN(below_its_budget_nothing_is_shed);
	RUN(families_go_in_their_order_and_processes_never);
	RUN(one_program_may_not_have_it_all);
	RUN(it_comes_back_after_an_hour_of_calm_and_not_before);
	RUN(a_short_look_says_nothing);
	RUN(without_a_budget_nothing_is_looked_at);
	RUN(looks_are_rarer_while_nothing_is_counted);
	DONE();
}
