/* SPDX-License-Identifier: Apache-2.0 */
#include "spool/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "spool/source.h"

static int walk_segment(int dir, enum spool_class class, const struct segment_item *item,
			int (*each)(void *, const void *, size_t), void *ctx) {
	const struct segment_record *r;
	struct segment_item kept = *item;
	struct source src;
	int err = source_open(dir, class, item, false, &src);

	kept.kept = true;
	if (err == -ENOENT && !item->kept) /* delivered meanwhile */
		err = source_open(dir, class, &kept, false, &src);
	if (err)
		return err == -ENOENT ? 0 : err; /* delivered and removed meanwhile */
	while (!err && (r = source_next(&src, 0, UINT64_MAX, &err)))
		err = each(ctx, r + 1, r->len);
	source_close(&src);
	return err;
}

/* has - whether a segment that begins with @first is in @list, which may be NULL */
static bool has(const struct segment_list *list, uint64_t first) {
	for (size_t i = 0; list && i < list->n; i++)
		if (!list->items[i].gap && list->items[i].first == first)
			return true;
	return false;
}

/* walk_list - the segments of @list, but for those that @done has, from the last to the first */
static int walk_list(int dir, enum spool_class class, const struct segment_list *list,
		     const struct segment_list *done,
		     int (*each)(void *, const void *, size_t), void *ctx) {
	int err = 0;

	for (size_t i = list->n; i-- > 0 && !err;)
		if (!list->items[i].gap && !has(done, list->items[i].first))
			err = walk_segment(dir, class, &list->items[i], each, ctx);
	return err;
}

int spool_walk(const char *folder, int (*each)(void *, const void *, size_t), void *ctx) {
	struct segment_list lists[SPOOL_CLASSES] = { 0 }, kept[SPOOL_CLASSES] = { 0 };
	int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err;

	if (dir < 0)
		return -errno;
	err = segment_list_read(dir, lists) ?: segment_list_kept(dir, kept);
	for (int class = SPOOL_CLASSES - 1; class >= 0 && !err; class--) {
		err = walk_list(dir, (enum spool_class)class, &lists[class], NULL, each, ctx);
		if (!err)
			err = walk_list(dir, (enum spool_class)class, &kept[class], &lists[class],
					each, ctx);
	}
	segment_list_done(lists);
	segment_list_done(kept);
	(void)close(dir);
	return err;
}
