/* SPDX-License-Identifier: Apache-2.0 */
/*
 * follow.h - lines that others write to logs, as they come
 *
 * Off unless files are named. Reading begins at the end of a file, and goes on in
 * the new one when it is rotated. A file that is cut short is read from its
 * beginning; but if it has grown beyond its old length before it is looked at
 * again, what it began with is missed. /dev/kmsg gives the kernel's messages, of
 * which some may be overwritten before they are read: those are counted. "journal:" is the journal
 * of systemd (journal.h); it is opened once, at the start.
 */
#ifndef LAPWING_FOLLOW_H
#define LAPWING_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"

#define FOLLOW_FILES 16
#define FOLLOW_LINE 8000	 /* bytes; a longer line comes in pieces */
#define FOLLOW_TICK (256 * 1024) /* bytes of a file at one call */

struct follow_file {
	const char *service, *path; /* borrowed */
	int fd;			    /* -1: not there at the moment */
	bool kmsg, said;	    /* said: that it cannot be opened, or read */
	bool is_journal;	    /* @path: "" for this machine's, or a folder */
	struct journal *journal;    /* owned; NULL: it could not be opened */
	dev_t dev;
	ino_t ino;
	off_t at;
	uint64_t next_seq; /* of kmsg; 0: not known yet */
	uint32_t n;	   /* of @part */
	char part[FOLLOW_LINE];
};

struct follow {
	struct follow_file files[FOLLOW_FILES];
	int n;
	uint64_t overwritten;
};

/*
 * follow_add - "SERVICE=PATH" or "SERVICE=journal:[FOLDER]"; borrows @what
 * -EINVAL: it is not that; -E2BIG: one too many.
 */
int follow_add(struct follow *f, char *what);

/*
 * follow_open - at the ends; what is not there is looked for again by follow_read()
 * As for all below, @f may be NULL: nothing is followed. The files are closed with the program.
 */
void follow_open(struct follow *f);

/*
 * follow_read - what has come since, line by line, without its newline
 * A NUL in a line is given as a blank. Gives 0, or what @each gave when that was not 0.
 */
int follow_read(struct follow *f, int (*each)(void *ctx, const char *service, struct str line),
		void *ctx);

/* follow_overwritten - messages of the kernel that were gone before they were read */
uint64_t follow_overwritten(const struct follow *f);

#endif
