/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "detect/build.h"

#define MAX_TITLE 512
#define MAX_TAGS 128

struct word_value {
	const char *word;
	uint32_t value;
};

static const struct word_value levels[] = { { "informational", LEVEL_INFORMATIONAL },
					    { "low", LEVEL_LOW },
					    { "medium", LEVEL_MEDIUM },
					    { "high", LEVEL_HIGH },
					    { "critical", LEVEL_CRITICAL } };

enum status { STATUS_RUN, STATUS_OLD, STATUS_UNSUPPORTED };
static const struct word_value statuses[] = { { "stable", STATUS_RUN },
					      { "test", STATUS_RUN },
					      { "experimental", STATUS_RUN },
					      { "deprecated", STATUS_OLD },
					      { "unsupported", STATUS_UNSUPPORTED } };

/* scalar_of - the text of @key, which must not be empty; absent when the key is and need not be */
static int scalar_of(struct build *b, const struct node *map, const char *key, bool needed,
		     struct str *ret) {
	const struct node *node = yaml_get(map, key);

	*ret = (struct str){ 0 };
	if (!node && needed)
		return fault_at(&b->faults, map, "no '%s', expected every rule to have one", key);
	if (!node || (!needed && node->scalar == SCALAR_NULL && node->type == NODE_SCALAR))
		return 0;
	if (node->type != NODE_SCALAR || node->text.n == 0 || node->scalar == SCALAR_NULL)
		return fault_at(&b->faults, node, "'%s' is %s, expected text", key,
				node->type == NODE_SCALAR ? "empty" : yaml_what(node));
	*ret = node->text;
	return 0;
}

static int word_of(struct build *b, const struct node *doc, const char *key,
		   const struct word_value *words, size_t n, const char *wanted, uint32_t *ret) {
	struct str text;
	int err = scalar_of(b, doc, key, false, &text);

	for (size_t i = 0; !err && text.s && i < n; i++) {
		if (str_eq(text, str_of(words[i].word))) {
			*ret = words[i].value;
			return 0;
		}
	}
	if (!err && text.s)
		err = fault_at(&b->faults, yaml_get(doc, key), "%s '%s' is unknown, expected %s",
			       key, fault_text(text), wanted);
	return err;
}

static bool is_uuid(struct str x) {
	for (uint32_t i = 0; i < x.n; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		char c = x.s[i];

		if (dash ? c != '-'
			 : !((c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'f')))
			return false;
	}
	return x.n == 36;
}

static int check_date(struct build *b, const struct node *doc, const char *key) {
	static const char shapes[2][11] = { "0000-00-00", "0000/00/00" };
	struct str text;
	int err = scalar_of(b, doc, key, false, &text);

	if (err || !text.s)
		return err;
	for (unsigned k = 0; k < 2; k++) {
		uint32_t i = 0;

		while (i < 10 && i < text.n &&
		       (shapes[k][i] == '0' ? text.s[i] >= '0' && text.s[i] <= '9'
					    : text.s[i] == shapes[k][i]))
			i++;
		if (i == 10 && text.n == 10)
			return 0;
	}
	return fault_at(&b->faults, yaml_get(doc, key), "%s '%s' is no date, expected YYYY-MM-DD",
			key, fault_text(text));
}

static int keep_text(struct build *b, struct str text, struct str *ret) {
	*ret = arena_str(&b->set->arena, text);
	return text.s && !ret->s ? -ENOMEM : 0;
}

static int read_tags(struct build *b, const struct node *doc, struct strv *ret) {
	const struct node *tags = yaml_get(doc, "tags");
	struct str *v;
	int err = 0;

	if (!tags || (tags->type == NODE_SCALAR && tags->scalar == SCALAR_NULL))
		return 0;
	if (tags->type != NODE_LIST || tags->n > MAX_TAGS)
		return fault_at(&b->faults, tags, "'tags' is %s, expected a list of at most %u",
				yaml_what(tags), MAX_TAGS);
	v = arena_alloc(&b->set->arena, (tags->n + !tags->n) * sizeof(*v));
	if (!v)
		return -ENOMEM;
	for (const struct node *t = tags->first; !err && t; t = t->next) {
		if (t->type != NODE_SCALAR)
			return fault_at(&b->faults, t, "a tag is %s, expected text", yaml_what(t));
		err = keep_text(b, t->text, &v[ret->n++]);
	}
	ret->v = v;
	return err;
}

/* take_id - the rule is entered under its id */
static int take_id(struct build *b, const struct node *node, struct rule *r) {
	struct str id = r->detection.rule_id;
	uint32_t h = 0;
	struct rule *other;

	if (!is_uuid(id))
		return fault_at(&b->faults, node,
				"id '%s' is no UUID, expected 8-4-4-4-12 hex digits",
				fault_text(id));
	for (uint32_t i = 0; i < id.n; i++)
		h = build_hash(h, &fold_case[(unsigned char)id.s[i]], 1);
	for (other = b->ids[h % BUILD_CHAINS]; other; other = other->next_id) {
		if (strncasecmp(other->detection.rule_id.s, id.s, 36) == 0)
			return fault_at(&b->faults, node,
					"id '%s' is taken by %s:%u, expected each "
					"id once",
					fault_text(id), other->file, other->line);
	}
	r->next_id = b->ids[h % BUILD_CHAINS];
	b->ids[h % BUILD_CHAINS] = r;
	return 0;
}

