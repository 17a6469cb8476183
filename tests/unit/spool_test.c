/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <sys/resource.h>

#include "spool/pack.h"
#include "spool/writer.h"
#include "spool_rig.h"
#include "test.h"

static void events_come_back_in_the_order_of_their_numbers(void) {
	struct rig_found f;

	rig_reset();
	CHECK(!rig_open() && !rig_hole.count && spool_next_seq(rig) == 1);
	for (int i = 0; i < 40; i++)
		rig_add(100);
	f = rig_read();
	CHECK(f.events == 4000 && f.first == 1 && f.last == 4000 && !f.gaps && !f.wrong);
	CHECK(rig_count(".seg") > 3);
	CHECK(rig_balance(4000));
	rig_empty();
}

static void what_is_not_flushed_is_not_seen(void) {
	rig_reset();
	CHECK(!rig_open());
	rig_add(5);
	rig_add_class(5, -1);
	CHECK(rig_read().events == 5);
	spool_flush(rig);
	CHECK(rig_read().events == 5);
	rig_empty();
}

static void what_is_settled_is_not_given_again_and_all_else_is(void) {
	struct reader *r;
	struct rig_found f;

	rig_reset();
	CHECK(!rig_open());
	rig_add(100);
	CHECK(!reader_open(rig_folder, "one", false, &r));
	f = rig_take(r, 30);
	CHECK(f.events == 30 && f.last == 30);
	for (int i = 0; i < 20; i++) {
		struct reader_item item;

		CHECK(!reader_next(r, &item) && item.seq == 31u + (unsigned)i);
	}
	reader_rewind(r);
	f = rig_take(r, 10);
	CHECK(f.first == 31 && f.last == 40);
	reader_free(r);
	f = rig_read();
	CHECK(f.first == 41 && f.last == 100 && !f.wrong);
	CHECK(rig_balance(100));
	rig_empty();
}

static void numbers_go_on_after_a_restart(void) {
	struct rig_found f;

	rig_reset();
	for (int run = 0; run < 5; run++) {
		CHECK(!rig_open() && !rig_hole.count);
		CHECK(spool_next_seq(rig) == 1u + 50u * (unsigned)run);
		rig_add(50);
		rig_close();
	}
	f = rig_read();
	CHECK(f.events == 250 && f.last == 250 && !f.missing && !f.wrong);
	CHECK(!rig_open() && spool_next_seq(rig) == 251);
	rig_close();
	CHECK(rig_balance(250));
	rig_empty();
}

static void there_is_one_writer(void) {
	struct spool *second = NULL;
	struct spool_hole hole;

	rig_reset();
	CHECK(!rig_open());
	CHECK(spool_open(&rig_options, &second, &hole) == -EBUSY && !second);
	rig_empty();
}

static void what_all_readers_have_leaves_the_disk(void) {
	rig_reset();
	CHECK(!rig_open());
	for (int i = 0; i < 40; i++)
		rig_add(100);
	CHECK(rig_count(".seg") > 3);
	CHECK(rig_read().events == 4000);
	spool_tend(rig);
	CHECK(rig_count(".seg") <= SPOOL_CLASSES);
	rig_add(10);
	CHECK(rig_read().events == 10 && rig_balance(4010));
	rig_close();
	CHECK(!rig_open() && spool_next_seq(rig) == 4011);
	rig_empty();
}

static void past_the_bound_the_lowest_class_goes_first(void) {
	struct rig_found f;

	rig_reset();
	rig_options.max_bytes = 256 * 1024;
	CHECK(!rig_open());
	rig_add_class(500, SPOOL_ALARM);
	rig_add_class(500, SPOOL_LIFE);
	for (int i = 0; i < 100; i++) {
		rig_add_class(100, SPOOL_BULK);
		spool_flush(rig);
	}
	f = rig_read();
	CHECK(f.missing && f.missing == f.by_cause[SPOOL_FULL]);
	CHECK(f.events + f.missing == 11000 && f.last == 11000 && f.first == 1 && !f.wrong);
	CHECK(rig_balance(11000));
	rig_empty();
}

static void the_highest_class_goes_when_nothing_else_is_left(void) {
	struct rig_found f;

	rig_reset();
	rig_options.max_bytes = 256 * 1024;
	CHECK(!rig_open());
	rig_add_class(200, SPOOL_BULK);
	for (int i = 0; i < 100; i++) {
		rig_add_class(100, SPOOL_ALARM);
		spool_flush(rig);
	}
	f = rig_read();
	CHECK(f.by_cause[SPOOL_FULL] > 200 && f.events + f.missing == 10200);
	CHECK(f.first > 200 && f.last == 10200 && !f.wrong && rig_balance(10200));
	rig_empty();
}

static void what_is_worth_more_makes_no_room_for_what_is_worth_less(void) {
	rig_reset();
	rig_options.max_bytes = 256 * 1024;
	CHECK(!rig_open());
	for (int i = 0; i < 60; i++) {
		rig_add_class(100, SPOOL_ALARM);
		spool_flush(rig);
	}
	CHECK(!bound_free_one(rig, SPOOL_BULK) && !bound_free_one(rig, SPOOL_LIFE));
	CHECK(bound_free_one(rig, SPOOL_ALARM));
	rig_empty();
}

