/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"
#include "encode/encode.h"
#include "encode/json.h"

/*
 * Text is UTF-8 by contract; a byte that is not becomes U+FFFD, because one bad
 * line can stop a whole pipeline. What a terminal obeys is escaped, so that a
 * JSON line may be shown as it is.
 */
void encode_json_text(struct buf *out, struct str x) {
	uint32_t done = 0, step, c;

	buf_add_char(out, '"');
	for (uint32_t i = 0; i < x.n; i += step) {
		step = utf8_next(x.s + i, x.n - i, &c);
		if (step && c != '"' && c != '\\' && !utf8_hidden(c))
			continue;
		buf_add(out, x.s + done, i - done);
		if (!step) {
			buf_add_lit(out, "\\ufffd");
			step = 1;
		} else if (c == '"' || c == '\\') {
			buf_add_char(out, '\\');
			buf_add_char(out, (char)c);
		} else if (c < 0x10000) {
			buf_addf(out, "\\u%04x", c);
		} else { /* RFC 8259: a pair of surrogates */
			buf_addf(out, "\\u%04x\\u%04x", 0xd7c0 + (c >> 10), 0xdc00 + (c & 0x3ff));
		}
		done = i + step;
	}
	if (x.n > done)
		buf_add(out, x.s + done, x.n - done);
	buf_add_char(out, '"');
}

static void add_list(struct buf *out, const struct strv *list) {
	buf_add_char(out, '[');
	for (uint32_t i = 0; i < list->n; i++) {
		if (i)
			buf_add_char(out, ',');
		encode_json_text(out, list->v[i]);
	}
	buf_add_char(out, ']');
}

/* A value that event.proto has no name for is from a newer sensor: its number says the most. */
static void add_enum(struct buf *out, const struct schema_row *of, uint32_t v) {
	const char *name = schema_enum_name(of, v);

	if (name)
		encode_json_text(out, str_of(name));
	else
		buf_add_u64(out, v);
}

static void add_bits(struct buf *out, const struct schema_row *of, uint64_t bits) {
	buf_add_char(out, '[');
	for (bool first = true; bits; bits &= bits - 1, first = false) {
		if (!first)
			buf_add_char(out, ',');
		add_enum(out, of, (uint32_t)__builtin_ctzll(bits));
	}
	buf_add_char(out, ']');
}

void json_value(struct buf *out, const struct schema_row *of, const void *at) {
	switch ((enum field_type)of->type) {
	case FIELD_U32:
		buf_add_u64(out, *(const uint32_t *)at);
		break;
	case FIELD_U64:
	case FIELD_FIXED64:
		buf_add_u64(out, *(const uint64_t *)at);
		break;
	case FIELD_BOOL:
		buf_add_str(out, *(const bool *)at ? STR("true") : STR("false"));
		break;
	case FIELD_ENUM:
		add_enum(out, of, *(const uint32_t *)at);
		break;
	case FIELD_BITS:
		add_bits(out, of, *(const uint64_t *)at);
		break;
	case FIELD_STR:
		encode_json_text(out, *(const struct str *)at);
		break;
	case FIELD_STRV:
		add_list(out, at);
		break;
	}
}

void json_key(struct buf *out, const char *key, uint32_t key_n) {
	char last = out->len ? out->data[out->len - 1] : '{';

	if (last != '{' && last != '[')
		buf_add_char(out, ',');
	buf_add_char(out, '"');
	buf_add(out, key, key_n);
	buf_add_lit(out, "\":");
}

static void add_rows(struct buf *out, const struct schema_row *rows, const void *from,
		     uint64_t bits) {
	for (; bits; bits &= bits - 1) {
		const struct schema_row *row = &rows[__builtin_ctzll(bits)];
		const void *at = (const char *)from + row->offset;

		/* protobuf cannot tell an empty list from none */
		if (row->type == FIELD_STRV && !((const struct strv *)at)->n)
			continue;
		json_key(out, row->key, row->key_n);
		json_value(out, row, at);
	}
}

static void add_step(struct buf *out, const struct schema_step *step, const struct event *e) {
	for (unsigned w = 0; w * 64 < FIELD_MAX; w++)
		add_rows(out, &schema_rows[w * 64], e, schema_has(e, w) & step->mask[w]);
}

static void add_message(struct buf *out, const struct schema_step *step, const struct event *e) {
	size_t start = out->len;

	json_key(out, step->key, step->key_n);
	buf_add_char(out, '{');
	add_step(out, step, e);
	if (!buf_error(out) && out->data[out->len - 1] == '{')
		out->len = start; /* nothing in it is known */
	else
		buf_add_char(out, '}');
}

void json_detection(struct buf *out, const struct detection *d) {
	buf_add_char(out, '{');
	add_rows(out, schema_detection_rows, d, schema_detection_bits(d));
	buf_add_char(out, '}');
}

static void add_detections(struct buf *out, const struct schema_step *step,
			   const struct event *e) {
	json_key(out, step->key, step->key_n);
	buf_add_char(out, '[');
	for (uint32_t i = 0; i < e->n_detections; i++) {
		if (i)
			buf_add_char(out, ',');
		json_detection(out, &e->detections[i]);
	}
	buf_add_char(out, ']');
}

void encode_json(struct buf *out, const struct event *e) {
	size_t start = out->len;

	buf_add_char(out, '{');
	for (unsigned i = 0; i < schema_n_steps; i++) {
		const struct schema_step *step = &schema_steps[i];

		if (step->what == STEP_TOP)
			add_step(out, step, e);
		else if (step->what == STEP_MESSAGE)
			add_message(out, step, e);
		else if (e->n_detections)
			add_detections(out, step, e);
	}
	buf_add_lit(out, "}\n");
	if (buf_error(out)) /* half a line is worse than none */
		out->len = start;
}
