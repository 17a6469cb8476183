/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema.h - field.def bound to event.proto, for this room only
 *
 * A row of field.def knows where a member is in struct event, the descriptor of
 * event.proto how protobuf-c and people call it. encode_setup() joins them once,
 * and refuses a field.def that says otherwise than event.proto: proto.c relies on
 * its numbers.
 */
#ifndef LAPWING_SCHEMA_H
#define LAPWING_SCHEMA_H

#include <protobuf-c/protobuf-c.h>

#include "event/field.h"

struct schema_row {
	uint16_t offset; /* in struct event, or in struct detection */
	uint8_t type;	 /* enum field_type */
	uint8_t key_n;
	const char *key; /* the member's name */
	const ProtobufCFieldDescriptor *pb;
};

#define SCHEMA_DETECTION_ROWS 9

extern struct schema_row schema_rows[FIELD_MAX];
extern struct schema_row schema_detection_rows[SCHEMA_DETECTION_ROWS];

enum schema_what { STEP_TOP, STEP_MESSAGE, STEP_DETECTIONS };

/* A run of rows, in the order of the numbers of lapwing.v1.Event. */
struct schema_step {
	enum schema_what what;
	uint16_t first; /* enum field_id */
	uint16_t n;	/* rows */
	uint64_t mask[EVENT_HAS_WORDS]; /* of event.has: the bits of its rows */
	uint8_t key_n;
	const char *key;
	const ProtobufCFieldDescriptor *pb; /* of the message; NULL for STEP_TOP */
};

#define SCHEMA_MAX_STEPS 32

extern struct schema_step schema_steps[SCHEMA_MAX_STEPS];
extern unsigned schema_n_steps;

/*
 * schema_bind - joins the @n rows with lapwing.v1.Event or another message like it
 * 0, or -EPROTO when a row has no proto field, a proto field has no row, or a type, a number or the
 * order differs; then nothing may be encoded. @event must live for ever.
 */
int schema_bind(const struct field *rows, size_t n, const ProtobufCMessageDescriptor *event);

/* schema_has - word @w of event.has as encoders see it: DEGRADED is known when not empty */
static inline uint64_t schema_has(const struct event *e, unsigned w) {
	const uint64_t degraded = 1ull << FIELD_DEGRADED % 64;

	if (w != FIELD_DEGRADED / 64)
		return e->has[w];
	return e->degraded ? e->has[w] | degraded : e->has[w] & ~degraded;
}

/* schema_detection_bits - the same for a detection: empty members are not known */
uint64_t schema_detection_bits(const struct detection *d);

/* schema_enum_name - the name of value @v of a member's enum; NULL if event.proto has none */
const char *schema_enum_name(const struct schema_row *row, uint32_t v);

#endif
