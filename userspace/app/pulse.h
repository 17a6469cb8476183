/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pulse.h - whether events still go from a hook to a sink, and who is told
 *
 * Every 30 s the sensor does a deed of its own, and sends HOST_HEARTBEAT the way of every event.
 * When the deed's record has come back, and the heartbeat is with the spool or written to every
 * output, the pulse is through: only then is the service manager's watchdog fed, and only that is
 * what /healthz says. Below `lapwing supervise` it is the worker who speaks to the manager, by the
 * $NOTIFY_SOCKET that it inherits: the unit needs NotifyAccess=all.
 */
#ifndef LAPWING_PULSE_H
#define LAPWING_PULSE_H

#include "app/beat.h"
#include "app/corridor.h"
#include "app/coverage.h"
#include "app/desk.h"
#include "app/host.h"
#include "app/live.h"
#include "app/notify.h"
#include "probe/probe.h"

struct pulse {
	struct desk *desk; /* NULL: nobody can ask, */
	int missing;	   /* because of this; 0: nobody is to */
	const struct desk_options *o;
	struct notify notify;
	struct vitals vitals;
	uint64_t next_ns, next_costs_ns;
	uint64_t busy_since_ns;
	uint64_t heard;			  /* records of others at the last pulse */
	uint64_t marks[CORRIDOR_OUTPUTS]; /* what each output must have written for that */
	uint64_t unwritten;
	bool on_way, ready;
};

/* What a pulse is taken of. */
struct pulse_of {
	struct probe *probe;
	struct corridor *corridor;
	struct coverage *coverage;
	struct host *host;
	const struct beat *beat;
	const struct live *live;
	uint64_t received; /* records from hooks */
};

/*
 * pulse_open - the desk and the manager's socket; see desk_open()
 * @o: borrowed; NULL: no desk. @spool: its folder, or NULL.
 */
int pulse_open(struct pulse *p, const struct desk_options *o, const char *spool);

/* pulse_tend - about once a second: beats, pulses when it is time, publishes; -errno */
int pulse_tend(struct pulse *p, const struct pulse_of *of, uint64_t now_ns);

/* pulse_flushed - after corridor_flush(): whether the pulse is through now */
void pulse_flushed(struct pulse *p, const struct corridor *c, uint64_t now_ns);

void pulse_close(struct pulse *p);

#endif
