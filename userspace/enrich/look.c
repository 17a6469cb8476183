/* SPDX-License-Identifier: Apache-2.0 */
#include "enrich/look.h"

#include "enrich/proctab.h"
#include "event/field.h"

_Static_assert(FIELDS_parent_END <= 64, "all of these are in the first word of event.has");

void looks_done(struct looks *t) {
	for (int i = 0; i < LOOKS; i++)
		image_drop(t->kept[i].of.image);
	*t = (struct looks){ 0 };
}

static void tell_image(struct look *l, const struct image *image) {
	if (!image)
		return;
	if (image->name.s) {
		l->has |= FIELD_BIT(PROCESS_NAME);
		l->parent_has |= FIELD_BIT(PARENT_NAME);
	}
	if (image->executable.s) {
		l->has |= FIELD_BIT(PROCESS_EXECUTABLE);
		l->parent_has |= FIELD_BIT(PARENT_EXECUTABLE);
	}
	l->parent_has |= FIELD_BIT(PARENT_UID);
	if (l->user.s)
		l->parent_has |= FIELD_BIT(PARENT_USER);
	else
		l->parent_degraded |= 1ull << DEGRADED_USER_UNKNOWN;
}

static void tell_lacks(struct look *l) {
	if (!l->user.s)
		l->degraded |= 1ull << DEGRADED_USER_UNKNOWN;
	if (!l->of.image || l->of.partial) {
		l->degraded |= 1ull << DEGRADED_PROCESS_UNKNOWN;
		l->parent_degraded |= 1ull << DEGRADED_PARENT_UNKNOWN;
	}
	if (l->of.from_census)
		l->degraded |= 1ull << DEGRADED_PROCESS_FROM_CENSUS;
	if (!l->of.has_parent)
		l->degraded |= 1ull << DEGRADED_PARENT_UNKNOWN;
	if (l->of.lineage_cut)
		l->degraded |= 1ull << DEGRADED_LINEAGE_CUT;
}

static __attribute__((noinline)) void make(struct look *l, const struct names *users,
					   struct cgroups *cgroups, const struct look_of *of) {
	struct cgroup *cgroup = cgroups_get(cgroups, of->cgroup_id);

	if (of->image)
		of->image->users++; /* so that no other one comes to stand at its address */
	image_drop(l->of.image);
	*l = (struct look){
		.of = *of,
		.key = event_new_key(),
		.user = names_get(users, of->uid),
		.cgroup = cgroup_told(cgroup),
		.row = cgroup,
		.has = FIELD_BIT(PROCESS_ENTITY_ID) | of->namespaces_has,
		.parent_has = PARENT_IDS,
	};
	if (of->cgroup_id)
		l->has |= FIELD_BIT(PROCESS_CGROUP_ID);
	if (l->user.s)
		l->has |= FIELD_BIT(PROCESS_USER);
	tell_image(l, of->image);
	tell_lacks(l);
	l->degraded |= cgroup_lacks(cgroup, cgroups->containers.asks);
	l->of.version = looks_version(users, cgroups); /* asking may have changed it */
}

const struct look *looks_find(struct looks *t, const struct names *users, struct cgroups *cgroups,
			      const struct look_of *of) {
	uint64_t h = ((uintptr_t)of->image ^ of->cgroup_id << 20 ^ of->uid) * 0x9e3779b97f4a7c15ull;
	struct look *pair = &t->kept[(h ^ h >> 32) % LOOKS & ~(uint64_t)1];

	for (struct look *l = pair; l < pair + 2; l++)
		if (look_is_of(l, of) && cgroups_again(cgroups, l->row))
			return l;
	pair += pair[1].key < pair[0].key; /* the older one goes, or none was there */
	make(pair, users, cgroups, of);
	return pair;
}
