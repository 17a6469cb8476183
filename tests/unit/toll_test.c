/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What programs of the kernel's may cost, what goes when they cost more, and when it comes back.
 */
#include <string.h>

#include "guard/toll.h"
#include "test.h"

static const struct toll_limits limits = { .budget_ppm = 10000, .calm_ms = 600000, .cpus = 2 };

/* What each family costs, in millionths of two CPUs; "file" has two programs, which share. */
struct cost {
	uint64_t file, net, inject, kernel, process;
};
#define COST(...) (&(struct cost){ __VA_ARGS__ })

static struct toll_look look; /* the last one; what is shed does not grow any more */
static struct toll toll;

static void grow(uint32_t i, uint64_t ppm) {
	if (toll.shed >> look.programs[i].family & 1)
		return;
	look.programs[i].ns += ppm * 2 * TOLL_BUSY_MS;
	look.programs[i].runs += 100;
}

/* count - the kernel counts for 16 s, in which families cost @c; what is to be done */
static enum toll_action count(const struct cost *c) {
	enum toll_action action = TOLL_NONE;

	for (int i = 0; i < 8 && !action; i++) {
		look.ms += TOLL_BUSY_MS;
		grow(0, c->file / 2);
		grow(1, c->file - c->file / 2);
		grow(2, c->net);
		grow(3, c->inject);
		grow(4, c->kernel);
		grow(5, c->process);
		action = toll_step(&toll, &limits, &look);
	}
	return action;
}

/* rest - and does not for @ms */
static void rest(uint64_t ms) {
	look.ms += ms;
	CHECK(toll_step(&toll, &limits, &look) == TOLL_NONE && !toll.series);
}

static void begin(void) {
	toll = (struct toll){ 0 };
	look = (struct toll_look){ .ms = 1000, .n = 6 };
	for (uint32_t i = 0; i < 6; i++) {
		look.programs[i].family = i ? i - 1 : 0;
		look.programs[i].ns = 1000000000000; /* of a time before */
	}
	CHECK(toll_step(&toll, &limits, &look) == TOLL_NONE);
}

/* sheds - whether just the family @name goes for @c */
static bool sheds(const struct cost *c, const char *name) {
	uint32_t before = toll.shed;
	bool right = count(c) == TOLL_SHED && !strcmp(toll_order[toll.which], name) &&
		     toll.shed == (before | 1u << toll.which);

	rest(300000);
	return right;
}

static void below_its_budget_nothing_is_shed(void) {
	begin();
	for (int i = 0; i < 100; i++) {
		CHECK(count(COST(.file = 4999, .net = 5000)) == TOLL_NONE && toll.ppm == 9999);
		rest(300000);
	}
	CHECK(!toll.shed);
}

static void the_dear_one_goes_and_no_other(void) {
	begin();
	CHECK(sheds(COST(.file = 100, .net = 9901), "net"));
	CHECK(count(COST(.file = 100, .process = 9000)) == TOLL_HELPLESS);
	begin();
	CHECK(sheds(COST(.file = 1000, .inject = 12000), "inject"));
	CHECK(sheds(COST(.file = 2000, .net = 2000, .kernel = 7000), "kernel"));
	CHECK(count(COST(.file = 2000, .net = 2000)) == TOLL_NONE);
	CHECK(toll.shed == (1u << 2 | 1u << 3));
}

static void between_those_that_cost_the_same_the_order_decides(void) {
	begin();
	CHECK(sheds(COST(.file = 19000, .net = 20000, .inject = 20000, .kernel = 20000), "file"));
	CHECK(sheds(COST(.file = 19000, .net = 20000, .inject = 20000, .kernel = 20000), "net"));
	CHECK(sheds(COST(.inject = 20000, .kernel = 20000), "inject"));
	CHECK(sheds(COST(.kernel = 20000), "kernel"));
	CHECK(count(COST(.process = 900000)) == TOLL_HELPLESS);
	CHECK(!strcmp(toll_order[TOLL_SHEDDABLE], "process"));
}

