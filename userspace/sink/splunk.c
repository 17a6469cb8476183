/* SPDX-License-Identifier: Apache-2.0 */
/*
 * splunk.c - Splunk's HTTP Event Collector
 *
 * With ack=yes acknowledged means: indexed, as the collector says when it is asked for the ids that
 * it gave. Without, it means: answered 200, which is no more than "looked valid".
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/clock.h"
#include "event/field.h"
#include "sink/docs.h"
#include "sink/http.h"

extern const struct sink_type sink_splunk;

#define PORT 8088
#define POLL_FIRST_MS 20
#define POLL_MAX_MS 5000
#define CODE_INVALID_EVENT 6
#define CODE_NO_CHANNEL 10
#define CODE_BAD_CHANNEL 11
#define CODE_ACK_DISABLED 14

struct splunk {
	struct http *http;
	struct docs docs;
	struct buf body, head;
	bool ack;
	uint64_t ack_ms;
	char url[512], ack_url[600];
};

/* make_channel - a random UUID: who asks for acknowledgements */
static int make_channel(char text[40]) {
	uint8_t b[16];

	if (getrandom(b, sizeof(b), 0) != sizeof(b))
		return -EIO;
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	(void)snprintf(text, 40,
		       "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
		       b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12],
		       b[13], b[14], b[15]);
	return 0;
}

static int add_header(struct http *h, const char *name, const char *value) {
	char line[512];

	(void)snprintf(line, sizeof(line), "%s: %s", name, value);
	return http_header(h, line);
}

/* name_channel - the same in what is asked for; -errno */
static int name_channel(struct splunk *p, char line[80]) {
	char channel[40];
	int err = make_channel(channel);

	if (err)
		return err;
	(void)snprintf(p->ack_url, sizeof(p->ack_url), "%s/services/collector/ack?channel=%s",
		       http_base(p->http), channel);
	(void)snprintf(line, 80, "X-Splunk-Request-Channel: %s", channel);
	return 0;
}

/*
 * renew_channel - from now on another one: the collector has forgotten ours, as it does with one
 * that was idle, or at its own restart. What it had not indexed went with it, and is sent again.
 */
static void renew_channel(struct splunk *p) {
	char line[80];

	if (!name_channel(p, line))
		http_change(p->http, line);
}

static bool is_of_channel(int64_t code) {
	return code == CODE_NO_CHANNEL || code == CODE_BAD_CHANNEL;
}

static int splunk_open(struct sink *s) {
	struct splunk *p = calloc(1, sizeof(*p));
	const struct http_defaults defaults = { .port = PORT };
	const char *token = s->url->secret ? s->url->secret : sink_value(s, "token");
	char channel[80], authorization[300];
	int err;

	s->state = p;
	if (!p)
		return sink_fail(s, -ENOMEM, "there is no memory");
	if (!token || strlen(token) > 256)
		return sink_fail(s, -EINVAL, "splunk: needs the collector's \"token\"");
	err = http_open(s, &defaults, &p->http);
	if (!err)
		err = sink_yes(s, "ack", &p->ack);
	if (!err)
		err = sink_ms(s, "ack_timeout", &p->ack_ms);
	if (!err)
		err = name_channel(p, channel);
	if (err)
		return err;
	(void)snprintf(p->url, sizeof(p->url), "%s/services/collector/event", http_base(p->http));
	(void)snprintf(authorization, sizeof(authorization), "Splunk %s", token);
	err = add_header(p->http, "Authorization", authorization);
	return err ? err : http_header(p->http, channel);
}

/* add_text - @x as JSON; host names, and what the config says, are short and printable */
static void add_text(struct buf *out, const char *key, struct str x) {
	buf_addf(out, ",\"%s\":\"", key);
	for (uint32_t i = 0; i < x.n; i++) {
		unsigned char c = (unsigned char)x.s[i];

		if (c == '"' || c == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, c < 0x20 || c == 0x7f ? '?' : (char)c);
	}
	buf_add_char(out, '"');
}

