/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A message is a header of 12 bytes, questions, and records of answers:
 *
 *     id flags qd an ns ar | name type class | name type class ttl length data | …
 *
 * A name is labels, each behind its length, up to an empty one, or to a pointer
 * to where the rest was written before.
 */
#include "decode/dns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define HEADER_BYTES 12
#define NAME_BYTES 255
#define TEXT_BYTES (NAME_BYTES * 4 + 1) /* each byte as \DDD */

enum {
	TYPE_A = 1,
	TYPE_NS = 2,
	TYPE_CNAME = 5,
	TYPE_PTR = 12,
	TYPE_MX = 15,
	TYPE_TXT = 16,
	TYPE_AAAA = 28,
};

struct reading {
	const uint8_t *bytes;
	size_t n, at;
	struct arena *arena;
	enum dns_end end; /* why nothing more can be read */
	bool no_memory;
};

static bool stop(struct reading *r, enum dns_end why) {
	if (!r->end)
		r->end = why;
	return false;
}

static bool read_u16(struct reading *r, uint16_t *ret) {
	if (r->n - r->at < 2)
		return stop(r, DNS_CUT);
	*ret = (uint16_t)(r->bytes[r->at] << 8 | r->bytes[r->at + 1]);
	r->at += 2;
	return true;
}

static bool read_u32(struct reading *r, uint32_t *ret) {
	uint16_t high, low;

	if (!read_u16(r, &high) || !read_u16(r, &low))
		return false;
	*ret = (uint32_t)high << 16 | low;
	return true;
}

static bool keep(struct reading *r, const char *s, size_t n, struct str *ret) {
	*ret = arena_str(r->arena, (struct str){ s, (uint32_t)n });
	if (!ret->s)
		r->no_memory = true;
	return ret->s;
}

/* put_byte - one byte of a label, so that it can be told from the dots between labels */
static size_t put_byte(char *to, uint8_t c) {
	if (c > ' ' && c < 0x7f && c != '.' && c != '\\') {
		*to = (char)c;
		return 1;
	}
	to[0] = '\\';
	to[1] = (char)('0' + c / 100);
	to[2] = (char)('0' + c / 10 % 10);
	to[3] = (char)('0' + c % 10);
	return 4;
}

/* follow - the place that the pointer at @at leads to; it must lie before all that was read */
static bool follow(struct reading *r, size_t at, size_t *least, size_t *ret) {
	if (r->n - at < 2)
		return stop(r, DNS_CUT);
	*ret = (size_t)(r->bytes[at] & 0x3f) << 8 | r->bytes[at + 1];
	if (*ret >= *least)
		return stop(r, DNS_MALFORMED);
	*least = *ret;
	return true;
}

/* read_name - a name at r->at, which moves behind it; as text in @to, of TEXT_BYTES */
static bool read_name(struct reading *r, char *to, size_t *ret_n) {
	size_t at = r->at, behind = 0, least = r->at, bytes = 0, n = 0, len;

	for (;;) {
		if (at >= r->n)
			return stop(r, DNS_CUT);
		len = r->bytes[at];
		if ((len & 0xc0) == 0xc0) {
			if (!behind)
				behind = at + 2;
			if (!follow(r, at, &least, &at))
				return false;
			continue;
		}
		bytes += len + 1;
		if (len > 63 || bytes > NAME_BYTES)
			return stop(r, DNS_MALFORMED);
		at++;
		if (!len)
			break;
		if (r->n - at < len)
			return stop(r, DNS_CUT);
		if (n)
			to[n++] = '.';
		for (size_t i = 0; i < len; i++)
			n += put_byte(to + n, r->bytes[at + i]);
		at += len;
	}
	if (!n)
		to[n++] = '.'; /* the root */
	r->at = behind ? behind : at;
	*ret_n = n;
	return true;
}

static bool read_name_kept(struct reading *r, struct str *ret) {
	char text[TEXT_BYTES];
	size_t n;

	return read_name(r, text, &n) && keep(r, text, n, ret);
}

static bool keep_type(struct reading *r, uint16_t type, struct str *ret) {
	static const struct {
		uint16_t type;
		const char *name;
	} names[] = {
		{ TYPE_A, "A" },       { TYPE_NS, "NS" },     { TYPE_CNAME, "CNAME" },
		{ 6, "SOA" },          { 10, "NULL" },        { TYPE_PTR, "PTR" },
		{ 13, "HINFO" },       { TYPE_MX, "MX" },     { TYPE_TXT, "TXT" },
		{ TYPE_AAAA, "AAAA" }, { 33, "SRV" },         { 35, "NAPTR" },
		{ 43, "DS" },          { 48, "DNSKEY" },      { 64, "SVCB" },
		{ 65, "HTTPS" },       { 251, "IXFR" },       { 252, "AXFR" },
		{ 255, "ANY" },
	};
	char text[16];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].type != type)
			continue;
		*ret = str_of(names[i].name);
		return true;
	}
	return keep(r, text, (size_t)snprintf(text, sizeof(text), "TYPE%u", type), ret);
}

