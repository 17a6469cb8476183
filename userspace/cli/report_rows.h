/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report_rows.h - which rows the picture of `report` has
 *
 * A process, and below it what it did, of which many that are alike share a row. Of more rows than
 * fit those are left out that say the least of the event that the report is about.
 */
#ifndef LAPWING_REPORT_ROWS_H
#define LAPWING_REPORT_ROWS_H

#include "base/arena.h"
#include "cli/recall.h"

#define PICTURE_ROWS 150

struct picture_row {
	const struct recall_process *process;
	struct recall_event *event; /* what it did, the first of @n; NULL: this row is its own */
	uint64_t last_ns;	    /* of @n events */
	uint32_t n, depth;
	const char *class; /* "process", "file", "net" or "hit" */
	struct str text, key;
	size_t up;	   /* the row of its process, or of that one's parent; SIZE_MAX: none */
	unsigned worth;	   /* 0: the most */
	uint64_t away_ns;  /* from the event that it is all about */
	bool drawn, one;   /* @one: all are of one file or connection */
};

struct picture_rows {
	struct picture_row *v; /* in the order of the picture, drawn or not */
	size_t n, cap, n_drawn;
	size_t processes_left, events_left; /* that are not drawn */
	struct arena texts;
};

/*
 * rows_plan - of the processes that are marked, below @root and @root itself
 * Marks each event that a drawn row is about, or begins with. -ENOMEM; rows_done() either way.
 */
int rows_plan(struct recall *r, const struct recall_process *root, const struct recall_event *focus,
	      struct picture_rows *ret);

void rows_done(struct picture_rows *rows);

#endif
