/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroups.h - what is known of each cgroup, by its kernfs id
 *
 * Its path is read once, when a process in it is first told of, and not again
 * for each event. At most CGROUPS_MAX rows; past that the first goes that was
 * not asked for since the hand of a clock came by.
 */
#ifndef LAPWING_CGROUPS_H
#define LAPWING_CGROUPS_H

#include <stddef.h>
#include <stdint.h>

#include "enrich/container.h"
#include "enrich/containers.h"

#define CGROUPS_MAX 16384
#define CGROUPS_BUCKETS 4096 /* a power of two */

struct cgroup {
	uint64_t id;  /* 0: a free row */
	uint64_t key; /* of event.h, for what @container tells */
	struct container container;
	const struct named *named; /* who that container is; NULL: it is in none */
	uint64_t named_key;	   /* its key, when @key was given */
	char *path; /* own memory; @container points into it */
	uint32_t next; /* in its bucket: an index into rows, one up; 0: the last */
	bool asked;
};

/* cgroup_told - @c (NULL: not known), if it is a container's and events tell of it, or NULL */
static inline const struct cgroup *cgroup_told(const struct cgroup *c) {
	return c && (c->container.id.s || c->container.runtime.s || c->container.name.s ||
		     c->container.pod_uid.s || c->named)
		       ? c
		       : NULL;
}

/*
 * cgroup_has_name - whether somebody can be asked who @c's container is
 * Not of a user's own: he could have given it the id of another's.
 */
static inline bool cgroup_has_name(const struct cgroup *c) {
	return c->container.id.s && !c->container.by_user;
}

struct cgroups {
	struct cgroup *rows; /* made by the first put */
	uint32_t buckets[CGROUPS_BUCKETS];
	uint32_t used, hand;
	uint64_t last; /* the id of a row: that which was put last; or 0 */
	uint64_t version; /* counts whatever can change an answer that was given */
	bool missed;      /* since then, somebody asked in vain */
	struct containers containers; /* that these cgroups are */
	bool split;       /* of v2, where v1 has the controllers: the root may be anywhere */
};

void cgroups_done(struct cgroups *t);

/* cgroups_add - for cgroups_put(), of one that was not put last */
void cgroups_add(struct cgroups *t, uint64_t id, struct str path);

/*
 * cgroups_put - the cgroup @id has the path @path; what was known of it before stays
 * With @split the root is not taken: it would say of each process that it is in no container.
 */
static inline void cgroups_put(struct cgroups *t, uint64_t id, struct str path) {
	if (id != t->last)
		cgroups_add(t, id, path);
}

/* cgroups_get - the row of @id, or NULL; borrowed while cgroups_version() is the same */
struct cgroup *cgroups_get(struct cgroups *t, uint64_t id);

/* cgroups_meet - for cgroups_again(), of a row that is a container's; whether nothing changed */
bool cgroups_meet(struct cgroups *t, struct cgroup *row);

/* cgroups_version - counts whatever can change an answer that was given, of containers as well */
static inline uint64_t cgroups_version(const struct cgroups *t) {
	return t->version + t->containers.version;
}

/*
 * cgroups_again - asks for the row that was got before, and is @row still (NULL: there was none)
 * False: what it tells may have changed, as may have cgroups_version().
 */
static inline bool cgroups_again(struct cgroups *t, struct cgroup *row) {
	if (!row)
		return true;
	row->asked = true;
	return !cgroup_has_name(row) || cgroups_meet(t, row);
}

/* cgroup_lacks - bits of event.degraded for what is not known of @c (NULL: not known) */
uint64_t cgroup_lacks(const struct cgroup *c, bool asks);

#endif
