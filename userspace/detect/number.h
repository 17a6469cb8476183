/* SPDX-License-Identifier: Apache-2.0 */
/*
 * number.h - the number that a text is
 *
 * "-"? digits ("." digits)? ([eE] [+-]? digits)?, as JSON writes it, nothing else
 * around it; at most 40 digits, an exponent of at most 400, and no more than a double
 * holds. Exact for every 64-bit integer where long double has 64 bits of mantissa.
 */
#ifndef LAPWING_DETECT_NUMBER_H
#define LAPWING_DETECT_NUMBER_H

#include "base/str.h"

/* number_read - 0, or -EINVAL when @x is not a number */
int number_read(struct str x, long double *ret);

#endif
