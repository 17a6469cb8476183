/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rules.h - what the parts of `lapwing rules` have in common
 */
#ifndef LAPWING_CLI_RULES_H
#define LAPWING_CLI_RULES_H

#include "cli/cli.h"
#include "detect/detect.h"

extern const struct command command_rules;

struct rules_job {
	const char **paths; /* what was named; else the shipped rules */
	size_t n_paths;
	const char *which; /* explain: the rule */
	bool json, all_hooks;
	struct detect_options detect;
};

/* rules_test - runs the events of every sidecar; gives the exit code */
int rules_test(const struct rules_job *job);

/* rules_coverage - what of the rules can hold on this host; gives the exit code */
int rules_coverage(const struct rules_job *job);

/*
 * rules_select - takes one of the options --level, --tag and --status
 * CLI_OK, CLI_USAGE with the fault said, or -1: it is none of these.
 */
enum { RULES_LEVEL = 512, RULES_TAG, RULES_STATUS };

/* clang-format off */
#define RULES_SELECT_OPTIONS                                          \
	{ "level", required_argument, NULL, RULES_LEVEL },            \
	{ "tag", required_argument, NULL, RULES_TAG },                \
	{ "status", required_argument, NULL, RULES_STATUS }

#define RULES_SELECT_USAGE                                                                     \
	"      --level LEVEL   only rules of this level or above\n"                            \
	"      --tag TAG       only rules with such a tag: attack.t1059 (repeatable)\n"        \
	"      --status WORD   only rules of this status (repeatable)\n"
/* clang-format on */

int rules_select(const struct command *c, int option, struct detect_options *ret);

#endif
