/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dns.h - a DNS message (RFC 1035) as it came from the network: bytes of a stranger
 *
 * Bounded in every way: a name has 255 bytes, a pointer leads only backwards, and
 * no more than DNS_ANSWERS answers are read. Names are told without a last dot;
 * bytes of a label that are not printable ASCII, dots and backslashes are \DDD,
 * as in zone files.
 */
#ifndef LAPWING_DECODE_DNS_H
#define LAPWING_DECODE_DNS_H

#include "base/arena.h"
#include "base/str.h"

#include <stdint.h>

#define DNS_ANSWERS 32

struct dns {
	uint16_t id;
	bool response;
	struct str query;         /* the first question's name; absent: there is none */
	struct str record_type;   /* of the question, "AAAA", or "TYPE64" */
	struct str response_code; /* "NOERROR", or "RCODE23" */
	const struct str *answers; /* addresses, names and texts, of the types that have them */
	uint32_t n_answers;
	uint32_t ttl_s; /* the least of the addresses told; 0: there is none */
};

enum dns_end {
	DNS_WHOLE = 0,
	DNS_CUT,       /* it goes on behind the bytes that are here */
	DNS_MALFORMED, /* it is no DNS message from some byte on */
};

/*
 * dns_parse - reads the @n bytes at @bytes; @ret has all that was read before the end
 * 0, or -ENOMEM without room in @arena, from which every text comes, and then @ret is not written.
 */
int dns_parse(const uint8_t *bytes, size_t n, struct arena *arena, struct dns *ret,
	      enum dns_end *ret_end);

#endif
