/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source.h - the records of one segment, in order, past whatever is damaged; for this room only
 *
 * A packed segment is its header and then frames: | magic raw stored crc | zstd, stored bytes |,
 * each of whole records. A damaged frame costs its own records only.
 */
#ifndef LAPWING_SPOOL_SOURCE_H
#define LAPWING_SPOOL_SOURCE_H

#include "base/buf.h"
#include "spool/segment.h"

#define SOURCE_FRAME_MAGIC 0x465a504cu /* "LPZF" */
#define SOURCE_FRAME_BYTES (256u * 1024)

struct source_frame {
	uint32_t magic, raw, stored;
	uint32_t crc; /* CRC32C of the stored bytes, begun with @raw */
};

struct source {
	int fd; /* -1: closed */
	uint64_t first; /* ordinal of the segment's name */
	bool keyed, packed;
	bool damaged_header; /* then taken as neither keyed nor packed, unless @keyed was given */
	struct segment_header header;
	struct buf buf;	  /* a piece of the records, from stream offset @base on */
	size_t at;	  /* in @buf: what source_next() gives next */
	uint64_t base;
	uint64_t file_at; /* what is to be read next */
	uint64_t skipped; /* bytes that belonged to no whole record */
	uint64_t wasted;  /* bytes whose checksum was not what it should have been */
	uint64_t raw;	  /* packed: bytes of all frames so far */
	uint64_t end;	  /* stream offset behind the last whole record; 0: none yet */
	struct buf packed_buf; /* a piece of the file's frames */
	size_t packed_at;      /* in @packed_buf: the next frame */
};

/*
 * source_open - @item of @class in the folder @dir; -ENOENT: it is gone; -errno; -ENOMEM
 * @keyed: what to take it for when its header cannot be read
 */
int source_open(int dir, enum spool_class class, const struct segment_item *item, bool keyed,
		struct source *ret);

/*
 * source_next - the next whole record whose ordinal is at least @min and below @limit
 * With its payload behind it, and its tag if keyed; borrowed until the next call. NULL when the
 * file, as it is now, has no more; it may be asked again when the file has grown. -errno in @error
 * when it could not be read (@error is otherwise untouched).
 */
const struct segment_record *source_next(struct source *s, uint64_t min, uint64_t limit,
					 int *error);

/* source_unread - source_next() gave @r, and is to give it again */
static inline void source_unread(struct source *s, const struct segment_record *r) {
	s->at = (size_t)((const char *)r - s->buf.data);
}

/* source_tag - of a record of a keyed segment */
static inline const uint8_t *source_tag(const struct segment_record *r) {
	return (const uint8_t *)(r + 1) + r->len;
}

/* source_sync - what was written so far is on the disk; -errno */
int source_sync(struct source *s);

/* source_close - @s may be closed already, or all zero with fd -1 */
void source_close(struct source *s);

#endif
