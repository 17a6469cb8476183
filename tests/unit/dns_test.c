/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "decode/dns.h"
#include "test.h"

static struct arena arena;
static struct dns d;
static enum dns_end end;

/* An answer of two records, a CNAME and an address, with pointers, as resolvers write it. */
static const char answer[] =
	"\x12\x34\x81\x80\0\x01\0\x02\0\0\0\0"
	"\x03www\x07" "example\x03org\0\0\x01\0\x01"
	"\xc0\x0c\0\x05\0\x01\0\0\x0e\x10\0\x06\x03" "cdn\xc0\x10"
	"\xc0\x2d\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x07";
#define ANSWER_BYTES (sizeof(answer) - 1)

static int parse(const void *bytes, size_t n) {
	/* in memory of just that size, for the sanitizer to guard */
	uint8_t *copy = malloc(n ? n : 1);
	int error;

	memcpy(copy, bytes, n);
	arena_reset(&arena);
	error = dns_parse(copy, n, &arena, &d, &end);
	free(copy);
	return error;
}

static bool is_text(struct str x, const char *want) {
	return x.s && x.n == strlen(want) && !memcmp(x.s, want, x.n);
}

static void question_is_told(void) {
	static const char good[] = "\0\x07\x01\0\0\x01\0\0\0\0\0\0\x04host\0\0\x1c\0\x01";

	CHECK(!parse(good, sizeof(good) - 1) && end == DNS_WHOLE && d.id == 7 && !d.response);
	CHECK(is_text(d.query, "host") && is_text(d.record_type, "AAAA"));
	CHECK(!d.response_code.s && !d.n_answers && !d.ttl_s);
}

static void answer_is_told_with_its_names_and_addresses(void) {
	CHECK(!parse(answer, ANSWER_BYTES) && end == DNS_WHOLE && d.id == 0x1234 && d.response);
	CHECK(is_text(d.query, "www.example.org") && is_text(d.record_type, "A"));
	CHECK(is_text(d.response_code, "NOERROR") && d.n_answers == 2 && d.ttl_s == 60);
	CHECK(is_text(d.answers[0], "cdn.example.org") && is_text(d.answers[1], "192.0.2.7"));
}

static void message_cut_anywhere_tells_what_came_before(void) {
	for (size_t n = 0; n < ANSWER_BYTES; n++) {
		CHECK(!parse(answer, n) && end == DNS_CUT);
		CHECK(d.response == (n >= 12) && !d.query.s == (n < 33));
		CHECK(d.n_answers == (n >= 51));
	}
}

static void names_that_lead_nowhere_are_malformed(void) {
	static const struct {
		const char *name;
		size_t n;
	} bad[] = {
		{ "\xc0\x0c", 2 },           /* to itself */
		{ "\x01" "a\xc0\x0c", 4 },   /* round and round */
		{ "\xc0\x20", 2 },           /* forward */
		{ "\x40", 1 },               /* a length that means nothing */
	};
	char message[64] = "\0\0\0\0\0\x01\0\0\0\0\0\0";

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memcpy(message + 12, bad[i].name, bad[i].n);
		CHECK(!parse(message, sizeof(message)) && end == DNS_MALFORMED && !d.query.s);
	}
}

static void name_longer_than_a_name_is_malformed(void) {
	char message[12 + 5 * 64 + 5] = "\0\0\0\0\0\x01\0\0\0\0\0\0";

	for (int i = 0; i < 5; i++) {
		message[12 + i * 64] = 63;
		memset(message + 13 + i * 64, 'a', 63);
	}
	CHECK(!parse(message, sizeof(message)) && end == DNS_MALFORMED);
	/* three of 63 and one of 61 are 255 bytes with their lengths */
	message[12 + 3 * 64] = 61;
	message[12 + 3 * 64 + 62] = 0;
	CHECK(!parse(message, sizeof(message)) && end == DNS_WHOLE && d.query.n == 253);
}

static void odd_bytes_of_a_label_are_escaped(void) {
	static const char odd[] = "\0\0\0\0\0\x01\0\0\0\0\0\0\x06" "a.\\\0 \xff\0\0\x10\0\x01";

	CHECK(!parse(odd, sizeof(odd) - 1) && is_text(d.query, "a\\046\\092\\000\\032\\255"));
	CHECK(is_text(d.record_type, "TXT"));
}

static void root_unknown_types_and_codes_have_names(void) {
	static const char odd[] = "\0\0\x80\x0c\0\x01\0\0\0\0\0\0\0\x12\x34\0\x01";

	CHECK(!parse(odd, sizeof(odd) - 1) && is_text(d.query, "."));
	CHECK(is_text(d.record_type, "TYPE4660") && is_text(d.response_code, "RCODE12"));
}

static void address_of_a_wrong_size_is_malformed(void) {
	char bad[ANSWER_BYTES];

	memcpy(bad, answer, ANSWER_BYTES);
	bad[ANSWER_BYTES - 5] = 3;
	CHECK(!parse(bad, ANSWER_BYTES) && end == DNS_MALFORMED && d.n_answers == 1);
}

static void more_answers_than_are_kept_are_a_cut(void) {
	char many[12 + 40 * 15] = "\0\0\x80\0\0\0\0\x28\0\0\0\0";

	for (int i = 0; i < 40; i++)
		memcpy(many + 12 + i * 15, "\0\0\x01\0\x01\0\0\0\x05\0\x04\x7f\0\0\x01", 15);
	CHECK(!parse(many, sizeof(many)) && end == DNS_CUT && d.n_answers == DNS_ANSWERS);
	CHECK(is_text(d.answers[DNS_ANSWERS - 1], "127.0.0.1") && d.ttl_s == 5);
}

static void no_memory_is_an_error(void) {
	struct arena none;

	arena_init(&none, 0);
	CHECK(dns_parse((const uint8_t *)answer, ANSWER_BYTES, &none, &d, &end) == -ENOMEM);
	arena_done(&none);
}

int main(void) {
	arena_init(&arena, 1 << 20);
	RUN(question_is_told);
	RUN(answer_is_told_with_its_names_and_addresses);
	RUN(message_cut_anywhere_tells_what_came_before);
	RUN(names_that_lead_nowhere_are_malformed);
	RUN(name_longer_than_a_name_is_malformed);
	RUN(odd_bytes_of_a_label_are_escaped);
	RUN(root_unknown_types_and_codes_have_names);
	RUN(address_of_a_wrong_size_is_malformed);
	RUN(more_answers_than_are_kept_are_a_cut);
	RUN(no_memory_is_an_error);
	arena_done(&arena);
	DONE();
}
