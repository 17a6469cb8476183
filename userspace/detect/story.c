/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/story.h"

#include <errno.h>
#include <stdlib.h>

#include "detect/calendar.h"
#include "detect/fault.h"
#include "detect/number.h"
#include "detect/yaml.h"

#define CASE_GAP_NS (400ull * 86400 * 1000000000) /* so that no window reaches over it */
#define CASE_START_NS 1000000000ull
#define TEST_ARENA_BYTES (64u * 1024 * 1024)

void stories_init(struct stories *s) {
	arena_init(&s->docs, TEST_ARENA_BYTES);
	arena_init(&s->events, TEST_ARENA_BYTES);
	s->case_ns = CASE_START_NS;
	s->n_cases = s->n_failed = 0;
}

void stories_done(struct stories *s) {
	arena_done(&s->docs);
	arena_done(&s->events);
}

bool stories_is(const char *name) {
	size_t n = strlen(name);

	return n > 9 && !strcmp(name + n - 9, ".test.yml");
}

int stories_rule(const struct ruleset *rules, const char *sidecar, size_t *ret) {
	size_t stem = strlen(sidecar) - strlen("test.yml");
	struct rule_info r;
	unsigned n = 0;

	for (size_t i = 0; !ruleset_info(rules, i, &r); i++) {
		if (strncmp(r.file, sidecar, stem) || strcmp(r.file + stem, "yml"))
			continue;
		*ret = i;
		n++;
	}
	return n == 1 ? 0 : n ? -E2BIG : -ENOENT;
}

static void fail(struct stories *b, const char *name, uint32_t line, const char *what) {
	b->fault(b->ctx, name, line, what);
	b->n_failed++;
}

static int take_values(struct stories *b, const struct node *e, struct record_field *ret) {
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

/* take_time - seconds */
static int take_time(const struct node *e, long double *ret) {
	int err = e->type == NODE_SCALAR ? number_read(e->text, ret) : -EINVAL;

	return err ? err : *ret >= 0 && *ret < CALENDAR_END_S ? 0 : -EINVAL;
}

/* take_event - 0, -EINVAL, -ENOMEM */
static int take_event(struct stories *b, const struct node *map, uint64_t nth, struct record *ret) {
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
			err = take_time(e, &s);
		else if (str_eq(e->key->text, STR("_logsource")))
			err = take_source(e, &ret->source);
		else
			err = take_values(b, e, &v[ret->n++]);
	}
	ret->time_ns = b->case_ns + (uint64_t)(s * 1e9L);
	return err;
}

/* hold - how often rule @i holds for the events of one case; -EINVAL when they are no events */
static int hold(struct stories *b, size_t i, const struct node *c, uint64_t *ret) {
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

static void run_cases(struct stories *b, const char *name, const struct node *doc, const char *key,
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

static void run_document(struct stories *b, const char *name, const struct node *doc) {
	const struct node *which = doc->type == NODE_MAP ? yaml_get(doc, "rule") : NULL;
	size_t rule = 0;
	int err;

	if (doc->type != NODE_MAP) {
		fail(b, name, doc->line, "expected a map with 'positive' and 'negative'");
		return;
	}
	err = which ? ruleset_find(b->rules, which->text, &rule)
		    : stories_rule(b->rules, name, &rule);
	if (err) {
		fail(b, name, doc->line,
		     which	     ? "'rule' is none that runs"
		     : err == -E2BIG ? "the file has several rules; 'rule' must say which"
				     : "no rule of the file beside this one runs");
		return;
	}
	b->tested[rule] = true;
	run_cases(b, name, doc, "positive", rule, true);
	run_cases(b, name, doc, "negative", rule, false);
}

int stories_run(struct stories *s, const char *name, const char *text, size_t n) {
	struct faults faults = { .out = s->errors, .file = name };
	struct node *docs = NULL;
	int err;

	arena_reset(&s->docs);
	err = yaml_read(text, n, &s->docs, &faults, &docs);
	for (const struct node *doc = docs; !err && doc; doc = doc->next)
		run_document(s, name, doc);
	return err;
}
