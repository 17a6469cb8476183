/* SPDX-License-Identifier: Apache-2.0 */
#include "content/bundle.h"

#include <errno.h>
#include <stdlib.h>
#include <zstd.h>

#include "content/manifest.h"
#include "event/word.h"

#define FREE_RATIO_BYTES 65536
#define PACK_LEVEL 3

struct cursor {
	const uint8_t *at;
	size_t left;
	bool bad; /* sticky: it was shorter than what was asked of it */
};

static const uint8_t *take(struct cursor *c, size_t n) {
	const uint8_t *at = c->at;

	if (c->bad || n > c->left) {
		c->bad = true;
		return NULL;
	}
	c->at += n;
	c->left -= n;
	return at;
}

static uint32_t take_u32(struct cursor *c) {
	const uint8_t *b = take(c, 4);

	return b ? b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24 : 0;
}

static bool ends(struct str x, struct str end) {
	return x.n > end.n && !memcmp(x.s + x.n - end.n, end.s, end.n);
}

int bundle_kind(struct str name) {
	if (!name.n || name.n > BUNDLE_NAME_BYTES || name.s[0] == '.')
		return 0;
	for (uint32_t i = 0; i < name.n; i++)
		if (!memchr("abcdefghijklmnopqrstuvwxyz0123456789._-", name.s[i], 39))
			return 0;
	if (str_eq(name, STR("tuning.conf")))
		return BUNDLE_TUNING;
	if (ends(name, STR(".test.yml")))
		return BUNDLE_STORIES;
	if (ends(name, STR(".yml")))
		return BUNDLE_RULES;
	return ends(name, STR(".list")) ? BUNDLE_LIST : 0;
}

static const char *take_blob(struct cursor *c, struct bundle *b, uint64_t *expanded) {
	struct bundle_blob *blob = &b->blobs[b->n];
	const uint8_t *k = take(c, 1), *name = k ? take(c, *k) : NULL, *hash;
	uint8_t found[SEAL_HASH_BYTES];
	int kind = name ? bundle_kind((struct str){ (const char *)name, *k }) : 0;

	if (!kind)
		return "a blob has a name that no kind of content has";
	*blob = (struct bundle_blob){ .kind = (enum bundle_blob_kind)kind };
	memcpy(blob->name, name, *k);
	for (uint32_t i = 0; i < b->n; i++)
		if (!strcmp(b->blobs[i].name, blob->name))
			return "two blobs have one name";
	blob->size = take_u32(c);
	blob->packed.n = take_u32(c);
	hash = take(c, SEAL_HASH_BYTES);
	blob->packed.s = (const char *)take(c, blob->packed.n);
	if (c->bad)
		return "it ends within a blob";
	*expanded += blob->size;
	if (*expanded > BUNDLE_MAX_EXPANDED ||
	    (blob->size > FREE_RATIO_BYTES &&
	     blob->size / BUNDLE_MAX_RATIO > blob->packed.n))
		return "it would expand to more than is allowed";
	memcpy(blob->hash, hash, SEAL_HASH_BYTES);
	seal_hash(blob->packed.s, blob->packed.n, found);
	if (memcmp(found, hash, SEAL_HASH_BYTES) != 0)
		return "a blob is not the one whose hash is given";
	b->n++;
	return NULL;
}

int bundle_parse(const struct seal *s, struct bundle *ret, const char **why) {
	struct cursor c = { (const uint8_t *)s->body.s, s->body.n, false };
	uint64_t expanded = 0;
	struct str manifest;
	uint32_t n;

	*why = "it is no bundle";
	if (s->kind != SEAL_BUNDLE)
		return -EBADMSG;
	*why = "its manifest cannot be read";
	manifest.n = take_u32(&c);
	manifest.s = (const char *)take(&c, manifest.n);
	if (c.bad || manifest_parse(manifest, &ret->manifest))
		return -EBADMSG;
	n = take_u32(&c);
	*why = "it has more than 64 blobs, or none";
	if (c.bad || !n || n > BUNDLE_BLOBS)
		return -E2BIG;
	for (ret->n = 0; ret->n < n;) {
		*why = take_blob(&c, ret, &expanded);
		if (*why)
			return -EBADMSG;
	}
	*why = "something stands behind its last blob";
	if (c.left)
		return -EBADMSG;
	memcpy(ret->hash, s->hash, SEAL_HASH_BYTES);
	return 0;
}

