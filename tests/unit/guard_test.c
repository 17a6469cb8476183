/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guard/guard.h"
#include "guard/mark.h"
#include "test.h"

static struct guard_mark mark;
static struct guard_now now;
static struct guard_start start;

/* A new machine, boot 1, program 1. */
static void fresh(void) {
	memset(&mark, 0, sizeof(mark));
	now = (struct guard_now){ .boot = { 1 }, .tuple = { 1 }, .step = "" };
}

static void begin(void) {
	guard_begin(&mark, &now, &start);
}

static void first_start_is_full_and_unproven(void) {
	fresh();
	begin();
	CHECK(start.level == GUARD_FULL && start.unproven && !start.why[0]);
	CHECK(mark.phase == GUARD_ATTEMPT && !memcmp(mark.boot, now.boot, 16));
}

static void what_is_proven_is_not_unproven_again(void) {
	fresh();
	begin();
	guard_proven(&mark, &now);
	CHECK(mark.phase == GUARD_PROVEN);
	guard_clean(&mark);
	begin();
	CHECK(!start.unproven && start.level == GUARD_FULL && mark.phase == GUARD_AGAIN);
	now.tuple[0] = 2;
	guard_clean(&mark);
	begin();
	CHECK(start.unproven);
}

static void deaths_in_a_row_go_down_step_by_step(void) {
	static const enum guard_level want[] = { GUARD_FULL, GUARD_FULL, GUARD_LAST_GOOD,
						 GUARD_CORE, GUARD_SAFE, GUARD_SAFE };

	fresh();
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		begin();
		CHECK(start.level == want[i]);
		CHECK(!start.why[0] == (want[i] == GUARD_FULL));
	}
	CHECK(strstr(start.why, "5 starts died"));
}

static void what_no_disk_remembers_is_not_tried_in_full(void) {
	fresh();
	begin();
	guard_unkept(&mark, &start);
	CHECK(start.level == GUARD_CORE && start.unproven && start.unkept);
	CHECK(strstr(start.why, "disk") != NULL);
	CHECK(mark.level == GUARD_CORE && mark.phase == GUARD_ATTEMPT);
	/* proven like that, and asked to go on when there is room: in full, as it is a first try */
	guard_proven(&mark, &now);
	guard_asked(&mark);
	begin();
	CHECK(start.level == GUARD_FULL && start.unproven && !start.unkept);
	guard_proven(&mark, &now);
	guard_clean(&mark);
	begin();
	guard_unkept(&mark, &start);
	CHECK(start.level == GUARD_FULL && !start.unkept && mark.phase == GUARD_AGAIN);
	fresh();
	guard_order(&mark, GUARD_SAFE);
	begin();
	guard_unkept(&mark, &start);
	CHECK(start.level == GUARD_SAFE && !start.unkept);
}

static void a_clean_end_forgives(void) {
	fresh();
	for (int i = 0; i < 3; i++)
		begin();
	CHECK(start.level == GUARD_LAST_GOOD);
	guard_clean(&mark);
	begin();
	CHECK(start.level == GUARD_FULL && mark.strikes == 0);
}

static void a_proven_full_start_forgives_and_a_lower_one_does_not(void) {
	fresh();
	begin();
	begin();
	guard_proven(&mark, &now);
	CHECK(mark.strikes == 0);
	begin();
	CHECK(mark.strikes == 1);
	for (int i = 0; i < 2; i++)
		begin();
	CHECK(start.level == GUARD_CORE);
	guard_proven(&mark, &now);
	begin(); /* dies at CORE after it ran well there: one further down */
	CHECK(start.level == GUARD_SAFE);
}

static void calm_goes_up_one_level(void) {
	fresh();
	for (int i = 0; i < 5; i++)
		begin();
	CHECK(start.level == GUARD_SAFE);
	CHECK(guard_calm(&mark));
	guard_asked(&mark);
	begin();
	CHECK(start.level == GUARD_CORE);
	CHECK(guard_calm(&mark) && guard_calm(&mark));
	CHECK(!guard_calm(&mark));
}

