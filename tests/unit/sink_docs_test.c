/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sink/docs.h"
#include "base/library.h"
#include "test.h"

#define N 8

static struct sink_item items[N];
static size_t takes, n_requests, dies_at, bad;
static size_t wordy; /* of more documents at once it says more than is read */
static unsigned n_told;
static size_t settled[2 * N]; /* each time progress was told: items with an outcome */

static void on_progress(void *arg) {
	size_t n = 0;

	(void)arg;
	for (size_t i = 0; i < N; i++)
		n += items[i].outcome != SINK_AGAIN;
	settled[n_told++] = n;
}

static struct sink_batch fresh(void) {
	for (size_t i = 0; i < N; i++)
		items[i] = (struct sink_item){ .body = STR("x\n") };
	n_requests = n_told = 0;
	wordy = N;
	return (struct sink_batch){ .items = items, .n = N, .progress = on_progress };
}

/* a receiver that takes no more than @takes at once, and never the document @bad */
static int request(struct sink *s, struct sink_batch *batch, struct docs *d, size_t first,
		   size_t n) {
	(void)s;
	(void)batch;
	if (++n_requests == dies_at)
		return -EIO;
	if (n > takes)
		return -E2BIG;
	if (n > wordy)
		return -EMSGSIZE;
	if (bad >= first && bad < first + n)
		return -EINVAL;
	for (size_t i = first; i < first + n; i++)
		d->v[i].outcome = SINK_ACKED;
	return 0;
}

static void each_piece_that_is_taken_is_told_before_the_next_is_sent(void) {
	struct sink_batch batch = fresh();
	struct docs d = { 0 };

	takes = 2, dies_at = 0, bad = N;
	CHECK(!docs_of(&d, &batch, true));
	CHECK(!docs_send(NULL, &batch, &d, request));
	CHECK(n_told == 4);
	for (unsigned i = 0; i < n_told; i++)
		CHECK(settled[i] == 2 * (i + 1));
	docs_done(&d);
}

static void what_was_taken_before_the_receiver_went_was_told(void) {
	struct sink_batch batch = fresh();
	struct docs d = { 0 };

	takes = 2, dies_at = 5, bad = N; /* 8, 4, 2 taken, 2 taken, 4: it is gone */
	CHECK(!docs_of(&d, &batch, true));
	CHECK(docs_send(NULL, &batch, &d, request) == -EIO);
	CHECK(n_told == 2 && settled[1] == 4 && items[3].outcome == SINK_ACKED &&
	      items[4].outcome == SINK_AGAIN);
	docs_done(&d);
}

static void a_bad_document_is_refused_alone_and_told(void) {
	struct sink_batch batch = fresh();
	struct docs d = { 0 };

	takes = N, dies_at = 0, bad = 5;
	CHECK(!docs_of(&d, &batch, true));
	CHECK(!docs_send(NULL, &batch, &d, request));
	for (size_t i = 0; i < N; i++)
		CHECK(items[i].outcome == (i == 5 ? SINK_REFUSED : SINK_ACKED));
	CHECK(n_told && settled[n_told - 1] == N);
	docs_done(&d);
}

static void a_batch_that_is_taken_whole_tells_nothing_between(void) {
	struct sink_batch batch = fresh();
	struct docs d = { 0 };

	takes = N, dies_at = 0, bad = N;
	CHECK(!docs_of(&d, &batch, true));
	CHECK(!docs_send(NULL, &batch, &d, request) && !n_told && n_requests == 1);
	batch = fresh();
	batch.progress = NULL;
	takes = 1;
	CHECK(!docs_of(&d, &batch, true));
	CHECK(!docs_send(NULL, &batch, &d, request) && items[N - 1].outcome == SINK_ACKED);
	docs_done(&d);
}

/* What is too long is the answer: that is no document's fault, and costs none. */
static void an_answer_that_is_too_long_halves_the_request_and_refuses_nothing(void) {
	struct sink_batch batch = fresh();
	struct docs d = { 0 };

	takes = N, dies_at = 0, bad = N, wordy = 2;
	CHECK(!docs_of(&d, &batch, true));
	CHECK(!docs_send(NULL, &batch, &d, request) && items[N - 1].outcome == SINK_ACKED);
	CHECK(n_requests == 7);
	batch = fresh();
	wordy = 0;
	CHECK(!docs_of(&d, &batch, true));
	CHECK(docs_send(NULL, &batch, &d, request) == -EMSGSIZE && n_requests == 4);
	for (size_t i = 0; i < N; i++)
		CHECK(items[i].outcome == SINK_AGAIN);
	docs_done(&d);
}

static void a_function_that_a_library_lacks_is_named(void) {
	const char *why = "";
	size_t (*length)(const char *) = NULL;
	void *absent = NULL, *library = NULL;
	const struct library_call lacks[] = { { "strlen", &length }, { "strlem", &absent }, { 0 } };
	const struct library_call has[] = { { "strlen", &length }, { 0 } };

	CHECK(library_load("libc.so.6", "libc6", lacks, &library, &why) == -ENOENT && !library);
	CHECK(strstr(why, "strlem") && strstr(why, "libc6"));
	CHECK(library_load("libnowhere.so.1", "libnowhere1", has, &library, &why) == -ENOENT);
	CHECK(strstr(why, "libnowhere1") && !library);
	CHECK(!library_load("libc.so.6", "libc6", has, &library, &why) && library);
	CHECK(length("four") == 4);
	CHECK(!library_load("libnowhere.so.1", "libnowhere1", lacks, &library, &why));
}

int main(void) {
	RUN(each_piece_that_is_taken_is_told_before_the_next_is_sent);
	RUN(what_was_taken_before_the_receiver_went_was_told);
	RUN(a_bad_document_is_refused_alone_and_told);
	RUN(a_batch_that_is_taken_whole_tells_nothing_between);
	RUN(an_answer_that_is_too_long_halves_the_request_and_refuses_nothing);
	RUN(a_function_that_a_library_lacks_is_named);
	DONE();
}
