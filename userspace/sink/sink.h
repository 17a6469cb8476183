/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink.h - where encoded events go
 *
 * A sink is named on the command line as FORMAT:PLACE: text:-, json:PATH, json:-,
 * proto:PATH; /dev/stderr is standard error. It buffers; sink_flush() is called
 * by the corridor's owner after each batch. Files are made with mode 0600; one
 * that exists is emptied by sink_begin(), as a shell's ">" does: not before it is
 * known that no other output or input is the same file. Besides regular files a
 * place may be a FIFO, a terminal or /dev/null; a symbolic link is refused, so
 * that nobody can aim the sensor's pen at another file. Whoever uses sinks
 * ignores SIGPIPE: a reader that is gone is -EPIPE.
 */
#ifndef LAPWING_SINK_H
#define LAPWING_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

enum sink_format { SINK_TEXT, SINK_JSON, SINK_PROTO };

struct sink {
	enum sink_format format;
	int fd;		/* 1 is standard output, which sink_close() leaves open */
	bool tty;	/* a terminal: colour is welcome */
	bool lossless;	/* false for text: it shows the readable selection only */
	bool hurried;	/* set by the owner: a flush never waits for a reader */
	bool standard;	/* standard output or error: what is in it is the user's, not emptied */
	bool regular;	/* a regular file: it has no reader to wait for */
	dev_t dev;	/* of the file, with @ino: which file it is */
	ino_t ino;
	const char *name; /* as given, borrowed */
	struct buf buf; /* encoders append here */
	size_t done;	/* bytes at the start of @buf that are written; 0 unless hurried */
	uint64_t written_bytes;
};

/*
 * sink_open - the sink that @spec names
 * @why: on failure one sentence that names the cause and the remedy; static, until the next call
 * @spec: borrowed for as long as the sink lives
 * 0, -EINVAL (not a spec), or -errno of the file.
 */
int sink_open(const char *spec, struct sink *ret, const char **why);

/* sink_begin - empties the file that sink_open() opened, if it is one; -errno */
int sink_begin(struct sink *s);

/*
 * sink_clash - whether two sinks would overwrite each other: one regular file, opened twice
 * Standard output and error may be one file: the shell says where they write.
 */
bool sink_clash(const struct sink *a, const struct sink *b);

/* sink_is - whether @path names the regular file that @s writes */
bool sink_is(const struct sink *s, const char *path);

/* sink_backlog - bytes that wait to be written */
static inline size_t sink_backlog(const struct sink *s) {
	return s->buf.len - s->done;
}

/*
 * sink_flush - writes out @buf, waiting for as long as the place takes
 * If hurried it does not wait: -EAGAIN when a reader has left no room, and the rest stays.
 * -errno of the write, then what was not written stays in @buf. -ENOMEM when an
 * encoder found no room since the last flush: all else is written.
 */
int sink_flush(struct sink *s);

/* sink_close - flushes, closes, frees, and so drops a hurried rest; -errno of flush or close(2) */
int sink_close(struct sink *s);

#endif
