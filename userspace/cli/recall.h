/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recall.h - recorded events in memory, and the processes that they are of; for those who look back
 *
 *     file of events, or spool ──▶ events in the order of time ──▶ tree of processes
 *
 * At most RECALL_MAX_BYTES are kept; what does not fit is counted in @left_out, and said.
 * Everything lives until recall_done().
 */
#ifndef LAPWING_RECALL_H
#define LAPWING_RECALL_H

#include "base/arena.h"
#include "event/event.h"

#define RECALL_MAX_BYTES ((size_t)1024 * 1024 * 1024)
#define RECALL_EVENT_BYTES ((size_t)64 * 1024 * 1024) /* of one event, unpacked */
#define RECALL_DEPTH 256 /* of the tree; who would lie deeper is a root */

struct recall_process;

struct recall_event {
	uint64_t time_ns, seq, order; /* @seq of the spool; 0: none */
	uint32_t kind, n_detections;
	struct str id;
	struct str bytes; /* one lapwing.v1.Event, behind its length */
	struct recall_process *process; /* NULL: of none */
	struct recall_event *next;	/* of the same process */
	bool marked;			/* for whoever wants to */
};

struct recall_process {
	struct str entity, name, executable, command_line, user;
	uint32_t pid, level; /* the highest of its detections; 0: none */
	uint32_t depth, exit_code, exit_signal;
	bool ended;
	uint64_t first_ns, last_ns; /* wall clock, of its events; 0: none is here */
	uint32_t n_events, n_files, n_net, n_detections;
	struct recall_process *parent, *kids, *next; /* kids in the order of their first mention */
	struct recall_process *last_kid;
	struct recall_event *events, *last_event;
	bool marked; /* for whoever wants to */
};

struct recall {
	struct arena keep, scratch;
	struct recall_event *events; /* @n, in the order of time */
	size_t n, cap, left_out;
	struct recall_process *roots, *last_root;
	size_t n_processes;
	void *by_entity; /* tsearch(3) */
};

/*
 * recall_read - from @files; without any, from the spool @spool
 * 0, or -errno, and what is wrong is logged. Either way recall_done() is to be called.
 */
int recall_read(struct recall *r, char *const *files, const char *spool);

void recall_done(struct recall *r);

/* recall_bytes - those of one lapwing.v1.Event, without its length */
struct str recall_bytes(const struct recall_event *of);

/* recall_unpack - the whole of an event; until the next call. -errno. */
int recall_unpack(struct recall *r, const struct recall_event *of, struct event *ret);

/*
 * recall_find - what @text means: an event's id; else the last event with a detection whose rule
 * has this id or title; NULL: none
 */
struct recall_event *recall_find(struct recall *r, const char *text);

#endif
