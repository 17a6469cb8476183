/* SPDX-License-Identifier: Apache-2.0 */
/*
 * coverage.h - what the sensor can say of each class of deeds: the hook, and whether it works
 *
 * A hook that was attached is not yet one that is called. So deeds of our own
 * are done (probe_trial), and those of which a record came back, and could be
 * decoded, are proven; so is each kind of which anybody's event has gone out.
 */
#ifndef LAPWING_COVERAGE_H
#define LAPWING_COVERAGE_H

#include "app/corridor.h"
#include "app/host.h"
#include "probe/probe.h"

struct coverage {
	struct event_kinds tried;  /* a deed of our own was done, */
	struct event_kinds proven; /* and its record came back */
	/* of the last trial: */
	bool expected;	      /* a hook that is attached tells of one of its deeds */
	uint32_t answered;    /* the kind of the first deed that came back; 0: none did */
	uint64_t answered_ns; /* after so long, from the hook's beginning */
};

enum coverage_state { COVERAGE_GAP, COVERAGE_UNTRIED, COVERAGE_PROVEN, COVERAGE_SILENT };

/*
 * coverage_try - does deeds of our own and takes their records; all others go on to @c
 * @sandboxed: only what the sandbox lets through. -errno of the corridor.
 */
int coverage_try(struct coverage *v, struct probe *p, struct corridor *c, bool sandboxed);

/* coverage_state - what is known of one deed */
enum coverage_state coverage_state(const struct coverage *v, const struct corridor *c,
				   const struct probe_deed *deed);

/* coverage_tell - HOST_COVERAGE, with what was lost and folded so far */
int coverage_tell(const struct coverage *v, struct probe *p, struct corridor *c, struct host *h);

#endif
