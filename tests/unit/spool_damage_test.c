/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever happens to the files: what is whole comes back, what is not is counted. */
#include "spool/pack.h"
#include "spool/segment.h"
#include "spool/verify.h"
#include "spool_rig.h"
#include "test.h"

#define EVENTS 30

static const uint8_t key[SPOOL_KEY_BYTES] = { 1, 2, 3 };

struct image {
	char name[64];
	char *bytes;
	size_t n;
};

static struct image images[RIG_MAX_FILES];
static int n_images;

static void slurp(struct image *i) {
	FILE *f = fopen(rig_path(i->name), "rb");
	struct stat st;

	i->bytes = NULL;
	i->n = 0;
	if (!f || fstat(fileno(f), &st))
		return;
	i->n = (size_t)st.st_size;
	i->bytes = malloc(i->n + 1);
	if (i->bytes)
		CHECK(fread(i->bytes, 1, i->n, f) == i->n);
	(void)fclose(f);
}

static void take_image(void) {
	char names[RIG_MAX_FILES][64];

	n_images = rig_files(names);
	for (int i = 0; i < n_images; i++) {
		memcpy(images[i].name, names[i], sizeof(names[i]));
		slurp(&images[i]);
	}
}

static void put(const struct image *i, size_t n) {
	FILE *f = fopen(rig_path(i->name), "wb");

	CHECK(f && fwrite(i->bytes, 1, n, f) == n);
	if (f)
		(void)fclose(f);
}

static void restore(void) {
	rig_empty();
	for (int i = 0; i < n_images; i++)
		put(&images[i], images[i].n);
}

static void drop_image(void) {
	for (int i = 0; i < n_images; i++)
		free(images[i].bytes);
	rig_empty();
}

/* make - three segments, one of each class, closed in order, in files whose image is taken */
static void make(const uint8_t *with_key) {
	rig_reset();
	rig_options.key = with_key;
	CHECK(!rig_open());
	rig_add(EVENTS / 2);
	rig_add(EVENTS / 2);
	rig_close();
	take_image();
}

static int is(const struct image *i, const char *suffix) {
	size_t n = strlen(i->name), m = strlen(suffix);

	return n >= m && !strcmp(i->name + n - m, suffix);
}

/* check_rest - whether a reader and the next writer get on with what is there */
static int check_rest(uint64_t least) {
	struct rig_found f = rig_read(), more;

	if (f.wrong || f.events < least || f.events + f.missing != EVENTS ||
	    f.missing != f.by_cause[SPOOL_CORRUPT])
		return 0;
	if (rig_open())
		return 0;
	if (spool_next_seq(rig) != EVENTS + 1)
		return 0;
	rig_add(5);
	more = rig_read();
	rig_close();
	return more.events == 5 && !more.missing && !more.wrong && rig_balance(EVENTS + 5);
}

static void flip_everywhere(const uint8_t *with_key) {
	make(with_key);
	for (int i = 0; i < n_images; i++) {
		if (!is(&images[i], ".seg"))
			continue;
		for (size_t at = 0; at < images[i].n; at++) {
			images[i].bytes[at] ^= 0x40;
			restore();
			images[i].bytes[at] ^= 0x40;
			if (!check_rest(EVENTS - 1)) {
				printf("# %s, byte %zu\n", images[i].name, at);
				CHECK(!"a changed byte costs one event at most");
				return;
			}
		}
	}
	drop_image();
}

static void a_changed_byte_costs_one_event_and_is_counted(void) {
	flip_everywhere(NULL);
}

static void a_changed_byte_of_a_keyed_spool_costs_one_event(void) {
	flip_everywhere(key);
}

static void a_segment_cut_anywhere_costs_its_rest_and_is_counted(void) {
	make(NULL);
	for (int i = 0; i < n_images; i++) {
		for (size_t n = 0; is(&images[i], ".seg") && n < images[i].n; n++) {
			restore();
			put(&images[i], n);
			if (!check_rest(0)) {
				printf("# %s, cut to %zu\n", images[i].name, n);
				CHECK(!"what a cut costs is counted");
				return;
			}
		}
	}
	drop_image();
}

