/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "detect/correlate.h"
#include "detect/filter.h"
#include "detect/load.h"
#include "detect/memory.h"

#define SET_BYTES (256u * 1024 * 1024)
#define SCRATCH_BYTES (64u * 1024)
#define TEMP_BYTES (64u * 1024 * 1024)
#define REGEX_BYTES (4u * 1024 * 1024) /* one that needs more to become an automaton is PCRE2's */

/* What one regex may do to one text before it is taken as "no" and counted. */
#define REGEX_STEPS 100000
#define REGEX_DEPTH 5000
#define REGEX_HEAP_KIB 1024

void ruleset_free(struct ruleset *rules) {
	if (!rules)
		return;
	for (uint32_t kind = 0; kind < WIRE_KIND_MAX; kind++)
		memory_free(rules->buckets[kind].memory);
	for (size_t i = 0; i < rules->n_regexes; i++)
		pcre2_code_free(rules->regexes[i]);
	free(rules->regexes);
	free(rules->skipped);
	free(rules->sources);
	correlations_free(rules->correlations);
	pcre2_match_data_free(rules->match.regex_data);
	pcre2_match_context_free(rules->match.regex_limits);
	arena_done(&rules->scratch);
	arena_done(&rules->arena);
	free(rules);
}

static int set_new(struct ruleset **ret) {
	struct ruleset *set = calloc(1, sizeof(*set));
	struct match *m;

	if (!set)
		return -ENOMEM;
	m = &set->match;
	arena_init(&set->arena, SET_BYTES);
	arena_init(&set->scratch, SCRATCH_BYTES);
	m->regex_data = pcre2_match_data_create(1, NULL);
	m->regex_limits = pcre2_match_context_create(NULL);
	if (!m->regex_data || !m->regex_limits) {
		ruleset_free(set);
		return -ENOMEM;
	}
	(void)pcre2_set_match_limit(m->regex_limits, REGEX_STEPS);
	(void)pcre2_set_depth_limit(m->regex_limits, REGEX_DEPTH);
	(void)pcre2_set_heap_limit(m->regex_limits, REGEX_HEAP_KIB);
	*ret = set;
	return 0;
}

static bool rule_wants(const struct view *v, const struct rule *r) {
	const struct audit_record *row = v->row;

	if (row && (!r->audited || (row->type == AUDIT_PATH && !(row->access & r->access))))
		return false;
	if (!row && !event_kinds_has(&r->kinds, v->kind))
		return false;
	return screen_can_hold(v, r->expr);
}

static int fill_bucket(const struct view *v, struct arena *temp, struct bucket *bucket) {
	struct ruleset *set = v->set;

	arena_reset(temp);
	bucket->rows = arena_alloc(&set->arena, (set->n_rules + 1) * sizeof(*bucket->rows));
	if (!bucket->rows)
		return -ENOMEM;
	for (size_t i = 0; i < set->n_rules; i++) {
		if (set->for_records || rule_wants(v, set->rules[i]))
			bucket->rows[bucket->n++] = set->rules[i];
	}
	return bucket_ready(temp, v, bucket);
}

static int fill_audits(struct ruleset *set, struct arena *temp) {
	uint32_t n;
	const struct audit_record *rows = audit_records(&n);
	struct event_kinds asked = { 0 };

	set->audits = arena_zalloc(&set->arena, n * sizeof(*set->audits));
	if (!set->audits)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		uint8_t kind = rows[i].kind;
		int err = fill_bucket(&(struct view){ set, kind, &rows[i] }, temp, &set->audits[i]);

		if (err)
			return err;
		if (set->n_audits[kind]++ == 0)
			set->first_audit[kind] = (uint8_t)i;
		if (set->audits[i].n)
			event_kinds_add(&asked, kind);
	}
	for (uint32_t kind = 0; kind < WIRE_KIND_MAX; kind++)
		set->n_audits[kind] *= event_kinds_has(&asked, kind);
	return 0;
}

static int fill_buckets(struct ruleset *set, struct arena *temp) {
	if (set->for_records)
		return fill_bucket(&(struct view){ set, 0, NULL }, temp, &set->records);
	for (uint32_t kind = 0; kind < WIRE_KIND_MAX; kind++) {
		int err = fill_bucket(&(struct view){ set, kind, NULL }, temp, &set->buckets[kind]);

		if (err)
			return err;
	}
	return fill_audits(set, temp);
}

