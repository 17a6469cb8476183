/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stdout.c - standard output, for whoever reads what a container or a service says
 *
 * Acknowledged means: the kernel took it, for a pipe or a file. A reader that is slow is waited
 * for; what it has of an event by then is not written again, so that each line stays whole as long
 * as this process lives. If the one before died, or a file ends, within a line, the next begins a
 * new one. A message of protobuf has no such place; but a pipe takes what is no longer than
 * PIPE_BUF whole or not at all.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/varint.h"
#include "sink/sink.h"

extern const struct sink_type sink_stdout;

/* Of a pipe that has room at all, what it takes without making us wait. */
#define PIECE_BYTES PIPE_BUF
#define SAVE_EVERY 64 /* events, which may be all that a slow reader takes in a while */

struct standard {
	bool framed;
	bool file;     /* it goes to a regular file */
	bool new_line; /* what was written last may be half a line */
	uint32_t timeout_ms;
	size_t done;	 /* bytes that are written of the first event that is not delivered */
	struct buf buf;
};

/* half_a_line - whether the file that standard output is ends within one */
static bool half_a_line(const struct stat *st) {
	int fd = open("/proc/self/fd/1", O_RDONLY | O_CLOEXEC);
	char last = '\n';

	if (fd < 0)
		return false;
	(void)!pread(fd, &last, 1, st->st_size - 1);
	(void)close(fd);
	return last != '\n';
}

static int stdout_open(struct sink *s) {
	struct standard *o = calloc(1, sizeof(*o));
	int flags = fcntl(STDOUT_FILENO, F_GETFL);
	struct stat st;

	s->state = o;
	if (!o)
		return sink_fail(s, -ENOMEM, "there is no memory");
	o->framed = !strcmp(s->format, "proto");
	if (s->url->host || s->url->path)
		return sink_fail(s, -EINVAL, "stdout: has no place; write \"%s\"",
				 sink_stdout.example);
	if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY)
		return sink_fail(s, -EBADF, "standard output is closed; open it");
	if (o->framed && isatty(STDOUT_FILENO))
		return sink_fail(s, -EINVAL, "protobuf is not for a terminal; redirect standard "
				 "output or write \"stdout:?format=json\"");
	o->file = !fstat(STDOUT_FILENO, &st) && S_ISREG(st.st_mode);
	o->new_line = !o->framed && o->file && st.st_size > 0 && half_a_line(&st);
	return sink_timeout(s, &o->timeout_ms);
}

/* write_some - a piece of the buffer, when there is room for one before @end; bytes, or -errno */
static ssize_t write_some(const struct standard *o, size_t at, uint64_t end) {
	struct pollfd room = { .fd = STDOUT_FILENO, .events = POLLOUT };
	uint64_t now = clock_ms(CLOCK_MONOTONIC);
	size_t left = o->buf.len - at;
	ssize_t n;

	if (now >= end || poll(&room, 1, (int)(end - now)) == 0)
		return -ETIMEDOUT;
	n = write(STDOUT_FILENO, o->buf.data + at, left < PIECE_BYTES ? left : PIECE_BYTES);
	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -errno;
	return n;
}

/* put - the event @item, of which the start may be written; 0 when all of it is */
static int put(struct standard *o, const struct sink_item *item, uint64_t end) {
	char head[VARINT_MAX_BYTES];

	buf_reset(&o->buf);
	if (o->new_line)
		buf_add_char(&o->buf, '\n');
	if (o->framed)
		buf_add(&o->buf, head, varint_put(head, item->body.n));
	buf_add_str(&o->buf, item->body);
	if (buf_error(&o->buf))
		return buf_error(&o->buf);
	while (o->done < o->buf.len) {
		ssize_t n = write_some(o, o->done, end);

		if (n < 0)
			return (int)n;
		o->done += (size_t)n;
	}
	o->done = 0;
	o->new_line = false;
	return 0;
}

static int stdout_send(struct sink *s, struct sink_batch *batch) {
	struct standard *o = s->state;

	o->new_line |= s->after_death && !o->framed && !o->file;
	s->after_death = false;
	for (size_t i = 0; i < batch->n; i++) {
		int err = put(o, &batch->items[i], clock_ms(CLOCK_MONOTONIC) + o->timeout_ms);

		if (err == -ETIMEDOUT)
			return sink_fail(s, err, "nobody reads standard output fast enough");
		if (err == -EPIPE)
			return sink_fail(s, err, "nobody reads standard output any more");
		if (err)
			return sink_fail(s, err, "standard output cannot be written: %s",
					 strerror(-err));
		batch->items[i].outcome = SINK_ACKED;
		if (i % SAVE_EVERY == SAVE_EVERY - 1 && batch->progress)
			batch->progress(batch->arg);
	}
	return 0;
}

static void stdout_close(struct sink *s) {
	struct standard *o = s->state;

	if (!o)
		return;
	buf_done(&o->buf);
	free(o);
}

static const char *const formats[] = { "json", "proto", "ocsf", "ecs", NULL };

static const struct sink_key keys[] = {
	{ "timeout", "10s", "how long a reader may take none of it" },
	{ 0 },
};

const struct sink_type sink_stdout = {
	.scheme = "stdout",
	.example = "stdout:?format=json",
	.formats = formats,
	.keys = keys,
	.open = stdout_open,
	.send = stdout_send,
	.close = stdout_close,
};
