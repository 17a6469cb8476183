/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "enrich/dnstab.h"
#include "enrich_sample.h"
#include "test.h"

static const struct who mia = { 100, 10 * S, 1000, 0, 0 }, tom = { 200, 20 * S, 1000, 0, 0 };

static struct enrich *en;
static struct event e;

#define HAS(id) event_has(&e, FIELD_##id)

static void begin(void) {
	sample_seq = 0;
	if (enrich_new(100, &en) < 0)
		exit(2);
}

static void end(void) {
	enrich_free(en);
	en = NULL;
}

static void look_up(const struct who *who, uint64_t boot_ns, const char *name, uint32_t ttl_s,
                    bool received) {
	static const struct str answers[] = { STR("cdn.example.org"), STR("192.0.2.7"),
	                                      STR("2001:db8::7") };

	sample_event(&e, WIRE_NET_DNS, boot_ns, who);
	EVENT_SET(&e, NET_INITIATED, net.initiated, received);
	EVENT_SET(&e, NET_DESTINATION_IP, net.destination_ip, STR("192.0.2.7"));
	EVENT_SET(&e, DNS_QUERY, dns.query, str_of(name));
	EVENT_SET(&e, DNS_ANSWERS, dns.answers, ((struct strv){ answers, 3 }));
	e.dns_ttl_s = ttl_s;
	CHECK(enrich_event(en, NULL, &e) && !HAS(NET_DESTINATION_DOMAIN));
}

static bool connects(const struct who *who, uint64_t boot_ns, const char *to, bool initiated) {
	sample_event(&e, WIRE_NET_CONNECT, boot_ns, who);
	EVENT_SET(&e, NET_INITIATED, net.initiated, initiated);
	EVENT_SET(&e, NET_DESTINATION_IP, net.destination_ip, str_of(to));
	return enrich_event(en, NULL, &e) && HAS(NET_DESTINATION_DOMAIN);
}

static void connection_has_the_name_that_was_looked_up(void) {
	begin();
	look_up(&mia, 30 * S, "www.example.org", 5, true);
	CHECK(connects(&mia, 31 * S, "192.0.2.7", true));
	CHECK(is_text(e.net.destination_domain, "www.example.org"));
	CHECK(!degraded(&e, DEGRADED_DOMAIN_BY_OTHER));
	CHECK(connects(&mia, 31 * S, "2001:db8::7", true));
	CHECK(!connects(&mia, 31 * S, "192.0.2.8", true));
	CHECK(!connects(&mia, 31 * S, "192.0.2.7", false));
	look_up(&mia, 32 * S, "other.example.org", 5, true);
	CHECK(connects(&mia, 33 * S, "192.0.2.7", true));
	CHECK(is_text(e.net.destination_domain, "other.example.org"));
	end();
}

static void name_that_another_process_looked_up_is_marked(void) {
	begin();
	look_up(&mia, 30 * S, "www.example.org", 5, true);
	CHECK(connects(&tom, 31 * S, "192.0.2.7", true) && degraded(&e, DEGRADED_DOMAIN_BY_OTHER));
	end();
}

static void name_ends_with_its_answer_but_not_within_a_minute(void) {
	begin();
	look_up(&mia, 100 * S, "www.example.org", 5, true);
	CHECK(connects(&mia, 159 * S, "192.0.2.7", true));
	CHECK(!connects(&mia, 160 * S, "192.0.2.7", true));
	look_up(&mia, 200 * S, "www.example.org", 600, true);
	CHECK(connects(&mia, 799 * S, "192.0.2.7", true));
	CHECK(!connects(&mia, 800 * S, "192.0.2.7", true));
	end();
}

static void answer_that_this_host_gives_teaches_nothing(void) {
	begin();
	look_up(&mia, 30 * S, "www.example.org", 5, false);
	CHECK(!connects(&mia, 31 * S, "192.0.2.7", true));
	end();
}

static void full_set_forgets_what_expires_first(void) {
	char address[DNSTAB_SETS * 16][12];
	struct dnstab t;
	unsigned int found = 0;

	CHECK(dnstab_init(&t) == 0);
	for (unsigned int i = 0; i < DNSTAB_SETS * 16; i++) {
		(void)snprintf(address[i], sizeof(address[i]), "10.0.%u.%u", i / 256, i % 256);
		dnstab_put(&t, str_of(address[i]), STR("n"), i * S, 60, 1, 1);
	}
	for (unsigned int i = 0; i < DNSTAB_SETS * 16; i++)
		found += dnstab_get(&t, str_of(address[i]), 0) != NULL;
	CHECK(found > DNSTAB_SETS * DNSTAB_WAYS / 2 && found <= DNSTAB_SETS * DNSTAB_WAYS);
	CHECK(dnstab_get(&t, str_of(address[DNSTAB_SETS * 16 - 1]), 0));
	dnstab_done(&t);
}

int main(void) {
	RUN(connection_has_the_name_that_was_looked_up);
	RUN(name_that_another_process_looked_up_is_marked);
	RUN(name_ends_with_its_answer_but_not_within_a_minute);
	RUN(answer_that_this_host_gives_teaches_nothing);
	RUN(full_set_forgets_what_expires_first);
	DONE();
}
