/* SPDX-License-Identifier: Apache-2.0 */
#include "app/corridor.h"

#include <errno.h>

#include "decode/decode.h"
#include "encode/encode.h"

#define ARENA_BYTES (4 * 1024 * 1024)
#define MAX_PROCESSES 65536
#define FLUSH_BYTES (256 * 1024)

int corridor_init(struct corridor *c) {
	*c = (struct corridor){ .color = -1 };
	arena_init(&c->arena, ARENA_BYTES);
	return enrich_new(MAX_PROCESSES, &c->enrich);
}

int corridor_done(struct corridor *c) {
	int err = c->error;

	for (int i = 0; i < c->n_sinks; i++) {
		int e = sink_close(&c->sinks[i]);

		err = err ? err : e;
	}
	tape_free(c->tape);
	ruleset_free(c->rules);
	enrich_free(c->enrich);
	arena_done(&c->arena);
	*c = (struct corridor){ 0 };
	return err;
}

static void encode(struct corridor *c, struct sink *s, const struct event *e) {
	int err;

	switch (s->format) {
	case SINK_TEXT:
		encode_text(&s->buf, e, c->color < 0 ? s->tty : c->color);
		break;
	case SINK_JSON:
		encode_json(&s->buf, e);
		break;
	case SINK_PROTO:
		encode_proto(&s->buf, e);
		break;
	}
	if (s->buf.len < FLUSH_BYTES && !buf_error(&s->buf))
		return;
	err = buf_error(&s->buf) ? buf_error(&s->buf) : sink_flush(s);
	if (err && !c->error)
		c->error = err;
}

void corridor_event(struct corridor *c, struct event *e) {
	if (c->rules)
		detect_event(c->rules, &c->arena, e);
	c->events[e->kind]++;
	c->detections += e->n_detections;
	for (int i = 0; i < c->n_sinks; i++)
		encode(c, &c->sinks[i], e);
}

static void count_alive(struct corridor *c, uint32_t kind) {
	c->alive += kind == WIRE_PROCESS_FORK;
	c->alive -= kind == WIRE_PROCESS_EXIT;
}

int corridor_record(void *corridor, const void *record, size_t len) {
	struct corridor *c = corridor;
	const struct wire_header *head = record;
	struct event e;
	int err;

	if (c->tape) {
		err = tape_write(c->tape, record, len);
		if (err && !c->error)
			c->error = err;
	}
	c->records++;
	arena_reset(&c->arena); /* the last event dies here */
	event_reset(&e);
	err = decode_record(record, len, &c->arena, &e);
	if (err) {
		c->malformed++;
		if (len >= sizeof(*head) && head->kind < WIRE_KIND_MAX)
			c->malformed_kind[head->kind]++;
		return 0;
	}
	if (!enrich_event(c->enrich, &c->arena, &e))
		return 0;
	count_alive(c, e.kind);
	corridor_event(c, &e);
	return 0;
}

int corridor_flush(struct corridor *c) {
	for (int i = 0; i < c->n_sinks; i++) {
		int err = sink_flush(&c->sinks[i]);

		if (err && !c->error)
			c->error = err;
	}
	if (c->tape) {
		int err = tape_flush(c->tape);

		if (err && !c->error)
			c->error = err;
	}
	return c->error;
}
