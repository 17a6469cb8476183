/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands at the head of a document of any kind: title, id, level and their
 * like, and the log source.
 */
#include <errno.h>
#include <strings.h>

#include "detect/build.h"
#include "event/word.h"

#define MAX_TITLE 512
#define MAX_TAGS 128

static const char *const statuses[] = { "stable", "test", "experimental", "deprecated",
					"unsupported" };

/* What each of these means for a rule. */
static const enum status status_values[] = { STATUS_RUN, STATUS_RUN, STATUS_RUN, STATUS_OLD,
					     STATUS_UNSUPPORTED };

int head_text(struct build *b, const struct node *map, const char *key, bool needed,
	      struct str *ret) {
	const struct node *node = yaml_get(map, key);

	*ret = (struct str){ 0 };
	if (!node && needed)
		return fault_at(&b->faults, map, "no '%s', expected every document to have one",
				key);
	if (!node || (!needed && node->scalar == SCALAR_NULL && node->type == NODE_SCALAR))
		return 0;
	if (node->type != NODE_SCALAR || node->text.n == 0 || node->scalar == SCALAR_NULL)
		return fault_at(&b->faults, node, "'%s' is %s, expected text", key,
				node->type == NODE_SCALAR ? "empty" : yaml_what(node));
	*ret = node->text;
	return 0;
}

