/* SPDX-License-Identifier: Apache-2.0 */
#include "app/corridor.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "app/format.h"
#include "app/hasher.h"
#include "app/host.h"
#include "app/recorder.h"
#include "base/log.h"
#include "decode/decode.h"
#include "encode/encode.h"

#define ARENA_BYTES (4 * 1024 * 1024)
#define MAX_PROCESSES 65536
#define FLUSH_BYTES (256 * 1024)
#define DELIVER_STEP_MS 20

int corridor_init(struct corridor *c) {
	*c = (struct corridor){ .color = -1 };
	arena_init(&c->arena, ARENA_BYTES);
	return enrich_new(MAX_PROCESSES, &c->enrich);
}

/* fail - remembers the first failure; a full pipe of a hurried output is none */
static void fail(struct corridor *c, int err, const char *name) {
	if (!err || err == -EAGAIN || c->error)
		return;
	c->error = err;
	c->failed = name;
}

int corridor_open(struct corridor *c, const char *const *specs, int n, bool hurried) {
	for (int i = 0; i < n; i++) {
		struct output *s = &c->outputs[i];
		const char *why = "";
		int err = output_open(specs[i], s, &why);

		if (err) {
			log_error("output \"%s\": %s", specs[i], why);
			return err;
		}
		c->n_outputs = i + 1;
		s->hurried = hurried;
		for (int j = 0; j < i; j++) {
			if (!output_clash(&c->outputs[j], s))
				continue;
			log_error("outputs \"%s\" and \"%s\" are the same file; name two",
				  c->outputs[j].name, s->name);
			return -EINVAL;
		}
	}
	return 0;
}

int corridor_hash(struct corridor *c, uint64_t rate) {
	int err = rate ? hasher_start(rate, &c->hasher) : 0;

	if (err)
		log_warn("what runs cannot be hashed: %s, continuing", strerror(-err));
	return 0;
}

int corridor_apart(const struct corridor *c, const char *what, const char *path) {
	for (int i = 0; i < c->n_outputs; i++) {
		if (!output_is(&c->outputs[i], path))
			continue;
		log_error("output \"%s\" and %s \"%s\" are the same file; name another output",
			  c->outputs[i].name, what, path);
		return -EINVAL;
	}
	return 0;
}

int corridor_begin(struct corridor *c) {
	for (int i = 0; i < c->n_outputs; i++) {
		int err = output_begin(&c->outputs[i]);

		if (err) {
			log_error("output \"%s\" cannot be emptied: %s", c->outputs[i].name,
				  strerror(-err));
			return err;
		}
	}
	return 0;
}

void corridor_log_fault(const struct corridor *c, const char *prefix) {
	if (c->failed)
		log_error("%soutput \"%s\" cannot be written: %s", prefix, c->failed,
			  strerror(-c->error));
	else
		log_error("%sthe tape cannot be written: %s", prefix, strerror(-c->error));
}

int corridor_done(struct corridor *c) {
	for (int i = 0; i < c->n_outputs; i++) {
		const char *name = c->outputs[i].name;

		fail(c, output_close(&c->outputs[i]), name);
	}
	whois_free(c->whois);
	if (c->tally)
		(void)tally_write(c->tally, c->rules);
	tally_free(c->tally);
	hasher_free(c->hasher);
	export_free(c->export);
	tape_free(c->tape);
	ruleset_free(c->rules);
	ruleset_free(c->shadow);
	enrich_free(c->enrich);
	arena_done(&c->arena);
	*c = (struct corridor){ .error = c->error, .failed = c->failed };
	return c->error;
}

/* whole - for who reads more of an event than its own */
static void whole(struct corridor *c, struct event *e) {
	if (e->untold)
		enrich_tell(c->enrich, e);
}

static inline __attribute__((always_inline)) void
encode(struct corridor *c, struct output *s, struct event *e) {
	size_t before = s->buf.len / FLUSH_BYTES;

	if (!e->untold || s->format != OUTPUT_PROTO || !encode_twin(&s->buf, e)) {
		whole(c, e);
		format_output(s, e, c->color < 0 ? s->tty : c->color);
	}
	/* with a backlog not at each event, but once per as many bytes again */
	if (buf_error(&s->buf))
		fail(c, buf_error(&s->buf), s->name);
	else if (s->buf.len / FLUSH_BYTES != before)
		fail(c, output_flush(s), s->name);
}

#define SHADOW_CLOCK 16

/* shadow - the candidate sees the same event, and nobody sees what it finds */
static void shadow(struct corridor *c, struct event *e) {
	const struct detection *detections = e->detections;
	uint32_t n = e->n_detections;
	uint64_t since = c->asked % SHADOW_CLOCK ? 0 : host_boot_ns();

	detect_event(c->shadow, &c->arena, e);
	if (since)
		c->shadow_ns += (host_boot_ns() - since) * SHADOW_CLOCK;
	c->shadow_matches += e->n_detections;
	e->detections = detections;
	e->n_detections = n;
}

