/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recover.c - what a spool is in when its writer begins
 *
 * Whatever ended the writer before, a segment's end may be half a record, which is cut off; and a
 * flush may have reached one class and not another. Then numbers of the sequence are missing, and
 * nothing of those events is left: that is the hole, SPOOL_CRASHED. What the head says was given
 * out, and no segment has, was damaged.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "spool/cursor.h"
#include "spool/source.h"
#include "spool/writer.h"

/* What the segments know. */
struct found {
	uint64_t seq;  /* the last number that is known to have been given */
	uint64_t after; /* events whose numbers are above the last flush */
};

/* drop_replaced - segments that a gap was to replace */
static void drop_replaced(struct spool *s, enum spool_class class) {
	struct segment_list *list = &s->lists[class];
	char name[SEGMENT_NAME_BYTES];

	for (size_t i = list->n; i-- > 0;) {
		struct segment_item *item = &list->items[i];
		bool replaced = false;

		for (size_t j = 0; j < list->n && !item->gap; j++)
			replaced |= list->items[j].gap && list->items[j].first <= item->first &&
				    item->first < list->items[j].end;
		if (!replaced)
			continue;
		(void)unlinkat(s->dir, segment_name(class, item, name), 0);
		segment_list_remove(list, i);
	}
}

/* cut_tail - what is behind the last whole record of the last segment */
static void cut_tail(struct spool *s, enum spool_class class, struct segment_item *item,
		     const struct source *src) {
	char name[SEGMENT_NAME_BYTES];
	uint64_t end = src->end ? src->end : sizeof(struct segment_header);
	int fd;

	if (src->packed || end >= item->bytes)
		return;
	fd = openat(s->dir, segment_name(class, item, name), O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return;
	if (!ftruncate(fd, (off_t)end))
		item->bytes = end;
	(void)close(fd);
}

/* scan_last - the last segment of @class to its end */
static int scan_last(struct spool *s, enum spool_class class, struct segment_item *item,
		     uint64_t flushed_seq, struct found *found) {
	struct lane *l = &s->lanes[class];
	const struct segment_record *r;
	struct source src;
	int err = source_open(s->dir, class, item, s->o.key != NULL, &src);

	if (err)
		return err;
	if (!src.damaged_header && src.header.first_seq - 1 > found->seq)
		found->seq = src.header.first_seq - 1;
	l->next_ord = item->first;
	while ((r = source_next(&src, 0, UINT64_MAX, &err))) {
		l->next_ord = r->ord + 1;
		if (r->seq > found->seq)
			found->seq = r->seq;
		found->after += r->seq > flushed_seq;
		if (src.keyed)
			memcpy(l->tag, source_tag(r), SEGMENT_TAG_BYTES);
	}
	if (!err)
		cut_tail(s, class, item, &src);
	source_close(&src);
	return err;
}

/* drop_empty - a last segment that was begun, and no more: the next one has its name */
static void drop_empty(struct spool *s, enum spool_class class) {
	struct segment_list *list = &s->lists[class];
	const struct segment_item *last = list->n ? &list->items[list->n - 1] : NULL;
	char name[SEGMENT_NAME_BYTES];

	if (!last || last->gap || last->end > last->first)
		return;
	(void)unlinkat(s->dir, segment_name(class, last, name), 0);
	s->total_bytes -= last->bytes;
	segment_list_remove(list, list->n - 1);
}

/* set_age - the file's time, by the clock since boot; a time that is still to come is now */
static void set_age(const struct spool *s, struct segment_item *item) {
	int64_t age_s = writer_clock_s(CLOCK_REALTIME) - item->modified_s;

	item->written_s = s->opened_s - (age_s > 0 ? age_s : 0);
}

static int recover_class(struct spool *s, enum spool_class class, uint64_t flushed_seq,
			 struct found *found) {
	struct segment_list *list = &s->lists[class];
	struct lane *l = &s->lanes[class];
	int err = 0;

	drop_replaced(s, class);
	for (size_t i = list->n; i-- > 0 && !err;) {
		if (list->items[i].gap)
			continue;
		err = scan_last(s, class, &list->items[i], flushed_seq, found);
		break;
	}
	for (size_t i = 0; i < list->n; i++) {
		struct segment_item *item = &list->items[i];

		if (item->end == UINT64_MAX)
			item->end = l->next_ord;
		else if (item->gap && item->end > l->next_ord)
			l->next_ord = item->end;
		s->total_bytes += item->bytes;
		/* whoever made it of a segment, by another name, died before it was empty */
		if (item->gap && item->bytes)
			bound_empty(s, class, item);
		set_age(s, item);
	}
	drop_empty(s, class);
	memcpy(l->flushed_tag, l->tag, sizeof(l->tag));
	return err;
}

/* know - at least that much was given out: ordinals of each class, and the sequence */
static void know(struct head_state *least, const uint64_t end[SPOOL_CLASSES], uint64_t seq) {
	for (int i = 0; i < SPOOL_CLASSES; i++)
		if (end[i] > least->end[i])
			least->end[i] = end[i];
	if (seq > least->seq)
		least->seq = seq;
}

/* tell_hole - numbers without events become a gap, so that every ledger has them */
static void tell_hole(struct spool *s, const struct head_state *least, const struct found *found,
		      struct spool_hole *hole) {
	struct lane *l = &s->lanes[SPOOL_ALARM];

	*hole = (struct spool_hole){ least->seq + 1, found->seq,
				     found->seq - least->seq - found->after };
	bound_gap(s, SPOOL_ALARM, l->next_ord, l->next_ord + hole->count, SPOOL_CRASHED);
	l->next_ord += hole->count;
	s->flushed.end[SPOOL_ALARM] = l->flushed_ord = l->next_ord;
}

/* find_kept - what the run before kept for who looks back */
static int find_kept(struct spool *s) {
	int err = segment_list_kept(s->dir, s->kept);

	for (int class = 0; class < SPOOL_CLASSES && !err; class++) {
		for (size_t i = 0; i < s->kept[class].n; i++) {
			s->total_bytes += s->kept[class].items[i].bytes;
			set_age(s, &s->kept[class].items[i]);
		}
	}
	return err;
}

int recover_start(struct spool *s, struct spool_hole *hole) {
	struct head_state head, least = { 0 };
	bool trusted = head_load(s->head, &head);
	int err = segment_list_read(s->dir, s->lists) ?: find_kept(s);
	struct found found;
	struct cursor c;

	if (trusted)
		know(&least, head.end, head.seq);
	for (size_t i = 0; i < s->o.n_readers; i++)
		if (!cursor_read(s->dir, s->o.readers[i], &c))
			know(&least, c.next, c.seq);
	found = (struct found){ .seq = least.seq };
	for (int i = 0; i < SPOOL_CLASSES && !err; i++)
		err = recover_class(s, (enum spool_class)i, least.seq, &found);
	if (err)
		return err;
	for (int i = 0; i < SPOOL_CLASSES; i++) {
		struct lane *l = &s->lanes[i];

		if (least.end[i] > l->next_ord) {
			bound_gap(s, (enum spool_class)i, l->next_ord, least.end[i], SPOOL_CORRUPT);
			l->next_ord = least.end[i];
		}
		s->flushed.end[i] = l->flushed_ord = l->next_ord;
	}
	s->seq = s->flushed.seq = found.seq;
	if (trusted && found.seq - least.seq > found.after)
		tell_hole(s, &least, &found, hole);
	return 0;
}
