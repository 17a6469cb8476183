/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.c - the configuration: is it right, what does it say, how does one begin
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/settings.h"
#include "base/log.h"
#include "cli/cli.h"
#include "cli/configured.h"

extern const struct command command_config;

static int check(const char *path) {
	struct settings s;
	int code = cli_fault(settings_read(path, &s));

	if (!code)
		code = configured_check(&s);
	if (!code && !path && !s.memory)
		(void)printf(SETTINGS_FILE " is not there: the defaults hold; `lapwing config "
			     "init` begins one\n");
	else if (!code)
		(void)printf("%s: ok, %u sinks\n", path ? path : SETTINGS_FILE, s.export.n_sinks);
	settings_free(&s);
	return code;
}

static int show(const char *path) {
	struct settings s;
	int err = settings_read(path, &s);

	if (!err)
		settings_show(stdout, &s);
	settings_free(&s);
	return !err && fflush(stdout) ? CLI_FAILURE : cli_fault(err);
}

static int init(const char *path) {
	const char *name = path ? path : SETTINGS_FILE;
	int fd;
	FILE *f;

	if (!path) /* that it is there already, or cannot be made, the open tells */
		(void)mkdir(SETTINGS_FOLDER, 0755);
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	f = fd < 0 ? NULL : fdopen(fd, "w");

	if (!f) {
		log_error("\"%s\" cannot be made: %s%s", name, strerror(errno),
			  errno == EEXIST   ? "; it stays as it is, name another file"
			  : errno == ENOENT ? "; make its folder first"
					    : "");
		return CLI_FAILURE;
	}
	settings_sample(f);
	if (fclose(f)) {
		log_error("\"%s\" cannot be written: %s", name, strerror(errno));
		return CLI_FAILURE;
	}
	return CLI_OK;
}

static int config_run(int argc, char **argv) {
	static const char *const words[] = { "check", "show", "init" };
	static int (*const deeds[])(const char *) = { check, show, init };
	static const struct option options[] = { { "help", no_argument, NULL, 'h' }, { 0 } };
	int option;

	optind = 1;
	opterr = 0;
	option = cli_option(argc, argv, ":h", options);
	if (option == 'h')
		return cli_help(&command_config);
	if (option != -1)
		return cli_bad_option(&command_config, argv, options, option);
	if (!argv[optind])
		return cli_misuse(&command_config, "check, show or init?");
	if (argv[optind + 1] && argv[optind + 2])
		return cli_misuse(&command_config, "one file at a time");
	for (int i = 0; i < 3; i++)
		if (!strcmp(argv[optind], words[i]))
			return deeds[i](argv[optind + 1]);
	return cli_bad_verb(&command_config, argv[optind], words, 3);
}

const struct command command_config = {
	.name = "config",
	.summary = "check, show or begin the configuration",
	.usage = "usage: lapwing config check|show|init [FILE]\n"
		 "\n"
		 "  check   reads the file as `run` would, and the files that it names\n"
		 "  show    what holds, defaults included; secrets are left out\n"
		 "  init    makes a file with every key, its help and its default\n"
		 "\n"
		 "FILE is " SETTINGS_FILE " by default, and need not be there.\n"
		 "\n"
		 "example: sudo lapwing config init && sudo lapwing config check\n",
	.run = config_run,
};
