/* SPDX-License-Identifier: Apache-2.0 */
/*
 * format.h - how an event is written: for a sink, by name, and for a direct output
 */
#ifndef LAPWING_FORMAT_H
#define LAPWING_FORMAT_H

#include "base/buf.h"
#include "event/event.h"
#include "sink/output.h"

/* Appends one event. Protobuf goes without its length: telling messages apart is the sink's. */
typedef void format_encode(struct buf *out, const struct event *e);

/* format_find - the encoder whose name is @name; NULL: there is none */
format_encode *format_find(const char *name);

/* format_output - appends one event to @to in its own format; @color: text only */
void format_output(struct output *to, const struct event *e, bool color);

#endif
