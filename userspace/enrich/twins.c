/* SPDX-License-Identifier: Apache-2.0 */
#include "enrich/twins.h"

#include "event/field.h"

void twins_forget(struct twins *t) {
	memset(t, 0, sizeof(*t));
}

/* is_told - whether it says nothing but what keys of struct twin_keys stand for, or its own */
static bool is_told(const struct event *e) {
	for (unsigned w = 0; w < EVENT_HAS_WORDS; w++) {
		uint64_t told = FIELD_BITS(stamp, w) | FIELD_BITS(machine, w) |
				(FIELD_BITS(deed, w) & ~FIELD_IN(ERROR, w)) |
				FIELD_BITS(process, w) | FIELD_BITS(parent, w) |
				FIELD_BITS(execution, w) | FIELD_BITS(exit, w) |
				FIELD_BITS(container, w) | FIELD_BITS(lineage, w) |
				FIELD_BITS(fork, w) | FIELD_BITS(overlay, w);

		if (e->has[w] & ~told)
			return false;
	}
	return true;
}

void twins_keep(struct twins *t, const struct twin_keys *keys, const struct event *e) {
	if (is_told(e))
		*twins_place(t, keys) = (struct twin){ .keys = *keys };
}
