/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text.h - pieces of a readable line, for this room and for commands that tell of events
 *
 * Whatever a stranger chose (names, paths, arguments) goes through text_word():
 * it comes out as one word that a screen only shows, quoted where it holds
 * anything but plain characters. So no event can look like two, and no name
 * like a part of the line.
 */
#ifndef LAPWING_TEXT_H
#define LAPWING_TEXT_H

#include "base/buf.h"
#include "event/event.h"

/* text_word - @x, quoted like a shell would need it if it is not plain; "''" when empty */
void text_word(struct buf *out, struct str x);

/* text_shown - @x with what a screen would obey made visible, never quoted */
void text_shown(struct buf *out, struct str x);

/* text_duration - "850 us", "1.2 ms", "3.40 s", "2 h 05 min" */
void text_duration(struct buf *out, uint64_t ns);

/* text_error - "ECONNREFUSED", or "errno 4000" */
void text_error(struct buf *out, uint32_t error);

/* text_outcome - "  failed: ENOENT"; nothing when it did not fail */
void text_outcome(struct buf *out, const struct event *e);

/*
 * text_fields - "  exit.code=0 exit.run_ns=5": what the event tells besides who did it
 * The line of every kind that has no sentence of its own; the names are those that rules use.
 */
void text_fields(struct buf *out, const struct event *e);

/* What was done, to what: the part of the line behind the process, with the space before it. */
void text_process(struct buf *out, const struct event *e);
void text_file(struct buf *out, const struct event *e);
void text_net(struct buf *out, const struct event *e);
void text_dns(struct buf *out, const struct event *e);
void text_host(struct buf *out, const struct event *e);

#endif
