/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics.h - the sensor's vitals and its spool in Prometheus' text format, version 0.0.4
 *
 * Names have the prefix lapwing_, base units, and _total where they count; labels are kinds,
 * causes, programs and sinks, never a process, a path or a rule.
 */
#ifndef LAPWING_METRICS_H
#define LAPWING_METRICS_H

#include <stddef.h>

#include "base/buf.h"
#include "health/vitals.h"
#include "spool/status.h"

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct metrics_spool {
	struct spool_status status;
	const struct spool_ledger *ledgers;
	size_t n_ledgers;
};

/*
 * metrics_write - appends the whole answer to /metrics
 * @spool: NULL: there is none, or it cannot be read
 * @now_ns: CLOCK_BOOTTIME; @now_wall_ns: CLOCK_REALTIME
 */
void metrics_write(struct buf *out, const struct vitals *v, const struct metrics_spool *spool,
		   uint64_t now_ns, uint64_t now_wall_ns);

#endif
