/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/docs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "event/field.h"

static int add(struct docs *d, struct str text, size_t item, uint32_t nth) {
	if (d->n == d->max) {
		size_t max = d->max ? d->max * 2 : 256;
		struct doc *v = realloc(d->v, max * sizeof(*v));

		if (!v)
			return -ENOMEM;
		d->v = v;
		d->max = max;
	}
	d->v[d->n++] = (struct doc){ text, item, nth, SINK_AGAIN };
	return 0;
}

static int add_lines(struct docs *d, struct str body, size_t item) {
	uint32_t nth = 0, from = 0;
	int err = 0;

	while (from < body.n && !err) {
		const char *newline = memchr(body.s + from, '\n', body.n - from);
		uint32_t end = newline ? (uint32_t)(newline - body.s) : body.n;

		err = add(d, (struct str){ body.s + from, end - from }, item, nth++);
		from = end + 1;
	}
	return err;
}

int docs_of(struct docs *d, const struct sink_batch *batch, bool whole) {
	int err = 0;

	d->n = 0;
	for (size_t i = 0; i < batch->n && !err; i++) {
		if (batch->items[i].outcome != SINK_AGAIN)
			continue;
		err = whole ? add(d, batch->items[i].body, i, 0) :
			      add_lines(d, batch->items[i].body, i);
	}
	return err;
}

void docs_id(const struct sink_batch *batch, const struct doc *doc, struct str *id,
	     char suffix[12]) {
	const struct event *e = batch->items[doc->item].event;

	*id = event_has(e, FIELD_ID) ? e->id : (struct str){ "", 0 };
	suffix[0] = '\0';
	if (doc->nth)
		(void)snprintf(suffix, 12, "-%u", doc->nth);
}

void docs_settle(struct sink_batch *batch, const struct docs *d) {
	for (size_t i = 0; i < d->n;) {
		struct sink_item *item = &batch->items[d->v[i].item];
		bool open = false, refused = false;

		do {
			open |= d->v[i].outcome == SINK_AGAIN;
			refused |= d->v[i].outcome == SINK_REFUSED;
			i++;
		} while (i < d->n && d->v[i].nth);
		item->outcome = open ? SINK_AGAIN : refused ? SINK_REFUSED : SINK_ACKED;
	}
}

/* send_range - the @n documents from @first on, in as few requests as are taken */
static int send_range(struct sink *s, struct sink_batch *batch, struct docs *d, size_t first,
		      size_t n, docs_request *request) {
	int err = request(s, batch, d, first, n);

	if ((err == -E2BIG || err == -EINVAL) && n == 1) {
		d->v[first].outcome = SINK_REFUSED;
		err = 0;
	}
	if ((err != -E2BIG && err != -EINVAL && err != -EMSGSIZE) || n == 1) {
		if (!err && n < d->n && batch->progress) {
			docs_settle(batch, d);
			batch->progress(batch->arg);
		}
		return err;
	}
	err = send_range(s, batch, d, first, n / 2, request);
	return err ? err : send_range(s, batch, d, first + n / 2, n - n / 2, request);
}

int docs_send(struct sink *s, struct sink_batch *batch, struct docs *d, docs_request *request) {
	int err = d->n ? send_range(s, batch, d, 0, d->n, request) : 0;

	docs_settle(batch, d);
	return err;
}

void docs_done(struct docs *d) {
	free(d->v);
	*d = (struct docs){ 0 };
}
