/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filter.h - conditions that are added to rules from outside (Sigma filters)
 *
 * A filter is joined to a rule by "and", as its condition is written: to leave
 * something out it says "not". It is for the rules that it names, or all, of a
 * log source that has every attribute which the filter's names.
 */
#ifndef LAPWING_DETECT_FILTER_H
#define LAPWING_DETECT_FILTER_H

#include "detect/build.h"

struct filter {
	struct rule head;  /* what it has in common with a rule; its expr is what is added */
	struct str *rules; /* ids and names; none: any rule */
	uint32_t n_rules;
	bool reaches; /* some rule, where it names none */
	struct filter *next;
};

/* A filter that names the rule. */
struct filter_use {
	const struct filter *filter;
	struct filter_use *next;
};

/* filter_build - one document with 'filter' */
int filter_build(struct build *b, const struct node *doc);

/*
 * filter_apply - every filter to its rules, once all documents are read
 * That a filter names a rule which is not loaded, or that no rule is of its log source, is no
 * fault: it is noted among what is skipped, with the reason. -ENOMEM.
 */
int filter_apply(struct build *b);

#endif
