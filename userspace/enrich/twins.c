/* SPDX-License-Identifier: Apache-2.0 */
#include "enrich/twins.h"

#include "event/field.h"

void twins_forget(struct twins *t) {
	memset(t, 0, sizeof(*t));
}

/* is_told - whether it says nothing but what struct twin has, or what keys in that stand for */
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

void twins_copy(struct twin *was, const struct event *e, const struct twin_keys *keys) {
	*was = (struct twin){
		.keys = *keys,
		.exec_key = e->exec_key,
		.degraded = e->degraded,
		.detail = twin_detail(e),
		.hook = e->hook.s,
		.kind = twin_both(&e->kind),
		.gid = twin_both(&e->process.gid),
		.cpu = e->cpu,
	};
	memcpy(was->has, e->has, sizeof(was->has));
}

void twins_keep(struct twins *t, const struct twin *was, const struct event *e) {
	if (was->kind && is_told(e))
		*twins_place(t, was->kind, was->exec_key, &was->keys) = *was;
}
