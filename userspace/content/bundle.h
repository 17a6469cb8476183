/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bundle.h - what stands inside the seal of a bundle
 *
 *     u32 n | Manifest of n bytes | u32 m | m x { u8 k | name of k bytes | u32 size |
 *                                                 u32 packed | BLAKE2b-256 | packed bytes }
 *
 * Little-endian, and nothing behind. Blobs are zstd frames; the hash is of the packed bytes. There
 * are four kinds of blob, known by their names, and all four are text that `detect/` or this room
 * reads: rules (NAME.yml), their stories (NAME.test.yml), lists (NAME.list) and tuning
 * ("tuning.conf"). There is no kind for code, for programs of the kernel's, or for a place to
 * attach one to, and no way to add one but a new engine.
 */
#ifndef LAPWING_CONTENT_BUNDLE_H
#define LAPWING_CONTENT_BUNDLE_H

#include <stdbool.h>

#include "content/schema.h"
#include "content/seal.h"

#define BUNDLE_BLOBS 64
#define BUNDLE_NAME_BYTES 64
#define BUNDLE_MAX_EXPANDED (64u << 20) /* all blobs together */
#define BUNDLE_MAX_RATIO 20		/* of each blob past the first 64 KiB */
#define BUNDLE_APPROVERS 8
#define BUNDLE_TEXT_BYTES 128
#define BUNDLE_NOTES_BYTES 4096
#define BUNDLE_NEEDS 64

enum bundle_blob_kind { BUNDLE_RULES = 1, BUNDLE_STORIES, BUNDLE_LIST, BUNDLE_TUNING };

enum bundle_cost { BUNDLE_LIGHT = 1, BUNDLE_MODERATE = 2, BUNDLE_HEAVY = 3 };

struct manifest {
	char name[BUNDLE_TEXT_BYTES], channel[BUNDLE_TEXT_BYTES];
	uint64_t version, created_s, expires_s;
	char engine_min[BUNDLE_NAME_BYTES], engine_max[BUNDLE_NAME_BYTES];
	struct schema schema;
	uint32_t rules, cost; /* enum bundle_cost; 0: not said */
	uint8_t predecessor[SEAL_HASH_BYTES];
	bool has_predecessor;
	char notes[BUNDLE_NOTES_BYTES];
	uint32_t n_approvers;
	char approvers[BUNDLE_APPROVERS][BUNDLE_TEXT_BYTES];
	uint32_t n_needs, needs[BUNDLE_NEEDS]; /* kinds of event without which it is no use */
};

struct bundle_blob {
	char name[BUNDLE_NAME_BYTES + 1];
	enum bundle_blob_kind kind;
	uint32_t size;
	struct str packed; /* borrowed from the bundle's bytes */
	uint8_t hash[SEAL_HASH_BYTES];
};

struct bundle {
	struct manifest manifest;
	uint32_t n;
	struct bundle_blob blobs[BUNDLE_BLOBS];
	uint8_t hash[SEAL_HASH_BYTES];
};

/* bundle_kind - what a blob called @name is; 0: no name for a blob */
int bundle_kind(struct str name);

/*
 * bundle_parse - the parts of a sealed bundle whose signatures were found good
 * Borrows the seal's body. 0; -EBADMSG, -E2BIG (a bound of the format), -ENOMEM; @why is static.
 */
int bundle_parse(const struct seal *s, struct bundle *ret, const char **why);

/* bundle_expand - appends blob @i to @out; -EBADMSG: it is not what it says it is, -ENOMEM */
int bundle_expand(const struct bundle *b, uint32_t i, struct buf *out);

/*
 * bundle_texts - appends every blob of @kind, with what parts YAML documents between them
 * Ends in a NUL that is not counted. As bundle_expand().
 */
int bundle_texts(const struct bundle *b, enum bundle_blob_kind kind, struct buf *out);

/* bundle_lacks - a kind of event that @m needs and this sensor does not know; 0: none */
uint32_t bundle_lacks(const struct manifest *m);

struct bundle_part {
	const char *name;
	struct str text;
};

/*
 * bundle_pack - the body of a bundle of @m and the @n of @parts; sticky errors of @out
 * -EINVAL: a name that is no blob's; -E2BIG: past a bound; -ENOMEM.
 */
int bundle_pack(struct buf *out, const struct manifest *m, const struct bundle_part *parts,
		size_t n);

/* bundle_version - compares versions such as "0.10.2" part by part; <0, 0, >0 */
int bundle_version(const char *a, const char *b);

#endif
