/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rules.c - what authors and operators ask of rules, without a sensor
 */
#include "cli/rules.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/rules.h"
#include "base/log.h"
#include "encode/encode.h"
#include "encode/text.h"
#include "event/word.h"

enum { RULES_JSON = 768, RULES_ALL_HOOKS, RULES_RECORDS };

/* load - every rule, with what is wrong in @errors; CLI_OK or an exit code, said */
static int load(const struct rules_job *job, struct buf *errors, struct ruleset **ret) {
	int err = ruleset_load(job->paths, job->n_paths, &job->detect, errors, ret);

	if (!err || (err == -EINVAL && errors->len))
		return CLI_OK;
	if (errors->len)
		cli_print(stderr, errors);
	else
		log_error("the rules in \"%s\" cannot be loaded: %s", job->paths[0],
			  strerror(-err));
	return err == -ENOENT || err == -EINVAL ? CLI_USAGE : CLI_FAILURE;
}

static size_t count(const struct ruleset *rules) {
	struct rule_info info;
	size_t n = 0;

	while (rules && !ruleset_info(rules, n, &info))
		n++;
	return n;
}

static int finish(struct ruleset *rules, struct buf *errors, int code) {
	ruleset_free(rules);
	buf_done(errors);
	if (fflush(stdout) == 0)
		return code;
	log_error("standard output cannot be written: %s", strerror(errno));
	return CLI_FAILURE;
}

static int rules_check(const struct rules_job *job) {
	struct ruleset *rules = NULL;
	struct buf errors = { 0 };
	int code = load(job, &errors, &rules);
	size_t refused = rules ? ruleset_refused(rules) : 1, n_skipped = 0;
	const char *line;

	if (code)
		return finish(rules, &errors, code);
	cli_print(stdout, &errors);
	while (rules && (line = ruleset_skipped(rules, n_skipped))) {
		(void)puts(line);
		n_skipped++;
	}
	if (rules)
		(void)printf("%zu rules and correlations run, %zu are refused, %zu notes\n",
			     count(rules), refused, n_skipped);
	else
		(void)puts("no rule is left");
	return finish(rules, &errors, refused ? CLI_USAGE : CLI_OK);
}

static void add_text(struct buf *out, const char *key, struct str value) {
	buf_addf(out, ",\"%s\":", key);
	if (value.s)
		encode_json_text(out, value);
	else
		buf_add_lit(out, "null");
}

static void list_json(struct buf *out, const struct rule_info *r) {
	const struct detection *d = r->detection;

	buf_addf(out, "{\"type\":\"%s\"", r->correlation ? "correlation" : "rule");
	add_text(out, "id", d->rule_id);
	add_text(out, "name", d->name);
	add_text(out, "title", d->title);
	add_text(out, "level", str_of(event_level_word(d->level)));
	add_text(out, "status", r->status);
	add_text(out, "author", d->author);
	buf_add_lit(out, ",\"tags\":[");
	for (uint32_t i = 0; i < d->tags.n; i++) {
		if (i)
			buf_add_char(out, ',');
		encode_json_text(out, d->tags.v[i]);
	}
	buf_add_char(out, ']');
	add_text(out, "file", str_of(r->file));
	buf_addf(out, ",\"line\":%u,\"quiet\":%s}\n", r->line, r->quiet ? "true" : "false");
}

static void list_text(struct buf *out, const struct rule_info *r) {
	const struct detection *d = r->detection;

	buf_addf(out, "%-13s  %-12.*s  %-36.*s  ", event_level_word(d->level), STR_FMT(r->status),
		 STR_FMT(d->rule_id));
	text_shown(out, d->title);
	buf_addf(out, "%s%s\n", r->correlation ? "  [correlation]" : "",
		 r->quiet ? "  [told by a correlation only]" : "");
	for (uint32_t i = 0; i < d->tags.n; i++) {
		buf_add_str(out, i ? STR(" ") : STR("    "));
		text_shown(out, d->tags.v[i]);
	}
	if (d->tags.n)
		buf_add_char(out, '\n');
}

static int rules_list(const struct rules_job *job) {
	struct buf errors = { 0 }, out = { 0 };
	struct ruleset *rules = NULL;
	struct rule_info r;
	int code = load(job, &errors, &rules);

	if (code)
		return finish(rules, &errors, code);
	cli_print(stderr, &errors);
	for (size_t i = 0; rules && !ruleset_info(rules, i, &r); i++) {
		if (job->json)
			list_json(&out, &r);
		else
			list_text(&out, &r);
	}
	cli_print(stdout, &out);
	buf_done(&out);
	return finish(rules, &errors, CLI_OK);
}

