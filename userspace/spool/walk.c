/* SPDX-License-Identifier: Apache-2.0 */
#include "spool/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "spool/source.h"

static int walk_segment(int dir, enum spool_class class, const struct segment_item *item,
			int (*each)(void *, const void *, size_t), void *ctx) {
	const struct segment_record *r;
	struct source src;
	int err = source_open(dir, class, item, false, &src);

	if (err)
		return err == -ENOENT ? 0 : err; /* delivered and removed meanwhile */
	while (!err && (r = source_next(&src, 0, UINT64_MAX, &err)))
		err = each(ctx, r + 1, r->len);
	source_close(&src);
	return err;
}

int spool_walk(const char *folder, int (*each)(void *, const void *, size_t), void *ctx) {
	struct segment_list lists[SPOOL_CLASSES] = { 0 };
	int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err;

	if (dir < 0)
		return -errno;
	err = segment_list_read(dir, lists);
	for (int class = 0; class < SPOOL_CLASSES && !err; class++)
		for (size_t i = 0; i < lists[class].n && !err; i++)
			if (!lists[class].items[i].gap)
				err = walk_segment(dir, (enum spool_class)class,
						   &lists[class].items[i], each, ctx);
	segment_list_done(lists);
	(void)close(dir);
	return err;
}
