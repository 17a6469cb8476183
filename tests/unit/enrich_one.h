/* SPDX-License-Identifier: Apache-2.0 */
/* enrich_one.h - one enricher, and the processes that a test tells it of */
#ifndef LAPWING_ENRICH_ONE_H
#define LAPWING_ENRICH_ONE_H

#include <stdlib.h>

#include "enrich_sample.h"
#include "test.h"

static const struct who init = { 1, 1 * S, 0, 0, 0 };
static const struct who shell = { 100, 10 * S, 1000, 1, 1 * S };
static const struct who child = { 101, 20 * S, 1000, 100, 10 * S };

static struct enrich *en;
static struct event e;

#define HAS(id) event_has(&e, FIELD_##id)

/* begin - init is known from the census, the shell was seen to start */
static void begin(size_t max_processes) {
	if (enrich_new(max_processes, &en) < 0)
		exit(2);
	CHECK(!sample_exec(en, &e, WIRE_PROCESS_CENSUS, 5 * S, &init, "/sbin/init"));
	CHECK(sample_fork(en, &e, 10 * S, &shell, "init"));
	CHECK(sample_exec(en, &e, WIRE_PROCESS_EXEC, 11 * S, &shell, "/bin/bash"));
}

static void end(void) {
	enrich_free(en);
	en = NULL;
}

#endif