static void the_bound_of_bytes_is_kept(void) {
	uint64_t most = 0;

	rig_reset();
	rig_options.max_bytes = 512 * 1024;
	CHECK(!rig_open());
	for (int i = 0; i < 400; i++) {
		char names[RIG_MAX_FILES][64];
		uint64_t sum = 0;
		int n;

		rig_add(100);
		n = rig_files(names);
		while (n--) {
			struct stat st;

			if (!stat(rig_path(names[n]), &st))
				sum += (uint64_t)st.st_size;
		}
		most = sum > most ? sum : most;
	}
	/* beside the segments there are the head and a cursor */
	CHECK(most > 256 * 1024 && most <= 512 * 1024 + 4096);
	CHECK(rig_count(".gap") < 100);
	CHECK(rig_balance(40000) && rig_read().wrong == 0 && rig_balance(40000));
	rig_empty();
}

static void a_reader_in_a_segment_that_is_dropped_reads_it_to_its_end_or_counts(void) {
	struct reader *r;
	struct rig_found a, b;

	rig_reset();
	rig_options.max_bytes = 256 * 1024;
	CHECK(!rig_open());
	rig_add_class(300, SPOOL_BULK);
	spool_flush(rig);
	CHECK(!reader_open(rig_folder, "one", false, &r));
	a = rig_take(r, 100);
	CHECK(a.events == 100);
	for (int i = 0; i < 100; i++) {
		rig_add_class(100, SPOOL_BULK);
		spool_flush(rig);
	}
	b = rig_take(r, UINT64_MAX);
	CHECK(b.events + b.missing == 10200 && b.by_cause[SPOOL_FULL] == b.missing && !b.wrong);
	reader_free(r);
	CHECK(rig_balance(10300));
	rig_empty();
}

static void what_the_disk_does_not_take_is_a_gap(void) {
	struct rlimit old, small = { 100 * 1024, 100 * 1024 };
	struct rig_found f;

	rig_reset();
	rig_options.max_bytes = 64 << 20; /* a segment is larger than the limit of a file */
	(void)signal(SIGXFSZ, SIG_IGN);
	CHECK(!getrlimit(RLIMIT_FSIZE, &old));
	small.rlim_max = old.rlim_max;
	CHECK(!rig_open());
	CHECK(!setrlimit(RLIMIT_FSIZE, &small));
	for (int i = 0; i < 50; i++)
		rig_add(100);
	CHECK(!setrlimit(RLIMIT_FSIZE, &old));
	CHECK(spool_unwritten(rig) > 0);
	rig_add(100);
	f = rig_read();
	CHECK(f.missing == spool_unwritten(rig) && f.by_cause[SPOOL_UNWRITTEN] == f.missing);
	CHECK(f.events + f.missing == 5100 && f.last == 5100 && !f.wrong && rig_balance(5100));
	rig_empty();
}

static void an_event_without_content_is_a_gap(void) {
	struct rig_found f;

	rig_reset();
	CHECK(!rig_open());
	rig_add(10);
	(void)spool_begin(rig, SPOOL_BULK);
	spool_end(rig, spool_next_seq(rig));
	spool_begin(rig, SPOOL_BULK)->error = -ENOMEM;
	spool_end(rig, spool_next_seq(rig));
	rig_add(10);
	f = rig_read();
	CHECK(f.events == 20 && f.by_cause[SPOOL_UNWRITTEN] == 2 && f.last == 22 && !f.wrong);
	CHECK(spool_unwritten(rig) == 2 && rig_balance(22));
	rig_empty();
}

static void readers_do_not_know_each_other(void) {
	static const char *const two[] = { "one", "two" };
	struct reader *r;

	rig_reset();
	rig_options.readers = two;
	rig_options.n_readers = 2;
	CHECK(!rig_open());
	for (int i = 0; i < 40; i++)
		rig_add(100);
	CHECK(rig_read().events == 4000);
	spool_tend(rig);
	CHECK(rig_count(".seg") > 3); /* the other one still wants them */
	CHECK(!reader_open(rig_folder, "two", false, &r));
	CHECK(rig_take(r, UINT64_MAX).events == 4000);
	reader_free(r);
	spool_tend(rig);
	CHECK(rig_count(".seg") <= SPOOL_CLASSES);
	rig_empty();
}

static void a_reader_that_is_new_begins_with_what_comes(void) {
	static const char *const two[] = { "one", "late" };
	struct reader *r;

	rig_reset();
	CHECK(!rig_open());
	rig_add(100);
	rig_close();
	rig_options.readers = two;
	rig_options.n_readers = 2;
	CHECK(!rig_open());
	rig_add(7);
	CHECK(!reader_open(rig_folder, "late", false, &r));
	CHECK(rig_take(r, UINT64_MAX).events == 7);
	reader_free(r);
	rig_empty();
}

