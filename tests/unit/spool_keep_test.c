/* SPDX-License-Identifier: Apache-2.0 */
/* What all readers have had is kept for who looks back, and is in nobody's way. */
#include <sys/syscall.h>
#include <time.h>

#include "spool/pack.h"
#include "spool/status.h"
#include "spool/verify.h"
#include "spool/walk.h"
#include "spool_rig.h"
#include "test.h"

static const char *const both[] = { "one", "two" };
static time_t ahead_s;

int clock_gettime(clockid_t clock, struct timespec *ret) {
	long r = syscall(SYS_clock_gettime, clock, ret);

	if (!r)
		ret->tv_sec += ahead_s;
	return (int)r;
}

static void keep(uint64_t bytes) {
	rig_reset();
	rig_options.keep_bytes = bytes;
	ahead_s = 0;
}

/* run - a sensor that writes @n events, of which the sink has all when it ends */
static void run(int n, int class) {
	CHECK(!rig_open());
	rig_add_class(n, class);
	spool_flush(rig);
	CHECK(!rig_read().wrong);
	spool_tend(rig);
	rig_close();
}

struct seen {
	uint64_t events;
	size_t first_bytes; /* of the first payload */
};

static int see(void *seen, const void *payload, size_t n) {
	struct seen *s = seen;

	(void)payload;
	if (!s->events++)
		s->first_bytes = n;
	return 0;
}

static struct seen walk(void) {
	struct seen s = { 0 };

	CHECK(!spool_walk(rig_folder, see, &s));
	return s;
}

static void print_fault(void *ctx, const char *sentence) {
	(void)ctx;
	(void)printf("# %s\n", sentence);
}

static void what_all_readers_have_can_still_be_looked_at(void) {
	struct spool_ledger *ledgers;
	struct spool_status status;
	struct spool_verdict v;
	size_t n;

	keep(64 << 10);
	run(70, -1);
	run(35, -1);
	CHECK(!rig_open());
	spool_tend(rig);
	CHECK(rig_count(".kept") == 2 * SPOOL_CLASSES && !rig_count(".seg") && !rig_count(".gap"));
	CHECK(walk().events == 105 && rig_balance(105));
	CHECK(!spool_status(rig_folder, &status, &ledgers, &n));
	CHECK(status.kept == 2 * SPOOL_CLASSES && status.kept_bytes > 105 * 24 && !status.bytes);
	free(ledgers);
	CHECK(!spool_verify(rig_folder, NULL, print_fault, NULL, NULL, &v));
	CHECK(v.events == 105 && !v.faults && !v.missing);
	rig_empty();
}

static void without_keep_nothing_is(void) {
	keep(64 << 10);
	run(70, -1);
	keep(0);
	run(35, -1);
	CHECK(!rig_open());
	spool_tend(rig);
	CHECK(!rig_count(".kept") && !rig_count(".seg") && !walk().events);
	rig_empty();
}

static void detections_are_given_first(void) {
	keep(64 << 10);
	CHECK(!rig_open());
	rig_add_class(6, SPOOL_BULK);
	rig_add_class(1, SPOOL_ALARM);
	spool_flush(rig);
	CHECK(walk().events == 7 && walk().first_bytes == rig_length(7));
	rig_empty();
}

static void the_oldest_kept_go_first_and_half_the_room_is_for_detections(void) {
	char names[RIG_MAX_FILES][64];

	keep(64 << 10);
	run(100, SPOOL_ALARM);
	for (int i = 0; i < 20; i++) {
		ahead_s += 60;
		run(100, SPOOL_BULK);
	}
	CHECK(!rig_open());
	spool_tend(rig);
	CHECK(!access(rig_path("2-0000000000000000.kept"), F_OK));
	CHECK(access(rig_path("0-0000000000000000.kept"), F_OK));
	CHECK(rig_files(names) > 5 && rig_balance(2100));
	rig_close();
	for (int i = 0; i < 20; i++) {
		ahead_s += 60;
		run(100, SPOOL_ALARM);
	}
	CHECK(!rig_open());
	spool_tend(rig);
	CHECK(access(rig_path("2-0000000000000000.kept"), F_OK));
	CHECK(walk().events > 500 && rig_balance(4100));
	rig_empty();
}

