/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One correlation from YAML. What it refers to may stand in a later file, so
 * that references stay text here; correlate_resolve.c joins them.
 */
#include <errno.h>

#include "detect/correlate.h"
#include "detect/number.h"

#define MAX_SPAN_DIGITS 9

static const char *const types[] = {
	[EVENT_COUNT] = "event_count",
	[VALUE_COUNT] = "value_count",
	[TEMPORAL] = "temporal",
	[TEMPORAL_ORDERED] = "temporal_ordered",
	[VALUE_SUM] = "value_sum",
	[VALUE_AVG] = "value_avg",
	[VALUE_PERCENTILE] = "value_percentile",
	[VALUE_MEDIAN] = "value_median",
};
#define N_TYPES (sizeof(types) / sizeof(types[0]))

static const char *const ops[] = {
	[BOUND_GT] = "gt",   [BOUND_GTE] = "gte", [BOUND_LT] = "lt",
	[BOUND_LTE] = "lte", [BOUND_EQ] = "eq",	  [BOUND_NEQ] = "neq",
};
#define N_OPS (sizeof(ops) / sizeof(ops[0]))

static bool temporal(const struct correlation *c) {
	return c->type == TEMPORAL || c->type == TEMPORAL_ORDERED;
}

static int read_type(struct build *b, const struct node *map, struct correlation *c) {
	struct str text;
	int err = head_text(b, map, "type", true, &text);

	for (uint8_t i = 0; !err && i < N_TYPES; i++) {
		if (str_eq(text, str_of(types[i]))) {
			c->type = i;
			return 0;
		}
	}
	return err ? err
		   : fault_at(&b->faults, yaml_get(map, "type"),
			      "correlation type '%s' is unknown, expected event_count, "
			      "value_count, temporal, temporal_ordered, value_sum, value_avg, "
			      "value_percentile or value_median",
			      fault_text(text));
}

/* read_texts - a text, or a list of 1 to @most different ones; for ever */
static int read_texts(struct build *b, const struct node *node, uint32_t most, struct str **ret,
		      uint32_t *ret_n) {
	const struct node *list = node->type == NODE_LIST ? node->first : node;
	uint32_t n = node->type == NODE_LIST ? node->n : 1, i = 0;
	int err = 0;

	if (node->type == NODE_MAP || n == 0 || n > most)
		return fault_at(&b->faults, node,
				"'%s' is %s, expected a text or a list of 1 to %u",
				fault_text(node->key->text),
				n > most ? "too long"
				: n	 ? yaml_what(node)
					 : "empty",
				most);
	*ret = arena_alloc(&b->set->arena, n * sizeof(**ret));
	if (!*ret)
		return -ENOMEM;
	for (const struct node *e = list; !err && i < n; e = e->next) {
		if (e->type != NODE_SCALAR || e->scalar == SCALAR_NULL || e->text.n == 0)
			return fault_at(&b->faults, e, "%s in '%s', expected a text", yaml_what(e),
					fault_text(node->key->text));
		for (uint32_t k = 0; k < i; k++) {
			if (str_eq((*ret)[k], e->text))
				return fault_at(&b->faults, e,
						"'%s' is given twice, expected it once",
						fault_text(e->text));
		}
		err = head_keep(b, e->text, &(*ret)[i++]);
	}
	*ret_n = n;
	return err;
}

static int read_references(struct build *b, const struct node *map, struct correlation *c) {
	const struct node *node = yaml_get(map, "rules"), *e;
	struct str *texts;
	int err;

	if (!node)
		return fault_at(&b->faults, map, "no 'rules', expected ids or names of rules");
	err = read_texts(b, node, MAX_REFERENCES, &texts, &c->n_references);
	if (err)
		return err;
	c->references = arena_zalloc(&b->set->arena, c->n_references * sizeof(*c->references));
	if (!c->references)
		return -ENOMEM;
	e = node->type == NODE_LIST ? node->first : node;
	for (uint32_t i = 0; i < c->n_references; i++, e = e->next) {
		c->references[i].text = texts[i];
		c->references[i].line = e->line;
		c->references[i].column = e->column;
	}
	return 0;
}

