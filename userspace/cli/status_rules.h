/* SPDX-License-Identifier: Apache-2.0 */
/* status_rules.h - the part of `status` that says what each rule was asked, found and took */
#ifndef LAPWING_STATUS_RULES_H
#define LAPWING_STATUS_RULES_H

#include <stdbool.h>

#include "base/buf.h"

/*
 * status_rules_text - for people: a sum, and the rules that took the most time
 * @folder: where the sensor keeps its tally; without one there is nothing to say
 * @all: every rule
 */
void status_rules_text(struct buf *out, const char *folder, bool all);

/* status_rules_json - a value: an array with an object for each rule, or null */
void status_rules_json(struct buf *out, const char *folder);

#endif
