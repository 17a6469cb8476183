/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "probe/tape.h"
#include "test.h"
#include "wire.h"

#define N_RECORDS 5
static const size_t sizes[N_RECORDS] = { 64, 1, 8, 77, 120 };

static char dir[] = "/tmp/tape_test.XXXXXX";
static char path[64];

struct played {
	size_t n;
	int stop_at; /* 0: never */
	int wrong;
};

static char byte_of(size_t record, size_t i) {
	return (char)(record * 31 + i * 7 + 1);
}

static int check_one(void *ctx, const void *record, size_t len) {
	struct played *p = ctx;
	const char *bytes = record;

	p->wrong |= p->n >= N_RECORDS || len != sizes[p->n];
	for (size_t i = 0; !p->wrong && i < len; i++)
		p->wrong |= bytes[i] != byte_of(p->n, i);
	p->n++;
	return p->stop_at && p->n == (size_t)p->stop_at ? -ECANCELED : 0;
}

static int count_one(void *ctx, const void *record, size_t len) {
	(void)record;
	(void)len;
	++*(size_t *)ctx;
	return 0;
}

static int write_tape(void) {
	char record[256];
	struct tape *t;
	int error = tape_create(path, &t);

	if (error)
		return error;
	for (size_t r = 0; r < N_RECORDS && !error; r++) {
		for (size_t i = 0; i < sizes[r]; i++)
			record[i] = byte_of(r, i);
		error = tape_write(t, record, sizes[r]);
	}
	if (!error)
		error = tape_flush(t);
	tape_free(t);
	return error;
}

/* read_tape - the whole file, in memory of just its size */
static char *read_tape(size_t *ret) {
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *bytes;

	if (fd < 0 || fstat(fd, &st) < 0)
		exit(2);
	bytes = malloc((size_t)st.st_size + 1);
	if (!bytes || read(fd, bytes, (size_t)st.st_size) != st.st_size)
		exit(2);
	(void)close(fd);
	*ret = (size_t)st.st_size;
	return bytes;
}

static size_t end_of(size_t record) {
	size_t at = 16;

	for (size_t i = 0; i < record; i++)
		at += 8 + (sizes[i] + 7) / 8 * 8;
	return at;
}

static void tape_gives_back_what_was_written(void) {
	struct played p = { 0 };
	struct tape_end end;
	size_t n;
	char *bytes;

	CHECK(write_tape() == 0);
	bytes = read_tape(&n);
	CHECK(n == end_of(N_RECORDS) && tape_is(bytes, n));
	CHECK(tape_play(bytes, n, check_one, &p, &end) == 0);
	CHECK(p.n == N_RECORDS && !p.wrong);
	CHECK(end.records == N_RECORDS && end.offset == n && !end.why);
	free(bytes);
}

static void tape_cut_anywhere_gives_all_whole_records_and_the_place(void) {
	size_t n;
	char *bytes = read_tape(&n);

	for (size_t cut = 0; cut < n; cut++) {
		char *copy = malloc(cut + 1);
		struct played p = { 0 };
		struct tape_end end;
		size_t whole = 0;
		int error;

		while (whole < N_RECORDS && end_of(whole + 1) <= cut)
			whole++;
		memcpy(copy, bytes, cut);
		copy = realloc(copy, cut ? cut : 1);
		error = tape_play(copy, cut, check_one, &p, &end);
		if (cut < 16) {
			CHECK(error == -EPROTO && end.why && end.offset == 0 && p.n == 0);
		} else {
			CHECK(error == 0 && p.n == whole && !p.wrong && end.records == whole);
			CHECK(end.offset == end_of(whole));
			CHECK(!end.why == (cut == end_of(whole)));
		}
		free(copy);
	}
	free(bytes);
}

static void every_flipped_bit_is_found(void) {
	size_t n;
	char *bytes = read_tape(&n);

	for (size_t bit = 0; bit < n * 8; bit++) {
		struct played p = { 0 };
		struct tape_end end;
		size_t before = 0;
		int error;

		while (before < N_RECORDS && end_of(before + 1) <= bit / 8)
			before++;
		bytes[bit / 8] ^= (char)(1 << bit % 8);
		error = tape_play(bytes, n, check_one, &p, &end);
		CHECK(end.why && p.n == before && !p.wrong);
		CHECK(error == (bit < 16 * 8 ? -EPROTO : 0));
		bytes[bit / 8] ^= (char)(1 << bit % 8);
	}
	free(bytes);
}

static void callback_that_has_enough_ends_the_play(void) {
	struct played p = { .stop_at = 2 };
	struct tape_end end;
	size_t n;
	char *bytes = read_tape(&n);

	CHECK(tape_play(bytes, n, check_one, &p, &end) == -ECANCELED);
	CHECK(p.n == 2 && end.records == 2 && end.offset == end_of(2) && !end.why);
	free(bytes);
}

