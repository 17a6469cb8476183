/* SPDX-License-Identifier: Apache-2.0 */
/*
 * match.c - rules against any log, line by line: no sensor, no root
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/rules.h"
#include "base/log.h"
#include "cli/cli.h"
#include "cli/jsonl.h"
#include "encode/encode.h"
#include "event/word.h"

extern const struct command command_match;

#define ARENA_BYTES (256u * 1024 * 1024)
#define FLUSH_BYTES (64 * 1024)

enum { MATCH_RULES = 256, MATCH_STRICT, MATCH_PLACEHOLDER, MATCH_LOGSOURCE };

struct match_job {
	const char **paths, **placeholders;
	size_t n_paths, n_placeholders;
	bool strict;
	struct logsource source; /* of lines that do not say theirs */
	struct ruleset *rules;
	struct arena arena;
	struct buf out;
	uint64_t bad_lines, cramped_lines;
};

static int flush(struct match_job *job) {
	size_t at = 0;

	while (at < job->out.len) {
		ssize_t n = write(STDOUT_FILENO, job->out.data + at, job->out.len - at);

		if (n < 0 && errno != EINTR)
			return -errno;
		at += n > 0 ? (size_t)n : 0;
	}
	buf_reset(&job->out);
	return 0;
}

static void add_member(struct buf *out, const char *key, struct str value) {
	buf_add_lit(out, ",\"");
	buf_add_str(out, str_of(key));
	buf_add_lit(out, "\":");
	if (value.s)
		encode_json_text(out, value);
	else
		buf_add_lit(out, "null");
}

static void add_list(struct buf *out, const char *key, const struct strv *list) {
	buf_add_lit(out, ",\"");
	buf_add_str(out, str_of(key));
	buf_add_lit(out, "\":[");
	for (uint32_t i = 0; i < list->n; i++) {
		if (i)
			buf_add_char(out, ',');
		encode_json_text(out, list->v[i]);
	}
	buf_add_char(out, ']');
}

/* Values of one identifier as they come; those of a field may be met at several places. */
#define MAX_SHOWN 64

struct shown {
	struct str identifier;
	struct {
		struct str field, value;
	} v[MAX_SHOWN];
	uint32_t n;
};

static int take_value(void *ctx, struct str identifier, struct str field, struct str value) {
	struct shown *s = ctx;

	if (!str_eq(identifier, s->identifier))
		return 0;
	for (uint32_t i = 0; i < s->n; i++) {
		if (str_eq(s->v[i].field, field) && str_eq(s->v[i].value, value))
			return 0;
	}
	if (s->n == MAX_SHOWN)
		return 1;
	s->v[s->n].field = field;
	s->v[s->n++].value = value;
	return 0;
}

/* first_of - whether no value before @i is of the same field */
static bool first_of(const struct shown *s, uint32_t i) {
	for (uint32_t k = 0; k < i; k++) {
		if (str_eq(s->v[k].field, s->v[i].field))
			return false;
	}
	return true;
}

static void add_shown(struct buf *out, const struct shown *s) {
	bool more = false;

	buf_add_char(out, '{');
	for (uint32_t i = 0; i < s->n; i++) {
		if (!first_of(s, i))
			continue;
		if (more)
			buf_add_char(out, ',');
		more = true;
		encode_json_text(out, s->v[i].field.n ? s->v[i].field : STR("keywords"));
		buf_add_lit(out, ":[");
		for (uint32_t k = i; k < s->n; k++) {
			if (!str_eq(s->v[k].field, s->v[i].field))
				continue;
			if (k > i)
				buf_add_char(out, ',');
			encode_json_text(out, s->v[k].value);
		}
		buf_add_char(out, ']');
	}
	buf_add_char(out, '}');
}

static void add_matched(struct match_job *job, const struct detection *d) {
	struct shown s;

	buf_add_lit(&job->out, ",\"matched\":{");
	for (uint32_t i = 0; i < d->matched.n; i++) {
		s.identifier = d->matched.v[i];
		s.n = 0;
		(void)detect_evidence(job->rules, d, take_value, &s);
		if (i)
			buf_add_char(&job->out, ',');
		encode_json_text(&job->out, s.identifier);
		buf_add_char(&job->out, ':');
		add_shown(&job->out, &s);
	}
	buf_add_char(&job->out, '}');
}

