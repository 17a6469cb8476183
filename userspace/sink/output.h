/* SPDX-License-Identifier: Apache-2.0 */
/*
 * output.h - where a person watches: the direct outputs of -o
 *
 * An output is named on the command line as FORMAT:PLACE: text:-, json:PATH, json:-,
 * proto:PATH, ocsf:PATH, ecs:PATH; /dev/stderr is standard error. It buffers;
 * output_flush() is called by the corridor's owner after each batch. Files are made
 * with mode 0600; one that exists is emptied by output_begin(), as a shell's ">"
 * does: not before it is
 * known that no other output or input is the same file. Besides regular files a
 * place may be a FIFO, a terminal or /dev/null; a symbolic link is refused, so
 * that nobody can aim the sensor's pen at another file. Whoever uses outputs
 * ignores SIGPIPE: a reader that is gone is -EPIPE.
 */
#ifndef LAPWING_OUTPUT_H
#define LAPWING_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

enum output_format { OUTPUT_TEXT, OUTPUT_JSON, OUTPUT_PROTO, OUTPUT_OCSF, OUTPUT_ECS };

struct output {
	enum output_format format;
	int fd;		/* 1 is standard output, which output_close() leaves open */
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

/* output_place - what @spec has behind its format, which is @ret; NULL when it names no format */
const char *output_place(const char *spec, enum output_format *ret);

/*
 * output_open - the output that @spec names
 * @why: on failure one sentence that names the cause and the remedy; static, until the next call
 * @spec: borrowed for as long as the output lives
 * 0, -EINVAL (not a spec), or -errno of the file.
 */
int output_open(const char *spec, struct output *ret, const char **why);

/* output_begin - empties the file that output_open() opened, if it is one; -errno */
int output_begin(struct output *s);

/*
 * output_clash - whether two outputs would overwrite each other: one regular file, opened twice
 * Standard output and error may be one file: the shell says where they write.
 */
bool output_clash(const struct output *a, const struct output *b);

/* output_is - whether @path names the regular file that @s writes */
bool output_is(const struct output *s, const char *path);

/* output_backlog - bytes that wait to be written */
static inline size_t output_backlog(const struct output *s) {
	return s->buf.len - s->done;
}

/*
 * output_flush - writes out @buf, waiting for as long as the place takes
 * If hurried it does not wait: -EAGAIN when a reader has left no room, and the rest stays.
 * -errno of the write, then what was not written stays in @buf. -ENOMEM when an
 * encoder found no room since the last flush: all else is written.
 */
int output_flush(struct output *s);

/* output_close - flushes, closes, frees, drops a hurried rest; -errno of flush or close(2) */
int output_close(struct output *s);

#endif
