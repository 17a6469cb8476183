/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parse.c - JSON as json.c writes it, back to the event, by the same rows
 */
#include <errno.h>
#include <json-c/json.h>

#include "base/utf8.h"
#include "encode/encode.h"
#include "encode/schema.h"

#define DEPTH 16

static int take_text(struct arena *arena, struct json_object *x, struct str *ret) {
	struct str of;

	if (!json_object_is_type(x, json_type_string))
		return -EBADMSG;
	of = (struct str){ json_object_get_string(x), (uint32_t)json_object_get_string_len(x) };
	if (!utf8_is_valid(of.s, of.n))
		return -EBADMSG;
	*ret = arena_str(arena, of);
	return ret->s ? 0 : -ENOMEM;
}

static int take_list(struct arena *arena, struct json_object *x, struct strv *ret) {
	size_t n;
	struct str *v;

	if (!json_object_is_type(x, json_type_array))
		return -EBADMSG;
	n = json_object_array_length(x);
	v = arena_alloc(arena, (n + !n) * sizeof(*v));
	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		int err = take_text(arena, json_object_array_get_idx(x, i), &v[i]);

		if (err)
			return err;
	}
	*ret = (struct strv){ v, (uint32_t)n };
	return 0;
}

/* take_number - from 0 to @max */
static int take_number(struct json_object *x, uint64_t max, uint64_t *ret) {
	if (!json_object_is_type(x, json_type_int) || json_object_get_int64(x) < 0)
		return -EBADMSG;
	*ret = json_object_get_uint64(x);
	return *ret > max ? -EBADMSG : 0;
}

/* take_enum - by its name, or by the number of one that event.proto has no name for */
static int take_enum(const struct schema_row *row, struct json_object *x, uint64_t *ret) {
	const ProtobufCEnumDescriptor *names = row->pb->descriptor;
	const ProtobufCEnumValue *value;

	if (!json_object_is_type(x, json_type_string))
		return take_number(x, INT32_MAX, ret);
	value = protobuf_c_enum_descriptor_get_value_by_name(names, json_object_get_string(x));
	if (!value || value->value < 0)
		return -EBADMSG;
	*ret = (uint64_t)value->value;
	return 0;
}

static int take_bits(const struct schema_row *row, struct json_object *x, uint64_t *ret) {
	uint64_t bit;

	*ret = 0;
	if (!json_object_is_type(x, json_type_array))
		return -EBADMSG;
	for (size_t i = 0; i < json_object_array_length(x); i++) {
		int err = take_enum(row, json_object_array_get_idx(x, i), &bit);

		if (err)
			return err;
		*ret |= bit < 64 ? 1ull << bit : 0;
	}
	return 0;
}

static int take(struct arena *arena, const struct schema_row *row, struct json_object *x,
		void *to) {
	uint64_t number = 0;
	int err;

	switch ((enum field_type)row->type) {
	case FIELD_STR:
		return take_text(arena, x, to);
	case FIELD_STRV:
		return take_list(arena, x, to);
	case FIELD_BOOL:
		*(bool *)to = json_object_get_boolean(x);
		return json_object_is_type(x, json_type_boolean) ? 0 : -EBADMSG;
	case FIELD_U64:
	case FIELD_FIXED64:
		return take_number(x, UINT64_MAX, to);
	case FIELD_BITS:
		return take_bits(row, x, to);
	case FIELD_ENUM:
		err = take_enum(row, x, &number);
		break;
	case FIELD_U32:
	default:
		err = take_number(x, UINT32_MAX, &number);
		break;
	}
	*(uint32_t *)to = (uint32_t)number;
	return err;
}

static int take_step(struct arena *arena, const struct schema_step *step,
		     struct json_object *object, struct event *e) {
	struct json_object *x;

	if (step->what == STEP_MESSAGE && !json_object_object_get_ex(object, step->key, &object))
		return 0;
	if (!json_object_is_type(object, json_type_object))
		return -EBADMSG;
	for (unsigned i = step->first; i < step->first + step->n; i++) {
		int err;

		if (!json_object_object_get_ex(object, schema_rows[i].key, &x))
			continue;
		err = take(arena, &schema_rows[i], x, (char *)e + schema_rows[i].offset);
		if (err)
			return err;
		event_mark(e, (enum field_id)i);
	}
	return 0;
}

static int take_detection(struct arena *arena, struct json_object *object, struct detection *to) {
	struct json_object *x;
	int err = json_object_is_type(object, json_type_object) ? 0 : -EBADMSG;

	for (unsigned i = 0; i < SCHEMA_DETECTION_ROWS && !err; i++) {
		const struct schema_row *row = &schema_detection_rows[i];

		if (json_object_object_get_ex(object, row->key, &x))
			err = take(arena, row, x, (char *)to + row->offset);
	}
	return err;
}

static int take_detections(struct arena *arena, const struct schema_step *step,
			   struct json_object *object, struct event *e) {
	struct json_object *all;
	struct detection *to;
	size_t n;

	if (!json_object_object_get_ex(object, step->key, &all))
		return 0;
	if (!json_object_is_type(all, json_type_array))
		return -EBADMSG;
	n = json_object_array_length(all);
	to = arena_zalloc(arena, (n + !n) * sizeof(*to));
	if (!to)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		int err = take_detection(arena, json_object_array_get_idx(all, i), &to[i]);

		if (err)
			return err;
	}
	e->detections = to;
	e->n_detections = (uint32_t)n;
	return 0;
}

static int take_event(struct arena *arena, struct json_object *object, struct event *ret) {
	struct event e = { 0 };
	int err = json_object_is_type(object, json_type_object) ? 0 : -EBADMSG;

	for (unsigned i = 0; i < schema_n_steps && !err; i++) {
		if (schema_steps[i].what == STEP_DETECTIONS)
			err = take_detections(arena, &schema_steps[i], object, &e);
		else
			err = take_step(arena, &schema_steps[i], object, &e);
	}
	if (!err && !event_has(&e, FIELD_KIND)) /* other schemas have objects of our names */
		err = -EBADMSG;
	if (!err)
		*ret = e;
	return err;
}

int encode_parse(const char *json, size_t n, struct arena *arena, struct event *ret) {
	struct json_tokener *tokener = json_tokener_new_ex(DEPTH);
	struct json_object *object;
	int err = -EBADMSG;

	if (!tokener)
		return -ENOMEM;
	if (n > INT32_MAX) {
		json_tokener_free(tokener);
		return -EBADMSG;
	}
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	object = json_tokener_parse_ex(tokener, json, (int)n);
	if (json_tokener_get_error(tokener) == json_tokener_success)
		err = take_event(arena, object, ret);
	json_object_put(object);
	json_tokener_free(tokener);
	return err;
}
