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
#include "encode/encode.h"

struct bench {
	const struct rules_job *job;
	struct stories stories;
	struct buf errors;
	size_t n_rules;
};

/* print_json - a fault as an object, of a place unless @name is NULL */
static void print_json(const char *name, uint32_t line, struct str what) {
	struct buf out = { 0 };

	buf_add_char(&out, '{');
	if (name) {
		buf_add_lit(&out, "\"file\":");
		encode_json_text(&out, str_of(name));
		buf_addf(&out, ",\"line\":%u,", line);
	}
	buf_add_lit(&out, "\"fault\":");
	encode_json_text(&out, what);
	buf_add_lit(&out, "}\n");
	(void)fwrite(out.data, 1, out.len, stdout);
	buf_done(&out);
}

/* print_errors - a line each */
static void print_errors(const struct buf *errors, bool json) {
	if (!json)
		cli_print(stdout, errors);
	for (size_t at = 0; json && at < errors->len;) {
		const char *line = errors->data + at, *end = memchr(line, '\n', errors->len - at);
		size_t n = end ? (size_t)(end - line) : errors->len - at;

		print_json(NULL, 0, (struct str){ line, (uint32_t)n });
		at += n + 1;
	}
}

static void print_fault(void *ctx, const char *name, uint32_t line, const char *what) {
	const bool *json = ctx;

	if (*json) {
		print_json(name, line, str_of(what));
		return;
	}
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
		print_fault(b->stories.ctx, r.file, r.line,
			    "this rule has no events in a file *.test.yml");
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
	bool json = job->json;
	struct bench b = { .job = job };
	int err;

	options.strict = true;
	options.records = true;
	b.stories = (struct stories){ .errors = &b.errors, .fault = print_fault,
				       .ctx = &json };
	stories_init(&b.stories);
	err = ruleset_load(job->paths, job->n_paths, &options, &b.errors, &b.stories.rules);
	if (!err)
		err = run_all(&b);
	print_errors(&b.errors, job->json);
	if (err && err != -EINVAL)
		log_error("the rules in \"%s\" cannot be tested: %s", job->paths[0],
			  strerror(-err));
	if (!err)
		(void)printf(json ? "{\"rules\":%zu,\"cases\":%zu,\"failed\":%zu}\n"
				  : "%zu rules, %zu cases, %zu failed\n",
			     b.n_rules, b.stories.n_cases, b.stories.n_failed);
	ruleset_free(b.stories.rules);
	stories_done(&b.stories);
	buf_done(&b.errors);
	if (fflush(stdout) != 0)
		return CLI_FAILURE;
	return err == -EINVAL ? CLI_USAGE : err || b.stories.n_failed ? CLI_FAILURE : CLI_OK;
}
