/* SPDX-License-Identifier: Apache-2.0 */
#include "content/keys.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>

#include "proto/bundle.pb-c.h"

#define PUBLIC_MARK "Ed"
#define SECRET_MARK "EL"
#define PUBLIC_BYTES (2 + SEAL_ID_BYTES + SEAL_PUBLIC_BYTES)
#define SECRET_BYTES (2 + SEAL_ID_BYTES + SEAL_SECRET_BYTES)
#define COMMENT "untrusted comment: "

void keys_generate(struct seal_secret *secret, struct seal_key *public) {
	(void)crypto_sign_keypair(public->public, secret->secret);
	randombytes_buf(secret->id, SEAL_ID_BYTES);
	memcpy(public->id, secret->id, SEAL_ID_BYTES);
}

struct seal_key keys_public(const struct seal_secret *secret) {
	struct seal_key k;

	memcpy(k.id, secret->id, SEAL_ID_BYTES);
	(void)crypto_sign_ed25519_sk_to_pk(k.public, secret->secret);
	return k;
}

static void write_key(struct buf *out, const char *mark, const uint8_t *id, const uint8_t *key,
		      size_t n, const char *comment) {
	uint8_t bytes[SECRET_BYTES];
	char text[sodium_base64_ENCODED_LEN(SECRET_BYTES, sodium_base64_VARIANT_ORIGINAL)];

	memcpy(bytes, mark, 2);
	memcpy(bytes + 2, id, SEAL_ID_BYTES);
	memcpy(bytes + 2 + SEAL_ID_BYTES, key, n);
	(void)sodium_bin2base64(text, sizeof(text), bytes, 2 + SEAL_ID_BYTES + n,
				sodium_base64_VARIANT_ORIGINAL);
	buf_addf(out, COMMENT "%s\n%s\n", comment, text);
	sodium_memzero(bytes, sizeof(bytes));
	sodium_memzero(text, sizeof(text));
}

void keys_write_public(struct buf *out, const struct seal_key *key, const char *comment) {
	write_key(out, PUBLIC_MARK, key->id, key->public, SEAL_PUBLIC_BYTES, comment);
}

void keys_write_secret(struct buf *out, const struct seal_secret *secret, const char *comment) {
	write_key(out, SECRET_MARK, secret->id, secret->secret, SEAL_SECRET_BYTES, comment);
}

/* read_key - the second line of @text, which must be @n bytes that begin with @mark */
static int read_key(struct str text, const char *mark, uint8_t *ret, size_t n) {
	const char *line = text.n ? memchr(text.s, '\n', text.n) : NULL;
	size_t left, len, got = 0;
	const char *end;

	if (!line || !str_starts(text, STR(COMMENT)))
		return -EINVAL;
	line++;
	left = (size_t)(text.s + text.n - line);
	end = memchr(line, '\n', left);
	len = end ? (size_t)(end - line) : left;
	if (end && end + 1 != text.s + text.n)
		return -EINVAL; /* something stands behind it */
	if (sodium_base642bin(ret, n, line, len, NULL, &got, NULL,
			      sodium_base64_VARIANT_ORIGINAL) ||
	    got != n || memcmp(ret, mark, 2) != 0)
		return -EINVAL;
	return 0;
}

int keys_read_public(struct str text, struct seal_key *ret) {
	uint8_t bytes[PUBLIC_BYTES];

	if (read_key(text, PUBLIC_MARK, bytes, sizeof(bytes)))
		return -EINVAL;
	memcpy(ret->id, bytes + 2, SEAL_ID_BYTES);
	memcpy(ret->public, bytes + 2 + SEAL_ID_BYTES, SEAL_PUBLIC_BYTES);
	return 0;
}

int keys_read_secret(struct str text, struct seal_secret *ret) {
	uint8_t bytes[SECRET_BYTES];
	int err = read_key(text, SECRET_MARK, bytes, sizeof(bytes));

	if (!err) {
		memcpy(ret->id, bytes + 2, SEAL_ID_BYTES);
		memcpy(ret->secret, bytes + 2 + SEAL_ID_BYTES, SEAL_SECRET_BYTES);
	}
	sodium_memzero(bytes, sizeof(bytes));
	return err;
}

void keys_id_text(const uint8_t id[SEAL_ID_BYTES], char ret[17]) {
	(void)sodium_bin2hex(ret, 17, id, SEAL_ID_BYTES);
}

bool keys_signed(const struct keys_root *root, enum keys_role role, const struct seal *s,
		 uint32_t *ret_count) {
	struct seal_key keys[KEYS_MAX];
	size_t n = 0;
	uint32_t count;

	for (uint32_t i = 0; i < root->n; i++)
		if (root->list[i].role == role)
			keys[n++] = root->list[i].key;
	count = seal_count(s, keys, n);
	if (ret_count)
		*ret_count = count;
	return root->need[role] && count >= root->need[role];
}

