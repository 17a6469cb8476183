/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.h - events of which the rules of a bucket are known to say nothing
 *
 * What rules say of an event depends on the values of the fields that they ask
 * for, and on nothing else. So an event that has the same values as one for which
 * no rule held need not be asked about again: hosts do the same over and over.
 * Values are compared in full, or have a key of event.h, such as that of all
 * that twins have in common; a hash only says where to look. An event for which
 * a rule held is asked about each time, so that hits, correlations and evidence
 * count as they do without this.
 *
 * Bounded: MEMORY_EVENTS of a bucket, each with at most MEMORY_BYTES of values;
 * a new one takes the place of an old one. A bucket whose events hardly ever come
 * again is left alone for a while, after which it is tried once more. Belongs to
 * one rule set, and dies with it.
 */
#ifndef LAPWING_DETECT_MEMORY_H
#define LAPWING_DETECT_MEMORY_H

#include "detect/engine.h"

#define MEMORY_EVENTS 256 /* a power of two, of which each event has two to choose from */
#define MEMORY_BYTES 704

struct memory;

/* memory_new - for the rules of @b, which are asked about events of @kind; -ENOMEM */
int memory_new(const struct bucket *b, uint32_t kind, struct memory **ret);

/* memory_free - also NULL */
void memory_free(struct memory *m);

/* memory_knows - whether no rule holds for @e, which was found before; false: it has to be asked */
bool memory_knows(struct memory *m, const struct event *e);

/* memory_knows_twin - the same by event.twin_key, which is not 0 and all that is looked at */
bool memory_knows_twin(const struct memory *m, const struct event *e);

/* memory_forget - from here on rules may say something that they did not; also NULL */
void memory_forget(struct memory *m);

/* memory_keep - no rule held for @e, of which memory_knows() has just given false */
void memory_keep(struct memory *m, const struct event *e);

#endif
