/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file.c - a file that is rotated: events.pb, events.pb.1 (the one before it), events.pb.2, …
 *
 * Acknowledged means: written, and on the disk (fdatasync). A batch that does not fit is taken back
 * whole, so that the file never ends in half an event; one that the sensor's end left there is cut
 * off at the first delivery, when nobody else can be writing there any more. A file with anything
 * else in it that is not ours, as damage, another format or somebody else's, is put aside as it is.
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
#include "event/tag.h"
#include "sink/sink.h"

extern const struct sink_type sink_file;

#define MAX_KEEP 1000
#define MAX_EVENT_BYTES (4u << 20) /* the spool takes none that is longer */

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

/*
 * begins_event - whether the @n bytes at @at can be the first of an event, or all of one cut short
 * Which field comes first is up to the sink's filter, and at a receiver to that of each host.
 */
static bool begins_event(const char *at, uint64_t n) {
	uint64_t tag;

	if (!varint_get(at, n < EVENT_TAG_BYTES ? n : EVENT_TAG_BYTES, &tag))
		return n < EVENT_TAG_BYTES;
	return event_wire(tag) == (tag & 7);
}

/* whole_messages - the bytes of those that begin in @piece and end among the @left of the file */
static uint64_t whole_messages(const char *piece, uint64_t n, uint64_t left) {
	uint64_t at = 0, len;

	while (at < n) {
		size_t head = varint_get(piece + at, n - at, &len);

		if (!head || !len || len > left - at - head)
			break;
		if (n - at - head < EVENT_TAG_BYTES && n - at - head < len)
			break;
		if (!begins_event(piece + at + head, len))
			break;
		at += head + len;
	}
	return at;
}

/*
 * whole_bytes - how much of the start of the file is whole events; -errno
 * Of messages only the lengths and what they begin with are looked at: behind a piece goes on what
 * begins behind its last.
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
			if (!at && *piece != '{')
				return 0;
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

/* A part of the file of which a few bytes at a time are looked at. */
struct window {
	char bytes[65536];
	uint64_t at;
	size_t n;
};

/* look - the bytes at @at, enough for two varints or all up to @size; how many */
static size_t look(const struct file *f, struct window *w, uint64_t at, uint64_t size,
		   const char **ret) {
	uint64_t end = w->at + w->n;

	if (at < w->at || (end != size && at + 2 * VARINT_MAX_BYTES > end)) {
		ssize_t n = pread(f->fd, w->bytes, sizeof(w->bytes), (off_t)at);

		w->at = at;
		w->n = n > 0 ? (size_t)n : 0;
	}
	*ret = w->bytes + (at - w->at);
	return at - w->at < w->n ? w->n - (at - w->at) : 0;
}

/*
 * is_one - whether the fields from @at on can be of one event: their numbers never fall
 * Where a length was damaged, the one behind would be taken for a part of the first.
 */
static bool is_one(const struct file *f, uint64_t at, uint64_t size) {
	struct window w = { .at = at };
	uint64_t tag, v, last = 0;
	const char *head;

	while (at < size) {
		size_t n = look(f, &w, at, size, &head), k = varint_get(head, n, &tag), m = 0;

		if (!k)
			return n && n < VARINT_MAX_BYTES;
		if (tag >> 3 < last || !(tag >> 3) ||
		    (event_wire(tag) != EVENT_NO_WIRE && event_wire(tag) != (tag & 7)))
			return false;
		last = tag >> 3;
		v = (tag & 7) == 1 ? 8 : (tag & 7) == 5 ? 4 : 0;
		if ((tag & 7) == 0 || (tag & 7) == 2) {
			m = varint_get(head + k, n - k, &v);
			if (!m)
				return n - k < VARINT_MAX_BYTES;
			if ((tag & 7) == 0)
				v = 0;
		} else if (!v) {
			return false;
		}
		if (v > MAX_EVENT_BYTES)
			return false;
		at += k + m + v;
	}
	return true;
}

/* is_half - whether what is behind the @whole bytes can be one event of ours that was cut */
static bool is_half(const struct file *f, uint64_t whole, uint64_t size) {
	char start[VARINT_MAX_BYTES + EVENT_TAG_BYTES];
	ssize_t n = pread(f->fd, start, sizeof(start), (off_t)whole);
	uint64_t len;
	size_t head;

	if (n <= 0)
		return false;
	if (f->json)
		return *start == '{' && size - whole <= MAX_EVENT_BYTES;
	head = varint_get(start, (size_t)n, &len);
	if (!head) /* its length was cut, or is none */
		return n < VARINT_MAX_BYTES;
	if (len > MAX_EVENT_BYTES || len <= size - whole - head)
		return false;
	if (!begins_event(start + head, (size_t)n - head))
		return false;
	return is_one(f, whole + head, size);
}

/*
 * mend - cuts off half an event at the end, and sets f->size; false: the file is not ours to go on
 * with, or cannot be read, and nothing in it was touched
 */
static bool mend(struct file *f, uint64_t size) {
	int64_t whole = size ? whole_bytes(f, size) : 0;

	f->size = size;
	if (whole < 0 || (uint64_t)whole == size)
		return whole >= 0;
	if (!is_half(f, (uint64_t)whole, size) || ftruncate(f->fd, whole))
		return false;
	f->size = (uint64_t)whole;
	return true;
}

/* put_aside - the file that is open gets a name that no rotation takes; s->note says so */
static int put_aside(struct sink *s) {
	struct file *f = s->state;
	char to[PATH_MAX];
	struct stat st;
	int n, i = 0;

	do
		n = snprintf(to, sizeof(to), "%s.aside-%d", s->url->path, ++i);
	while (n < PATH_MAX && !lstat(to, &st));
	(void)close(f->fd);
	f->fd = -1;
	if (n >= PATH_MAX)
		return sink_fail(s, -ENAMETOOLONG, "the file's name is too long");
	if (rename(s->url->path, to))
		return sink_fail(s, -errno, "\"%.100s\" holds what is no event of this format, and "
				 "cannot be put aside: %s", s->url->path, strerror(errno));
	(void)snprintf(s->note, sizeof(s->note), "\"%.120s\" held what is no event of the format "
		       "\"%s\"; it is \"%.120s\" now, as it was, and a new one is begun",
		       s->url->path, s->format, to);
	return 0;
}

static int open_once(struct sink *s, bool *aside) {
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
	*aside = !mend(f, (uint64_t)st.st_size);
	f->began = st.st_size ? st.st_mtime : now_s();
	return *aside ? put_aside(s) : 0;
}

static int open_file(struct sink *s) {
	bool aside = false;
	int err = open_once(s, &aside);

	return !err && aside ? open_once(s, &aside) : err;
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
