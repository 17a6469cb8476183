/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mode.c - what a supervised sensor runs at, and the owner's word on it
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/orders.h"
#include "app/supervisor.h"
#include "base/log.h"
#include "cli/cli.h"
#include "guard/mark.h"

extern const struct command command_mode;

static const char *const phases[GUARD_PHASES] = { "ended by itself", "first try, not proven yet",
						  "not proven yet", "proven", "ended for another" };

static int show(const char *folder, bool json) {
	int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err;
	char step[GUARD_STEP_BYTES];
	struct guard_mark m;

	err = dir < 0 ? -errno : mark_read(dir, &m);
	if (err) {
		log_error("\"%s\" cannot be read: %s", folder,
			  err == -EBADMSG ? "the mark of the last start is damaged" :
			  err == -ENOENT  ? "no supervisor ever ran with it" : strerror(-err));
		if (dir >= 0)
			(void)close(dir);
		return CLI_FAILURE;
	}
	mark_read_step(dir, step);
	(void)close(dir);
	if (json)
		(void)printf("{\"mode\":\"%s\",\"state\":\"%s\",\"strikes\":%u,\"ordered\":\"%s\","
			     "\"proven\":%u,\"quarantined\":%u,\"step\":\"%s\"}\n",
			     guard_word((enum guard_level)m.level), phases[m.phase], m.strikes,
			     guard_word((enum guard_level)m.ordered), m.proven.n, m.quarantined.n,
			     step);
	else
		(void)printf("mode         %s (%s)\nordered      at most %s\ndeaths       %u in a "
			     "row\nproven       %u pairs of kernel and program\nquarantined  %u\n",
			     guard_word((enum guard_level)m.level), phases[m.phase],
			     guard_word((enum guard_level)m.ordered), m.strikes, m.proven.n,
			     m.quarantined.n);
	return fflush(stdout) ? CLI_FAILURE : CLI_OK;
}

static int order(const char *folder, const char *word) {
	static const char *const words[] = { "full", "last-good", "core", "safe", "release" };
	const char *near;
	int err;

	for (unsigned i = 0; i < 5; i++) {
		if (strcmp(word, words[i]) != 0)
			continue;
		err = orders_leave(folder, i == 4 ? ORDERS_RELEASE : i);
		if (!err)
			return CLI_OK;
		log_error("the order cannot be left in \"%s\": %s", folder, strerror(-err));
		return CLI_FAILURE;
	}
	near = cli_nearest(word, words, 5);
	return near ? cli_misuse(&command_mode, "there is no mode \"%s\"; did you mean \"%s\"?",
				 word, near)
		    : cli_misuse(&command_mode, "there is no mode \"%s\"", word);
}

static int run_mode(int argc, char **argv) {
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "guard", required_argument, NULL, 'g' },
		{ "json", no_argument, NULL, 'j' },
		{ 0 },
	};
	const char *folder = SUPERVISOR_FOLDER;
	bool json = false;
	int option;

	optind = 1;
	opterr = 0;
	while ((option = cli_option(argc, argv, "+:hg:j", options)) != -1) {
		if (option == 'h')
			return cli_help(&command_mode);
		if (option == 'g')
			folder = optarg;
		else if (option == 'j')
			json = true;
		else
			return cli_bad_option(&command_mode, argv, options, option);
	}
	if (argv[optind] && argv[optind + 1])
		return cli_misuse(&command_mode, "one mode at a time");
	return argv[optind] ? order(folder, argv[optind]) : show(folder, json);
}

const struct command command_mode = {
	.name = "mode",
	.summary = "how much of a supervised sensor runs, and how much may",
	.usage = "usage: lapwing mode [OPTION]... [full|last-good|core|safe|release]\n"
		 "\n"
		 "Without a word it says what runs. With one, nothing above that runs any more,\n"
		 "from now on and after a reboot:\n"
		 "\n"
		 "  full       everything; takes an earlier order back\n"
		 "  last-good  the content that was proven last\n"
		 "  core       fork, exec and exit, and no content\n"
		 "  safe       no hook at all; a heartbeat\n"
		 "  release    forget deaths, programs that are in quarantine, and that a kernel\n"
		 "             is new\n"
		 "\n"
		 "  -g, --guard DIR  the supervisor's (" SUPERVISOR_FOLDER ")\n"
		 "  -j, --json       as one object\n"
		 "\n"
		 "It takes no network and no running sensor.\n"
		 "\n"
		 "example: sudo lapwing mode safe\n",
	.run = run_mode,
};
