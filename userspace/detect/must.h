/* SPDX-License-Identifier: Apache-2.0 */
/*
 * must.h - a text that stands in whatever a regex matches
 */
#ifndef LAPWING_DETECT_MUST_H
#define LAPWING_DETECT_MUST_H

#include "base/arena.h"

/*
 * must_find - the longest run of plain characters of @regex that every match has, in small letters
 * @caseless: option 'i' is set. @ret is empty when none is sure. 0 or -ENOMEM.
 */
int must_find(struct arena *arena, struct str regex, bool caseless, struct str *ret);

#endif
