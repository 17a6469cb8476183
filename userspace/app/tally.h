/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally.h - what each rule was asked, found and took, in a file that others may read
 *
 * The sensor writes the file "rules" in a folder of its own (the spool's) every ten seconds and at
 * its end; `lapwing status` reads it, whether or not the sensor runs. A reader never sees half of
 * one writing: the file has a checksum.
 */
#ifndef LAPWING_TALLY_H
#define LAPWING_TALLY_H

#include <stdint.h>

#include "detect/detect.h"

#define TALLY_FILE "rules"
#define TALLY_TITLE_BYTES 104

struct tally_row {
	char id[40];			/* "" if the rule has none */
	char title[TALLY_TITLE_BYTES];	/* cut, at a character, if it is longer */
	uint32_t level;			/* enum event_level */
	uint32_t correlation;		/* 1: it is one */
	uint64_t evaluations, hits, limited, ns; /* as in struct rule_info */
};

struct tally;

/*
 * tally_open - for writing in @folder, which is there: the spool, or without one the run folder
 * 0 with @ret NULL, and a line in the log, when that cannot be: it must not keep the sensor from
 * its work.
 */
int tally_open(const char *folder, struct tally **ret);

/*
 * tally_tend - writes what @rules have counted, if that is due; NULL for either is fine
 * @now_ns: CLOCK_BOOTTIME. What the disk does not take is left to the next time.
 */
void tally_tend(struct tally *t, const struct ruleset *rules, uint64_t now_ns);

/* tally_write - the same at once */
int tally_write(struct tally *t, const struct ruleset *rules);

/* tally_free - NULL is fine; the file stays */
void tally_free(struct tally *t);

/*
 * tally_read - the rows of @folder, in the order of the rules; to be freed by the caller
 * -ENOENT: none was written; -EBADMSG: it is damaged, or of another version; other -errno.
 */
int tally_read(const char *folder, struct tally_row **ret, size_t *n);

#endif
