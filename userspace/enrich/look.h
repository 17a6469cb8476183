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
 * so that a process and its parent do not take each other's in turns. Who points here
 * keeps the key as well, and asks again when it is another's. Each is a user of its image
 * (proctab.h), so at most that many outlive their last process.
 */
#ifndef LAPWING_LOOK_H
#define LAPWING_LOOK_H

#include "base/words.h"
#include "enrich/cgroups.h"
#include "enrich/names.h"
#include "event/field.h"

#define LOOKS 512 /* a power of two */
#define LOOK_NAMESPACES 7

/* What is told of any parent: bits of the first word of event.has. */
#define PARENT_IDS                                                                                 \
	(FIELD_BIT(PARENT_ENTITY_ID) | FIELD_BIT(PARENT_PID) | FIELD_BIT(PARENT_START_NS))

_Static_assert(offsetof(struct event_process, ns_mnt) + LOOK_NAMESPACES * sizeof(uint32_t) ==
		       offsetof(struct event_process, ns_tgid),
	       "side by side");

struct image;

/* All of a process that it depends on, part of its row: no padding, for it is compared as words. */
struct look_of {
	struct image *image; /* what it runs, which look and row hold on to; NULL: not known */
	uint64_t cgroup_id;
	uint64_t namespaces_has; /* bits of event.has: which of these are known; and of ns_tgid */
	uint64_t version;	 /* of the user names and the cgroups, when the look was made */
	uint32_t namespaces[LOOK_NAMESPACES]; /* as in struct event_process, from ns_mnt on */
	uint32_t uid;			      /* real uid, as its last event told */
	bool has_parent;  /* who made it was told, if anybody did */
	bool from_census; /* it began, and last called exec, before we looked */
	bool partial;	  /* made by a process not known to us: of its image only the name is */
	bool lineage_cut; /* not all of its ancestors are known */
	uint32_t pad;
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

/* look_is_of - whether @l is that of @of */
static inline bool look_is_of(const struct look *l, const struct look_of *of) {
	return l->key && words_none(words_differ(&l->of, of, sizeof(*of)));
}
_Static_assert(sizeof(struct look_of) == 9 * sizeof(uint64_t), "no padding");

/* looks_find - the look of @of, of this version; borrowed as long as its key is the same */
const struct look *looks_find(struct looks *t, const struct names *users, struct cgroups *cgroups,
			      const struct look_of *of);

#endif
