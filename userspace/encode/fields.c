/* SPDX-License-Identifier: Apache-2.0 */
/* An event's fields as words, for kinds that have no sentence of their own. */
#include <string.h>

#include "encode/encode.h"
#include "encode/json.h"
#include "encode/schema.h"
#include "encode/text.h"

static void add_enum(struct buf *out, const struct schema_row *row, uint32_t v) {
	const char *name = schema_enum_name(row, v);

	if (name)
		buf_add_str(out, str_of(name));
	else
		buf_add_u64(out, v);
}

static void add_list(struct buf *out, const struct strv *list) {
	for (uint32_t i = 0; i < list->n; i++) {
		if (i)
			buf_add_char(out, ',');
		text_word(out, list->v[i]);
	}
}

static void add_bits(struct buf *out, const struct schema_row *row, uint64_t bits) {
	for (bool first = true; bits; bits &= bits - 1, first = false) {
		if (!first)
			buf_add_char(out, ',');
		add_enum(out, row, (uint32_t)__builtin_ctzll(bits));
	}
}

static void add_value(struct buf *out, const struct schema_row *row, const void *at) {
	switch ((enum field_type)row->type) {
	case FIELD_U32:
	case FIELD_U64:
	case FIELD_FIXED64:
	case FIELD_BOOL: /* these are the same in JSON */
		json_value(out, row, at);
		break;
	case FIELD_ENUM:
		add_enum(out, row, *(const uint32_t *)at);
		break;
	case FIELD_BITS:
		add_bits(out, row, *(const uint64_t *)at);
		break;
	case FIELD_STR:
		text_word(out, *(const struct str *)at);
		break;
	case FIELD_STRV:
		add_list(out, at);
		break;
	}
}

/* said - messages of which every line has its own words: who did it, and how often */
static bool said(const char *message) {
	static const char *const elsewhere[] = { "process", "parent", "container", "lineage",
						 "fold" };

	for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++)
		if (!strcmp(message, elsewhere[i]))
			return true;
	return false;
}

static void add_message(struct buf *out, const struct schema_step *step, const struct event *e) {
	for (unsigned i = step->first; i < step->first + step->n; i++) {
		const struct schema_row *row = &schema_rows[i];

		if (!event_has(e, (enum field_id)i))
			continue;
		buf_add_str(out, STR("  "));
		buf_add(out, step->key, step->key_n);
		buf_add_char(out, '.');
		buf_add(out, row->key, row->key_n);
		buf_add_char(out, '=');
		add_value(out, row, (const char *)e + row->offset);
	}
}

void text_fields(struct buf *out, const struct event *e) {
	for (unsigned i = 0; i < schema_n_steps; i++)
		if (schema_steps[i].what == STEP_MESSAGE && !said(schema_steps[i].key))
			add_message(out, &schema_steps[i], e);
	text_outcome(out, e);
}
