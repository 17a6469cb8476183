/* SPDX-License-Identifier: Apache-2.0 */
/* correlate_one.h - the one rule set that a test of correlations holds records against */
#ifndef LAPWING_CORRELATE_ONE_H
#define LAPWING_CORRELATE_ONE_H

#include "detect/correlate.h"
#include "test.h"

static struct arena arena = { .max_bytes = 1 << 20 };
static struct ruleset *rules;

static void load(const char *text) {
	static const struct detect_options options = { .strict = true, .records = true };
	struct buf errors = { 0 };
	int err;

	ruleset_free(rules);
	rules = NULL;
	err = ruleset_load_text("t.yml", text, strlen(text), &options, &errors, &rules);
	if (err)
		printf("# %.*s", (int)errors.len, errors.data ? errors.data : "no reason\n");
	CHECK(err == 0);
	buf_done(&errors);
}

#endif