static void a_segment_that_is_removed_is_counted(void) {
	make(NULL);
	for (int i = 0; i < n_images; i++) {
		if (!is(&images[i], ".seg"))
			continue;
		restore();
		CHECK(!unlink(rig_path(images[i].name)));
		CHECK(check_rest(0));
	}
	drop_image();
}

/* The writer does not believe a damaged head, and no number is given twice. */
static void a_head_changed_anywhere_is_mended_by_the_writer(void) {
	make(NULL);
	for (int i = 0; i < n_images; i++) {
		for (size_t at = 0; is(&images[i], "head") && at < images[i].n; at++) {
			struct rig_found f;

			images[i].bytes[at] ^= 0x40;
			restore();
			images[i].bytes[at] ^= 0x40;
			CHECK(!rig_open() && spool_next_seq(rig) == EVENTS + 1);
			rig_add(5);
			f = rig_read();
			CHECK(f.events == EVENTS + 5 && !f.missing && !f.wrong);
		}
	}
	drop_image();
}

/* One slot damaged: the other has the ledger of one save before. Both: it begins anew. */
static void a_cursor_changed_anywhere_gives_events_again_or_starts_anew(void) {
	rig_reset();
	CHECK(!rig_open());
	rig_add(EVENTS);
	CHECK(rig_read().events == EVENTS);
	rig_add(5);
	CHECK(rig_read().events == 5);
	rig_close();
	take_image();
	for (int i = 0; i < n_images; i++) {
		for (size_t at = 0; is(&images[i], ".cursor") && at < images[i].n; at++) {
			struct rig_found f;

			images[i].bytes[at] ^= 0x40;
			restore();
			images[i].bytes[at] ^= 0x40;
			f = rig_read();
			CHECK(!f.wrong && !f.missing && f.events <= 5);
			CHECK(rig_balance(EVENTS + 5));
		}
	}
	restore();
	for (int i = 0; i < n_images; i++)
		if (is(&images[i], ".cursor"))
			put(&images[i], 100);
	CHECK(rig_read().events == EVENTS + 5);
	drop_image();
}

/* The flush of one class had come to the disk, and that of another had not. */
static void a_flush_that_was_half_done_leaves_a_hole_that_is_told(void) {
	struct rig_found f;

	make(NULL);
	restore();
	CHECK(!rig_open());
	rig_add_class(10, SPOOL_BULK);
	rig_add_class(10, SPOOL_LIFE);
	rig_add_class(1, SPOOL_BULK);
	spool_flush(rig);
	rig_close();
	/* the writer that opened it had begun segments of its own */
	for (int i = 0; i < n_images; i++)
		if (is(&images[i], "head"))
			put(&images[i], images[i].n);
	CHECK(rig_count(".seg") == 5);
	{
		char names[RIG_MAX_FILES][64];
		int n = rig_files(names), last = -1;

		for (int i = 0; i < n; i++)
			if (names[i][0] == '1' && strcmp(names[i], last < 0 ? "" : names[last]) > 0)
				last = i;
		CHECK(last >= 0 && !unlink(rig_path(names[last])));
	}
	CHECK(!rig_open());
	CHECK(rig_hole.count == 10 && rig_hole.first_seq == EVENTS + 1 &&
	      rig_hole.last_seq == EVENTS + 21);
	CHECK(spool_next_seq(rig) == EVENTS + 22);
	rig_add(1);
	f = rig_read();
	CHECK(f.events == EVENTS + 12 && f.last == EVENTS + 22 &&
	      f.missing == 10 && f.by_cause[SPOOL_CRASHED] == 10 && !f.wrong);
	drop_image();
}

static void a_gap_whose_segment_is_still_there_counts(void) {
	struct rig_found f;

	make(NULL);
	restore();
	for (int i = 0; i < n_images; i++) {
		char name[64];

		if (!is(&images[i], ".seg") || images[i].name[0] != '0')
			continue;
		/* the writer died between the two */
		(void)snprintf(name, sizeof(name), "%.18s-%016x-full.gap", images[i].name, 10);
		(void)close(open(rig_path(name), O_CREAT | O_WRONLY, 0600));
	}
	f = rig_read();
	CHECK(f.events == EVENTS && !f.wrong); /* until the writer comes, the segment counts */
	drop_image();
}

