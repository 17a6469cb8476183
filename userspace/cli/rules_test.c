/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rules_test.c - each rule's own events, from the file RULE.test.yml beside RULE.yml
 *
 * detect/story.h says what stands in such a file.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cli/rules.h"
#include "detect/load.h"
#include "detect/story.h"
#include "detect/yaml.h"

struct bench {
	const struct rules_job *job;
	struct stories stories;
	struct buf errors;
	size_t n_rules;
};

static void print_fault(void *ctx, const char *name, uint32_t line, const char *what) {
	(void)ctx;
	(void)printf("%s:%u: %s\n", cli_shown(name), line, cli_shown(what));
}

static int take_sidecar(void *ctx, const char *name, const char *text, size_t n) {
	struct stories *s = ctx;
	int err = stories_is(name) ? stories_run(s, name, text, n) : 0;

	if (err == -EINVAL)
		s->n_failed++;
	return err == -EINVAL ? 0 : err;
}

static int run_sidecars(struct bench *b) {
	struct stories *s = &b->stories;
	struct rule_info r;
	int err = 0;

	for (size_t i = 0; !err && i < b->job->n_paths; i++) {
		char beside[4096];
		const char *path = b->job->paths[i];
		size_t n = strlen(path);

		/* of a file that is named, the one beside it */
		if (n > 4 && n + 6 < sizeof(beside) && !strcmp(path + n - 4, ".yml")) {
			(void)snprintf(beside, sizeof(beside), "%.*s.test.yml", (int)(n - 4), path);
			path = beside;
		}
		err = load_path(path, YAML_MAX_BYTES, take_sidecar, NULL, s);
		err = err == -ENOENT ? 0 : err;
	}
	for (size_t i = 0; !err && !ruleset_info(s->rules, i, &r); i++) {
		if (s->tested[i])
			continue;
		print_fault(NULL, r.file, r.line, "this rule has no events in a file *.test.yml");
		s->n_failed++;
	}
	return err;
}

static int run_all(struct bench *b) {
	struct rule_info r;
	int err;

	while (!ruleset_info(b->stories.rules, b->n_rules, &r))
		b->n_rules++;
	b->stories.tested = calloc(b->n_rules + 1, sizeof(bool));
	err = b->stories.tested ? run_sidecars(b) : -ENOMEM;
	free(b->stories.tested);
	return err;
}

int rules_test(const struct rules_job *job) {
	struct detect_options options = job->detect;
	struct bench b = { .job = job };
	int err;

	options.strict = true;
	options.records = true;
	b.stories = (struct stories){ .errors = &b.errors, .fault = print_fault };
	stories_init(&b.stories);
	err = ruleset_load(job->paths, job->n_paths, &options, &b.errors, &b.stories.rules);
	if (!err)
		err = run_all(&b);
	cli_print(stdout, &b.errors);
	if (err && err != -EINVAL)
		log_error("the rules in \"%s\" cannot be tested: %s", job->paths[0],
			  strerror(-err));
	if (!err)
		(void)printf("%zu rules, %zu cases, %zu failed\n", b.n_rules, b.stories.n_cases,
			     b.stories.n_failed);
	ruleset_free(b.stories.rules);
	stories_done(&b.stories);
	buf_done(&b.errors);
	if (fflush(stdout) != 0)
		return CLI_FAILURE;
	return err == -EINVAL ? CLI_USAGE : err || b.stories.n_failed ? CLI_FAILURE : CLI_OK;
}
