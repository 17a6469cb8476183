/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bound.c - what leaves the spool, and what tells of it
 *
 * What all readers have is kept for a while (keep.c), and removed without a word. What goes before
 * that leaves a gap, an empty file whose name says all: it can be made when there is no space for
 * anything else.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "spool/cursor.h"
#include "spool/writer.h"

#define ADOPT_EVERY 4 /* calls of spool_tend() */
#define SEAL_MAX_S 3600 /* a quiet class's segment ends too, so that it can grow old */

void bound_drop(struct spool *s, enum spool_class class, const struct segment_item *item) {
	char name[SEGMENT_NAME_BYTES];

	(void)unlinkat(s->dir, segment_name(class, item, name), 0);
	s->total_bytes -= item->bytes;
}

void bound_seal(struct spool *s, enum spool_class class) {
	struct segment_list *list = &s->lists[class];
	struct lane *l = &s->lanes[class];
	struct segment_item *item;

	if (l->fd < 0)
		return;
	(void)close(l->fd);
	l->fd = -1;
	item = &list->items[list->n - 1];
	item->end = l->flushed_ord;
	item->written_s = writer_clock_s(CLOCK_BOOTTIME);
	if (item->end > item->first)
		return;
	/* the disk took its header, and nothing else */
	bound_drop(s, class, item);
	segment_list_remove(list, list->n - 1);
}

