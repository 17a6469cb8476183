/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/nearest.h"
#include "encode/encode.h"
#include "encode/text.h"
#include "event/word.h"

#define WORD_MAX 32

int cli_help(const struct command *c) {
	(void)fputs(c->usage, stdout);
	return fflush(stdout) == 0 ? CLI_OK : CLI_FAILURE;
}

int cli_help_all(const struct command *c) {
	const char *more = strstr(c->usage, "All options: "), *example;

	if (!c->more || !more)
		return cli_help(c);
	example = strstr(more, "\nexample: ");
	(void)printf("%.*s%s%s", (int)(more - c->usage), c->usage, c->more,
		     example ? example : "");
	return fflush(stdout) == 0 ? CLI_OK : CLI_FAILURE;
}

int cli_misuse(const struct command *c, const char *fmt, ...) {
	char line[512];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	if (*line && line[strlen(line) - 1] == '?')
		log_error("%s See \"lapwing %s --help\"", line, c->name);
	else
		log_error("%s; see \"lapwing %s --help\"", line, c->name);
	return CLI_USAGE;
}

void cli_print(FILE *to, const struct buf *out) {
	struct buf shown = { 0 };

	for (size_t at = 0; at < out->len;) {
		const char *line = out->data + at, *end = memchr(line, '\n', out->len - at);
		size_t n = end ? (size_t)(end - line) : out->len - at;

		text_shown(&shown, (struct str){ line, (uint32_t)n });
		if (end)
			buf_add_char(&shown, '\n');
		at += n + (end ? 1 : 0);
	}
	if (shown.len)
		(void)fwrite(shown.data, 1, shown.len, to);
	buf_done(&shown);
}

const char *cli_shown(const char *text) {
	static char slots[8][1024];
	static unsigned turn;
	char *to = slots[turn++ % 8];
	struct buf shown = { 0 };

	text_shown(&shown, str_of(text));
	(void)snprintf(to, sizeof(slots[0]), "%.*s", (int)shown.len, shown.len ? shown.data : "");
	buf_done(&shown);
	return to;
}

const char *cli_nearest(const char *word, const char *const *words, size_t n) {
	return nearest_word(word, words, n);
}

int cli_bad_verb(const struct command *c, const char *verb, const char *const *verbs, size_t n) {
	const char *near = cli_nearest(verb, verbs, n);
	char list[256] = "";
	size_t len = 0;

	for (size_t i = 0; i < n && len < sizeof(list); i++)
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", i ? ", " : "",
					verbs[i]);
	if (near)
		return cli_misuse(c, "\"%s\" is none of %s; did you mean \"%s\"?", verb, list,
				  near);
	return cli_misuse(c, "\"%s\" is none of %s", verb, list);
}

static const char *nearest_option(const char *word, const struct option *options) {
	const char *names[64];
	size_t n = 0;

	for (; options[n].name && n < 64; n++)
		names[n] = options[n].name;
	return cli_nearest(word, names, n);
}

int cli_option(int argc, char **argv, const char *letters, const struct option *options) {
	int at = -1, option = getopt_long(argc, argv, letters, options, &at);
	bool apart; /* its value is a word of its own */
	const char *word;

	if (option == -1 || option == '?' || option == ':' || at < 0)
		return option;
	apart = optarg && optarg == argv[optind - 1];
	word = argv[optind - (apart ? 2 : 1)];
	if (strcspn(word + 2, "=") == strlen(options[at].name))
		return option;
	optind -= apart; /* where cli_bad_option() finds it */
	optopt = 0;
	return '?';
}

int cli_bad_option(const struct command *c, char **argv, const struct option *options, int got) {
	const char *word = argv[optind - 1], *near;
	char name[WORD_MAX + 1] = "";

	if (got == ':')
		return cli_misuse(c, "option \"%s\" needs a value", word);
	if (strncmp(word, "--", 2) != 0)
		return cli_misuse(c, "unknown option \"-%c\"", optopt);
	if (optopt)
		return cli_misuse(c, "option \"%s\" takes no value", word);
	(void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(word + 2, "="), word + 2);
	near = nearest_option(name, options);
	if (near)
		return cli_misuse(c, "unknown option \"--%s\"; did you mean \"--%s\"?", name, near);
	return cli_misuse(c, "unknown option \"--%s\"", name);
}

int cli_color(const char *when, int fd, bool *ret) {
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if (!when || !strcmp(when, "auto"))
		*ret = !(no && *no) && !(term && !strcmp(term, "dumb")) && isatty(fd) == 1;
	else if (!strcmp(when, "always"))
		*ret = true;
	else if (!strcmp(when, "never"))
		*ret = false;
	else
		return -EINVAL;
	return 0;
}

int cli_kinds(const char *list, struct event_kinds *ret, const char **bad) {
	static char word[WORD_MAX + 1];
	struct event_kinds kinds = { 0 };

	for (;;) {
		size_t n = strcspn(list, ",");
		uint32_t kind;

		(void)snprintf(word, sizeof(word), "%.*s", (int)n, list);
		kind = n <= WORD_MAX ? event_kind_by_name(word) : 0;
		if (!kind) {
			*bad = word;
			return -EINVAL;
		}
		event_kinds_add(&kinds, kind);
		if (!list[n])
			break;
		list += n + 1;
	}
	*ret = kinds;
	return 0;
}

const char *cli_nearest_kind(const char *word) {
	const char *names[2 * WIRE_KIND_MAX];
	char upper[WORD_MAX + 1] = "";
	size_t n = 0;

	for (size_t i = 0; word[i] && i < WORD_MAX; i++)
		upper[i] = word[i] >= 'a' && word[i] <= 'z' ? (char)(word[i] - 32) : word[i];
	for (uint32_t kind = 1; kind < WIRE_KIND_MAX; kind++) {
		const char *name = event_kind_name(kind), *deed = strchr(name, '_');

		if (deed) {
			names[n++] = name;
			names[n++] = deed + 1;
		}
	}
	return cli_nearest(upper, names, n);
}
