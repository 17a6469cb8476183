/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lineage.h - who made a process, and who made that one, up to init
 *
 * As it was when the process was born: an ancestor that runs another program
 * later, or ends and leaves the process table, stays in it with the name that
 * it had then. Children of one process share it, so that most forks make none,
 * and what was encoded once by its key can be copied.
 */
#ifndef LAPWING_LINEAGE_H
#define LAPWING_LINEAGE_H

#include "event/event.h"

#define LINEAGE_IDS 64  /* ancestors that are told, the nearest first */
#define LINEAGE_NAMES 8 /* of these, how many by name */

struct lineage {
	uint64_t key;       /* of event.h */
	size_t *sum;        /* what this and the like take together, in bytes */
	size_t bytes;       /* what this does */
	uint32_t users;     /* rows of proctab.h that point here */
	bool whole;         /* the last one was made by nobody */
	struct strv ids;    /* entity ids */
	struct strv names;  /* empty: not known */
	struct str texts[]; /* those of @ids, then those of @names; then the bytes */
};

/* Whose child it is: by its entity id, its name (absent: not known), and its own lineage. */
struct lineage_parent {
	struct str id, name;
	const struct lineage *up; /* NULL: not known, or none */
	bool made_by_nobody;      /* it has none, and needs none */
};

/*
 * lineage_new - that of a child of @parent, with one user; NULL without memory
 * @sum: counts its bytes as long as it lives
 */
struct lineage *lineage_new(size_t *sum, const struct lineage_parent *parent);

/* lineage_drop - one user less; NULL is fine */
void lineage_drop(struct lineage *l);

#endif
