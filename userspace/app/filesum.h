/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filesum.h - sha256 of a file that ran, if it still is what it was
 *
 * A file is known by device, inode, ctime and size, which an exec's record told.
 * It is opened as what the process runs (/proc/PID/exe), or else by its path, and
 * must be all of that before the first byte is read and after the last. Nothing
 * is read while its ctime is so young that a further change would not move it.
 */
#ifndef LAPWING_FILESUM_H
#define LAPWING_FILESUM_H

#include <stdbool.h>
#include <stdint.h>

#include "event/event.h"

#define FILESUM_BYTES 32
#define FILESUM_PIECE (128u << 10)

/* How many bytes a second may be read: those of a second may come at once. */
struct filesum_budget {
	uint64_t rate;	   /* bytes a second */
	uint64_t spent_ns; /* up to when, on a clock that does not go back, it is used up */
};

/* filesum_spend - takes @bytes; how many ns after @now_ns they may be read */
uint64_t filesum_spend(struct filesum_budget *b, uint64_t now_ns, uint64_t bytes);

struct filesum {
	void *context; /* EVP_MD_CTX */
	void *digest;  /* EVP_MD */
	struct filesum_budget budget;
	const volatile bool *stop; /* true: read no more; NULL: never */
	unsigned char piece[FILESUM_PIECE];
};

/* filesum_new - -ENOMEM; all memory that is ever needed. filesum_free: NULL is fine */
int filesum_new(uint64_t rate, struct filesum **ret);
void filesum_free(struct filesum *s);

/*
 * filesum_open - a descriptor of the file @id, which @pid ran by the name @path
 * -ESTALE: what is there is another, or another state of it.
 */
int filesum_open(const struct event_file_id *id, uint32_t pid, const char *path);

/*
 * filesum_read - the sum of all of it; -ESTALE when it is not, or does not stay, what it was
 */
int filesum_read(struct filesum *s, int fd, const struct event_file_id *id,
		 unsigned char ret[FILESUM_BYTES]);

#endif