static void strange_files_are_left_alone(void) {
	static const char *const strange[] = { "0-12.seg", "3-0000000000000000.seg", "x",
					       "0-0000000000000000-0000000000000000-full.gap",
					       "0-0000000000000000-0000000000000009-odd.gap" };

	make(NULL);
	restore();
	for (int i = 0; i < 5; i++)
		(void)close(open(rig_path(strange[i]), O_CREAT | O_WRONLY, 0600));
	CHECK(check_rest(EVENTS));
	for (int i = 0; i < 5; i++)
		CHECK(!access(rig_path(strange[i]), F_OK));
	drop_image();
}

/* --- verify ----------------------------------------------------------------------------------- */

static uint64_t n_faults;

static void count_fault(void *ctx, const char *sentence) {
	(void)ctx;
	n_faults += sentence[0] != '\0';
}

static uint64_t faults(const uint8_t *with_key) {
	struct progress p;
	struct spool_verdict v;

	n_faults = 0;
	progress_begin(&p, STDERR_FILENO, "spool", 0);
	CHECK(!spool_verify(rig_folder, with_key, count_fault, NULL, &p, &v));
	CHECK(p.total == v.segments + v.gaps);
	CHECK(v.faults == n_faults);
	return v.faults;
}

static void verify_finds_nothing_in_what_is_whole(void) {
	make(key);
	CHECK(faults(key) == 0 && faults(NULL) == 0);
	CHECK(!rig_open()); /* the next run's segments go on with the chain */
	rig_add(20);
	rig_close();
	CHECK(faults(key) == 0);
	drop_image();
	make(NULL);
	CHECK(faults(NULL) == 0 && faults(key) > 0);
	drop_image();
}

static void verify_finds_a_changed_byte_anywhere(void) {
	make(key);
	for (int i = 0; i < n_images; i++) {
		for (size_t at = 0; is(&images[i], ".seg") && at < images[i].n; at++) {
			images[i].bytes[at] ^= 0x40;
			restore();
			images[i].bytes[at] ^= 0x40;
			/* zeros up to the next multiple of 8 are nobody's, and harm nobody */
			if (!faults(key) && (images[i].bytes[at] || rig_read().events != EVENTS)) {
				printf("# %s, byte %zu\n", images[i].name, at);
				CHECK(!"a changed byte is found");
				return;
			}
		}
	}
	drop_image();
}

/* records - the offsets of the records in a keyed segment, and its end; how many */
static size_t records(const struct image *i, size_t at[EVENTS + 1]) {
	size_t n = 0, offset = sizeof(struct segment_header);

	while (offset < i->n && n < EVENTS) {
		const struct segment_record *r = (const void *)(i->bytes + offset);

		at[n++] = offset;
		offset += segment_record_bytes(r->len, true);
	}
	at[n] = offset;
	return n;
}

static void verify_finds_what_was_done_with_care(void) {
	static const uint8_t other[SPOOL_KEY_BYTES] = { 9 };
	size_t at[EVENTS + 1];

	make(key);
	CHECK(faults(other) > 0);
	for (int i = 0; i < n_images; i++) {
		struct image *im = &images[i];
		struct segment_record *r;
		size_t n;

		if (!is(im, ".seg"))
			continue;
		n = records(im, at);
		CHECK(n > 2);
		/* altered, with a checksum that is right */
		r = (void *)(im->bytes + at[1]);
		((char *)(r + 1))[0] ^= 1;
		r->crc = segment_crc(r);
		restore();
		CHECK(faults(NULL) == 0 && faults(key) > 0);
		((char *)(r + 1))[0] ^= 1;
		/* exchanged by another number, with a checksum that is right */
		r->seq++;
		r->crc = segment_crc(r);
		restore();
		CHECK(faults(key) > 0);
		r->seq--;
		r->crc = segment_crc(r);
		/* removed, and those behind it numbered anew */
		restore();
		{
			struct image cut = *im;
			size_t hole = at[2] - at[1];

			cut.bytes = malloc(im->n);
			CHECK(cut.bytes != NULL);
			memcpy(cut.bytes, im->bytes, at[1]);
			memcpy(cut.bytes + at[1], im->bytes + at[2], im->n - at[2]);
			cut.n = im->n - hole;
			put(&cut, cut.n);
			CHECK(faults(NULL) > 0);
			for (size_t k = 2; k < n; k++) {
				r = (void *)(cut.bytes + at[k] - hole);
				r->ord--;
				r->crc = segment_crc(r);
			}
			put(&cut, cut.n);
			/* one at the end is missing, as the head knows; the chain knows more */
			CHECK(faults(NULL) == 1 && faults(key) > 1);
			free(cut.bytes);
		}
	}
	drop_image();
}

