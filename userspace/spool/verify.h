/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify.h - whether a spool holds what was written, and all of it
 */
#ifndef LAPWING_SPOOL_VERIFY_H
#define LAPWING_SPOOL_VERIFY_H

#include "base/progress.h"
#include "spool/spool.h"

struct spool_verdict {
	uint64_t segments, events, gaps, missing; /* @missing: events that gaps stand for */
	uint64_t faults;
	bool keyed; /* the chain was followed, in every segment */
};

/*
 * spool_verify - reads all of the spool @folder, in order
 *
 * Without @key it finds damage and missing records; with the key it also finds records that were
 * altered, exchanged or put in, with whatever care. A gap ends a chain and begins another: who can
 * remove a segment can also leave a gap, and it is the receivers' counts that then differ.
 * @fault: gets a sentence for each fault. @progress: NULL, or begun with 0; counts segments.
 * 0, also with faults; -errno.
 */
int spool_verify(const char *folder, const uint8_t *key,
		 void (*fault)(void *ctx, const char *sentence), void *ctx,
		 struct progress *progress, struct spool_verdict *ret);

#endif
