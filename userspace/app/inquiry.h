/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inquiry.h - one request to a source of names, and all that may go wrong with it: for app/asker.c
 *
 * Each source has a connection of its own, which stays open between requests, but for CRI. What a
 * request may take, and what an answer may be long, is bounded.
 */
#ifndef LAPWING_INQUIRY_H
#define LAPWING_INQUIRY_H

#include "base/buf.h"
#include "sink/curl.h"
#include "who/list.h"

struct inquiry_options {
	const char *token, *ca; /* files; NULL: none */
	bool (*gone)(void *ctx); /* whether nobody waits for the answer any more */
	void *ctx;
};

struct inquiry {
	const struct inquiry_options *o;
	struct who_source source;
	CURL *easy; /* NULL: not yet used */
	struct buf body;
	struct who_list *list; /* takes what lists of pods give, as it comes; others have @body */
	uint64_t listed_bytes;
	bool overlong;
	int grpc_status; /* -1: it did not say */
	char error[CURL_ERROR_SIZE]; /* libcurl's own */
	char why[200];	 /* of the last failure */
};

/*
 * inquiry_ask - the answer's bytes, borrowed until the next request of this source; of a list of
 * pods none, for @q->list has had them
 * -ENOENT: the source does not know it. Else -errno, and @q->why is a sentence: the source cannot
 * be asked at present.
 */
int inquiry_ask(struct inquiry *q, const struct who_ask *ask, enum who_call call, struct str *ret);

/* inquiry_list_fault - what who_list_end() gave, for people */
const char *inquiry_list_fault(int err);

void inquiry_done(struct inquiry *q);

#endif
