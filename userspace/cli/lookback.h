/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lookback.h - what tree, explain and report have in common: their options, rules and events
 */
#ifndef LAPWING_LOOKBACK_H
#define LAPWING_LOOKBACK_H

#include "cli/cli.h"
#include "cli/recall.h"
#include "detect/detect.h"

/* What a command takes besides --spool. */
enum { LOOKBACK_JSON = 1, LOOKBACK_RULES = 2, LOOKBACK_OUTPUT = 4 };

struct lookback {
	unsigned takes;
	const char *spool, *rules_path, *output; /* NULL: not said */
	bool json;
	char *const *words; /* behind the options */
	struct ruleset *rules; /* NULL: there are none */
	struct recall recall;
};

/* lookback_options - -1 to go on, else the exit code; what @ret has lives as long as @argv */
int lookback_options(const struct command *c, unsigned takes, int argc, char **argv,
		     struct lookback *ret);

/*
 * lookback_run - reads the rules, if they are taken, and the events of @files, or of the spool
 * without any; then @tell, even if not all could be read. Gives the exit code.
 */
int lookback_run(struct lookback *l, char *const *files, int (*tell)(struct lookback *l));

#define LOOKBACK_USAGE_SPOOL                                                                       \
	"      --spool DIR    the spool, " EXPORT_FOLDER " by default\n"
#define LOOKBACK_USAGE_RULES                                                                       \
	"      --rules PATH   Sigma rules, file or folder; the shipped ones by default\n"

#endif