static int read_head(struct build *b, const struct node *doc, struct rule *r, enum status *ret) {
	struct str title, id, author, name, taxonomy;
	uint32_t level = LEVEL_MEDIUM, status = STATUS_RUN;
	int err = scalar_of(b, doc, "title", true, &title);

	err = err ? err : scalar_of(b, doc, "id", true, &id);
	err = err ? err : scalar_of(b, doc, "author", false, &author);
	err = err ? err : scalar_of(b, doc, "name", false, &name);
	err = err ? err : scalar_of(b, doc, "taxonomy", false, &taxonomy);
	err = err ? err : check_date(b, doc, "date");
	err = err ? err : check_date(b, doc, "modified");
	err = err ? err
		  : word_of(b, doc, "level", levels, 5,
			    "informational, low, medium, high or critical", &level);
	err = err ? err
		  : word_of(b, doc, "status", statuses, 5,
			    "stable, test, experimental, deprecated or unsupported", &status);
	if (err)
		return err;
	if (title.n > MAX_TITLE)
		return fault_at(&b->faults, yaml_get(doc, "title"),
				"the title has %u bytes, "
				"expected at most %u",
				title.n, MAX_TITLE);
	if (taxonomy.s && !str_eq(taxonomy, STR("sigma")))
		return fault_at(&b->faults, yaml_get(doc, "taxonomy"),
				"taxonomy '%s' is unknown, "
				"expected sigma",
				fault_text(taxonomy));
	r->detection.level = level;
	err = keep_text(b, title, &r->detection.title);
	err = err ? err : keep_text(b, id, &r->detection.rule_id);
	err = err ? err : keep_text(b, author, &r->detection.author);
	err = err ? err : keep_text(b, name, &r->name);
	err = err ? err : read_tags(b, doc, &r->detection.tags);
	*ret = status;
	return err ? err : take_id(b, yaml_get(doc, "id"), r);
}

static int read_logsource(struct build *b, const struct node *doc, struct logsource *ret) {
	const struct node *map = yaml_get(doc, "logsource");
	int err;

	if (!map)
		return fault_at(&b->faults, doc, "no 'logsource', expected every rule to have one");
	if (map->type != NODE_MAP)
		return fault_at(&b->faults, map, "'logsource' is %s, expected a map",
				yaml_what(map));
	err = scalar_of(b, map, "category", false, &ret->category);
	err = err ? err : scalar_of(b, map, "product", false, &ret->product);
	err = err ? err : scalar_of(b, map, "service", false, &ret->service);
	if (!err && !ret->category.s && !ret->product.s && !ret->service.s)
		err = fault_at(&b->faults, map,
			       "'logsource' names nothing, expected category, product "
			       "or service");
	return err;
}

/* skip - notes a rule that is sound as far as it was read and will not run */
static int skip(struct build *b, const struct rule *r, const char *why) {
	struct ruleset *set = b->set;
	struct str title = r->detection.title;
	size_t n = strlen(r->file) + title.n + strlen(why) + 32;
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
	(void)snprintf(line, n, "%s:%u: '%.*s' is skipped: %s", r->file, r->line, STR_FMT(title),
		       why);
	set->skipped[set->n_skipped++] = line;
	return 0;
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

static int build_searches(struct build *b, const struct node *detection, struct search *searches,
			  uint32_t *ret_n) {
	uint32_t n = 0;
	int failed = 0;

	for (const struct node *e = detection->first; e; e = e->next) {
		struct search *s = &searches[n];
		int err;

		if (str_eq(e->key->text, STR("condition")))
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
		err = keep_text(b, e->key->text, &s->name);
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

static int build_detection(struct build *b, const struct node *doc, struct rule *r) {
	const struct node *detection = yaml_get(doc, "detection");
	struct search *searches;
	struct expr *x = NULL;
	uint32_t n = 0;
	int err;

	if (!detection || detection->type != NODE_MAP)
		return fault_at(&b->faults, detection ? detection : doc,
				"%s, expected a map of search "
				"identifiers and a condition",
				detection ? "'detection' is not a map" : "no 'detection'");
	searches = arena_zalloc(&b->temp, (detection->n + 1) * sizeof(*searches));
	r->identifiers = arena_alloc(&b->set->arena, (detection->n + 1) * sizeof(*r->identifiers));
	if (!searches || !r->identifiers)
		return -ENOMEM;
	err = build_searches(b, detection, searches, &n);
	err = err ? err : build_conditions(b, detection, searches, n, &x);
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

static int check_document(struct build *b, const struct node *doc) {
	static const char *const others[] = { "correlation", "filter", "action" };

	if (doc->type != NODE_MAP)
		return fault_at(&b->faults, doc, "the document is %s, expected a map",
				yaml_what(doc));
	for (unsigned i = 0; i < 3; i++) {
		const struct node *other = yaml_get(doc, others[i]);

		if (other)
			return fault_at(&b->faults, other->key,
					"a document with '%s' is not "
					"supported, expected a rule with 'detection'",
					others[i]);
	}
	return 0;
}

int rule_build(struct build *b, const struct node *doc) {
	struct rule *r = arena_zalloc(&b->set->arena, sizeof(*r));
	struct logsource source;
	const char *why = "";
	enum status status = STATUS_RUN;
	int err = r ? check_document(b, doc) : -ENOMEM;

	if (err)
		return err;
	r->file = b->file;
	r->line = doc->line;
	err = read_head(b, doc, r, &status);
	err = err ? err : read_logsource(b, doc, &source);
	if (err)
		return err;
	taxonomy_kinds(&source, &r->kinds, &why);
	if (status != STATUS_RUN)
		return skip(b, r,
			    status == STATUS_OLD ? "its status is deprecated"
						 : "its status is unsupported");
	if (!event_kinds_any(&r->kinds))
		return skip(b, r, why);
	err = build_detection(b, doc, r);
	if (err)
		return err;
	if (++b->set->n_rules > MAX_RULES)
		return fault_at(&b->faults, doc, "one rule too many, expected at most %u",
				MAX_RULES);
	*b->last_rule = r;
	b->last_rule = &r->next;
	return 0;
}