int bundle_expand(const struct bundle *b, uint32_t i, struct buf *out) {
	const struct bundle_blob *blob = &b->blobs[i];
	size_t n;
	char *to = buf_reserve(out, (size_t)blob->size + 1);

	if (!to)
		return -ENOMEM;
	n = ZSTD_decompress(to, blob->size, blob->packed.s, blob->packed.n);
	if (ZSTD_isError(n) || n != blob->size)
		return -EBADMSG;
	to[n] = '\0';
	out->len += n;
	return 0;
}

int bundle_texts(const struct bundle *b, enum bundle_blob_kind kind, struct buf *out) {
	bool any = false;
	int err = 0;

	for (uint32_t i = 0; i < b->n && !err; i++) {
		if (b->blobs[i].kind != kind)
			continue;
		if (any && (kind == BUNDLE_RULES || kind == BUNDLE_STORIES))
			buf_add_lit(out, "\n---\n");
		any = true;
		err = bundle_expand(b, i, out);
	}
	if (!err && !buf_reserve(out, 1))
		return -ENOMEM;
	if (!err)
		out->data[out->len] = '\0';
	return err;
}

static void put_u32(struct buf *out, size_t v) {
	const uint8_t b[4] = { (uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16),
			       (uint8_t)(v >> 24) };

	buf_add(out, b, 4);
}

static int put_blob(struct buf *out, const struct bundle_part *part) {
	struct str name = str_of(part->name);
	size_t bound = ZSTD_compressBound(part->text.n), n;
	uint8_t hash[SEAL_HASH_BYTES];
	char *packed;

	if (!bundle_kind(name))
		return -EINVAL;
	packed = malloc(bound);
	if (!packed)
		return -ENOMEM;
	n = ZSTD_compress(packed, bound, part->text.s ? part->text.s : "", part->text.n,
			  PACK_LEVEL);
	if (ZSTD_isError(n)) {
		free(packed);
		return -ENOMEM;
	}
	seal_hash(packed, n, hash);
	buf_add_char(out, (char)name.n);
	buf_add_str(out, name);
	put_u32(out, part->text.n);
	put_u32(out, n);
	buf_add(out, hash, sizeof(hash));
	buf_add(out, packed, n);
	free(packed);
	return part->text.n > FREE_RATIO_BYTES && part->text.n / BUNDLE_MAX_RATIO > n ? -E2BIG
											: 0;
}

int bundle_pack(struct buf *out, const struct manifest *m, const struct bundle_part *parts,
		size_t n) {
	struct buf manifest = { 0 };
	int err = n && n <= BUNDLE_BLOBS ? 0 : -E2BIG;

	manifest_pack(&manifest, m);
	put_u32(out, manifest.len);
	buf_add(out, manifest.data, manifest.len);
	put_u32(out, n);
	for (size_t i = 0; i < n && !err; i++)
		err = put_blob(out, &parts[i]);
	if (!err && buf_error(&manifest))
		err = buf_error(&manifest);
	buf_done(&manifest);
	return err ? err : buf_error(out);
}

int bundle_version(const char *a, const char *b) {
	while (*a || *b) {
		char *end_a, *end_b;
		unsigned long x = strtoul(a, &end_a, 10), y = strtoul(b, &end_b, 10);

		if (x != y)
			return x < y ? -1 : 1;
		if (end_a == a && end_b == b)
			return strcmp(a, b);
		a = *end_a == '.' ? end_a + 1 : end_a;
		b = *end_b == '.' ? end_b + 1 : end_b;
	}
	return 0;
}

uint32_t bundle_lacks(const struct manifest *m) {
	for (uint32_t i = 0; i < m->n_needs; i++)
		if (!event_word(FIELD_KIND, m->needs[i]))
			return m->needs[i] ? m->needs[i] : UINT32_MAX; /* 0 is no kind */
	return 0;
}
