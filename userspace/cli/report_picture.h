/* SPDX-License-Identifier: Apache-2.0 */
/* report_picture.h - the picture of `report`: processes and what they did, on a line of time */
#ifndef LAPWING_REPORT_PICTURE_H
#define LAPWING_REPORT_PICTURE_H

#include "base/buf.h"
#include "cli/recall.h"

/*
 * picture_draw - appends an SVG of the processes that are marked, below @root and @root itself
 * @focus: the event that it is all about. A row is a link to "#eN", N from recall_event.order, of
 * an event that is marked then.
 */
void picture_draw(struct buf *out, struct recall *r, const struct recall_process *root,
		  const struct recall_event *focus);

/* picture_what - the file, connection or detection that @e is about, in a line; false: none */
bool picture_what(const struct event *e, char *to, size_t room, const char **ret_class);

#endif
