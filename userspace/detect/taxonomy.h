/* SPDX-License-Identifier: Apache-2.0 */
/*
 * taxonomy.h - Sigma's names against ours: fields, log sources, enum values
 *
 * taxonomy.c holds the tables, and docs/sigma.md shows them to the reader.
 */
#ifndef LAPWING_DETECT_TAXONOMY_H
#define LAPWING_DETECT_TAXONOMY_H

#include "detect/detect.h"
#include "event/field.h"

/* How a field's values are found in an event. */
enum source {
	SOURCE_NONE,   /* a name that Sigma has and this sensor never gives a value */
	SOURCE_TEXT,   /* FIELD_STR */
	SOURCE_NUMBER, /* U32, U64, FIXED64, BOOL: as field_text() writes it */
	SOURCE_NAME,   /* ENUM, by the name of its value */
	SOURCE_NAMES,  /* BITS, by the names of the bits set */
	SOURCE_LIST,   /* FIELD_STRV: each element is a value */
	SOURCE_IMAGE,  /* the executable, and the name that it was invoked by */
	SOURCE_PARENT_IMAGE,
	SOURCE_HASHES, /* "SHA256=" and a FIELD_STR */
	SOURCE_WORDS /* every text of the event, for keywords */
};

struct taxon {
	uint8_t source; /* enum source */
	uint16_t field;	/* enum field_id, where the source is about one */
};

/* taxonomy_field - what @name stands for, Sigma's name or one of field.def; -ENOENT */
int taxonomy_field(struct str name, struct taxon *ret);

/* taxonomy_nearest - a name that @name may be a misspelling of, or NULL */
const char *taxonomy_nearest(struct str name);

/* taxonomy_value - the name of value @number of an enum or bits field, or NULL */
const char *taxonomy_value(enum field_id field, uint32_t number);

/* taxonomy_value_known - whether some value of @field has that name, in any case */
bool taxonomy_value_known(enum field_id field, struct str name);

/*
 * taxonomy_kinds - the kinds of event that @source offers
 * @ret_why: why there are none, until the next call, when @ret is empty; NULL with an empty @ret
 *           for the source of audit.h
 */
void taxonomy_kinds(const struct logsource *source, struct event_kinds *ret, const char **ret_why);

/* taxonomy_is_log - whether rules of @service are about lines of a log (HOST_LOG) */
bool taxonomy_is_log(struct str service);

/*
 * taxonomy_words - the fields that keywords are searched in, as bits of event.has
 * @exec: of an exec; in other events what is of the process was told when that began
 *
 * Every text but ids, what is of the parent, and what the sensor says of itself. Not for two
 * threads at first.
 */
const uint64_t *taxonomy_words(bool exec);

#endif
