/* SPDX-License-Identifier: Apache-2.0 */
/* What a reader is told of what went while it was not configured, or while it looked. */
#include <dlfcn.h>

#include "spool_rig.h"
#include "test.h"

static const char *const both[] = { "one", "two" };
static const char *const two[] = { "two" };

/* the folder is looked at so many times in which it shows no gap */
static int blind;

struct dirent *readdir(DIR *d) {
	static struct dirent *(*next)(DIR *);
	struct dirent *e;

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "readdir");
	do
		e = next(d);
	while (e && blind > 0 && strstr(e->d_name, ".gap"));
	if (!e && blind > 0)
		blind--;
	return e;
}

/* run - a writer for these readers, of which "two" has all @n events in the end */
static int run(const char *const *readers, size_t n_readers, int n) {
	struct reader *r;

	rig_options.readers = readers;
	rig_options.n_readers = n_readers;
	if (rig_open())
		return 0;
	rig_add(n);
	if (reader_open(rig_folder, "two", false, &r))
		return 0;
	(void)rig_take(r, UINT64_MAX);
	reader_free(r);
	for (int i = 0; i < 3; i++)
		spool_tend(rig);
	rig_close();
	return 1;
}

/* The last run's segment is not sealed, and so it is still there. */
static void what_went_while_a_sink_was_not_configured_is_told_as_that(void) {
	struct rig_found f;

	rig_reset();
	CHECK(run(both, 2, 40));
	for (int i = 0; i < 5; i++)
		CHECK(run(two, 1, 30));
	CHECK(rig_count("-away.gap") == SPOOL_CLASSES && !rig_count("-corrupt.gap"));
	rig_reset();
	CHECK(!rig_open());
	rig_add(10);
	f = rig_read();
	CHECK(!f.wrong && f.by_cause[SPOOL_AWAY] == 160 && f.missing == 160);
	CHECK(f.events == 40);
	CHECK(rig_balance(200));
	spool_tend(rig);
	CHECK(!rig_count(".gap"));
	rig_empty();
}

/* In part it had them, or they went before it was taken away. */
static void what_else_is_missing_keeps_its_cause_where_it_can(void) {
	struct reader *r;
	struct rig_found f;

	rig_reset();
	rig_options.max_bytes = 256 << 10;
	CHECK(run(both, 2, 20000));
	CHECK(rig_count("-full.gap"));
	CHECK(!reader_open(rig_folder, "one", false, &r));
	(void)rig_take(r, 7);
	reader_free(r);
	for (int i = 0; i < 8; i++)
		CHECK(run(two, 1, 5000));
	CHECK(rig_count(".gap") <= 2 * SPOOL_CLASSES);
	rig_reset();
	CHECK(!rig_open());
	f = rig_read();
	CHECK(!f.wrong && !f.by_cause[SPOOL_CORRUPT] && f.by_cause[SPOOL_AWAY]);
	CHECK(rig_balance(60000));
	rig_empty();
}

static void a_cursor_that_is_forgotten_keeps_no_gap(void) {
	struct cursor c;
	int dir;

	rig_reset();
	CHECK(run(both, 2, 40));
	CHECK(run(two, 1, 30));
	CHECK(rig_count("-away.gap"));
	dir = open(rig_folder, O_RDONLY | O_DIRECTORY);
	CHECK(dir >= 0 && !cursor_forget(dir, "one", &c));
	(void)close(dir);
	CHECK(run(two, 1, 30));
	CHECK(!rig_count(".gap"));
	rig_empty();
}

/* Without any sink the spool is kept up to its bound, and of what goes then somebody may ask. */
static void without_any_sink_what_goes_is_told_to_who_comes_back(void) {
	struct rig_found f;

	rig_reset();
	rig_options.max_bytes = 128 << 10;
	CHECK(!rig_open());
	rig_add(10);
	rig_close();
	rig_options.n_readers = 0;
	CHECK(!rig_open());
	for (int i = 0; i < 40; i++) {
		rig_add(200);
		spool_tend(rig);
	}
	rig_close();
	rig_options.n_readers = 1;
	CHECK(!rig_open());
	f = rig_read();
	CHECK(!f.wrong && f.by_cause[SPOOL_FULL] && !f.by_cause[SPOOL_CORRUPT]);
	CHECK(rig_balance(8010));
	rig_empty();
}

/* A cursor that begins anew begins with the oldest event, and not with what went before that. */
static void a_damaged_cursor_is_not_told_of_what_others_missed(void) {
	struct rig_found f;

	rig_reset();
	CHECK(run(both, 2, 40));
	CHECK(run(two, 1, 30));
	rig_options.readers = both;
	rig_options.n_readers = 2;
	CHECK(!truncate(rig_path("one.cursor"), 100));
	CHECK(!rig_open());
	rig_add(5);
	f = rig_read();
	CHECK(!f.wrong && f.events == 35 && !f.missing);
	rig_empty();
}

/* The writer gives a gap another name while the folder is read, and neither is seen. */
static void a_gap_that_is_being_renamed_is_not_taken_for_damage(void) {
	struct reader *r;
	struct rig_found f;

	for (blind = 0; blind < 7; blind++) {
		int hidden = blind;

		rig_reset();
		rig_options.max_bytes = 64 << 10;
		blind = 0;
		CHECK(!rig_open());
		for (int i = 0; i < 40; i++)
			rig_add(200);
		CHECK(rig_count("-full.gap"));
		CHECK(!reader_open(rig_folder, "one", false, &r));
		blind = hidden;
		f = rig_take(r, UINT64_MAX);
		reader_free(r);
		CHECK(!blind && !f.wrong && f.by_cause[SPOOL_FULL] && !f.by_cause[SPOOL_CORRUPT]);
		CHECK(rig_balance(8000));
		rig_empty();
		blind = hidden;
	}
}

/* The same behind a segment that has been read, which then seems to reach to the next one. */
static void a_gap_behind_a_segment_is_not_taken_for_damage(void) {
	struct reader *r;
	struct rig_found f;

	rig_reset();
	CHECK(!rig_open());
	rig_add_class(10, SPOOL_BULK);
	spool_flush(rig);
	(void)spool_begin(rig, SPOOL_BULK); /* no event: a gap of one, and another segment */
	spool_end(rig, spool_next_seq(rig));
	rig_add_class(10, SPOOL_BULK);
	spool_flush(rig);
	CHECK(!reader_open(rig_folder, "one", false, &r));
	f = rig_take(r, 10);
	CHECK(f.events == 10);
	blind = 3;
	f = rig_take(r, UINT64_MAX);
	CHECK(!blind && !f.wrong && f.events == 10 && f.by_cause[SPOOL_UNWRITTEN] == 1);
	CHECK(!f.by_cause[SPOOL_CORRUPT]);
	reader_free(r);
	rig_empty();
}

int main(void) {
	if (rig_make())
		return 1;
	RUN(what_went_while_a_sink_was_not_configured_is_told_as_that);
	RUN(what_else_is_missing_keeps_its_cause_where_it_can);
	RUN(a_cursor_that_is_forgotten_keeps_no_gap);
	RUN(without_any_sink_what_goes_is_told_to_who_comes_back);
	RUN(a_damaged_cursor_is_not_told_of_what_others_missed);
	RUN(a_gap_that_is_being_renamed_is_not_taken_for_damage);
	RUN(a_gap_behind_a_segment_is_not_taken_for_damage);
	(void)rmdir(rig_folder);
	DONE();
}
