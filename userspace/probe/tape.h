/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tape.h - the raw ring as a file
 *
 * A tape holds every record that entered the corridor, in its order, byte for
 * byte: those of hooks and those that user space made (HOST_*). Playing it back
 * through the same corridor gives the same events.
 *
 *     "LAPWTAPE" | u32 WIRE_VERSION | u32 reserved 0 |  { u32 len | u32 crc32 | bytes | pad to 8 }*
 *
 * Little-endian. The crc is zlib's, over the bytes. Files are made with mode
 * 0600: command lines may hold secrets.
 */
#ifndef LAPWING_TAPE_H
#define LAPWING_TAPE_H

#include <stddef.h>
#include <stdint.h>

struct tape;

/* tape_create - a new tape at @path, replacing what was there; -EINVAL: no regular file; -errno */
int tape_create(const char *path, struct tape **ret);

/* tape_write - appends one record; buffered; -errno of an earlier or this write */
int tape_write(struct tape *t, const void *record, size_t len);

/* tape_flush - what was written reaches the file; -errno */
int tape_flush(struct tape *t);

/* tape_free - flushes and closes; NULL is fine */
void tape_free(struct tape *t);

/* What tape_play() found. */
struct tape_end {
	uint64_t records; /* whole records played */
	uint64_t offset;  /* of the first byte that is not part of a whole record */
	const char *why;  /* NULL at a clean end, else what is wrong there */
};

/*
 * tape_play - calls @cb with each whole record of the tape in @bytes
 * Records are 8-byte aligned if @bytes is. Stops early when @cb gives non-zero,
 * and returns that. 0 at the end, clean or not (see @ret); -EPROTO if @bytes is
 * not a tape, or one of another WIRE_VERSION (see @ret->why).
 */
int tape_play(const void *bytes, size_t n, int (*cb)(void *ctx, const void *record, size_t len),
	      void *ctx, struct tape_end *ret);

/* tape_is - whether @bytes begins like a tape */
int tape_is(const void *bytes, size_t n);

#endif
