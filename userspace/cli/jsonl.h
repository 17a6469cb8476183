/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jsonl.h - lines of JSON into the records that rules are held against
 *
 * One object a line. A nested object gives the fields "outer.inner", after which a
 * field of that very name looks first; an array gives several values, of which
 * objects and arrays inside count for keywords only, under no name. Numbers keep
 * the text that they were written with. Bytes need not be UTF-8.
 */
#ifndef LAPWING_JSONL_H
#define LAPWING_JSONL_H

#include "base/arena.h"
#include "detect/detect.h"

#define JSONL_MAX_LINE (16u * 1024 * 1024)

struct jsonl;

/* jsonl_new - reads lines from @fd, which stays the caller's; -ENOMEM */
int jsonl_new(int fd, struct jsonl **ret);

void jsonl_free(struct jsonl *j);

/*
 * jsonl_next - the next line that is not blank
 * @arena: holds what the reader has to put together; the rest is the reader's own and both are
 *         good until the next call
 * @ret_line: its number, from 1
 * @ret_why: why it is no record, with -EBADMSG; the next call goes on behind it
 *
 * "_time" (seconds, or as calendar_ns() reads it) and "_logsource" are no fields; without a time
 * the line's number counts as seconds, and a line with one that is neither is no record; without a
 * log source @ret->source stays as it is. 1 and @ret; 0 at the end; -EBADMSG; -ENOMEM; -errno of
 * read(2).
 */
int jsonl_next(struct jsonl *j, struct arena *arena, uint64_t *ret_line, struct record *ret,
	       const char **ret_why);

#endif
