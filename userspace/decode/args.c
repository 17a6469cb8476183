/* SPDX-License-Identifier: Apache-2.0 */
/*
 * args.c - the arguments of an exec, whole or by both their ends
 *
 *     args.off            args.off + args_head            args.off + args.len
 *     | one NUL two NUL thr|ee NUL last NUL                |
 *       head                 tail, with WIRE_ARGS_CUT
 *
 * Head and tail are told in one list; where they meet, the one before may lack
 * its end and the one after its beginning.
 */
#include <openssl/sha.h>

#include "decode/reader.h"
#include "event/field.h"

/* hash - sha256 of @n bytes, in hexadecimal */
static struct str hash(struct reader *r, const char *bytes, uint32_t n) {
	static const char digits[] = "0123456789abcdef";
	unsigned char sum[SHA256_DIGEST_LENGTH];
	char *text = arena_alloc(r->arena, 2 * sizeof(sum) + 1);

	if (!text || !SHA256((const unsigned char *)bytes, n, sum))
		return reader_fail(r, -ENOMEM);
	for (size_t i = 0; i < sizeof(sum); i++) {
		text[2 * i] = digits[sum[i] >> 4];
		text[2 * i + 1] = digits[sum[i] & 15];
	}
	text[2 * sizeof(sum)] = '\0';
	return (struct str){ text, 2 * sizeof(sum) };
}

/* join_ends - the lines of head and tail, and a mark for what was between them */
static struct str join_ends(struct reader *r, struct strv head, struct strv tail) {
	const struct str a = reader_join(r, head), b = reader_join(r, tail);
	const size_t mark = sizeof(EVENT_CUT_MARK) - 1;
	char *text = arena_alloc(r->arena, a.n + mark + b.n + 1);

	if (!a.s || !b.s || !text)
		return reader_fail(r, -ENOMEM);
	memcpy(text, a.s, a.n);
	memcpy(text + a.n, EVENT_CUT_MARK, mark);
	memcpy(text + a.n + mark, b.s, b.n);
	text[a.n + mark + b.n] = '\0';
	return (struct str){ text, (uint32_t)(a.n + mark + b.n) };
}

struct args reader_args(struct reader *r, const struct wire_process_exec *w) {
	const uint32_t n = w->args.len, n_head = w->args_head;
	const char *bytes = w->args.off ? reader_at(r, w->args.off, n) : NULL;
	struct strv head, tail;
	struct args ret = { .tail = 0 };
	struct str *v;

	if (bytes && n_head > n)
		(void)reader_fail(r, -EBADMSG);
	if (!bytes || r->error)
		return ret;
	v = arena_alloc(r->arena, (reader_count(bytes, n) + 2ul) * sizeof(*v));
	if (!v) {
		(void)reader_fail(r, -ENOMEM);
		return ret;
	}
	head = reader_split(r, bytes, n_head, v);
	tail = reader_split(r, bytes + n_head, n - n_head, v + head.n);
	ret.list = (struct strv){ v, head.n + tail.n };
	ret.tail = tail.n ? head.n : 0;
	ret.line = tail.n ? join_ends(r, head, tail) : reader_join(r, head);
	if (n > WIRE_ARGS_BYTES || tail.n)
		ret.sha256 = hash(r, bytes, n);
	return ret;
}
