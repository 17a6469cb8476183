/* SPDX-License-Identifier: Apache-2.0 */
/*
 * live.h - the worker's side of content: loads what the state says, runs the shadow, tells verdicts
 *
 * Looks at the state folder once a second and writes nothing there. Where no root is trusted there
 * is no content, and the rules are those that were named or shipped. A bundle is used only if its
 * bytes, as read, have the hash that the state names: they passed gate 1 under it.
 */
#ifndef LAPWING_LIVE_H
#define LAPWING_LIVE_H

#include "app/corridor.h"
#include "app/host.h"
#include "app/recorder.h"
#include "app/updater.h"
#include "app/watch.h"
#include "content/budget.h"
#include "content/store.h"
#include "guard/toll.h"

#define LIVE_UNFIT (2 + STATE_BEFORE + 1) /* what may be loaded at a time, and a shadow */

struct live_options {
	struct updater_options updater;
	const char *const *rules; /* where no bundle is live */
	size_t n_rules;
	struct detect_options detect;
	bool last_good; /* only what was proven; nothing goes on trial */
	bool off;	/* no content at all, and no recorder */
	struct toll_limits toll; /* of the kernel's programs */
};

struct live {
	const struct live_options *o;
	struct store store; /* dir -1: there is none */
	struct state state;
	struct recorder *recorder; /* owned; NULL: none */
	struct watch *watch; /* gets what rules ask for; borrowed; NULL: nobody watches */
	int pipe;	    /* to the updater; -1: none */
	bool loaded;	    /* the rules are those of a bundle: */
	uint8_t hash[SEAL_HASH_BYTES];
	bool failed;	    /* what is on trial could not be loaded */
	struct verdict unfit[LIVE_UNFIT]; /* of what the state names, until it is told */
	size_t n_unfit;
	uint64_t told;	    /* bytes of the history */
	uint64_t state_ino; /* of the file, as looked at last */
	struct budget *budgets; /* a place for each rule, owned */
	size_t n_budgets, n_disarmed;
	size_t n_off;	      /* rules that are switched off: switches.h */
	struct off_list left; /* of hooks, what is off */
	const char *leave[OFF_MAX]; /* names in it, for the probe */
	struct toll toll;     /* what the kernel's programs cost */
	bool just_left;	      /* something of that is newly off */
	bool stays;	      /* hooks that are to come back do not */
	struct { /* totals at the last sample */
		uint64_t ms, events, lost, cpu_us, matches, shadow_matches, shadow_ns;
	} last;
};

/*
 * live_open - starts the updater, if there is a folder with a root; -errno, logged
 * Before the hooks, the sandbox, and live_load().
 */
int live_open(struct live *l, const struct live_options *o);

/* live_load - the rules to begin with into @c; as rules_load() */
int live_load(struct live *l, struct corridor *c);

/* live_reload - for SIGHUP: what is to be run now; bad rules leave the old ones */
void live_reload(struct live *l, struct corridor *c);

/* live_tend - once a second; @lost: records so far, all causes. -errno of the corridor. */
int live_tend(struct live *l, struct corridor *c, struct host *h, uint64_t lost, uint64_t now_ns);

/* live_close - tells the updater that this is an end in order, unless @failed */
void live_close(struct live *l, bool failed);

#endif