static int make_file(struct spool *s, enum spool_class class, const struct segment_item *gap) {
	char name[SEGMENT_NAME_BYTES];
	int fd = openat(s->dir, segment_name(class, gap, name),
			O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return -errno;
	(void)close(fd);
	return 0;
}

/* grow_gap - one gap instead of two side by side; false when they do not fit */
static bool grow_gap(struct spool *s, enum spool_class class, struct segment_item *gap,
		     uint64_t first, uint64_t end, enum spool_cause cause) {
	char from[SEGMENT_NAME_BYTES], to[SEGMENT_NAME_BYTES];
	struct segment_item grown = *gap;

	if (!gap->gap || gap->end != first || gap->cause != cause)
		return false;
	grown.end = end;
	if (renameat(s->dir, segment_name(class, gap, from), s->dir,
		     segment_name(class, &grown, to)))
		return false;
	*gap = grown;
	return true;
}

void bound_gap(struct spool *s, enum spool_class class, uint64_t first, uint64_t end,
	       enum spool_cause cause) {
	struct segment_list *list = &s->lists[class];
	struct lane *l = &s->lanes[class];
	struct segment_item gap = { .first = first, .end = end, .gap = true, .cause = cause };

	if (l->owed.end) {
		l->owed.end = end; /* one name, and so one cause, for all that had no room */
		(void)bound_pay(s, class);
		return;
	}
	if (list->n && grow_gap(s, class, &list->items[list->n - 1], first, end, cause))
		return;
	if (make_file(s, class, &gap) || segment_list_add(list, &gap))
		l->owed = gap;
}

bool bound_pay(struct spool *s, enum spool_class class) {
	struct segment_item *owed = &s->lanes[class].owed;

	if (!owed->end)
		return true;
	if (make_file(s, class, owed) || segment_list_add(&s->lists[class], owed))
		return false;
	owed->end = 0;
	return true;
}

void bound_empty(struct spool *s, enum spool_class class, struct segment_item *gap) {
	char name[SEGMENT_NAME_BYTES];
	int fd = openat(s->dir, segment_name(class, gap, name),
			O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return;
	(void)close(fd);
	s->total_bytes -= gap->bytes;
	gap->bytes = 0;
}

/*
 * become_gap - the file of @old is @gap's from now on
 * Where there is no room for another name, there is for another name of the same file.
 */
static int become_gap(struct spool *s, enum spool_class class, const struct segment_item *old,
		      struct segment_item *gap) {
	char from[SEGMENT_NAME_BYTES], to[SEGMENT_NAME_BYTES];

	if (renameat(s->dir, segment_name(class, old, from), s->dir, segment_name(class, gap, to)))
		return -errno;
	gap->bytes = old->bytes;
	bound_empty(s, class, gap);
	return 0;
}

/* leave - the segment @old is in the list no more; what only one who is away wants can be kept */
static void leave(struct spool *s, enum spool_class class, const struct segment_item *old,
		  enum spool_cause cause) {
	if (cause == SPOOL_AWAY)
		keep_segment(s, class, old);
	else
		bound_drop(s, class, old);
}

/* replace - the @i-th of @class, a segment, by a gap */
static void replace(struct spool *s, enum spool_class class, size_t i, enum spool_cause cause) {
	struct segment_list *list = &s->lists[class];
	struct segment_item *item = &list->items[i], old, gap;

	if (i + 1 == list->n)
		bound_seal(s, class);
	old = *item;
	if (i > 0 && grow_gap(s, class, item - 1, old.first, old.end, cause)) {
		leave(s, class, &old, cause);
		segment_list_remove(list, i);
		return;
	}
	gap = (struct segment_item){ .first = old.first, .end = old.end, .gap = true,
				     .cause = cause };
	if (!make_file(s, class, &gap)) {
		leave(s, class, &old, cause);
	} else if (become_gap(s, class, &old, &gap)) {
		/* no room even for that: the segment makes some; or its events count as damaged */
		bound_drop(s, class, &old);
		(void)make_file(s, class, &gap);
	}
	*item = gap;
}

/* oldest - the first segment of @class that holds events, or its list's n */
static size_t oldest(const struct spool *s, enum spool_class class) {
	const struct segment_list *list = &s->lists[class];
	size_t i = 0;

	while (i < list->n && list->items[i].gap)
		i++;
	return i;
}

bool bound_free_one(struct spool *s, enum spool_class most) {
	if (keep_drop_one(s))
		return true;
	for (int class = 0; class <= (int)most; class++) {
		size_t i = oldest(s, (enum spool_class)class);

		if (i == s->lists[class].n)
			continue;
		/* one that has just been begun holds nothing yet */
		if (s->lists[class].items[i].first == s->lanes[class].flushed_ord)
			continue;
		replace(s, (enum spool_class)class, i, SPOOL_FULL);
		return true;
	}
	return false;
}

void bound_bytes(struct spool *s) {
	while (s->total_bytes > s->o.max_bytes && bound_free_one(s, SPOOL_CLASSES - 1))
		;
}

/*
 * age_s - how long ago @item was written, at least
 * Wall clocks jump, and events are not to go for that. So what this run wrote is as old as the
 * clock since boot says, which counts sleep and does not jump. What was there before is older by
 * what the wall clock said at the start; or, if it was set back since, as it says now.
 */
int64_t bound_age_s(const struct segment_item *item) {
	int64_t age = writer_clock_s(CLOCK_BOOTTIME) - item->written_s;
	int64_t wall = writer_clock_s(CLOCK_REALTIME) - item->modified_s;

	return item->modified_s && wall >= 0 && wall < age ? wall : age;
}

/* drop_old - what is past the bound of age */
static void drop_old(struct spool *s, enum spool_class class) {
	size_t i;

	while ((i = oldest(s, class)) < s->lists[class].n) {
		const struct segment_item *item = &s->lists[class].items[i];

		if (item->end == UINT64_MAX || bound_age_s(item) <= (int64_t)s->o.max_age_s)
			return;
		replace(s, class, i, SPOOL_EXPIRED);
	}
}

/*
 * retire - what all readers have passed; of what is wanted from @wanted on by who is away, a gap
 * stays, and one for all that follows it
 */
static void retire(struct spool *s, enum spool_class class, uint64_t passed, uint64_t wanted) {
	struct segment_list *list = &s->lists[class];
	size_t i = 0;

	while (i < list->n && list->items[i].end <= passed) {
		const struct segment_item *item = &list->items[i];
		bool follows = i && item[-1].gap && item[-1].cause == SPOOL_AWAY;

		if (item->end <= wanted) {
			if (item->gap)
				bound_drop(s, class, item);
			else
				keep_segment(s, class, item);
			segment_list_remove(list, i);
		} else if (item->gap && (!follows || item->cause == SPOOL_AWAY)) {
			i++;
		} else {
			replace(s, class, i, SPOOL_AWAY);
		}
	}
}

/* passed - for each class the first ordinal that some reader still wants */
static void find_passed(const struct spool *s, uint64_t ret[SPOOL_CLASSES]) {
	for (int class = 0; class < SPOOL_CLASSES; class++)
		ret[class] = s->o.n_readers ? s->lanes[class].flushed_ord : 0;
	for (size_t i = 0; i < s->o.n_readers; i++) {
		struct cursor c;

		/* one that cannot be read is about to be mended: until then it holds everything */
		if (cursor_read(s->dir, s->o.readers[i], &c))
			memset(c.next, 0, sizeof(c.next));
		for (int class = 0; class < SPOOL_CLASSES; class++)
			if (c.next[class] < ret[class])
				ret[class] = c.next[class];
	}
}

/* adopt - a packed segment, @name, takes the place of the one that it was made of */
static void adopt(struct spool *s, const char *name) {
	enum spool_class class = (enum spool_class)(name[0] - '0');
	struct segment_list *list = &s->lists[class];
	struct segment_item *item = NULL;
	uint64_t first = strtoull(name + 2, NULL, 16);
	char to[SEGMENT_NAME_BYTES];
	struct stat st;

	for (size_t i = 0; i < list->n && !item; i++)
		if (!list->items[i].gap && list->items[i].first == first &&
		    list->items[i].end != UINT64_MAX)
			item = &list->items[i];
	item = item ? item : keep_find(s, class, first);
	if (!item || fstatat(s->dir, name, &st, AT_SYMLINK_NOFOLLOW) ||
	    renameat(s->dir, name, s->dir, segment_name(class, item, to))) {
		(void)unlinkat(s->dir, name, 0);
		return;
	}
	s->total_bytes -= item->bytes;
	item->bytes = (uint64_t)st.st_size;
	s->total_bytes += item->bytes;
}

/* adopt_packed - what the packer has finished */
static void adopt_packed(struct spool *s) {
	int fd = openat(s->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (strlen(e->d_name) == 25 && !strcmp(e->d_name + 18, ".packed") &&
		    e->d_name[0] >= '0' && e->d_name[0] < '0' + SPOOL_CLASSES)
			adopt(s, e->d_name);
	if (d)
		(void)closedir(d);
	else if (fd >= 0)
		(void)close(fd);
}

/* look_at_lag - what the readers have not had, by when it came */
static void look_at_lag(struct spool *s, const uint64_t passed[SPOOL_CLASSES]) {
	uint64_t end[SPOOL_CLASSES];

	if (!s->o.n_readers)
		return;
	for (int i = 0; i < SPOOL_CLASSES; i++)
		end[i] = s->lanes[i].flushed_ord;
	lag_step(&s->lag, passed, end, clock_ms(CLOCK_BOOTTIME));
}

uint64_t spool_lag_ms(const struct spool *s) {
	return s->lag.ms;
}

void spool_tend(struct spool *s) {
	int64_t now = writer_clock_s(CLOCK_BOOTTIME);
	int64_t seal_s = s->o.max_age_s / 8 < SEAL_MAX_S ? (int64_t)s->o.max_age_s / 8 : SEAL_MAX_S;
	uint64_t passed[SPOOL_CLASSES], wanted[SPOOL_CLASSES];

	spool_flush(s);
	if (++s->tended % ADOPT_EVERY == 0)
		adopt_packed(s);
	find_passed(s, passed);
	look_at_lag(s, passed);
	away_wanted(s, wanted);
	for (int i = 0; i < SPOOL_CLASSES; i++) {
		enum spool_class class = (enum spool_class)i;
		struct lane *l = &s->lanes[class];

		(void)bound_pay(s, class);
		if (l->fd >= 0 && s->o.max_age_s && now - l->began_s >= seal_s)
			bound_seal(s, class);
		retire(s, class, passed[class], wanted[class]);
		/* not at once: a clock may be wrong then, and a sink may take what is there */
		if (s->o.max_age_s && now - s->opened_s >= seal_s)
			drop_old(s, class);
		/* without readers nobody is told of a gap, unless one comes back */
		while (!s->o.n_readers && s->lists[class].n && s->lists[class].items[0].gap &&
		       s->lists[class].items[0].end <= wanted[class])
			retire(s, class, s->lists[class].items[0].end, wanted[class]);
	}
	keep_tend(s);
	bound_bytes(s);
}
