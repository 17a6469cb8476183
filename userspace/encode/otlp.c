/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LogRecords of OpenTelemetry (logs.proto 1.11), each as it stands in a ScopeLogs: field 2 and
 * its length before it, so that what several events give is the inside of one.
 * An event is one record, and one more for each detection, as in OCSF and ECS.
 */
#include <ctype.h>
#include <stdio.h>

#include "base/varint.h"
#include "encode/encode.h"
#include "encode/schema.h"

enum { VARINT = 0, FIXED64 = 1, BYTES = 2 };

/* numbers of opentelemetry.proto.logs.v1 and common.v1 */
enum {
	SCOPE_LOG_RECORDS = 2,
	RECORD_TIME = 1,
	RECORD_SEVERITY = 2,
	RECORD_SEVERITY_TEXT = 3,
	RECORD_BODY = 5,
	RECORD_ATTRIBUTES = 6,
	RECORD_OBSERVED = 11,
	RECORD_EVENT_NAME = 12,
	KEY = 1,
	VALUE = 2,
	ANY_STRING = 1,
	ANY_BOOL = 2,
	ANY_INT = 3,
	ANY_ARRAY = 5,
	ARRAY_VALUES = 1,
};

#define TEXT_TIME 14 /* "14:03:22.123  " before a line of text */

static void put_varint(struct buf *out, uint64_t v) {
	char bytes[VARINT_MAX_BYTES];

	buf_add(out, bytes, varint_put(bytes, v));
}

static void put_tag(struct buf *out, unsigned number, unsigned type) {
	put_varint(out, number << 3 | type);
}

static void put_text(struct buf *out, unsigned number, struct str x) {
	put_tag(out, number, BYTES);
	put_varint(out, x.n);
	buf_add_str(out, x);
}

static void put_fixed64(struct buf *out, unsigned number, uint64_t v) {
	put_tag(out, number, FIXED64);
	buf_add(out, &v, sizeof(v));
}

/* begin, end - a message whose length is known at its end only */
static size_t begin(struct buf *out, unsigned number) {
	put_tag(out, number, BYTES);
	return out->len;
}

static void end(struct buf *out, size_t start) {
	char bytes[VARINT_MAX_BYTES];
	size_t len = out->len - start, n = varint_put(bytes, len);

	if (buf_error(out) || !buf_reserve(out, n))
		return;
	memmove(out->data + start + n, out->data + start, len);
	memcpy(out->data + start, bytes, n);
	out->len += n;
}

static void put_list(struct buf *out, const struct strv *list) {
	size_t array = begin(out, ANY_ARRAY);

	for (uint32_t i = 0; i < list->n; i++) {
		size_t value = begin(out, ARRAY_VALUES);

		put_text(out, ANY_STRING, list->v[i]);
		end(out, value);
	}
	end(out, array);
}

static void put_number(struct buf *out, uint64_t v) {
	char scratch[21];
	int n;

	if (v <= INT64_MAX) {
		put_tag(out, ANY_INT, VARINT);
		put_varint(out, v);
		return;
	}
	/* OpenTelemetry has no number that large */
	n = snprintf(scratch, sizeof(scratch), "%llu", (unsigned long long)v);
	put_text(out, ANY_STRING, (struct str){ scratch, (uint32_t)n });
}

static void put_enum(struct buf *out, const struct schema_row *row, uint32_t v) {
	const char *name = schema_enum_name(row, v);

	if (name)
		put_text(out, ANY_STRING, str_of(name));
	else
		put_number(out, v);
}

static void put_bits(struct buf *out, const struct schema_row *row, uint64_t bits) {
	size_t array = begin(out, ANY_ARRAY);

	for (; bits; bits &= bits - 1) {
		size_t value = begin(out, ARRAY_VALUES);

		put_enum(out, row, (uint32_t)__builtin_ctzll(bits));
		end(out, value);
	}
	end(out, array);
}

static void put_value(struct buf *out, const struct schema_row *row, const void *at) {
	switch ((enum field_type)row->type) {
	case FIELD_U32:
		put_number(out, *(const uint32_t *)at);
		break;
	case FIELD_U64:
	case FIELD_FIXED64:
		put_number(out, *(const uint64_t *)at);
		break;
	case FIELD_BOOL:
		put_tag(out, ANY_BOOL, VARINT);
		put_varint(out, *(const bool *)at);
		break;
	case FIELD_ENUM:
		put_enum(out, row, *(const uint32_t *)at);
		break;
	case FIELD_BITS:
		put_bits(out, row, *(const uint64_t *)at);
		break;
	case FIELD_STR:
		put_text(out, ANY_STRING, *(const struct str *)at);
		break;
	case FIELD_STRV:
		put_list(out, at);
		break;
	}
}

/* put_attribute - "process.pid" and its value; the event's own are "lapwing.seq" */
static void put_attribute(struct buf *out, const char *prefix, const char *name,
			  const struct schema_row *row, const void *at) {
	size_t attribute = begin(out, RECORD_ATTRIBUTES), value;
	size_t prefix_n = strlen(prefix), name_n = strlen(name);

	put_tag(out, KEY, BYTES);
	put_varint(out, prefix_n + name_n);
	buf_add(out, prefix, prefix_n);
	buf_add(out, name, name_n);
	value = begin(out, VALUE);
	put_value(out, row, at);
	end(out, value);
	end(out, attribute);
}

