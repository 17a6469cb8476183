/* SPDX-License-Identifier: Apache-2.0 */
/*
 * docs.h - the documents of a batch, which are what a receiver takes or refuses one by one
 *
 * An event of a foreign schema is a document for the deed and one for each
 * detection, a line each. An item is settled when all its documents are: refused
 * when one was. For this room only.
 */
#ifndef LAPWING_SINK_DOCS_H
#define LAPWING_SINK_DOCS_H

#include "sink/sink.h"

struct doc {
	struct str text; /* without its newline */
	size_t item;	 /* of the batch */
	uint32_t nth;	 /* of its item: 0 is the deed, 1 the first detection */
	enum sink_outcome outcome;
};

struct docs {
	struct doc *v;
	size_t n, max;
};

/*
 * docs_of - the documents of @batch; what @d held is gone, its memory serves again
 * @whole: an item is one document, whatever is in it. -ENOMEM.
 */
int docs_of(struct docs *d, const struct sink_batch *batch, bool whole);

/*
 * docs_id - the id of a document: its event's, and "-1" and so on for that of a detection
 * Without an id of the event: its text's first bytes do not serve, so the id is empty.
 */
void docs_id(const struct sink_batch *batch, const struct doc *doc, struct str *id,
	     char suffix[12]);

/*
 * A request with the @n documents from @d->v[@first] on. 0, and their outcomes are set (those that
 * are still SINK_AGAIN are sent later); -E2BIG or -EINVAL: the receiver takes no such request;
 * -EMSGSIZE: it says too much of so many, which is no fault of a document; another -errno: it
 * cannot be had now.
 */
typedef int docs_request(struct sink *s, struct sink_batch *batch, struct docs *d, size_t first,
			 size_t n);

/*
 * docs_send - sends all documents that are not settled by @request, and settles the batch's items
 * A request that is not taken is sent in halves, so that one bad document is refused alone; the
 * batch is told of the progress after each. 0; or
 * -errno when the receiver could not be had: what was settled before is settled.
 */
int docs_send(struct sink *s, struct sink_batch *batch, struct docs *d, docs_request *request);

/* docs_settle - items by their documents: once more if one is open, else refused if one was */
void docs_settle(struct sink_batch *batch, const struct docs *d);

void docs_done(struct docs *d);

#endif
