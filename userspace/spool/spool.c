/* SPDX-License-Identifier: Apache-2.0 */
#include "spool/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "spool/chain.h"
#include "spool/cursor.h"
#include "spool/writer.h"

#define SEGMENT_MIN_BYTES (64 * 1024)
#define SEGMENT_MAX_BYTES (8 * 1024 * 1024)
#define SEGMENTS_WANTED 32 /* of which the bound is made: what is dropped at once is a part of it */

_Static_assert(sizeof(struct segment_record) % 8 == 0, "records lie at multiples of 8");

int64_t writer_clock_s(clockid_t clock) {
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return t.tv_sec;
}

/* --- start ------------------------------------------------------------------------------------ */

/* make_folder - @path, and those above it that are not there */
static int make_folder(const char *path) {
	char above[PATH_MAX];
	size_t n = strlen(path);

	if (n >= sizeof(above))
		return -ENAMETOOLONG;
	memcpy(above, path, n + 1);
	for (size_t i = 1; i <= n; i++) {
		if (i < n && path[i] != '/')
			continue;
		above[i] = '\0';
		if (mkdir(above, 0700) && errno != EEXIST)
			return -errno;
		above[i] = path[i];
	}
	return 0;
}

static int open_folder(struct spool *s) {
	int err = make_folder(s->o.folder);

	if (err)
		return err;
	s->dir = open(s->o.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (s->dir < 0)
		return -errno;
	s->lock = openat(s->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->lock < 0)
		return -errno;
	if (flock(s->lock, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	return head_open(s->dir, true, &s->head);
}

/* new_readers - a reader that is new begins with what comes now */
static int new_readers(struct spool *s) {
	for (size_t i = 0; i < s->o.n_readers; i++) {
		struct cursor_file file;
		struct cursor c;
		int err = cursor_open(s->dir, s->o.readers[i], false, &file, &c);

		if (!err) {
			cursor_close(&file);
			continue;
		}
		if (err != -ENOENT)
			continue; /* the reader mends it, and says so */
		err = cursor_open(s->dir, s->o.readers[i], true, &file, &c);
		if (err && err != -EBADMSG)
			return err;
		for (int k = 0; k < SPOOL_CLASSES; k++)
			c.start[k] = c.next[k] = s->lanes[k].next_ord;
		c.seq = s->seq;
		err = cursor_write(&file, &c);
		cursor_close(&file);
		if (err)
			return err;
	}
	return 0;
}

static uint64_t segment_bytes(uint64_t max_bytes) {
	uint64_t n = max_bytes / SEGMENTS_WANTED;

	return n < SEGMENT_MIN_BYTES ? SEGMENT_MIN_BYTES
	       : n > SEGMENT_MAX_BYTES ? SEGMENT_MAX_BYTES : n;
}

int spool_open(const struct spool_options *o, struct spool **ret, struct spool_hole *hole) {
	struct spool *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	s->o = *o;
	s->dir = s->lock = -1;
	for (int i = 0; i < SPOOL_CLASSES; i++)
		s->lanes[i].fd = -1;
	if (o->key) {
		memcpy(s->key, o->key, SPOOL_KEY_BYTES);
		s->o.key = s->key;
	}
	s->segment_bytes = segment_bytes(o->max_bytes);
	s->opened_s = writer_clock_s(CLOCK_BOOTTIME);
	*hole = (struct spool_hole){ 0 };
	err = open_folder(s);
	if (!err)
		err = recover_start(s, hole);
	if (!err)
		err = new_readers(s);
	if (!err)
		err = away_find(s);
	if (err) {
		spool_free(s);
		return err;
	}
	head_store(s->head, &s->flushed);
	*ret = s;
	return 0;
}

/* --- append ----------------------------------------------------------------------------------- */

uint64_t spool_next_seq(const struct spool *s) {
	return s->seq + 1;
}

struct buf *spool_begin(struct spool *s, enum spool_class class) {
	struct lane *l = &s->lanes[class];

	s->class = class;
	l->record = l->buf.len;
	if (buf_room(&l->buf, sizeof(struct segment_record)))
		l->buf.len += sizeof(struct segment_record);
	return &l->buf;
}

/* lost - an event that has its numbers, and nothing else */
static void lost(struct spool *s, struct lane *l, uint64_t seq) {
	l->buf.len = l->record;
	l->buf.error = 0;
	spool_flush(s);
	s->seq = seq;
	bound_seal(s, s->class);
	bound_gap(s, s->class, l->next_ord, l->next_ord + 1, SPOOL_UNWRITTEN);
	s->unwritten++;
	l->flushed_ord = ++l->next_ord;
}

void spool_end(struct spool *s, uint64_t seq) {
	struct lane *l = &s->lanes[s->class];
	size_t n = l->buf.len - l->record, whole;
	struct segment_record *r;

	if (n <= sizeof(*r) || n - sizeof(*r) > SPOOL_MAX_EVENT_BYTES) {
		lost(s, l, seq);
		return;
	}
	n -= sizeof(*r);
	whole = segment_record_bytes((uint32_t)n, s->o.key != NULL);
	if (buf_error(&l->buf) || !buf_room(&l->buf, whole - n - sizeof(*r))) {
		lost(s, l, seq);
		return;
	}
	r = (void *)(l->buf.data + l->record);
	*r = (struct segment_record){ .len = (uint32_t)n, .ord = l->next_ord++, .seq = seq };
	memset(l->buf.data + l->buf.len, 0, whole - n - sizeof(*r));
	if (s->o.key) {
		chain_next(s->o.key, l->tag, r);
		memcpy(l->buf.data + l->buf.len, l->tag, SEGMENT_TAG_BYTES);
	}
	r->crc = segment_crc(r);
	l->buf.len = l->record + whole;
	s->seq = seq;
}

/* --- flush ------------------------------------------------------------------------------------ */

static int write_all(int fd, const char *bytes, size_t n) {
	while (n) {
		ssize_t r = write(fd, bytes, n);

		if (r < 0 && errno != EINTR)
			return -errno;
		if (r == 0)
			return -EIO;
		bytes += r > 0 ? r : 0;
		n -= r > 0 ? (size_t)r : 0;
	}
	return 0;
}

static int begin_segment(struct spool *s, enum spool_class class) {
	struct lane *l = &s->lanes[class];
	struct segment_item item = { .first = l->flushed_ord, .end = UINT64_MAX };
	struct segment_header h;
	char name[SEGMENT_NAME_BYTES];
	int err;

	memset(&h, 0, sizeof(h));
	memcpy(h.magic, SEGMENT_MAGIC, sizeof(h.magic));
	h.schema = s->o.schema;
	h.first_ord = item.first;
	h.first_seq = s->flushed.seq + 1;
	h.began_ns = (uint64_t)writer_clock_s(CLOCK_REALTIME) * 1000000000u;
	h.class = class;
	h.flags = s->o.key ? SEGMENT_KEYED : 0;
	memcpy(h.prior, l->flushed_tag, sizeof(h.prior));
	h.crc = segment_header_crc(&h);
	(void)segment_name(class, &item, name);
	l->fd = openat(s->dir, name,
		       O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (l->fd < 0)
		return -errno;
	err = write_all(l->fd, (const char *)&h, sizeof(h));
	if (!err)
		err = segment_list_add(&s->lists[class], &item);
	if (err) {
		(void)unlinkat(s->dir, name, 0);
		(void)close(l->fd);
		l->fd = -1;
		return err;
	}
	s->lists[class].items[s->lists[class].n - 1].bytes = sizeof(h);
	s->total_bytes += sizeof(h);
	l->began_s = writer_clock_s(CLOCK_BOOTTIME);
	return 0;
}

/* append - the buffer of @class to its segment; what was written by half is taken back */
static int append(struct spool *s, enum spool_class class) {
	struct lane *l = &s->lanes[class];
	struct segment_item *item;
	int err = l->fd < 0 ? begin_segment(s, class) : 0;

	if (err)
		return err;
	item = &s->lists[class].items[s->lists[class].n - 1];
	err = write_all(l->fd, l->buf.data, l->buf.len);
	if (err) {
		(void)!ftruncate(l->fd, (off_t)item->bytes);
		return err;
	}
	item->bytes += l->buf.len;
	s->total_bytes += l->buf.len;
	if (item->bytes >= s->segment_bytes) {
		l->flushed_ord = l->next_ord;
		bound_seal(s, class);
	}
	return 0;
}

/* flush_lane - whether everything of @class has now its place, in a file or in a gap */
static bool flush_lane(struct spool *s, enum spool_class class) {
	struct lane *l = &s->lanes[class];
	int err = -ENOSPC;

	if (!l->buf.len)
		return bound_pay(s, class);
	if (bound_pay(s, class))
		while ((err = append(s, class)) && (err == -ENOSPC || err == -EDQUOT) &&
		       bound_free_one(s, class))
			;
	if (err) {
		s->unwritten += l->next_ord - l->flushed_ord;
		bound_seal(s, class);
		bound_gap(s, class, l->flushed_ord, l->next_ord, SPOOL_UNWRITTEN);
	}
	l->flushed_ord = l->next_ord;
	memcpy(l->flushed_tag, l->tag, sizeof(l->tag));
	buf_reset(&l->buf);
	return !l->owed.end;
}

void spool_flush(struct spool *s) {
	bool told = true;

	if (s->flushed.seq == s->seq && !spool_buffered(s))
		return;
	for (int i = 0; i < SPOOL_CLASSES; i++)
		told &= flush_lane(s, (enum spool_class)i);
	/* readers wait for what is owed: without its gap they would take it for damage */
	if (!told)
		return;
	s->flushed.seq = s->seq;
	for (int i = 0; i < SPOOL_CLASSES; i++)
		s->flushed.end[i] = s->lanes[i].next_ord;
	head_store(s->head, &s->flushed);
	bound_bytes(s);
}

void spool_wake(struct spool *s) {
	head_store(s->head, &s->flushed);
}

size_t spool_buffered(const struct spool *s) {
	size_t n = 0;

	for (int i = 0; i < SPOOL_CLASSES; i++)
		n += s->lanes[i].buf.len;
	return n;
}

uint64_t spool_unwritten(const struct spool *s) {
	return s->unwritten;
}

bool spool_settled(const struct spool *s) {
	return s->flushed.seq == s->seq;
}

void spool_free(struct spool *s) {
	if (!s)
		return;
	if (s->head)
		spool_flush(s);
	for (int i = 0; i < SPOOL_CLASSES; i++) {
		if (s->lanes[i].fd >= 0)
			(void)close(s->lanes[i].fd);
		buf_done(&s->lanes[i].buf);
	}
	segment_list_done(s->lists);
	segment_list_done(s->kept);
	head_free(s->head);
	if (s->lock >= 0)
		(void)close(s->lock);
	if (s->dir >= 0)
		(void)close(s->dir);
	chain_wipe(s->key);
	free(s->away);
	free(s);
}
