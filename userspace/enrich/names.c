/* SPDX-License-Identifier: Apache-2.0 */
#include "enrich/names.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_CAP 256

/*
 * A place once taken keeps its uid, with an empty text when the name is gone, so
 * that a search may stop at the first free place.
 */
static const char gone[] = "";

void names_done(struct names *t) {
	for (size_t i = 0; i < t->cap; i++) {
		if (t->places[i].text.s != gone)
			free((char *)t->places[i].text.s);
	}
	free(t->places);
	*t = (struct names){ 0 };
}

/* find - the place of @uid, or the free one where it belongs; there is always a free one */
static struct name *find(struct name *places, size_t cap, uint32_t uid) {
	size_t i = (uid * 0x9e3779b1u) & (cap - 1);

	while (places[i].text.s && places[i].uid != uid)
		i = (i + 1) & (cap - 1);
	return &places[i];
}

static int grow(struct names *t) {
	size_t cap = t->cap ? t->cap * 2 : FIRST_CAP;
	struct name *places;

	if (t->used >= NAMES_MAX)
		return -ENOSPC;
	if (t->used * 2 < t->cap)
		return 0;
	places = calloc(cap, sizeof(*places));
	if (!places)
		return -ENOMEM;
	for (size_t i = 0; i < t->cap; i++) {
		if (t->places[i].text.s)
			*find(places, cap, t->places[i].uid) = t->places[i];
	}
	free(t->places);
	t->places = places;
	t->cap = cap;
	return 0;
}

int names_put(struct names *t, uint32_t uid, struct str name) {
	struct name *place = t->cap ? find(t->places, t->cap, uid) : NULL;
	char *copy = (char *)gone;
	int error;

	if (name.n > NAMES_MAX_BYTES)
		return -ENOSPC;
	t->version++;
	if (!place || !place->text.s) {
		if (!name.n)
			return 0;
		error = grow(t);
		if (error)
			return error;
		place = find(t->places, t->cap, uid);
	}
	if (name.n) {
		copy = malloc(name.n);
		if (!copy)
			return -ENOMEM;
		memcpy(copy, name.s, name.n);
	}
	if (!place->text.s)
		t->used++;
	else if (place->text.s != gone)
		free((char *)place->text.s);
	*place = (struct name){ uid, { copy, name.n } };
	return 0;
}

struct str names_get(const struct names *t, uint32_t uid) {
	const struct name *place;

	if (!t->cap)
		return (struct str){ 0 };
	place = find(t->places, t->cap, uid);
	return place->text.n ? place->text : (struct str){ 0 };
}
