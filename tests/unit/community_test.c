/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "decode/community.h"
#include "test.h"

/* Of https://github.com/corelight/community-id-spec, directory baseline. */
static const struct {
	const char *source, *destination;
	uint16_t source_port, destination_port, protocol;
	const char *id;
} published[] = {
	{ "128.232.110.120", "66.35.250.204", 34855, 80, 6, "1:LQU9qZlK+B5F3KDmev6m5PMibrg=" },
	{ "192.168.1.52", "8.8.8.8", 54585, 53, 17, "1:d/FP5EW3wiY1vCndhwleRRKHowQ=" },
	{ "2001:470:e5bf:dead:4957:2174:e82c:4887", "2607:f8b0:400c:c03::1a", 63943, 25, 6,
	  "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=" },
};
#define PUBLISHED (sizeof(published) / sizeof(published[0]))

static void put(uint8_t *to, const char *text) {
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	memcpy(to, mapped, sizeof(mapped));
	if (inet_pton(AF_INET, text, to + 12) != 1 && inet_pton(AF_INET6, text, to) != 1)
		exit(2);
}

static bool agrees(size_t i, bool turned) {
	struct wire_net w = { .protocol = published[i].protocol };
	struct str id;

	put(turned ? w.remote : w.local, published[i].source);
	put(turned ? w.local : w.remote, published[i].destination);
	*(turned ? &w.remote_port : &w.local_port) = published[i].source_port;
	*(turned ? &w.local_port : &w.remote_port) = published[i].destination_port;
	id = community_id(&w);
	return id.n == strlen(published[i].id) && !memcmp(id.s, published[i].id, id.n);
}

static void published_vectors_come_out_from_either_end(void) {
	for (size_t i = 0; i < PUBLISHED; i++)
		CHECK(agrees(i, false) && agrees(i, true));
}

static void flows_of_the_same_ports_do_not_share_a_name(void) {
	struct wire_net w = { .protocol = 6, .local_port = 1, .remote_port = 2 };
	char first[32] = "";
	struct str id;

	put(w.local, "10.0.0.1");
	put(w.remote, "10.0.0.2");
	id = community_id(&w);
	memcpy(first, id.s, id.n);
	put(w.remote, "10.0.0.3");
	id = community_id(&w);
	CHECK(memcmp(id.s, first, id.n) != 0);
	put(w.remote, "10.0.0.2");
	id = community_id(&w);
	CHECK(!memcmp(id.s, first, id.n));
	w.protocol = 17;
	id = community_id(&w);
	CHECK(memcmp(id.s, first, id.n) != 0);
}

int main(void) {
	RUN(published_vectors_come_out_from_either_end);
	RUN(flows_of_the_same_ports_do_not_share_a_name);
	DONE();
}
