/* SPDX-License-Identifier: Apache-2.0 */
/* detect_rule.h - rules from text, and events to hold them against */
#ifndef LAPWING_TEST_DETECT_RULE_H
#define LAPWING_TEST_DETECT_RULE_H

#include <stdio.h>

#include "detect/detect.h"
#include "event/field.h"
#include "test.h"

#define ID_A "11111111-2222-4333-8444-555555555555"
#define ID_B "aaaaaaaa-2222-4333-8444-555555555555"

/* Six lines, so that a detection begins in line 7. */
#define HEAD_OF(category)                                                                          \
	"title: t\nid: " ID_A "\nlevel: high\nlogsource:\n  product: linux\n  category: " category \
	"\n"
#define HEAD HEAD_OF("process_creation")

static struct arena rule_arena = { .max_bytes = 1 << 20 };

static const struct detect_options rule_strict = { .strict = true };

/* rule_load - the rules in @text, or NULL, and the test has failed */
static inline struct ruleset *rule_load(const char *text) {
	struct buf errors = { 0 };
	struct ruleset *rules = NULL;
	int err = ruleset_load_text("t.yml", text, strlen(text), &rule_strict, &errors, &rules);

	if (err)
		printf("# %.*s", (int)errors.len, errors.data ? errors.data : "no reason\n");
	CHECK(err == 0);
	buf_done(&errors);
	return rules;
}

/* rule_forget - takes " (rule ID_A)" out of @text */
static inline void rule_forget(struct buf *text) {
	static const char id[] = " (rule " ID_A ")";
	size_t n = sizeof(id) - 1;

	for (size_t i = 0; i + n <= text->len; i++) {
		if (memcmp(text->data + i, id, n) != 0)
			continue;
		memmove(text->data + i, text->data + i + n, text->len - i - n);
		text->len -= n;
	}
}

/* rule_refused - whether @text is refused with just the line @fault, but for the rule's id */
static inline int rule_refused(const char *text, const char *fault) {
	struct buf errors = { 0 };
	struct ruleset *rules = NULL;
	int err = ruleset_load_text("t.yml", text, strlen(text), &rule_strict, &errors, &rules);
	struct str got;
	int same;

	rule_forget(&errors);
	got = (struct str){ errors.data, (uint32_t)errors.len };
	if (got.n && got.s[got.n - 1] == '\n')
		got.n--;
	same = err == -22 && !rules && str_eq(got, str_of(fault));
	if (!same)
		printf("# %d, expected: %s\n#    found: %.*s\n", err, fault, STR_FMT(got));
	ruleset_free(rules);
	buf_done(&errors);
	return same;
}

static inline uint32_t rule_hits(struct ruleset *rules, struct event *e) {
	if (!rules)
		return 99;
	arena_reset(&rule_arena);
	detect_event(rules, &rule_arena, e);
	return e->n_detections;
}

/* event_of - nothing but a kind */
static inline struct event event_of(uint32_t kind) {
	struct event e = { 0 };

	EVENT_SET(&e, KIND, kind, kind);
	return e;
}

#endif