static int read_span(struct build *b, const struct node *map, struct correlation *c) {
	static const struct {
		char unit;
		uint32_t seconds;
	} units[] = { { 's', 1 },      { 'm', 60 },	 { 'h', 3600 },	   { 'd', 86400 },
		      { 'w', 604800 }, { 'M', 2629746 }, { 'y', 31556952 } };
	struct str text;
	uint64_t n = 0;
	uint32_t i = 0;
	int err = head_text(b, map, "timespan", true, &text);

	if (err)
		return err;
	for (; i < text.n && i < MAX_SPAN_DIGITS && text.s[i] >= '0' && text.s[i] <= '9'; i++)
		n = n * 10 + (uint64_t)(text.s[i] - '0');
	for (unsigned u = 0; n > 0 && i + 1 == text.n && u < 7; u++) {
		if (text.s[i] == units[u].unit && n < UINT64_MAX / 4000000000u / units[u].seconds) {
			c->span_ns = n * units[u].seconds * 1000000000u;
			return 0;
		}
	}
	return fault_at(
		&b->faults, yaml_get(map, "timespan"),
		"timespan '%s' is none, expected a number and s, m, h, d, w, M or y, as 15m",
		fault_text(text));
}

static int read_bound(struct build *b, const struct node *e, enum bound_op op,
		      struct correlation *c) {
	bool number =
		e->type == NODE_SCALAR && (e->scalar == SCALAR_INT || e->scalar == SCALAR_FLOAT);
	struct bound *bound = &c->bounds[c->n_bounds];
	long double than;

	if (!number || number_read(e->text, &than))
		return fault_at(&b->faults, e, "'%s' is %s, expected a number", ops[op],
				yaml_what(e));
	if (c->n_bounds == 2)
		return fault_at(&b->faults, e->key, "a third bound '%s', expected at most a range",
				ops[op]);
	if (op <= BOUND_LTE && c->type <= TEMPORAL_ORDERED && than > WINDOW_MOST)
		return fault_at(&b->faults, e, "'%s' is too many to count, expected at most %u",
				ops[op], WINDOW_MOST);
	bound->op = op;
	bound->than = (double)than;
	c->n_bounds++;
	return 0;
}

static int read_condition_key(struct build *b, const struct node *e, struct correlation *c) {
	struct str key = e->key->text;
	long double x;

	for (unsigned op = 0; op < N_OPS; op++) {
		if (str_eq(key, str_of(ops[op])))
			return read_bound(b, e, op, c);
	}
	if (str_eq(key, STR("field")) && c->type != EVENT_COUNT && !temporal(c))
		return read_texts(b, e, c->type == VALUE_COUNT ? MAX_GROUP_FIELDS : 1, &c->fields,
				  &c->n_fields);
	if (str_eq(key, STR("percentile")) && c->type == VALUE_PERCENTILE) {
		if (e->type == NODE_SCALAR && !number_read(e->text, &x) && x >= 0 && x <= 100) {
			c->percentile = (double)x;
			return 0;
		}
		return fault_at(&b->faults, e, "the percentile is %s, expected 0 to 100",
				yaml_what(e));
	}
	return fault_at(&b->faults, e->key,
			"'%s' in the condition of %s, expected gt, gte, lt, "
			"lte, eq, neq%s",
			fault_text(key), types[c->type],
			c->type == VALUE_PERCENTILE		? ", field or percentile"
			: c->type == EVENT_COUNT || temporal(c) ? ""
								: " or field");
}

/* is_range - whether two bounds are a lower and an upper one */
static bool is_range(const struct bound *v) {
	bool low = v[0].op <= BOUND_GTE || v[1].op <= BOUND_GTE;
	bool high = (v[0].op >= BOUND_LT && v[0].op <= BOUND_LTE) ||
		    (v[1].op >= BOUND_LT && v[1].op <= BOUND_LTE);

	return low && high;
}

static int read_condition(struct build *b, const struct node *map, struct correlation *c) {
	const struct node *node = yaml_get(map, "condition");
	int err = 0;

	c->percentile = 50;
	if (!node && temporal(c)) {
		c->bounds[0] = (struct bound){ BOUND_GTE, c->n_references };
		c->n_bounds = 1;
		return 0;
	}
	if (!node)
		return fault_at(&b->faults, map, "no 'condition', expected %s to have one",
				types[c->type]);
	if (node->type != NODE_MAP)
		return fault_at(&b->faults, node,
				"the condition is %s, expected a map of bounds; "
				"expressions of rules are not supported",
				yaml_what(node));
	for (const struct node *e = node->first; !err && e; e = e->next)
		err = read_condition_key(b, e, c);
	if (err)
		return err;
	if (c->n_bounds == 0)
		return fault_at(&b->faults, node,
				"the condition has no bound, expected gt, gte, "
				"lt, lte, eq or neq");
	if (c->n_bounds == 2 && !is_range(c->bounds))
		return fault_at(&b->faults, node,
				"two bounds that are no range, expected gt or "
				"gte with lt or lte");
	if (c->type != EVENT_COUNT && !temporal(c) && c->n_fields == 0)
		return fault_at(&b->faults, node, "no 'field', expected %s to have one",
				types[c->type]);
	return 0;
}

