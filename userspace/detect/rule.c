/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "detect/correlate.h"
#include "detect/filter.h"

int rule_note(struct build *b, const struct rule *r, const char *what) {
	struct ruleset *set = b->set;
	struct str title = r->detection.title;
	size_t n = strlen(r->file) + title.n + strlen(what) + 32;
	char *line = arena_alloc(&set->arena, n);

	if (set->n_skipped == b->cap_skipped) {
		size_t cap = b->cap_skipped ? b->cap_skipped * 2 : 64;
		const char **v = reallocarray(set->skipped, cap, sizeof(*v));

		if (!v)
			return -ENOMEM;
		set->skipped = v;
		b->cap_skipped = cap;
	}
	if (!line)
		return -ENOMEM;
	(void)snprintf(line, n, "%s:%u: '%.*s' %s", r->file, r->line, STR_FMT(title), what);
	set->skipped[set->n_skipped++] = line;
	return 0;
}

int rule_skip(struct build *b, struct rule *r, const char *why) {
	char text[200];

	r->fate = RULE_SKIPPED;
	(void)snprintf(text, sizeof(text), "is skipped: %s", why);
	return rule_note(b, r, text);
}

static int build_map(struct build *b, const struct node *map, struct expr **ret) {
	struct exprs every = { 0 };
	int failed = 0;

	/* all entries are looked at, so that one run shows all faults of a rule */
	for (const struct node *e = map->first; e; e = e->next) {
		struct expr *x;
		int err = item_build(b, e, &x);

		if (!err)
			err = exprs_add(b, &every, x);
		if (err == -ENOMEM)
			return err;
		failed |= err;
	}
	if (failed)
		return -EINVAL;
	return build_join(b, JOIN_AND, &every, ret);
}

static int build_list(struct build *b, const struct node *list, struct expr **ret) {
	struct exprs any = { 0 };

	for (const struct node *e = list->first; e; e = e->next) {
		struct expr *x;
		int err;

		if (e->type == NODE_LIST || (e->type == NODE_MAP && e->n == 0))
			return fault_at(&b->faults, e,
					"an alternative is %s, expected a map or a "
					"keyword",
					yaml_what(e));
		err = e->type == NODE_MAP ? build_map(b, e, &x) : keywords_build(b, e, &x);
		if (!err)
			err = exprs_add(b, &any, x);
		if (err)
			return err;
	}
	return build_join(b, JOIN_OR, &any, ret);
}

static int build_search(struct build *b, const struct node *node, struct expr **ret) {
	if (node->type != NODE_SCALAR && node->n == 0)
		return fault_at(&b->faults, node, "'%s' is %s, expected something to look for",
				fault_text(node->key->text), yaml_what(node));
	if (node->type == NODE_SCALAR)
		return keywords_build(b, node, ret);
	return node->type == NODE_MAP ? build_map(b, node, ret) : build_list(b, node, ret);
}

static int build_searches(struct build *b, const struct node *detection, const char *apart,
			  struct search *searches, uint32_t *ret_n) {
	uint32_t n = 0;
	int failed = 0;

	for (const struct node *e = detection->first; e; e = e->next) {
		struct search *s = &searches[n];
		int err;

		if (str_eq(e->key->text, STR("condition")) ||
		    (apart && str_eq(e->key->text, str_of(apart))))
			continue;
		if (str_eq(e->key->text, STR("timeframe")))
			err = fault_at(&b->faults, e->key,
				       "'timeframe' belongs to aggregations of "
				       "Sigma 1, expected a correlation rule instead");
		else if (e->key->text.n == 0)
			err = fault_at(&b->faults, e->key,
				       "a search identifier is empty, expected "
				       "a name");
		else
			err = build_search(b, e, &s->expr);
		if (err == -ENOMEM)
			return err;
		failed |= err;
		s->used = false;
		err = head_keep(b, e->key->text, &s->name);
		if (err)
			return err;
		n++;
	}
	*ret_n = n;
	return failed ? -EINVAL : 0;
}

