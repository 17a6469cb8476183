/* SPDX-License-Identifier: Apache-2.0 */
#include "content/schema.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>

#include "event/field.h"

/* count_of - how many fields this program has in a section */
static uint32_t count_of(const char *section) {
	uint32_t n = 0;

	for (int i = 0; i < FIELD_MAX; i++)
		n += !strcmp(fields[i].message, section);
	return n;
}

/* hash_of - over the first fields of each section of @s, as many as it counts */
static void hash_of(const struct schema *s, uint8_t ret[SEAL_HASH_BYTES]) {
	crypto_generichash_state state;
	char line[128];

	(void)crypto_generichash_init(&state, NULL, 0, SEAL_HASH_BYTES);
	for (uint32_t k = 0; k < s->n; k++) {
		uint32_t left = s->list[k].count;

		for (int i = 0; i < FIELD_MAX && left; i++) {
			int n;

			if (strcmp(fields[i].message, s->list[k].name) != 0)
				continue;
			n = snprintf(line, sizeof(line), "%s %u %u\n", fields[i].name,
				     fields[i].number, fields[i].type);
			(void)crypto_generichash_update(&state, (const uint8_t *)line, (size_t)n);
			left--;
		}
	}
	(void)crypto_generichash_final(&state, ret, SEAL_HASH_BYTES);
}

void schema_own(struct schema *ret) {
	*ret = (struct schema){ 0 };
	for (int i = 0; i < FIELD_MAX; i++) {
		bool seen = false;

		for (uint32_t k = 0; k < ret->n; k++)
			seen |= !strcmp(ret->list[k].name, fields[i].message);
		if (seen)
			continue;
		(void)snprintf(ret->list[ret->n].name, SCHEMA_NAME_BYTES, "%s", fields[i].message);
		ret->list[ret->n++].count = count_of(fields[i].message);
	}
	hash_of(ret, ret->hash);
}

int schema_fits(const struct schema *s, char *why, size_t n) {
	uint8_t hash[SEAL_HASH_BYTES];

	for (uint32_t k = 0; k < s->n; k++) {
		const struct schema_section *x = &s->list[k];
		uint32_t have = count_of(x->name);

		if (x->count <= have)
			continue;
		(void)snprintf(why, n,
			       "it counts on %u fields of \"%s\", of which this sensor has %u",
			       x->count, x->name[0] ? x->name : "event", have);
		return -ERANGE;
	}
	hash_of(s, hash);
	if (s->n && !memcmp(hash, s->hash, sizeof(hash)))
		return 0;
	(void)snprintf(why, n, "it was written against other fields than this sensor has");
	return -EBADMSG;
}
