/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bundle_build.c - rules and their stories, gathered, tried, and packed
 *
 * Rule files are put together until a blob is as long as the reader of rules takes comfortably.
 * Stories name their rule there, because the file that they stood beside is gone.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/rehearse.h"
#include "base/log.h"
#include "cli/bundle.h"
#include "detect/load.h"
#include "detect/story.h"
#include "detect/yaml.h"

#define DAY_S 86400ull
#define BLOB_BYTES (192u * 1024)

struct part {
	char name[BUNDLE_NAME_BYTES + 1];
	struct buf text;
};

struct build {
	struct ruleset *rules; /* as they are loaded from files */
	struct part parts[BUNDLE_BLOBS];
	size_t n, n_kind[2];
	int open[2]; /* the part of rules, and of stories, that is filled; -1: none */
	int error;
};

static struct part *new_part(struct build *b, const char *name) {
	if (b->n == BUNDLE_BLOBS) {
		b->error = b->error ? b->error : -E2BIG;
		return NULL;
	}
	(void)snprintf(b->parts[b->n].name, sizeof(b->parts[0].name), "%s", name);
	return &b->parts[b->n++];
}

/* room_for - the part that @n more bytes of rules, or of stories, go to */
static struct part *room_for(struct build *b, bool stories, size_t n) {
	int at = b->open[stories];
	char name[BUNDLE_NAME_BYTES];

	if (at >= 0 && b->parts[at].text.len + n < BLOB_BYTES)
		return &b->parts[at];
	(void)snprintf(name, sizeof(name), stories ? "stories-%02zu.test.yml" : "rules-%02zu.yml",
		       b->n_kind[stories]++);
	b->open[stories] = (int)b->n;
	return new_part(b, name);
}

/* names_rule - whether stories say which rule they are of */
static bool names_rule(struct str text) {
	return str_starts(text, STR("rule:")) || memmem(text.s, text.n, "\nrule:", 6);
}

static int take_file(void *ctx, const char *name, const char *text, size_t n) {
	bool stories = stories_is(name);
	struct build *b = ctx;
	struct part *to = room_for(b, stories, n);
	struct rule_info info;
	size_t rule;

	if (!to)
		return b->error;
	if (to->text.len)
		buf_add_lit(&to->text, "\n---\n");
	if (stories && !names_rule((struct str){ text, (uint32_t)n })) {
		if (stories_rule(b->rules, name, &rule) || ruleset_info(b->rules, rule, &info)) {
			log_error("\"%s\" has to say which rule it is of", name);
			return -EINVAL;
		}
		buf_addf(&to->text, "rule: \"%.*s\"\n",
			 STR_FMT(info.detection->rule_id.n ? info.detection->rule_id
							   : info.detection->title));
	}
	buf_add(&to->text, text, n);
	return buf_error(&to->text);
}

/* take_other - a list, or the tuning, under the last part of its path or @name */
static int take_other(struct build *b, const char *path, const char *name) {
	struct str base = str_basename(str_of(path));
	struct part *to = new_part(b, name ? name : base.s);

	return to ? bundle_read(path, BUNDLE_MAX_EXPANDED, &to->text) : -E2BIG;
}

static int gather(struct build *b, const struct bundle_job *job) {
	const struct detect_options o = { .strict = !job->untried, .progress_fd = STDERR_FILENO };
	struct buf errors = { 0 };
	int err = ruleset_load(job->paths, job->n_paths, &o, &errors, &b->rules);

	if (err && !job->untried) {
		log_error("the rules cannot be loaded");
		cli_print(stderr, &errors);
	}
	buf_done(&errors);
	if (err && job->untried)
		err = 0; /* for tests of what refuses it */
	for (size_t i = 0; i < job->n_paths && !err; i++)
		err = load_path(job->paths[i], YAML_MAX_BYTES, take_file, NULL, b);
	for (size_t i = 0; i < job->n_lists && !err; i++)
		err = take_other(b, job->lists[i], NULL);
	if (job->tuning && !err)
		err = take_other(b, job->tuning, "tuning.conf");
	return err;
}

static void copy(char *to, size_t room, const char *text, const char *fallback) {
	(void)snprintf(to, room, "%s", text ? text : fallback);
}

static int fill(const struct build *b, const struct bundle_job *job, struct manifest *m) {
	*m = (struct manifest){ .version = job->version,
				.created_s = job->created_s,
				.expires_s = job->expires_s ? job->expires_s
							    : job->created_s + 90 * DAY_S,
				.rules = b->rules ? (uint32_t)ruleset_count(b->rules) : 0,
				.n_approvers = (uint32_t)job->n_approvers };
	schema_own(&m->schema);
	copy(m->name, sizeof(m->name), job->name, "");
	copy(m->channel, sizeof(m->channel), job->channel, "stable");
	copy(m->engine_min, sizeof(m->engine_min), job->engine_min, LAPWING_VERSION);
	copy(m->engine_max, sizeof(m->engine_max), job->engine_max, LAPWING_VERSION);
	copy(m->notes, sizeof(m->notes), job->notes, "");
	for (size_t i = 0; i < job->n_approvers; i++)
		copy(m->approvers[i], BUNDLE_TEXT_BYTES, job->approvers[i], "");
	for (uint32_t kind = 1; kind < WIRE_KIND_MAX && m->n_needs < BUNDLE_NEEDS; kind++)
		if (event_kinds_has(&job->needs, kind))
			m->needs[m->n_needs++] = kind;
	m->has_predecessor = job->previous != NULL;
	return job->previous ? bundle_hash(job->previous, m->predecessor, NULL) : 0;
}

