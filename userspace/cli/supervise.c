/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supervise.c - the sensor as a service: started again, with less of it when it died
 */
#include <string.h>

#include "app/orders.h"
#include "app/supervisor.h"
#include "cli/sensor.h"

extern const struct command command_supervise;

enum { OPTION_PROVE = 256, OPTION_SILENCE, OPTION_START, OPTION_CALM, OPTION_SETTLE,
       OPTION_COUNT, OPTION_EVERY, OPTION_CORE, OPTION_NEW, OPTION_OFF };

#define STRICT_S 86400

enum newness { CAUTIOUS, STRICT, EAGER };

/*
 * take_new - how the owner wants a kernel met that this sensor was never proven on, or the other
 * way round: strict waits, cautious attaches with rests, eager with none. All three note each step.
 */
static int take_new(const char *word, enum newness *ret) {
	static const char *const words[] = { "cautious", "strict", "eager" };
	const char *near = cli_nearest(word, words, 3);

	for (int i = 0; i < 3; i++) {
		if (strcmp(word, words[i]) != 0)
			continue;
		*ret = (enum newness)i;
		return CLI_OK;
	}
	return cli_misuse(&command_supervise, "--new-kernel takes strict, cautious or eager, not "
			  "\"%s\"%s%s%s", word, near ? "; did you mean \"" : "", near ? near : "",
			  near ? "\"?" : "");
}

static int run_supervise(int argc, char **argv) {
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "guard", required_argument, NULL, 'g' },
		{ "prove", required_argument, NULL, OPTION_PROVE },
		{ "silence", required_argument, NULL, OPTION_SILENCE },
		{ "start", required_argument, NULL, OPTION_START },
		{ "calm", required_argument, NULL, OPTION_CALM },
		{ "settle-ms", required_argument, NULL, OPTION_SETTLE },
		{ "count", required_argument, NULL, OPTION_COUNT },
		{ "count-every", required_argument, NULL, OPTION_EVERY },
		{ "new-kernel", required_argument, NULL, OPTION_NEW },
		{ "new-kernel-for", required_argument, NULL, OPTION_CORE },
		{ "off-file", required_argument, NULL, OPTION_OFF },
		{ 0 },
	};
	struct supervisor_options o = { .folder = SUPERVISOR_FOLDER,
					.off_file = ORDERS_OFF_FILE,
					.prove_s = 600,
					.silence_s = 30,
					.start_s = 120,
					.calm_s = 3600,
					.count_s = 15,
					.count_every_s = 300,
					.settle_ms = 100,
					.core_s = STRICT_S };
	enum newness new = CAUTIOUS;
	uint32_t *seconds[] = { &o.prove_s, &o.silence_s, &o.start_s, &o.calm_s, &o.settle_ms,
				&o.count_s, &o.count_every_s, &o.core_s };
	int option, code;
	long n;

	optind = 1;
	opterr = 0;
	while ((option = cli_option(argc, argv, "+:hg:", options)) != -1) {
		switch (option) {
		case 'h':
			return cli_help(&command_supervise);
		case 'g':
			o.folder = optarg;
			break;
		case OPTION_OFF:
			o.off_file = optarg;
			break;
		case OPTION_NEW:
			code = take_new(optarg, &new);
			if (code)
				return code;
			break;
		case OPTION_PROVE:
		case OPTION_SILENCE:
		case OPTION_START:
		case OPTION_CALM:
		case OPTION_SETTLE:
		case OPTION_COUNT:
		case OPTION_EVERY:
		case OPTION_CORE:
			code = sensor_number(&command_supervise, "a time", optarg, 0, 1000000, &n);
			if (code)
				return code;
			*seconds[option - OPTION_PROVE] = (uint32_t)n;
			break;
		default:
			return cli_bad_option(&command_supervise, argv, options, option);
		}
	}
	o.core_s = new == STRICT ? o.core_s : 0;
	o.settle_ms = new == EAGER ? 0 : o.settle_ms;
	if (o.count_every_s && o.count_every_s <= o.count_s)
		return cli_misuse(&command_supervise, "--count must be below --count-every");
	o.worker = argv + optind;
	if (*o.worker && !strcmp(*o.worker, "run"))
		o.worker++;
	return supervisor_run(&o);
}

const struct command command_supervise = {
	.name = "supervise",
	.summary = "run the sensor as a service, with less of it after it died",
	.usage = "usage: lapwing supervise [OPTION]... [--] [OPTION OF lapwing run]...\n"
		 "\n"
		 "Starts `lapwing run`, and again when it dies: after two deaths in a row with\n"
		 "the content proven last, then only fork, exec and exit, then no hook at all.\n"
		 "\n"
		 "  -g, --guard DIR    what is remembered of starts (" SUPERVISOR_FOLDER ")\n"
		 "      --prove S      proven after S seconds (600)\n"
		 "      --silence S    killed when silent for S seconds (30)\n"
		 "      --start S      likewise between two steps of its start (120)\n"
		 "      --calm S       a higher level is tried after S seconds (3600)\n"
		 "      --new-kernel WORD  on a kernel where this sensor was never proven: strict\n"
		 "                     runs only fork, exec and exit at first, cautious rests\n"
		 "                     after each program, eager does not (cautious)\n"
		 "      --new-kernel-for S  strict ends after S seconds (86400), or by\n"
		 "                     `lapwing mode release`\n"
		 "      --settle-ms N  rest after each program attached for the first time (100)\n"
		 "      --count S      so long does the kernel count what programs cost (15)\n"
		 "      --count-every S  of each so long (300; 0: never), for hooks_budget\n"
		 "      --off-file F   if it is there nothing starts (" ORDERS_OFF_FILE ")\n"
		 "\n"
		 "\"" ORDERS_OFF_WORD "\" on the kernel's command line switches it off too.\n"
		 "\n"
		 "example: sudo lapwing supervise -- --config /etc/lapwing/lapwing.yaml\n",
	.run = run_supervise,
};
