/* SPDX-License-Identifier: Apache-2.0 */
/*
 * corridor.h - one record in, one event out
 *
 * ring or tape -> decode -> enrich -> detect -> encode -> output. The same for
 * live and replayed records, so that what is recorded can be reproduced.
 */
#ifndef LAPWING_CORRIDOR_H
#define LAPWING_CORRIDOR_H

#include <stdint.h>

#include "base/arena.h"
#include "detect/detect.h"
#include "app/export.h"
#include "app/tally.h"
#include "app/whois.h"
#include "enrich/enrich.h"
#include "probe/tape.h"
#include "sink/output.h"

#define CORRIDOR_OUTPUTS 8

struct corridor {
	struct arena arena;    /* dies with each record */
	struct enrich *enrich; /* owned */
	struct ruleset *rules; /* owned; NULL: none */
	struct ruleset *shadow; /* owned; its detections are counted and not told; NULL: none */
	struct hasher *hasher; /* owned; NULL: what runs is not hashed */
	struct recorder *recorder; /* borrowed; NULL: none */
	uint64_t asked;	       /* events that rules were asked about */
	uint64_t shadow_matches, shadow_ns; /* ns: reckoned from every 16th event */
	struct tape *tape;     /* owned; NULL: none */
	struct output outputs[CORRIDOR_OUTPUTS];
	int n_outputs;
	struct export *export; /* owned; NULL: none */
	struct tally *tally;   /* owned; NULL: none */
	struct whois *whois;   /* owned; NULL: nobody is asked who containers are */
	int color;	    /* text outputs: 1 always, 0 never, -1 as the terminal says */
	uint64_t records;   /* that came in from hooks */
	uint64_t malformed; /* of these, could not be decoded, by kind below */
	uint64_t malformed_kind[WIRE_KIND_MAX];
	uint64_t events[WIRE_KIND_MAX];
	uint64_t folds;	 /* events that stand for many deeds */
	uint64_t folded; /* the deeds that these stand for */
	uint64_t limits;  /* events that tell of deeds past a limit */
	uint64_t limited; /* these deeds */
	uint64_t detections;
	int64_t begun; /* processes of the scope that were there before its first record */
	int error;     /* first failure of tape or output: the session ends on it */
	const char *failed; /* the output that @error is of, borrowed; NULL: the tape */
};

/* corridor_alive - processes of the scope that are still there, if none was lost */
static inline int64_t corridor_alive(const struct corridor *c) {
	return c->begun + (int64_t)(c->events[WIRE_PROCESS_FORK] - c->events[WIRE_PROCESS_EXIT]);
}

/* corridor_init - an empty corridor; -ENOMEM */
int corridor_init(struct corridor *c);

/*
 * corridor_open - opens the outputs @specs, borrowed; logs what is wrong and gives -errno
 * Nothing is emptied yet: see corridor_begin(). Two outputs to one regular file are refused.
 * @hurried: as in struct output
 */
int corridor_open(struct corridor *c, const char *const *specs, int n, bool hurried);

/*
 * corridor_hash - from now on asks for the hashes of what runs, of @rate bytes a second; 0: none
 * Starts a thread, so it belongs before the sandbox. 0 also when it cannot, which it logs.
 */
int corridor_hash(struct corridor *c, uint64_t rate);

/*
 * corridor_apart - whether no output is the file @path; logs and gives -EINVAL if one is
 * @what: what @path is, for the message
 */
int corridor_apart(const struct corridor *c, const char *what, const char *path);

/* corridor_begin - empties the outputs, once all places are known to differ; logs; -errno */
int corridor_begin(struct corridor *c);

/* corridor_log_fault - logs @error, and @failed; @prefix comes first */
void corridor_log_fault(const struct corridor *c, const char *prefix);

/*
 * corridor_done - flushes, closes and frees all of it; -errno of the first write that failed
 * What a hurried output still holds is dropped. @error and @failed stay.
 */
int corridor_done(struct corridor *c);

/* corridor_record - takes one record through; the shape that probe_drain() and tape_play() call */
int corridor_record(void *corridor, const void *record, size_t len);

/* corridor_event - the second half, for events that were never records: detect, encode, output */
void corridor_event(struct corridor *c, struct event *e);

/*
 * corridor_flush - every output and the tape write out what they hold; -errno
 * That a hurried output had no room is no error: see corridor_backlog().
 */
int corridor_flush(struct corridor *c);

/* corridor_tend - about once a second: what others may read of this one */
void corridor_tend(struct corridor *c, uint64_t now_ns);

/* corridor_backlog - bytes that wait in the outputs for their readers */
size_t corridor_backlog(const struct corridor *c);

/* corridor_wait - until an output with a backlog has room, or @ms milliseconds are over */
void corridor_wait(const struct corridor *c, int ms);

/*
 * corridor_deliver - at the end: gives slow readers up to @ms milliseconds
 * -EAGAIN, and a warning, if they miss something.
 */
int corridor_deliver(struct corridor *c, uint64_t ms);

#endif
