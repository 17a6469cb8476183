/* SPDX-License-Identifier: Apache-2.0 */
/* The table of watched names: whatever may be asked for is found in it, and nothing else is. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "app/watch.h"
#include "probe/watch.c" /* without the maps that it is given */

#define MOST ((WATCH_PATHS + WATCH_ASKED_PATHS) * WATCH_ROWS + WATCH_CHANGES + BELOW_ROWS)

int family_map(const struct family_maps *m, const char *name) {
	(void)m;
	(void)name;
	return -ENOENT;
}

int probe_map_shared(struct probe *p, const char *name, size_t n, void **ret) {
	(void)p;
	(void)name;
	(void)n;
	(void)ret;
	return -ENOENT;
}

void probe_unmap_shared(struct probe *p, void *at, size_t n) {
	(void)p;
	(void)at;
	(void)n;
}

static struct knobs_watch_filter filter;
static struct knobs_watch_table tables[2];
static struct probe probe;
static struct knobs_watch rows[MOST];

static void begin(void) {
	memset(&filter, 0, sizeof(filter));
	memset(tables, 0xff, sizeof(tables)); /* what was there must not matter */
	memset(rows, 0, sizeof(rows));
	probe.watch_filter = &filter;
	probe.watches = tables;
}

/* is_watched - as watch_is() of bpf/watch.h asks, of a row */
static bool is_watched(const struct knobs_watch *w) {
	uint32_t bit = bit_of(w), at = knobs_watch_slot(bit);

	if (!(filter.folders[knobs_watch_folder(w->dir_ino)] &
	      knobs_watch_length((uint32_t)strlen(w->name))) ||
	    !(filter.bits[bit / 64] >> bit % 64 & 1))
		return false;
	for (uint32_t i = 0; i < KNOBS_WATCH_STEPS; i++) {
		const struct knobs_watch *slot =
			&tables[filter.table].slots[(at + i) % KNOBS_WATCHES];

		if (!slot->dir_ino)
			return false;
		if (!memcmp(slot, w, sizeof(*w)))
			return true;
	}
	return false;
}

static void row(size_t i, uint64_t ino, const char *format, unsigned n) {
	rows[i].dir_ino = ino;
	(void)snprintf(rows[i].name, sizeof(rows[i].name), format, n);
}

static void as_many_as_may_be_asked_for_are_found(void) {
	unsigned crowded = 0;

	srandom(1);
	for (int round = 0; round < 200; round++) {
		begin();
		for (size_t i = 0; i < MOST; i++)
			row(i, (uint64_t)random() | 1, i % 3 ? "name%u" : "", (unsigned)random());
		crowded += (unsigned)probe_watch(&probe, rows, MOST);
		for (size_t i = 0; i < MOST; i++)
			crowded -= !is_watched(&rows[i]);
		CHECK(!crowded); /* none is counted that is watched, and none is not that is not */
	}
}

static void all_of_a_home_are_found(void) {
	begin();
	for (size_t i = 0; i < MOST; i++)
		row(i, 4096 + i / 12, "file%u", (unsigned)i % 12);
	CHECK(!probe_watch(&probe, rows, MOST));
	for (size_t i = 0; i < MOST; i++)
		CHECK(is_watched(&rows[i]));
}

static void those_that_find_no_room_are_counted_and_the_others_watched(void) {
	int found = 0;

	begin();
	for (size_t i = 0; i < 20; i++)
		row(i, 77, "authorized_keys%02u", (unsigned)i);
	row(20, 78, "another", 0);
	CHECK(probe_watch(&probe, rows, 21) == 20 - KNOBS_WATCH_STEPS);
	for (size_t i = 0; i < 20; i++)
		found += is_watched(&rows[i]);
	CHECK(found == KNOBS_WATCH_STEPS && is_watched(&rows[20]));
}

static void what_is_no_longer_asked_for_is_gone(void) {
	begin();
	row(0, 77, "one", 0);
	row(1, 77, "two", 0);
	CHECK(!probe_watch(&probe, rows, 2));
	CHECK(!probe_watch(&probe, rows + 1, 1));
	CHECK(!is_watched(&rows[0]) && is_watched(&rows[1]));
	probe.watches = NULL;
	CHECK(probe_watch(&probe, rows, 1) == -ENOTSUP);
}

int main(void) {
	RUN(as_many_as_may_be_asked_for_are_found);
	RUN(all_of_a_home_are_found);
	RUN(those_that_find_no_room_are_counted_and_the_others_watched);
	RUN(what_is_no_longer_asked_for_is_gone);
	DONE();
}
