/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

#include "spool_rig.h"
#include "test.h"

/* What the clocks are ahead of the machine's own, which spool.c reads through this. */
static time_t ahead_s[CLOCK_BOOTTIME + 1];

int clock_gettime(clockid_t clock, struct timespec *ret) {
	long r = syscall(SYS_clock_gettime, clock, ret);

	if (!r && clock >= 0 && clock <= CLOCK_BOOTTIME)
		ret->tv_sec += ahead_s[clock];
	return (int)r;
}

/* pass - time, by all clocks */
static void pass(time_t s) {
	ahead_s[CLOCK_REALTIME] += s;
	ahead_s[CLOCK_BOOTTIME] += s;
}

static void clocks_reset(void) {
	ahead_s[CLOCK_REALTIME] = ahead_s[CLOCK_BOOTTIME] = 0;
}

/* begin_with_100 - events that age by an hour, of a run that is over */
static void begin_with_100(void) {
	rig_reset();
	rig_options.max_age_s = 3600;
	CHECK(!rig_open());
	rig_add(100);
	rig_close();
}

static void too_old_events_go_and_are_counted(void) {
	char names[RIG_MAX_FILES][64];
	struct rig_found f;
	int n;

	begin_with_100();
	n = rig_files(names);
	while (n--) {
		struct timeval old[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };

		CHECK(!utimes(rig_path(names[n]), old));
	}
	CHECK(!rig_open());
	rig_add(10);
	pass(450);
	spool_tend(rig);
	f = rig_read();
	CHECK(f.by_cause[SPOOL_EXPIRED] == 100 && f.events == 10 && f.first == 101);
	CHECK(rig_count(".gap") == SPOOL_CLASSES);
	CHECK(rig_balance(110));
	clocks_reset();
	rig_empty();
}

static void what_was_too_old_at_the_start_may_still_be_delivered(void) {
	struct rig_found f;

	begin_with_100();
	pass(2 * 3600);
	CHECK(!rig_open());
	spool_tend(rig);
	f = rig_read();
	CHECK(f.events == 100 && !f.gaps);
	clocks_reset();
	rig_empty();
}

static void a_clock_that_jumps_makes_nothing_old(void) {
	struct rig_found f;

	begin_with_100();
	CHECK(!rig_open());
	rig_add(100);
	pass(1800); /* half of it */
	spool_tend(rig);
	ahead_s[CLOCK_REALTIME] += 400 * 86400;
	spool_tend(rig);
	f = rig_read();
	CHECK(f.events == 200 && !f.gaps);
	rig_add(100);
	pass(3602 + 450);
	spool_tend(rig);
	pass(3602);
	spool_tend(rig);
	f = rig_read();
	CHECK(f.by_cause[SPOOL_EXPIRED] == 100 && !f.events);
	CHECK(rig_balance(300));
	clocks_reset();
	rig_empty();
}

static void a_clock_that_was_wrong_at_the_start_and_is_set_makes_nothing_old(void) {
	struct rig_found f;

	begin_with_100();
	ahead_s[CLOCK_REALTIME] += 400 * 86400;
	CHECK(!rig_open());
	spool_tend(rig);
	ahead_s[CLOCK_REALTIME] -= 400 * 86400;
	pass(1800);
	spool_tend(rig);
	f = rig_read();
	CHECK(f.events == 100 && !f.gaps);
	clocks_reset();
	rig_empty();
}

int main(void) {
	if (rig_make())
		return 1;
	RUN(too_old_events_go_and_are_counted);
	RUN(what_was_too_old_at_the_start_may_still_be_delivered);
	RUN(a_clock_that_jumps_makes_nothing_old);
	RUN(a_clock_that_was_wrong_at_the_start_and_is_set_makes_nothing_old);
	(void)rmdir(rig_folder);
	DONE();
}
