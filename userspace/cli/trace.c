/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace.c - one command and its descendants, and nobody else
 */
#include "base/log.h"
#include "cli/sensor.h"

extern const struct command command_trace;

enum { OPTION_FOLLOW = SENSOR_OWN, OPTION_SUMMARY };

static int trace_run(int argc, char **argv) {
	static const struct option options[] = {
		SENSOR_LONG_OPTIONS,
		{ "follow", no_argument, NULL, OPTION_FOLLOW },
		{ "summary", no_argument, NULL, OPTION_SUMMARY },
		{ 0 },
	};
	struct session_options o = sensor_options();
	int option, code;

	o.summary = false;
	optind = 1;
	opterr = 0;
	while ((option = cli_option(argc, argv, SENSOR_SHORT_OPTIONS, options)) != -1) {
		switch (option) {
		case 'h':
			return cli_help(&command_trace);
		case OPTION_FOLLOW:
			o.follow = true;
			code = CLI_OK;
			break;
		case OPTION_SUMMARY:
			o.summary = true;
			code = CLI_OK;
			break;
		default:
			code = sensor_option(&command_trace, option, &o);
		}
		if (code < 0)
			return cli_bad_option(&command_trace, argv, options, option);
		if (code)
			return code;
	}
	if (!argv[optind])
		return cli_misuse(&command_trace, "which command is to be run?");
	o.command = argv + optind;
	/* the command has standard output for itself unless it is asked for */
	if (!o.n_outputs)
		o.outputs[o.n_outputs++] = "text:/dev/stderr";
	code = sensor_finish(&command_trace, &o);
	return code ? code : session_run(&o);
}

const struct command command_trace = {
	.name = "trace",
	.summary = "run a command and show what it and its descendants do",
	.usage =
		"usage: lapwing trace [OPTION]... [--] COMMAND [ARGUMENT]...\n"
		"\n"
		"Events go to standard error unless -o says otherwise. The exit code is the\n"
		"command's (128 + N when signal N ended it).\n"
		"\n"
		"      --follow        go on until the command's last descendant has ended\n"
		"      --summary       header and summary, as `lapwing run` has them\n" SENSOR_USAGE
		"\n"
		CLI_MORE("trace")
		"\n"
		"example: sudo lapwing trace -- sh -c 'touch /tmp/x; curl -s localhost'\n",
	.more = SENSOR_USAGE_MORE,
	.run = trace_run,
};
