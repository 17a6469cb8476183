/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * knobs.h - what user space tells the hooks
 *
 * One frozen struct in each object's .rodata.knobs, set before load: the
 * verifier deletes what is off. Also the values of the maps that user space
 * reads or writes while the hooks run.
 */
#ifndef LAPWING_KNOBS_H
#define LAPWING_KNOBS_H

#include "wire.h"

enum knobs_scope {
	SCOPE_ALL = 0,
	SCOPE_PROCESS = 1, /* the processes in the map `scope`, and their descendants */
	SCOPE_CGROUP = 2,  /* one cgroup and those below it */
};

struct knobs {
	__u64 scope_cgroup;	  /* kernfs id; SCOPE_CGROUP */
	/* bit n: kind n is told by its system call, not by an LSM hook */
	__u64 call_kinds[WIRE_KIND_MAX / 64];
	__u32 scope_cgroup_level; /* its depth below the root; SCOPE_CGROUP */
	__u32 scope;		  /* enum knobs_scope */
	__u32 self_tgid;	  /* the sensor's own deeds are not news */
	__u32 wake_bytes;	  /* a ring that holds more than this wakes its reader */
};
_Static_assert(sizeof(struct knobs) == 40, "knobs");

#define KNOBS_SLOTS_PER_CPU 4

/* The one value of the map `losses`. */
struct knobs_losses {
	__u64 lost[WIRE_KIND_MAX][WIRE_LOSS_MAX];
};

/* A value of the map `sequences`, one for each possible CPU, a cache line each. */
struct knobs_sequence {
	__u64 next;
	__u64 pad[7];
};
_Static_assert(sizeof(struct knobs_sequence) == 64, "knobs_sequence");

#endif