static void what_is_kept_makes_room_for_what_a_sink_wants(void) {
	struct rig_found f;

	keep(256 << 10);
	rig_options.max_bytes = 256 << 10;
	for (int i = 0; i < 12; i++)
		run(200, i % 3);
	CHECK(rig_count(".kept"));
	CHECK(!rig_open());
	rig_add(1500);
	for (int i = 0; i < 4; i++)
		spool_tend(rig);
	f = rig_read();
	CHECK(f.events == 1500 && !f.gaps && !f.wrong && rig_balance(3900));
	CHECK(rig_count(".kept") < 12);
	rig_empty();
}

static void what_is_kept_ages_too(void) {
	keep(64 << 10);
	rig_options.max_age_s = 3600;
	run(70, -1);
	run(1, SPOOL_BULK);
	CHECK(rig_count(".kept") == SPOOL_CLASSES);
	CHECK(!rig_open());
	ahead_s += 3700;
	spool_tend(rig);
	CHECK(!rig_count(".kept") && rig_balance(71));
	rig_empty();
}

/* Its segments have names that readers do not see. */
static void a_new_sink_and_one_that_was_away_get_nothing_of_what_is_kept(void) {
	struct rig_found f;
	struct reader *r;

	keep(64 << 10);
	rig_options.readers = both;
	rig_options.n_readers = 2;
	CHECK(!rig_open());
	rig_add(10);
	CHECK(!reader_open(rig_folder, "two", false, &r));
	(void)rig_take(r, UINT64_MAX);
	reader_free(r);
	CHECK(!rig_read().wrong);
	rig_close();
	rig_options.n_readers = 1;
	run(30, -1); /* "two" is away */
	run(1, SPOOL_LIFE);
	CHECK(rig_count(".kept") == 2 * SPOOL_CLASSES && rig_count("-away.gap") == SPOOL_CLASSES);
	CHECK(!unlink(rig_path("one.cursor")));
	rig_options.n_readers = 2;
	CHECK(!rig_open());
	CHECK(!reader_open(rig_folder, "two", false, &r));
	f = rig_take(r, UINT64_MAX);
	reader_free(r);
	CHECK(f.by_cause[SPOOL_AWAY] == 30 && f.events == 1 && !f.wrong);
	CHECK(!rig_read().events);
	spool_tend(rig);
	CHECK(!rig_count(".gap") && walk().events == 41);
	rig_empty();
}

static void what_is_kept_is_packed(void) {
	struct seen before, after;

	keep(1 << 20);
	for (int i = 0; i < 2; i++)
		run(2000, SPOOL_BULK);
	CHECK(!rig_open());
	before = walk();
	CHECK(rig_count(".kept") > 1);
	while (pack_one(rig_folder, 0) == 1)
		;
	CHECK(rig_count(".packed") > 1);
	for (int i = 0; i < 8; i++)
		spool_tend(rig);
	CHECK(!rig_count(".packed"));
	CHECK(pack_one(rig_folder, 0) == 0);
	after = walk();
	CHECK(before.events == 4000 && after.events == 4000);
	rig_empty();
}

static void a_kept_segment_that_is_damaged_is_found(void) {
	struct spool_verdict v;
	FILE *f;

	keep(64 << 10);
	run(70, SPOOL_BULK);
	run(1, SPOOL_BULK);
	f = fopen(rig_path("0-0000000000000000.kept"), "r+");
	CHECK(f && !fseek(f, 1000, SEEK_SET) && fputc(0xff, f) == 0xff && !fclose(f));
	CHECK(!spool_verify(rig_folder, NULL, print_fault, NULL, NULL, &v));
	CHECK(v.faults && v.events < 71);
	rig_empty();
}

int main(void) {
	if (rig_make())
		return 1;
	RUN(what_all_readers_have_can_still_be_looked_at);
	RUN(without_keep_nothing_is);
	RUN(detections_are_given_first);
	RUN(the_oldest_kept_go_first_and_half_the_room_is_for_detections);
	RUN(what_is_kept_makes_room_for_what_a_sink_wants);
	RUN(what_is_kept_ages_too);
	RUN(a_new_sink_and_one_that_was_away_get_nothing_of_what_is_kept);
	RUN(what_is_kept_is_packed);
	RUN(a_kept_segment_that_is_damaged_is_found);
	(void)rmdir(rig_folder);
	DONE();
}