static int build_conditions(struct build *b, const struct node *detection, struct search *searches,
			    uint32_t n, struct expr **ret) {
	const struct node *node = yaml_get(detection, "condition");
	struct exprs any = { 0 };
	struct expr *x;
	int err = 0;

	if (!node)
		return fault_at(&b->faults, detection,
				"no 'condition', expected every detection to "
				"have one");
	if (node->type != NODE_LIST)
		return condition_build(b, node, searches, n, ret);
	if (node->n == 0)
		return fault_at(&b->faults, node,
				"'condition' is an empty list, expected conditions");
	for (const struct node *c = node->first; !err && c; c = c->next) {
		err = condition_build(b, c, searches, n, &x);
		if (!err)
			err = exprs_add(b, &any, x);
	}
	return err ? err : build_join(b, JOIN_OR, &any, ret);
}

int rule_searches(struct build *b, const struct node *map, const char *apart, struct rule *r) {
	struct search *searches;
	struct expr *x = NULL;
	uint32_t n = 0;
	int err;

	searches = arena_zalloc(&b->temp, (map->n + 1) * sizeof(*searches));
	r->identifiers = arena_alloc(&b->set->arena, (map->n + 1) * sizeof(*r->identifiers));
	if (!searches || !r->identifiers)
		return -ENOMEM;
	err = build_searches(b, map, apart, searches, &n);
	err = err ? err : build_conditions(b, map, searches, n, &x);
	if (err)
		return err;
	r->expr = x;
	for (uint32_t i = 0; i < n; i++) {
		if (searches[i].used)
			r->identifiers[r->n_identifiers++] =
				(struct identifier){ searches[i].name, searches[i].expr };
	}
	return 0;
}

static int build_detection(struct build *b, const struct node *doc, struct rule *r) {
	const struct node *detection = yaml_get(doc, "detection");

	if (!detection || detection->type != NODE_MAP)
		return fault_at(&b->faults, detection ? detection : doc,
				"%s, expected a map of search "
				"identifiers and a condition",
				detection ? "'detection' is not a map" : "no 'detection'");
	return rule_searches(b, detection, NULL, r);
}

/* merge_key - a "<<" in @node: YAML 1.1 had it, and to 1.2 it is a name as any other */
static const struct node *merge_key(const struct node *node) {
	const struct node *found = NULL;

	if (node->type == NODE_SCALAR)
		return NULL;
	for (const struct node *e = node->first; e && !found; e = e->next)
		found = e->key && str_eq(e->key->text, STR("<<")) ? e->key : merge_key(e);
	return found;
}

static int check_document(struct build *b, const struct node *doc) {
	static const char *const what[] = { "detection", "correlation", "filter" };
	const struct node *id, *other;
	unsigned n = 0;

	if (doc->type != NODE_MAP)
		return fault_at(&b->faults, doc, "the document is %s, expected a map",
				yaml_what(doc));
	id = yaml_get(doc, "id");
	if (id && id->type == NODE_SCALAR)
		b->faults.id = id->text;
	other = merge_key(doc);
	if (other)
		return fault_at(&b->faults, other,
				"'<<' merges nothing in YAML 1.2, expected the entries themselves");
	other = yaml_get(doc, "action");
	if (other)
		return fault_at(&b->faults, other->key,
				"a document with 'action' is of Sigma 1, expected 'detection', "
				"'correlation' or 'filter'");
	for (unsigned i = 0; i < 3; i++) {
		other = yaml_get(doc, what[i]);
		if (other && n++)
			return fault_at(&b->faults, other->key,
					"'%s' beside another of its kind, expected one of "
					"'detection', 'correlation' and 'filter'",
					what[i]);
	}
	return 0;
}

/* take_source - gives @r the number of its log source, the same as of all equal ones */
static int take_source(struct build *b, struct rule *r) {
	struct ruleset *set = b->set;
	const struct logsource *x = &r->source;
	size_t i = 0;

	for (; i < set->n_sources; i++) {
		const struct logsource *y = &set->sources[i];

		if (str_eq(x->category, y->category) && str_eq(x->product, y->product) &&
		    str_eq(x->service, y->service))
			break;
	}
	r->source_id = (uint32_t)i;
	if (i < set->n_sources)
		return 0;
	if (i == b->cap_sources) {
		size_t cap = i ? i * 2 : 32;
		struct logsource *v = reallocarray(set->sources, cap, sizeof(*v));

		if (!v)
			return -ENOMEM;
		set->sources = v;
		b->cap_sources = cap;
	}
	set->sources[set->n_sources++] = *x;
	return 0;
}

