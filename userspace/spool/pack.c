/* SPDX-License-Identifier: Apache-2.0 */
#include "spool/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

#include "base/crc32c.h"
#include "spool/source.h"

#define LEVEL 3

struct packing {
	int fd;
	struct buf raw; /* records of one frame */
	struct buf out;
};

static int write_all(int fd, const char *bytes, size_t n) {
	while (n) {
		ssize_t r = write(fd, bytes, n);

		if (r < 0 && errno != EINTR)
			return -errno;
		bytes += r > 0 ? r : 0;
		n -= r > 0 ? (size_t)r : 0;
	}
	return 0;
}

/* put_frame - what is in @p->raw, if there is anything */
static int put_frame(struct packing *p) {
	struct source_frame f = { .magic = SOURCE_FRAME_MAGIC, .raw = (uint32_t)p->raw.len };
	size_t bound = ZSTD_compressBound(p->raw.len), n;
	char *to;

	if (!p->raw.len)
		return 0;
	buf_reset(&p->out);
	to = buf_room(&p->out, sizeof(f) + bound);
	if (!to)
		return -ENOMEM;
	n = ZSTD_compress(to + sizeof(f), bound, p->raw.data, p->raw.len, LEVEL);
	if (ZSTD_isError(n))
		return -EIO;
	f.stored = (uint32_t)n;
	f.crc = crc32c(f.raw, to + sizeof(f), n);
	memcpy(to, &f, sizeof(f));
	buf_reset(&p->raw);
	return write_all(p->fd, to, sizeof(f) + n);
}

static int put_records(struct packing *p, struct source *src) {
	const struct segment_record *r;
	int err = 0;

	while (!err && (r = source_next(src, 0, UINT64_MAX, &err))) {
		buf_add(&p->raw, r, segment_record_bytes(r->len, src->keyed));
		if (p->raw.len >= SOURCE_FRAME_BYTES)
			err = put_frame(p);
	}
	if (!err)
		err = buf_error(&p->raw) ? buf_error(&p->raw) : put_frame(p);
	return err ? err : fdatasync(p->fd) ? -errno : 0;
}

/* pack - @src into the file @name, which is made */
static int pack(int dir, const char *name, struct source *src) {
	struct segment_header h = src->header;
	struct packing p = { 0 };
	int err;

	p.fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (p.fd < 0)
		return -errno;
	h.flags |= SEGMENT_PACKED;
	h.crc = segment_header_crc(&h);
	err = write_all(p.fd, (const char *)&h, sizeof(h));
	if (!err)
		err = put_records(&p, src);
	(void)close(p.fd);
	buf_done(&p.raw);
	buf_done(&p.out);
	return err;
}

/* try_item - 1: packed; 0: it is not one to be packed */
static int try_item(int dir, enum spool_class class, const struct segment_item *item) {
	char name[SEGMENT_NAME_BYTES], part[SEGMENT_NAME_BYTES + 8], whole[SEGMENT_NAME_BYTES + 8];
	struct source src;
	int err;

	(void)segment_name(class, item, name);
	(void)snprintf(part, sizeof(part), "%.18s.packing", name);
	(void)snprintf(whole, sizeof(whole), "%.18s.packed", name);
	if (!faccessat(dir, whole, F_OK, 0))
		return 0; /* it waits for the writer */
	err = source_open(dir, class, item, false, &src);
	if (err)
		return err == -ENOENT ? 0 : err;
	/* a damaged one stays as it is, for whoever looks into it */
	err = src.packed || src.damaged_header ? 0 : pack(dir, part, &src);
	if (!err && !src.packed && !src.damaged_header && !src.skipped)
		err = renameat(dir, part, dir, whole) ? -errno : 1;
	if (err <= 0)
		(void)unlinkat(dir, part, 0);
	source_close(&src);
	return err;
}

/* try_lists - the first that is whole and not younger than @until_s, wall clock */
static int try_lists(int dir, const struct segment_list lists[SPOOL_CLASSES], int64_t until_s) {
	int done = 0;

	for (int class = 0; class < SPOOL_CLASSES && !done; class++) {
		for (size_t i = 0; i < lists[class].n && !done; i++) {
			const struct segment_item *item = &lists[class].items[i];

			/* the last one may still grow */
			if (!item->gap && (item->kept || item->end != UINT64_MAX) &&
			    item->modified_s <= until_s)
				done = try_item(dir, (enum spool_class)class, item);
		}
	}
	return done;
}

int pack_one(const char *folder, uint32_t min_age_s) {
	struct segment_list lists[SPOOL_CLASSES] = { 0 };
	int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), done;
	struct timespec now;

	if (dir < 0)
		return -errno;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	done = segment_list_read(dir, lists) ?: try_lists(dir, lists, now.tv_sec - min_age_s);
	if (!done)
		done = segment_list_kept(dir, lists) ?:
		       try_lists(dir, lists, now.tv_sec - min_age_s);
	segment_list_done(lists);
	(void)close(dir);
	return done;
}