static void a_changed_byte_of_a_packed_segment_costs_a_frame_and_is_counted(void) {
	rig_reset();
	for (int run = 0; run < 2; run++) {
		CHECK(!rig_open());
		rig_add(EVENTS / 2);
		while (!run && pack_one(rig_folder, 0) == 1)
			;
		rig_close();
		while (run && pack_one(rig_folder, 0) == 1)
			;
	}
	CHECK(!rig_open());
	for (int i = 0; i < 8; i++)
		spool_tend(rig);
	rig_close();
	take_image();
	CHECK(rig_count(".packed") == 0 && faults(NULL) == 0);
	for (int i = 0; i < n_images; i++) {
		for (size_t at = 0; is(&images[i], ".seg") && at < images[i].n; at++) {
			images[i].bytes[at] ^= 0x40;
			restore();
			images[i].bytes[at] ^= 0x40;
			if (!check_rest(1)) {
				printf("# %s, byte %zu\n", images[i].name, at);
				CHECK(!"what a changed byte costs is counted");
				return;
			}
		}
	}
	drop_image();
}

/* Whoever reads it must come to its end while the sensor waits to start: in seconds, not hours. */
static void a_packed_segment_of_which_nothing_is_left_is_passed_over(void) {
	static uint32_t noise[2u << 20];
	struct segment_header h;
	uint32_t x = 1;

	rig_reset();
	rig_empty();
	for (size_t i = 0; i < sizeof(noise) / sizeof(noise[0]); i++)
		noise[i] = x = x * 1664525 + 1013904223;
	CHECK(!rig_open());
	rig_add_class(9, SPOOL_BULK);
	spool_flush(rig);
	rig_close();
	take_image();
	(void)alarm(120);
	for (int i = 0; i < n_images; i++) {
		FILE *f;

		if (!is(&images[i], ".seg"))
			continue;
		memcpy(&h, images[i].bytes, sizeof(h));
		h.flags |= SEGMENT_PACKED;
		h.crc = segment_header_crc(&h);
		f = fopen(rig_path(images[i].name), "wb");
		CHECK(f && fwrite(&h, sizeof(h), 1, f) == 1 &&
		      fwrite(noise, sizeof(noise), 1, f) == 1);
		if (f)
			(void)fclose(f);
	}
	CHECK(rig_read().by_cause[SPOOL_CORRUPT] == 9);
	CHECK(!rig_open());
	rig_close();
	(void)alarm(0);
	drop_image();
}

int main(void) {
	if (rig_make())
		return 1;
	RUN(a_changed_byte_costs_one_event_and_is_counted);
	RUN(a_changed_byte_of_a_keyed_spool_costs_one_event);
	RUN(a_segment_cut_anywhere_costs_its_rest_and_is_counted);
	RUN(a_segment_that_is_removed_is_counted);
	RUN(a_head_changed_anywhere_is_mended_by_the_writer);
	RUN(a_cursor_changed_anywhere_gives_events_again_or_starts_anew);
	RUN(a_flush_that_was_half_done_leaves_a_hole_that_is_told);
	RUN(a_gap_whose_segment_is_still_there_counts);
	RUN(strange_files_are_left_alone);
	RUN(verify_finds_nothing_in_what_is_whole);
	RUN(verify_finds_a_changed_byte_anywhere);
	RUN(verify_finds_what_was_done_with_care);
	RUN(a_changed_byte_of_a_packed_segment_costs_a_frame_and_is_counted);
	RUN(a_packed_segment_of_which_nothing_is_left_is_passed_over);
	(void)rmdir(rig_folder);
	DONE();
}
