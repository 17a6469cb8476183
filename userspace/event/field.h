/* SPDX-License-Identifier: Apache-2.0 */
/*
 * field.h - an event's fields by number and by name, from field.def
 *
 * Names are those of event.proto with the message in front: "process.pid",
 * "file.path", and without one for the event's own: "kind".
 */
#ifndef LAPWING_FIELD_H
#define LAPWING_FIELD_H

#include <stddef.h>

#include "event/event.h"

enum field_type {
	FIELD_U32,
	FIELD_U64,
	FIELD_FIXED64,
	FIELD_BOOL,
	FIELD_ENUM, /* uint32_t in struct event */
	FIELD_BITS, /* uint64_t, bit n is enum value n */
	FIELD_STR,
	FIELD_STRV
};

/* FIELDS_process is the first id of a section, SAME or RUN, FIELDS_process_END one past its last */
enum field_id {
#define SECTION(name, number) FIELDS_##name, FIELDS_##name##_BEFORE = FIELDS_##name - 1,
#define SAME(name, message, first, last) SECTION(name, 0)
#define RUN(name) SECTION(name, 0)
#define TOP(id, number, member, type) FIELD_##id,
#define FIELD(id, number, message, member, type) FIELD_##id,
#define END(name) FIELDS_##name##_END, FIELDS_##name##_LAST = FIELDS_##name##_END - 1,
#define END_SAME END
#define END_RUN END
#include "event/field.def"
	FIELD_MAX
};
_Static_assert(FIELD_MAX <= EVENT_HAS_WORDS * 64, "event.has is too small");

struct field {
	const char *message; /* "process", or "" for the event's own */
	const char *member;  /* "pid" */
	const char *name;    /* "process.pid" */
	uint16_t offset;     /* in struct event */
	uint16_t number;     /* in its message of event.proto */
	uint8_t type;	     /* enum field_type */
};

extern const struct field fields[FIELD_MAX];

/* field_by_name - 0 and the number of the field called @name, or -ENOENT */
int field_by_name(struct str name, enum field_id *ret);

/*
 * field_schema - which fields this version knows: the schema's number, and below it 32 bits of a
 * sum over each field's name, number and type. For what is kept longer than a version, as segments.
 */
uint64_t field_schema(void);

static inline bool event_has(const struct event *e, enum field_id id) {
	return e->has[id / 64] >> (id % 64) & 1;
}

/* event_str - @value, that of the field @id, or an absent string if it is not known */
static inline struct str event_str(const struct event *e, enum field_id id, struct str value) {
	return event_has(e, id) ? value : (struct str){ 0 };
}

static inline void event_mark(struct event *e, enum field_id id) {
	e->has[id / 64] |= 1ull << (id % 64);
}

static inline void event_unmark(struct event *e, enum field_id id) {
	e->has[id / 64] &= ~(1ull << (id % 64));
}

/*
 * FIELD_BIT, FIELD_BITS - a field's bit in its word of event.has, and those of a section that are
 * in word @w: for who marks or asks for many at once
 */
#define FIELD_BIT(id) (1ull << FIELD_##id % 64)
#define FIELD_BITS(section, w) (field_below(FIELDS_##section##_END, w) & \
				~field_below(FIELDS_##section, w))

/* field_below - the bits in word @w of all fields before @id */
static inline uint64_t field_below(unsigned id, unsigned w) {
	return id >= w * 64 + 64 ? ~0ull : id <= w * 64 ? 0 : (1ull << (id - w * 64)) - 1;
}

/* FIELD_IN - the field's bit if it is in word @w of event.has, or 0 */
#define FIELD_IN(id, w) (FIELD_##id / 64 == (w) ? FIELD_BIT(id) : 0)

/* FIELD_OWN - those in word @w whose values tell events of one event.twin_key apart */
#define FIELD_OWN(w)                                                                               \
	(FIELD_IN(ID, w) | FIELD_IN(SEQ, w) | FIELD_IN(TIME_NS, w) | FIELD_IN(BOOT_NS, w) |        \
	 FIELD_IN(CPU_SEQ, w) | FIELD_IN(PROCESS_ENTITY_ID, w) | FIELD_IN(PROCESS_PID, w) |        \
	 FIELD_IN(PROCESS_TID, w) | FIELD_IN(PROCESS_START_NS, w) |                                \
	 FIELD_IN(PROCESS_NS_TGID, w) | FIELD_IN(EXIT_RUN_NS, w))

/* EVENT_SET(e, PROCESS_PID, process.pid, 42) - gives a member its value and marks it known */
#define EVENT_SET(e, id, member, value) ((e)->member = (value), event_mark((e), FIELD_##id))

/* EVENT_SET_STR - the same for a string that may be absent: then nothing is marked */
#define EVENT_SET_STR(e, id, member, value)                                                        \
	do {                                                                                       \
		struct str value_ = (value);                                                       \
		if (value_.s)                                                                      \
			EVENT_SET(e, id, member, value_);                                          \
	} while (0)

static inline const void *field_at(const struct event *e, enum field_id id) {
	return (const char *)e + fields[id].offset;
}

#define FIELD_TEXT_BYTES 24

/*
 * field_text - the text of a single-valued field, as rules compare it
 * @scratch: FIELD_TEXT_BYTES, holds the text of a number
 *
 * Numbers and enums in decimal, booleans as "true" and "false". Absent when the
 * event does not have the field, or it is FIELD_STRV or FIELD_BITS. Borrowed
 * from the event or from @scratch.
 */
struct str field_text(const struct event *e, enum field_id id, char *scratch);

#endif
