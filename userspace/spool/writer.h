/* SPDX-License-Identifier: Apache-2.0 */
/*
 * writer.h - the writer's insides, shared by spool.c (append), recover.c (start), bound.c
 * (removal) and keep.c (for who looks back), with away.c (who is not there); for this room only
 */
#ifndef LAPWING_SPOOL_WRITER_H
#define LAPWING_SPOOL_WRITER_H

#include <time.h>

#include "spool/cursor.h"
#include "spool/head.h"
#include "spool/lag.h"
#include "spool/segment.h"

/* The chain of one class. */
struct lane {
	struct buf buf;	      /* records that are not written yet */
	size_t record;	      /* in @buf: the one between spool_begin() and spool_end() */
	uint64_t next_ord;    /* for the next event */
	uint64_t flushed_ord; /* below it everything is in a file, or a gap */
	int fd;		      /* the segment that is appended to, the last of its list; -1: none */
	int64_t began_s;      /* of that segment, clock since boot */
	struct segment_item owed; /* a gap whose file could not be made yet; its end 0: none */
	uint8_t tag[SEGMENT_TAG_BYTES];	 /* keyed: of the last record */
	uint8_t flushed_tag[SEGMENT_TAG_BYTES]; /* of the last one in a file */
};

struct spool {
	struct spool_options o;
	uint8_t key[SPOOL_KEY_BYTES];
	int dir, lock;
	struct head *head;
	struct head_state flushed;
	struct lane lanes[SPOOL_CLASSES];
	struct segment_list lists[SPOOL_CLASSES];
	enum spool_class class; /* between spool_begin() and spool_end() */
	uint64_t seq;		/* of the last event */
	uint64_t segment_bytes; /* at this size a segment is followed by the next */
	struct segment_list kept[SPOOL_CLASSES]; /* no reader wants them */
	uint64_t total_bytes;	/* of all segments, the kept ones with them */
	uint64_t unwritten;
	uint32_t tended; /* calls of spool_tend() */
	struct lag lag;
	char (*away)[CURSOR_NAME_BYTES]; /* cursors of sinks that are not configured */
	size_t n_away;
	int64_t opened_s; /* clock since boot */
};

/* recover_start - reads the lists, mends the ends, finds ordinals and the sequence; -errno */
int recover_start(struct spool *s, struct spool_hole *hole);

/* bound_seal - ends the segment that @class is appending to, if there is one */
void bound_seal(struct spool *s, enum spool_class class);

/*
 * bound_gap - @first up to before @end of @class are in no file, because of @cause
 * Without room for its name it is owed, and bound_pay() tries again.
 */
void bound_gap(struct spool *s, enum spool_class class, uint64_t first, uint64_t end,
	       enum spool_cause cause);

/* bound_pay - whether @class owes no gap any more */
bool bound_pay(struct spool *s, enum spool_class class);

/* bound_empty - @gap, which was a segment, loses what that held; if not now, at the next start */
void bound_empty(struct spool *s, enum spool_class class, struct segment_item *gap);

/*
 * bound_free_one - drops a kept segment; else the oldest of the lowest class, of none above @most
 * False when there is none: what is worth more does not make room for what is worth less.
 */
bool bound_free_one(struct spool *s, enum spool_class most);

/* keep_segment - @item, which goes, stays for who looks back, if some are kept */
void keep_segment(struct spool *s, enum spool_class class, const struct segment_item *item);

/* keep_drop_one - the one that is worth least; false: none is kept */
bool keep_drop_one(struct spool *s);

/* keep_tend - drops what is too old or too much */
void keep_tend(struct spool *s);

/* keep_find - the kept one of @class that begins with @first; NULL: none */
struct segment_item *keep_find(struct spool *s, enum spool_class class, uint64_t first);

/* bound_drop - the file of @item of @class, and its share of the bytes */
void bound_drop(struct spool *s, enum spool_class class, const struct segment_item *item);

/* bound_age_s - how long ago @item was written, at least */
int64_t bound_age_s(const struct segment_item *item);

/* bound_bytes - until the spool keeps its bound of bytes */
void bound_bytes(struct spool *s);

/* away_find - which sinks have a cursor and are no reader; -errno */
int away_find(struct spool *s);

/* away_wanted - for each class the first ordinal that one of these has not had; or UINT64_MAX */
void away_wanted(const struct spool *s, uint64_t ret[SPOOL_CLASSES]);

/* writer_clock_s - seconds; CLOCK_REALTIME may jump, CLOCK_BOOTTIME does not */
int64_t writer_clock_s(clockid_t clock);

#endif
