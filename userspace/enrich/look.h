/* SPDX-License-Identifier: Apache-2.0 */
/*
 * look.h - what events tell of a process that is no more its own than a uniform
 *
 * A process and its child, and the next child, run the same program as the same
 * user in the same namespaces and cgroup. What follows from that (the user's name,
 * the container, which members are known, what events lack) is found out once and
 * kept by what it depends on; a row of the process table points to it.
 *
 * Bounded: LOOKS of them, in pairs, where a new one takes the place of the older one,
 * so that a process and its parent never take each other's. Who points here keeps the
 * key as well, and asks again when it is another's. Each is a user of its image
 * (proctab.h), so at most that many outlive their last process.
 */
#ifndef LAPWING_LOOK_H
#define LAPWING_LOOK_H

#include "enrich/cgroups.h"
#include "enrich/names.h"
#include "event/field.h"

#define LOOKS 512 /* a power of two */

/* What is told of any parent: bits of the first word of event.has. */
#define PARENT_IDS                                                                                 \
	(FIELD_BIT(PARENT_ENTITY_ID) | FIELD_BIT(PARENT_PID) | FIELD_BIT(PARENT_START_NS))

struct image;

/* All that it depends on: no padding, for it is compared as words. */
struct look_of {
	struct image *image; /* that @image of the look holds on to; NULL: not known */
	uint64_t cgroup_id;
	uint64_t namespaces_has;
	uint64_t version; /* of the user names and the cgroups */
	uint32_t namespaces[7];
	uint32_t uid;
	uint64_t flags; /* LOOK_* */
};

enum look_flag {
	LOOK_PARTIAL = 1,
	LOOK_FROM_CENSUS = 2,
	LOOK_HAS_PARENT = 4,
	LOOK_LINEAGE_CUT = 8
};

struct look {
	struct look_of of;
	uint64_t key;	   /* of event.h; 0: free */
	uint64_t has;	   /* bits of event.has for the process as the doer, */
	uint64_t degraded; /* and for what its events then lack */
	uint64_t parent_has; /* the same for it as the parent of a doer */
	uint64_t parent_degraded;
	struct str user;	     /* of @of.uid */
	const struct cgroup *cgroup; /* of @of.cgroup_id, if that is a container's */
	struct cgroup *row;	     /* the same, whatever it is; NULL: not known */
};

struct looks {
	struct look kept[LOOKS];
};

void looks_done(struct looks *t);

/* looks_version - counts whatever can change a look that was made */
static inline uint64_t looks_version(const struct names *users, const struct cgroups *cgroups) {
	return users->version + cgroups_version(cgroups);
}

/* looks_find - the look of @of, of this version; borrowed as long as its key is the same */
const struct look *looks_find(struct looks *t, const struct names *users, struct cgroups *cgroups,
			      const struct look_of *of);

#endif