static void add_hit(struct match_job *job, uint64_t line, const struct detection *d) {
	struct buf *out = &job->out;

	buf_add_lit(out, "{\"line\":");
	buf_add_u64(out, line);
	add_member(out, "rule_id", d->rule_id);
	add_member(out, "name", d->name);
	add_member(out, "title", d->title);
	add_member(out, "level", str_of(event_level_word(d->level)));
	add_list(out, "tags", &d->tags);
	add_member(out, "author", d->author);
	add_matched(job, d);
	if (d->evidence) { /* a correlation: its group, and the lines that led to it */
		add_list(out, "group", &d->group);
		add_list(out, "events", &d->events);
	}
	buf_add_lit(out, "}\n");
}

static void bad_line(struct match_job *job, uint64_t line, const char *why) {
	if (job->bad_lines++ < 10)
		log_warn("line %" PRIu64 " is left out: %s, continuing", line, why);
}

static void cramped_line(struct match_job *job, uint64_t line) {
	if (job->cramped_lines++ < 10)
		log_warn("line %" PRIu64 " has more values than there is room for: rules may have "
			 "missed it, continuing",
			 line);
}

static int match_lines(struct match_job *job, struct jsonl *in) {
	const struct detection *hits;
	const char *why = "";
	uint64_t line = 0;
	int got, err = 0;
	char id[24];

	for (;;) {
		struct record record = { .source = job->source };

		arena_reset(&job->arena);
		got = jsonl_next(in, &job->arena, &line, &record, &why);
		if (got == -EBADMSG) {
			bad_line(job, line, why);
			continue;
		}
		if (got <= 0)
			break;
		(void)snprintf(id, sizeof(id), "%" PRIu64, line);
		record.id = str_of(id);
		for (uint32_t i = 0, n = detect_record(job->rules, &job->arena, &record, &hits);
		     i < n; i++)
			add_hit(job, line, &hits[i]);
		if (detect_cramped(job->rules))
			cramped_line(job, line);
		err = buf_error(&job->out);
		if (!err && job->out.len >= FLUSH_BYTES)
			err = flush(job);
		if (err)
			break;
	}
	if (got < 0)
		log_error("standard input cannot be read: %s", strerror(-got));
	err = err ? err : flush(job);
	if (err)
		log_error("standard output cannot be written: %s", strerror(-err));
	if (job->bad_lines)
		log_warn("%" PRIu64 " lines were no records, and were left out", job->bad_lines);
	if (job->cramped_lines)
		log_warn("%" PRIu64 " lines had more values than there is room for; rules may have "
			 "missed them",
			 job->cramped_lines);
	return got < 0 || err ? CLI_FAILURE : CLI_OK;
}

static int match_all(struct match_job *job) {
	const struct detect_options options = { .strict = job->strict,
						.records = true,
						.placeholders = job->placeholders,
						.n_placeholders = job->n_placeholders };
	struct jsonl *in = NULL;
	int err = rules_load(job->paths, job->n_paths, &options, &job->rules), code = CLI_FAILURE;

	if (err)
		return err == -EINVAL || err == -ENOENT ? CLI_USAGE : CLI_FAILURE;
	arena_init(&job->arena, ARENA_BYTES);
	err = jsonl_new(STDIN_FILENO, &in);
	if (err)
		log_error("standard input cannot be read: %s", strerror(-err));
	else
		code = match_lines(job, in);
	jsonl_free(in);
	arena_done(&job->arena);
	buf_done(&job->out);
	ruleset_free(job->rules);
	return code;
}

