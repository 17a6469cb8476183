/* SPDX-License-Identifier: Apache-2.0 */
#include "spool/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "spool/chain.h"
#include "spool/head.h"
#include "spool/source.h"

struct verifying {
	struct progress *progress; /* may be NULL */
	uint64_t looked;	   /* segments and gaps */
	const uint8_t *key;
	void (*fault)(void *ctx, const char *sentence);
	void *ctx;
	struct spool_verdict *verdict;
	int dir;
	enum spool_class class;
	const char *name; /* of the segment */
	uint64_t next;	  /* ordinal that comes next; UINT64_MAX: any */
	uint64_t seq;	  /* of the last record of this class */
	uint8_t tag[SEGMENT_TAG_BYTES];
	bool chained; /* @tag is that of the record before @next */
};

static void found(struct verifying *v, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void found(struct verifying *v, const char *fmt, ...) {
	char sentence[256];
	va_list args;
	int n = snprintf(sentence, sizeof(sentence), "%s: ", v->name);

	va_start(args, fmt);
	(void)vsnprintf(sentence + n, sizeof(sentence) - (size_t)n, fmt, args);
	va_end(args);
	v->verdict->faults++;
	v->fault(v->ctx, sentence);
}

/* check_tag - @r against the chain, which goes on from what @r says, so that one fault is one */
static void check_tag(struct verifying *v, const struct segment_record *r) {
	if (v->chained) {
		chain_next(v->key, v->tag, r);
		if (memcmp(v->tag, source_tag(r), SEGMENT_TAG_BYTES) != 0)
			found(v, "event %" PRIu64 " is not the one that was written, or not in "
				 "its place", r->seq);
	}
	memcpy(v->tag, source_tag(r), SEGMENT_TAG_BYTES);
	v->chained = true;
}

static void check_record(struct verifying *v, const struct source *src,
			 const struct segment_record *r) {
	v->verdict->events++;
	if (v->next != UINT64_MAX && r->ord > v->next) {
		found(v, "%" PRIu64 " events before event %" PRIu64 " are missing",
		      r->ord - v->next, r->seq);
		v->chained = false; /* their tags are missing as well: that was one fault */
	} else if (v->next != UINT64_MAX && r->ord < v->next) {
		found(v, "event %" PRIu64 " stands behind a later one", r->seq);
	}
	if (r->seq <= v->seq)
		found(v, "the number of event %" PRIu64 " does not grow", r->seq);
	if (v->key && src->keyed)
		check_tag(v, r);
	v->seq = r->seq;
	v->next = r->ord + 1;
}

static int check_segment(struct verifying *v, const struct segment_item *item) {
	const struct segment_record *r;
	char name[SEGMENT_NAME_BYTES];
	struct source src;
	int err = source_open(v->dir, v->class, item, v->key != NULL, &src);

	if (err)
		return err == -ENOENT ? 0 : err; /* delivered and removed meanwhile */
	v->name = segment_name(v->class, item, name);
	v->verdict->segments++;
	v->verdict->keyed &= src.keyed;
	if (src.damaged_header)
		found(v, "its header is damaged");
	else if (v->key && !src.keyed)
		found(v, "it has no hash chain");
	else if (v->key && v->chained && item->first == v->next &&
		 memcmp(v->tag, src.header.prior, SEGMENT_TAG_BYTES) != 0)
		found(v, "it does not follow the segment before it");
	if (v->key && !src.damaged_header && src.keyed) {
		memcpy(v->tag, src.header.prior, SEGMENT_TAG_BYTES);
		v->chained = true;
	}
	if (v->next == UINT64_MAX)
		v->next = item->first;
	while ((r = source_next(&src, 0, UINT64_MAX, &err)))
		check_record(v, &src, r);
	if (src.skipped)
		found(v, "%" PRIu64 " bytes in it are damaged", src.skipped);
	source_close(&src);
	if (item->end != UINT64_MAX && v->next < item->end)
		found(v, "%" PRIu64 " events at its end are missing", item->end - v->next);
	if (item->end != UINT64_MAX && v->next < item->end)
		v->next = item->end;
	return err;
}

/* moved - whether @item, which is kept, was in @list when that was read */
static bool moved(const struct segment_item *item, const struct segment_list *list) {
	for (size_t i = 0; i < list->n; i++)
		if (!list->items[i].gap && list->items[i].first == item->first)
			return true;
	return false;
}

/* check_kept - what goes without a word may lack here; what is there must be right */
static int check_kept(struct verifying *v, const struct segment_list *kept,
		      const struct segment_list *list) {
	int err = 0;

	for (size_t i = 0; i < kept->n && !err; i++) {
		if (v->next != kept->items[i].first) {
			v->next = UINT64_MAX;
			v->chained = false;
		}
		if (!moved(&kept->items[i], list))
			err = check_segment(v, &kept->items[i]);
	}
	if (!list->n || v->next != list->items[0].first) {
		v->next = UINT64_MAX;
		v->chained = false;
	}
	return err;
}

static int check_class(struct verifying *v, const struct segment_list *kept,
		       const struct segment_list *list) {
	int err;

	v->next = UINT64_MAX;
	v->seq = 0;
	v->chained = false;
	err = check_kept(v, kept, list);
	for (size_t i = 0; i < list->n && !err; i++) {
		const struct segment_item *item = &list->items[i];

		if (v->progress)
			progress_tell(v->progress, v->looked++, clock_ns(CLOCK_MONOTONIC));
		if (!item->gap) {
			err = check_segment(v, item);
			continue;
		}
		v->verdict->gaps++;
		v->verdict->missing += item->end - item->first;
		v->next = item->end;
		v->chained = false;
	}
	return err;
}

int spool_verify(const char *folder, const uint8_t *key,
		 void (*fault)(void *ctx, const char *sentence), void *ctx,
		 struct progress *progress, struct spool_verdict *ret) {
	struct segment_list lists[SPOOL_CLASSES] = { 0 }, kept[SPOOL_CLASSES] = { 0 };
	struct verifying v = { .key = key, .fault = fault, .ctx = ctx, .verdict = ret,
			       .progress = progress };
	struct head *head = NULL;
	struct head_state end;
	bool trusted;
	int err;

	*ret = (struct spool_verdict){ .keyed = key != NULL };
	v.dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (v.dir < 0)
		return -errno;
	/* before the list, so that what a writer appends meanwhile is not missing */
	trusted = !head_open(v.dir, false, &head) && head_load(head, &end);
	err = segment_list_read(v.dir, lists) ?: segment_list_kept(v.dir, kept);
	for (int i = 0; i < SPOOL_CLASSES && trusted && !err; i++)
		if (lists[i].n && lists[i].items[lists[i].n - 1].end == UINT64_MAX)
			lists[i].items[lists[i].n - 1].end = end.end[i];
	for (int i = 0; i < SPOOL_CLASSES && progress; i++)
		progress->total += lists[i].n;
	for (int i = 0; i < SPOOL_CLASSES && !err; i++) {
		v.class = (enum spool_class)i;
		err = check_class(&v, &kept[i], &lists[i]);
	}
	segment_list_done(lists);
	segment_list_done(kept);
	head_free(head);
	(void)close(v.dir);
	return err;
}