/* why_skipped - why @r is not for this sensor, or NULL; gives it its kinds */
static const char *why_skipped(const struct build *b, struct rule *r, enum status status) {
	const char *why = NULL;

	if (b->set->for_records)
		return NULL;
	taxonomy_kinds(&r->source, &r->kinds, &why);
	r->audited = !why && !event_kinds_any(&r->kinds);
	r->access = audit_access_of(r->detection.rule_id);
	if (head_retired(b, status))
		return head_retired(b, status);
	return event_kinds_any(&r->kinds) || r->audited ? NULL : why;
}

/* speaks_audit - whether a field in @x is auditd's alone */
static bool speaks_audit(const struct expr *x) {
	bool so = false;

	if (x->join == JOIN_PREDICATE) {
		const struct slot *s = x->predicate->slot;

		return s->taxon.source == SOURCE_NONE && s->audit.source != AUDIT_NONE;
	}
	for (uint32_t i = 0; i < x->n; i++)
		so |= speaks_audit(x->kids[i]);
	return so;
}

/* asks_hash - whether @x is about the hash of what ran, which may be told later than the exec */
static bool asks_hash(const struct expr *x) {
	bool so = false;

	if (x->join == JOIN_PREDICATE)
		return x->predicate->slot->taxon.field == FIELD_EXEC_SHA256;
	for (uint32_t i = 0; i < (x->join == JOIN_NOT ? 1 : x->n); i++)
		so |= asks_hash(x->kids[i]);
	return so;
}

/* keep_to_log - @r holds only for lines of the log, or by the program, that its service names */
static int keep_to_log(struct build *b, struct rule *r) {
	struct text_style style = { 0 };
	struct pattern name;
	struct patterns any = { &name, 1 };
	struct exprs both = { 0 };
	struct expr *x = NULL;
	int err = build_slot(b, STR("log.services"), &style.slot);

	err = err ? err : pattern_plain(&b->temp, r->source.service, &name);
	err = err ? err : leaf_texts(b, &style, &any, &x);
	err = err ? err : exprs_add(b, &both, r->expr);
	err = err ? err : exprs_add(b, &both, x);
	return err ? err : build_join(b, JOIN_AND, &both, &r->expr);
}

int rule_build(struct build *b, const struct node *doc) {
	struct rule *r = arena_zalloc(&b->set->arena, sizeof(*r));
	enum status status = STATUS_RUN;
	const char *why;
	int err = r ? check_document(b, doc) : -ENOMEM;

	if (err)
		return err;
	if (yaml_get(doc, "correlation"))
		return correlate_build(b, doc);
	if (yaml_get(doc, "filter"))
		return filter_build(b, doc);
	r->file = b->file;
	r->line = doc->line;
	r->detection.rule = r;
	r->fingerprint = yaml_hash(doc);
	err = head_build(b, doc, r, &status);
	err = err ? err : head_source(b, doc, &r->source);
	if (err)
		return err;
	why = why_skipped(b, r, status);
	if (why)
		return rule_skip(b, r, why);
	b->names = r->audited ? NAMES_AUDIT : r->source.category.s ? NAMES_OURS : NAMES_ANY;
	err = build_detection(b, doc, r);
	b->names = NAMES_ANY;
	if (!err && event_kinds_has(&r->kinds, WIRE_PROCESS_EXEC) && asks_hash(r->expr))
		event_kinds_add(&r->kinds, WIRE_PROCESS_HASH);
	if (!err && !r->source.category.s && speaks_audit(r->expr))
		r->audited = true;
	if (!err && !b->set->for_records && r->source.service.s &&
	    taxonomy_is_log(r->source.service))
		err = keep_to_log(b, r);
	err = err ? err : take_source(b, r);
	if (err)
		return err;
	if (b->set->n_rules == MAX_RULES)
		return fault_at(&b->faults, doc, "one rule too many, expected at most %u",
				MAX_RULES);
	b->set->n_rules++;
	r->fate = RULE_RUNS;
	r->deselected = !head_selected(b, r);
	*b->last_rule = r;
	b->last_rule = &r->next;
	return 0;
}
