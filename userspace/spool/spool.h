/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spool.h - events on disk, between the corridor that makes them and the sinks that deliver them
 *
 * One writer, the corridor; a reader for each sink, in processes of their own (reader.h). The
 * writer waits for no reader: it appends, and when the spool is as large or as old as it may be,
 * the oldest events of the lowest class go, detections last. Each event has a sequence number,
 * which goes on where the run before ended. What spool_append() took and spool_flush() wrote
 * survives the sensor's death; readers sync it to the disk before they deliver it.
 */
#ifndef LAPWING_SPOOL_H
#define LAPWING_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* How dear an event is. When there is no room, the first class goes first. */
enum spool_class {
	SPOOL_BULK,  /* files, network */
	SPOOL_LIFE,  /* processes, without which the rest cannot be told apart */
	SPOOL_ALARM, /* detections, and what the sensor says of itself */
};
#define SPOOL_CLASSES 3

/* Why a sink misses an event. Numbers are in cursors: only append. */
enum spool_cause {
	SPOOL_FULL,	 /* the spool's bound of bytes, or its file system */
	SPOOL_EXPIRED,	 /* its bound of age */
	SPOOL_UNWRITTEN, /* the disk took no write, or memory was out */
	SPOOL_CORRUPT,	 /* damaged, or removed, behind the sensor's back */
	SPOOL_REFUSED,	 /* by the receiver, for good */
	SPOOL_FILTERED,	 /* by the sink's own filter: it was not to have it */
	SPOOL_CRASHED,	 /* it had its number when the sensor was killed, and was not written */
	SPOOL_AWAY,	 /* no sink of that name was configured when it was there */
};
#define SPOOL_CAUSES 8

/* spool_cause_name - "full", "expired", …: for people, JSON, and the names of gaps */
const char *spool_cause_name(enum spool_cause cause);

/* spool_class_name - "bulk", "life", "alarm" */
const char *spool_class_name(enum spool_class class);

#define SPOOL_MAX_EVENT_BYTES (4u * 1024 * 1024)
#define SPOOL_MAX_READERS 16
#define SPOOL_KEY_BYTES 32

struct spool_options {
	const char *folder; /* made with mode 0700 if it is not there, and those above it */
	uint64_t max_bytes; /* of all segments */
	uint64_t max_age_s; /* 0: any age */
	uint64_t keep_bytes; /* of what all readers have, for who looks back; within @max_bytes */
	uint64_t schema;    /* of the payloads: kept in each segment, for who reads it later */
	const uint8_t *key; /* of the hash chain, SPOOL_KEY_BYTES; NULL: none */
	const char *const *readers; /* names of cursors that hold events back; borrowed */
	size_t n_readers;
};

/* SPOOL_CRASHED: @count of these numbers, which are a gap of the highest class; 0: no hole. */
struct spool_hole {
	uint64_t first_seq, last_seq, count;
};

struct spool;

/*
 * spool_open - becomes the writer of @o->folder, and mends what a crash left there
 * -EBUSY: there is a writer; -errno of the folder or a file in it. @hole: of the last run.
 */
int spool_open(const struct spool_options *o, struct spool **ret, struct spool_hole *hole);

/* spool_next_seq - the number that the next event is to have */
uint64_t spool_next_seq(const struct spool *s);

/* spool_begin - where to append the one payload that spool_end() then takes; never NULL */
struct buf *spool_begin(struct spool *s, enum spool_class class);

/*
 * spool_end - an event for the next flush
 * @seq: above all before it. A payload that is empty (no memory) or too long counts as lost.
 */
void spool_end(struct spool *s, uint64_t seq);

/*
 * spool_flush - appends to the files, and lets the readers see it
 * What cannot be written is a gap, and counted; so this returns nothing, but see spool_unwritten().
 */
void spool_flush(struct spool *s);

/* spool_buffered - bytes that the next flush will write */
size_t spool_buffered(const struct spool *s);

/*
 * spool_tend - about once a second: removes what is too old or too much
 * What all readers have is kept within @keep_bytes, and goes before anything else does.
 */
void spool_tend(struct spool *s);

/*
 * spool_lag_ms - for how long an event has waited for some reader, as of the last spool_tend()
 * What was there when the spool was opened counts from then; 0: nothing waits, or nobody reads.
 */
uint64_t spool_lag_ms(const struct spool *s);

/* spool_unwritten - events that could not be written since spool_open() */
uint64_t spool_unwritten(const struct spool *s);

/* spool_settled - whether readers see all that was appended, or a gap in its place */
bool spool_settled(const struct spool *s);

/* spool_wake - readers that wait look around, though nothing came */
void spool_wake(struct spool *s);

/* spool_free - flushes and closes; NULL is fine */
void spool_free(struct spool *s);

#endif
