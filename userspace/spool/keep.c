/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keep.c - segments that no reader wants any more, for who looks back
 *
 * They have a name of their own, which readers do not see: so a sink that is new, or was away,
 * begins where it would without them, and nothing of any ledger changes. They go before anything
 * that a reader still wants. Among them the oldest goes first, but of detections so many stay as
 * have half of the room: a look back begins with one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "spool/writer.h"

#define KEEP_FILES 1024 /* a sensor that starts again and again makes many small ones */

static uint64_t bytes_of(const struct segment_list *list) {
	uint64_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		n += list->items[i].bytes;
	return n;
}

static void drop(struct spool *s, enum spool_class class, size_t i) {
	bound_drop(s, class, &s->kept[class].items[i]);
	segment_list_remove(&s->kept[class], i);
}

void keep_segment(struct spool *s, enum spool_class class, const struct segment_item *item) {
	char from[SEGMENT_NAME_BYTES], to[SEGMENT_NAME_BYTES];
	struct segment_item kept = *item;

	kept.kept = true;
	if (!s->o.keep_bytes || segment_list_add(&s->kept[class], &kept)) {
		bound_drop(s, class, item);
		return;
	}
	if (!renameat(s->dir, segment_name(class, item, from), s->dir,
		      segment_name(class, &kept, to)))
		return;
	/* no room for the name, or the file is gone */
	bound_drop(s, class, item);
	s->kept[class].n--;
}

/* oldest - the class whose first kept segment was written first, of those below @end */
static int oldest(const struct spool *s, int end) {
	int ret = -1;

	for (int class = 0; class < end; class++) {
		const struct segment_list *list = &s->kept[class];

		if (list->n && (ret < 0 || list->items[0].written_s <
						   s->kept[ret].items[0].written_s))
			ret = class;
	}
	return ret;
}

bool keep_drop_one(struct spool *s) {
	int class = oldest(s, SPOOL_ALARM);

	if (s->kept[SPOOL_ALARM].n &&
	    (class < 0 || bytes_of(&s->kept[SPOOL_ALARM]) > s->o.keep_bytes / 2))
		class = SPOOL_ALARM;
	if (class < 0)
		return false;
	drop(s, (enum spool_class)class, 0);
	return true;
}

void keep_tend(struct spool *s) {
	for (int i = 0; i < SPOOL_CLASSES; i++)
		while (s->o.max_age_s && s->kept[i].n &&
		       bound_age_s(&s->kept[i].items[0]) > (int64_t)s->o.max_age_s)
			drop(s, (enum spool_class)i, 0);
	for (;;) {
		uint64_t bytes = 0;
		size_t n = 0;

		for (int i = 0; i < SPOOL_CLASSES; i++) {
			bytes += bytes_of(&s->kept[i]);
			n += s->kept[i].n;
		}
		if ((bytes <= s->o.keep_bytes && n <= KEEP_FILES) || !keep_drop_one(s))
			return;
	}
}

struct segment_item *keep_find(struct spool *s, enum spool_class class, uint64_t first) {
	struct segment_list *list = &s->kept[class];

	for (size_t i = 0; i < list->n; i++)
		if (list->items[i].first == first)
			return &list->items[i];
	return NULL;
}
