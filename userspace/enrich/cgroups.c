/* SPDX-License-Identifier: Apache-2.0 */
#include "enrich/cgroups.h"

#include <stdlib.h>

#include "event/event.h"

void cgroups_done(struct cgroups *t) {
	for (uint32_t i = 0; i < t->used; i++)
		free(t->rows[i].path);
	free(t->rows);
	containers_done(&t->containers);
	*t = (struct cgroups){ 0 };
}

static uint32_t *bucket(struct cgroups *t, uint64_t id) {
	return &t->buckets[(id * 0x9e3779b97f4a7c15ull) >> 32 & (CGROUPS_BUCKETS - 1)];
}

static struct cgroup *find(struct cgroups *t, uint64_t id) {
	uint32_t at = *bucket(t, id);

	while (at && t->rows[at - 1].id != id)
		at = t->rows[at - 1].next;
	return at ? &t->rows[at - 1] : NULL;
}

/* evict - frees the row at the hand, unless it was asked for since the hand was here */
static bool evict(struct cgroups *t) {
	uint32_t here = t->hand;
	struct cgroup *row = &t->rows[here];
	uint32_t *at = bucket(t, row->id);

	t->hand = (here + 1) % CGROUPS_MAX;
	if (row->asked) {
		row->asked = false;
		return false;
	}
	while (*at != here + 1)
		at = &t->rows[*at - 1].next;
	*at = row->next;
	t->last = 0;
	free(row->path);
	t->version++;
	return true;
}

static struct cgroup *take_row(struct cgroups *t) {
	uint32_t here;

	if (!t->rows)
		t->rows = calloc(CGROUPS_MAX, sizeof(*t->rows));
	if (!t->rows)
		return NULL;
	if (t->used < CGROUPS_MAX)
		return &t->rows[t->used++];
	do
		here = t->hand;
	while (!evict(t)); /* a second round finds nobody asked */
	return &t->rows[here];
}

void cgroups_add(struct cgroups *t, uint64_t id, struct str path) {
	struct cgroup *row;
	uint32_t *at;
	char *copy;

	if (!id || !path.s || (t->split && path.n <= 1))
		return;
	if (find(t, id)) {
		t->last = id;
		return;
	}
	copy = malloc(path.n + 1ul);
	row = copy ? take_row(t) : NULL;
	if (!row) {
		free(copy); /* without memory it stays unresolved, and events say so */
		return;
	}
	memcpy(copy, path.s, path.n);
	at = bucket(t, id);
	*row = (struct cgroup){ .id = id, .key = event_new_key(), .path = copy, .next = *at };
	container_of_path((struct str){ copy, path.n }, &row->container);
	*at = (uint32_t)(row - t->rows) + 1;
	if (t->missed) {
		t->missed = false;
		t->version++;
	}
}

/* name - who the row's container is, as far as that is known by now */
static void name(struct cgroups *t, struct cgroup *row) {
	const struct named *n = containers_meet(&t->containers, &row->container);
	uint64_t key = n ? n->key : 0;

	row->named = n;
	if (row->named_key == key)
		return;
	row->named_key = key;
	row->key = event_new_key();
}

bool cgroups_meet(struct cgroups *t, struct cgroup *row) {
	uint64_t version = cgroups_version(t), key = row->key;

	name(t, row);
	return row->key == key && cgroups_version(t) == version;
}

struct cgroup *cgroups_get(struct cgroups *t, uint64_t id) {
	struct cgroup *row = t->rows && id ? find(t, id) : NULL;

	if (row)
		row->asked = true;
	else
		t->missed = true;
	if (row && cgroup_has_name(row))
		name(t, row);
	return row;
}

uint64_t cgroup_lacks(const struct cgroup *c, bool asks) {
	uint64_t lacks = 0;

	if (!c)
		lacks |= 1ull << DEGRADED_CONTAINER_UNRESOLVED;
	else if (c->container.short_id)
		lacks |= 1ull << DEGRADED_CONTAINER_ID_SHORT;
	if (c && c->container.by_user)
		lacks |= 1ull << DEGRADED_CONTAINER_BY_USER;
	if (c && c->container.nested)
		lacks |= 1ull << DEGRADED_CONTAINER_NESTED;
	if (asks && c && cgroup_has_name(c) && containers_lack(c->named))
		lacks |= 1ull << DEGRADED_CONTAINER_UNNAMED;
	return lacks;
}