static void seal_parts(struct build *b, const struct manifest *m, struct buf *out) {
	struct bundle_part parts[BUNDLE_BLOBS];
	struct buf body = { 0 };
	int err;

	for (size_t i = 0; i < b->n; i++)
		parts[i] = (struct bundle_part){ b->parts[i].name,
						 { b->parts[i].text.data,
						   (uint32_t)b->parts[i].text.len } };
	err = bundle_pack(&body, m, parts, b->n);
	if (err)
		log_error("it cannot be packed: %s",
			  err == -EINVAL  ? "a file has a name that no kind of content has"
			  : err == -E2BIG ? "more than 64 parts, or one that expands 20 times over"
					  : strerror(-err));
	b->error = b->error ? b->error : err;
	seal_make(out, SEAL_BUNDLE, (struct str){ body.data, (uint32_t)body.len });
	buf_done(&body);
}

/* class_of - what it cost an event of the author's tape; the gate lets nothing past 50 us */
static uint32_t class_of(const struct rehearse_report *r) {
	uint64_t ns = r->events ? r->candidate_ns / r->events : 0;

	if (!r->events)
		return 0;
	return ns < 1000 ? BUNDLE_LIGHT : ns < 5000 ? BUNDLE_MODERATE : BUNDLE_HEAVY;
}

/* open_inputs - the author's tapes, and what was released before, where that is a file */
static int open_inputs(const struct bundle_job *from, struct rehearse_job *job,
		       struct buf files[3]) {
	bool live = from->n_tapes && from->previous && !access(from->previous, R_OK);
	int err = live ? bundle_read(from->previous, SEAL_MAX_BYTES, &files[2]) : 0;

	for (size_t i = 0; i < from->n_tapes && !err; i++) {
		err = bundle_read(from->tapes[i], BUNDLE_TAPE_BYTES, &files[i]);
		job->tapes[i] = (struct str){ files[i].data, (uint32_t)files[i].len };
	}
	if (live)
		job->live.bundle = (struct str){ files[2].data, (uint32_t)files[2].len };
	return err;
}

/* try_out - as each host will; and what it costs becomes part of the manifest */
static int try_out(const struct bundle_job *from, const struct buf *sealed, struct manifest *m) {
	static struct rehearse_report report;
	struct rehearse_job job = { .limits = &rehearse_defaults,
				    .progress_fd = STDERR_FILENO };
	struct buf files[3] = { 0 };
	struct verdict v = { 0 };
	int err = open_inputs(from, &job, files);

	job.candidate.bundle = (struct str){ sealed->data, (uint32_t)sealed->len };
	if (!err)
		err = rehearse(&job, &report, &v);
	for (int i = 0; i < 3; i++)
		buf_done(&files[i]);
	if (err == -ECANCELED)
		log_error("the rehearsal refused it (%s): %s", v.reason, v.text);
	else if (err)
		log_error("it cannot be rehearsed: %s", strerror(-err));
	if (err)
		return err;
	m->rules = (uint32_t)report.rules;
	m->cost = class_of(&report);
	(void)printf("%s\n", v.text);
	return 0;
}

int bundle_build(const struct bundle_job *job) {
	static struct build b;
	static struct manifest m;
	struct buf sealed = { 0 };
	char hex[SEAL_HEX_BYTES];
	struct seal s;
	const char *why;

	if (!job->out || !job->name || !job->version)
		return cli_misuse(&command_bundle, "build needs -o, --name and --version");
	b.open[0] = b.open[1] = -1;
	b.error = gather(&b, job);
	if (!b.error)
		b.error = fill(&b, job, &m);
	if (!b.error)
		seal_parts(&b, &m, &sealed);
	if (!b.error && !job->untried)
		b.error = try_out(job, &sealed, &m);
	if (!b.error && m.cost) {
		buf_reset(&sealed);
		seal_parts(&b, &m, &sealed);
	}
	if (!b.error)
		b.error = bundle_write(job->out, &sealed);
	if (!b.error && !seal_open(sealed.data, sealed.len, &s, &why)) {
		seal_hex(s.hash, hex);
		(void)printf("%s\n", hex);
	}
	for (size_t i = 0; i < b.n; i++)
		buf_done(&b.parts[i].text);
	buf_done(&sealed);
	ruleset_free(b.rules);
	return b.error ? CLI_FAILURE : CLI_OK;
}
