/* SPDX-License-Identifier: Apache-2.0 */
/*
 * enrich.h - who did it, and whose child that was
 *
 * Keeps what earlier records said: processes by (tgid, start), sockets by inode,
 * user names, the host's own facts; and adds to each event what is known. It
 * asks nothing of the machine it runs on, so the same records always give the
 * same events. It never fails: what is not known stays unmarked, and the event
 * says so in its degraded bits.
 *
 * The parent of a process is the one that made it, as its fork told (else its
 * first exec, else the census), also after the kernel gave it to another one.
 * Ids of events need (cpu, cpu_seq) to be unique within a run: user space
 * numbers the records that it makes as those of CPU 65535.
 */
#ifndef LAPWING_ENRICH_H
#define LAPWING_ENRICH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "enrich/containers.h"
#include "event/event.h"

struct enrich;
struct busy_list;

/*
 * enrich_new - an empty table of at most @max_processes rows
 * An exited process stays for a grace of 30 s of event time; past the bound the
 * row that ended or was touched longest ago goes. 0 or -ENOMEM.
 */
int enrich_new(size_t max_processes, struct enrich **ret);

void enrich_free(struct enrich *en);

/*
 * enrich_event - adds to @e what is known, and learns from it
 *
 * True when the event is one for the world; false for one that only feeds the
 * tables (census, clock, user names) or that says again what was said (a second
 * exit of one process). Strings added to @e live until the next call.
 */
bool enrich_event(struct enrich *en, struct arena *arena, struct event *e);

/*
 * enrich_lean - the same, but an event that has a twin (event.twin_key) may be left untold
 * Then of what enrich_event() adds only the values are there that are the event's own (FIELD_OWN),
 * not all of them marked, until enrich_tell() adds the rest; before the next event, if at all.
 */
bool enrich_lean(struct enrich *en, struct arena *arena, struct event *e);

/* enrich_tell - for an event that is untold */
void enrich_tell(struct enrich *en, struct event *e);

/* enrich_rows - processes in the table, for the summary */
size_t enrich_rows(const struct enrich *en);

/* enrich_busy - who did most of what was told since the last such question; as in busy.h */
void enrich_busy(struct enrich *en, struct busy_list *ret);

/*
 * enrich_want - the next container that was met and never asked for; it counts as asked for then
 * Whoever asks tells the answer as HOST_CONTAINER. False: there is none.
 */
bool enrich_want(struct enrich *en, struct containers_want *ret);

/* enrich_want_again - whoever was asked is gone, and what was not answered is to be asked again */
void enrich_want_again(struct enrich *en);

#endif