/* add_event - {"time":…,"host":…,"source":…,"sourcetype":…,"event":…} */
static void add_event(struct splunk *p, const struct sink *s, const struct event *e,
		      struct str doc) {
	static const char *const keys[] = { "source", "sourcetype", "index" };
	uint64_t us = event_has(e, FIELD_TIME_NS) ? e->time_ns / 1000 : 0;

	buf_addf(&p->body, "{\"time\":%llu.%06llu", (unsigned long long)(us / 1000000),
		 (unsigned long long)(us % 1000000));
	if (event_has(e, FIELD_HOST_NAME))
		add_text(&p->body, "host", e->host_name);
	for (int i = 0; i < 3; i++) {
		if (sink_value(s, keys[i]))
			add_text(&p->body, keys[i], str_of(sink_value(s, keys[i])));
	}
	buf_add_lit(&p->body, ",\"event\":");
	buf_add_str(&p->body, doc);
	buf_add_lit(&p->body, "}\n");
}

/* number - a member's number, or @absent */
static int64_t number(struct json_object *o, const char *name, int64_t absent) {
	struct json_object *v;

	if (!json_object_object_get_ex(o, name, &v) || !json_object_is_type(v, json_type_int))
		return absent;
	return json_object_get_int64(v);
}

/* is_indexed - asks once; 1, 0, or -errno */
static int is_indexed(struct sink *s, struct splunk *p, int64_t id) {
	struct json_object *answer, *acks, *state;
	struct http_reply reply;
	char body[64], name[24];
	int n = snprintf(body, sizeof(body), "{\"acks\":[%lld]}", (long long)id);
	int err = http_post(p->http, s, p->ack_url, "application/json",
			    (struct str){ body, (uint32_t)n }, &reply);

	if (err) /* too much of an answer to this says nothing of the events */
		return err == -EMSGSIZE ? -EIO : err;
	answer = http_json(reply.body);
	if (reply.status != 200) {
		if (is_of_channel(number(answer, "code", -1)))
			renew_channel(p);
		(void)json_object_put(answer);
		return http_failed(s, &reply);
	}
	(void)snprintf(name, sizeof(name), "%lld", (long long)id);
	err = json_object_object_get_ex(answer, "acks", &acks) &&
	      json_object_object_get_ex(acks, name, &state) && json_object_get_boolean(state);
	(void)json_object_put(answer);
	return err;
}

/* await_index - 0 once it is indexed; else -errno, and all of it is sent again */
static int await_index(struct sink *s, struct splunk *p, int64_t id) {
	uint64_t end = clock_ms(CLOCK_MONOTONIC) + p->ack_ms;
	uint64_t wait = POLL_FIRST_MS;

	for (;;) {
		struct timespec t = { (time_t)(wait / 1000), (long)(wait % 1000) * 1000000 };
		int r = is_indexed(s, p, id);

		if (r == 1)
			return 0;
		if (r < 0 && r != -EAGAIN)
			return r == -EINVAL ? -EPROTO : r;
		if (clock_ms(CLOCK_MONOTONIC) >= end) {
			renew_channel(p);
			return sink_fail(s, -ETIMEDOUT, "the collector did not say in time that it "
					 "has indexed; if several share the address, one must "
					 "get all of a channel");
		}
		(void)nanosleep(&t, NULL);
		wait = wait * 2 < POLL_MAX_MS ? wait * 2 : POLL_MAX_MS;
	}
}

/*
 * refused - an answer that is no 200
 * "Invalid data format" names the event at fault: those before it were taken. With acknowledgements
 * that is not enough, as nothing can be asked for: in halves, until the bad one stands alone.
 */
