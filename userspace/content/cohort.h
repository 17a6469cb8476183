/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cohort.h - which 10,000th of all hosts this one is, for one release
 *
 * BLAKE2b of the host's identity with the release as its key, so that it is another 10,000th for
 * each release and nobody is always first. The host reckons it itself; nobody keeps a list.
 */
#ifndef LAPWING_CONTENT_COHORT_H
#define LAPWING_CONTENT_COHORT_H

#include <stdint.h>

#include "base/str.h"

#define COHORTS 10000
#define COHORT_RINGS 5

/* cohort_of - 0 to 9,999 */
uint32_t cohort_of(struct str release, struct str host);

/* cohort_ring - cohorts below this are in ring @ring or an earlier one; ring 0 is by label only */
uint32_t cohort_ring(uint32_t ring);

#endif
