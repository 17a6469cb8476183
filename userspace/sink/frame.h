/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame.h - the messages of proto/stream.proto as bytes, for both ends
 */
#ifndef LAPWING_FRAME_H
#define LAPWING_FRAME_H

#include "base/buf.h"
#include "sink/sink.h"

#define FRAME_MAX_BYTES (8u * 1024 * 1024)

/*
 * frame_find - the first message of the @n bytes at @s, without its length
 * 1; 0: it is not whole yet; -EMSGSIZE: it is longer than FRAME_MAX_BYTES, or its length is none.
 */
int frame_find(const char *s, size_t n, struct str *ret);

/* frame_put_batch - appends a Batch with its length; the items' bodies are events */
void frame_put_batch(struct buf *out, uint64_t number, const struct sink_batch *batch);

/*
 * frame_batch - reads a Batch: calls @event for each of its events, which may end it by an error
 * 0, -EBADMSG: it is none, or has no number; or what @event gave.
 */
int frame_batch(struct str frame, uint64_t *number,
		int (*event)(void *ctx, const char *bytes, size_t n), void *ctx);

/* frame_put_ack - appends an Ack with its length */
void frame_put_ack(struct buf *out, uint64_t number);

/* frame_ack - the number of an Ack; 0 or -EBADMSG */
int frame_ack(struct str frame, uint64_t *number);

#endif
