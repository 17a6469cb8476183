/* SPDX-License-Identifier: Apache-2.0 */
/*
 * detect.h - Sigma rules against events
 *
 * A rule set is compiled once from YAML and then only read: matching allocates
 * nothing and every rule is evaluated against every event of its log source.
 * docs/sigma.md says how Sigma's names map to event fields and which choices
 * were made where the specification leaves one.
 */
#ifndef LAPWING_DETECT_H
#define LAPWING_DETECT_H

#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "event/event.h"

struct ruleset;

/*
 * ruleset_load - every rule in @paths (files, or folders read recursively for *.yml and *.yaml)
 * @errors: one line "file:line:column: what, and what was expected" per fault, or the quoted path
 *          and why it cannot be read; may be non-empty only when the call fails
 *
 * All or nothing: one bad rule fails the whole load, so that nothing is ever
 * half applied. 0, -EINVAL (see @errors), -ENOENT, -ENOMEM.
 */
int ruleset_load(const char *const *paths, size_t n_paths, struct buf *errors,
		 struct ruleset **ret);

/* ruleset_load_text - the same for the documents in @n bytes at @text, called @name in errors */
int ruleset_load_text(const char *name, const char *text, size_t n, struct buf *errors,
		      struct ruleset **ret);

void ruleset_free(struct ruleset *rules);

size_t ruleset_count(const struct ruleset *rules);

/* ruleset_rule - title, id and level of rule @i, and how often it has held; borrowed */
const struct detection *ruleset_rule(const struct ruleset *rules, size_t i, uint64_t *ret_hits);

/* ruleset_limited - how often rule @i asked a regex that gave up at its limit, taken as "no" */
uint64_t ruleset_limited(const struct ruleset *rules, size_t i);

/*
 * ruleset_skipped - "file:line: 'title' is skipped: why" of the @i-th skipped rule, or NULL past
 * the last
 *
 * A rule is skipped, and not an error, when it is of a log source that this
 * sensor has no events for, or of status deprecated or unsupported. Borrowed.
 */
const char *ruleset_skipped(const struct ruleset *rules, size_t i);

/*
 * detect_event - evaluates all rules; sets e->detections and e->n_detections
 * @arena: holds what has to be put together to compare it; dies with the event
 *
 * The list of detections is the rule set's own and is overwritten by the next
 * call, so it has room for every rule at once and cannot be cut short.
 */
void detect_event(struct ruleset *rules, struct arena *arena, struct event *e);

#endif
