/* SPDX-License-Identifier: Apache-2.0 */
/*
 * toll.h - what the kernel's programs cost, against what they may, and what is given up for it
 *
 * The kernel counts the time of programs only while somebody asks it to (the supervisor, 15 s of
 * each five minutes), and while nobody does the counts stand still. Looks at them go in here; what
 * is to be done comes out. Over the budget the next family of toll_order is shed; it comes back,
 * and all others with it, when what is left has been calm for long enough. Pure.
 */
#ifndef LAPWING_TOLL_H
#define LAPWING_TOLL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOLL_FAMILIES 4
#define TOLL_IDLE_MS 5000 /* between looks while the counts stand still, */
#define TOLL_BUSY_MS 2000 /* and while they grow */

/* File before network, and processes never: without them nothing else can be told apart. */
extern const char *const toll_order[TOLL_FAMILIES];

struct toll_limits {
	uint64_t budget_ppm; /* of all CPUs, for all programs; half for one; 0: no budget */
	uint64_t calm_ms;    /* below half of the budget for so long is calm */
	uint32_t cpus;
};

/* One look: totals since the programs were loaded. */
struct toll_look {
	uint64_t ms;	    /* when */
	uint64_t ns;	    /* of all programs that are attached */
	uint64_t runs;
	uint64_t most_ns;   /* of the one that grew most since the last look, that growth */
};

struct toll {
	struct toll_look last;
	bool series;	  /* the counts grew at the last look */
	uint64_t ms, ns, most_ns; /* of this series, and of its costliest program */
	uint32_t shed;	  /* of toll_order */
	uint64_t calm_ms; /* since when; 0: it is not */
	uint64_t ppm;	  /* as measured last */
};

enum toll_action { TOLL_NONE, TOLL_SHED, TOLL_BACK };

/* toll_due - whether it is time to look again */
bool toll_due(const struct toll *t, uint64_t now_ms);

/*
 * toll_step - with a new look
 * TOLL_SHED: toll_order[t->shed - 1] is to go, for t->ppm. TOLL_BACK: what was shed may come back.
 */
enum toll_action toll_step(struct toll *t, const struct toll_limits *l,
			   const struct toll_look *now);

#endif