static void empty_tape_plays_nothing(void) {
	struct tape_end end;
	struct played p = { 0 };
	struct tape *t;
	size_t n;
	char *bytes;

	CHECK(tape_create(path, &t) == 0);
	tape_free(t);
	bytes = read_tape(&n);
	CHECK(n == 16 && tape_play(bytes, n, check_one, &p, &end) == 0);
	CHECK(p.n == 0 && end.offset == 16 && !end.why);
	free(bytes);
}

static void tape_larger_than_its_buffer_is_whole(void) {
	static _Alignas(8) char record[WIRE_RECORD_BYTES];
	struct tape_end end;
	size_t n, played = 0;
	struct tape *t;
	char *bytes;

	CHECK(tape_create(path, &t) == 0);
	for (size_t i = 0; i < 100; i++)
		CHECK(tape_write(t, record, WIRE_RECORD_BYTES - i) == 0);
	tape_free(t);
	bytes = read_tape(&n);
	CHECK(tape_play(bytes, n, count_one, &played, &end) == 0);
	CHECK(played == 100 && end.offset == n && !end.why);
	free(bytes);
}

static void records_of_impossible_length_are_not_written(void) {
	static char record[WIRE_RECORD_BYTES + 1];
	struct tape *t;

	CHECK(tape_create(path, &t) == 0);
	CHECK(tape_write(t, record, 0) == -EMSGSIZE);
	CHECK(tape_write(t, record, sizeof(record)) == -EMSGSIZE);
	CHECK(tape_write(t, record, 64) == 0 && tape_flush(t) == 0);
	tape_free(t);
}

static void tape_is_for_its_owner_only_even_if_the_file_was_there(void) {
	struct stat st;
	struct tape *t;

	CHECK(chmod(path, 0666) == 0);
	CHECK(tape_create(path, &t) == 0);
	CHECK(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600);
	tape_free(t);
	CHECK(unlink(path) == 0);
	CHECK(tape_create(path, &t) == 0);
	CHECK(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600);
	tape_free(t);
}

static void symbolic_link_is_not_followed(void) {
	char link[80];
	struct tape *t = NULL;

	(void)snprintf(link, sizeof(link), "%s.link", path);
	CHECK(symlink(path, link) == 0);
	CHECK(tape_create(link, &t) == -ELOOP && !t);
	CHECK(unlink(link) == 0);
	CHECK(tape_create("/nonexistent/tape", &t) == -ENOENT && !t);
}

static void failed_write_is_told_again_and_again(void) {
	static char record[4096];
	struct rlimit old, small;
	struct tape *t;
	int error = 0;

	CHECK(tape_create(path, &t) == 0);
	(void)signal(SIGXFSZ, SIG_IGN);
	CHECK(getrlimit(RLIMIT_FSIZE, &old) == 0);
	small = (struct rlimit){ 100000, old.rlim_max };
	CHECK(setrlimit(RLIMIT_FSIZE, &small) == 0);
	for (int i = 0; i < 100 && !error; i++)
		error = tape_write(t, record, sizeof(record));
	CHECK(error == -EFBIG);
	CHECK(tape_write(t, record, 64) == -EFBIG && tape_flush(t) == -EFBIG);
	CHECK(setrlimit(RLIMIT_FSIZE, &old) == 0);
	CHECK(tape_write(t, record, 64) == -EFBIG);
	tape_free(t);
	tape_free(NULL);
}

static void other_files_are_not_tapes(void) {
	static const char *const bad[] = { "", "LAPWTAP", "lapwtape\1\0\0\0\0\0\0",
		                           "LAPWTAPF\1\0\0\0\0\0\0" };
	struct tape_end end;
	struct played p = { 0 };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK(!tape_is(bad[i], strlen(bad[i])));
		CHECK(tape_play(bad[i], strlen(bad[i]), check_one, &p, &end) == -EPROTO);
		CHECK(end.why && end.records == 0);
	}
	CHECK(tape_play("LAPWTAPE\377\0\0\0\0\0\0", 16, check_one, &p, &end) == -EPROTO);
	CHECK(strstr(end.why, "version"));
}

int main(void) {
	if (!mkdtemp(dir))
		return 2;
	(void)snprintf(path, sizeof(path), "%s/tape", dir);
	RUN(tape_gives_back_what_was_written);
	RUN(tape_cut_anywhere_gives_all_whole_records_and_the_place);
	RUN(every_flipped_bit_is_found);
	RUN(callback_that_has_enough_ends_the_play);
	RUN(empty_tape_plays_nothing);
	RUN(tape_larger_than_its_buffer_is_whole);
	RUN(records_of_impossible_length_are_not_written);
	RUN(tape_is_for_its_owner_only_even_if_the_file_was_there);
	RUN(symbolic_link_is_not_followed);
	RUN(failed_write_is_told_again_and_again);
	RUN(other_files_are_not_tapes);
	(void)unlink(path);
	(void)rmdir(dir);
	DONE();
}
