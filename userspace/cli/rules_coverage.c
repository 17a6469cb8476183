/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rules_coverage.c - which rules can hold here
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/watch.h"
#include "base/log.h"
#include "cli/rules.h"
#include "encode/encode.h"
#include "encode/text.h"
#include "event/word.h"
#include "probe/probe.h"

/* take_way - "file.rename" that some hook serves: events of FILE_RENAME come */
static void take_way(void *ctx, const struct probe_way *w) {
	struct event_kinds *kinds = ctx;
	char name[64];
	size_t i = 0;

	for (; w->deed[i] && i + 1 < sizeof(name); i++)
		name[i] = w->deed[i] == '.' ? '_' : (char)toupper((unsigned char)w->deed[i]);
	name[i] = '\0';
	if (!strcmp(name, "PROCESS_SETSID"))
		(void)strcpy(name, "PROCESS_SESSION");
	for (uint32_t kind = 1; w->chosen && kind < WIRE_KIND_MAX; kind++) {
		if (!strcmp(event_kind_name(kind), name))
			event_kinds_add(kinds, kind);
	}
}

static int find_kinds(const struct rules_job *job, struct event_kinds *ret) {
	struct probe_options po = { 0 };
	const char *why = "";

	*ret = (struct event_kinds){ 0 };
	if (!job->all_hooks && geteuid() == 0) {
		if (probe_check(&why)) {
			log_error("%s", why);
			return CLI_FAILURE;
		}
		(void)probe_preflight(&po, take_way, ret);
		event_kinds_add(ret, WIRE_HOST_LOG); /* by --log, not by a hook */
		return CLI_OK;
	}
	if (!job->all_hooks)
		log_warn("only root can ask the kernel which hooks it takes: counting all of them");
	memset(ret, 0xff, sizeof(*ret));
	return CLI_OK;
}

struct tally {
	size_t n[3], skipped;
};

static void add_json(struct buf *out, const char *word, const struct detection *d,
		     const struct buf *why) {
	buf_addf(out, "{\"coverage\":\"%s\",\"id\":", word);
	if (d->rule_id.s)
		encode_json_text(out, d->rule_id);
	else
		buf_add_lit(out, "null");
	buf_add_lit(out, ",\"title\":");
	encode_json_text(out, d->title);
	buf_add_lit(out, ",\"why\":");
	encode_json_text(out, (struct str){ why->len ? why->data : "", (uint32_t)why->len });
	buf_add_lit(out, "}\n");
}

static void add_lines(struct buf *out, const char *word, const struct detection *d,
		      const struct buf *why) {
	const char *p = why->data, *end = p + why->len, *next;

	buf_addf(out, "%-6s  ", word);
	text_shown(out, d->title);
	buf_add_char(out, '\n');
	for (; why->len && p < end; p = next) {
		next = memchr(p, '\n', (size_t)(end - p));
		next = next ? next + 1 : end;
		buf_addf(out, "        %.*s", (int)(next - p), p);
	}
}

static void cover(const struct rules_job *job, struct ruleset *rules,
		  const struct event_kinds *kinds, struct tally *t) {
	static const char *const words[] = { "none", "partly", "fully" };
	struct buf out = { 0 }, why = { 0 };
	struct rule_info r;
	const char *line;

	for (size_t i = 0; !ruleset_info(rules, i, &r); i++) {
		enum rule_coverage c;

		buf_reset(&why);
		c = ruleset_coverage(rules, i, kinds, &why);
		t->n[c]++;
		if (job->json)
			add_json(&out, words[c], r.detection, &why);
		else
			add_lines(&out, words[c], r.detection, &why);
	}
	for (; (line = ruleset_skipped(rules, t->skipped)); t->skipped++) {
		if (job->json) {
			buf_add_lit(&out, "{\"coverage\":\"none\",\"why\":");
			encode_json_text(&out, str_of(line));
			buf_add_lit(&out, "}\n");
		} else {
			buf_addf(&out, "none    %s\n", line);
		}
	}
	cli_print(stdout, &out);
	buf_done(&out);
	buf_done(&why);
}

/* cover_reads - what a sensor with its own defaults would not watch of what rules ask for */
static void cover_reads(const struct ruleset *rules) {
	static struct watch watch;
	struct buf refused = { 0 };

	watch_default(&watch);
	if (watch_rules(&watch, rules, &refused))
		log_warn("there is no memory to look at what rules would have watched");
	else
		cli_print(stderr, &refused);
	watch_done(&watch);
	buf_done(&refused);
}

int rules_coverage(const struct rules_job *job) {
	struct buf errors = { 0 };
	struct ruleset *rules = NULL;
	struct event_kinds kinds;
	struct tally t = { 0 };
	int err = ruleset_load(job->paths, job->n_paths, &job->detect, &errors, &rules);

	cli_print(stderr, &errors);
	buf_done(&errors);
	if (err) {
		log_error("the rules in \"%s\" cannot be loaded: %s", job->paths[0],
			  strerror(-err));
		return err == -EINVAL || err == -ENOENT ? CLI_USAGE : CLI_FAILURE;
	}
	if (find_kinds(job, &kinds)) {
		ruleset_free(rules);
		return CLI_FAILURE;
	}
	cover(job, rules, &kinds, &t);
	cover_reads(rules);
	log_info("%zu rules fully, %zu partly, %zu not at all; %zu skipped and %zu refused",
		 t.n[COVERAGE_FULLY], t.n[COVERAGE_PARTLY], t.n[COVERAGE_NONE], t.skipped,
		 ruleset_refused(rules));
	ruleset_free(rules);
	return fflush(stdout) == 0 ? CLI_OK : CLI_FAILURE;
}
