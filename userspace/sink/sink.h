/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink.h - where encoded events go
 *
 * A sink is named on the command line as FORMAT:PLACE: text:-, json:PATH, json:-,
 * proto:PATH; /dev/stderr is standard error. It buffers; sink_flush() is called
 * by the corridor's owner after each batch. Files are made with mode 0600; one
 * that exists is emptied first, as a shell's ">" does. Besides regular files a
 * place may be a FIFO, a terminal or /dev/null; a symbolic link is refused, so
 * that nobody can aim the sensor's pen at another file. Whoever uses sinks
 * ignores SIGPIPE: a reader that is gone is -EPIPE.
 */
#ifndef LAPWING_SINK_H
#define LAPWING_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

enum sink_format { SINK_TEXT, SINK_JSON, SINK_PROTO };

struct sink {
	enum sink_format format;
	int fd;		/* 1 is standard output, which sink_close() leaves open */
	bool tty;	/* a terminal: colour is welcome */
	bool lossless;	/* false for text: it shows the readable selection only */
	const char *name; /* as given, borrowed */
	struct buf buf; /* encoders append here */
	uint64_t written_bytes;
};

/*
 * sink_open - the sink that @spec names
 * @why: on failure one sentence that names the cause and the remedy; static, until the next call
 * @spec: borrowed for as long as the sink lives
 * 0, -EINVAL (not a spec), or -errno of the file.
 */
int sink_open(const char *spec, struct sink *ret, const char **why);

/*
 * sink_flush - writes out @buf, waiting for as long as the place takes
 * -errno of the write, then what was not written stays in @buf. -ENOMEM when an
 * encoder found no room since the last flush: all else is written.
 */
int sink_flush(struct sink *s);

/* sink_close - flushes, closes, frees; -errno of the flush, or of close(2) */
int sink_close(struct sink *s);

#endif