static bool keep_code(struct reading *r, uint16_t code, struct str *ret) {
	static const char *const names[] = { "NOERROR", "FORMERR",  "SERVFAIL", "NXDOMAIN",
					     "NOTIMP",  "REFUSED",  "YXDOMAIN", "YXRRSET",
					     "NXRRSET", "NOTAUTH",  "NOTZONE" };
	char text[16];

	if (code < sizeof(names) / sizeof(names[0])) {
		*ret = str_of(names[code]);
		return true;
	}
	return keep(r, text, (size_t)snprintf(text, sizeof(text), "RCODE%u", code), ret);
}

/* read_questions - the first is told, the others are only passed */
static bool read_questions(struct reading *r, uint16_t n, struct dns *d) {
	char text[TEXT_BYTES];
	uint16_t type, class;
	size_t len;

	for (uint16_t i = 0; i < n; i++) {
		if (!read_name(r, text, &len) || !read_u16(r, &type) || !read_u16(r, &class))
			return false;
		if (!i && (!keep(r, text, len, &d->query) || !keep_type(r, type, &d->record_type)))
			return false;
	}
	return true;
}

/* keep_text - the first of a TXT record's strings */
static bool keep_text(struct reading *r, size_t end, struct str *ret) {
	char text[TEXT_BYTES];
	size_t n = 0, len;

	if (r->at >= end)
		return true;
	len = r->bytes[r->at++];
	if (len > end - r->at)
		return stop(r, DNS_MALFORMED);
	for (size_t i = 0; i < len; i++) {
		uint8_t c = r->bytes[r->at + i];

		if (c == ' ' || c == '.')
			text[n++] = (char)c;
		else
			n += put_byte(text + n, c);
	}
	return keep(r, text, n, ret);
}

/* read_data - what a record of @type says, if it is one that we tell; else @ret stays absent */
static bool read_data(struct reading *r, uint16_t type, size_t end, struct str *ret) {
	char text[INET6_ADDRSTRLEN];
	size_t n = end - r->at;

	switch (type) {
	case TYPE_A:
	case TYPE_AAAA:
		if (n != (type == TYPE_A ? 4 : 16))
			return stop(r, DNS_MALFORMED);
		(void)inet_ntop(type == TYPE_A ? AF_INET : AF_INET6, r->bytes + r->at, text,
				sizeof(text));
		return keep(r, text, strlen(text), ret);
	case TYPE_MX:
		if (n < 2)
			return stop(r, DNS_MALFORMED);
		r->at += 2; /* the preference */
		return read_name_kept(r, ret);
	case TYPE_NS:
	case TYPE_CNAME:
	case TYPE_PTR:
		return read_name_kept(r, ret);
	case TYPE_TXT:
		return keep_text(r, end, ret);
	default:
		return true;
	}
}

static bool read_answer(struct reading *r, struct dns *d, struct str *answers) {
	struct str told = { 0 };
	char text[TEXT_BYTES];
	uint16_t type, class, len;
	uint32_t ttl_s;
	size_t n, end;

	if (!read_name(r, text, &n) || !read_u16(r, &type) || !read_u16(r, &class) ||
	    !read_u32(r, &ttl_s) || !read_u16(r, &len))
		return false;
	if (r->n - r->at < len)
		return stop(r, DNS_CUT);
	end = r->at + len;
	if (!read_data(r, type, end, &told))
		return false;
	if (told.s)
		answers[d->n_answers++] = told;
	if ((type == TYPE_A || type == TYPE_AAAA) && (!d->ttl_s || ttl_s < d->ttl_s))
		d->ttl_s = ttl_s ? ttl_s : 1;
	r->at = end;
	return true;
}

static bool read_all(struct reading *r, struct dns *d) {
	uint16_t flags, questions, count, skipped;
	struct str *answers;

	if (!read_u16(r, &d->id) || !read_u16(r, &flags) || !read_u16(r, &questions) ||
	    !read_u16(r, &count) || !read_u16(r, &skipped) || !read_u16(r, &skipped))
		return false;
	d->response = flags >> 15;
	if (d->response && !keep_code(r, flags & 15, &d->response_code))
		return false;
	if (!read_questions(r, questions, d))
		return false;
	if (!d->response || !count)
		return true;
	answers = arena_alloc(r->arena, DNS_ANSWERS * sizeof(*answers));
	if (!answers) {
		r->no_memory = true;
		return false;
	}
	d->answers = answers;
	for (uint16_t i = 0; i < count; i++) {
		if (d->n_answers == DNS_ANSWERS)
			return stop(r, DNS_CUT);
		if (!read_answer(r, d, answers))
			return false;
	}
	return true;
}

int dns_parse(const uint8_t *bytes, size_t n, struct arena *arena, struct dns *ret,
	      enum dns_end *ret_end) {
	struct reading r = { .bytes = bytes, .n = n, .arena = arena };
	struct dns d = { 0 };

	(void)read_all(&r, &d);
	if (r.no_memory)
		return -ENOMEM;
	*ret = d;
	*ret_end = r.end;
	return 0;
}