static void machine_that_went_down_at_a_first_try_quarantines(void) {
	fresh();
	begin();
	now.boot[0] = 2;
	now.step = "attach file_opening";
	begin();
	CHECK(start.level == GUARD_CORE && start.unproven);
	CHECK(strstr(start.why, "at: attach file_opening"));
	now.boot[0] = 3;
	begin();
	CHECK(start.level == GUARD_SAFE);
	guard_clean(&mark);
	now.boot[0] = 4;
	begin();
	CHECK(start.level == GUARD_SAFE); /* a quarantine outlives a clean end */
	now.tuple[0] = 7; /* another engine, or another kernel */
	guard_clean(&mark);
	begin();
	CHECK(start.level == GUARD_FULL && start.unproven);
	now.tuple[0] = 1;
	guard_clean(&mark);
	guard_release(&mark, &now);
	begin();
	CHECK(start.level == GUARD_FULL);
}

static void machine_that_went_down_with_proven_programs_says_nothing_of_us(void) {
	fresh();
	begin();
	guard_proven(&mark, &now);
	now.boot[0] = 2;
	begin();
	CHECK(start.level == GUARD_FULL && !start.unproven);
	now.boot[0] = 3; /* again, before it was well for long enough */
	begin();
	CHECK(start.level == GUARD_FULL && mark.strikes == 0);
}

static void owner_orders_and_takes_back(void) {
	fresh();
	guard_order(&mark, GUARD_SAFE);
	begin();
	CHECK(start.level == GUARD_SAFE && strstr(start.why, "owner"));
	guard_clean(&mark);
	guard_order(&mark, GUARD_FULL);
	begin();
	CHECK(start.level == GUARD_FULL);
}

/* A new machine whose owner is strict: half a day is not enough. */
static void strict(void) {
	fresh();
	now.core_s = 86400;
	now.time_s = 1800000000;
	begin();
	CHECK(start.level == GUARD_CORE && start.unproven && start.waits && start.why[0]);
	guard_proven(&mark, &now);
	now.time_s += 43200;
	CHECK(guard_waits(&mark, &now));
}

static void what_is_new_waits_where_its_owner_is_strict(void) {
	strict();
	guard_proven(&mark, &now); /* being proven again begins nothing anew */
	now.time_s -= 50000;
	CHECK(guard_waits(&mark, &now)); /* a clock that went back */
	now.time_s += 50000 + 43199;
	CHECK(guard_waits(&mark, &now));
	now.time_s++;
	CHECK(!guard_waits(&mark, &now));
	guard_asked(&mark);
	begin();
	CHECK(start.level == GUARD_FULL && start.unproven && !start.waits);
	guard_proven(&mark, &now);
	guard_clean(&mark);
	begin();
	CHECK(start.level == GUARD_FULL && !start.unproven);
	now.tuple[0] = 2; /* another kernel */
	guard_clean(&mark);
	begin();
	CHECK(start.level == GUARD_CORE && start.waits);
	now.core_s = 0; /* another owner */
	guard_clean(&mark);
	begin();
	CHECK(start.level == GUARD_FULL && start.unproven);
}

static void its_owner_lets_it_off_the_wait(void) {
	strict();
	guard_release(&mark, &now);
	guard_asked(&mark);
	begin();
	CHECK(start.level == GUARD_FULL && start.unproven);
	strict();
	now.tuple[0] = 2; /* before it ran at all: full, with care, and at core with care too */
	guard_release(&mark, &now);
	guard_clean(&mark);
	begin();
	CHECK(start.level == GUARD_FULL && start.unproven && guard_sane(&mark));
	guard_clean(&mark);
	guard_order(&mark, GUARD_CORE);
	begin();
	CHECK(start.level == GUARD_CORE && start.unproven && !start.waits);
	guard_proven(&mark, &now);
	CHECK(!guard_waits(&mark, &now));
}

static void a_wait_takes_nothing_from_strikes_and_quarantine(void) {
	strict();
	begin();
	begin();
	begin();
	begin();
	CHECK(start.level == GUARD_SAFE && !start.waits);
	fresh();
	now.core_s = 86400;
	begin();
	now.boot[0] = 2; /* the machine went down with fork, exec and exit alone */
	begin();
	CHECK(start.level == GUARD_SAFE && !start.waits);
}

static void tuples_are_bounded_and_the_oldest_falls_out(void) {
	fresh();
	for (int i = 0; i < GUARD_TUPLES + 1; i++) {
		now.tuple[0] = (uint8_t)i;
		begin();
		guard_proven(&mark, &now);
		guard_clean(&mark);
	}
	CHECK(mark.proven.n == GUARD_TUPLES);
	begin();
	CHECK(!start.unproven);
	guard_clean(&mark);
	now.tuple[0] = 0;
	begin();
	CHECK(start.unproven);
}

