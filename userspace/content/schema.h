/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema.h - what of the table of fields a bundle counts on
 *
 * An author's engine writes down how many fields it has in each section of an event, and a hash
 * over just these. Numbers of fields are for ever and new ones come behind, so an engine that has
 * more fields finds the same hash over as many of its own; one that has fewer, or others, does not,
 * and must not load what was written against them.
 */
#ifndef LAPWING_CONTENT_SCHEMA_H
#define LAPWING_CONTENT_SCHEMA_H

#include "content/seal.h"

#define SCHEMA_SECTIONS 64
#define SCHEMA_NAME_BYTES 32

struct schema_section {
	char name[SCHEMA_NAME_BYTES]; /* "process"; "" for the event's own */
	uint32_t count;		      /* fields */
};

struct schema {
	uint32_t n;
	struct schema_section list[SCHEMA_SECTIONS];
	uint8_t hash[SEAL_HASH_BYTES];
};

/* schema_own - of this program, from field.def */
void schema_own(struct schema *ret);

/*
 * schema_fits - whether this program supplies all that @s counts on
 * 0; -ERANGE: fewer fields of a section, or no such section; -EBADMSG: others than @s says.
 * @why: a sentence, with room for @n bytes.
 */
int schema_fits(const struct schema *s, char *why, size_t n);

#endif
