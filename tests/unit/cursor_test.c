/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spool/cursor.h"
#include "test.h"

#define SLOTS_BYTES 2048 /* all that a cursor had, before it knew what a cap left out */
#define BASE_BYTES 432 /* of a slot, and of them all but what came later */
#define SETTLED_AT (BASE_BYTES + 536) /* in a slot, what came last */
#define SETTLED_BYTES 24
#define LATER_BYTES (536 + SETTLED_BYTES) /* all that came behind the base */
#define FILE_BYTES (3 * SLOTS_BYTES)

static char folder[] = "/tmp/lapwing-cursor-XXXXXX";
static int dir;

static void make(struct cursor_file *f, struct cursor *c) {
	(void)unlinkat(dir, "x.cursor", 0);
	CHECK(cursor_open(dir, "x", true, f, c) == -EBADMSG);
	c->acked = 7;
	CHECK(!cursor_write(f, c));
}

static void what_a_cap_left_out_is_kept_with_the_cursor(void) {
	struct cursor_file f, g;
	struct cursor c, d;

	make(&f, &c);
	for (uint64_t i = 1; i < 10; i++) {
		f.capped.n[i]++;
		f.capped.told = c.acked = i;
		CHECK(!cursor_write(&f, &c));
		CHECK(!cursor_open(dir, "x", false, &g, &d));
		CHECK(d.acked == i && g.capped.told == i);
		CHECK(g.capped.n[i] == 1 && !g.capped.n[i + 1]);
		cursor_close(&g);
	}
	cursor_close(&f);
}

static void a_cursor_without_it_is_as_good(void) {
	struct cursor_file f;
	struct cursor c;

	make(&f, &c);
	CHECK(lseek(f.fd, 0, SEEK_END) <= SLOTS_BYTES);
	cursor_close(&f);
	CHECK(!cursor_open(dir, "x", false, &f, &c) && c.acked == 7 && !f.capped.told);
	cursor_close(&f);
}

/* write_as_before - @n times, as a version does that knows nothing of caps */
static void write_as_before(struct cursor_file *f, const struct cursor *c, int n) {
	char old[FILE_BYTES] = "", new[FILE_BYTES] = "";
	ssize_t had = pread(f->fd, old, sizeof(old), 0);

	CHECK(had > SLOTS_BYTES);
	while (n--)
		CHECK(!cursor_write(f, c));
	CHECK(pread(f->fd, new, sizeof(new), 0) >= had);
	memcpy(new + SLOTS_BYTES, old + SLOTS_BYTES, sizeof(new) - SLOTS_BYTES);
	CHECK(pwrite(f->fd, new, (size_t)had, 0) == had && !ftruncate(f->fd, had));
	cursor_close(f);
}

/* It is as untold as it was. */
static void what_a_version_before_left_alone_still_counts(void) {
	for (int saved = 1; saved < 4; saved++) {
		for (int n = 1; n < 4; n++) {
			struct cursor_file f;
			struct cursor c;

			make(&f, &c);
			f.capped.n[3] = 4;
			for (int i = 0; i < saved; i++) {
				f.capped.n[3]++;
				CHECK(!cursor_write(&f, &c));
			}
			write_as_before(&f, &c, n);
			CHECK(!cursor_open(dir, "x", false, &f, &c) && c.acked == 7);
			CHECK(f.capped.n[3] == 4u + (unsigned)saved);
			f.capped.n[3] = 0;
			f.capped.told = 9;
			CHECK(!cursor_write(&f, &c));
			cursor_close(&f);
			CHECK(!cursor_open(dir, "x", false, &f, &c));
			CHECK(!f.capped.n[3] && f.capped.told == 9);
			cursor_close(&f);
		}
	}
}

/* What was told is not told again, however long ago. */
static void nothing_left_is_kept_as_well(void) {
	struct cursor_file f;
	struct cursor c;

	make(&f, &c);
	f.capped.n[3] = 5;
	CHECK(!cursor_write(&f, &c) && !cursor_write(&f, &c));
	f.capped.n[3] = 0;
	CHECK(!cursor_write(&f, &c));
	write_as_before(&f, &c, 2);
	CHECK(!cursor_open(dir, "x", false, &f, &c) && !f.capped.n[3]);
	cursor_close(&f);
}

/* A write that ended in the middle leaves what the cursor before it knew. */
static void what_is_ahead_of_the_cursor_is_not_believed(void) {
	for (int n = 1; n < 4; n++) {
		char old[SLOTS_BYTES];
		struct cursor_file f;
		struct cursor c;

		make(&f, &c);
		f.capped.n[3] = 5;
		CHECK(!cursor_write(&f, &c));
		write_as_before(&f, &c, n);
		CHECK(!cursor_open(dir, "x", false, &f, &c));
		CHECK(pread(f.fd, old, sizeof(old), 0) == sizeof(old));
		f.capped.n[3] = 6;
		CHECK(!cursor_write(&f, &c));
		CHECK(pwrite(f.fd, old, sizeof(old), 0) == sizeof(old));
		cursor_close(&f);
		CHECK(!cursor_open(dir, "x", false, &f, &c) && f.capped.n[3] == 5);
		cursor_close(&f);
	}
}

