/* SPDX-License-Identifier: Apache-2.0 */
#include "event/word.h"

#include <string.h>
#include <strings.h>

#include "proto/event.pb-c.h"

const char *const event_levels[EVENT_LEVELS] = { "informational", "low", "medium", "high",
						"critical" };

static const ProtobufCMessageDescriptor *message_of(const struct field *f) {
	const ProtobufCMessageDescriptor *event = &lapwing__v1__event__descriptor;
	const ProtobufCFieldDescriptor *pb;

	if (!f->message[0])
		return event;
	pb = protobuf_c_message_descriptor_get_field_by_name(event, f->message);
	return pb ? pb->descriptor : NULL;
}

/* enum_of - the enum that @field is of, looked up once; NULL: it is none */
static const ProtobufCEnumDescriptor *enum_of(enum field_id field) {
	static const ProtobufCEnumDescriptor *known[FIELD_MAX];
	const struct field *f = &fields[field];
	const ProtobufCMessageDescriptor *message;
	const ProtobufCFieldDescriptor *pb;

	if (known[field] || (f->type != FIELD_ENUM && f->type != FIELD_BITS))
		return known[field];
	message = message_of(f);
	pb = message ? protobuf_c_message_descriptor_get_field_by_name(message, f->member) : NULL;
	if (pb && pb->type == PROTOBUF_C_TYPE_ENUM)
		known[field] = pb->descriptor;
	return known[field];
}

const char *event_word(enum field_id field, uint32_t number) {
	const ProtobufCEnumDescriptor *type = enum_of(field);
	const ProtobufCEnumValue *value;

	if (!type || !number || number > INT32_MAX)
		return NULL;
	value = protobuf_c_enum_descriptor_get_value(type, (int)number);
	return value ? value->name : NULL;
}

bool event_word_known(enum field_id field, struct str name) {
	const ProtobufCEnumDescriptor *type = enum_of(field);

	for (unsigned i = 0; type && i < type->n_values; i++) {
		const ProtobufCEnumValue *v = &type->values[i];

		if (v->value && strlen(v->name) == name.n && !strncasecmp(v->name, name.s, name.n))
			return true;
	}
	return false;
}

const char *event_kind_name(uint32_t kind) {
	const char *name = event_word(FIELD_KIND, kind);

	return name ? name : "?";
}

uint32_t event_kind_by_name(const char *word) {
	for (uint32_t kind = 1; kind < WIRE_KIND_MAX; kind++) {
		const char *name = event_word(FIELD_KIND, kind);
		const char *deed = name ? strchr(name, '_') : NULL;

		if (name && (!strcasecmp(word, name) || (deed && !strcasecmp(word, deed + 1))))
			return kind;
	}
	return 0;
}
