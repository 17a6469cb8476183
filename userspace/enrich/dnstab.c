/* SPDX-License-Identifier: Apache-2.0 */
#include "enrich/dnstab.h"

#include <errno.h>
#include <stdlib.h>

#include "event/field.h"

int dnstab_init(struct dnstab *t) {
	t->sets = calloc(DNSTAB_SETS, sizeof(*t->sets));
	return t->sets ? 0 : -ENOMEM;
}

void dnstab_done(struct dnstab *t) {
	free(t->sets);
	t->sets = NULL;
}

static struct dns_name *set_of(const struct dnstab *t, struct str address) {
	uint32_t h = 2166136261u;

	for (uint32_t i = 0; i < address.n; i++)
		h = (h ^ (uint8_t)address.s[i]) * 16777619u;
	return t->sets[(h ^ h >> 16) & (DNSTAB_SETS - 1)];
}

static bool is(const struct dns_name *d, struct str address) {
	return d->expires_ns && d->address_len == address.n &&
	       !memcmp(d->address, address.s, address.n);
}

void dnstab_put(struct dnstab *t, struct str address, struct str name, uint64_t now_ns,
		uint32_t ttl_s, uint32_t tgid, uint64_t start_ns) {
	struct dns_name *set = set_of(t, address), *place = set;

	if (address.n > DNSTAB_ADDRESS_BYTES || name.n >= DNSTAB_NAME_BYTES)
		return;
	for (int i = 0; i < DNSTAB_WAYS; i++) {
		if (is(&set[i], address)) {
			place = &set[i];
			break;
		}
		if (set[i].expires_ns < place->expires_ns)
			place = &set[i];
	}
	ttl_s = ttl_s < DNSTAB_LEAST_S ? DNSTAB_LEAST_S : ttl_s;
	ttl_s = ttl_s > DNSTAB_MOST_S ? DNSTAB_MOST_S : ttl_s;
	place->expires_ns = now_ns + ttl_s * 1000000000ull;
	place->start_ns = start_ns;
	place->tgid = tgid;
	place->address_len = (uint8_t)address.n;
	place->name_len = (uint8_t)name.n;
	memcpy(place->address, address.s, address.n);
	memcpy(place->name, name.s, name.n);
}

const struct dns_name *dnstab_get(const struct dnstab *t, struct str address, uint64_t now_ns) {
	const struct dns_name *set = set_of(t, address);

	for (int i = 0; i < DNSTAB_WAYS; i++)
		if (is(&set[i], address))
			return set[i].expires_ns > now_ns ? &set[i] : NULL;
	return NULL;
}

/* is_address - told from a name well enough: an address that no connection has does no harm */
static bool is_address(struct str x) {
	for (uint32_t i = 0; i < x.n; i++) {
		if (x.s[i] == ':')
			return true;
		if (x.s[i] != '.' && (x.s[i] < '0' || x.s[i] > '9'))
			return false;
	}
	return true;
}

void dnstab_learn(struct dnstab *t, const struct event *e) {
	if (!event_has(e, FIELD_DNS_ANSWERS) || !event_has(e, FIELD_DNS_QUERY) ||
	    !event_has(e, FIELD_NET_INITIATED) || !e->net.initiated)
		return;
	for (uint32_t i = 0; i < e->dns.answers.n; i++)
		if (is_address(e->dns.answers.v[i]))
			dnstab_put(t, e->dns.answers.v[i], e->dns.query, e->boot_ns, e->dns_ttl_s,
				   e->process.pid, e->process.start_ns);
}

void dnstab_tell(const struct dnstab *t, struct event *e) {
	const struct dns_name *d;

	if (!event_has(e, FIELD_NET_DESTINATION_IP) || !event_has(e, FIELD_NET_INITIATED) ||
	    !e->net.initiated)
		return;
	d = dnstab_get(t, e->net.destination_ip, e->boot_ns);
	if (!d)
		return;
	EVENT_SET(e, NET_DESTINATION_DOMAIN, net.destination_domain,
	          ((struct str){ d->name, d->name_len }));
	if (d->tgid != e->process.pid || d->start_ns != e->process.start_ns)
		event_degrade(e, DEGRADED_DOMAIN_BY_OTHER);
}
