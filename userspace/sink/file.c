/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file.c - a file that is rotated: events.pb, events.pb.1 (the one before it), events.pb.2, …
 *
 * Acknowledged means: written, and on the disk (fdatasync). A batch that does not fit is taken back
 * whole, so that the file never ends in half an event; one that the sensor's end left there is cut
 * off at the first delivery, when nobody else can be writing there any more.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/varint.h"
#include "sink/sink.h"

extern const struct sink_type sink_file;

#define MAX_KEEP 1000

struct file {
	int fd; /* -1: to be opened */
	bool json, sync;
	uint64_t max_bytes, max_age_ms, keep;
	uint64_t size;
	time_t began; /* wall clock */
	struct buf buf;
};

static time_t now_s(void) {
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec;
}

/* whole_messages - the bytes of those that begin in @piece and end among the @left of the file */
static uint64_t whole_messages(const char *piece, uint64_t n, uint64_t left) {
	uint64_t at = 0, len;

	while (at < n) {
		size_t head = varint_get(piece + at, n - at, &len);

		if (!head || len > left - at - head)
			break;
		at += head + len;
	}
	return at;
}

/*
 * whole_bytes - how much of the start of the file is whole events; -errno
 * Of messages only the lengths are looked at: behind a piece goes on what begins behind its last.
 */
static int64_t whole_bytes(const struct file *f, uint64_t size) {
	char piece[65536];
	uint64_t at = 0, whole = 0;

	while (at < size) {
		ssize_t n = pread(f->fd, piece, sizeof(piece), (off_t)at);
		const char *last;
		uint64_t step;

		if (n <= 0)
			return n < 0 ? -errno : (int64_t)whole;
		if (f->json) {
			last = memrchr(piece, '\n', (size_t)n);
			if (last)
				whole = at + (uint64_t)(last - piece) + 1;
			at += (uint64_t)n;
			continue;
		}
		step = whole_messages(piece, (uint64_t)n, size - at);
		if (!step)
			return (int64_t)whole;
		at += step;
		whole = at;
	}
	return (int64_t)whole;
}

/* mend - cuts off half an event at the end; the size that is left */
static uint64_t mend(struct file *f, uint64_t size) {
	int64_t whole = whole_bytes(f, size);

	return whole >= 0 && (uint64_t)whole < size && !ftruncate(f->fd, whole) ? (uint64_t)whole
										: size;
}

static int open_file(struct sink *s) {
	struct file *f = s->state;
	struct stat st;

	f->fd = open(s->url->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY,
		     0600);
	if (f->fd < 0)
		return sink_fail(s, -errno, "\"%.160s\" cannot be opened: %s", s->url->path,
				 strerror(errno));
	if (fstat(f->fd, &st) || !S_ISREG(st.st_mode)) {
		(void)close(f->fd);
		f->fd = -1;
		return sink_fail(s, -EINVAL, "\"%.160s\" is not a regular file", s->url->path);
	}
	if (flock(f->fd, LOCK_EX | LOCK_NB)) {
		(void)close(f->fd);
		f->fd = -1;
		return sink_fail(s, -EBUSY, "\"%.160s\" is written by somebody else", s->url->path);
	}
	f->size = mend(f, (uint64_t)st.st_size);
	f->began = st.st_size ? st.st_mtime : now_s();
	return 0;
}

/* try_open - whether the file can be opened at all; a courier that is ending may still write it */
static int try_open(struct sink *s) {
	int fd = open(s->url->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);

	if (fd < 0)
		return sink_fail(s, -errno, "\"%.160s\" cannot be opened: %s", s->url->path,
				 strerror(errno));
	(void)close(fd);
	return 0;
}

static int rotate(struct sink *s) {
	struct file *f = s->state;
	char from[PATH_MAX], to[PATH_MAX];

	(void)close(f->fd);
	f->fd = -1;
	for (uint64_t i = f->keep; i > 0; i--) {
		int n = i > 1 ? snprintf(from, sizeof(from), "%s.%d", s->url->path, (int)i - 1)
			      : snprintf(from, sizeof(from), "%s", s->url->path);
		int m = snprintf(to, sizeof(to), "%s.%d", s->url->path, (int)i);

		if (n >= PATH_MAX || m >= PATH_MAX)
			return sink_fail(s, -ENAMETOOLONG, "the file's name is too long");
		if (rename(from, to) && errno != ENOENT)
			return sink_fail(s, -errno, "\"%.120s\" cannot be renamed: %s", from,
					 strerror(errno));
	}
	if (!f->keep)
		(void)unlink(s->url->path);
	return open_file(s);
}

