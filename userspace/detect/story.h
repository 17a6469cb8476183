/* SPDX-License-Identifier: Apache-2.0 */
/*
 * story.h - a rule's own events: those for which it must hold, and those for which it must not
 *
 *     rule: NAME          id, name or title; where the file has one rule, it is that one
 *     positive:           the rule must hold
 *       - Image: /x       one event, a map of fields,
 *       - [{...}, {...}]  or several, of which the rule must hold for one
 *     negative:           it must hold for none
 *
 * An event has the fields that rules name; "_time" is its time in seconds, without which each is
 * a second behind the one before. "_logsource" ({category: file_event}) leaves it to rules of that
 * log source; without it all are asked, as with `lapwing match`.
 */
#ifndef LAPWING_DETECT_STORY_H
#define LAPWING_DETECT_STORY_H

#include "detect/detect.h"

struct stories {
	struct ruleset *rules; /* loaded with options.records */
	struct buf *errors;    /* faults of YAML, as of rules */
	void (*fault)(void *ctx, const char *name, uint32_t line, const char *what);
	void *ctx;
	bool *tested; /* a place for each rule; set for those that a story names */
	size_t n_cases, n_failed;
	struct arena docs, events;
	uint64_t case_ns;
};

/* stories_init - the rest of @s is the caller's to set; stories_done() frees what was taken */
void stories_init(struct stories *s);
void stories_done(struct stories *s);

/*
 * stories_run - every document of a file called @name; what fails is told, and counted
 * 0 also when some failed; -EINVAL: it is no YAML; -ENOMEM.
 */
int stories_run(struct stories *s, const char *name, const char *text, size_t n);

/* stories_rule - the one rule of the file that the stories @name stand beside; -E2BIG, -ENOENT */
int stories_rule(const struct ruleset *rules, const char *name, size_t *ret);

/* stories_is - whether a file of this name is one of stories: NAME.test.yml */
bool stories_is(const char *name);

#endif
