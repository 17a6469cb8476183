/* SPDX-License-Identifier: Apache-2.0 */
/*
 * otlp.c - OpenTelemetry logs over HTTP, as protobuf
 *
 * Acknowledged means: answered 200, with or without a partial success. What the server says it
 * rejected in a partial success it does not name, and it must not be sent again; then the last
 * so many records of the request are counted as refused, so that the number is right.
 *
 * The standard variables OTEL_EXPORTER_OTLP_* are used where the URL is silent.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/varint.h"
#include "event/field.h"
#include "sink/docs.h"
#include "sink/http.h"

extern const struct sink_type sink_otlp;

#define PORT 4318

enum { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

/* opentelemetry.proto.collector.logs.v1, logs.v1, resource.v1, common.v1 */
enum {
	REQUEST_RESOURCE_LOGS = 1,
	RESOURCE_LOGS_RESOURCE = 1,
	RESOURCE_LOGS_SCOPE_LOGS = 2,
	RESOURCE_ATTRIBUTES = 1,
	SCOPE_LOGS_SCOPE = 1,
	SCOPE_NAME = 1,
	SCOPE_VERSION = 2,
	KEY = 1,
	VALUE = 2,
	ANY_STRING = 1,
	RESPONSE_PARTIAL_SUCCESS = 1,
	PARTIAL_REJECTED = 1,
	PARTIAL_MESSAGE = 2,
};

struct otlp {
	struct http *http;
	struct docs docs;
	struct buf body, resource;
	char url[600];
};

static const char *variable(const char *name) {
	static const char *const prefixes[] = { "OTEL_EXPORTER_OTLP_LOGS_", "OTEL_EXPORTER_OTLP_" };
	char text[64];

	for (int i = 0; i < 2; i++) {
		const char *value;

		(void)snprintf(text, sizeof(text), "%s%s", prefixes[i], name);
		value = getenv(text);
		if (value && *value)
			return value;
	}
	return NULL;
}

/*
 * add_headers - "name=value,name=value", of the URL's key or the standard variable
 * The variable is written as W3C Baggage: with %XX in it, and blanks about the commas.
 */
static int add_headers(struct sink *s, struct otlp *o) {
	const char *list = sink_value(s, "headers");
	bool baggage = !list;
	int err = 0;

	if (baggage)
		list = variable("HEADERS");
	while (list && *list && !err) {
		size_t n = strcspn(list += baggage ? strspn(list, " ") : 0, ",");
		const char *equals = memchr(list, '=', n);
		char line[1024];

		if (!equals || n >= sizeof(line) - 1)
			return sink_fail(s, -EINVAL, "\"headers\" is a list of name=value, "
					 "each below 1 KiB");
		(void)snprintf(line, sizeof(line), "%.*s: %.*s", (int)(equals - list), list,
			       (int)(n - (size_t)(equals - list) - 1), equals + 1);
		if ((baggage && url_decode(line)) || strpbrk(line, "\r\n"))
			return sink_fail(s, -EINVAL, "a value of \"headers\" is not one line");
		err = http_header(o->http, line);
		list += n + (list[n] == ',');
	}
	return err;
}

/* set_url - the path of the URL; or the standard variables, of which the one for logs is whole */
static int set_url(struct sink *s, struct otlp *o, const char *whole) {
	const char *path = s->url->host && s->url->path ? s->url->path : "";
	int n;

	path += strspn(path, "/");
	if (!s->url->host && whole)
		n = snprintf(o->url, sizeof(o->url), "%s", whole);
	else
		n = snprintf(o->url, sizeof(o->url), "%s/%s", http_base(o->http),
			     *path ? path : "v1/logs");
	return n < (int)sizeof(o->url) ? 0 : sink_fail(s, -EINVAL, "the URL is too long");
}

