/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trial.h - gates 3 and 4: a bundle that was let in, until it is proven or gone
 *
 *     CONTROL ───────▶ SHADOW ────────▶ PROBATION ──────▶ proven: it is last known good
 *     what is normal   beside the live  live, on trial
 *     on this host     rules            │
 *     └────────────────┴────────────────┴──▶ rolled back: a breach, or silence
 *
 * Pure: samples and a clock go in, a verdict comes out. A sample is what the worker measured since
 * the one before. Missing data fails: who does not report is not well.
 */
#ifndef LAPWING_CONTENT_TRIAL_H
#define LAPWING_CONTENT_TRIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum trial_stage {
	TRIAL_NONE = 0,
	TRIAL_CONTROL = 1,
	TRIAL_SHADOW = 2,
	TRIAL_PROBATION = 3,
	TRIAL_STAGES = 4,
};

enum trial_verdict { TRIAL_CONTINUE, TRIAL_PROMOTE, TRIAL_ROLLBACK };

/* What the worker measured in @span_ms; it goes through a pipe, so it has no pointers. */
struct trial_sample {
	uint64_t boot_ms;     /* when, CLOCK_BOOTTIME */
	uint64_t span_ms;
	uint64_t serial;      /* of the state that the worker has taken up */
	uint64_t told;	      /* bytes of the history that are told */
	uint64_t events;      /* that rules have seen */
	uint64_t lost;	      /* records lost, all causes */
	uint64_t cpu_us;      /* of the worker, all its threads */
	uint64_t rss_bytes;
	uint64_t lag_ms;      /* how old the oldest event is that a sink has to get */
	uint64_t exec_ns;     /* that a fork and exec took (app/pacer.h); 0: none was measured */
	uint64_t others_permille; /* of the host's CPUs, that others than the worker kept busy */
	uint64_t matches;     /* of the live rules */
	uint64_t candidate_matches; /* of those in the shadow */
	uint64_t candidate_ns;	    /* that they took */
	uint64_t disarmed;    /* rules of the trial's over their budget, since it is loaded */
	uint64_t failed;      /* 1: the worker could not load what the state names */
	uint64_t leaving;     /* 1: it ends in order, and this is the last one */
};

/* Bounds; all zero members mean the default in brackets. */
struct trial_limits {
	uint64_t control_ms;	   /* (60 s) */
	uint64_t shadow_ms;	   /* (24 h), and */
	uint64_t shadow_events;	   /* (1,000,000), or: */
	uint64_t shadow_max_ms;	   /* (7 d) a quiet host waits no longer */
	uint64_t probation_ms;	   /* (10 min) */
	uint64_t silence_ms;	   /* (15 s) without a sample */
	uint64_t cpu_permille;	   /* (20) of one host's CPUs, and */
	uint64_t cpu_over_percent; /* (10) over what was normal */
	uint64_t rss_over_percent; /* (15) likewise */
	uint64_t rss_slack_bytes;  /* (32 MiB) */
	uint64_t lost_ppm;	   /* (100) of events */
	uint64_t lag_ms;	   /* (30 s) for ten samples, where it was less before */
	uint64_t exec_over_percent; /* (5) over what was normal, and */
	uint64_t exec_slack_ns;	   /* (500,000), for ten samples, while */
	uint64_t others_permille;  /* (700) of the CPUs are busy for others at most, and */
	uint64_t others_more_permille; /* (100) more than before; or ten times that slow */
	uint64_t matches_times;	   /* (3) what was normal, and */
	uint64_t matches_burst;	   /* (20) */
	uint64_t matches_hour;	   /* (50) */
	uint64_t event_ns;	   /* (50,000) that the candidate may take for one, on average */
	uint32_t cpus;		   /* (1) */
	uint32_t pad;
};

struct trial_sum {
	uint64_t ms, events, lost, cpu_us, matches, candidate_matches, candidate_ns;
	uint64_t rss_bytes, lag_ms; /* the most */
	uint64_t execs, exec_ns;    /* that were measured, all their time, */
	uint64_t others_permille;   /* and the sum of what others kept busy meanwhile */
};

struct trial {
	enum trial_stage stage;
	uint64_t began_ms; /* the stage */
	uint64_t heard_ms; /* the last sample */
	uint64_t serial;   /* samples of another state are not of this stage */
	uint32_t lagging, slow; /* samples in a row with too much lag; with too slow an exec */
	struct trial_sum control, sum;
};

/* trial_defaults - fills what is zero */
void trial_defaults(struct trial_limits *l);

/*
 * trial_begin - at @stage; @serial: of the state that says so
 * What CONTROL has measured lives on through the stages after it.
 */
void trial_begin(struct trial *t, enum trial_stage stage, uint64_t serial, uint64_t now_ms);

/*
 * trial_step - after each sample, and at least once a second without (@s NULL)
 * TRIAL_PROMOTE: the stage is passed. @ret_reason: a word, static; @why: a sentence with its
 * figures, with room for @n bytes.
 */
enum trial_verdict trial_step(struct trial *t, const struct trial_limits *l,
			      const struct trial_sample *s, uint64_t now_ms,
			      const char **ret_reason, char *why, size_t n);

/* trial_word - "none", "control", "shadow", "probation" */
const char *trial_word(enum trial_stage stage);

#endif
