/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rules_test.c - a rule's own events, from the file RULE.test.yml beside RULE.yml
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
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cli/rules.h"
#include "detect/load.h"
#include "detect/number.h"
#include "detect/yaml.h"

#define CASE_GAP_NS (400ull * 86400 * 1000000000) /* so that no window reaches over it */
#define CASE_START_NS 1000000000ull
#define TEST_ARENA_BYTES (64u * 1024 * 1024)

struct bench {
	const struct rules_job *job;
	struct ruleset *rules;
	struct arena docs, events;
	struct buf errors;
	size_t n_cases, n_failed, n_rules;
	uint64_t case_ns;
};

static bool is_sidecar(const char *name) {
	size_t n = strlen(name);

	return n > 9 && !strcmp(name + n - 9, ".test.yml");
}

static void fail(struct bench *b, const char *name, uint32_t line, const char *what) {
	(void)printf("%s:%u: %s\n", name, line, what);
	b->n_failed++;
}

static int take_values(struct bench *b, const struct node *e, struct record_field *ret) {
	const struct node *v = e->type == NODE_LIST ? e->first : e;
	uint32_t n = e->type == NODE_LIST ? e->n : 1;
	struct str *values = arena_alloc(&b->events, (n + 1) * sizeof(*values));

	if (!values)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++, v = v->next) {
		if (v->type != NODE_SCALAR)
			return -EINVAL;
		values[i] = v->scalar == SCALAR_NULL ? (struct str){ 0 } : v->text;
	}
	*ret = (struct record_field){ e->key->text, values, n };
	return 0;
}

/* take_source - {category: …}: only rules of it are asked */
static int take_source(const struct node *map, struct logsource *ret) {
	static const char *const words[] = { "category", "product", "service" };
	struct str *const to[] = { &ret->category, &ret->product, &ret->service };

	ret->product = STR("linux");
	for (const struct node *e = map->type == NODE_MAP ? map->first : NULL; e; e = e->next) {
		unsigned i = 0;

		while (i < 3 && !str_eq(e->key->text, str_of(words[i])))
			i++;
		if (i == 3 || e->type != NODE_SCALAR)
			return -EINVAL;
		*to[i] = e->text;
	}
	return map->type == NODE_MAP ? 0 : -EINVAL;
}

/* take_event - 0, -EINVAL, -ENOMEM */
static int take_event(struct bench *b, const struct node *map, uint64_t nth, struct record *ret) {
	struct record_field *v = arena_alloc(&b->events, (map->n + 1) * sizeof(*v));
	long double s = nth;
	int err = 0;

	if (!v)
		return -ENOMEM;
	if (map->type != NODE_MAP)
		return -EINVAL;
	*ret = (struct record){ .fields = v };
	for (const struct node *e = map->first; !err && e; e = e->next) {
		if (str_eq(e->key->text, STR("_time")))
			err = e->type == NODE_SCALAR ? number_read(e->text, &s) : -EINVAL;
		else if (str_eq(e->key->text, STR("_logsource")))
			err = take_source(e, &ret->source);
		else
			err = take_values(b, e, &v[ret->n++]);
	}
	ret->time_ns = b->case_ns + (uint64_t)(s * 1e9L);
	return err;
}

/* hold - how often rule @i holds for the events of one case; -EINVAL when they are no events */
static int hold(struct bench *b, size_t i, const struct node *c, uint64_t *ret) {
	const struct node *e = c->type == NODE_LIST ? c->first : c;
	const struct detection *found;
	struct rule_info before, after;
	uint64_t nth = 0;

	b->case_ns += CASE_GAP_NS;
	(void)ruleset_info(b->rules, i, &before);
	for (; e; e = c->type == NODE_LIST ? e->next : NULL) {
		struct record record;
		int err;

		arena_reset(&b->events);
		err = take_event(b, e, nth++, &record);
		if (err)
			return err;
		(void)detect_record(b->rules, &b->events, &record, &found);
	}
	(void)ruleset_info(b->rules, i, &after);
	*ret = after.hits - before.hits;
	return 0;
}

static void run_cases(struct bench *b, const char *name, const struct node *doc, const char *key,
		      size_t rule, bool wanted) {
	const struct node *list = yaml_get(doc, key);
	uint64_t hits = 0;

	if (!list || list->type != NODE_LIST || !list->n) {
		fail(b, name, list ? list->line : doc->line,
		     wanted ? "no list 'positive' of events for which the rule holds"
			    : "no list 'negative' of events for which it does not");
		return;
	}
	for (const struct node *c = list->first; c; c = c->next) {
		b->n_cases++;
		if (hold(b, rule, c, &hits))
			fail(b, name, c->line,
			     "this is no event: expected a map of fields and values");
		else if (wanted != (hits > 0))
			fail(b, name, c->line,
			     wanted ? "the rule does not hold here" : "the rule holds here");
	}
}

