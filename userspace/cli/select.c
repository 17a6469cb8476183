/* SPDX-License-Identifier: Apache-2.0 */
/*
 * select.c - which rules run: options of every command that loads some
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/rules.h"
#include "event/word.h"

#define MAX_WORDS 64

static int take_level(const struct command *c, struct detect_options *ret) {
	const char *near;

	for (uint32_t i = 0; i < EVENT_LEVELS; i++) {
		if (!strcasecmp(optarg, event_levels[i])) {
			ret->min_level = LEVEL_INFORMATIONAL + i;
			return CLI_OK;
		}
	}
	near = cli_nearest(optarg, event_levels, EVENT_LEVELS);
	return cli_misuse(c,
			  "--level takes informational, low, medium, high or critical, not "
			  "\"%s\"%s%s%s",
			  optarg, near ? "; did you mean \"" : "", near ? near : "",
			  near ? "\"?" : "");
}

static int take_word(const struct command *c, const char *option, const char **words, size_t *n) {
	if (*n == MAX_WORDS)
		return cli_misuse(c, "at most %d times %s", MAX_WORDS, option);
	words[(*n)++] = optarg;
	return CLI_OK;
}

static int take_status(const struct command *c, const char **words, size_t *n) {
	static const char *const known[] = { "stable", "test", "experimental", "deprecated",
					     "unsupported" };

	for (unsigned i = 0; i < 5; i++) {
		if (!strcmp(optarg, known[i]))
			return take_word(c, "--status", words, n);
	}
	return cli_misuse(c,
			  "--status takes stable, test, experimental, deprecated or unsupported, "
			  "not \"%s\"",
			  optarg);
}

int rules_select(const struct command *c, int option, struct detect_options *ret) {
	static const char *tags[MAX_WORDS], *statuses[MAX_WORDS];

	ret->tags = tags;
	ret->statuses = statuses;
	switch (option) {
	case RULES_LEVEL:
		return take_level(c, ret);
	case RULES_TAG:
		return take_word(c, "--tag", tags, &ret->n_tags);
	case RULES_STATUS:
		return take_status(c, statuses, &ret->n_statuses);
	default:
		return -1;
	}
}
