/* SPDX-License-Identifier: Apache-2.0 */
#include "encode/schema.h"

#include <errno.h>
#include <string.h>

#include "encode/encode.h"
#include "encode/foreign.h"
#include "proto/event.pb-c.h"

struct schema_row schema_rows[FIELD_MAX];
struct schema_row schema_detection_rows[SCHEMA_DETECTION_ROWS];
struct schema_step schema_steps[SCHEMA_MAX_STEPS];
unsigned schema_n_steps;

#define DETECTION(number, member, type)                                                            \
	{ "detections", #member, "detections." #member, offsetof(struct detection, member),        \
	  number,	FIELD_##type }

/* put_detection() in proto.c relies on these numbers. */
static const struct field detection_fields[SCHEMA_DETECTION_ROWS] = {
	DETECTION(1, rule_id, STR), DETECTION(2, title, STR),  DETECTION(3, level, ENUM),
	DETECTION(4, tags, STRV),   DETECTION(5, author, STR), DETECTION(6, matched, STRV),
	DETECTION(7, evidence, ENUM), DETECTION(8, events, STRV), DETECTION(9, group, STRV),
};

#define NUMBER_MAX 2047 /* what a tag of two bytes can hold */

/* What each enum field_type must be in event.proto. */
static const struct {
	ProtobufCType type;
	ProtobufCLabel label;
} kinds[] = {
	[FIELD_U32] = { PROTOBUF_C_TYPE_UINT32, PROTOBUF_C_LABEL_OPTIONAL },
	[FIELD_U64] = { PROTOBUF_C_TYPE_UINT64, PROTOBUF_C_LABEL_OPTIONAL },
	[FIELD_FIXED64] = { PROTOBUF_C_TYPE_FIXED64, PROTOBUF_C_LABEL_OPTIONAL },
	[FIELD_BOOL] = { PROTOBUF_C_TYPE_BOOL, PROTOBUF_C_LABEL_OPTIONAL },
	[FIELD_ENUM] = { PROTOBUF_C_TYPE_ENUM, PROTOBUF_C_LABEL_OPTIONAL },
	[FIELD_BITS] = { PROTOBUF_C_TYPE_ENUM, PROTOBUF_C_LABEL_REPEATED },
	[FIELD_STR] = { PROTOBUF_C_TYPE_STRING, PROTOBUF_C_LABEL_OPTIONAL },
	[FIELD_STRV] = { PROTOBUF_C_TYPE_STRING, PROTOBUF_C_LABEL_REPEATED },
};

/* Numbers of the messages, as the sections of field.def have them. */
static const struct {
	const char *name;
	uint32_t number;
} messages[] = {
#define SECTION(name, number) { #name, number },
#include "event/field.def"
	{ "detections", 23 }, /* proto.c */
};

static int bind_row(const struct field *f, const ProtobufCFieldDescriptor *pb,
		    struct schema_row *ret) {
	size_t key_n = strlen(pb->name);

	if (pb->type != kinds[f->type].type || pb->label != kinds[f->type].label)
		return -EPROTO;
	if (f->type == FIELD_BITS && !(pb->flags & PROTOBUF_C_FIELD_FLAG_PACKED))
		return -EPROTO;
	if (key_n > UINT8_MAX || pb->id != f->number || pb->id > NUMBER_MAX)
		return -EPROTO;
	*ret = (struct schema_row){ f->offset, f->type, (uint8_t)key_n, pb->name, pb };
	return 0;
}

static bool is_row(const struct field *f, const char *message, const char *member) {
	return !strcmp(f->message, message) && !strcmp(f->member, member);
}

/* has_row - whether some message of @type in @event has a row for @member */
static bool has_row(const struct field *rows, size_t n, const ProtobufCMessageDescriptor *event,
		    const void *type, const char *member) {
	for (unsigned i = 0; i < event->n_fields; i++) {
		for (size_t r = 0; event->fields[i].descriptor == type && r < n; r++) {
			if (is_row(&rows[r], event->fields[i].name, member))
				return true;
		}
	}
	return false;
}

/*
 * bind_message - the rows of one message, which stand together from @first on
 * `process` and `parent` are of one type and the parent has fewer rows, so a field is only
 * missing when no message of its type has it.
 */
static int bind_message(const struct field *rows, size_t n, size_t first,
			const ProtobufCMessageDescriptor *event, struct schema_step *step) {
	const ProtobufCMessageDescriptor *type = step->pb->descriptor;
	size_t at = first;

	for (unsigned i = 0; i < type->n_fields; i++) {
		const ProtobufCFieldDescriptor *pb = &type->fields[i];

		if (at < n && is_row(&rows[at], step->key, pb->name)) {
			if (bind_row(&rows[at], pb, &schema_rows[at]) < 0)
				return -EPROTO;
			at++;
		} else if (!has_row(rows, n, event, type, pb->name)) {
			return -EPROTO;
		}
	}
	step->first = (uint16_t)first;
	step->n = (uint16_t)(at - first);
	return step->n ? 0 : -EPROTO;
}

static int bind_detections(const ProtobufCMessageDescriptor *type) {
	if (type->n_fields != SCHEMA_DETECTION_ROWS)
		return -EPROTO;
	for (unsigned i = 0; i < type->n_fields; i++) {
		if (strcmp(detection_fields[i].member, type->fields[i].name) != 0 ||
		    bind_row(&detection_fields[i], &type->fields[i], &schema_detection_rows[i]) < 0)
			return -EPROTO;
	}
	return 0;
}

/* bind_top - one of the event's own fields; @step is the run that it continues or begins */
static int bind_top(const struct field *rows, size_t n, size_t at,
		    const ProtobufCFieldDescriptor *pb, struct schema_step *step) {
	if (at >= n || !is_row(&rows[at], "", pb->name))
		return -EPROTO;
	if (!step->n)
		*step = (struct schema_step){ .what = STEP_TOP, .first = (uint16_t)at };
	step->n++;
	return bind_row(&rows[at], pb, &schema_rows[at]);
}

static size_t first_row(const struct field *rows, size_t n, const char *message) {
	size_t at = 0;

	while (at < n && strcmp(rows[at].message, message) != 0)
		at++;
	return at;
}

static bool message_agrees(const ProtobufCFieldDescriptor *pb) {
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		if (!strcmp(messages[i].name, pb->name))
			return messages[i].number == pb->id;
	}
	return false;
}

