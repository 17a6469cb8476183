/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dnstab.h - the name whose look-up last gave an address, for as long as the answer holds
 *
 * What the network says, not what is so: whoever can answer a look-up can call
 * an address by any name. Entries live in small sets; a full set forgets what
 * expires first.
 */
#ifndef LAPWING_DNSTAB_H
#define LAPWING_DNSTAB_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "event/event.h"

#define DNSTAB_SETS 512 /* a power of two */
#define DNSTAB_WAYS 4
#define DNSTAB_ADDRESS_BYTES 46 /* INET6_ADDRSTRLEN */
#define DNSTAB_NAME_BYTES 256   /* a longer name (of odd bytes) is not kept */
#define DNSTAB_LEAST_S 60       /* programs keep what they looked up for a while */
#define DNSTAB_MOST_S 86400

struct dns_name {
	uint64_t expires_ns; /* on the boot clock; 0: a free entry */
	uint64_t start_ns;   /* who looked it up */
	uint32_t tgid;
	uint8_t address_len;
	uint8_t name_len;
	char address[DNSTAB_ADDRESS_BYTES];
	char name[DNSTAB_NAME_BYTES];
};

struct dnstab {
	struct dns_name (*sets)[DNSTAB_WAYS];
};

/* dnstab_init - an empty table: 0 or -ENOMEM */
int dnstab_init(struct dnstab *t);

void dnstab_done(struct dnstab *t);

/* dnstab_put - @address (as text) is called @name, by an answer of @now_ns that holds @ttl_s */
void dnstab_put(struct dnstab *t, struct str address, struct str name, uint64_t now_ns,
		uint32_t ttl_s, uint32_t tgid, uint64_t start_ns);

/* dnstab_get - what @address is called at @now_ns, or NULL; borrowed until the next put */
const struct dns_name *dnstab_get(const struct dnstab *t, struct str address, uint64_t now_ns);

/* dnstab_learn - takes the addresses of an answer that a process of this host got */
void dnstab_learn(struct dnstab *t, const struct event *e);

/* dnstab_tell - net.destination_domain of a conversation that this host began */
void dnstab_tell(const struct dnstab *t, struct event *e);

#endif
