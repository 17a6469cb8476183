/* SPDX-License-Identifier: Apache-2.0 */
/*
 * elastic.c - Elasticsearch's _bulk, into a data stream
 *
 * Documents are created under our own ids, so that one that was sent twice is there once: 409 is as
 * good as 201. An answer of 200 says nothing yet; each item has a status of its own.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "event/field.h"
#include "sink/docs.h"
#include "sink/http.h"

extern const struct sink_type sink_elastic;

#define PORT 9200

struct elastic {
	struct http *http;
	struct docs docs;
	struct buf body;
	char url[600];
};

/* basic - "user:secret" in base64, for a header; -EINVAL when it is too long */
static int basic(const char *user, const char *secret, char *to, size_t size) {
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				     "0123456789+/";
	char text[256];
	int n = snprintf(text, sizeof(text), "%s:%s", user, secret ? secret : "");
	size_t at = 0;

	if (n < 0 || n >= (int)sizeof(text) || ((size_t)n + 2) / 3 * 4 + 1 > size)
		return -EINVAL;
	for (int i = 0; i < n; i += 3) {
		uint32_t v = (uint32_t)(unsigned char)text[i] << 16;

		v |= i + 1 < n ? (uint32_t)(unsigned char)text[i + 1] << 8 : 0;
		v |= i + 2 < n ? (unsigned char)text[i + 2] : 0;
		to[at++] = digits[v >> 18];
		to[at++] = digits[v >> 12 & 63];
		to[at++] = i + 1 < n ? digits[v >> 6 & 63] : '=';
		to[at++] = i + 2 < n ? digits[v & 63] : '=';
	}
	to[at] = '\0';
	return 0;
}

static int authorize(struct sink *s, struct elastic *e) {
	const char *key = sink_value(s, "api_key");
	char secret[400], line[500];

	if (key) {
		(void)snprintf(line, sizeof(line), "Authorization: ApiKey %.400s", key);
	} else if (s->url->user) {
		if (basic(s->url->user, s->url->secret, secret, sizeof(secret)))
			return sink_fail(s, -EINVAL, "user and secret are too long");
		(void)snprintf(line, sizeof(line), "Authorization: Basic %s", secret);
	} else {
		return 0;
	}
	return http_header(e->http, line);
}

/* is_index - whether a data stream can be called so: what stands behind the last '/' of @path */
static bool is_index(const char *path) {
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;

	for (const char *c = name; *c; c++)
		if (*c <= ' ' || (*c >= 'A' && *c <= 'Z') || strchr("\\*?\"<>|,#:", *c))
			return false;
	return !*name || !strchr("-_+.", *name);
}

static int elastic_open(struct sink *s) {
	struct elastic *e = calloc(1, sizeof(*e));
	const struct http_defaults defaults = { .port = PORT };
	const char *path = s->url->path ? s->url->path : "";
	int err;

	s->state = e;
	if (!e)
		return sink_fail(s, -ENOMEM, "there is no memory");
	if (!is_index(path))
		return sink_fail(s, -EINVAL, "no data stream can be called \"%.100s\": small "
				 "letters, digits, '-', '_' and '.', no sign first", path);
	err = http_open(s, &defaults, &e->http);
	if (!err)
		err = authorize(s, e);
	if (err)
		return err;
	path += strspn(path, "/");
	(void)snprintf(e->url, sizeof(e->url), "%s/%.250s/_bulk", http_base(e->http),
		       *path ? path : "logs-lapwing.events-default");
	return 0;
}

/*
 * add_stamped - a document with the "@timestamp" in front that no data stream takes one without
 * ECS has it of its own, if the event has a time; what has none gets this moment's.
 */
static void add_stamped(const struct sink *s, struct buf *body, const struct event *e,
			struct str text) {
	uint64_t ns = event_has(e, FIELD_TIME_NS) ? e->time_ns : clock_ns(CLOCK_REALTIME);
	time_t seconds = (time_t)(ns / 1000000000u);
	char date[32];
	struct tm tm;

	if (!text.n || (!strcmp(s->format, "ecs") && event_has(e, FIELD_TIME_NS))) {
		buf_add_str(body, text);
		return;
	}
	(void)gmtime_r(&seconds, &tm);
	(void)strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	buf_addf(body, "{\"@timestamp\":\"%s.%09uZ\"%s", date, (unsigned)(ns % 1000000000u),
		 text.n > 2 ? "," : "");
	buf_add(body, text.s + 1, text.n - 1);
}

/* add_doc - {"create":{"_id":"…"}} and the document; ids of ours need no escape but are checked */
static void add_doc(const struct sink *s, const struct sink_batch *batch, const struct doc *doc) {
	struct elastic *e = s->state;
	char suffix[12];
	struct str id;

	docs_id(batch, doc, &id, suffix);
	buf_add_lit(&e->body, "{\"create\":{");
	if (id.n) {
		buf_add_lit(&e->body, "\"_id\":\"");
		for (uint32_t i = 0; i < id.n; i++) {
			unsigned char c = (unsigned char)id.s[i];

			buf_add_char(&e->body, c < 0x20 || c == '"' || c == '\\' ? '_' : (char)c);
		}
		buf_addf(&e->body, "%s\"", suffix);
	}
	buf_add_lit(&e->body, "}}\n");
	add_stamped(s, &e->body, batch->items[doc->item].event, doc->text);
	buf_add_char(&e->body, '\n');
}

