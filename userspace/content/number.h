/* SPDX-License-Identifier: Apache-2.0 */
/*
 * number.h - decimals of this room's files; for this room only
 */
#ifndef LAPWING_CONTENT_NUMBER_H
#define LAPWING_CONTENT_NUMBER_H

#include <stdint.h>

#include "base/str.h"

/* number_parse - a decimal that is all of @x, digits only; -EBADMSG: it is none, or past 64 bits */
int number_parse(struct str x, uint64_t *ret);

#endif