/* --- on disk ---------------------------------------------------------------------------------- */

static char folder[] = "/tmp/lapwing-guard-XXXXXX";
static int dirfd_;

static void mark_comes_back_as_it_was_written(void) {
	struct guard_mark got;

	CHECK(!mark_read(dirfd_, &got) && got.phase == GUARD_CLEAN);
	fresh();
	begin();
	guard_proven(&mark, &now);
	CHECK(!mark_write(dirfd_, &mark));
	CHECK(!mark_read(dirfd_, &got) && !memcmp(&got, &mark, sizeof(got)));
	CHECK(faccessat(dirfd_, "mark.new", F_OK, 0));
}

static void damage_anywhere_is_one_strike_and_never_a_clean_end(void) {
	struct guard_mark got;
	char bytes[sizeof(struct guard_mark) + 16];
	int fd = openat(dirfd_, "mark", O_RDWR);
	ssize_t n = read(fd, bytes, sizeof(bytes));

	CHECK(n == (ssize_t)sizeof(bytes));
	for (ssize_t i = 0; i < n; i++) {
		char flipped = (char)(bytes[i] ^ 0x10);

		CHECK(pwrite(fd, &flipped, 1, i) == 1);
		CHECK(mark_read(dirfd_, &got) == -EBADMSG);
		CHECK(got.strikes == 1 && got.phase != GUARD_CLEAN && guard_sane(&got));
		CHECK(pwrite(fd, bytes + i, 1, i) == 1);
	}
	for (ssize_t i = n - 1; i >= 0; i--) {
		CHECK(!ftruncate(fd, i));
		CHECK(mark_read(dirfd_, &got) == -EBADMSG);
	}
	(void)close(fd);
}

static void step_is_shown_only_as_printable_text(void) {
	char step[GUARD_STEP_BYTES];

	CHECK(!mark_step(dirfd_, "attach process_exec"));
	CHECK(!mark_step(dirfd_, "attach x"));
	mark_read_step(dirfd_, step);
	CHECK(!strcmp(step, "attach x"));
	CHECK(!mark_step(dirfd_, "a\nb\x1b[31m"));
	mark_read_step(dirfd_, step);
	CHECK(!strcmp(step, "a?b?[31m"));
}

static void tuple_is_of_this_program_and_kernel(void) {
	uint8_t a[GUARD_HASH_BYTES], b[GUARD_HASH_BYTES], none[GUARD_HASH_BYTES] = { 0 };
	uint8_t boot[16], nobody[16] = { 0 };

	CHECK(!mark_tuple(a) && !mark_tuple(b) && !memcmp(a, b, sizeof(a)));
	CHECK(memcmp(a, none, sizeof(a)) != 0);
	mark_boot(boot);
	CHECK(memcmp(boot, nobody, sizeof(boot)) != 0);
}

int main(void) {
	dirfd_ = mkdtemp(folder) ? open(folder, O_RDONLY | O_DIRECTORY) : -1;
	RUN(first_start_is_full_and_unproven);
	RUN(what_is_proven_is_not_unproven_again);
	RUN(deaths_in_a_row_go_down_step_by_step);
	RUN(what_no_disk_remembers_is_not_tried_in_full);
	RUN(a_clean_end_forgives);
	RUN(a_proven_full_start_forgives_and_a_lower_one_does_not);
	RUN(calm_goes_up_one_level);
	RUN(machine_that_went_down_at_a_first_try_quarantines);
	RUN(machine_that_went_down_with_proven_programs_says_nothing_of_us);
	RUN(owner_orders_and_takes_back);
	RUN(what_is_new_waits_where_its_owner_is_strict);
	RUN(its_owner_lets_it_off_the_wait);
	RUN(a_wait_takes_nothing_from_strikes_and_quarantine);
	RUN(tuples_are_bounded_and_the_oldest_falls_out);
	RUN(mark_comes_back_as_it_was_written);
	RUN(damage_anywhere_is_one_strike_and_never_a_clean_end);
	RUN(step_is_shown_only_as_printable_text);
	RUN(tuple_is_of_this_program_and_kernel);
	(void)unlinkat(dirfd_, "mark", 0);
	(void)unlinkat(dirfd_, "step", 0);
	(void)rmdir(folder);
	DONE();
}