/* word_of - the place in @words of what @key says; @ret stays when the document has no such key */
static int word_of(struct build *b, const struct node *doc, const char *key,
		   const char *const *words, uint32_t n, const char *wanted, uint32_t *ret) {
	struct str text;
	int err = head_text(b, doc, key, false, &text);

	for (uint32_t i = 0; !err && text.s && i < n; i++) {
		if (str_eq(text, str_of(words[i]))) {
			*ret = i;
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
	int err = head_text(b, doc, key, false, &text);

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

int head_keep(struct build *b, struct str text, struct str *ret) {
	*ret = arena_str(&b->set->arena, text);
	return text.s && !ret->s ? -ENOMEM : 0;
}

static uint32_t hash_id(struct str id) {
	uint32_t h = 0;

	for (uint32_t i = 0; i < id.n; i++)
		h = build_hash(h, &fold_case[(unsigned char)id.s[i]], 1);
	return h % BUILD_CHAINS;
}

struct rule *head_find(struct build *b, struct str text) {
	struct rule *r = b->rule_names[build_hash(0, text.s, text.n) % BUILD_CHAINS];

	while (r && !str_eq(r->detection.name, text))
		r = r->next_name;
	if (r || !is_uuid(text))
		return r;
	r = b->ids[hash_id(text)];
	while (r && strncasecmp(r->detection.rule_id.s, text.s, 36) != 0)
		r = r->next_id;
	return r;
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
		err = head_keep(b, t->text, &v[ret->n++]);
	}
	ret->v = v;
	return err;
}

/* take_id - the rule is entered under its id */
static int take_id(struct build *b, const struct node *node, struct rule *r) {
	struct str id = r->detection.rule_id;
	struct rule **chain = &b->ids[hash_id(id)];

	if (!is_uuid(id))
		return fault_at(&b->faults, node,
				"id '%s' is no UUID, expected 8-4-4-4-12 hex digits",
				fault_text(id));
	for (struct rule *other = *chain; other; other = other->next_id) {
		if (strncasecmp(other->detection.rule_id.s, id.s, 36) == 0)
			return fault_at(&b->faults, node,
					"id '%s' is taken by %s:%u, expected each "
					"id once",
					fault_text(id), other->file, other->line);
	}
	r->next_id = *chain;
	*chain = r;
	return 0;
}

/* take_name - and under its name, which may stand for the id */
static int take_name(struct build *b, const struct node *node, struct rule *r) {
	struct str name = r->detection.name;
	struct rule **chain = &b->rule_names[build_hash(0, name.s, name.n) % BUILD_CHAINS];

	for (struct rule *other = *chain; other; other = other->next_name) {
		if (str_eq(other->detection.name, name))
			return fault_at(&b->faults, node,
					"name '%s' is taken by %s:%u, expected each name once",
					fault_text(name), other->file, other->line);
	}
	r->next_name = *chain;
	*chain = r;
	return 0;
}

int head_build(struct build *b, const struct node *doc, struct rule *r, enum status *ret) {
	struct str title, id, author, name, taxonomy, word;
	uint32_t level = LEVEL_MEDIUM - LEVEL_INFORMATIONAL, status = 0;
	int err = head_text(b, doc, "title", true, &title);

	err = err ? err : head_text(b, doc, "id", false, &id);
	err = err ? err : head_text(b, doc, "author", false, &author);
	err = err ? err : head_text(b, doc, "name", false, &name);
	err = err ? err : head_text(b, doc, "taxonomy", false, &taxonomy);
	err = err ? err : check_date(b, doc, "date");
	err = err ? err : check_date(b, doc, "modified");
	err = err ? err
		  : word_of(b, doc, "level", event_levels, EVENT_LEVELS,
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
	r->detection.level = LEVEL_INFORMATIONAL + level;
	err = head_text(b, doc, "status", false, &word);
	err = err ? err : head_keep(b, word, &r->status);
	if (err)
		return err;
	err = head_keep(b, title, &r->detection.title);
	err = err ? err : head_keep(b, id, &r->detection.rule_id);
	err = err ? err : head_keep(b, author, &r->detection.author);
	err = err ? err : head_keep(b, name, &r->detection.name);
	err = err ? err : read_tags(b, doc, &r->detection.tags);
	if (!err && id.s)
		err = take_id(b, yaml_get(doc, "id"), r);
	if (!err && name.s)
		err = take_name(b, yaml_get(doc, "name"), r);
	*ret = status_values[status];
	return err;
}

static bool among(struct str x, const char *const *v, size_t n) {
	for (size_t i = 0; i < n; i++) {
		if (x.n == strlen(v[i]) && !strncasecmp(x.s, v[i], x.n))
			return true;
	}
	return false;
}

const char *head_retired(const struct build *b, enum status status) {
	/* who names statuses decides which; head_selected() */
	if (status == STATUS_RUN || b->options->records || b->options->n_statuses)
		return NULL;
	return status == STATUS_OLD ? "its status is deprecated" : "its status is unsupported";
}

bool head_selected(const struct build *b, const struct rule *r) {
	const struct detect_options *o = b->options;
	const struct strv *tags = &r->detection.tags;
	uint32_t i = 0;

	if (r->detection.level < o->min_level)
		return false;
	if (o->n_statuses && !(r->status.s && among(r->status, o->statuses, o->n_statuses)))
		return false;
	while (o->n_tags && i < tags->n && !among(tags->v[i], o->tags, o->n_tags))
		i++;
	return !o->n_tags || i < tags->n;
}

int head_source(struct build *b, const struct node *doc, struct logsource *ret) {
	const struct node *map = yaml_get(doc, "logsource");
	int err;

	if (!map)
		return fault_at(&b->faults, doc,
				"no 'logsource', expected every document to have one");
	if (map->type != NODE_MAP)
		return fault_at(&b->faults, map, "'logsource' is %s, expected a map",
				yaml_what(map));
	err = head_text(b, map, "category", false, &ret->category);
	err = err ? err : head_text(b, map, "product", false, &ret->product);
	err = err ? err : head_text(b, map, "service", false, &ret->service);
	err = err ? err : head_keep(b, ret->category, &ret->category);
	err = err ? err : head_keep(b, ret->product, &ret->product);
	err = err ? err : head_keep(b, ret->service, &ret->service);
	if (!err && !ret->category.s && !ret->product.s && !ret->service.s)
		err = fault_at(&b->faults, map,
			       "'logsource' names nothing, expected category, product "
			       "or service");
	return err;
}
