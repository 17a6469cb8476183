/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/dns.h"
#include "decode/reader.h"
#include "event/field.h"

/* parse - false after a fault; what is less than whole is noted in @r */
static bool parse(struct reader *r, struct dns *ret) {
	const struct wire_dns *w = (const void *)r->head;
	const char *bytes = NULL;
	enum dns_end end = DNS_CUT;
	int error;

	*ret = (struct dns){ 0 };
	if (w->payload.off)
		bytes = reader_at(r, w->payload.off, w->payload.len);
	if (bytes) {
		error = dns_parse((const uint8_t *)bytes, w->payload.len, r->arena, ret, &end);
		if (error)
			(void)reader_fail(r, error);
	}
	if (end == DNS_CUT && (w->bytes > w->payload.len || ret->n_answers == DNS_ANSWERS))
		r->degraded |= 1ull << DEGRADED_DNS_CUT;
	else if (end)
		r->degraded |= 1ull << DEGRADED_DNS_MALFORMED;
	return !r->error;
}

int decode_dns(struct reader *r, struct event *ret) {
	const struct wire_dns *w = (const void *)r->head;
	struct dns d;
	int error;

	if (!parse(r, &d))
		return r->error;
	error = decode_net(r, ret);
	if (error)
		return error;
	EVENT_SET(ret, DNS_BYTES, dns.bytes, w->bytes);
	if (w->payload.len < 4) /* neither id nor flags */
		return 0;
	EVENT_SET(ret, DNS_ID, dns.id, d.id);
	EVENT_SET(ret, DNS_RESPONSE, dns.response, d.response);
	EVENT_SET_STR(ret, DNS_QUERY, dns.query, d.query);
	EVENT_SET_STR(ret, DNS_RECORD_TYPE, dns.record_type, d.record_type);
	EVENT_SET_STR(ret, DNS_RESPONSE_CODE, dns.response_code, d.response_code);
	if (d.n_answers)
		EVENT_SET(ret, DNS_ANSWERS, dns.answers,
			  ((struct strv){ d.answers, d.n_answers }));
	ret->dns_ttl_s = d.ttl_s;
	return 0;
}
