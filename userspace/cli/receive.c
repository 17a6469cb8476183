/* SPDX-License-Identifier: Apache-2.0 */
/*
 * receive.c - the reference receiver: events of other machines, into a file
 */
#include <stdlib.h>

#include "app/receiver.h"
#include "cli/cli.h"
#include "cli/sensor.h"

extern const struct command command_receive;

static int receive_run(int argc, char **argv) {
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "listen", required_argument, NULL, 'l' },
		{ "to", required_argument, NULL, 't' },
		{ "ready-fd", required_argument, NULL, 'r' },
		{ 0 },
	};
	struct receiver_options o = { .ready_fd = -1 };
	int option, code;
	long n;

	optind = 1;
	opterr = 0;
	while ((option = cli_option(argc, argv, ":h", options)) != -1) {
		switch (option) {
		case 'h':
			return cli_help(&command_receive);
		case 'l':
			o.listen = optarg;
			break;
		case 't':
			o.to = optarg;
			break;
		case 'r':
			code = sensor_number(&command_receive, "--ready-fd", optarg, 0, 1 << 20,
					     &n);
			if (code)
				return code;
			o.ready_fd = (int)n;
			break;
		default:
			return cli_bad_option(&command_receive, argv, options, option);
		}
	}
	if (argv[optind])
		return cli_misuse(&command_receive, "\"%s\" is not an option", argv[optind]);
	if (!o.listen || !o.to)
		return cli_misuse(&command_receive, "--listen and --to are both needed");
	return cli_fault(receiver_run(&o));
}

const struct command command_receive = {
	.name = "receive",
	.summary = "take events from other machines and store them",
	.usage = "usage: lapwing receive --listen URL --to URL\n"
		 "\n"
		 "Takes what the sinks unix:, tcp: and tls: of sensors send, and acknowledges\n"
		 "what is on the disk. Ctrl-C ends it.\n"
		 "\n"
		 "      --listen URL    unix:/PATH, tcp://ADDRESS:PORT, or\n"
		 "                      tls://ADDRESS:PORT?cert=FILE&key=FILE; with\n"
		 "                      &ca=FILE: only clients whose certificate it signed.\n"
		 "                      idle=10m: close who sent nothing for that long\n"
		 "      --to URL        file:/PATH or stdout:, with their keys (docs/export.md)\n"
		 "      --ready-fd N    write a newline to descriptor N when it listens\n"
		 "\n"
		 "example: lapwing receive --listen unix:/run/events --to file:/srv/events.pb\n",
	.run = receive_run,
};
