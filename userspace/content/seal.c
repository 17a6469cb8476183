/* SPDX-License-Identifier: Apache-2.0 */
#include "content/seal.h"

#include <errno.h>
#include <sodium.h>

#include "base/utf8.h"

#define MAGIC "LAPWSEAL"
#define FORMAT 1
#define HEAD_BYTES 16
#define ROW_BYTES (SEAL_ID_BYTES + SEAL_SIGNATURE_BYTES)
#define KIND_AT 12
#define COUNT_AT 13

static const char *const contexts[SEAL_KINDS] = {
	[SEAL_BUNDLE] = "lapwing bundle 1",
	[SEAL_ORDER] = "lapwing order 1",
	[SEAL_ROOT] = "lapwing root 1",
};

struct signed_text {
	uint8_t bytes[32 + SEAL_HASH_BYTES];
	size_t n;
};

/* text_of - what is signed: the context with its NUL, and the hash */
static struct signed_text text_of(enum seal_kind kind, const uint8_t hash[SEAL_HASH_BYTES]) {
	struct signed_text t = { .n = strlen(contexts[kind]) + 1 };

	memcpy(t.bytes, contexts[kind], t.n);
	memcpy(t.bytes + t.n, hash, SEAL_HASH_BYTES);
	t.n += SEAL_HASH_BYTES;
	return t;
}

int seal_text(const char *s, char *ret, size_t room) {
	size_t n = s ? strlen(s) : 0;

	if (n >= room || (n && !utf8_is_valid(s, n)))
		return -EBADMSG;
	memcpy(ret, s ? s : "", n + 1);
	return 0;
}

void seal_hash(const void *bytes, size_t n, uint8_t ret[SEAL_HASH_BYTES]) {
	(void)crypto_generichash(ret, SEAL_HASH_BYTES, bytes, n, NULL, 0);
}

int seal_open(const void *bytes, size_t n, struct seal *ret, const char **why) {
	const uint8_t *b = bytes;
	const uint8_t format[4] = { FORMAT };
	size_t head;

	*why = "it is longer than 16 MiB";
	if (n > SEAL_MAX_BYTES)
		return -EMSGSIZE;
	*why = "it is no sealed file of lapwing";
	if (n < HEAD_BYTES || memcmp(b, MAGIC, 8) != 0)
		return -EBADMSG;
	*why = "its format is one that this version does not know";
	if (memcmp(b + 8, format, 4) != 0 || !b[KIND_AT] || b[KIND_AT] >= SEAL_KINDS ||
	    b[COUNT_AT] > SEAL_MAX_SIGNATURES || b[14] || b[15])
		return -EBADMSG;
	head = HEAD_BYTES + (size_t)b[COUNT_AT] * ROW_BYTES;
	*why = "it ends within its signatures";
	if (n <= head)
		return -EBADMSG;
	*ret = (struct seal){ .kind = (enum seal_kind)b[KIND_AT],
			      .n = b[COUNT_AT],
			      .signatures = b + HEAD_BYTES,
			      .body = { (const char *)b + head, (uint32_t)(n - head) } };
	seal_hash(ret->body.s, ret->body.n, ret->hash);
	return 0;
}

static bool signed_by(const struct seal *s, const struct seal_key *key) {
	struct signed_text t = text_of(s->kind, s->hash);

	for (uint32_t i = 0; i < s->n; i++) {
		const uint8_t *row = s->signatures + (size_t)i * ROW_BYTES;

		if (!memcmp(row, key->id, SEAL_ID_BYTES) &&
		    !crypto_sign_verify_detached(row + SEAL_ID_BYTES, t.bytes, t.n, key->public))
			return true;
	}
	return false;
}

uint32_t seal_count(const struct seal *s, const struct seal_key *keys, size_t n_keys) {
	uint32_t n = 0;

	for (size_t i = 0; i < n_keys; i++) {
		bool again = false;

		/* one key under two ids, or twice in the list, is one key */
		for (size_t j = 0; j < i; j++)
			again |= !memcmp(keys[i].id, keys[j].id, SEAL_ID_BYTES) ||
				 !memcmp(keys[i].public, keys[j].public, SEAL_PUBLIC_BYTES);
		n += !again && signed_by(s, &keys[i]);
	}
	return n;
}

void seal_make(struct buf *out, enum seal_kind kind, struct str body) {
	const uint8_t head[HEAD_BYTES] = { 'L', 'A', 'P', 'W', 'S', 'E', 'A', 'L', FORMAT,
					   0,	0,   0,	  (uint8_t)kind };

	buf_add(out, head, sizeof(head));
	buf_add_str(out, body);
}

int seal_sign(struct buf *bytes, const struct seal_secret *secret) {
	uint8_t row[ROW_BYTES];
	struct signed_text t;
	struct seal s;
	const char *why;
	size_t at;
	int err = seal_open(bytes->data, bytes->len, &s, &why);

	if (err)
		return -EBADMSG;
	for (uint32_t i = 0; i < s.n; i++)
		if (!memcmp(s.signatures + (size_t)i * ROW_BYTES, secret->id, SEAL_ID_BYTES))
			return -EEXIST;
	if (s.n == SEAL_MAX_SIGNATURES)
		return -ENOSPC;
	t = text_of(s.kind, s.hash);
	memcpy(row, secret->id, SEAL_ID_BYTES);
	(void)crypto_sign_detached(row + SEAL_ID_BYTES, NULL, t.bytes, t.n, secret->secret);
	at = HEAD_BYTES + (size_t)s.n * ROW_BYTES;
	if (!buf_reserve(bytes, ROW_BYTES))
		return -ENOMEM;
	memmove(bytes->data + at + ROW_BYTES, bytes->data + at, bytes->len - at);
	memcpy(bytes->data + at, row, ROW_BYTES);
	bytes->data[COUNT_AT]++;
	bytes->len += ROW_BYTES;
	return 0;
}

void seal_hex(const uint8_t hash[SEAL_HASH_BYTES], char ret[SEAL_HEX_BYTES]) {
	(void)sodium_bin2hex(ret, SEAL_HEX_BYTES, hash, SEAL_HASH_BYTES);
}

int seal_unhex(struct str text, uint8_t ret[SEAL_HASH_BYTES]) {
	uint8_t hash[SEAL_HASH_BYTES];
	size_t n = 0;

	if (text.n != 2 * SEAL_HASH_BYTES ||
	    sodium_hex2bin(hash, sizeof(hash), text.s, text.n, NULL, &n, NULL) ||
	    n != SEAL_HASH_BYTES)
		return -EINVAL;
	memcpy(ret, hash, sizeof(hash));
	return 0;
}
