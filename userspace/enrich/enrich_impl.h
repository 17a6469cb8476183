/* SPDX-License-Identifier: Apache-2.0 */
/*
 * enrich_impl.h - struct enrich itself, for enrich.c, which learns, and tell.c
 */
#ifndef LAPWING_ENRICH_IMPL_H
#define LAPWING_ENRICH_IMPL_H

#include "enrich/busy.h"
#include "enrich/dnstab.h"
#include "enrich/enrich.h"
#include "enrich/facts.h"
#include "enrich/filehash.h"
#include "enrich/images.h"
#include "enrich/look.h"
#include "enrich/names.h"
#include "enrich/proctab.h"
#include "enrich/socktab.h"
#include "enrich/target.h"
#include "enrich/twins.h"
#include "event/field.h"

struct enrich {
	struct proctab procs;
	struct socktab socks;
	struct dnstab domains;
	struct names users;
	struct cgroups cgroups;
	struct facts facts;
	struct images images;
	struct looks looks;
	struct twins twins;
	struct busy busy;
	struct filehash hashes;
	bool unsettled; /* a census was told, and nothing else since */
	uint64_t seq;    /* of the last event for the world */
	uint64_t now_ns; /* the latest boot_ns seen */
	uint64_t host_key, host_has; /* of the host's facts: event.h, and bits of event.has */
	struct proc *last;           /* the row of the last doer: a guess of enrich_find() */
	char entity[PROCTAB_ENTITY_BYTES]; /* of a process without a row */
	char parent_entity[PROCTAB_ENTITY_BYTES];
	char target_entity[PROCTAB_ENTITY_BYTES];
};

/* enrich_find - the row of a process, or NULL; the one that did something is likely to do more */
static inline struct proc *enrich_find(struct enrich *en, uint32_t tgid, uint64_t start_ns) {
	struct proc *p = en->last;

	if (p && proc_is(p, tgid, start_ns))
		return p;
	p = proctab_get(&en->procs, tgid, start_ns);
	if (p)
		en->last = p;
	return p;
}

#endif