static int otlp_open(struct sink *s) {
	struct otlp *o = calloc(1, sizeof(*o));
	const char *whole = getenv("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT");
	const char *timeout = variable("TIMEOUT"), *compression = variable("COMPRESSION");
	const char *protocol = variable("PROTOCOL");
	struct http_defaults d = {
		.port = PORT,
		.base = variable("ENDPOINT"),
		.ca = variable("CERTIFICATE"),
		.cert = variable("CLIENT_CERTIFICATE"),
		.key = variable("CLIENT_KEY"),
		.timeout_ms = timeout ? (uint32_t)strtoul(timeout, NULL, 10) : 0,
		.gzip = !compression ? NULL : strcmp(compression, "none") != 0 ? "yes" : "no",
	};
	int err;

	s->state = o;
	if (!o)
		return sink_fail(s, -ENOMEM, "there is no memory");
	if (!s->url->host && protocol && strcmp(protocol, "http/protobuf") != 0)
		return sink_fail(s, -EINVAL, "OTEL_EXPORTER_OTLP_PROTOCOL is \"%.40s\", and only "
				 "\"http/protobuf\" is spoken here; set that, or give the URL",
				 protocol);
	err = http_open(s, &d, &o->http);
	if (!err)
		err = add_headers(s, o);
	return err ? err : set_url(s, o, whole && *whole ? whole : NULL);
}

/* --- the request ----------------------------------------------------------------------------- */

static void put_head(struct buf *out, unsigned number, size_t n) {
	char bytes[VARINT_MAX_BYTES];

	buf_add(out, bytes, varint_put(bytes, number << 3 | BYTES));
	buf_add(out, bytes, varint_put(bytes, n));
}

static void put_text(struct buf *out, unsigned number, struct str x) {
	put_head(out, number, x.n);
	buf_add_str(out, x);
}

/* sizes of a text and of a head, for the messages around them; texts are short of 2^28 */
static size_t head_size(size_t n) {
	char bytes[VARINT_MAX_BYTES];

	return 1 + varint_put(bytes, n);
}

static void put_attribute(struct buf *out, struct str key, struct str value) {
	size_t any = head_size(value.n) + value.n;

	put_head(out, RESOURCE_ATTRIBUTES, head_size(key.n) + key.n + head_size(any) + any);
	put_text(out, KEY, key);
	put_head(out, VALUE, any);
	put_text(out, ANY_STRING, value);
}

/* put_resource - whose events they are, as the first of them says */
static void put_resource(struct buf *out, const struct event *e) {
	put_attribute(out, STR("service.name"), STR("lapwing"));
	put_attribute(out, STR("os.type"), STR("linux"));
	if (event_has(e, FIELD_HOST_ID))
		put_attribute(out, STR("host.id"), e->host_id);
	if (event_has(e, FIELD_HOST_NAME))
		put_attribute(out, STR("host.name"), e->host_name);
}

/* make - an ExportLogsServiceRequest of the documents, in o->body */
static int make(struct otlp *o, const struct sink_batch *batch, const struct doc *v, size_t n) {
	static const struct str name = { "lapwing", 7 }, version = { LAPWING_VERSION,
								     sizeof(LAPWING_VERSION) - 1 };
	size_t scope = head_size(name.n) + name.n + head_size(version.n) + version.n;
	size_t logs = head_size(scope) + scope, all;

	for (size_t i = 0; i < n; i++)
		logs += v[i].text.n;
	buf_reset(&o->resource);
	put_resource(&o->resource, batch->items[v[0].item].event);
	all = head_size(o->resource.len) + o->resource.len + head_size(logs) + logs;
	buf_reset(&o->body);
	put_head(&o->body, REQUEST_RESOURCE_LOGS, all);
	put_head(&o->body, RESOURCE_LOGS_RESOURCE, o->resource.len);
	buf_add(&o->body, o->resource.data, o->resource.len);
	put_head(&o->body, RESOURCE_LOGS_SCOPE_LOGS, logs);
	put_head(&o->body, SCOPE_LOGS_SCOPE, scope);
	put_text(&o->body, SCOPE_NAME, name);
	put_text(&o->body, SCOPE_VERSION, version);
	for (size_t i = 0; i < n; i++)
		buf_add_str(&o->body, v[i].text);
	return buf_error(&o->body) ? buf_error(&o->body) : buf_error(&o->resource);
}

/* --- the answer ------------------------------------------------------------------------------ */