static int file_open(struct sink *s) {
	struct file *f = calloc(1, sizeof(*f));
	int err;

	s->state = f;
	if (!f)
		return sink_fail(s, -ENOMEM, "there is no memory");
	f->fd = -1;
	f->json = strcmp(s->format, "proto") != 0;
	if (!s->url->path || s->url->host || s->url->path[0] != '/')
		return sink_fail(s, -EINVAL, "file: takes an absolute path, as in \"%s\"",
				 sink_file.example);
	err = sink_bytes(s, "max_bytes", &f->max_bytes);
	if (!err)
		err = sink_ms(s, "max_age", &f->max_age_ms);
	if (!err)
		err = sink_bytes(s, "keep", &f->keep);
	if (!err)
		err = sink_yes(s, "sync", &f->sync);
	if (!err && f->keep > MAX_KEEP)
		err = sink_fail(s, -EINVAL, "\"keep\" is at most %d", MAX_KEEP);
	return err ? err : try_open(s);
}

static void add_item(struct file *f, const struct sink_item *item) {
	char head[VARINT_MAX_BYTES];

	if (!f->json)
		buf_add(&f->buf, head, varint_put(head, item->body.n));
	buf_add_str(&f->buf, item->body);
}

static int write_all(const struct file *f) {
	for (size_t at = 0; at < f->buf.len;) {
		ssize_t n = write(f->fd, f->buf.data + at, f->buf.len - at);

		if (n < 0 && errno != EINTR)
			return -errno;
		at += n > 0 ? (size_t)n : 0;
	}
	return f->sync && fdatasync(f->fd) ? -errno : 0;
}

/* is_full - whether the next @bytes belong into a new file */
static bool is_full(const struct file *f, size_t bytes) {
	if (!f->size)
		return false;
	return (f->max_bytes && f->size + bytes > f->max_bytes) ||
	       (f->max_age_ms && (uint64_t)(now_s() - f->began) * 1000 >= f->max_age_ms);
}

static int file_send(struct sink *s, struct sink_batch *batch) {
	struct file *f = s->state;
	int err = f->fd < 0 ? open_file(s) : 0;

	if (!err && is_full(f, batch->bytes))
		err = rotate(s);
	if (err)
		return err;
	buf_reset(&f->buf);
	for (size_t i = 0; i < batch->n; i++)
		add_item(f, &batch->items[i]);
	err = buf_error(&f->buf) ? buf_error(&f->buf) : write_all(f);
	if (err) {
		(void)!ftruncate(f->fd, (off_t)f->size);
		return sink_fail(s, err, "\"%.160s\" cannot be written: %s", s->url->path,
				 strerror(-err));
	}
	f->size += f->buf.len;
	for (size_t i = 0; i < batch->n; i++)
		batch->items[i].outcome = SINK_ACKED;
	return 0;
}

static void file_close(struct sink *s) {
	struct file *f = s->state;

	if (!f)
		return;
	if (f->fd >= 0)
		(void)close(f->fd);
	buf_done(&f->buf);
	free(f);
}

static const char *const formats[] = { "proto", "json", NULL };

static const struct sink_key keys[] = {
	{ "max_bytes", "64MiB", "the file is rotated before it grows past this" },
	{ "max_age", "24h", "and when its first event is as old as this; 0s: never" },
	{ "keep", "8", "rotated files that are kept" },
	{ "sync", "yes", "an event counts as delivered when it is on the disk, not in its cache" },
	{ 0 },
};

const struct sink_type sink_file = {
	.scheme = "file",
	.example = "file:/var/log/lapwing/events.json?format=json",
	.formats = formats,
	.keys = keys,
	.needs = SINK_NEEDS_FILES,
	.open = file_open,
	.send = file_send,
	.close = file_close,
};
