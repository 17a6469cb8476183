/* SPDX-License-Identifier: Apache-2.0 */
/*
 * segment.h - the files of a spool, for this room only
 *
 *     lock                                  held by the one writer
 *     head                                  how far the writer is, mapped by all (head.h)
 *     NAME.cursor                           how far a sink is (cursor.h)
 *     CLASS-FIRST.seg                       events of one class from the ordinal FIRST on
 *     CLASS-FIRST-END-CAUSE.gap             empty: FIRST up to before END are gone, and why
 *     CLASS-FIRST.kept                      a segment that no sink wants, for who looks back
 *
 * CLASS is a digit, ordinals are 16 hexadecimal digits. Each class has a chain of its own, because
 * the least important events go first when there is no room. Its events are numbered without
 * holes: so whatever is missing can be counted, however it went. What is in no segment and in no
 * gap was lost by damage.
 *
 *     segment:  | header | record | record | …
 *     record:   | len crc ord seq | payload, len bytes | tag, if keyed | zeros up to 8 bytes |
 *
 * Only the writer makes, renames and removes segments and gaps. A segment is replaced by a gap by
 * making the gap first; where both are there, the segment counts. Where there is no room for
 * another name it is renamed to be the gap, and then emptied. A packed segment has the same records
 * in zstd frames, see source.h. Everything is little endian.
 */
#ifndef LAPWING_SEGMENT_H
#define LAPWING_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spool/spool.h"

#define SEGMENT_MAGIC "LWSPOOL\1"
#define SEGMENT_NAME_BYTES 64
#define SEGMENT_TAG_BYTES 32

enum segment_flag { SEGMENT_KEYED = 1, SEGMENT_PACKED = 2 };

struct segment_header {
	char magic[8];
	uint64_t schema;	/* spool_options.schema of who wrote it */
	uint64_t first_ord;	/* as in the file's name */
	uint64_t first_seq;	/* the next seq of any class when it was begun */
	uint64_t began_ns;	/* wall clock */
	uint32_t class;		/* as in the file's name */
	uint32_t flags;		/* enum segment_flag */
	uint8_t prior[SEGMENT_TAG_BYTES]; /* keyed: the last tag of the segment before; or zeros */
	uint32_t zero;
	uint32_t crc; /* CRC32C of all before it */
};

struct segment_record {
	uint32_t len; /* of the payload; never 0 */
	uint32_t crc; /* CRC32C of ord, seq and payload, begun with @len */
	uint64_t ord, seq;
};

_Static_assert(sizeof(struct segment_header) == 88, "a format on disk");
_Static_assert(sizeof(struct segment_record) == 24, "a format on disk");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "stored as it lies in memory");

/* segment_record_bytes - of a whole record on disk */
static inline size_t segment_record_bytes(uint32_t len, bool keyed) {
	size_t tag = keyed ? SEGMENT_TAG_BYTES : 0;

	return (sizeof(struct segment_record) + len + tag + 7) & ~(size_t)7;
}

/* segment_crc - what @r->crc must be; the payload follows @r in memory */
uint32_t segment_crc(const struct segment_record *r);

/* segment_header_crc - what @h->crc must be */
uint32_t segment_header_crc(const struct segment_header *h);

/* A segment or a gap. */
struct segment_item {
	uint64_t first, end; /* ordinals; @end of the last segment of a class is UINT64_MAX */
	uint64_t bytes;	     /* on disk; a gap has some while it is still to be emptied */
	int64_t modified_s;  /* wall clock: the last write, as its file says; 0: by this writer */
	int64_t written_s;   /* of the writer only: the same by the clock since boot, see bound.c */
	bool gap;
	bool kept;
	enum spool_cause cause; /* of a gap */
};

/* All of one class, by @first; a gap and a segment with one @first: the segment comes first. */
struct segment_list {
	struct segment_item *items;
	size_t n, cap;
};

/* segment_name - the name of @item's file; gives @to */
const char *segment_name(enum spool_class class, const struct segment_item *item,
			 char to[SEGMENT_NAME_BYTES]);

/*
 * segment_list_read - what is in the folder @dir, one list for each class; -errno
 * @lists: all zero, or as a call before left them; in the end they go to segment_list_done()
 */
int segment_list_read(int dir, struct segment_list lists[SPOOL_CLASSES]);

/*
 * segment_list_kept - likewise what is kept for who looks back, of which none has an end
 * Read it after the other: what is in both lists was moved in between, and is there once.
 */
int segment_list_kept(int dir, struct segment_list lists[SPOOL_CLASSES]);

/* segment_list_add - at the end; -ENOMEM */
int segment_list_add(struct segment_list *list, const struct segment_item *item);

/* segment_list_remove - the @i-th */
void segment_list_remove(struct segment_list *list, size_t i);

/* segment_list_find - what holds @ord, a segment if one does; NULL: nothing does */
const struct segment_item *segment_list_find(const struct segment_list *list, uint64_t ord);

void segment_list_done(struct segment_list lists[SPOOL_CLASSES]);

#endif
