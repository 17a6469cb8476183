/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Damage that was made to cost as much as it can: every place in a segment looks like a long record
 * or frame. Whoever reads it must come to its end while the sensor waits to start, and what whole
 * short records are among it still come. Time is this process's own, so that others do not count.
 */
#include <time.h>

#include "base/crc32c.h"
#include "spool/segment.h"
#include "spool/source.h"
#include "spool_rig.h"
#include "test.h"

#define MANY_BYTES (8u << 20)
#define BOUND_S 10	    /* by the square it would be minutes */
#define EMULATED_TIMES 10 /* slower, as in tests/live/sensor.py */

static char many[MANY_BYTES];

static double cpu_s(void) {
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double bound_s(void) {
	char line[4096] = "";
	FILE *f = fopen("/proc/cmdline", "r");

	CHECK(f && fgets(line, sizeof(line), f));
	if (f)
		(void)fclose(f);
	return strstr(line, "lapwing.guest") ? BOUND_S * EMULATED_TIMES : BOUND_S;
}

/* write_segment - of the lowest class, from ordinal 0 on: a header with @flags and @n of many[] */
static void write_segment(uint32_t flags, size_t n) {
	struct segment_header h = { .magic = SEGMENT_MAGIC, .schema = 1, .first_seq = 1,
				    .began_ns = 1, .flags = flags };
	struct segment_item item = { .first = 0 };
	char name[SEGMENT_NAME_BYTES];
	FILE *f = fopen(rig_path(segment_name(SPOOL_BULK, &item, name)), "wb");

	h.crc = segment_header_crc(&h);
	CHECK(f && fwrite(&h, sizeof(h), 1, f) == 1 && fwrite(many, 1, n, f) == n);
	if (f)
		(void)fclose(f);
}

/* put_whole - a record that rig_right() takes, at @to; its bytes */
static size_t put_whole(char *to, uint64_t seq) {
	struct segment_record *r = (void *)to;
	size_t n = segment_record_bytes((uint32_t)rig_length(seq), false);

	memset(to, 0, n);
	*r = (struct segment_record){ .len = (uint32_t)rig_length(seq), .ord = seq - 1,
				      .seq = seq };
	for (size_t i = 0; i < r->len; i++)
		to[sizeof(*r) + i] = rig_byte(seq, i);
	r->crc = segment_crc(r);
	return n;
}

/* begin - a spool whose head says that @n events of the lowest class were flushed */
static void begin(int n) {
	char names[RIG_MAX_FILES][64];
	int k;

	rig_reset();
	rig_options.max_bytes = 1 << 30;
	rig_empty();
	CHECK(!rig_open());
	rig_add_class(n, SPOOL_BULK);
	spool_flush(rig);
	rig_close();
	k = rig_files(names);
	while (k--)
		if (strstr(names[k], ".seg"))
			(void)unlink(rig_path(names[k]));
	CHECK(!rig_count(".seg"));
}

/* end - a reader and then a writer pass over it all, in time */
static struct rig_found end(void) {
	double start = cpu_s();
	struct rig_found f = rig_read();
	uint64_t n = f.events + f.missing;

	CHECK(!rig_open());
	rig_add(5);
	CHECK(rig_read().events == 5 && rig_balance(n + 5));
	rig_close();
	start = cpu_s() - start;
	CHECK(start < bound_s());
	CHECK(!f.wrong);
	printf("# %.1f s of CPU, %llu events came\n", start, (unsigned long long)f.events);
	rig_empty();
	return f;
}

/* lies - @bytes of places that look like a record of @len bytes, and then are not */
static size_t lies(char *at, size_t bytes, uint32_t len) {
	/* the second is an ordinal that can be, the first a length, and of others the seq */
	uint64_t words[2] = { len, 1 };

	for (size_t i = 0; i + sizeof(words) <= bytes; i += sizeof(words))
		memcpy(at + i, words, sizeof(words));
	return bytes;
}

static void a_segment_of_nothing_but_lies_is_passed_over(void) {
	begin(9);
	(void)lies(many, sizeof(many), SPOOL_MAX_EVENT_BYTES);
	write_segment(0, sizeof(many));
	CHECK(end().by_cause[SPOOL_CORRUPT] == 9);
}

static void whole_records_among_lies_come_and_cost_no_more(void) {
	uint64_t seq = 1;
	size_t at = 0;

	begin(20000);
	while (at + 600 < sizeof(many) && seq <= 20000) {
		at += put_whole(many + at, seq++);
		at += lies(many + at, 320, SPOOL_MAX_EVENT_BYTES);
	}
	write_segment(0, at);
	{
		struct rig_found f = end();

		CHECK(f.events == 20000 && !f.missing);
	}
}

static void a_packed_segment_of_frames_that_lie_is_passed_over(void) {
	struct source_frame f = { .magic = SOURCE_FRAME_MAGIC, .raw = SPOOL_MAX_EVENT_BYTES,
				  .stored = SPOOL_MAX_EVENT_BYTES, .crc = SOURCE_FRAME_MAGIC };

	begin(9);
	for (size_t at = 0; at + sizeof(f) <= sizeof(many); at += 12)
		memcpy(many + at, &f, sizeof(f));
	write_segment(SEGMENT_PACKED, sizeof(many));
	CHECK(end().by_cause[SPOOL_CORRUPT] == 9);
}

/* What is behind the end of the file cannot be summed up, but was once moved for each place. */
static void lies_that_reach_behind_the_end_cost_no_more(void) {
	size_t at = 0;

	begin(20000);
	for (uint64_t seq = 1; seq <= 20000; seq++) {
		at += put_whole(many + at, seq);
		at += lies(many + at, 80, SPOOL_MAX_EVENT_BYTES);
	}
	CHECK(at < SPOOL_MAX_EVENT_BYTES);
	write_segment(0, at);
	{
		struct rig_found f = end();

		CHECK(f.events == 20000 && !f.missing);
	}
}

int main(void) {
	if (rig_make())
		return 1;
	RUN(a_segment_of_nothing_but_lies_is_passed_over);
	RUN(whole_records_among_lies_come_and_cost_no_more);
	RUN(a_packed_segment_of_frames_that_lie_is_passed_over);
	RUN(lies_that_reach_behind_the_end_cost_no_more);
	(void)rmdir(rig_folder);
	DONE();
}
