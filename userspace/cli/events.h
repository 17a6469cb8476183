/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events.h - reading files of events, one event at a time
 *
 * A file is Event messages, each behind its length as a varint, or lines of JSON as encode_json()
 * writes them. It may be as long as it likes and may be a pipe. What is wrong with one is logged
 * here, with the file's name and the byte where it breaks, because only here both are known.
 */
#ifndef LAPWING_CLI_EVENTS_H
#define LAPWING_CLI_EVENTS_H

#include "base/arena.h"
#include "event/event.h"

/* One byte of an event can take many in memory, as lists have a struct for each element. */
#define EVENTS_ARENA_BYTES (64 * 1024 * 1024)

struct events_user {
	/* takes one event, which dies when it returns; other than 0 ends the reading */
	int (*event)(void *ctx, struct event *e);
	/* called before each read that may wait; other than 0 ends the reading; may be NULL */
	int (*wait)(void *ctx);
	void *ctx;
};

/*
 * events_read - gives each event of the file @name ("-": standard input) to @user
 * 0 at a clean end; -errno of a fault, which has been logged; or what @user gave.
 */
int events_read(const char *name, struct arena *arena, const struct events_user *user);

#endif
