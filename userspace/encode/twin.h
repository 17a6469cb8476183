/* SPDX-License-Identifier: Apache-2.0 */
/*
 * twin.h - events that are equal but for what is their own (event.twin_key), for proto.c
 *
 * The first with a key is written as any other, and kept. Where what is its own takes as many
 * bytes, its twin is a copy of that in which they are replaced: encode_twin(). MOULDS of them, each
 * new one in the place of an old one.
 */
#ifndef LAPWING_ENCODE_TWIN_H
#define LAPWING_ENCODE_TWIN_H

#include "base/buf.h"
#include "event/event.h"

/* twin_keep - @e, which has a key, was written into the @n bytes at @from, their length first */
void twin_keep(const struct event *e, const char *from, size_t n);

#endif