static inline __attribute__((always_inline)) void
detect(struct corridor *c, struct event *e) {
	c->asked++;
	if (c->rules && !detect_nothing(c->rules, e)) {
		whole(c, e);
		detect_event(c->rules, &c->arena, e);
	}
	if (c->shadow) {
		whole(c, e);
		shadow(c, e);
	}
}

/* pass - corridor_event(), into which records and events of the sensor's own come */
static inline __attribute__((always_inline)) void pass(struct corridor *c, struct event *e) {
	if (!e->retold)
		detect(c, e);
	c->events[e->kind]++;
	c->detections += e->n_detections;
	if (c->export) {
		whole(c, e);
		export_event(c->export, e);
	}
	for (int i = 0; i < c->n_outputs; i++)
		encode(c, &c->outputs[i], e);
}

void corridor_event(struct corridor *c, struct event *e) {
	pass(c, e);
}

/* ask_hash - for an exec whose hash is not known; one that nobody can look for has none */
static void ask_hash(struct corridor *c, const void *record, size_t len, struct event *e) {
	if (!(e->degraded >> DEGRADED_HASH_PENDING & 1) || !c->hasher ||
	    hasher_ask(c->hasher, record, len, e))
		return;
	e->degraded &= ~(1ull << DEGRADED_HASH_PENDING);
	event_degrade(e, DEGRADED_HASH_UNRESOLVED);
}

/* count - for the end; @kind: of the record, for the event of a fold is of what was done */
static inline void count(struct corridor *c, uint32_t kind, const struct event *e) {
	switch (kind) {
	case WIRE_HOST_FOLD:
		c->folds++;
		c->folded += e->fold.count;
		break;
	case WIRE_HOST_LIMIT:
		c->limits++;
		c->limited += e->limit.count;
		break;
	}
}

int corridor_record(void *corridor, const void *record, size_t len) {
	struct corridor *c = corridor;
	const struct wire_header *head = record;
	struct event e;
	int err;

	if (c->tape) {
		err = tape_write(c->tape, record, len);
		fail(c, err, NULL);
	}
	if (c->recorder)
		recorder_write(c->recorder, record, len);
	c->records++;
	arena_reset(&c->arena); /* the last event dies here */
	err = decode_lean(record, len, &c->arena, &e);
	if (err) {
		c->malformed++;
		if (len >= sizeof(*head) && head->kind < WIRE_KIND_MAX)
			c->malformed_kind[head->kind]++;
		return 0;
	}
	if (!enrich_lean(c->enrich, &c->arena, &e))
		return 0;
	ask_hash(c, record, len, &e);
	count(c, head->kind, &e);
	pass(c, &e);
	return 0;
}

int corridor_flush(struct corridor *c) {
	if (c->export)
		export_flush(c->export);
	for (int i = 0; i < c->n_outputs; i++)
		fail(c, output_flush(&c->outputs[i]), c->outputs[i].name);
	if (c->tape)
		fail(c, tape_flush(c->tape), NULL);
	return c->error;
}

void corridor_tend(struct corridor *c, uint64_t now_ns) {
	if (c->export)
		export_tend(c->export);
	tally_tend(c->tally, c->rules, now_ns);
}

size_t corridor_backlog(const struct corridor *c) {
	size_t n = 0;

	for (int i = 0; i < c->n_outputs; i++)
		n += output_backlog(&c->outputs[i]);
	return n;
}

void corridor_wait(const struct corridor *c, int ms) {
	struct pollfd full[CORRIDOR_OUTPUTS];
	nfds_t n = 0;

	for (int i = 0; i < c->n_outputs; i++)
		if (output_backlog(&c->outputs[i]))
			full[n++] = (struct pollfd){ .fd = c->outputs[i].fd, .events = POLLOUT };
	(void)poll(full, n, ms);
}

int corridor_deliver(struct corridor *c, uint64_t ms) {
	uint64_t end = host_boot_ns() + ms * 1000000;
	int missed = 0;

	while (!corridor_flush(c) && corridor_backlog(c) && host_boot_ns() < end)
		corridor_wait(c, DELIVER_STEP_MS);
	for (int i = 0; i < c->n_outputs; i++) {
		size_t rest = output_backlog(&c->outputs[i]);

		if (!rest || c->outputs[i].name == c->failed)
			continue;
		log_warn("output \"%s\": the last %zu bytes were not delivered, because its "
			 "reader did not take them",
			 c->outputs[i].name, rest);
		missed = -EAGAIN;
	}
	return missed;
}