static int refused(struct sink *s, const struct http_reply *reply, struct docs *d, size_t first,
		   size_t n) {
	struct json_object *answer = http_json(reply->body);
	int64_t code = number(answer, "code", -1);
	int64_t at = number(answer, "invalid-event-number", -1);
	int err = http_failed(s, reply);

	(void)json_object_put(answer);
	if (reply->status == 400 && code == CODE_ACK_DISABLED)
		return sink_fail(s, -EACCES, "this token has no acknowledgements; enable them, or "
				 "set \"ack\" to no");
	if (reply->status == 400 && is_of_channel(code)) {
		renew_channel(s->state);
		return sink_fail(s, -EAGAIN, "the collector does not know our channel (code %d); "
				 "another one is tried", (int)code);
	}
	/* other codes are faults of the token or the index, not of events */
	if (reply->status == 400 && code != CODE_INVALID_EVENT && code != 5 && code != 12 &&
	    code != 13 && code >= 0)
		return -EACCES;
	if (reply->status != 400 || code != CODE_INVALID_EVENT || at < 0 || (size_t)at >= n ||
	    ((const struct splunk *)s->state)->ack)
		return err;
	for (size_t i = 0; i < (size_t)at; i++)
		d->v[first + i].outcome = SINK_ACKED;
	d->v[first + (size_t)at].outcome = SINK_REFUSED;
	return 0; /* those behind it are sent again */
}

static int request(struct sink *s, struct sink_batch *batch, struct docs *d, size_t first,
		   size_t n) {
	struct splunk *p = s->state;
	struct json_object *answer;
	struct http_reply reply;
	int64_t id;
	int err;

	buf_reset(&p->body);
	for (size_t i = first; i < first + n; i++)
		add_event(p, s, batch->items[d->v[i].item].event, d->v[i].text);
	err = buf_error(&p->body);
	if (!err)
		err = http_post(p->http, s, p->url, "application/json",
				(struct str){ p->body.data, (uint32_t)p->body.len }, &reply);
	if (err)
		return err;
	if (reply.status != 200)
		return refused(s, &reply, d, first, n);
	answer = http_json(reply.body);
	id = number(answer, "ackId", -1);
	(void)json_object_put(answer);
	if (p->ack && id < 0)
		return sink_fail(s, -EPROTO, "the collector gave no id to ask for; enable "
				 "acknowledgements for the token, or set \"ack\" to no");
	if (p->ack)
		err = await_index(s, p, id);
	for (size_t i = 0; i < n && !err; i++)
		d->v[first + i].outcome = SINK_ACKED;
	return err;
}

static int splunk_send(struct sink *s, struct sink_batch *batch) {
	struct splunk *p = s->state;
	int err = docs_of(&p->docs, batch, false);

	return err ? err : docs_send(s, batch, &p->docs, request);
}

static void splunk_close(struct sink *s) {
	struct splunk *p = s->state;

	if (!p)
		return;
	http_free(p->http);
	docs_done(&p->docs);
	buf_done(&p->body);
	free(p);
}

static const char *const formats[] = { "json", "ocsf", "ecs", NULL };

static const struct sink_key keys[] = {
	HTTP_KEYS,
	{ "token", NULL, "the collector's token; or as the URL's secret, splunk://x:TOKEN@host" },
	{ "ack", "yes", "delivered is what is indexed, for which the token must allow to ask" },
	{ "ack_timeout", "5m", "how long indexing may take before all is sent again" },
	{ "index", NULL, "the index; absent: the token's own" },
	{ "source", "lapwing", "the source of the events" },
	{ "sourcetype", "_json", "their source type" },
	{ 0 },
};

const struct sink_type sink_splunk = {
	.scheme = "splunk",
	.example = "splunk://splunk.example:8088?token=…",
	.formats = formats,
	.keys = keys,
	.needs = SINK_NEEDS_NET | SINK_NEEDS_THREADS,
	.leaves_host = true,
	.max_batch_events = 1000,
	.max_batch_bytes = 768 * 1024,
	.open = splunk_open,
	.send = splunk_send,
	.close = splunk_close,
};
