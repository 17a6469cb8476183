/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vitals.h - what the sensor knows of itself, on a page that others may look at
 *
 * The sensor writes the file "vitals" in its run folder about once a second, by copying memory;
 * whoever wants to know (`status`, `health`, the process that answers /metrics) maps it and takes
 * a copy. So nobody who asks can cost the sensor anything. Times are CLOCK_BOOTTIME.
 */
#ifndef LAPWING_VITALS_H
#define LAPWING_VITALS_H

#include <stdbool.h>
#include <stdint.h>

#include "event/event.h"

#define VITALS_FOLDER "/run/lapwing"
#define VITALS_FILE "vitals"

/* What somebody is told who looks for what hooks cost where the kernel does not count it. */
#define VITALS_UNCOUNTED "not counted; sysctl kernel.bpf_stats_enabled=1 has the kernel count it"

#define VITALS_DEEDS 160
#define VITALS_PROGRAMS 128
#define VITALS_BUSY 10
#define VITALS_CAUSES 5 /* enum wire_loss */

/* The same words and order as enum coverage_state. */
enum vitals_state { VITALS_GAP, VITALS_UNTRIED, VITALS_PROVEN, VITALS_SILENT, VITALS_STATES };

struct vitals_deed {
	char name[32];	/* "file.rename" */
	char hook[44];	/* or "" */
	uint32_t state; /* enum vitals_state */
};

/* Since load; @runs and @run_ns only count while the kernel's BPF statistics are on. */
struct vitals_program {
	char name[16];
	uint64_t runs, run_ns;
	uint64_t misses; /* the kernel skipped it, because it interrupted itself */
};

/* One of those that most was told of. */
struct vitals_busy {
	char name[44];	    /* of the process, or of the container; "": not known */
	char container[68]; /* its id; "": none, or not known */
	char runtime[16];
	uint32_t pid; /* 0: the row is a container's */
	uint32_t pad;
	uint64_t events; /* in busy_ns */
};

struct vitals {
	char version[32];
	char mode[16];	      /* guard_word() of the level that it runs at */
	char mode_reason[160]; /* why that is not "full" */
	char coverage[16];    /* "full"; "reduced": a deed has no or a silent hook; "blind" */
	char spool[256]; /* its folder; "": none */
	int32_t pid;
	uint32_t bpf_stats;   /* 1: kernel.bpf_stats_enabled */
	int32_t content_ring; /* of this host; -1: rules do not come by bundle */
	int32_t listen_error; /* -errno: so long nobody answers at this address; 0: somebody does */
	char listen[64];      /* "127.0.0.1:9467"; "": it was not asked for */
	uint64_t content_version; /* of the bundle that is live; 0: none */
	uint64_t began_ns;
	uint64_t began_wall_s; /* CLOCK_REALTIME, seconds */
	uint64_t beat_ns;      /* the main loop was here */
	uint64_t pulse_ns;     /* last, an event went from hook to sink or spool; 0: never */
	uint64_t turn_ns;      /* last, one went that far, or the spool's disk did not take it */
	uint64_t answer_ns;    /* from a hook to the collector, at the last deed of our own */
	uint64_t produced, received, malformed, not_run;
	uint64_t events[WIRE_KIND_MAX];
	uint64_t lost[WIRE_KIND_MAX][VITALS_CAUSES];
	uint64_t folds, folded, detections;
	uint64_t unwritten;   /* events that the spool's disk did not take */
	/* containers asked about, answers, containers that nobody knew; requests that failed */
	uint64_t names_asked, names_answered, names_unknown, names_failures;
	uint64_t names_pending;
	char names_said[160]; /* of who is asked; "": nobody has answered yet, or nobody is asked */
	uint64_t cpu_ns, resident_bytes;
	uint64_t rules, rule_evaluations, rule_hits, rule_ns;
	uint64_t busy_ns; /* the time that the two lists of the busiest are of */
	uint32_t n_processes, n_containers;
	struct vitals_busy processes[VITALS_BUSY], containers[VITALS_BUSY]; /* most first */
	uint32_t n_deeds, n_programs;
	struct vitals_deed deeds[VITALS_DEEDS];
	struct vitals_program programs[VITALS_PROGRAMS];
};

struct vitals_page;

/*
 * vitals_create - the page of a sensor, in @folder, which is made (0700) if it is not there
 * NULL: in no folder; only our own children see it.
 * -EBUSY: another process has it. Other -errno.
 */
int vitals_create(const char *folder, struct vitals_page **ret);

/* vitals_publish - @v is what readers see from now on */
void vitals_publish(struct vitals_page *p, const struct vitals *v);

/*
 * vitals_open - somebody else's page
 * -ENOENT: no sensor has run since the machine started; -EBADMSG: not ours, or of another version.
 */
int vitals_open(const char *folder, struct vitals_page **ret);

/* vitals_copy - what was published last; -EAGAIN: nothing yet */
int vitals_copy(const struct vitals_page *p, struct vitals *ret);

/* vitals_running - whether the process that made the page is there; not for that process itself */
bool vitals_running(const struct vitals_page *p);

/* vitals_close - NULL is fine; the file stays */
void vitals_close(struct vitals_page *p);

/* What follows from it. */
struct vitals_verdict {
	bool turns; /* the loop turns, and events go as far as the disk: no start mends more */
	bool live;  /* the loop turns, and events go from hook to sink */
	bool ready; /* and hooks are attached */
	const char *why; /* not live or not ready: one sentence; else "ok"; static */
	uint64_t beat_age_ns, pulse_age_ns;
};

/* vitals_judge - @now_ns: CLOCK_BOOTTIME */
struct vitals_verdict vitals_judge(const struct vitals *v, uint64_t now_ns);

/* vitals_state_name - "gap", "untried", "proven", "silent" */
const char *vitals_state_name(uint32_t state);

/* vitals_cause_name - "ring_full", "no_slot", "malformed", "not_run" */
const char *vitals_cause_name(uint32_t cause);

/* vitals_states - how many deeds are in each state */
void vitals_states(const struct vitals *v, uint32_t ret[VITALS_STATES]);

/* vitals_lost - of all kinds, for @cause */
uint64_t vitals_lost(const struct vitals *v, uint32_t cause);

#endif