static void refused_and_filtered_events_are_in_the_ledger(void) {
	struct reader_item item;
	struct reader *r;

	rig_reset();
	CHECK(!rig_open());
	rig_add(3);
	CHECK(!reader_open(rig_folder, "one", false, &r));
	CHECK(!reader_next(r, &item));
	reader_settle(r, &item, false, SPOOL_REFUSED);
	CHECK(!reader_next(r, &item));
	reader_settle(r, &item, false, SPOOL_FILTERED);
	CHECK(!reader_next(r, &item));
	reader_settle(r, &item, true, SPOOL_REFUSED);
	CHECK(reader_cursor(r)->dropped[SPOOL_REFUSED] == 1);
	CHECK(reader_cursor(r)->dropped[SPOOL_FILTERED] == 1);
	CHECK(reader_cursor(r)->acked == 1 && !reader_pending(r));
	CHECK(!reader_save(r));
	reader_free(r);
	CHECK(rig_balance(3));
	rig_empty();
}

static void packed_segments_are_smaller_and_say_the_same(void) {
	struct stat before, after;
	struct rig_found f;
	int n = 0;

	rig_reset();
	CHECK(!rig_open());
	for (int i = 0; i < 40; i++)
		rig_add(100);
	CHECK(!stat(rig_path("0-0000000000000000.seg"), &before));
	CHECK(pack_one(rig_folder, 3600) == 0); /* too young */
	while (pack_one(rig_folder, 0) == 1)
		n++;
	CHECK(n > 1 && rig_count(".packed") == n && rig_count(".packing") == 0);
	for (int i = 0; i < 8; i++)
		spool_tend(rig);
	CHECK(rig_count(".packed") == 0);
	CHECK(!stat(rig_path("0-0000000000000000.seg"), &after));
	CHECK(after.st_size < before.st_size * 3 / 4);
	CHECK(pack_one(rig_folder, 0) == 0);
	rig_close();
	CHECK(!rig_open() && spool_next_seq(rig) == 4001);
	rig_add(100);
	f = rig_read();
	CHECK(f.events == 4100 && f.last == 4100 && !f.gaps && !f.wrong && rig_balance(4100));
	rig_empty();
}

static void a_packed_segment_whose_events_are_gone_is_not_adopted(void) {
	rig_reset();
	CHECK(!rig_open());
	for (int i = 0; i < 40; i++)
		rig_add(100);
	while (pack_one(rig_folder, 0) == 1)
		;
	CHECK(rig_read().events == 4000);
	spool_tend(rig); /* retires them before it looks */
	for (int i = 0; i < 8; i++)
		spool_tend(rig);
	CHECK(rig_count(".packed") == 0 && rig_count(".seg") <= SPOOL_CLASSES);
	CHECK(rig_balance(4000));
	rig_empty();
}

static void a_folder_is_made_with_those_above_it(void) {
	char deep[128];
	struct stat st;

	rig_reset();
	(void)snprintf(deep, sizeof(deep), "%s/a/b/c", rig_folder);
	rig_options.folder = deep;
	CHECK(!rig_open());
	rig_close();
	CHECK(!stat(deep, &st) && S_ISDIR(st.st_mode) && (st.st_mode & 0777) == 0700);
	rig_options.folder = "/proc/nowhere/spool";
	CHECK(rig_open() < 0);
	for (int i = 0; i < 3; i++) {
		static const char *const below[] = { "/head", "/lock", "/one.cursor" };
		char path[160];

		(void)snprintf(path, sizeof(path), "%s%s", deep, below[i]);
		CHECK(!unlink(path));
	}
	for (int i = 0; i < 3; i++) {
		CHECK(!rmdir(deep));
		*strrchr(deep, '/') = '\0';
	}
}

int main(void) {
	if (rig_make())
		return 1;
	RUN(events_come_back_in_the_order_of_their_numbers);
	RUN(what_is_not_flushed_is_not_seen);
	RUN(what_is_settled_is_not_given_again_and_all_else_is);
	RUN(numbers_go_on_after_a_restart);
	RUN(there_is_one_writer);
	RUN(what_all_readers_have_leaves_the_disk);
	RUN(past_the_bound_the_lowest_class_goes_first);
	RUN(the_highest_class_goes_when_nothing_else_is_left);
	RUN(what_is_worth_more_makes_no_room_for_what_is_worth_less);
	RUN(the_bound_of_bytes_is_kept);
	RUN(a_reader_in_a_segment_that_is_dropped_reads_it_to_its_end_or_counts);
	RUN(what_the_disk_does_not_take_is_a_gap);
	RUN(an_event_without_content_is_a_gap);
	RUN(readers_do_not_know_each_other);
	RUN(a_reader_that_is_new_begins_with_what_comes);
	RUN(refused_and_filtered_events_are_in_the_ledger);
	RUN(a_folder_is_made_with_those_above_it);
	RUN(packed_segments_are_smaller_and_say_the_same);
	RUN(a_packed_segment_whose_events_are_gone_is_not_adopted);
	(void)rmdir(rig_folder);
	DONE();
}
