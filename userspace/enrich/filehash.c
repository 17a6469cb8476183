/* SPDX-License-Identifier: Apache-2.0 */
#include "enrich/filehash.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdlib.h>

#include "event/field.h"

#define SETS (FILEHASH_ROWS / FILEHASH_WAYS)

void filehash_done(struct filehash *t) {
	free(t->rows);
	*t = (struct filehash){ 0 };
}

static inline bool same(const struct event_file_id *a, const struct event_file_id *b) {
	return a->ino == b->ino && a->ctime_ns == b->ctime_ns && a->size == b->size &&
	       a->dev == b->dev;
}

static inline uint32_t set_of(const struct event_file_id *id) {
	return (uint32_t)((id->ino ^ id->ctime_ns ^ id->dev) * 0x9e3779b97f4a7c15ull >> 40) %
	       SETS;
}

static const struct filehash_row *find(const struct filehash *t, const struct event_file_id *id) {
	const struct filehash_row *row = t->rows ? &t->rows[set_of(id) * FILEHASH_WAYS] : NULL;

	for (int i = 0; row && i < FILEHASH_WAYS; i++)
		if (same(&row[i].id, id))
			return &row[i];
	return NULL;
}

struct str filehash_get(const struct filehash *t, const struct event_file_id *id) {
	const struct filehash_row *row = find(t, id);

	return row ? (struct str){ row->text, EVENT_SHA256_TEXT } : (struct str){ 0 };
}

int filehash_put(struct filehash *t, const struct event_file_id *id, const unsigned char *sha256) {
	static const char digits[] = "0123456789abcdef";
	struct filehash_row *row = (struct filehash_row *)find(t, id);
	uint32_t set = set_of(id);

	if (!t->rows)
		t->rows = calloc(FILEHASH_ROWS, sizeof(*t->rows));
	if (!t->rows)
		return -ENOMEM;
	if (!row)
		row = &t->rows[set * FILEHASH_WAYS + t->next[set]++ % FILEHASH_WAYS];
	row->id = *id;
	for (int i = 0; i < EVENT_SHA256_TEXT / 2; i++) {
		row->text[2 * i] = digits[sha256[i] >> 4];
		row->text[2 * i + 1] = digits[sha256[i] & 15];
	}
	return 0;
}

bool filehash_can(const struct event_file_id *id) {
	/*
	 * Those that the kernel itself keeps: what another machine or process serves may change.
	 * And no FAT, whose ctime is the mtime, which whoever may write can set.
	 */
	static const uint32_t local[] = {
		EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC,   BTRFS_SUPER_MAGIC,	   TMPFS_MAGIC,
		RAMFS_MAGIC,	  F2FS_SUPER_MAGIC,  OVERLAYFS_SUPER_MAGIC, SQUASHFS_MAGIC,
		ISOFS_SUPER_MAGIC, EROFS_SUPER_MAGIC_V1, NILFS_SUPER_MAGIC,
		0x2fc12fc1 /* ZFS */, 0xca451a4e /* bcachefs */, 0x3153464a /* JFS */,
	};

	if (id->size > EVENT_HASH_MAX_BYTES)
		return false;
	for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++)
		if (id->magic == local[i])
			return true;
	return false;
}

/* is_fresh - whether the file was changed so shortly before it ran that its ctime cannot tell */
static bool is_fresh(const struct event *e, uint64_t wall_offset_ns) {
	uint64_t ran_ns = e->file_id.ran_ns + wall_offset_ns;

	return ran_ns < e->file_id.ctime_ns + event_hash_settle_ns(e->file_id.ctime_ns);
}

void filehash_tell_there(const struct filehash *t, uint64_t wall_offset_ns, struct event *e) {
	struct str hash = filehash_get(t, &e->file_id);

	EVENT_SET_STR(e, EXEC_SHA256, exec.sha256, hash);
	if (hash.s && is_fresh(e, wall_offset_ns))
		event_degrade(e, DEGRADED_HASH_RACY);
	else if (!hash.s && e->kind == WIRE_PROCESS_EXEC && filehash_can(&e->file_id))
		event_degrade(e, DEGRADED_HASH_PENDING);
	else if (!hash.s)
		event_degrade(e, DEGRADED_HASH_UNRESOLVED);
}

void filehash_learn(struct filehash *t, const struct event *e) {
	if (e->file_sha256 && e->file_id.ctime_ns)
		(void)filehash_put(t, &e->file_id, e->file_sha256);
}
