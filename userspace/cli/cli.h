/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli.h - one subcommand, one file, one const entry in main.c's table
 *
 * A command reads its own options with cli_option() (argv[0] is its name),
 * prints its result to standard output and everything else to standard error.
 */
#ifndef LAPWING_CLI_H
#define LAPWING_CLI_H

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"
#include "event/event.h"

struct command {
	const char *name;
	const char *summary; /* one line for the list of commands */
	const char *usage;   /* --help: synopsis, options, an example; at most 23 lines */
	const char *more;    /* NULL, or what `help --all` has besides; see CLI_MORE */
	int (*run)(int argc, char **argv); /* gives the exit code */
};

enum { CLI_OK = 0, CLI_FAILURE = 1, CLI_USAGE = 2 };

/* CLI_MORE - the line of usage that says where the rest is; `help --all` leaves it out */
#define CLI_MORE(name) "All options: lapwing help --all " name ", or man lapwing-" name "\n"

/* cli_help - prints the usage to standard output; gives CLI_OK */
int cli_help(const struct command *c);

/* cli_help_all - the same with all that there is */
int cli_help_all(const struct command *c);

/* cli_fault - the exit code for @err: CLI_USAGE where what the user wrote is wrong (-EINVAL) */
static inline int cli_fault(int err) {
	return err == -EINVAL ? CLI_USAGE : err ? CLI_FAILURE : CLI_OK;
}

/* cli_misuse - says what is wrong and where help is, on standard error; gives CLI_USAGE */
int cli_misuse(const struct command *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* cli_deed - CLI_OK if some hook tells @name, a deed or a family of them; else as cli_misuse() */
int cli_deed(const struct command *c, const char *name);

/*
 * cli_option - getopt_long(), but for names that are cut short, which it takes for any that fits: a
 * slip must not mean another option, or the same one of a later version
 */
int cli_option(int argc, char **argv, const char *letters, const struct option *options);

/*
 * cli_bad_option - the same for what cli_option() refused, naming the option and the nearest
 * @got: its result, '?' or ':'. Needs opterr = 0, and ':' at the start of the short options, so
 * that a missing value can be told.
 */
int cli_bad_option(const struct command *c, char **argv, const struct option *options, int got);

/* cli_bad_verb - the same for a @verb that is none of @n @verbs, naming them and the nearest */
int cli_bad_verb(const struct command *c, const char *verb, const char *const *verbs, size_t n);

/* cli_print - @out to @to; what a screen would obey is made visible, but for ends of lines */
void cli_print(FILE *to, const struct buf *out);

/* cli_shown - @text likewise, ends of lines too; the next seven calls leave it as it is */
const char *cli_shown(const char *text);

/* cli_nearest - the one of @n words that @word was most likely meant to be, or NULL */
const char *cli_nearest(const char *word, const char *const *words, size_t n);

/*
 * cli_color - whether to paint what goes to @fd
 * @when: "auto", "always", "never", or NULL for "auto", which asks NO_COLOR and isatty(3).
 * 0 and @ret, or -EINVAL.
 */
int cli_color(const char *when, int fd, bool *ret);

/*
 * cli_kinds - the kinds in a list like "PROCESS_EXEC,connect", in either spelling and any case
 * 0 and @ret, bit n for kind n; or -EINVAL and @bad, the word that is none (static).
 */
int cli_kinds(const char *list, struct event_kinds *ret, const char **bad);

/* cli_nearest_kind - the same as cli_nearest() among the kinds' names */
const char *cli_nearest_kind(const char *word);

#endif
