/* SPDX-License-Identifier: Apache-2.0 */
/*
 * journal.h - systemd's journal as a log that is followed, by libsystemd
 *
 * The library is loaded when a journal is opened, and not before. An entry becomes the line that
 * syslog would have made of it, so that whoever reads lines of logs need not know where they were:
 *
 *     2026-11-25T23:00:01.123456+00:00 HOST IDENTIFIER[PID]: MESSAGE
 *
 * What journald drops (its rate limit, its bound of size) never gets here, and is not counted here.
 */
#ifndef LAPWING_JOURNAL_H
#define LAPWING_JOURNAL_H

#include "base/str.h"

#define JOURNAL_LINE 8000 /* bytes; a longer message comes in pieces, each with the same head */

struct journal;

/*
 * journal_open - at the end of this machine's journal, or of all in @folder if that is not NULL
 * @why: what is wrong, for people; static or until the next call
 * Before the sandbox: watches for new files, which a journal in use gets now and then, need a call
 * that is not allowed later. -errno.
 */
int journal_open(const char *folder, struct journal **ret, const char **why);

/*
 * journal_read - what has come since, at most 4,096 entries
 * @service: what a line is of; but lines of the facilities auth and authpriv are of "auth", the
 * kernel's of "kernel", and cron's of "cron"
 * @ret_fault: -errno when the journal could not be read, else 0; -EIO: a file was cut short while
 * it was read, which costs what was in it; the next one is found all the same
 * Gives 0, or what @each gave when that was not 0.
 */
int journal_read(struct journal *j, const char *service,
		 int (*each)(void *ctx, const char *service, struct str line), void *ctx,
		 int *ret_fault);

/* journal_free - NULL is fine */
void journal_free(struct journal *j);

#endif
