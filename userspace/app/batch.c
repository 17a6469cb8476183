/* SPDX-License-Identifier: Apache-2.0 */
#include "app/batch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hostroot.h"
#include "base/varint.h"
#include "encode/encode.h"
#include "event/field.h"

#define ARENA_BYTES (64 * 1024 * 1024) /* of a batch: lists have a struct for each element */
#define MAX_EVENTS 4096
#define MAX_GAPS 16 /* whose bounds a cursor has room for, and as many of a batch before */
#define ID_BYTES 192
#define MAX_BYTES (1024 * 1024)
#define TELL_EVERY_MS 60000

_Static_assert(4 * MAX_GAPS <= CURSOR_PROMISES, "a cursor keeps the bounds of each gap");
_Static_assert(WIRE_KIND_MAX <= CURSOR_KINDS, "a cursor counts each kind");

/* first_line - of a file, kept for ever; absent when it cannot be read */
static struct str first_line(const char *path) {
	static char lines[2][64];
	static unsigned n;
	char *line = lines[n++ % 2];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? 0 : read(fd, line, sizeof(lines[0]) - 1);

	if (fd >= 0)
		(void)close(fd);
	if (got <= 0)
		return (struct str){ 0 };
	line[got] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return str_of(line);
}

bool batch_has_key(const char *key) {
	for (const struct filter_key *k = filter_keys; k->name; k++)
		if (!strcmp(k->name, key))
			return true;
	return false;
}

int batch_filter(const struct sink_url *url, const struct sink_type *type, struct filter **ret,
		 const char **why) {
	bool needed = type->leaves_host || type->detections_only;
	int err = filter_new(type->leaves_host, ret);

	if (!err && type->detections_only && !url_value(url, "only"))
		err = filter_set(*ret, "only", "detections", why);
	for (unsigned i = 0; i < url->n_params && !err; i++) {
		err = filter_set(*ret, url->params[i].key, url->params[i].value, why);
		needed |= !err;
		if (err == -ENOENT)
			err = 0;
	}
	if (!err && type->needs_kind && filter_omits(*ret, FIELD_KIND)) {
		*why = "\"omit\" leaves out the kind, without which `lapwing receive` takes no "
		       "event; keep it";
		err = -EINVAL;
	}
	if (!err && needed)
		return 0;
	filter_free(*ret);
	*ret = NULL;
	return err;
}

/* name_host - in ids, which every sink gets: what host_id may be hidden from must not be in them */
static void name_host(struct batch *b) {
	unsigned char sum[crypto_generichash_BYTES_MIN];

	(void)crypto_generichash(sum, sizeof(sum), (const unsigned char *)b->host_id.s,
				 b->host_id.n, NULL, 0);
	(void)sodium_bin2hex(b->host_key, sizeof(b->host_key), sum, HOST_KEY_BYTES);
}

int batch_init(struct batch *b, const struct sink *s) {
	const char *only = url_value(s->url, "only"), *why;
	int err;

	*b = (struct batch){ .type = s->type, .encode = format_find(s->format),
			     .name = str_of(s->name) };
	b->alarms_only = s->type->detections_only && !(only && !strcmp(only, "all"));
	if (!b->encode)
		return -EINVAL;
	err = batch_filter(s->url, s->type, &b->filter, &why);
	if (err)
		return err;
	b->raw = !b->filter && !strcmp(s->format, "proto");
	b->max = s->type->max_batch_events ? s->type->max_batch_events : MAX_EVENTS;
	arena_init(&b->arena, ARENA_BYTES);
	b->pieces = calloc(b->max, sizeof(*b->pieces));
	b->items = calloc(b->max, sizeof(*b->items));
	b->piece_of = calloc(b->max, sizeof(*b->piece_of));
	b->host_id = first_line("/etc/machine-id");
	b->boot_id = first_line("/proc/sys/kernel/random/boot_id");
	b->host_name = str_of(hostroot_name());
	name_host(b);
	return b->pieces && b->items && b->piece_of ? 0 : -ENOMEM;
}