/* prepare - all that matching will need is allocated here */
static int prepare(struct build *b) {
	struct ruleset *set = b->set;
	size_t n = set->n_rules, room = n + 1, n_names = 0, i = 0;

	set->rules = arena_alloc(&set->arena, (n + !n) * sizeof(*set->rules));
	if (set->correlations)
		room += set->correlations->room;
	set->detections = arena_alloc(&set->arena, room * sizeof(*set->detections));
	if (!set->rules || !set->detections)
		return -ENOMEM;
	for (struct rule *r = b->first_rule; r; r = r->next) {
		set->rules[i++] = r;
		n_names += r->n_identifiers;
	}
	set->applies = arena_zalloc(&set->arena, set->n_sources + 1);
	set->matched = arena_alloc(&set->arena, (n_names + 1) * sizeof(*set->matched));
	if (!set->matched || !set->applies)
		return -ENOMEM;
	/* a first match makes PCRE2 take the memory that it then keeps */
	for (i = 0; i < set->n_regexes; i++)
		(void)pcre2_match(set->regexes[i], (PCRE2_SPTR) " ", 1, 0, 0, set->match.regex_data,
				  set->match.regex_limits);
	return fill_buckets(set, &b->temp);
}

/* add_document - what finds no room is a fault of the document, as anything else that is wrong */
static int add_document(struct build *b, const struct node *doc) {
	int err;

	arena_reset(&b->temp);
	err = rule_build(b, doc);
	if (err == -ENOMEM && b->temp.full)
		err = fault_at(&b->faults, doc,
			       "the document needs more than %u MiB while it is read, expected "
			       "fewer or shorter values",
			       TEMP_BYTES >> 20);
	else if (err == -ENOMEM && b->set->arena.full)
		err = fault_at(&b->faults, doc,
			       "all rules together need more than %u MiB, expected fewer",
			       SET_BYTES >> 20);
	b->faults.id = (struct str){ 0 };
	return err;
}

/* is_sidecar - whether it has a rule's events, for `lapwing rules test` */
static bool is_sidecar(const char *name) {
	static const char end[] = ".test.yml";
	size_t n = strlen(name);

	return n >= sizeof(end) && !strcmp(name + n - (sizeof(end) - 1), end);
}

static int begin_file(struct build *b, const char *name) {
	struct str kept = arena_str(&b->set->arena, str_of(name));

	if (!kept.s)
		return -ENOMEM;
	b->file = kept.s;
	b->faults.file = kept.s;
	return 0;
}

/* add_unread - one that is there and cannot be read is at fault, and the others load */
static int add_unread(void *ctx, const char *name, int why) {
	struct build *b = ctx;
	int err = is_sidecar(name) ? 0 : begin_file(b, name);

	if (err || is_sidecar(name))
		return err;
	(void)fault(&b->faults, 1, 1, "it cannot be read: %s, expected a file of at most %u MiB",
		    strerror(-why), YAML_MAX_BYTES >> 20);
	b->set->n_refused++;
	return 0;
}

/* add_text - every document of one file */
static int add_text(void *ctx, const char *name, const char *text, size_t n) {
	struct build *b = ctx;
	struct node *docs = NULL;
	int err;

	if (is_sidecar(name))
		return 0;
	err = begin_file(b, name);
	if (err)
		return err;
	arena_reset(&b->docs);
	err = yaml_read(text, n, &b->docs, &b->faults, &docs);
	if (err == -EINVAL)
		b->set->n_refused++;
	for (const struct node *doc = docs; !err && doc; doc = doc->next) {
		err = add_document(b, doc);
		if (err != -EINVAL)
			continue;
		b->set->n_refused++; /* and reported; the documents behind it get their turn */
		err = 0;
	}
	b->n_bytes += n;
	progress_tell(&b->progress, b->n_bytes, clock_ns(CLOCK_MONOTONIC));
	return err == -EINVAL ? 0 : err;
}

static int build_new(const struct detect_options *options, struct buf *errors, struct build **ret) {
	static const struct detect_options plain;
	struct build *b = calloc(1, sizeof(*b));
	int err;

	if (!b)
		return -ENOMEM;
	arena_init(&b->docs, TEMP_BYTES);
	arena_init(&b->temp, TEMP_BYTES);
	arena_init(&b->regex, REGEX_BYTES);
	b->faults.out = errors;
	b->last_rule = &b->first_rule;
	b->last_correlation = &b->first_correlation;
	b->last_filter = &b->first_filter;
	b->options = options ? options : &plain;
	err = set_new(&b->set);
	if (err) {
		free(b);
		return err;
	}
	b->set->for_records = b->options->records;
	*ret = b;
	return 0;
}

/* deselect - rules that nobody asked for go, but for those that some correlation counts */
static void deselect(struct build *b) {
	struct rule **at = &b->first_rule;

	while (*at) {
		struct rule *r = *at;

		r->quiet |= r->deselected;
		if (r->deselected && !r->uses) {
			*at = r->next;
			b->set->n_rules--;
		} else {
			at = &r->next;
		}
	}
	for (struct correlation *c = b->first_correlation; c; c = c->next)
		c->head.quiet |= c->head.deselected;
}

