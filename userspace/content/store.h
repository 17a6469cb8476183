/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h - the state folder: which content is live, and how that changes without a moment of none
 *
 * One file, `state`, says everything, and is replaced whole: written beside, synced, renamed, the
 * folder synced. A bundle is whole and synced in slots/ before `state` names it and goes after no
 * `state` names it any more. So a kill at any moment leaves the old or the new, and what a file
 * says is believed only with its checksum. Who changes the state holds `lock`. On a full disk the
 * files `spare.*` are given up for a state that is to be kept, or a reason that is to be told.
 */
#ifndef LAPWING_CONTENT_STORE_H
#define LAPWING_CONTENT_STORE_H

#include "content/keys.h"
#include "content/state.h"
#include "content/verdict.h"

#define STORE_MAX_HISTORY (1u << 20)

struct store {
	int dir; /* descriptor of the folder */
	int slots;
	int lock; /* -1: not held */
	const char *path;
};

/* store_open - makes the folder where it is missing; -errno */
int store_open(const char *path, struct store *ret);
void store_close(struct store *s);

/* store_lock - waits at most @ms; -EWOULDBLOCK. store_unlock() needs none held. */
int store_lock(struct store *s, unsigned ms);
void store_unlock(struct store *s);

/* store_load - an empty state where there is none; -EBADMSG: it is damaged */
int store_load(const struct store *s, struct state *ret);

/* store_save - with the next serial, which @state then has; needs the lock */
int store_save(const struct store *s, struct state *state);

/* store_put - the bytes of a bundle into its slot, synced; needs the lock */
int store_put(const struct store *s, const uint8_t hash[SEAL_HASH_BYTES], const void *bytes,
	      size_t n);

/* store_get - appends a slot's bytes to @out; whoever wants to use them checks them anew */
int store_get(const struct store *s, const uint8_t hash[SEAL_HASH_BYTES], struct buf *out);

/* store_prune - removes slots that @state does not name, and what a kill left half-written */
void store_prune(const struct store *s, const struct state *state);

/* store_root, store_set_root - the trusted root; the bytes are of its seal */
int store_root(const struct store *s, struct keys_root *ret);
int store_set_root(const struct store *s, const void *bytes, size_t n);

/* store_tell - appends a verdict to the history, whose older half goes when it is too long */
int store_tell(const struct store *s, const struct verdict *v);

/* store_read, store_write - a file of the folder; written as `state` is. -EFBIG past @max */
int store_read(const struct store *s, const char *name, size_t max, struct buf *out);
int store_write(const struct store *s, const char *name, const void *bytes, size_t n);

#endif