/* A byte of it that is changed costs what it says, and never the ledger. */
static void damage_of_it_is_seen(void) {
	struct cursor_file f;
	struct cursor c;
	char byte;

	make(&f, &c);
	f.capped.n[3] = 5;
	CHECK(!cursor_write(&f, &c) && !cursor_write(&f, &c));
	for (off_t at = SLOTS_BYTES; at < FILE_BYTES && pread(f.fd, &byte, 1, at) == 1; at += 7) {
		struct cursor_file g;

		byte ^= 4;
		CHECK(pwrite(f.fd, &byte, 1, at) == 1);
		CHECK(!cursor_open(dir, "x", false, &g, &c) && c.acked == 7);
		CHECK(g.capped.n[3] == 5 || !g.capped.n[3]);
		cursor_close(&g);
		byte ^= 4;
		CHECK(pwrite(f.fd, &byte, 1, at) == 1);
	}
	cursor_close(&f);
}

/* A version that does not know a cause counts what it knows, and leaves the rest as it was. */
static void a_cause_that_a_version_before_does_not_know_is_not_lost(void) {
	struct cursor_file f;
	struct cursor c, d;
	char later[LATER_BYTES];

	make(&f, &c);
	c.start[1] = 10;
	c.next[1] = 30;
	c.acked = 8;
	c.dropped[SPOOL_FULL] = 7;
	c.dropped[SPOOL_AWAY] = 5;
	c.promises[3] = cursor_promise(SPOOL_LIFE, 40);
	CHECK(!cursor_write(&f, &c) && !cursor_write(&f, &c));
	CHECK(!cursor_read(dir, "x", &d) && d.dropped[SPOOL_AWAY] == 5);
	CHECK(d.promises[3] == cursor_promise(SPOOL_LIFE, 40) && !d.promises[2]);
	for (int slot = 0; slot < 2; slot++) { /* what it writes ends before that */
		off_t at = (off_t)slot * 1024 + BASE_BYTES;

		CHECK(pread(f.fd, later, sizeof(later), at) == sizeof(later));
		c.acked++;
		c.next[1]++;
		CHECK(!cursor_write(&f, &c));
		CHECK(pwrite(f.fd, later, sizeof(later), at) == sizeof(later));
	}
	cursor_close(&f);
	CHECK(!cursor_read(dir, "x", &d) && d.acked == 10 && d.dropped[SPOOL_FULL] == 7);
	CHECK(d.dropped[SPOOL_AWAY] == 5 && !d.promises[3]);
}

/* A version before reads all but when something was settled last, and leaves that as it was. */
static void when_something_was_settled_is_kept_or_told_by_the_last_acknowledgement(void) {
	struct cursor_file f;
	struct cursor c, d;
	char later[SETTLED_BYTES];

	make(&f, &c);
	c.acked_ns = 50;
	c.settled_ns = 70;
	c.promises[3] = cursor_promise(SPOOL_LIFE, 40);
	CHECK(!cursor_write(&f, &c) && !cursor_write(&f, &c));
	CHECK(!cursor_read(dir, "x", &d) && d.acked_ns == 50 && d.settled_ns == 70);
	for (int slot = 0; slot < 2; slot++) { /* what it writes ends before that */
		off_t at = (off_t)slot * 1024 + SETTLED_AT;

		CHECK(pread(f.fd, later, sizeof(later), at) == sizeof(later));
		c.acked_ns++;
		CHECK(!cursor_write(&f, &c));
		CHECK(pwrite(f.fd, later, sizeof(later), at) == sizeof(later));
	}
	CHECK(!cursor_read(dir, "x", &d) && d.acked_ns == 52 && d.settled_ns == 52);
	CHECK(d.promises[3] == cursor_promise(SPOOL_LIFE, 40));
	CHECK(!ftruncate(f.fd, 1024 + SETTLED_AT)); /* and it wrote no more than that */
	CHECK(!cursor_read(dir, "x", &d) && d.settled_ns == 52);
	cursor_close(&f);
}

int main(void) {
	if (!mkdtemp(folder) || (dir = open(folder, O_RDONLY | O_DIRECTORY)) < 0)
		return 1;
	RUN(a_cause_that_a_version_before_does_not_know_is_not_lost);
	RUN(what_a_cap_left_out_is_kept_with_the_cursor);
	RUN(a_cursor_without_it_is_as_good);
	RUN(what_a_version_before_left_alone_still_counts);
	RUN(nothing_left_is_kept_as_well);
	RUN(what_is_ahead_of_the_cursor_is_not_believed);
	RUN(damage_of_it_is_seen);
	RUN(when_something_was_settled_is_kept_or_told_by_the_last_acknowledgement);
	(void)unlinkat(dir, "x.cursor", 0);
	(void)close(dir);
	(void)rmdir(folder);
	DONE();
}
