/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lookback.h - what tree, explain and report have in common: their options, rules and events
 */
#ifndef LAPWING_LOOKBACK_H
#define LAPWING_LOOKBACK_H

#include "cli/cli.h"
#include "app/settings.h"
#include "cli/recall.h"
#include "detect/detect.h"

/* What a command takes besides --spool. */
enum { LOOKBACK_JSON = 1, LOOKBACK_RULES = 2, LOOKBACK_OUTPUT = 4 };

struct lookback {
	unsigned takes;
	const char *config, *spool, *rules_path, *output; /* NULL: not said */
	bool json;
	char *const *words; /* behind the options */
	struct ruleset *rules; /* NULL: there are none */
	const char *asked;     /* whose they are, for people */
	struct recall recall;
};

/* lookback_options - -1 to go on, else the exit code; what @ret has lives as long as @argv */
int lookback_options(const struct command *c, unsigned takes, int argc, char **argv,
		     struct lookback *ret);

/*
 * lookback_run - reads the rules, if they are taken, and the events of @files, or of the spool
 * without any; then @tell, even if not all could be read. Gives the exit code. Rules and spool are
 * those of the sensor here, as its configuration and its live bundle have them, unless said.
 */
int lookback_run(struct lookback *l, char *const *files, int (*tell)(struct lookback *l));

#define LOOKBACK_USAGE_SPOOL                                                                       \
	"      --spool DIR    the spool; else that of the configuration\n"               \
	"      --config FILE  the sensor's (" SETTINGS_FILE ")\n"
#define LOOKBACK_USAGE_RULES                                                                       \
	"      --rules PATH   Sigma rules, file or folder; else the configuration's, the\n"   \
	"                     live bundle's, or the shipped ones\n"

#endif
