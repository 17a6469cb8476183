/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reader.c - the classes' chains, merged
 *
 * For each class the reader knows the ordinal that comes next. It is in a segment, or in a gap, or
 * in neither: then damage took it. What is missing between two records is counted by their
 * ordinals.
 */
#include "spool/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "spool/head.h"
#include "spool/source.h"

struct strand {
	uint64_t next;	   /* ordinal that is to be given next */
	uint64_t limit;	   /* ordinals below it are flushed */
	struct source src; /* the segment that holds @next, if open */
	uint64_t src_end;  /* where that ends, as far as is known */
	struct reader_item item; /* looked up, and not given yet; READER_NONE: nothing */
};

struct reader {
	int dir;
	bool keyed;
	struct head *head;
	struct cursor_file file;
	struct cursor cursor;
	struct strand strands[SPOOL_CLASSES];
	struct segment_list lists[SPOOL_CLASSES];
	uint64_t seq; /* the last that is flushed, as of the last look */
};

static uint64_t wall_ns(void) {
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* start_anew - a ledger that begins with the oldest event that is there */
static int start_anew(struct reader *r) {
	struct head_state head;
	int err = segment_list_read(r->dir, r->lists);

	(void)head_load(r->head, &head);
	for (int i = 0; i < SPOOL_CLASSES && !err; i++) {
		const struct segment_list *list = &r->lists[i];
		size_t k = 0;

		while (k < list->n && list->items[k].gap && list->items[k].cause == SPOOL_AWAY)
			k++;
		r->cursor.start[i] = k < list->n ? list->items[k].first : head.end[i];
		r->cursor.next[i] = r->cursor.start[i];
	}
	return err ? err : cursor_write(&r->file, &r->cursor);
}

/* own_cursor - opens it when nobody else has it open as a reader */
static int own_cursor(struct reader *r, const char *name) {
	for (;;) {
		int err = cursor_open(r->dir, name, true, &r->file, &r->cursor);

		if (err && err != -EBADMSG)
			return err;
		if (!flock(r->file.fd, LOCK_EX | LOCK_NB))
			return err;
		/* what was read is old once the other one is gone */
		if (errno == EWOULDBLOCK && flock(r->file.fd, LOCK_EX))
			return -errno;
		cursor_close(&r->file);
	}
}

int reader_open(const char *folder, const char *name, bool keyed, struct reader **ret) {
	struct reader *r = calloc(1, sizeof(*r));
	int err, damaged = 0;

	if (!r)
		return -ENOMEM;
	r->keyed = keyed;
	r->file.fd = -1;
	for (int i = 0; i < SPOOL_CLASSES; i++)
		r->strands[i].src.fd = -1;
	r->dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	err = r->dir < 0 ? -errno : head_open(r->dir, false, &r->head);
	if (!err)
		err = own_cursor(r, name);
	if (err == -EBADMSG) {
		damaged = err;
		err = start_anew(r);
	}
	if (err) {
		reader_free(r);
		return err;
	}
	reader_rewind(r);
	*ret = r;
	return damaged;
}

void reader_rewind(struct reader *r) {
	for (int i = 0; i < SPOOL_CLASSES; i++) {
		source_close(&r->strands[i].src);
		r->strands[i].next = r->cursor.next[i];
		r->strands[i].item.what = READER_NONE;
	}
}

/* --- one class -------------------------------------------------------------------------------- */

static struct reader_item gap_item(enum spool_class class, uint64_t first, uint64_t end,
				   enum spool_cause cause) {
	return (struct reader_item){ .what = READER_GAP, .class = class, .ord = first,
				     .count = end - first, .cause = cause };
}

/*
 * list - what is there now, again where nothing that begins from @from on seems to hold @ord
 * A folder that is read while a gap in it gets another name may show neither of the two, and what
 * is there would be taken for damage. More than that is looked for with each new look.
 */
static int list(struct reader *r, enum spool_class class, uint64_t from, uint64_t ord) {
	const struct segment_list *all = &r->lists[class];

	for (int tries = 0; tries < 8; tries++) {
		int err = segment_list_read(r->dir, r->lists);

		if (err)
			return err;
		for (size_t i = 0; i < all->n; i++)
			if ((all->items[i].gap || all->items[i].first >= from) &&
			    all->items[i].first <= ord && ord < all->items[i].end)
				return 0;
	}
	return 0;
}

/* cut - @gap ends where one that may have been told begins or ends, so that it has its id again */
static struct reader_item cut(const struct reader *r, struct reader_item gap) {
	uint64_t first = cursor_promise(gap.class, gap.ord);

	for (int i = 0; i < CURSOR_PROMISES; i++) {
		uint64_t at = r->cursor.promises[i];

		if (at > first && at < first + gap.count)
			gap.count = at - first;
	}
	return gap;
}

/* missing - @first up to before @end are in no segment: the first run of them with one cause */
static struct reader_item missing(const struct reader *r, enum spool_class class, uint64_t first,
				  uint64_t end) {
	const struct segment_list *list = &r->lists[class];
	uint64_t until = end;

	for (size_t i = 0; i < list->n; i++) {
		const struct segment_item *gap = &list->items[i];

		if (!gap->gap || gap->end <= first)
			continue;
		if (gap->first <= first)
			return cut(r, gap_item(class, first, gap->end < end ? gap->end : end,
					       gap->cause));
		if (gap->first < until)
			until = gap->first;
	}
	return cut(r, gap_item(class, first, until, SPOOL_CORRUPT));
}

/* enter - opens the segment that holds @next; 1: there is none, and @item says so; 0 or -errno */
static int enter(struct reader *r, enum spool_class class) {
	struct strand *t = &r->strands[class];
	const struct segment_list *all = &r->lists[class];
	const struct segment_item *item;
	uint64_t end = t->limit;
	int err;

	for (int tries = 0; tries < 8; tries++) {
		err = list(r, class, 0, t->next);
		item = err ? NULL : segment_list_find(all, t->next);
		if (err || !item || item->gap)
			break;
		err = source_open(r->dir, class, item, r->keyed, &t->src);
		t->src_end = item->end;
		if (err != -ENOENT)
			return err;
	}
	if (err)
		return err == -ENOENT ? 1 : err; /* the writer is quicker: another time */
	/* up to the next segment, of which the list is in order */
	for (size_t i = all->n; i-- > 0;)
		if (!all->items[i].gap && all->items[i].first > t->next &&
		    all->items[i].first < end)
			end = all->items[i].first;
	t->item = missing(r, class, t->next, end);
	return 1;
}

/* behind - what follows when the open segment gives nothing below the limit any more */
static int behind(struct reader *r, enum spool_class class) {
	struct strand *t = &r->strands[class];
	uint64_t first = t->src.first, end = t->limit;
	int err = list(r, class, first + 1, t->next);

	/* what it gave may be delivered when it is open no more */
	if (!err)
		err = source_sync(&t->src);
	if (err)
		return err;
	source_close(&t->src);
	for (size_t i = 0; i < r->lists[class].n; i++) {
		const struct segment_item *item = &r->lists[class].items[i];

		if (!item->gap && item->first > first && item->first >= t->next) {
			end = item->first < end ? item->first : end;
			break;
		}
	}
	if (end > t->next)
		t->item = missing(r, class, t->next, end);
	return 0;
}

static void take(struct reader *r, enum spool_class class, const struct segment_record *record) {
	struct strand *t = &r->strands[class];

	if (record->ord > t->next) {
		/* found again once the gap has been given */
		(void)segment_list_read(r->dir, r->lists);
		t->item = missing(r, class, t->next, record->ord);
		source_unread(&t->src, record);
		return;
	}
	t->item = (struct reader_item){
		.what = READER_EVENT, .class = class, .payload = record + 1, .n = record->len,
		.seq = record->seq, .ord = record->ord, .count = 1,
		.bytes = segment_record_bytes(record->len, t->src.keyed),
	};
}

/* look - fills in what this class gives next, if anything below its limit */
static int look(struct reader *r, enum spool_class class) {
	struct strand *t = &r->strands[class];

	while (t->item.what == READER_NONE && t->next < t->limit) {
		const struct segment_record *record;
		int err = 0;

		if (t->src.fd < 0) {
			err = enter(r, class);
			if (err)
				return err < 0 ? err : 0;
		}
		record = source_next(&t->src, t->next, t->limit, &err);
		if (record)
			take(r, class, record);
		else if (!err)
			err = behind(r, class);
		if (err)
			return err;
	}
	return 0;
}

/* --- all of them ------------------------------------------------------------------------------ */

int reader_next(struct reader *r, struct reader_item *ret) {
	struct strand *best = NULL;
	struct head_state head;

	*ret = (struct reader_item){ .what = READER_NONE };
	/* a head that is damaged is the writer's to mend, when it starts */
	if (head_load(r->head, &head)) {
		r->seq = head.seq;
		for (int i = 0; i < SPOOL_CLASSES; i++)
			r->strands[i].limit = head.end[i];
	}
	for (int i = 0; i < SPOOL_CLASSES; i++) {
		struct strand *t = &r->strands[i];
		int err = look(r, (enum spool_class)i);

		if (err)
			return err;
		if (t->item.what == READER_NONE ||
		    (t->item.what == READER_EVENT && t->item.seq > r->seq))
			continue;
		/* a gap has no number, and is told at once */
		if (!best || t->item.seq < best->item.seq)
			best = t;
	}
	if (!best)
		return 0;
	*ret = best->item;
	best->next = best->item.ord + best->item.count;
	best->item.what = READER_NONE;
	return 0;
}

void reader_push_back(struct reader *r, const struct reader_item *item) {
	struct strand *t = &r->strands[item->class];

	t->item = *item;
	t->next = item->ord;
}

int reader_sync(struct reader *r) {
	int err = 0;

	for (int i = 0; i < SPOOL_CLASSES && !err; i++)
		if (r->strands[i].src.fd >= 0)
			err = source_sync(&r->strands[i].src);
	return err;
}

void reader_settle(struct reader *r, const struct reader_item *item, bool acked,
		   enum spool_cause cause) {
	struct cursor *c = &r->cursor;

	if (item->what == READER_GAP)
		cause = item->cause;
	c->settled_ns = wall_ns();
	if (acked && item->what == READER_EVENT) {
		c->acked++;
		c->acked_bytes += item->bytes;
		c->acked_ns = c->settled_ns;
	} else {
		c->dropped[cause] += item->count;
	}
	c->next[item->class] = item->ord + item->count;
	if (item->seq > c->seq)
		c->seq = item->seq;
}

void reader_cap(struct reader *r, uint32_t kind) {
	r->file.capped.n[kind < CURSOR_KINDS ? kind : 0]++;
}

const struct cursor_capped *reader_capped(const struct reader *r) {
	return &r->file.capped;
}

void reader_told(struct reader *r, uint32_t kind, uint64_t n) {
	r->file.capped.n[kind] -= n;
	r->file.capped.told++;
}

/* promise - one more of the @n that are kept, if it is not there */
static size_t promise(struct cursor *c, size_t n, uint64_t at) {
	for (size_t i = 0; i < n; i++)
		if (c->promises[i] == at)
			return n;
	if (n < CURSOR_PROMISES)
		c->promises[n++] = at;
	return n;
}

void reader_promise(struct reader *r, const struct reader_item *gaps, size_t n) {
	uint64_t old[CURSOR_PROMISES];
	struct cursor *c = &r->cursor;
	size_t m = 0;

	memcpy(old, c->promises, sizeof(old));
	memset(c->promises, 0, sizeof(c->promises));
	for (size_t i = 0; i < n; i++) {
		m = promise(c, m, cursor_promise(gaps[i].class, gaps[i].ord));
		m = promise(c, m, cursor_promise(gaps[i].class, gaps[i].ord + gaps[i].count));
	}
	/* and those of gaps that are still to be given, as a batch may be shorter than it was */
	for (int i = 0; i < CURSOR_PROMISES; i++) {
		unsigned class = (unsigned)(old[i] >> CURSOR_ORD_BITS) - 1;

		if (class < SPOOL_CLASSES &&
		    old[i] > cursor_promise((enum spool_class)class, r->strands[class].next))
			m = promise(c, m, old[i]);
	}
}

int reader_save(struct reader *r) {
	return cursor_write(&r->file, &r->cursor);
}

void reader_tell(struct reader *r, const char *why) {
	struct cursor *c = &r->cursor;

	c->failures += why != NULL;
	if (!why)
		c->failed_ns = 0;
	else if (!c->failed_ns)
		c->failed_ns = wall_ns();
	memset(c->why, 0, sizeof(c->why));
	if (why)
		memcpy(c->why, why, strnlen(why, sizeof(c->why) - 1));
}

const struct cursor *reader_cursor(const struct reader *r) {
	return &r->cursor;
}

uint64_t reader_pending(struct reader *r) {
	struct head_state head;
	uint64_t n = 0;

	(void)head_load(r->head, &head);
	for (int i = 0; i < SPOOL_CLASSES; i++)
		n += head.end[i] > r->cursor.next[i] ? head.end[i] - r->cursor.next[i] : 0;
	return n;
}

void reader_wait(struct reader *r, uint32_t ms) {
	uint32_t tick = head_tick(r->head);

	if (!reader_pending(r))
		head_wait(r->head, tick, ms);
}

void reader_free(struct reader *r) {
	if (!r)
		return;
	for (int i = 0; i < SPOOL_CLASSES; i++)
		source_close(&r->strands[i].src);
	segment_list_done(r->lists);
	head_free(r->head);
	cursor_close(&r->file);
	if (r->dir >= 0)
		(void)close(r->dir);
	free(r);
}