static int bind_step(const struct field *rows, size_t n, const ProtobufCMessageDescriptor *event,
		     const ProtobufCFieldDescriptor *pb, struct schema_step *ret) {
	size_t first = first_row(rows, n, pb->name);

	if (strlen(pb->name) > UINT8_MAX)
		return -EPROTO;
	*ret = (struct schema_step){ .what = STEP_MESSAGE,
				     .key = pb->name,
				     .key_n = (uint8_t)strlen(pb->name),
				     .pb = pb };
	if (!message_agrees(pb))
		return -EPROTO;
	if (pb->label != PROTOBUF_C_LABEL_REPEATED)
		return bind_message(rows, n, first, event, ret);
	ret->what = STEP_DETECTIONS;
	return strcmp(pb->name, "detections") ? -EPROTO : bind_detections(pb->descriptor);
}

int schema_bind(const struct field *rows, size_t n, const ProtobufCMessageDescriptor *event) {
	size_t bound = 0, top = 0, detections = 0;

	if (n != FIELD_MAX)
		return -EPROTO;
	schema_n_steps = 0;
	memset(schema_steps, 0, sizeof(schema_steps));
	for (unsigned i = 0; i < event->n_fields; i++) {
		const ProtobufCFieldDescriptor *pb = &event->fields[i];
		struct schema_step *step = &schema_steps[schema_n_steps];

		if (schema_n_steps + 1 >= SCHEMA_MAX_STEPS)
			return -EPROTO;
		if (pb->type != PROTOBUF_C_TYPE_MESSAGE) {
			if (bind_top(rows, n, top++, pb, step) < 0)
				return -EPROTO;
			continue;
		}
		if (step->n) /* a run of the event's own fields ends here */
			step = &schema_steps[++schema_n_steps];
		if (bind_step(rows, n, event, pb, step) < 0)
			return -EPROTO;
		bound += step->n;
		detections += step->what == STEP_DETECTIONS;
		schema_n_steps++;
	}
	schema_n_steps += schema_steps[schema_n_steps].n > 0;
	for (struct schema_step *s = schema_steps; s < schema_steps + schema_n_steps; s++) {
		for (unsigned i = s->first; i < s->first + s->n; i++)
			s->mask[i / 64] |= 1ull << i % 64;
	}
	return bound + top == n && detections == 1 ? 0 : -EPROTO;
}

uint64_t schema_detection_bits(const struct detection *d) {
	uint64_t bits = 0;

	for (unsigned i = 0; i < SCHEMA_DETECTION_ROWS; i++) {
		const struct schema_row *row = &schema_detection_rows[i];
		const void *at = (const char *)d + row->offset;
		bool known = row->type == FIELD_STR  ? ((const struct str *)at)->s != NULL :
			     row->type == FIELD_STRV ? ((const struct strv *)at)->n > 0 :
						       *(const uint32_t *)at > 0;

		bits |= (uint64_t)known << i;
	}
	return bits;
}

const char *schema_enum_name(const struct schema_row *row, uint32_t v) {
	const ProtobufCEnumDescriptor *type = row->pb->descriptor;
	const ProtobufCEnumValue *value;

	if (v > INT32_MAX)
		return NULL;
	value = protobuf_c_enum_descriptor_get_value(type, (int)v);
	return value ? value->name : NULL;
}

int encode_setup(void) {
	int r = schema_bind(fields, FIELD_MAX, &lapwing__v1__event__descriptor);

	if (!r)
		r = ocsf_setup();
	return r ? r : ecs_setup();
}