/* next_field - takes a field off the message @m: its number, and its value or bytes */
static bool next_field(struct str *m, unsigned *number, uint64_t *value, struct str *bytes) {
	uint64_t tag, n = 0;
	size_t head = varint_get(m->s, m->n, &tag), skip = 0;

	if (!head)
		return false;
	*m = (struct str){ m->s + head, m->n - (uint32_t)head };
	*number = (unsigned)(tag >> 3);
	*value = 0;
	*bytes = (struct str){ 0 };
	if ((tag & 7) == VARINT || (tag & 7) == BYTES) {
		skip = varint_get(m->s, m->n, &n);
		if (!skip)
			return false;
		*value = n;
	} else if ((tag & 7) == FIXED64 || (tag & 7) == FIXED32) {
		skip = (tag & 7) == FIXED64 ? 8 : 4;
	} else {
		return false;
	}
	if ((tag & 7) == BYTES) {
		if (n > m->n - skip)
			return false;
		*bytes = (struct str){ m->s + skip, (uint32_t)n };
		skip += n;
	}
	if (skip > m->n)
		return false;
	*m = (struct str){ m->s + skip, m->n - (uint32_t)skip };
	return true;
}

/* rejected - how many records the answer says were rejected; s->why gets its sentence */
static uint64_t rejected(struct sink *s, struct str answer) {
	struct str partial, bytes;
	uint64_t value;
	int64_t ret = 0;
	unsigned number;

	while (next_field(&answer, &number, &value, &partial)) {
		if (number != RESPONSE_PARTIAL_SUCCESS || !partial.s)
			continue;
		while (next_field(&partial, &number, &value, &bytes)) {
			if (number == PARTIAL_REJECTED && !bytes.s)
				ret = (int64_t)value;
			else if (number == PARTIAL_MESSAGE && bytes.s)
				(void)sink_fail(s, 0, "the server rejected some: %.*s",
						(int)(bytes.n < 150 ? bytes.n : 150), bytes.s);
		}
	}
	return ret > 0 ? (uint64_t)ret : 0;
}

static int request(struct sink *s, struct sink_batch *batch, struct docs *d, size_t first,
		   size_t n) {
	struct otlp *o = s->state;
	struct http_reply reply;
	uint64_t lost;
	int err = make(o, batch, d->v + first, n);

	if (!err)
		err = http_post(o->http, s, o->url, "application/x-protobuf",
				(struct str){ o->body.data, (uint32_t)o->body.len }, &reply);
	if (err)
		return err;
	if (reply.status / 100 != 2) {
		err = http_failed(s, &reply);
		/* the protocol names four statuses that are worth another try; of a server's own
		 * faults the others are not */
		if (err == -EAGAIN && reply.status != 429 &&
		    (reply.status < 502 || reply.status > 504))
			return -EINVAL;
		return err;
	}
	lost = rejected(s, reply.body);
	for (size_t i = 0; i < n; i++)
		d->v[first + i].outcome = i + lost >= n ? SINK_REFUSED : SINK_ACKED;
	return 0;
}

static int otlp_send(struct sink *s, struct sink_batch *batch) {
	struct otlp *o = s->state;
	int err = docs_of(&o->docs, batch, true);

	return err ? err : docs_send(s, batch, &o->docs, request);
}

static void otlp_close(struct sink *s) {
	struct otlp *o = s->state;

	if (!o)
		return;
	http_free(o->http);
	docs_done(&o->docs);
	buf_done(&o->body);
	buf_done(&o->resource);
	free(o);
}

static const char *const formats[] = { "otlp", "otlp_ocsf", NULL };

static const struct sink_key keys[] = {
	HTTP_KEYS,
	{ "headers", NULL, "name=value,name=value: sent with each request" },
	{ 0 },
};

const struct sink_type sink_otlp = {
	.scheme = "otlp",
	.example = "otlp://collector.example:4318",
	.formats = formats,
	.keys = keys,
	.needs = SINK_NEEDS_NET | SINK_NEEDS_THREADS,
	.leaves_host = true,
	.max_batch_events = 2000,
	.max_batch_bytes = 2 * 1024 * 1024,
	.open = otlp_open,
	.send = otlp_send,
	.close = otlp_close,
};
