/* SPDX-License-Identifier: Apache-2.0 */
/*
 * busy.h - which processes and containers most was told of since it was asked last
 *
 * An event costs one comparison and one count in the row of its process; a process joins the list
 * of the round with its first. Containers are reckoned from that list when somebody asks. Past
 * BUSY_ACTIVE processes, or BUSY_CONTAINERS containers, in one round the others are left out.
 */
#ifndef LAPWING_BUSY_H
#define LAPWING_BUSY_H

#include "enrich/proctab.h"

#define BUSY_ACTIVE 4096
#define BUSY_CONTAINERS 256 /* a power of two */
#define BUSY_SHOWN 10

struct busy_row {
	uint64_t n;   /* events */
	uint32_t pid; /* 0: the row is a container's */
	struct str name; /* of the process, or as answered of the container; where it is known */
	const struct container *container; /* NULL: none, or not known */
};

/* The busiest, most first; what they point to dies with the next event. */
struct busy_list {
	uint32_t n_processes, n_containers;
	struct busy_row processes[BUSY_SHOWN], containers[BUSY_SHOWN];
};

struct busy {
	uint32_t round;
	uint32_t n_active;
	struct proc *active[BUSY_ACTIVE];
	struct busy_row containers[BUSY_CONTAINERS];
};

void busy_init(struct busy *b);

/* busy_join - for busy_count(): the first event of @p in this round */
void busy_join(struct busy *b, struct proc *p);

/* busy_count - one event of @p's */
static inline void busy_count(struct busy *b, struct proc *p) {
	if (p->busy_round != b->round)
		busy_join(b, p);
	p->busy_n++;
}

/* busy_take - what this round came to; the next begins */
void busy_take(struct busy *b, struct cgroups *cgroups, struct busy_list *ret);

#endif