/* take_source - "product=linux,category=process_creation", in any order */
static int take_source(struct match_job *job, char *text) {
	static const char *const words[] = { "category", "product", "service", NULL };
	struct str *const to[] = { &job->source.category, &job->source.product,
				   &job->source.service };
	char *value;
	int which;

	while (*text) {
		which = getsubopt(&text, (char *const *)words, &value);
		if (which < 0 || !value || !*value)
			return cli_misuse(&command_match,
					  "--logsource takes product=WORD, category=WORD and "
					  "service=WORD, with commas between");
		*to[which] = str_of(value);
	}
	return CLI_OK;
}

static int take_placeholder(struct match_job *job, const char *text) {
	const char *equals = strchr(text, '=');

	if (!equals || equals == text)
		return cli_misuse(&command_match, "--placeholder takes NAME=VALUE, not \"%s\"",
				  text);
	job->placeholders[job->n_placeholders++] = text;
	return CLI_OK;
}

static int take_options(struct match_job *job, int argc, char **argv) {
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "rules", required_argument, NULL, MATCH_RULES },
		{ "strict", no_argument, NULL, MATCH_STRICT },
		{ "placeholder", required_argument, NULL, MATCH_PLACEHOLDER },
		{ "logsource", required_argument, NULL, MATCH_LOGSOURCE },
		{ 0 },
	};
	int option, code = CLI_OK;

	optind = 1;
	opterr = 0;
	while (!code && (option = cli_option(argc, argv, ":h", options)) != -1) {
		if (option == MATCH_RULES)
			job->paths[job->n_paths++] = optarg;
		else if (option == MATCH_STRICT)
			job->strict = true;
		else if (option == MATCH_PLACEHOLDER)
			code = take_placeholder(job, optarg);
		else if (option == MATCH_LOGSOURCE)
			code = take_source(job, optarg);
		else
			return cli_bad_option(&command_match, argv, options, option);
	}
	/* what follows --rules without an option of its own is a path as well */
	for (; !code && optind < argc; optind++) {
		if (!job->n_paths)
			return cli_misuse(&command_match, "\"%s\" stands without --rules",
					  argv[optind]);
		job->paths[job->n_paths++] = argv[optind];
	}
	if (!code && !job->n_paths)
		return cli_misuse(&command_match, "which rules? Name them with --rules");
	return code;
}

static int match_run(int argc, char **argv) {
	struct match_job job = { 0 };
	int code = CLI_FAILURE;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			return cli_help(&command_match);
	}
	job.paths = calloc((size_t)argc, sizeof(*job.paths));
	job.placeholders = calloc((size_t)argc, sizeof(*job.placeholders));
	if (job.paths && job.placeholders)
		code = take_options(&job, argc, argv);
	if (!code)
		code = match_all(&job);
	free(job.paths);
	free(job.placeholders);
	return code;
}

const struct command command_match = {
	.name = "match",
	.summary = "hold Sigma rules against lines of JSON, without a sensor",
	.usage =
		"usage: lapwing match --rules PATH... [OPTION]... <EVENTS.jsonl\n"
		"\n"
		"Each line is an object of Sigma field names; a value is text, a number, a\n"
		"boolean, null or an array of these. \"_logsource\" ({\"product\":...,\n"
		"\"category\":..., \"service\":...}) and \"_time\" (seconds since 1970, or as\n"
		"\"2026-01-31T23:59:00Z\") are no fields.\n"
		"Prints one JSON line for each rule that holds, in the order of the input.\n"
		"\n"
		"  --rules PATH              a file or folder of rules, filters and "
		"correlations,\n"
		"                            of any log source and status (repeatable)\n"
		"  --strict                  a rule with a fault refuses all of them\n"
		"  --placeholder NAME=VALUE  a value for %NAME% in 'expand' rules (repeatable)\n"
		"  --logsource product=WORD,category=WORD,service=WORD\n"
		"                            of lines that do not say theirs; else these are held\n"
		"                            against every rule\n"
		"\n"
		"Exit status: 0 when the input was read to its end, hits or not; 2 when rules\n"
		"were refused under --strict, or none are left; 1 when reading or writing "
		"failed.\n"
		"\n"
		"example: lapwing match --rules rules <events.jsonl\n",
	.run = match_run,
};
