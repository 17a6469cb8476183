/* SPDX-License-Identifier: Apache-2.0 */
#include "spool/segment.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc32c.h"

static const char *const causes[SPOOL_CAUSES] = {
	[SPOOL_FULL] = "full",	     [SPOOL_EXPIRED] = "expired", [SPOOL_UNWRITTEN] = "unwritten",
	[SPOOL_CORRUPT] = "corrupt", [SPOOL_REFUSED] = "refused", [SPOOL_FILTERED] = "filtered",
	[SPOOL_CRASHED] = "crashed", [SPOOL_AWAY] = "away",
};

const char *spool_cause_name(enum spool_cause cause) {
	return causes[cause];
}

const char *spool_class_name(enum spool_class class) {
	static const char *const names[SPOOL_CLASSES] = { "bulk", "life", "alarm" };

	return names[class];
}

uint32_t segment_crc(const struct segment_record *r) {
	return crc32c(r->len, &r->ord, sizeof(*r) - offsetof(struct segment_record, ord) + r->len);
}

uint32_t segment_header_crc(const struct segment_header *h) {
	return crc32c(0, h, offsetof(struct segment_header, crc));
}

const char *segment_name(enum spool_class class, const struct segment_item *item,
			 char to[SEGMENT_NAME_BYTES]) {
	if (item->gap)
		(void)snprintf(to, SEGMENT_NAME_BYTES, "%d-%016" PRIx64 "-%016" PRIx64 "-%s.gap",
			       (int)class, item->first, item->end, causes[item->cause]);
	else
		(void)snprintf(to, SEGMENT_NAME_BYTES, "%d-%016" PRIx64 ".%s", (int)class,
			       item->first, item->kept ? "kept" : "seg");
	return to;
}

/* parse_gap - the rest of a gap's name, "END-CAUSE.gap" */
static bool parse_gap(const char *name, struct segment_item *item) {
	char *end;

	item->gap = true;
	item->end = strtoull(name, &end, 16);
	if (end != name + 16 || *end++ != '-' || item->end <= item->first)
		return false;
	for (int i = 0; i < SPOOL_CAUSES; i++) {
		size_t n = strlen(causes[i]);

		item->cause = (enum spool_cause)i;
		if (!strncmp(end, causes[i], n) && !strcmp(end + n, ".gap"))
			return true;
	}
	return false;
}

static bool parse(const char *name, int *class, struct segment_item *item) {
	char *end;

	*item = (struct segment_item){ .end = UINT64_MAX };
	if (name[0] < '0' || name[0] >= '0' + SPOOL_CLASSES || name[1] != '-')
		return false;
	*class = name[0] - '0';
	item->first = strtoull(name + 2, &end, 16);
	if (end != name + 18)
		return false;
	item->kept = !strcmp(end, ".kept");
	return item->kept || !strcmp(end, ".seg") ||
	       (*end == '-' && parse_gap(end + 1, item));
}

int segment_list_add(struct segment_list *list, const struct segment_item *item) {
	if (list->n == list->cap) {
		size_t cap = list->cap ? 2 * list->cap : 16;
		struct segment_item *items = realloc(list->items, cap * sizeof(*items));

		if (!items)
			return -ENOMEM;
		list->items = items;
		list->cap = cap;
	}
	list->items[list->n++] = *item;
	return 0;
}

void segment_list_remove(struct segment_list *list, size_t i) {
	list->n--;
	memmove(&list->items[i], &list->items[i + 1], (list->n - i) * sizeof(list->items[0]));
}

static int compare(const void *a, const void *b) {
	const struct segment_item *x = a, *y = b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return (int)x->gap - (int)y->gap;
}

/* set_ends - a segment ends where the next thing begins; not at a gap that is to replace it */
static void set_ends(struct segment_list *list) {
	uint64_t next = UINT64_MAX;

	if (list->n)
		qsort(list->items, list->n, sizeof(list->items[0]), compare);
	for (size_t i = list->n; i-- > 0;) {
		struct segment_item *item = &list->items[i];

		if (i + 1 < list->n && item[1].first != item->first)
			next = item[1].first;
		if (!item->gap)
			item->end = next;
	}
}

static int list_read(int dir, bool kept, struct segment_list lists[SPOOL_CLASSES]) {
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), class, err = 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct segment_item item;
	struct dirent *entry;
	struct stat st;

	for (int i = 0; i < SPOOL_CLASSES; i++)
		lists[i].n = 0;
	if (!d) {
		err = -errno;
		if (fd >= 0)
			(void)close(fd);
		return err;
	}
	while (!err && (entry = readdir(d))) {
		if (!parse(entry->d_name, &class, &item) || item.kept != kept ||
		    fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode))
			continue;
		item.bytes = (uint64_t)st.st_size;
		item.modified_s = st.st_mtime;
		err = segment_list_add(&lists[class], &item);
	}
	(void)closedir(d);
	return err;
}

int segment_list_read(int dir, struct segment_list lists[SPOOL_CLASSES]) {
	int err = list_read(dir, false, lists);

	for (int i = 0; i < SPOOL_CLASSES; i++)
		set_ends(&lists[i]);
	return err;
}

int segment_list_kept(int dir, struct segment_list lists[SPOOL_CLASSES]) {
	int err = list_read(dir, true, lists);

	for (int i = 0; i < SPOOL_CLASSES; i++)
		if (lists[i].n)
			qsort(lists[i].items, lists[i].n, sizeof(lists[i].items[0]), compare);
	return err;
}

const struct segment_item *segment_list_find(const struct segment_list *list, uint64_t ord) {
	const struct segment_item *gap = NULL;

	for (size_t i = 0; i < list->n && list->items[i].first <= ord; i++) {
		const struct segment_item *item = &list->items[i];

		if (ord >= item->end)
			continue;
		if (!item->gap)
			return item;
		gap = item;
	}
	return gap;
}

void segment_list_done(struct segment_list lists[SPOOL_CLASSES]) {
	for (int i = 0; i < SPOOL_CLASSES; i++) {
		free(lists[i].items);
		lists[i] = (struct segment_list){ 0 };
	}
}
