/* SPDX-License-Identifier: Apache-2.0 */
/*
 * toll.h - what the kernel's programs cost, against what they may, and what is given up for it
 *
 * The kernel counts the time of programs only while somebody asks it to (the supervisor, 15 s of
 * each five minutes), and while nobody does the counts stand still. Looks at them go in here; what
 * is to be done comes out. Over the budget the family goes that is the cause of it, and no other:
 * its order decides only between families that cost about the same. What was shed comes back, all
 * of it, when what is left has been calm for long enough. Pure.
 */
#ifndef LAPWING_TOLL_H
#define LAPWING_TOLL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOLL_FAMILIES 5
#define TOLL_SHEDDABLE 4
#define TOLL_PROGRAMS 96
#define TOLL_IDLE_MS 5000 /* between looks while the counts stand still, */
#define TOLL_BUSY_MS 2000 /* and while they grow */

/* File before network, and processes, the last, never: without them nothing can be told apart. */
extern const char *const toll_order[TOLL_FAMILIES];

struct toll_limits {
	uint64_t budget_ppm; /* of all CPUs, for all programs; half for one; 0: no budget */
	uint64_t calm_ms;    /* below half of the budget for so long is calm */
	uint32_t cpus;
};

struct toll_program {
	uint64_t ns, runs; /* totals since it was loaded */
	uint32_t family;   /* of toll_order */
	uint32_t pad;
};

/* One look: of the same programs in the same order each time, also of those that were shed. */
struct toll_look {
	uint64_t ms; /* when */
	uint32_t n;
	struct toll_program programs[TOLL_PROGRAMS];
};

struct toll {
	struct toll_look last;
	bool series;	  /* the counts grew at the last look */
	uint64_t ms;	  /* of this series, and what grew in it: */
	uint64_t grown[TOLL_PROGRAMS];
	uint32_t shed;	  /* bits, by toll_order */
	uint32_t which;	  /* what is to go */
	bool helpless;	  /* over the budget, and that is told */
	uint64_t calm_ms; /* since when; 0: it is not */
	uint64_t ppm, family_ppm[TOLL_FAMILIES], most_ppm; /* as measured last; of one program */
};

enum toll_action { TOLL_NONE, TOLL_SHED, TOLL_HELPLESS, TOLL_BACK };

/* toll_family - of toll_order; TOLL_FAMILIES: no such */
uint32_t toll_family(const char *name);

/* toll_due - whether it is time to look again */
bool toll_due(const struct toll *t, uint64_t now_ms);

/*
 * toll_step - with a new look
 * TOLL_SHED: toll_order[t->which] is to go. TOLL_HELPLESS: over the budget, and no family that may
 * go is the cause; once, until it is calm. TOLL_BACK: what was shed may come back.
 */
enum toll_action toll_step(struct toll *t, const struct toll_limits *l,
			   const struct toll_look *now);

#endif
