/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expand.h - values with placeholders, "srv-%site%", spelled out
 */
#ifndef LAPWING_DETECT_EXPAND_H
#define LAPWING_DETECT_EXPAND_H

#include "detect/build.h"

#define MAX_EXPANDED 10000 /* spellings of one value */

/*
 * expand_text - @value's text with each %name% replaced by every value that the options give it
 *
 * A name is of letters, digits, '_', '-' and '.'; "\%" is a literal '%', and so is any that
 * begins no name. What a placeholder stands for is read as a rule's text, wildcards included.
 * 0; -EINVAL with a fault reported, as of a name without a value; -ENOMEM. @ret is in @b->temp.
 */
int expand_text(struct build *b, const struct node *value, struct str **ret, uint32_t *ret_n);

#endif