static const char *text_of(struct json_object *o, const char *name) {
	struct json_object *v;

	return json_object_object_get_ex(o, name, &v) && json_object_is_type(v, json_type_string)
		       ? json_object_get_string(v) : "";
}

/* is_of_sink - whether @error is the index's, the cluster's or the request's: of any document */
static bool is_of_sink(struct json_object *error) {
	static const char *const types[] = {
		"index_not_found_exception", "invalid_index_name_exception",
		"index_closed_exception",    "invalid_alias_name_exception",
		"security_exception",	     "cluster_block_exception",
		"validation_exception", /* no room for one more shard */
	};
	/* with types that faults of documents have, too; at the start, where none is quoted */
	static const char *const reasons[] = {
		"pipeline with id [", "no write index is defined", "only write ops with an op_type",
	};
	/* "… [@timestamp] is missing": the index looks for it in another place */
	static const char no_time[] = "data stream timestamp field";
	const char *type = text_of(error, "type"), *reason = text_of(error, "reason");
	struct json_object *cause = NULL;

	(void)json_object_object_get_ex(error, "caused_by", &cause);
	if (!strncmp(text_of(cause, "reason"), no_time, sizeof(no_time) - 1))
		return true;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (!strcmp(type, types[i]))
			return true;
	}
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (!strncmp(reason, reasons[i], strlen(reasons[i])))
			return true;
	}
	return false;
}

/* outcome_of - a right that is missing or a stream that is not there is no fault of the document */
static enum sink_outcome outcome_of(int status, struct json_object *error) {
	if (status == 200 || status == 201 || status == 409)
		return SINK_ACKED;
	return (status == 400 || status == 413) && !is_of_sink(error) ? SINK_REFUSED : SINK_AGAIN;
}

static void tell(struct sink *s, const char *of, int status, struct json_object *error) {
	(void)sink_fail(s, 0, "the server said of %s: %d %.60s: %.140s", of, status,
			text_of(error, "type"), text_of(error, "reason"));
}

/* take_item - {"create":{"status":201,"error":{"type":…,"reason":…}}} */
static enum sink_outcome take_item(struct sink *s, struct json_object *item) {
	struct json_object *create, *status, *error = NULL;
	enum sink_outcome outcome;

	if (!json_object_object_get_ex(item, "create", &create) ||
	    !json_object_object_get_ex(create, "status", &status))
		return SINK_AGAIN;
	(void)json_object_object_get_ex(create, "error", &error);
	outcome = outcome_of(json_object_get_int(status), error);
	if (outcome != SINK_ACKED && error)
		tell(s, "a document", json_object_get_int(status), error);
	return outcome;
}

static int take_answer(struct sink *s, struct str body, struct doc *v, size_t n) {
	struct json_object *answer = http_json(body), *items;
	int err = 0;

	if (!json_object_object_get_ex(answer, "items", &items) ||
	    !json_object_is_type(items, json_type_array) || json_object_array_length(items) != n)
		err = sink_fail(s, -EPROTO, "the answer does not tell of each document");
	for (size_t i = 0; i < n && !err; i++)
		v[i].outcome = take_item(s, json_object_array_get_idx(items, i));
	(void)json_object_put(answer);
	return err;
}

/* refused - an answer to the whole request, {"error":{"type":…},"status":400} */
static int refused(struct sink *s, const struct http_reply *reply) {
	struct json_object *answer = http_json(reply->body), *error = NULL;
	int err = http_failed(s, reply);

	(void)json_object_object_get_ex(answer, "error", &error);
	if (err == -EINVAL && is_of_sink(error)) {
		tell(s, "the request", reply->status, error);
		err = -EACCES;
	}
	(void)json_object_put(answer);
	return err;
}

static int request(struct sink *s, struct sink_batch *batch, struct docs *d, size_t first,
		   size_t n) {
	struct elastic *e = s->state;
	struct http_reply reply;
	int err;

	buf_reset(&e->body);
	for (size_t i = first; i < first + n; i++)
		add_doc(s, batch, &d->v[i]);
	err = buf_error(&e->body);
	if (!err)
		err = http_post(e->http, s, e->url, "application/x-ndjson",
				(struct str){ e->body.data, (uint32_t)e->body.len }, &reply);
	if (err)
		return err;
	return reply.status / 100 == 2 ? take_answer(s, reply.body, d->v + first, n) :
					 refused(s, &reply);
}

static int elastic_send(struct sink *s, struct sink_batch *batch) {
	struct elastic *e = s->state;
	int err = docs_of(&e->docs, batch, false);

	return err ? err : docs_send(s, batch, &e->docs, request);
}

static void elastic_close(struct sink *s) {
	struct elastic *e = s->state;

	if (!e)
		return;
	http_free(e->http);
	docs_done(&e->docs);
	buf_done(&e->body);
	free(e);
}

static const char *const formats[] = { "ecs", "json", "ocsf", NULL };

static const struct sink_key keys[] = {
	HTTP_KEYS,
	{ "api_key", NULL, "Authorization: ApiKey; or give user and secret in the URL" },
	{ 0 },
};

const struct sink_type sink_elastic = {
	.scheme = "elastic",
	.example = "elastic://es.example:9200/logs-lapwing.events-default",
	.formats = formats,
	.keys = keys,
	.needs = SINK_NEEDS_NET | SINK_NEEDS_THREADS,
	.leaves_host = true,
	.max_batch_events = 4000,
	.max_batch_bytes = 4 * 1024 * 1024,
	.open = elastic_open,
	.send = elastic_send,
	.close = elastic_close,
};
