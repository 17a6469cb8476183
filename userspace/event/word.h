/* SPDX-License-Identifier: Apache-2.0 */
/*
 * word.h - the names of the values of an event's enums, from event.proto
 *
 * The schema is the one place that has them: a kind or a degradation that it
 * gains is known by name to rules, to text and to the docs with no further line.
 */
#ifndef LAPWING_EVENT_WORD_H
#define LAPWING_EVENT_WORD_H

#include "event/field.h"

/*
 * event_word - "PROCESS_EXEC" for 2 of FIELD_KIND
 * For FIELD_ENUM a value's number, for FIELD_BITS a bit's. NULL when the field has no such value
 * or is no enum; 0, which every enum has as "unspecified", is no value. Borrowed for ever.
 */
const char *event_word(enum field_id field, uint32_t number);

/* event_word_known - whether some value of @field has this name, in any case of its letters */
bool event_word_known(enum field_id field, struct str name);

#define EVENT_LEVELS 5

/* event_levels - Sigma's words for enum event_level, LEVEL_INFORMATIONAL first */
extern const char *const event_levels[EVENT_LEVELS];

static inline const char *event_level_word(uint32_t level) {
	return event_levels[level - LEVEL_INFORMATIONAL];
}

/* event_kind_name - event_word() of FIELD_KIND; "?" for an unknown kind */
const char *event_kind_name(uint32_t kind);

/* event_kind_by_name - PROCESS_EXEC by that name or as "exec", in any case; 0: there is none */
uint32_t event_kind_by_name(const char *word);

#endif
