/* SPDX-License-Identifier: Apache-2.0 */
/*
 * golden.h - events that each candidate is held against, whatever lies on this host's tape
 *
 * They are made of the one table, event/field.def: of each kind one with nothing in it, one with
 * everything and one with everything else, and each field alone. So every field that a rule may ask
 * about is there once with a value that is none of a wildcard's, before content goes live; and a
 * rule that speaks of every exec, whatever it is of, is found on a host that has just begun.
 */
#ifndef LAPWING_GOLDEN_H
#define LAPWING_GOLDEN_H

#include "detect/detect.h"

struct golden {
	uint64_t n, ns; /* events, and the CPU time of all */
	uint32_t kind;	/* of which @title speaks always, and which is everyday; 0: there is none */
	char title[96];
};

/* golden_play - asks @rules, which come to have hits that nobody may count */
void golden_play(struct ruleset *rules, struct arena *arena, struct golden *ret);

#endif