static int read_alias(struct build *b, const struct node *alias, struct correlation *c) {
	if (alias->type != NODE_MAP || alias->n == 0)
		return fault_at(&b->faults, alias,
				"alias '%s' is %s, expected a map of rules to "
				"their fields",
				fault_text(alias->key->text), yaml_what(alias));
	for (const struct node *e = alias->first; e; e = e->next) {
		struct alias *a = &c->aliases[c->n_aliases++];
		int err = head_keep(b, alias->key->text, &a->name);

		if (e->type != NODE_SCALAR || e->scalar == SCALAR_NULL || e->text.n == 0)
			return fault_at(&b->faults, e, "'%s' is %s, expected a field",
					fault_text(e->key->text), yaml_what(e));
		err = err ? err : head_keep(b, e->key->text, &a->rule);
		err = err ? err : head_keep(b, e->text, &a->field);
		if (err)
			return err;
		a->line = e->key->line;
		a->column = e->key->column;
	}
	return 0;
}

static int read_aliases(struct build *b, const struct node *map, struct correlation *c) {
	const struct node *node = yaml_get(map, "aliases");
	uint32_t n = 0;
	int err = 0;

	if (!node)
		return 0;
	if (node->type != NODE_MAP)
		return fault_at(&b->faults, node, "'aliases' is %s, expected a map",
				yaml_what(node));
	for (const struct node *e = node->first; e; e = e->next)
		n += e->n;
	c->aliases = arena_zalloc(&b->set->arena, (n + 1) * sizeof(*c->aliases));
	if (!c->aliases)
		return -ENOMEM;
	for (const struct node *e = node->first; !err && e; e = e->next)
		err = read_alias(b, e, c);
	return err;
}

static int read_generate(struct build *b, const struct node *map, struct correlation *c) {
	const struct node *node = yaml_get(map, "generate");

	if (!node)
		return 0;
	if (node->type != NODE_SCALAR || node->scalar != SCALAR_BOOL)
		return fault_at(&b->faults, node, "'generate' is %s, expected true or false",
				yaml_what(node));
	c->generate = (node->text.s[0] | 0x20) == 't'; /* true, True or TRUE */
	return 0;
}

static int check_keys(struct build *b, const struct node *map) {
	static const char *const known[] = { "type",	  "rules",   "group-by", "timespan",
					     "condition", "aliases", "generate" };

	for (const struct node *e = map->first; e; e = e->next) {
		unsigned i = 0;

		while (i < 7 && !str_eq(e->key->text, str_of(known[i])))
			i++;
		if (i == 7)
			return fault_at(&b->faults, e->key, "'%s' in a correlation, expected %s",
					fault_text(e->key->text),
					str_eq(e->key->text, STR("group_by"))
						? "group-by"
						: "type, rules, group-by, timespan, condition, "
						  "aliases or generate");
	}
	return 0;
}

static int read_group(struct build *b, const struct node *map, struct correlation *c) {
	const struct node *node = yaml_get(map, "group-by");

	return node ? read_texts(b, node, MAX_GROUP_FIELDS, &c->group, &c->n_group) : 0;
}

int correlate_build(struct build *b, const struct node *doc) {
	const struct node *map = yaml_get(doc, "correlation");
	struct correlation *c = arena_zalloc(&b->set->arena, sizeof(*c));
	enum status status = STATUS_RUN;
	const char *why;
	int err;

	if (!c)
		return -ENOMEM;
	c->head.file = b->file;
	c->head.line = doc->line;
	c->head.correlation = c;
	c->head.fingerprint = yaml_hash(doc);
	err = head_build(b, doc, &c->head, &status);
	if (!err && map->type != NODE_MAP)
		err = fault_at(&b->faults, map, "'correlation' is %s, expected a map",
			       yaml_what(map));
	err = err ? err : check_keys(b, map);
	err = err ? err : read_type(b, map, c);
	err = err ? err : read_references(b, map, c);
	err = err ? err : read_group(b, map, c);
	err = err ? err : read_span(b, map, c);
	err = err ? err : read_condition(b, map, c);
	err = err ? err : read_aliases(b, map, c);
	err = err ? err : read_generate(b, map, c);
	if (err)
		return err;
	why = head_retired(b, status);
	if (why)
		return rule_skip(b, &c->head, why);
	if (b->n_correlations == MAX_CORRELATIONS)
		return fault_at(&b->faults, doc, "one correlation too many, expected at most %u",
				MAX_CORRELATIONS);
	b->n_correlations++;
	c->head.fate = RULE_RUNS;
	c->head.deselected = !head_selected(b, &c->head);
	*b->last_correlation = c;
	b->last_correlation = &c->next;
	return 0;
}
