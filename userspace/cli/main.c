/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "cli/cli.h"
#include "encode/encode.h"

extern const struct command command_run, command_trace, command_cat, command_replay,
	command_preflight, command_rules, command_match, command_status, command_receive,
	command_config, command_spool, command_bundle, command_content, command_supervise,
	command_mode, command_health, command_tree,
	command_explain, command_report, command_top;

static int version_run(int argc, char **argv);
static int help_run(int argc, char **argv);

static const struct command command_version = {
	.name = "version",
	.summary = "print the version",
	.usage = "usage: lapwing version\n"
		 "\n"
		 "example: lapwing version\n",
	.run = version_run,
};

static const struct command command_help = {
	.name = "help",
	.summary = "explain a command",
	.usage = "usage: lapwing help [--all] [COMMAND]\n"
		 "\n"
		 "      --all   every option, or every command; else those that are used most\n"
		 "\n"
		 "example: lapwing help run\n",
	.run = help_run,
};

/* in the order of the list; help alone explains the first N_OFTEN, and names the others */
static const struct command *const commands[] = {
	&command_run,	    &command_trace,    &command_top,	    &command_status,
	&command_preflight, &command_cat,      &command_tree,	    &command_explain,
	&command_report,    &command_rules,    &command_config,	    &command_help,

	&command_supervise, &command_mode,     &command_health,	    &command_content,
	&command_bundle,    &command_spool,    &command_receive,    &command_replay,
	&command_match,	    &command_version,
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))
#define N_OFTEN 12

static const struct command *find(const char *name) {
	for (size_t i = 0; i < N_COMMANDS; i++) {
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	}
	return NULL;
}

static void print_rows(FILE *to, size_t n) {
	(void)fputs("usage: lapwing COMMAND [OPTION]...\n\n", to);
	for (size_t i = 0; i < n; i++)
		(void)fprintf(to, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
}

static void print_commands(FILE *to) {
	print_rows(to, N_OFTEN);
	(void)fputs("\nMore:", to);
	for (size_t i = N_OFTEN; i < N_COMMANDS; i++)
		(void)fprintf(to, " %s", commands[i]->name);
	(void)fputs("\n\n\"lapwing help COMMAND\" says more of one, "
		    "\"lapwing help --all\" of all.\n"
		    "\n"
		    "example: sudo lapwing run\n",
		    to);
}

static void print_all_commands(FILE *to) {
	print_rows(to, N_COMMANDS);
	(void)fputs("\n\"lapwing help COMMAND\" says more. NO_COLOR in the environment: no "
		    "colors.\n"
		    "\n"
		    "Exit status: 0; 1 when something failed; 2 when the command line, the\n"
		    "configuration or rules are wrong.\n"
		    "\n"
		    "example: sudo lapwing run\n",
		    to);
}

static int unknown(const char *name) {
	const char *names[N_COMMANDS], *near;

	for (size_t i = 0; i < N_COMMANDS; i++)
		names[i] = commands[i]->name;
	near = cli_nearest(name, names, N_COMMANDS);
	if (near)
		log_error("unknown command \"%s\"; did you mean \"%s\"? See \"lapwing help\"", name,
			  near);
	else
		log_error("unknown command \"%s\"; see \"lapwing help\"", name);
	return CLI_USAGE;
}

static int version_run(int argc, char **argv) {
	static const struct option options[] = { { "help", no_argument, NULL, 'h' }, { 0 } };
	int option;

	optind = 1;
	opterr = 0;
	option = cli_option(argc, argv, ":h", options);
	if (option == 'h')
		return cli_help(&command_version);
	if (option != -1)
		return cli_bad_option(&command_version, argv, options, option);
	(void)puts("lapwing " LAPWING_VERSION);
	return fflush(stdout) == 0 ? CLI_OK : CLI_FAILURE;
}

static int help_run(int argc, char **argv) {
	static const struct option options[] = { { "help", no_argument, NULL, 'h' },
						 { "all", no_argument, NULL, 'a' },
						 { 0 } };
	const struct command *c;
	bool all = false;
	int option;

	optind = 1;
	opterr = 0;
	while ((option = cli_option(argc, argv, ":h", options)) != -1) {
		if (option == 'h')
			return cli_help(&command_help);
		if (option != 'a')
			return cli_bad_option(&command_help, argv, options, option);
		all = true;
	}
	if (argv[optind]) {
		c = find(argv[optind]);
		return !c ? unknown(argv[optind]) : all ? cli_help_all(c) : cli_help(c);
	}
	if (all)
		print_all_commands(stdout);
	else
		print_commands(stdout);
	return fflush(stdout) == 0 ? CLI_OK : CLI_FAILURE;
}

int main(int argc, char **argv) {
	const struct command *c;

	if (encode_setup() < 0) {
		log_error("this build's field.def and event.proto differ; this is a bug of "
			  "lapwing, please report it");
		return CLI_FAILURE;
	}
	if (argc < 2) {
		print_commands(stderr);
		return CLI_USAGE;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))
		return version_run(1, (char *[]){ argv[0], NULL });
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return help_run(1, (char *[]){ argv[0], NULL });
	c = find(argv[1]);
	return c ? c->run(argc - 1, argv + 1) : unknown(argv[1]);
}
