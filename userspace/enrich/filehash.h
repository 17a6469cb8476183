/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filehash.h - sha256 of files by who they are: device, inode, ctime and size
 *
 * What is put has been read when its ctime was old enough that a later change
 * must have moved it (app/hasher.c), so the same four stand for the same bytes.
 * At most FILEHASH_ROWS, in sets of FILEHASH_WAYS; past that the oldest of the
 * set goes, and its file is hashed again when it is run again.
 */
#ifndef LAPWING_FILEHASH_H
#define LAPWING_FILEHASH_H

#include "event/event.h"

#define FILEHASH_ROWS 8192 /* a power of two */
#define FILEHASH_WAYS 4

struct filehash_row {
	struct event_file_id id; /* ctime_ns 0: free */
	char text[EVENT_SHA256_TEXT];
};

struct filehash {
	bool on; /* what runs is hashed */
	struct filehash_row *rows; /* NULL until the first is put */
	uint8_t next[FILEHASH_ROWS / FILEHASH_WAYS]; /* which way of a set goes next */
};

void filehash_done(struct filehash *t);

/* filehash_put - 0 or -ENOMEM; @sha256: 32 bytes */
int filehash_put(struct filehash *t, const struct event_file_id *id, const unsigned char *sha256);

/* filehash_get - in hexadecimal; absent: not known. Dies with the next filehash_put() */
struct str filehash_get(const struct filehash *t, const struct event_file_id *id);

/* filehash_can - whether a file of that size, on a file system of that kind, is ever hashed */
bool filehash_can(const struct event_file_id *id);

/* filehash_tell_there - for filehash_tell() */
void filehash_tell_there(const struct filehash *t, uint64_t wall_offset_ns, struct event *e);

/*
 * filehash_tell - exec.sha256 of an exec or of PROCESS_HASH, or why it is not there
 * @wall_offset_ns: from the boot clock to the wall clock
 */
static inline void filehash_tell(const struct filehash *t, uint64_t wall_offset_ns,
				 struct event *e) {
	if (e->file_id.ctime_ns && t->on)
		filehash_tell_there(t, wall_offset_ns, e);
}

/* filehash_learn - from HOST_FILE */
void filehash_learn(struct filehash *t, const struct event *e);

#endif
