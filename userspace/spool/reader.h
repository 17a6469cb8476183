/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reader.h - what one sink is still to get, in the order of its sequence
 *
 * A reader gives events one after the other, and between them notices of those that are gone. What
 * it gave is settled in the same order, by reader_settle(): only that moves the cursor. A reader
 * that is opened anew begins behind the last settled one, so events may come twice, never not.
 */
#ifndef LAPWING_SPOOL_READER_H
#define LAPWING_SPOOL_READER_H

#include "spool/cursor.h"
#include "spool/spool.h"

struct reader;

enum reader_what { READER_NONE, READER_EVENT, READER_GAP };

/* What reader_next() gave. */
struct reader_item {
	enum reader_what what;
	enum spool_class class;
	const void *payload; /* of an event; borrowed until the next reader_next() */
	uint32_t n;
	uint64_t seq;	     /* of an event */
	uint64_t ord;	     /* of the event; of a gap's first */
	uint64_t count;	     /* events; 1 but for a gap */
	uint64_t bytes;	     /* on disk */
	enum spool_cause cause; /* of a gap */
};

/*
 * reader_open - as the cursor @name in the spool @folder; waits while another process is that
 * -EBADMSG: its file was damaged; it then begins with the oldest event that is there, and the
 * ledger begins anew; @ret is open. Else -errno: -ENOENT when nobody has ever written there.
 * @keyed: whether segments have tags, where a header is damaged and cannot say
 */
int reader_open(const char *folder, const char *name, bool keyed, struct reader **ret);

/* reader_next - READER_NONE: all that was flushed has been given; -errno when it cannot be read */
int reader_next(struct reader *r, struct reader_item *ret);

/* reader_push_back - @item, which was given last, is given again */
void reader_push_back(struct reader *r, const struct reader_item *item);

/* reader_rewind - gives again what is not settled */
void reader_rewind(struct reader *r);

/* reader_sync - what was given is on the disk; -errno */
int reader_sync(struct reader *r);

/*
 * reader_settle - @item, the first of those given and not settled, has its outcome
 * @acked: by the receiver; else it is dropped, by @cause (that of a gap is its own)
 */
void reader_settle(struct reader *r, const struct reader_item *item, bool acked,
		   enum spool_cause cause);

/* reader_cap - the event that was settled last, of @kind, was left out by a cap on the rate */
void reader_cap(struct reader *r, uint32_t kind);

/* reader_capped - of what kinds the receiver must still be told, and how many times it was */
const struct cursor_capped *reader_capped(const struct reader *r);

/* reader_told - the receiver knows of @n of @kind */
void reader_told(struct reader *r, uint32_t kind, uint64_t n);

/*
 * reader_promise - the @n @gaps are about to be told, with an id of where they begin and end
 * Once that is saved they are given again as they are, though they grew since.
 */
void reader_promise(struct reader *r, const struct reader_item *gaps, size_t n);

/* reader_save - writes the cursor; -errno: what was settled may come again after a restart */
int reader_save(struct reader *r);

/* reader_tell - the last failure for status; NULL: all is well. Saved by reader_save() */
void reader_tell(struct reader *r, const char *why);

/* reader_cursor - the ledger as it is */
const struct cursor *reader_cursor(const struct reader *r);

/* reader_pending - events that are flushed and not settled */
uint64_t reader_pending(struct reader *r);

/* reader_wait - until the writer flushes more, or for @ms milliseconds */
void reader_wait(struct reader *r, uint32_t ms);

void reader_free(struct reader *r);

#endif
