/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report.h - what a run says of itself on standard error: before, and after
 */
#ifndef LAPWING_REPORT_H
#define LAPWING_REPORT_H

#include "app/corridor.h"
#include "app/coverage.h"
#include "probe/probe.h"

/* report_header - version, scope, rules, what is covered by which hook, and what shows it */
void report_header(const struct probe *p, const struct coverage *v, const struct corridor *c,
		   const char *scope);

/* What the hooks' side of the ledger says, and what the run cost. */
struct report_ledger {
	uint64_t produced; /* records that hooks tried to send */
	uint64_t received; /* by the corridor, from hooks */
	struct knobs_losses lost;
	uint64_t not_run; /* times that the kernel skipped a hook, outside of these */
	double seconds;
};

/* report_summary - events by kind, lost by cause, detections by rule, CPU and memory */
void report_summary(const struct corridor *c, const struct report_ledger *ledger);

uint64_t report_lost(const struct knobs_losses *l);

#endif
