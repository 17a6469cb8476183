/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seal.h - bytes with signatures around them
 *
 *     "LAPWSEAL" | u32 1 | u8 kind | u8 n | u16 0 | n x { key id 8 | signature 64 } | body
 *
 * Little-endian. The body goes to the end of the file. Each signature is Ed25519 over the seal's
 * context for its kind ("lapwing bundle 1" and a NUL) and the body's BLAKE2b-256, so that no
 * signature holds for a thing of another kind. That hash is also the body's name everywhere: who
 * signs does not change what it is.
 *
 * To check a seal nothing of the body is looked at. Callers check and then parse the same bytes:
 * read into memory of their own once, because a file that is mapped can change under them.
 */
#ifndef LAPWING_CONTENT_SEAL_H
#define LAPWING_CONTENT_SEAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

#define SEAL_HASH_BYTES 32
#define SEAL_ID_BYTES 8
#define SEAL_PUBLIC_BYTES 32
#define SEAL_SECRET_BYTES 64
#define SEAL_SIGNATURE_BYTES 64
#define SEAL_MAX_SIGNATURES 16
#define SEAL_MAX_BYTES (16u << 20) /* of the whole file */

enum seal_kind { SEAL_BUNDLE = 1, SEAL_ORDER = 2, SEAL_ROOT = 3, SEAL_KINDS = 4 };

struct seal_key {
	uint8_t id[SEAL_ID_BYTES];
	uint8_t public[SEAL_PUBLIC_BYTES];
};

struct seal_secret {
	uint8_t id[SEAL_ID_BYTES];
	uint8_t secret[SEAL_SECRET_BYTES];
};

struct seal {
	enum seal_kind kind;
	uint32_t n; /* signatures */
	const uint8_t *signatures;
	struct str body; /* borrowed, as @signatures */
	uint8_t hash[SEAL_HASH_BYTES];
};

/*
 * seal_open - finds the parts of @n bytes, and hashes the body; checks no signature
 * -EMSGSIZE: over SEAL_MAX_BYTES, -EBADMSG: no seal, or not whole; @why is static.
 */
int seal_open(const void *bytes, size_t n, struct seal *ret, const char **why);

/*
 * seal_count - how many of @keys have signed, each counted once
 * A signature of a key that is not among them counts for nothing.
 */
uint32_t seal_count(const struct seal *s, const struct seal_key *keys, size_t n_keys);

/* seal_make - a seal without a signature around @body; sticky errors of @out */
void seal_make(struct buf *out, enum seal_kind kind, struct str body);

/*
 * seal_sign - adds a signature to the seal in @bytes
 * -EBADMSG: it is none, -EEXIST: this key has signed already, -ENOSPC: too many have, -ENOMEM.
 */
int seal_sign(struct buf *bytes, const struct seal_secret *secret);

/*
 * seal_text - a copy of a text that came in a seal, NUL at its end; NULL counts as an empty one
 * -EBADMSG: it is no clean UTF-8, or @room bytes are too few.
 */
int seal_text(const char *s, char *ret, size_t room);

/* seal_hash - BLAKE2b-256 */
void seal_hash(const void *bytes, size_t n, uint8_t ret[SEAL_HASH_BYTES]);

#define SEAL_HEX_BYTES (2 * SEAL_HASH_BYTES + 1)

/* seal_hex, seal_unhex - a hash as people and file names have it; -EINVAL */
void seal_hex(const uint8_t hash[SEAL_HASH_BYTES], char ret[SEAL_HEX_BYTES]);
int seal_unhex(struct str text, uint8_t ret[SEAL_HASH_BYTES]);

#endif
