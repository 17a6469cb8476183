/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For how long something has waited for a reader: against a clock that the test turns, and of a
 * spool.
 */
#include <time.h>

#include "base/clock.h"
#include "spool/lag.h"
#include "spool/status.h"
#include "spool_rig.h"
#include "test.h"

static struct lag lag;
static uint64_t passed[SPOOL_CLASSES], end[SPOOL_CLASSES], now;

static void setup(void) {
	lag = (struct lag){ 0 };
	memset(passed, 0, sizeof(passed));
	memset(end, 0, sizeof(end));
	now = 5000;
}

static uint64_t look(void) {
	now += 1000;
	lag_step(&lag, passed, end, now);
	return lag.ms;
}

static void what_waits_grows_old_and_what_is_passed_does_not(void) {
	setup();
	CHECK(look() == 0);
	end[SPOOL_BULK] = 10;
	CHECK(look() == 0);
	for (uint64_t i = 1; i <= 5; i++) {
		end[SPOOL_BULK]++;
		CHECK(look() == i * 1000);
	}
	passed[SPOOL_BULK] = 10; /* what came a second later is as old as that now */
	CHECK(look() == 5000);
	passed[SPOOL_BULK] = 15;
	CHECK(look() == 0 && lag.n == 0);
	CHECK(look() == 0);
}

static void each_class_is_waited_for(void) {
	setup();
	end[SPOOL_BULK] = end[SPOOL_ALARM] = 1;
	(void)look();
	passed[SPOOL_BULK] = 1;
	CHECK(look() == 1000);
	passed[SPOOL_ALARM] = 1;
	CHECK(look() == 0);
}

static void a_reader_that_keeps_up_has_no_lag(void) {
	setup();
	for (int i = 0; i < 1000; i++) {
		passed[SPOOL_LIFE] = end[SPOOL_LIFE];
		end[SPOOL_LIFE] += 100;
		CHECK(look() == 0 && lag.n <= 1);
	}
}

static void more_marks_than_there_is_room_for_lose_no_age(void) {
	setup();
	for (uint64_t i = 0; i < 1000; i++) {
		end[SPOOL_LIFE]++;
		CHECK(look() == i * 1000);
	}
	passed[SPOOL_LIFE] = 500; /* the newest mark stands for all of those */
	CHECK(look() >= 500000);
	passed[SPOOL_LIFE] = 1000;
	CHECK(look() == 0);
}

static void a_quiet_spool_that_nobody_reads_grows_old_too(void) {
	setup();
	end[SPOOL_ALARM] = 1;
	(void)look();
	for (uint64_t i = 1; i < 100; i++)
		CHECK(look() == i * 1000 && lag.n == 1);
}

static void a_spool_says_how_far_its_reader_is_behind(void) {
	const struct timespec step = { 0, 20000000 };

	rig_reset();
	CHECK(!rig_open() && spool_lag_ms(rig) == 0);
	rig_add(100);
	spool_tend(rig);
	CHECK(spool_lag_ms(rig) == 0);
	(void)nanosleep(&step, NULL);
	spool_tend(rig);
	CHECK(spool_lag_ms(rig) >= 20);
	CHECK(rig_read().events == 100 && rig_balance(100));
	spool_tend(rig);
	CHECK(spool_lag_ms(rig) == 0);
	rig_empty();
}

static void a_spool_without_readers_is_not_behind(void) {
	const struct timespec step = { 0, 20000000 };

	rig_reset();
	rig_options.n_readers = 0;
	CHECK(!rig_open());
	rig_add(100);
	spool_tend(rig);
	(void)nanosleep(&step, NULL);
	spool_tend(rig);
	CHECK(spool_lag_ms(rig) == 0 && rig_count(".cursor") == 0);
	rig_empty();
}

static void a_ledger_is_behind_by_what_its_reader_said_last(void) {
	struct spool_ledger l = { .pending = 3 };

	CHECK(spool_ledger_lag_ns(&l, 100) == 0); /* just begun */
	l.cursor.failed_ns = 40;		  /* never there: since it was tried */
	CHECK(spool_ledger_lag_ns(&l, 100) == 60);
	l.cursor.settled_ns = 30;
	CHECK(spool_ledger_lag_ns(&l, 100) == 70);
	CHECK(spool_ledger_lag_ns(&l, 20) == 0); /* a wall clock that was set back */
	l.damaged = true;
	CHECK(spool_ledger_lag_ns(&l, 100) == 0);
	l.damaged = false;
	l.pending = 0;
	CHECK(spool_ledger_lag_ns(&l, 100) == 0);
}

/* What a sink's filter leaves out, or its receiver refuses, is not waited for any more. */
static void a_reader_that_filters_is_not_behind(void) {
	static const enum spool_cause causes[] = { SPOOL_FILTERED, SPOOL_REFUSED };
	struct spool_ledger l = { .pending = 1 };
	struct reader_item item;
	struct reader *r;

	rig_reset();
	CHECK(!rig_open());
	rig_add(3);
	CHECK(!reader_open(rig_folder, "one", false, &r));
	for (int i = 0; i < 2; i++) {
		uint64_t before = clock_ns(CLOCK_REALTIME);

		CHECK(!reader_next(r, &item));
		reader_settle(r, &item, false, causes[i]);
		l.cursor = *reader_cursor(r);
		CHECK(!l.cursor.acked_ns && l.cursor.settled_ns >= before);
		CHECK(spool_ledger_lag_ns(&l, before + 5) <= 5);
		CHECK(spool_ledger_lag_ns(&l, l.cursor.settled_ns + 7) == 7); /* when it stops */
	}
	reader_free(r);
	rig_empty();
}

int main(void) {
	if (rig_make())
		return 1;
	RUN(what_waits_grows_old_and_what_is_passed_does_not);
	RUN(each_class_is_waited_for);
	RUN(a_reader_that_keeps_up_has_no_lag);
	RUN(more_marks_than_there_is_room_for_lose_no_age);
	RUN(a_quiet_spool_that_nobody_reads_grows_old_too);
	RUN(a_spool_says_how_far_its_reader_is_behind);
	RUN(a_spool_without_readers_is_not_behind);
	RUN(a_ledger_is_behind_by_what_its_reader_said_last);
	RUN(a_reader_that_filters_is_not_behind);
	(void)rmdir(rig_folder);
	DONE();
}
