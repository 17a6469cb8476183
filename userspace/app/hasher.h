/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hasher.h - hashes of what runs, by a thread of its own
 *
 * The corridor asks, and never waits: what it asked for is answered later, in the
 * order of the questions, and told as records of their own (host.h). The thread
 * has a place for HASHER_JOBS questions, a budget of bytes a second, and a low
 * priority; it may look at any process and open any file to read, and nothing
 * else (sandbox.h). A question that cannot be taken, or is not answered in
 * HASHER_PATIENCE_NS, has no hash, and the event says so.
 */
#ifndef LAPWING_HASHER_H
#define LAPWING_HASHER_H

#include "app/filesum.h"

#define HASHER_JOBS 64
#define HASHER_PATIENCE_NS 10000000000ull

struct hasher;

struct hasher_answer {
	struct event_file_id id;
	unsigned char sha256[FILESUM_BYTES];
	int error;	    /* 0, or -errno: no hash */
	const void *record; /* of the exec, arguments left out where they are long */
	uint32_t len;
};

/* hasher_start - a thread that is locked in when this returns; -errno */
int hasher_start(uint64_t rate, struct hasher **ret);

/* hasher_ask - for the hash of what @e, made of the exec's record, ran; false: no place is free */
bool hasher_ask(struct hasher *h, const void *record, size_t len, const struct event *e);

/*
 * hasher_answer - the next that is ready; false: none is
 * @last: nothing more will be asked for: if one is not ready in @wait_ms, it is given up (-ETIME).
 * @ret is borrowed until the next call.
 */
bool hasher_answer(struct hasher *h, bool last, int wait_ms, struct hasher_answer *ret);

/* hasher_free - ends the thread; NULL is fine */
void hasher_free(struct hasher *h);

#endif
