/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spool_rig.h - a spool in a folder of its own, with events whose content their number tells
 */
#ifndef LAPWING_SPOOL_RIG_H
#define LAPWING_SPOOL_RIG_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spool/reader.h"
#include "spool/spool.h"

#define RIG_MAX_FILES 256

static char rig_folder[40];
static const char *const rig_names[] = { "one" };
static struct spool *rig;
static struct spool_hole rig_hole;
static struct spool_options rig_options;

/* rig_make - the folder; in memory where there is such a place */
static int rig_make(void) {
	(void)strcpy(rig_folder, access("/dev/shm", W_OK) ? "/tmp/lapwing-spool-XXXXXX"
							  : "/dev/shm/lapwing-spool-XXXXXX");
	return mkdtemp(rig_folder) ? 0 : -errno;
}

/* rig_reset - the defaults: small segments, no key, one reader */
static void rig_reset(void) {
	rig_options = (struct spool_options){ .folder = rig_folder, .max_bytes = 1 << 20,
					      .schema = 1, .readers = rig_names, .n_readers = 1 };
}

static int rig_open(void) {
	return spool_open(&rig_options, &rig, &rig_hole);
}

static void rig_close(void) {
	spool_free(rig);
	rig = NULL;
}

static size_t rig_length(uint64_t seq) {
	return 1 + seq * 7 % 90;
}

static char rig_byte(uint64_t seq, size_t i) {
	return (char)(seq * 31 + i * 5 + 1);
}

static enum spool_class rig_class(uint64_t seq) {
	return seq % 7 == 0 ? SPOOL_ALARM : seq % 3 == 0 ? SPOOL_LIFE : SPOOL_BULK;
}

/* rig_add_class - @n events of one class, or by their number if @class is negative; not flushed */
static void rig_add_class(int n, int class) {
	while (n--) {
		uint64_t seq = spool_next_seq(rig);
		struct buf *b = spool_begin(rig, class < 0 ? rig_class(seq)
							   : (enum spool_class)class);

		for (size_t i = 0; i < rig_length(seq); i++)
			buf_add_char(b, rig_byte(seq, i));
		spool_end(rig, seq);
	}
}

static void rig_add(int n) {
	rig_add_class(n, -1);
	spool_flush(rig);
}

/* What a reader found. */
struct rig_found {
	uint64_t events, gaps, missing; /* gaps, and events that they stand for */
	uint64_t by_cause[SPOOL_CAUSES];
	uint64_t first, last;		/* sequence numbers */
	int wrong;			/* a content, or an order, that is not right; an error */
};

static int rig_right(const struct reader_item *item) {
	const char *bytes = item->payload;

	if (item->n != rig_length(item->seq))
		return 0;
	for (size_t i = 0; i < item->n; i++)
		if (bytes[i] != rig_byte(item->seq, i))
			return 0;
	return 1;
}

/* rig_take - reads and settles at most @max */
static struct rig_found rig_take(struct reader *r, uint64_t max) {
	struct rig_found f = { 0 };
	struct reader_item item;
	int err;

	while (f.events + f.gaps < max && !(err = reader_next(r, &item)) && item.what) {
		if (item.what == READER_EVENT) {
			f.events++;
			f.wrong |= !rig_right(&item) || item.seq <= f.last;
			f.first = f.first ? f.first : item.seq;
			f.last = item.seq;
		} else {
			f.gaps++;
			f.missing += item.count;
			f.by_cause[item.cause] += item.count;
		}
		reader_settle(r, &item, true, SPOOL_REFUSED);
	}
	if (f.events + f.gaps < max)
		f.wrong |= err;
	f.wrong |= reader_save(r);
	return f;
}

/* rig_read - all that is there for reader "one" */
static struct rig_found rig_read(void) {
	struct rig_found f = { .wrong = 1 };
	struct reader *r;
	int err = reader_open(rig_folder, "one", rig_options.key != NULL, &r);

	if (err && err != -EBADMSG)
		return f;
	f = rig_take(r, UINT64_MAX);
	reader_free(r);
	return f;
}

/* rig_balance - whether the ledger of "one" is right: what went in is out, or gone by a cause */
static int rig_balance(uint64_t produced) {
	struct reader *r;
	const struct cursor *c;
	uint64_t sum;

	if (reader_open(rig_folder, "one", rig_options.key != NULL, &r))
		return 0;
	c = reader_cursor(r);
	sum = c->acked + reader_pending(r);
	for (int i = 0; i < SPOOL_CAUSES; i++)
		sum += c->dropped[i];
	reader_free(r);
	return sum == produced;
}

/* rig_files - the names in the folder; how many */
static int rig_files(char names[RIG_MAX_FILES][64]) {
	DIR *d = opendir(rig_folder);
	struct dirent *e;
	int n = 0;

	while (d && (e = readdir(d)) && n < RIG_MAX_FILES)
		if (e->d_name[0] != '.')
			(void)snprintf(names[n++], 64, "%.63s", e->d_name);
	if (d)
		(void)closedir(d);
	return n;
}

static const char *rig_path(const char *name) {
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/%.80s", rig_folder, name);
	return path;
}

static void rig_empty(void) {
	char names[RIG_MAX_FILES][64];
	int n;

	rig_close();
	while ((n = rig_files(names)))
		while (n--)
			(void)unlink(rig_path(names[n]));
}

static int rig_count(const char *suffix) {
	char names[RIG_MAX_FILES][64];
	int n = rig_files(names), found = 0;

	while (n--) {
		size_t len = strlen(names[n]), m = strlen(suffix);

		found += len >= m && !strcmp(names[n] + len - m, suffix);
	}
	return found;
}

#endif