/* loss_event - what the stream says where events are missing: no number of its own, a stable id */
static __attribute__((format(printf, 5, 6))) void
loss_event(struct batch *b, uint64_t count, const char *cause, struct event *e, const char *fmt,
	   ...) {
	struct timespec t;
	char *id = arena_alloc(&b->arena, ID_BYTES);
	va_list args;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	event_reset(e);
	EVENT_SET(e, SCHEMA, schema, EVENT_SCHEMA);
	if (id) {
		va_start(args, fmt);
		(void)vsnprintf(id, ID_BYTES, fmt, args);
		va_end(args);
		EVENT_SET_STR(e, ID, id, str_of(id));
	}
	EVENT_SET(e, TIME_NS, time_ns, (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec);
	EVENT_SET_STR(e, HOST_ID, host_id, b->host_id);
	EVENT_SET_STR(e, BOOT_ID, boot_id, b->boot_id);
	EVENT_SET_STR(e, HOST_NAME, host_name, b->host_name);
	EVENT_SET(e, KIND, kind, WIRE_HOST_LOSS);
	EVENT_SET(e, OUTCOME, outcome, OUTCOME_SUCCEEDED);
	EVENT_SET_STR(e, HOST_LOST_CAUSE, host.lost_cause, str_of(cause));
	EVENT_SET(e, HOST_LOST_COUNT, host.lost_count, count);
}

static void gap_event(struct batch *b, const struct reader_item *gap, struct event *e) {
	loss_event(b, gap->count, spool_cause_name(gap->cause), e, "%s-gap-%d-%" PRIx64
		   "-%" PRIx64, b->host_key, (int)gap->class, gap->ord, gap->count);
	EVENT_SET_STR(e, HOST_LOST_CLASS, host.lost_class, str_of(spool_class_name(gap->class)));
	filter_notice(b->filter, &b->arena, e);
}

/* unpack - the event of a payload, or -EBADMSG; @bare is the payload without its length */
static int unpack(struct batch *b, const struct reader_item *item, struct event *e,
		  struct str *bare) {
	uint64_t n;
	size_t head = varint_get(item->payload, item->n, &n);

	if (!head || n != item->n - head)
		return -EBADMSG;
	*bare = (struct str){ (const char *)item->payload + head, (uint32_t)n };
	return encode_unpack(bare->s, bare->n, &b->arena, e);
}

/* wanted - whether the sink is to have the piece; that detections are missing is for every sink */
static bool wanted(struct batch *b, struct batch_piece *p) {
	enum filter_verdict verdict;

	if (!b->filter || p->item.what == READER_GAP)
		return p->item.what == READER_EVENT || !b->alarms_only ||
		       p->item.class == SPOOL_ALARM;
	verdict = filter_event(b->filter, &b->arena, clock_ns(CLOCK_MONOTONIC), p->event);
	p->capped = verdict == FILTER_CAPPED;
	p->kind = event_has(p->event, FIELD_KIND) ? p->event->kind : 0;
	return verdict == FILTER_SENT;
}

static void drop(struct batch_piece *p, enum spool_cause cause) {
	p->settled = true;
	p->acked = false;
	p->cause = cause;
}

/* add - one more piece; -ENOMEM when the batch has no room for it */
static int add(struct batch *b, const struct reader_item *item) {
	struct batch_piece *p = &b->pieces[b->n];
	struct str bare = { 0 };
	int err = 0;

	*p = (struct batch_piece){ .item = *item, .body = b->bodies.len };
	p->event = arena_alloc(&b->arena, sizeof(*p->event));
	if (!p->event)
		return -ENOMEM;
	if (item->what == READER_GAP)
		gap_event(b, item, p->event);
	else
		err = unpack(b, item, p->event, &bare);
	if (err == -ENOMEM)
		return err;
	b->n++;
	if (err) {
		drop(p, SPOOL_CORRUPT);
		return 0;
	}
	if (!wanted(b, p)) {
		drop(p, item->what == READER_GAP ? item->cause : SPOOL_FILTERED);
		return 0;
	}
	if (b->raw && bare.n)
		buf_add_str(&b->bodies, bare);
	else
		b->encode(&b->bodies, p->event);
	p->body_n = b->bodies.len - p->body;
	if (!p->body_n)
		drop(p, SPOOL_UNWRITTEN);
	b->gaps += item->what == READER_GAP;
	return 0;
}

/* add_told - one kind of which a cap left out some: the @nth time that it is told of any */
static bool add_told(struct batch *b, uint32_t kind, uint64_t count, uint64_t nth) {
	struct batch_piece *p = &b->pieces[b->n];

	*p = (struct batch_piece){ .item = { .count = count }, .kind = kind,
				   .body = b->bodies.len };
	p->event = arena_alloc(&b->arena, sizeof(*p->event));
	if (!p->event)
		return false;
	loss_event(b, count, "capped", p->event, "%s-capped-%.*s-%" PRIx64, b->host_key,
		   STR_FMT(b->name), nth);
	if (kind)
		EVENT_SET(p->event, HOST_LOST_KIND, host.lost_kind, kind);
	filter_notice(b->filter, &b->arena, p->event);
	b->encode(&b->bodies, p->event);
	p->body_n = b->bodies.len - p->body;
	b->n++;
	return true;
}

/* add_all_told - of each kind, once a minute */
static void add_all_told(struct batch *b, const struct reader *r, bool last) {
	const struct cursor_capped *c = reader_capped(r);
	uint64_t now_ms = clock_ms(CLOCK_MONOTONIC), nth = c->told;

	if (b->told_ms && now_ms - b->told_ms < TELL_EVERY_MS && (!last || b->told_refused))
		return;
	b->told_refused = false;
	for (uint32_t kind = 0; kind < CURSOR_KINDS && b->n < b->max; kind++)
		if (c->n[kind] && !add_told(b, kind, c->n[kind], nth++))
			break;
	if (b->n)
		b->told_ms = now_ms ? now_ms : 1;
}

bool batch_untold(const struct batch *b, const struct reader *r) {
	const struct cursor_capped *c = reader_capped(r);

	for (uint32_t kind = 0; kind < CURSOR_KINDS && !b->told_refused; kind++)
		if (c->n[kind])
			return true;
	return false;
}

int batch_fill(struct batch *b, struct reader *r, bool last) {
	size_t max_bytes = b->type->max_batch_bytes ? b->type->max_batch_bytes : MAX_BYTES;
	struct reader_item item;
	int err = 0;

	b->n = b->first = b->gaps = 0;
	arena_reset(&b->arena);
	buf_reset(&b->bodies);
	add_all_told(b, r, last);
	while (b->n < b->max && b->bodies.len < max_bytes && b->gaps < MAX_GAPS) {
		err = reader_next(r, &item);
		if (err || item.what == READER_NONE)
			break;
		err = add(b, &item);
		if (!err)
			continue;
		err = 0;
		if (b->n) {
			reader_push_back(r, &item); /* first of the next batch */
			break;
		}
		/* too large for any: it would come again for ever */
		b->pieces[b->n] = (struct batch_piece){ .item = item };
		drop(&b->pieces[b->n++], SPOOL_UNWRITTEN);
		break;
	}
	return err ? err : (int)b->n;
}

void batch_promise(const struct batch *b, struct reader *r) {
	struct reader_item gaps[MAX_GAPS];
	size_t n = 0;

	for (size_t i = b->first; i < b->n && n < b->gaps; i++)
		if (b->pieces[i].item.what == READER_GAP && !b->pieces[i].settled)
			gaps[n++] = b->pieces[i].item;
	if (!n)
		return;
	reader_promise(r, gaps, n);
	(void)reader_save(r); /* else a loss may be told under two ids */
}

/* A batch that is on its way. */
struct sending {
	struct batch *b;
	struct reader *r;
	size_t n; /* items */
};

static void take_outcomes(struct batch *b, size_t n_items) {
	for (size_t i = 0; i < n_items; i++) {
		struct batch_piece *p = &b->pieces[b->piece_of[i]];

		p->settled = b->items[i].outcome != SINK_AGAIN;
		p->acked = b->items[i].outcome == SINK_ACKED;
		p->cause = SPOOL_REFUSED;
	}
}

/* on_progress - the cursor moves past what has an outcome; a failed save is tried again later */
static void on_progress(void *arg) {
	struct sending *sending = arg;
	size_t before = sending->b->first;

	take_outcomes(sending->b, sending->n);
	(void)batch_settle(sending->b, sending->r);
	if (sending->b->first > before)
		(void)reader_save(sending->r);
}

int batch_send(struct batch *b, struct sink *s, struct reader *r) {
	struct sending sending = { b, r, 0 };
	struct sink_batch batch = { .items = b->items, .progress = on_progress, .arg = &sending };
	int err;

	for (size_t i = b->first; i < b->n; i++) {
		struct batch_piece *p = &b->pieces[i];

		if (p->settled)
			continue;
		b->piece_of[batch.n] = i;
		b->items[batch.n++] = (struct sink_item){
			.event = p->event,
			.body = { b->bodies.data + p->body, (uint32_t)p->body_n },
		};
		batch.bytes += p->body_n;
	}
	if (!batch.n)
		return 0;
	sending.n = batch.n;
	err = s->type->send(s, &batch);
	take_outcomes(b, batch.n);
	return err;
}

bool batch_settle(struct batch *b, struct reader *r) {
	for (; b->first < b->n && b->pieces[b->first].settled; b->first++) {
		const struct batch_piece *p = &b->pieces[b->first];

		if (p->item.what == READER_NONE && p->acked)
			reader_told(r, p->kind, p->item.count);
		else if (p->item.what == READER_NONE)
			b->told_refused = true; /* so it is not told, and stays in the cursor */
		else
			reader_settle(r, &p->item, p->acked, p->cause);
		if (p->capped)
			reader_cap(r, p->kind);
	}
	return b->first == b->n;
}

uint64_t batch_refused(const struct batch *b) {
	uint64_t n = 0;

	for (size_t i = 0; i < b->n; i++) {
		const struct batch_piece *p = &b->pieces[i];

		n += p->item.what == READER_EVENT && p->settled && !p->acked &&
		     p->cause == SPOOL_REFUSED;
	}
	return n;
}

void batch_done(struct batch *b) {
	filter_free(b->filter);
	arena_done(&b->arena);
	buf_done(&b->bodies);
	free(b->pieces);
	free(b->items);
	free(b->piece_of);
}
