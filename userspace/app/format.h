/* SPDX-License-Identifier: Apache-2.0 */
/*
 * format.h - how an event is written for a sink, by name
 */
#ifndef LAPWING_FORMAT_H
#define LAPWING_FORMAT_H

#include "base/buf.h"
#include "event/event.h"

/* Appends one event. Protobuf goes without its length: telling messages apart is the sink's. */
typedef void format_encode(struct buf *out, const struct event *e);

/* format_find - the encoder whose name is @name; NULL: there is none */
format_encode *format_find(const char *name);

#endif
