/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window.h - what happened lately, group by group, in bounded memory
 *
 * A window holds the hits of one correlation in one group (one value of its
 * group-by), sorted by the time of their events, however late they arrive. It
 * slides: windows_add() lets go of what is older than the span before the
 * newest hit. What is let go stays for WINDOW_LATE_NS more, so that a hit that
 * CPUs reordered still finds its neighbours. Running figures (weight, distinct,
 * sum) are of the hits within the span before the newest; those of another stretch
 * are found from there (correlate_late.c).
 *
 * Everything lies in two pools of fixed size. When one is used up, the window
 * that was touched longest ago gives way, and when a window reaches the most
 * that it may hold, its oldest hit; both are counted, and window->cut_ns says
 * until when it may lack hits, so that no conclusion from it passes for whole.
 */
#ifndef LAPWING_DETECT_WINDOW_H
#define LAPWING_DETECT_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define WINDOW_HITS 65536     /* in all windows, 16 bits of index */
#define WINDOW_GROUPS 8192    /* windows at one time */
#define WINDOW_MOST 32768     /* hits of one window */
#define WINDOW_ID_BYTES 56    /* of an event's id that are kept; longer ones are cut */
#define WINDOW_LATE_NS 10000000000ull
#define WINDOW_NONE UINT32_MAX

/* One hit of a rule. Links are indexes into windows->hits. */
struct window_hit {
	uint64_t time_ns;
	uint64_t value; /* hash of what value_count counts, or the rule's number */
	double number;	/* what value_sum and its like add up */
	uint32_t older, newer;
	uint32_t chain;	 /* the next one in a chain of windows->newest */
	uint32_t weight; /* deeds that the event stands for */
	uint32_t event;	 /* not 0: hits of one event stand in the order of @source */
	uint16_t source; /* which of the correlation's rules it was */
	uint16_t group;	 /* index of its window */
	uint8_t id_n;
	bool inside;  /* within the span before the newest */
	bool counted; /* the newest inside of its value: it is in windows->newest */
	char id[WINDOW_ID_BYTES];
};

/* Running figures of some hits, each of which can be taken away again. */
struct window_total {
	uint64_t weight;
	__extension__ __int128 units; /* of weight times number, in 10^-9: it adds up exactly */
	long double huge;	      /* the same of those that are too large for this, */
	uint32_t n_huge;	      /* and how many they are */
};

struct window {
	uint64_t key;		 /* keyed hash of the correlation and the group's values */
	uint64_t owner;		 /* the correlation's fingerprint */
	uint64_t cut_ns;	 /* hits from before this time may be missing; 0: none are */
	uint64_t fired_event;	 /* at which event that was */
	uint64_t fired_ns;	 /* 1 more than when it was last told that it holds; 0: never */
	uint32_t oldest, newest; /* hits, also those that are only kept for late ones */
	uint32_t from;		 /* the oldest inside */
	uint32_t last;		 /* the hit that was added last, or one near it */
	uint32_t n;
	uint32_t n_distinct; /* values of those inside */
	uint32_t n_inside;
	uint32_t chain;		   /* next one in a chain of windows->groups */
	uint32_t before, after;	   /* in the order of use */
	struct window_total total; /* of those inside */
};

struct windows;

/* windows_new - two empty pools, whose pages are taken when they are first used; -ENOMEM */
int windows_new(struct windows **ret);
void windows_free(struct windows *w);

/* windows_hash - of @n bytes, which attackers choose, behind what @h is the hash of; keyed */
uint64_t windows_hash(const struct windows *w, uint64_t h, const void *bytes, size_t n);

/*
 * windows_get - the window of @owner whose group has the hash @key, made when it is not there
 * Never fails: another one gives way. Borrowed until the next call.
 */
struct window *windows_get(struct windows *w, uint64_t owner, uint64_t key);

/*
 * windows_add - a hit into @g; gives it. @span_ns is how far the window reaches, @most how many
 * hits it may hold (up to WINDOW_MOST). NULL: it is older than everything that is kept.
 * @hit: time_ns, value, number, weight, event, source; @id is copied.
 */
struct window_hit *windows_add(struct windows *w, struct window *g, const struct window_hit *hit,
			       struct str id, uint64_t span_ns, uint32_t most);

/* window_total_add - @hit once more, or (@sign -1) once less */
void window_total_add(struct window_total *t, const struct window_hit *hit, int sign);

/* window_total_sum - weight times number */
long double window_total_sum(const struct window_total *t);

/* windows_drop - lets go of one hit of @g; not counted as an eviction */
void windows_drop(struct windows *w, struct window *g, struct window_hit *hit);

/* windows_same - the newest hit inside @g with @value, or NULL */
struct window_hit *windows_same(struct windows *w, const struct window *g, uint64_t value);

/* window_older, window_newer - the neighbour of @hit in its window, or NULL */
struct window_hit *window_older(struct windows *w, const struct window_hit *hit);
struct window_hit *window_newer(struct windows *w, const struct window_hit *hit);
struct window_hit *window_newest(struct windows *w, const struct window *g);

/* window_from - the oldest hit inside @g, or NULL */
struct window_hit *window_from(struct windows *w, const struct window *g);

/*
 * windows_each - calls @each for every window; it may change neither pool
 * Those of which it gives false are let go of.
 */
void windows_each(struct windows *w, bool (*each)(void *ctx, struct window *g), void *ctx);

struct windows_figures {
	uint32_t n_groups, n_hits; /* at present */
	uint64_t groups_evicted;   /* windows that gave way to others */
	uint64_t hits_evicted;	   /* hits of a window that was full */
	uint64_t late;		   /* hits older than everything kept: not counted */
};

const struct windows_figures *windows_figures(const struct windows *w);

#endif
