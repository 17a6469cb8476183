/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status.h - a spool from outside: what is in it, and the ledger of each reader
 *
 * Reads only, whether or not a writer is there.
 */
#ifndef LAPWING_SPOOL_STATUS_H
#define LAPWING_SPOOL_STATUS_H

#include "spool/cursor.h"
#include "spool/spool.h"

struct spool_status {
	bool running;	   /* there is a writer */
	bool head_damaged; /* then seq and pending are not known */
	uint64_t seq;	   /* of the last event */
	uint64_t bytes;	   /* of all segments that some sink wants */
	unsigned segments, gaps;
	uint64_t kept_bytes; /* of those that none wants, for who looks back */
	unsigned kept;
	uint64_t events[SPOOL_CLASSES]; /* that were appended, or lost, ever */
};

struct spool_ledger {
	char name[CURSOR_NAME_BYTES];
	bool active;  /* a process delivers for it */
	bool damaged; /* its cursor cannot be read: then nothing else is known */
	struct cursor cursor;
	uint64_t produced, pending, dropped; /* produced = acked + pending + dropped */
};

/*
 * spool_status - of the folder @folder; -errno
 * @ledgers: of its cursors, in the order of their names; to be freed by the caller
 */
int spool_status(const char *folder, struct spool_status *ret, struct spool_ledger **ledgers,
		 size_t *n);

/*
 * spool_ledger_lag_ns - while events wait: since when none was settled: acknowledged, refused, or
 * left out by the sink's filter. Where none ever was: since it was first tried in vain.
 */
uint64_t spool_ledger_lag_ns(const struct spool_ledger *l, uint64_t now_wall_ns);

#endif
