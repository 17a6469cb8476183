/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host.h - facts of this host as records of their own
 *
 * User names, the clock, what is covered and what was lost enter the corridor
 * as WIRE_HOST_* records, and so also the tape: a replay needs to know nothing
 * of the machine it runs on. These records carry cpu 65535 and a sequence of
 * their own.
 */
#ifndef LAPWING_HOST_H
#define LAPWING_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "knobs.h"
#include "probe/probe.h"

struct host {
	probe_record_fn cb; /* where records go */
	void *ctx;
	uint64_t seq;
	bool hashes;		      /* what runs is hashed */
	uint64_t wall_offset_ns;      /* as last told */
	bool split;		      /* as probe_cgroups_split() */
	bool asks;		      /* runtimes are asked who containers are */
};

/* host_start - HOST_START with what @deeds cover, and a HOST_USER for each line of /etc/passwd */
int host_start(struct host *h, const struct probe_deed *deeds, size_t n_deeds);

/* host_clock - HOST_CLOCK if the wall clock moved against the boot clock by over a millisecond */
int host_clock(struct host *h);

/* What was lost between two looks at the counters; as in struct wire_host_loss. */
struct host_loss {
	uint64_t count, first_ns, last_ns;
	uint32_t kind, cause, cpu;
};

/* host_loss - HOST_LOSS */
int host_loss(struct host *h, const struct host_loss *l);

/* Lists, NUL separated, for HOST_COVERAGE. */
struct host_coverage {
	struct str served, gaps, proven, silent, untried, degraded, lost;
	uint64_t folded;
};

/* host_coverage - HOST_COVERAGE */
int host_coverage(struct host *h, const struct host_coverage *c);

/* host_log - HOST_LOG: @line of the log that is called @service here; for follow_read() */
int host_log(void *host, const char *service, struct str line);

/* host_content - HOST_CONTENT */
struct verdict;
int host_content(struct host *h, const struct verdict *v);
/* host_container - HOST_CONTAINER: who a container is */
struct who_answer;
int host_container(struct host *h, const struct who_answer *a);
/*
 * host_hashes - what @h has found: HOST_FILE, and PROCESS_HASH for the exec that waited for it
 * @last: waits for what was asked for, a second at most, and gives up the rest. @h: NULL is fine.
 */
struct hasher;
int host_hashes(struct host *host, struct hasher *h, bool last);

/* host_heartbeat - HOST_HEARTBEAT; @reason may be empty */
int host_heartbeat(struct host *h, const char *mode, const char *reason);

/* host_stop - HOST_STOP with the ledger */
int host_stop(struct host *h, uint64_t produced, uint64_t lost);

/* host_boot_ns - CLOCK_BOOTTIME */
uint64_t host_boot_ns(void);

#endif
