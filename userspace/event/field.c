/* SPDX-License-Identifier: Apache-2.0 */
#include "event/field.h"

#include <errno.h>

#include "base/crc32c.h"

const struct field fields[FIELD_MAX] = {
#define TOP(id, number, member, type)                                                              \
	[FIELD_##id] = { "",     #member,     #member, offsetof(struct event, member),             \
			 number, FIELD_##type },
#define FIELD(id, number, message, member, type)                                                   \
	[FIELD_##id] = { #message,                                                                 \
			 #member,                                                                  \
			 #message "." #member,                                                     \
			 offsetof(struct event, message.member),                                   \
			 number,                                                                   \
			 FIELD_##type },
#include "event/field.def"
};

int field_by_name(struct str name, enum field_id *ret) {
	for (int i = 0; i < FIELD_MAX; i++) {
		if (str_eq(name, str_of(fields[i].name))) {
			*ret = (enum field_id)i;
			return 0;
		}
	}
	return -ENOENT;
}

uint64_t field_schema(void) {
	uint32_t sum = 0;

	for (int i = 0; i < FIELD_MAX; i++) {
		const struct field *f = &fields[i];

		sum = crc32c(sum, f->name, strlen(f->name) + 1);
		sum = crc32c(sum, &f->number, sizeof(f->number));
		sum = crc32c(sum, &f->type, sizeof(f->type));
	}
	return (uint64_t)EVENT_SCHEMA << 32 | sum;
}

static struct str decimal(uint64_t v, char *scratch) {
	char *end = scratch + FIELD_TEXT_BYTES, *p = end;

	do {
		*--p = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	return (struct str){ p, (uint32_t)(end - p) };
}

struct str field_text(const struct event *e, enum field_id id, char *scratch) {
	const void *at = field_at(e, id);

	if (!event_has(e, id))
		return (struct str){ 0 };
	switch ((enum field_type)fields[id].type) {
	case FIELD_STR:
		return *(const struct str *)at;
	case FIELD_U32:
	case FIELD_ENUM:
		return decimal(*(const uint32_t *)at, scratch);
	case FIELD_U64:
	case FIELD_FIXED64:
		return decimal(*(const uint64_t *)at, scratch);
	case FIELD_BOOL:
		return *(const bool *)at ? STR("true") : STR("false");
	case FIELD_BITS:
	case FIELD_STRV:
		break;
	}
	return (struct str){ 0 };
}
