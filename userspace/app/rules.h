/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rules.h - loading rules for people: what is wrong is logged, fault by fault
 */
#ifndef LAPWING_RULES_H
#define LAPWING_RULES_H

#include "detect/detect.h"

/*
 * rules_load - as ruleset_load(), and logs each fault, also of documents that others load beside
 * 0 paths give NULL and 0.
 */
int rules_load(const char *const *paths, size_t n, const struct detect_options *options,
	       struct ruleset **ret);

/* rules_default - the folder of shipped rules, if it is there: beside the program, or installed */
const char *rules_default(void);

#endif
