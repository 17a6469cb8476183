/* SPDX-License-Identifier: Apache-2.0 */
/*
 * correlate.h - rules about the hits of rules (Sigma correlations)
 *
 *     rule ── use ── correlation ── use ── correlation …
 *
 * A hit of a rule goes to each correlation that refers to it (its uses), into
 * the window of the group that the event's values name. Whether the correlation
 * holds is asked when a hit arrives, for the stretch of one timespan, both ends
 * included, that ends with it (and, when it arrived late, for those stretches
 * that end with its followers). When it holds, that is a hit in its turn, for
 * the correlations that refer to it.
 *
 * Time is the event's own: CLOCK_BOOTTIME where it is known, else the wall clock.
 */
#ifndef LAPWING_DETECT_CORRELATE_H
#define LAPWING_DETECT_CORRELATE_H

#include "detect/build.h"
#include "detect/window.h"

#define MAX_CORRELATIONS 2000
#define MAX_REFERENCES 64   /* rules of one correlation */
#define MAX_GROUP_FIELDS 16 /* of group-by, and of a condition */
#define MAX_HIT_DEPTH 16    /* correlations of correlations */
#define MAX_EVIDENCE 32	    /* events that one detection names */
#define GROUP_TEXT_BYTES 512 /* of a group's value that are shown */

enum correlation_type {
	EVENT_COUNT,
	VALUE_COUNT,
	TEMPORAL,
	TEMPORAL_ORDERED,
	VALUE_SUM,
	VALUE_AVG,
	VALUE_PERCENTILE,
	VALUE_MEDIAN
};

enum bound_op { BOUND_GT, BOUND_GTE, BOUND_LT, BOUND_LTE, BOUND_EQ, BOUND_NEQ };

struct bound {
	enum bound_op op;
	double than;
};

/* Where a hit of one reference has a value: in a slot of the event, or in the inner's group. */
struct lookup {
	struct slot *slot; /* NULL: @inner */
	uint32_t inner;	   /* place in the inner correlation's group-by; UINT32_MAX: nowhere */
};

/* One of a correlation's rules: either @rule or @inner, once all is resolved. */
struct reference {
	struct str text; /* id or name, as written */
	uint32_t line, column;
	struct rule *rule;
	struct correlation *inner;
	struct lookup *group, *fields;
};

struct alias {
	struct str name, rule, field;
	uint32_t line, column;
};

struct correlation {
	struct rule head; /* what it has in common with a rule; no expr */
	uint8_t type;	  /* enum correlation_type */
	bool generate;
	uint8_t n_bounds;
	struct bound bounds[2];
	double percentile;
	uint64_t span_ns;
	struct reference *references;
	struct str *group, *fields;
	struct alias *aliases;
	uint32_t n_references, n_group, n_fields, n_aliases;
	uint32_t visit;		  /* while cycles are looked for */
	struct event_kinds kinds; /* whose loss leaves its windows wanting */
	uint64_t gap_ns;	  /* 1 more than when such a loss was last told; 0: never */
	uint64_t unjudged_ns;	  /* likewise, that it could not be judged */
	uint64_t lacks;		  /* while a loss is judged: what the nearest window lacks */
	struct correlation *next;
};

/* Who wants the hits of a rule or correlation. */
struct correlate_use {
	struct correlation *correlation;
	uint32_t reference; /* which of its references */
	struct correlate_use *next;
};

/* A set's correlations, all that run. */
struct correlations {
	struct correlation **v;
	uint32_t n;
	struct windows *windows;
	bool always; /* told at each event at which it holds, not once per group and window */
	struct detection *found; /* of the running event; room for room */
	uint32_t n_found, room;
	uint64_t crowded; /* hits that found no room in one event's detections */
};

/* --- loading: all give 0, -EINVAL with a fault reported, or -ENOMEM -------------------------- */

/* correlate_build - one document with 'correlation' */
int correlate_build(struct build *b, const struct node *doc);

/* correlate_resolve - once all documents are read; joins them, and marks rules that are quiet */
int correlate_resolve(struct build *b);

void correlations_free(struct correlations *c);

/* correlations_adopt - takes over from @old the windows of correlations that did not change */
void correlations_adopt(struct correlations *c, struct correlations *old);

/* --- matching -------------------------------------------------------------------------------- */

/* correlate_begin - a new event: what the last one led to is forgotten */
void correlate_begin(struct correlations *c);

/* correlate_hit - @r holds for the event that is current in @set->match */
void correlate_hit(struct ruleset *set, const struct rule *r);

/* correlate_lost - a HOST_LOSS; or a HOST_START, with which all windows end */
void correlate_host(struct ruleset *set, const struct event *e);

/* --- one window; correlate_judge.c ------------------------------------------------------------ */

/* correlation_most - how many hits a window of @c may hold */
uint32_t correlation_most(const struct correlation *c);

/* correlation_agrees - whether @c, of neither an order nor a percentile, holds for these figures */
bool correlation_agrees(const struct correlation *c, const struct window_total *t,
			uint32_t n_distinct);

/* correlation_walks - whether @c is of an order or a percentile, found by walking a stretch */
static inline bool correlation_walks(const struct correlation *c) {
	return c->type == TEMPORAL_ORDERED || c->type == VALUE_PERCENTILE ||
	       c->type == VALUE_MEDIAN;
}

/*
 * correlation_holds - whether @c holds for the stretch of @g that ends with @end, which has to be
 * the newest hit unless it is about an order or a percentile
 */
bool correlation_holds(const struct correlation *c, struct windows *w, const struct window *g,
		       struct window_hit *end);

/*
 * correlation_late - the end of a stretch that @late is part of and for which @c holds, or NULL
 * @late: a hit of @g that newer ones were there before; correlate_late.c
 */
struct window_hit *correlation_late(const struct correlation *c, struct windows *w,
				    const struct window *g, struct window_hit *late);

/* correlation_lacks - how many more hits could make @c hold for @g (NULL: an empty window) */
uint64_t correlation_lacks(const struct correlation *c, const struct window *g);

/*
 * correlation_evidence - the hits of that stretch which led to it, the oldest first; gives how
 * many, at most MAX_EVIDENCE, the newest ones
 */
uint32_t correlation_evidence(const struct correlation *c, struct windows *w,
			      const struct window *g, struct window_hit *end,
			      struct window_hit *ret[MAX_EVIDENCE]);

#endif
