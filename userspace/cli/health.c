/* SPDX-License-Identifier: Apache-2.0 */
/*
 * health.c - one question, one exit code: for probes
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/cli.h"
#include "cli/sensor_state.h"

extern const struct command command_health;

static int health_run(int argc, char **argv) {
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "live", no_argument, NULL, 'l' },
		{ "ready", no_argument, NULL, 'y' },
		{ "run-folder", required_argument, NULL, 'r' },
		{ 0 },
	};
	const char *folder = VITALS_FOLDER;
	struct vitals_verdict verdict;
	static struct vitals v;
	bool live = false, ready = false, running, fine;
	int option;

	optind = 1;
	opterr = 0;
	while ((option = cli_option(argc, argv, ":h", options)) != -1) {
		if (option == 'h')
			return cli_help(&command_health);
		if (option == 'l')
			live = true;
		else if (option == 'y')
			ready = true;
		else if (option == 'r')
			folder = optarg;
		else
			return cli_bad_option(&command_health, argv, options, option);
	}
	if (argv[optind])
		return cli_misuse(&command_health, "\"%s\" is not an option", argv[optind]);
	if (sensor_state_read(folder, &v, &running) || !running) {
		(void)printf("no sensor runs with the run folder \"%s\"\n", folder);
		return CLI_FAILURE;
	}
	verdict = vitals_judge(&v, clock_ns(CLOCK_BOOTTIME));
	fine = ready ? verdict.ready : live ? verdict.turns : verdict.live;
	/* the answer is the exit code, also where nobody takes the words */
	(void)printf("%s\n", fine ? "ok" : verdict.why);
	return fine ? CLI_OK : CLI_FAILURE;
}

const struct command command_health = {
	.name = "health",
	.summary = "say with the exit code whether the sensor works; for probes",
	.usage = "usage: lapwing health [--live | --ready] [--run-folder DIR]\n"
		 "\n"
		 "Ends with 0 if the sensor runs, its loop turns, and within the last 90 s an\n"
		 "event went from a hook to its sink or the spool; else with 1, and says why. It\n"
		 "asks no process, it reads a page of memory.\n"
		 "\n"
		 "      --live            ask whether it works up to the spool's disk, as /livez\n"
		 "                        does: when not, it helps to start it again\n"
		 "      --ready           ask whether hooks are attached as well, as /readyz does\n"
		 "      --run-folder DIR  the sensor's run folder, " VITALS_FOLDER " by default\n"
		 "\n"
		 "example: sudo lapwing health --ready\n",
	.run = health_run,
};
