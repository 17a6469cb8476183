/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rehearse.h - gate 2: what a bundle would do here, found out by a child that may die of it
 *
 * The child has what it needs before it begins: the bundle's bytes, whose signatures are good,
 * the live rules, and the tapes. Then it can open, connect to, fork and write nothing, has 256 MiB
 * and 10 s of CPU, and leaves its report in memory that both map. Whatever happens to it, its
 * parent has a verdict: a child that did not come to its end is a reason.
 *
 *     load      does not parse, does not compile, or a document of it is refused
 *     story     a rule has no story, is silent in its own, or speaks in its counter-story
 *     cost      takes too long for an event of a story, of the tape, or of golden.h
 *     matches   finds far more on this host's own last minutes than the live rules did, or a rule
 *               speaks of every exec, or of another everyday kind, whatever is in it
 *     slow      compiles for so long that the sensor would stand still
 *     crash, cpu, hang, memory    what the child died of
 */
#ifndef LAPWING_REHEARSE_H
#define LAPWING_REHEARSE_H

#include "content/verdict.h"
#include "detect/detect.h"

#define REHEARSE_ROWS 4096
#define REHEARSE_TAPES 2

struct rehearse_limits {
	uint64_t memory_bytes, cpu_s, wall_ms; /* of the child */
	uint64_t load_ms;	/* to compile the bundle */
	uint64_t event_ns;	/* for an event of the tape, on average */
	uint64_t case_ns;	/* for a story's case, on average */
	uint64_t matches_burst; /* on the tape, past three times those of the live rules */
	uint64_t tape_ms;	/* of CPU for the tape; what is left of it is not played */
};

extern const struct rehearse_limits rehearse_defaults;

/* A side of the comparison: bundles, or for the live rules files as well. */
struct rehearse_side {
	struct str bundle; /* whole, its seal included; absent: */
	const char *const *paths;
	size_t n_paths;
};

struct rehearse_job {
	struct rehearse_side candidate, live; /* @live may be neither: nothing runs */
	struct str tapes[REHEARSE_TAPES];     /* the oldest first; absent ones are none */
	const struct rehearse_limits *limits;
	int progress_fd;     /* is told how far it has come; 0: nobody is */
	bool compare;	     /* for `bundle diff`: no stories are played */
	void (*hook)(void);  /* for tests: called in the child, in its sandbox; or NULL */
};

/* What one rule found on the tape. */
struct rehearse_row {
	char id[48], title[96];
	uint64_t live, candidate; /* matches */
	uint64_t live_print, print; /* fingerprints of what it says; 0: not there */
};

struct rehearse_report {
	uint32_t done; /* the child came to its end */
	uint32_t permille; /* how far it has come, by its own reckoning */
	uint32_t n_rows, pad;
	uint64_t load_us, rules, cases, stories_ns;
	uint64_t golden; /* events that were made of the table */
	uint64_t events, tape_ms, live_ns, candidate_ns, live_matches, candidate_matches;
	char reason[VERDICT_WORD_BYTES]; /* "-": it may go on */
	char text[VERDICT_TEXT_BYTES];
	struct rehearse_row rows[REHEARSE_ROWS];
};

/*
 * rehearse - waits for the child; 0 and @verdict "passed", -ECANCELED and "refused"; or -errno
 * @report: gets what the child found; its texts end, its counts fit, and nothing else is sure.
 */
int rehearse(const struct rehearse_job *job, struct rehearse_report *report,
	     struct verdict *verdict);

#endif
