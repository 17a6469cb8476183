/* SPDX-License-Identifier: Apache-2.0 */
#include "app/format.h"

#include <string.h>

#include "base/varint.h"
#include "encode/encode.h"

static void encode_bare(struct buf *out, const struct event *e) {
	size_t start = out->len, head;
	uint64_t n;

	encode_proto(out, e);
	head = out->len > start ? varint_get(out->data + start, out->len - start, &n) : 0;
	if (!head)
		return;
	memmove(out->data + start, out->data + start + head, out->len - start - head);
	out->len -= head;
}

static const struct {
	const char *name;
	format_encode *encode;
} formats[] = {
	{ "proto", encode_bare },
	{ "json", encode_json },
	{ "ocsf", encode_ocsf },
	{ "ecs", encode_ecs },
	{ "cef", encode_cef },
	{ "leef", encode_leef },
	{ "otlp", encode_otlp },
	{ "otlp_ocsf", encode_otlp_ocsf },
};

format_encode *format_find(const char *name) {
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (!strcmp(formats[i].name, name))
			return formats[i].encode;
	return NULL;
}

void format_output(struct output *to, const struct event *e, bool color) {
	switch (to->format) {
	case OUTPUT_TEXT:
		encode_text(&to->buf, e, color);
		break;
	case OUTPUT_JSON:
		encode_json(&to->buf, e);
		break;
	case OUTPUT_PROTO:
		encode_proto(&to->buf, e);
		break;
	case OUTPUT_OCSF:
		encode_ocsf(&to->buf, e);
		break;
	case OUTPUT_ECS:
		encode_ecs(&to->buf, e);
		break;
	}
}