static void put_fields(struct buf *out, const struct event *e) {
	for (unsigned i = 0; i < FIELD_MAX; i++) {
		if (schema_has(e, i / 64) >> i % 64 & 1)
			put_attribute(out, fields[i].message[0] ? "" : "lapwing.", fields[i].name,
				      &schema_rows[i], field_at(e, (enum field_id)i));
	}
}

static void put_rule(struct buf *out, const struct detection *d) {
	uint64_t bits = schema_detection_bits(d);

	for (; bits; bits &= bits - 1) {
		const struct schema_row *row = &schema_detection_rows[__builtin_ctzll(bits)];

		put_attribute(out, "detection.", row->key, row, (const char *)d + row->offset);
	}
}

/* put_event_name - "lapwing.process_exec"; of a detection "lapwing.detection" */
static void put_event_name(struct buf *out, const struct event *e, bool detection) {
	const char *kind = event_has(e, FIELD_KIND) ?
				   schema_enum_name(&schema_rows[FIELD_KIND], e->kind) :
				   NULL;
	char name[64];
	int n = snprintf(name, sizeof(name), "lapwing.%s", detection ? "detection" :
							   kind	     ? kind :
								       "unknown");

	for (int i = 0; i < n; i++)
		name[i] = (char)tolower((unsigned char)name[i]);
	put_text(out, RECORD_EVENT_NAME, (struct str){ name, (uint32_t)n });
}

/* put_head - time, severity and name; @d: of this detection, or NULL */
static void put_head(struct buf *out, const struct event *e, const struct detection *d) {
	static const struct {
		uint8_t number;
		const char *text;
	} severities[] = { { 9, "INFO" },  { 9, "INFO" },   { 10, "INFO2" },
			   { 13, "WARN" }, { 17, "ERROR" }, { 21, "FATAL" } };
	unsigned level = d && d->level <= LEVEL_CRITICAL ? d->level : 0;
	uint64_t now = event_has(e, FIELD_TIME_NS) ? e->time_ns : 0;

	put_fixed64(out, RECORD_TIME, now);
	put_tag(out, RECORD_SEVERITY, VARINT);
	put_varint(out, severities[level].number);
	put_text(out, RECORD_SEVERITY_TEXT, str_of(severities[level].text));
	put_fixed64(out, RECORD_OBSERVED, now);
	put_event_name(out, e, d != NULL);
}

static void put_body(struct buf *out, struct str text) {
	size_t body = begin(out, RECORD_BODY);

	put_text(out, ANY_STRING, text);
	end(out, body);
}

/* sentence - the event as a line of text, without its time; in @scratch */
static struct str sentence(struct buf *scratch, const struct event *e) {
	struct str line;
	const char *newline;

	buf_reset(scratch);
	encode_text(scratch, e, false);
	if (buf_error(scratch) || scratch->len < TEXT_TIME)
		return STR("");
	line = (struct str){ scratch->data + TEXT_TIME, (uint32_t)(scratch->len - TEXT_TIME) };
	newline = memchr(line.s, '\n', line.n);
	if (newline)
		line.n = (uint32_t)(newline - line.s);
	return line;
}

void encode_otlp(struct buf *out, const struct event *e) {
	static struct buf scratch; /* its memory serves every event */
	struct str line = sentence(&scratch, e);
	size_t start = out->len;

	for (uint32_t i = 0; i <= e->n_detections; i++) {
		const struct detection *d = i ? &e->detections[i - 1] : NULL;
		size_t record = begin(out, SCOPE_LOG_RECORDS);

		put_head(out, e, d);
		put_body(out, d && d->title.s ? d->title : line);
		put_fields(out, e);
		if (d)
			put_rule(out, d);
		end(out, record);
	}
	if (buf_error(out)) /* half a message is worse than none */
		out->len = start;
}

void encode_otlp_ocsf(struct buf *out, const struct event *e) {
	static struct buf scratch; /* its memory serves every event */
	size_t start = out->len, at = 0;

	buf_reset(&scratch);
	encode_ocsf(&scratch, e);
	for (uint32_t i = 0; at < scratch.len; i++) {
		const char *line = scratch.data + at;
		const char *newline = memchr(line, '\n', scratch.len - at);
		size_t n = newline ? (size_t)(newline - line) : scratch.len - at;
		size_t record = begin(out, SCOPE_LOG_RECORDS);

		put_head(out, e, i ? &e->detections[i - 1] : NULL);
		put_body(out, (struct str){ line, (uint32_t)n });
		if (event_has(e, FIELD_ID))
			put_attribute(out, "lapwing.", "id", &schema_rows[FIELD_ID], &e->id);
		end(out, record);
		at += n + 1;
	}
	if (buf_error(out) || buf_error(&scratch))
		out->len = start;
}