static void processes_that_are_dear_cost_no_other_its_place(void) {
	begin();
	CHECK(count(COST(.file = 900, .net = 900, .process = 50000)) == TOLL_HELPLESS);
	CHECK(!toll.shed && toll.ppm == 51800);
	rest(300000);
	CHECK(count(COST(.file = 900, .process = 50000)) == TOLL_NONE); /* told already */
	rest(300000);
	CHECK(count(COST(.process = 5000)) == TOLL_NONE);
	rest(300000);
	CHECK(count(COST(.process = 50000)) == TOLL_HELPLESS);
}

static void one_that_does_not_mend_it_stays(void) {
	begin(); /* file takes its part, and all is over without it, too */
	CHECK(count(COST(.file = 4000, .process = 11000)) == TOLL_HELPLESS && !toll.shed);
	begin(); /* within the budget without it */
	CHECK(sheds(COST(.file = 4000, .process = 9000), "file"));
}

static void one_program_may_not_have_it_all(void) {
	begin();
	CHECK(count(COST(.file = 8000)) == TOLL_NONE); /* which are two */
	begin();
	CHECK(sheds(COST(.net = 5001), "net"));
}

static void it_comes_back_when_it_was_calm_for_long_enough(void) {
	begin();
	CHECK(sheds(COST(.file = 20000), "file"));
	CHECK(count(COST(.net = 5000)) == TOLL_NONE);
	rest(300000);
	CHECK(count(COST(.net = 3000, .process = 2001)) == TOLL_NONE); /* no calm */
	rest(300000);
	CHECK(count(COST(.net = 5000)) == TOLL_NONE);
	rest(500000);
	CHECK(count(COST(.net = 5000)) == TOLL_NONE);
	rest(100000);
	CHECK(count(COST(.net = 5000)) == TOLL_BACK);
}

static void a_short_look_says_nothing(void) {
	begin();
	for (int i = 0; i < 20; i++) { /* counted for 4 s, then for a while not */
		for (int k = 0; k < 3; k++) {
			look.ms += TOLL_BUSY_MS;
			grow(0, 500000);
			CHECK(toll_step(&toll, &limits, &look) == TOLL_NONE);
		}
		rest(TOLL_IDLE_MS);
	}
}

static void programs_that_are_others_now_are_not_compared(void) {
	begin();
	CHECK(count(COST(.file = 1)) == TOLL_NONE);
	look.n = 5;
	look.programs[0].ns = 0;
	for (int i = 0; i < 8; i++) {
		look.ms += TOLL_BUSY_MS;
		grow(1, 10);
		CHECK(toll_step(&toll, &limits, &look) == TOLL_NONE && toll.ppm < 20);
	}
}

static void without_a_budget_nothing_is_looked_at(void) {
	struct toll_limits none = { .cpus = 1 };

	begin();
	for (int i = 0; i < 20; i++) {
		look.ms += TOLL_BUSY_MS;
		grow(0, 900000);
		CHECK(toll_step(&toll, &none, &look) == TOLL_NONE);
	}
}

static void looks_are_rarer_while_nothing_is_counted(void) {
	begin();
	CHECK(!toll_due(&toll, toll.last.ms + TOLL_IDLE_MS - 1));
	CHECK(toll_due(&toll, toll.last.ms + TOLL_IDLE_MS));
	(void)count(COST(.file = 1000));
	CHECK(!toll_due(&toll, toll.last.ms + TOLL_BUSY_MS - 1));
	CHECK(toll_due(&toll, toll.last.ms + TOLL_BUSY_MS));
}

static void families_are_known_by_name(void) {
	CHECK(toll_family("file") == 0 && toll_family("process") == TOLL_SHEDDABLE);
	CHECK(toll_family("gpu") == TOLL_FAMILIES);
}

int main(void) {
	RUN(below_its_budget_nothing_is_shed);
	RUN(the_dear_one_goes_and_no_other);
	RUN(between_those_that_cost_the_same_the_order_decides);
	RUN(processes_that_are_dear_cost_no_other_its_place);
	RUN(one_that_does_not_mend_it_stays);
	RUN(one_program_may_not_have_it_all);
	RUN(it_comes_back_when_it_was_calm_for_long_enough);
	RUN(a_short_look_says_nothing);
	RUN(programs_that_are_others_now_are_not_compared);
	RUN(without_a_budget_nothing_is_looked_at);
	RUN(looks_are_rarer_while_nothing_is_counted);
	RUN(families_are_known_by_name);
	DONE();
}