/* only_rule - the one rule of the file that @sidecar stands beside */
static int only_rule(const struct bench *b, const char *sidecar, size_t *ret) {
	size_t stem = strlen(sidecar) - strlen("test.yml");
	struct rule_info r;
	unsigned n = 0;

	for (size_t i = 0; !ruleset_info(b->rules, i, &r); i++) {
		if (strncmp(r.file, sidecar, stem) || strcmp(r.file + stem, "yml"))
			continue;
		*ret = i;
		n++;
	}
	return n == 1 ? 0 : n ? -E2BIG : -ENOENT;
}

static void run_document(struct bench *b, const char *name, const struct node *doc, bool *tested) {
	const struct node *which = doc->type == NODE_MAP ? yaml_get(doc, "rule") : NULL;
	size_t rule = 0;
	int err;

	if (doc->type != NODE_MAP) {
		fail(b, name, doc->line, "expected a map with 'positive' and 'negative'");
		return;
	}
	err = which ? ruleset_find(b->rules, which->text, &rule) : only_rule(b, name, &rule);
	if (err) {
		fail(b, name, doc->line,
		     which	     ? "'rule' is none that runs"
		     : err == -E2BIG ? "the file has several rules; 'rule' must say which"
				     : "no rule of the file beside this one runs");
		return;
	}
	tested[rule] = true;
	run_cases(b, name, doc, "positive", rule, true);
	run_cases(b, name, doc, "negative", rule, false);
}

struct walk {
	struct bench *b;
	bool *tested;
};

static int take_sidecar(void *ctx, const char *name, const char *text, size_t n) {
	struct walk *w = ctx;
	struct faults faults = { .out = &w->b->errors, .file = name };
	struct node *docs = NULL;
	int err;

	if (!is_sidecar(name))
		return 0;
	arena_reset(&w->b->docs);
	err = yaml_read(text, n, &w->b->docs, &faults, &docs);
	if (err == -EINVAL) {
		w->b->n_failed++;
		return 0;
	}
	for (const struct node *doc = docs; !err && doc; doc = doc->next)
		run_document(w->b, name, doc, w->tested);
	return err;
}

static int run_sidecars(struct bench *b, bool *tested) {
	struct walk w = { b, tested };
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
		err = load_path(path, YAML_MAX_BYTES, take_sidecar, &w);
		err = err == -ENOENT ? 0 : err;
	}
	for (size_t i = 0; !err && !ruleset_info(b->rules, i, &r); i++) {
		if (!tested[i])
			fail(b, r.file, r.line, "this rule has no events in a file *.test.yml");
	}
	return err;
}

static int run_all(struct bench *b) {
	struct rule_info r;
	bool *tested;
	int err;

	while (!ruleset_info(b->rules, b->n_rules, &r))
		b->n_rules++;
	tested = calloc(b->n_rules + 1, sizeof(*tested));
	err = tested ? run_sidecars(b, tested) : -ENOMEM;
	free(tested);
	return err;
}

int rules_test(const struct rules_job *job) {
	struct detect_options options = job->detect;
	struct bench b = { .job = job, .case_ns = CASE_START_NS };
	int err;

	options.strict = true;
	options.records = true;
	arena_init(&b.docs, TEST_ARENA_BYTES);
	arena_init(&b.events, TEST_ARENA_BYTES);
	err = ruleset_load(job->paths, job->n_paths, &options, &b.errors, &b.rules);
	if (!err)
		err = run_all(&b);
	(void)printf("%.*s", (int)b.errors.len, b.errors.len ? b.errors.data : "");
	if (err && err != -EINVAL)
		log_error("the rules in \"%s\" cannot be tested: %s", job->paths[0],
			  strerror(-err));
	if (!err)
		(void)printf("%zu rules, %zu cases, %zu failed\n", b.n_rules, b.n_cases,
			     b.n_failed);
	ruleset_free(b.rules);
	buf_done(&b.errors);
	arena_done(&b.docs);
	arena_done(&b.events);
	if (fflush(stdout) != 0)
		return CLI_FAILURE;
	return err == -EINVAL ? CLI_USAGE : err || b.n_failed ? CLI_FAILURE : CLI_OK;
}
