/* SPDX-License-Identifier: Apache-2.0 */
#include "enrich/lineage.h"

#include <stdlib.h>

/* kept - a copy of @x at @at, which moves behind it */
static struct str kept(char **at, struct str x) {
	struct str copy = { *at, x.n };

	if (x.n)
		memcpy(*at, x.s, x.n);
	*at += x.n;
	return copy;
}

static size_t text_bytes(const struct strv *list, uint32_t n) {
	size_t bytes = 0;

	for (uint32_t i = 0; i < n; i++)
		bytes += list->v[i].n;
	return bytes;
}

struct lineage *lineage_new(size_t *sum, const struct lineage_parent *parent) {
	static const struct lineage none;
	const struct lineage *up = parent->up ? parent->up : &none;
	uint32_t ids = up->ids.n < LINEAGE_IDS ? up->ids.n : LINEAGE_IDS - 1;
	uint32_t names = up->names.n < LINEAGE_NAMES ? up->names.n : LINEAGE_NAMES - 1;
	size_t texts = (ids + names + 2ul) * sizeof(struct str);
	size_t bytes = sizeof(struct lineage) + texts + parent->id.n + parent->name.n +
		       text_bytes(&up->ids, ids) + text_bytes(&up->names, names);
	struct lineage *l = malloc(bytes);
	struct str *name;
	char *at;

	if (!l)
		return NULL;
	*sum += bytes;
	*l = (struct lineage){ .key = event_new_key(),
		               .sum = sum,
		               .bytes = bytes,
		               .users = 1,
		               .whole = parent->made_by_nobody ||
		                        (up->whole && ids == up->ids.n),
		               .ids = { l->texts, ids + 1 },
		               .names = { l->texts + ids + 1, names + 1 } };
	at = (char *)l->texts + texts;
	name = l->texts + ids + 1;
	l->texts[0] = kept(&at, parent->id);
	name[0] = kept(&at, parent->name);
	for (uint32_t i = 0; i < ids; i++)
		l->texts[i + 1] = kept(&at, up->ids.v[i]);
	for (uint32_t i = 0; i < names; i++)
		name[i + 1] = kept(&at, up->names.v[i]);
	return l;
}

void lineage_drop(struct lineage *l) {
	if (!l || --l->users)
		return;
	*l->sum -= l->bytes;
	free(l);
}
