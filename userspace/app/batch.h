/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batch.h - a run of events from the spool, made ready for one sink
 *
 * Pieces are what the reader gave, in order: events, events that the sink is not to have, and gaps,
 * which become events themselves. They are settled in that order. Before them all goes what the
 * filter's cap has left out and was settled as that: so this number is the same however often it
 * must be told, and the cursor, in which it is, takes it off with the answer.
 */
#ifndef LAPWING_BATCH_H
#define LAPWING_BATCH_H

#include "app/format.h"
#include "base/arena.h"
#include "filter/filter.h"
#include "sink/sink.h"
#include "spool/reader.h"

#define HOST_KEY_BYTES 8 /* of a hash */

struct batch_piece {
	struct reader_item item;
	bool settled, acked;
	enum spool_cause cause; /* when it is settled and not acked */
	bool capped;		/* the filter's cap left it out */
	uint32_t kind;		/* what of; of READER_NONE: what is told of, item.count of them */
	size_t body, body_n;	/* in @bodies; body_n 0: the sink is not to have it */
	struct event *event;	/* in the arena */
};

struct batch {
	const struct sink_type *type;
	format_encode *encode;
	struct filter *filter; /* NULL: it has everything */
	bool raw;	     /* the spool's own bytes are what the sink takes */
	bool alarms_only;    /* of gaps, too: what else is missing is not its business */
	struct arena arena;
	struct buf bodies;
	struct batch_piece *pieces;
	struct sink_item *items; /* of what is handed over */
	size_t *piece_of;	 /* of each item */
	size_t gaps;		 /* of @pieces, that are told */
	size_t n, first, max;	 /* pieces; the first that is not settled; room */
	uint64_t told_ms;	 /* monotonic: when it was last told what a cap left out; or 0 */
	bool told_refused;	 /* and the receiver would not have it: again in a minute */
	struct str name;	 /* the sink's */
	struct str host_id, boot_id, host_name; /* for gaps */
	char host_key[2 * HOST_KEY_BYTES + 1];	/* stands for host_id in their ids */
};

/*
 * batch_filter - the filter that the keys of @url ask for; NULL: none is needed
 * 0; -ENOMEM; -EINVAL and @why, static until the next call.
 */
int batch_filter(const struct sink_url *url, const struct sink_type *type, struct filter **ret,
		 const char **why);

/* batch_has_key - whether @key is one of a filter's, as sink_check() asks */
bool batch_has_key(const char *key);

/* batch_init - for the sink @s; -ENOMEM; -EINVAL: a format without an encoder, a bad filter */
int batch_init(struct batch *b, const struct sink *s);

/*
 * batch_fill - what the reader has, as much as the sink takes at once; the count, or -errno
 * @last: nothing comes any more: what a cap left out is told now, and not once a minute.
 */
int batch_fill(struct batch *b, struct reader *r, bool last);

/* batch_refused - how many of its events the receiver will never take */
uint64_t batch_refused(const struct batch *b);

/* batch_untold - whether a cap left out what the receiver does not know, and did not just refuse */
bool batch_untold(const struct batch *b, const struct reader *r);

/* batch_promise - its gaps go out now: the cursor keeps their bounds, and so their ids */
void batch_promise(const struct batch *b, struct reader *r);

/*
 * batch_send - hands over what is not settled; as the sink's send()
 * Where that takes many requests, the cursor is moved and saved between them.
 */
int batch_send(struct batch *b, struct sink *s, struct reader *r);

/* batch_settle - moves the cursor past the settled pieces at the start; true: all are */
bool batch_settle(struct batch *b, struct reader *r);

void batch_done(struct batch *b);

#endif
