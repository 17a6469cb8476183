/* SPDX-License-Identifier: Apache-2.0 */
/*
 * losses.h - what was lost, told as HOST_LOSS: of which kind, why, on which CPU, and since when
 */
#ifndef LAPWING_LOSSES_H
#define LAPWING_LOSSES_H

#include "app/corridor.h"
#include "app/host.h"

struct losses {
	struct knobs_losses *told; /* of each CPU, and last of what has none */
	uint64_t since_ns;	   /* CLOCK_BOOTTIME: all that was lost before has been told */
};

/*
 * losses_tell - HOST_LOSS for each kind, cause and CPU whose counter grew since the last call
 * And of what is not counted by CPU: hooks that the kernel skipped, records that @c could not
 * decode, and @log_lines that were overwritten. -ENOMEM, or what the corridor returned.
 */
int losses_tell(struct losses *l, struct host *h, const struct probe *p, const struct corridor *c,
		uint64_t log_lines, uint64_t now_ns);

void losses_done(struct losses *l);

#endif