static int rules_explain(const struct rules_job *job) {
	struct buf errors = { 0 }, out = { 0 };
	struct ruleset *rules = NULL;
	int code = load(job, &errors, &rules);
	size_t i = 0;

	if (code)
		return finish(rules, &errors, code);
	if (!rules || ruleset_find(rules, str_of(job->which), &i)) {
		log_error("no rule has the id, name or title \"%s\"; \"lapwing rules list\" shows "
			  "those that there are",
			  job->which);
		return finish(rules, &errors, CLI_FAILURE);
	}
	ruleset_explain(rules, i, &out);
	cli_print(stdout, &out);
	buf_done(&out);
	return finish(rules, &errors, CLI_OK);
}

static const struct {
	const char *name;
	int (*run)(const struct rules_job *job);
} deeds[] = {
	{ "check", rules_check },     { "list", rules_list }, { "coverage", rules_coverage },
	{ "explain", rules_explain }, { "test", rules_test },
};

#define N_DEEDS (sizeof(deeds) / sizeof(deeds[0]))

static int unknown(const char *word) {
	const char *names[N_DEEDS];

	for (size_t i = 0; i < N_DEEDS; i++)
		names[i] = deeds[i].name;
	return cli_bad_verb(&command_rules, word, names, N_DEEDS);
}

static int take_option(struct rules_job *job, int option) {
	switch (option) {
	case RULES_JSON:
		job->json = true;
		return CLI_OK;
	case RULES_ALL_HOOKS:
		job->all_hooks = true;
		return CLI_OK;
	case RULES_RECORDS:
		job->detect.records = true;
		return CLI_OK;
	default:
		return rules_select(&command_rules, option, &job->detect);
	}
}

static int rules_do(size_t deed, char **words, struct rules_job *job) {
	const char *shipped = rules_default();

	if (!strcmp(deeds[deed].name, "explain")) {
		if (!*words)
			return cli_misuse(&command_rules,
					  "explain takes a rule, by its id, name or title");
		job->which = *words++;
	}
	for (; *words; words++)
		job->paths[job->n_paths++] = *words;
	if (!job->n_paths && shipped)
		job->paths[job->n_paths++] = shipped;
	if (!job->n_paths)
		return cli_misuse(&command_rules, "no rules are installed; name a file or folder");
	return deeds[deed].run(job);
}

static int rules_run(int argc, char **argv) {
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, RULES_JSON },
		{ "all-hooks", no_argument, NULL, RULES_ALL_HOOKS },
		{ "records", no_argument, NULL, RULES_RECORDS },
		RULES_SELECT_OPTIONS,
		{ 0 },
	};
	struct rules_job job = { .detect.progress_fd = STDERR_FILENO };
	int option, code = CLI_OK;
	size_t deed = 0;

	optind = 1;
	opterr = 0;
	while ((option = cli_option(argc, argv, ":h", options)) != -1) {
		if (option == 'h')
			return cli_help(&command_rules);
		code = take_option(&job, option);
		if (code < 0)
			return cli_bad_option(&command_rules, argv, options, option);
		if (code)
			return code;
	}
	if (!argv[optind])
		return cli_misuse(&command_rules, "say check, list, coverage, explain or test");
	while (deed < N_DEEDS && strcmp(argv[optind], deeds[deed].name) != 0)
		deed++;
	if (deed == N_DEEDS)
		return unknown(argv[optind]);
	job.paths = calloc((size_t)argc + 1, sizeof(*job.paths));
	if (!job.paths) {
		log_error("there is not enough memory");
		return CLI_FAILURE;
	}
	code = rules_do(deed, argv + optind + 1, &job);
	free(job.paths);
	return code;
}

const struct command command_rules = {
	.name = "rules",
	.summary = "check, list, explain and test rules",
	.usage =
		"usage: lapwing rules check [PATH]...\n"
		"       lapwing rules list [--json] [PATH]...\n"
		"       lapwing rules coverage [--json] [--all-hooks] [PATH]...\n"
		"       lapwing rules explain RULE [PATH]...\n"
		"       lapwing rules test [--json] [PATH]...\n"
		"\n"
		"PATH is a file or folder of Sigma rules; without one, the shipped rules.\n"
		"\n"
		"check     what is wrong, as file:line:column; exit status 2 if a rule is refused\n"
		"list      the rules that run, and what they are\n"
		"coverage  for each rule: whether it can hold on this host, with the hooks that\n"
		"          its kernel takes, and which selection never can; as root, else as if\n"
		"          every hook served\n"
		"explain   how a rule is evaluated, and what each question costs\n"
		"test      holds rules against the events of RULE.test.yml beside RULE.yml; exit\n"
		"          status 1 when one is judged wrongly, or a rule has none\n"
		"\n"
		CLI_MORE("rules")
		"\n"
		"example: lapwing rules check rules\n",
	.more = "      --json          JSON, one object a line\n"
		"      --all-hooks     as if every hook served\n"
		"      --records       as `lapwing match` reads them: any log source and field\n"
		RULES_SELECT_USAGE,
	.run = rules_run,
};
