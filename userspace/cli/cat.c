/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cat.c - events from files of protobuf or JSON, for people or as JSON
 *
 * The exit code of a reader that went away is the signal's,
 * as with cat(1): SIGPIPE is left as it is.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "app/format.h"
#include "base/log.h"
#include "cli/cli.h"
#include "cli/events.h"
#include "encode/encode.h"
#include "event/field.h"
#include "sink/output.h"

extern const struct command command_cat;

struct job {
	struct arena arena;
	struct output out;
	struct event_kinds kinds; /* wanted ones; none is all */
	bool color;
};

enum { DONE_HERE = 1 }; /* the output is gone: no message, no further file */

/* flush - before each wait, so that a pipe shows events as they come */
static int flush(void *ctx) {
	struct job *job = ctx;
	int r = output_flush(&job->out);

	if (r < 0 && r != -EPIPE)
		log_error("standard output cannot be written: %s", strerror(-r));
	return r < 0 ? DONE_HERE : 0;
}

static int show(void *ctx, struct event *e) {
	struct job *job = ctx;

	if (event_kinds_any(&job->kinds) &&
	    !(event_has(e, FIELD_KIND) && event_kinds_has(&job->kinds, e->kind)))
		return 0;
	format_output(&job->out, e, job->color);
	return 0;
}

static int cat_files(struct job *job, char **names) {
	const struct events_user user = { .event = show, .wait = flush, .ctx = job };
	int code = CLI_OK, r = 0;

	for (; *names && r != DONE_HERE; names++) {
		r = events_read(*names, &job->arena, &user);
		if (r)
			code = CLI_FAILURE;
	}
	if (r == DONE_HERE)
		buf_reset(&job->out.buf);
	r = output_close(&job->out);
	if (r < 0 && r != -EPIPE)
		log_error("standard output cannot be written: %s", strerror(-r));
	return r < 0 ? CLI_FAILURE : code;
}

static int bad_kind(const char *word) {
	const char *near = cli_nearest_kind(word);

	if (near)
		return cli_misuse(&command_cat, "\"%s\" is no kind of event; did you mean \"%s\"?",
				  word, near);
	return cli_misuse(&command_cat, "\"%s\" is no kind of event", word);
}

static int cat_run(int argc, char **argv) {
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "ocsf", no_argument, NULL, 'o' },
		{ "ecs", no_argument, NULL, 'e' },
		{ "kind", required_argument, NULL, 'k' },
		{ "color", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	const char *color = NULL, *why = NULL, *spec = "text:-";
	struct job job = { 0 };
	int option, code;

	optind = 1;
	opterr = 0;
	while ((option = cli_option(argc, argv, ":h", options)) != -1) {
		if (option == 'h')
			return cli_help(&command_cat);
		if (option == 'j')
			spec = "json:-";
		else if (option == 'o')
			spec = "ocsf:-";
		else if (option == 'e')
			spec = "ecs:-";
		else if (option == 'c')
			color = optarg;
		else if (option != 'k')
			return cli_bad_option(&command_cat, argv, options, option);
		else if (cli_kinds(optarg, &job.kinds, &why) < 0)
			return bad_kind(why);
	}
	if (optind >= argc)
		return cli_misuse(&command_cat, "a file is missing; \"-\" is standard input");
	if (cli_color(color, STDOUT_FILENO, &job.color) < 0)
		return cli_misuse(&command_cat, "\"%s\" is not auto, always or never", color);
	if (output_open(spec, &job.out, &why) < 0) {
		log_error("%s", why);
		return CLI_FAILURE;
	}
	arena_init(&job.arena, EVENTS_ARENA_BYTES);
	code = cat_files(&job, argv + optind);
	arena_done(&job.arena);
	return code;
}

const struct command command_cat = {
	.name = "cat",
	.summary = "show the events in files of protobuf or JSON",
	.usage = "usage: lapwing cat [--json|--ocsf|--ecs] [--kind KIND[,KIND]] [--color WHEN]\n"
		 "                   FILE...\n"
		 "\n"
		 "Shows the events that \"-o proto:FILE\" or \"-o json:FILE\" wrote; FILE - is\n"
		 "standard input.\n"
		 "\n"
		 "  --json         one JSON object per line, the same as \"-o json:-\" gives\n"
		 "  --ocsf, --ecs  JSON lines in the words of OCSF 1.5.0 or ECS 9.0.0\n"
		 "  --kind KIND    only events of these kinds: PROCESS_EXEC, or exec for short\n"
		 "  --color WHEN   auto (the default), always or never\n"
		 "  --help\n"
		 "\n"
		 "A file that is cut or damaged is shown as far as it is whole; then the exit\n"
		 "code is 1 and a message names the byte where it breaks.\n"
		 "\n"
		 "example: lapwing cat --kind exec,connect events.pb\n",
	.run = cat_run,
};