void keys_pack(struct buf *out, const struct keys_root *root) {
	Lapwing__Bundle__V1__Key keys[KEYS_MAX], *list[KEYS_MAX];
	Lapwing__Bundle__V1__Root r = LAPWING__BUNDLE__V1__ROOT__INIT;
	char *to;

	for (uint32_t i = 0; i < root->n; i++) {
		const struct keys_entry *e = &root->list[i];

		lapwing__bundle__v1__key__init(&keys[i]);
		list[i] = &keys[i];
		keys[i].has_role = keys[i].has_id = keys[i].has_public_ = 1;
		keys[i].role = (Lapwing__Bundle__V1__Role)e->role;
		keys[i].id = (ProtobufCBinaryData){ SEAL_ID_BYTES,
						    (uint8_t *)(uintptr_t)e->key.id };
		keys[i].public_ = (ProtobufCBinaryData){ SEAL_PUBLIC_BYTES,
							 (uint8_t *)(uintptr_t)e->key.public };
		keys[i].name = (char *)(uintptr_t)e->name;
	}
	r.has_version = r.has_expires_s = r.has_need_root = r.has_need_release =
		r.has_need_rollout = 1;
	r.version = root->version;
	r.expires_s = root->expires_s;
	r.need_root = root->need[KEYS_ROOT];
	r.need_release = root->need[KEYS_RELEASE];
	r.need_rollout = root->need[KEYS_ROLLOUT];
	r.n_keys = root->n;
	r.keys = list;
	to = buf_reserve(out, lapwing__bundle__v1__root__get_packed_size(&r));
	if (to)
		out->len += lapwing__bundle__v1__root__pack(&r, (uint8_t *)to);
}

static int take_entry(const Lapwing__Bundle__V1__Key *k, struct keys_entry *ret) {
	if (!k->has_role || k->role < (int)KEYS_ROOT || k->role >= (int)KEYS_ROLES ||
	    k->id.len != SEAL_ID_BYTES || k->public_.len != SEAL_PUBLIC_BYTES)
		return -EBADMSG;
	*ret = (struct keys_entry){ .role = (enum keys_role)k->role };
	memcpy(ret->key.id, k->id.data, SEAL_ID_BYTES);
	memcpy(ret->key.public, k->public_.data, SEAL_PUBLIC_BYTES);
	(void)snprintf(ret->name, sizeof(ret->name), "%s", k->name ? k->name : "");
	return 0;
}

const struct keys_entry *keys_repeated(const struct keys_root *root) {
	for (uint32_t i = 0; i < root->n; i++)
		for (uint32_t k = 0; k < i; k++)
			if (root->list[i].role == root->list[k].role &&
			    !memcmp(root->list[i].key.public, root->list[k].key.public,
				    SEAL_PUBLIC_BYTES))
				return &root->list[i];
	return NULL;
}

static int take_root(const Lapwing__Bundle__V1__Root *r, struct keys_root *ret) {
	uint32_t have[KEYS_ROLES] = { 0 };
	int err = 0;

	if (!r->version || !r->expires_s || r->n_keys > KEYS_MAX)
		return -EBADMSG;
	*ret = (struct keys_root){ .version = r->version,
				   .expires_s = r->expires_s,
				   .need = { 0, r->need_root, r->need_release, r->need_rollout },
				   .n = (uint32_t)r->n_keys };
	for (uint32_t i = 0; i < ret->n && !err; i++) {
		err = take_entry(r->keys[i], &ret->list[i]);
		if (!err)
			have[ret->list[i].role]++;
	}
	for (int role = KEYS_ROOT; role < KEYS_ROLES && !err; role++)
		if (!ret->need[role] || ret->need[role] > have[role])
			err = -EBADMSG;
	return !err && keys_repeated(ret) ? -EBADMSG : err;
}

int keys_parse(const struct seal *s, struct keys_root *ret) {
	Lapwing__Bundle__V1__Root *r;
	int err;

	if (s->kind != SEAL_ROOT)
		return -EBADMSG;
	r = lapwing__bundle__v1__root__unpack(NULL, s->body.n, (const uint8_t *)s->body.s);
	if (!r)
		return -EBADMSG;
	err = take_root(r, ret);
	lapwing__bundle__v1__root__free_unpacked(r, NULL);
	return err;
}

int keys_rotate(struct keys_root *root, const void *bytes, size_t n, const char **why) {
	struct keys_root next;
	struct seal s;
	int err = seal_open(bytes, n, &s, why);

	if (err)
		return -EBADMSG;
	*why = "it is no root";
	if (s.kind != SEAL_ROOT)
		return -EBADMSG;
	*why = "too few root keys that are trusted now have signed it";
	if (!keys_signed(root, KEYS_ROOT, &s, NULL))
		return -EKEYREJECTED;
	*why = "it says what makes no sense";
	if (keys_parse(&s, &next))
		return -EBADMSG;
	*why = "it is not the root that comes next";
	if (next.version != root->version + 1)
		return -ESTALE;
	*why = "too few of its own root keys have signed it";
	if (!keys_signed(&next, KEYS_ROOT, &s, NULL))
		return -EKEYREJECTED;
	*root = next;
	return 0;
}
