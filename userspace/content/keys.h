/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys.h - whom to believe: key files that people can read, and the root that names the keys
 *
 * A key file has two lines, as minisign's have: a comment, and base64 of "Ed", the key's id of 8
 * bytes, and the key. A public one can be given to minisign as it is. A secret one begins with "EL"
 * instead and is not encrypted: keep it where nobody else reads, off the network for root and
 * release.
 */
#ifndef LAPWING_CONTENT_KEYS_H
#define LAPWING_CONTENT_KEYS_H

#include <stdbool.h>

#include "content/seal.h"

enum keys_role { KEYS_ROOT = 1, KEYS_RELEASE = 2, KEYS_ROLLOUT = 3, KEYS_ROLES = 4 };

#define KEYS_MAX 64 /* in one root */
#define KEYS_NAME_BYTES 64

struct keys_entry {
	enum keys_role role;
	struct seal_key key;
	char name[KEYS_NAME_BYTES];
};

struct keys_root {
	uint64_t version, expires_s;
	uint32_t need[KEYS_ROLES]; /* signatures, by role */
	uint32_t n;
	struct keys_entry list[KEYS_MAX];
};

/* keys_generate - a new pair */
void keys_generate(struct seal_secret *secret, struct seal_key *public);

/* keys_public - the public half of @secret */
struct seal_key keys_public(const struct seal_secret *secret);

void keys_write_public(struct buf *out, const struct seal_key *key, const char *comment);
void keys_write_secret(struct buf *out, const struct seal_secret *secret, const char *comment);

/* keys_read_public, keys_read_secret - of a file's bytes; -EINVAL: it is no such key */
int keys_read_public(struct str text, struct seal_key *ret);
int keys_read_secret(struct str text, struct seal_secret *ret);

/* keys_id_text - a key's id as people see it, 16 hexadecimal digits and a NUL */
void keys_id_text(const uint8_t id[SEAL_ID_BYTES], char ret[17]);

/* keys_signed - whether enough keys of @role have signed @s; @ret_count: how many, may be NULL */
bool keys_signed(const struct keys_root *root, enum keys_role role, const struct seal *s,
		 uint32_t *ret_count);

/* keys_pack - the body of a root's seal; sticky errors of @out */
void keys_pack(struct buf *out, const struct keys_root *root);

/* keys_repeated - a key that @root names twice for one role, or NULL: it can sign once only */
const struct keys_entry *keys_repeated(const struct keys_root *root);

/*
 * keys_parse - the root in the body of @s, which whoever calls has reason to believe
 * -EBADMSG: it is none, or says what makes no sense (fewer keys than signatures needed, one twice).
 */
int keys_parse(const struct seal *s, struct keys_root *ret);

/*
 * keys_rotate - takes @bytes as the next root, if it is @root's version + 1 and signed by enough
 * root keys of both
 * 0 and @root is the new one; -EBADMSG, -EKEYREJECTED, -ESTALE (another version) and @why.
 */
int keys_rotate(struct keys_root *root, const void *bytes, size_t n, const char **why);

#endif