/* build_end - the finished rule set, or nothing at all */
static int build_end(struct build *b, int err, struct ruleset **ret) {
	bool nothing = b->set->n_rules == 0 && b->set->n_skipped == 0;

	progress_end(&b->progress);
	err = err ? err : filter_apply(b);
	err = err ? err : correlate_resolve(b);
	if (!err)
		deselect(b);
	if (!err && b->set->n_refused > 0 && (b->options->strict || nothing))
		err = -EINVAL;
	if (!err)
		err = prepare(b);
	if (b->faults.n > MAX_FAULTS)
		buf_addf(b->faults.out, "%u further faults are not shown\n",
			 b->faults.n - MAX_FAULTS);
	if (err)
		ruleset_free(b->set);
	else
		*ret = b->set;
	arena_done(&b->docs);
	arena_done(&b->temp);
	arena_done(&b->regex);
	free(b);
	return err;
}

int ruleset_load_text(const char *name, const char *text, size_t n,
		      const struct detect_options *options, struct buf *errors,
		      struct ruleset **ret) {
	struct build *b;
	int err = build_new(options, errors, &b);

	return err ? err : build_end(b, add_text(b, name, text, n), ret);
}

int ruleset_load_texts(const struct rule_text *texts, size_t n,
		       const struct detect_options *options, struct buf *errors,
		       struct ruleset **ret) {
	struct build *b;
	int err = build_new(options, errors, &b);

	if (err)
		return err;
	for (size_t i = 0; i < n && !err; i++)
		err = add_text(b, texts[i].name, texts[i].text.s, texts[i].text.n);
	return build_end(b, err, ret);
}

int ruleset_load(const char *const *paths, size_t n_paths, const struct detect_options *options,
		 struct buf *errors, struct ruleset **ret) {
	struct build *b;
	int err = build_new(options, errors, &b), first = 0;

	if (err)
		return err;
	if (b->options->progress_fd) {
		uint64_t bytes = 0;

		for (size_t i = 0; i < n_paths; i++)
			bytes += load_bytes(paths[i]);
		progress_begin(&b->progress, b->options->progress_fd, "rules", bytes);
	}
	for (size_t i = 0; i < n_paths; i++) {
		err = load_path(paths[i], YAML_MAX_BYTES, add_text, add_unread, b);
		if (err == -ENOMEM)
			return build_end(b, err, ret);
		if (err)
			buf_addf(errors, "\"%s\": %s\n", paths[i], strerror(-err));
		first = first ? first : err;
	}
	return build_end(b, first, ret);
}

int ruleset_remember(struct ruleset *rules) {
	int err = 0;

	for (uint32_t kind = 0; !err && kind < WIRE_KIND_MAX; kind++) {
		struct bucket *b = &rules->buckets[kind];

		if (b->n && !b->memory)
			err = memory_new(b, kind, &b->memory);
	}
	return err;
}

static int by_fingerprint(const void *a, const void *b) {
	uint64_t x = (*(struct rule *const *)a)->fingerprint;
	uint64_t y = (*(struct rule *const *)b)->fingerprint;

	return (x > y) - (x < y);
}

void ruleset_adopt(struct ruleset *rules, struct ruleset *old) {
	/* @old is at its end: the order of its rules matters to nobody any more */
	qsort(old->rules, old->n_rules, sizeof(*old->rules), by_fingerprint);
	for (size_t i = 0; i < rules->n_rules; i++) {
		struct rule *r = rules->rules[i], **was;

		was = bsearch(&r, old->rules, old->n_rules, sizeof(*old->rules), by_fingerprint);
		if (!was)
			continue;
		r->hits = (*was)->hits;
		r->limited = (*was)->limited;
		r->evaluations = (*was)->evaluations;
		r->ns = (*was)->ns;
	}
	if (rules->correlations && old->correlations)
		correlations_adopt(rules->correlations, old->correlations);
}

size_t ruleset_refused(const struct ruleset *rules) {
	return rules->n_refused;
}

size_t ruleset_count(const struct ruleset *rules) {
	return rules->n_rules;
}

const struct detection *ruleset_rule(const struct ruleset *rules, size_t i, uint64_t *ret_hits) {
	*ret_hits = rules->rules[i]->hits;
	return &rules->rules[i]->detection;
}

uint64_t ruleset_limited(const struct ruleset *rules, size_t i) {
	return rules->rules[i]->limited;
}

const char *ruleset_skipped(const struct ruleset *rules, size_t i) {
	return i < rules->n_skipped ? rules->skipped[i] : NULL;
}
