/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/yaml.h"

#include <errno.h>
#include <yaml.h>

struct anchor {
	struct str name;
	const struct node *node;
};

struct reader {
	yaml_parser_t parser;
	yaml_event_t event;
	struct arena *arena;
	struct faults *f;
	const char *text;
	size_t text_bytes;
	struct anchor anchors[YAML_MAX_ANCHORS];
	unsigned n_anchors, n_nodes;
};

static int read_node(struct reader *r, unsigned depth, struct node **ret);

static uint32_t place(size_t zero_based) {
	return (uint32_t)zero_based + 1;
}

/* Reader errors (bad UTF-8) carry an offset in bytes and no mark. */
static int syntax_fault(struct reader *r) {
	const yaml_parser_t *p = &r->parser;
	uint32_t line = 1, column = 1;

	if (p->error == YAML_MEMORY_ERROR)
		return -ENOMEM;
	if (p->error != YAML_READER_ERROR) {
		const char *around = p->context ? p->context : "";

		return fault(r->f, place(p->problem_mark.line), place(p->problem_mark.column),
			     "%s%s%s, expected well-formed YAML", p->problem, *around ? " " : "",
			     around);
	}
	for (size_t i = 0; i < p->problem_offset && i < r->text_bytes; i++) {
		column++;
		if (r->text[i] == '\n') {
			line++;
			column = 1;
		}
	}
	return fault(r->f, line, column, "%s, expected UTF-8 text", p->problem);
}

static int advance(struct reader *r) {
	yaml_event_delete(&r->event);
	if (!yaml_parser_parse(&r->parser, &r->event)) {
		memset(&r->event, 0, sizeof(r->event));
		return syntax_fault(r);
	}
	return 0;
}

static int node_new(struct reader *r, enum node_type type, struct node **ret) {
	struct node *node;
	yaml_mark_t at = r->event.start_mark;

	if (++r->n_nodes > YAML_MAX_NODES)
		return fault(r->f, place(at.line), place(at.column),
			     "the file has too many nodes, expected at most %u", YAML_MAX_NODES);
	node = arena_zalloc(r->arena, sizeof(*node));
	if (!node)
		return -ENOMEM;
	node->type = type;
	node->line = place(at.line);
	node->column = place(at.column);
	*ret = node;
	return 0;
}

static bool any_of(struct str x, const char *const *words) {
	for (; *words; words++) {
		if (str_eq(x, str_of(*words)))
			return true;
	}
	return false;
}

/* digits - how many of @x from @i on are decimal digits */
static uint32_t digits(struct str x, uint32_t i) {
	uint32_t n = 0;

	while (i + n < x.n && x.s[i + n] >= '0' && x.s[i + n] <= '9')
		n++;
	return n;
}

static enum scalar_type number_type(struct str x) {
	uint32_t i = x.n && (x.s[0] == '-' || x.s[0] == '+'), whole, part = 0;

	whole = digits(x, i);
	i += whole;
	if (whole && i == x.n)
		return SCALAR_INT;
	if (i < x.n && x.s[i] == '.') {
		part = digits(x, i + 1);
		i += 1 + part;
	}
	if (whole + part == 0)
		return SCALAR_STR;
	if (i < x.n && (x.s[i] == 'e' || x.s[i] == 'E')) {
		uint32_t exponent;

		i++;
		i += i < x.n && (x.s[i] == '-' || x.s[i] == '+');
		exponent = digits(x, i);
		if (!exponent)
			return SCALAR_STR;
		i += exponent;
	}
	return i == x.n ? SCALAR_FLOAT : SCALAR_STR;
}

static enum scalar_type plain_type(struct str x) {
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL", NULL };
	static const char *const bools[] = {
		"true", "True", "TRUE", "false", "False", "FALSE", NULL
	};

	if (any_of(x, nulls))
		return SCALAR_NULL;
	if (any_of(x, bools))
		return SCALAR_BOOL;
	return number_type(x);
}

#define CORE "tag:yaml.org,2002:"

static int tag_fault(struct reader *r, const char *tag, const char *what) {
	bool core = !strncmp(tag, CORE, strlen(CORE));

	return fault(r->f, place(r->event.start_mark.line), place(r->event.start_mark.column),
		     "the tag '%s%s' %s", core ? "!!" : "",
		     fault_text(str_of(core ? tag + strlen(CORE) : tag)), what);
}

/* check_tag - of a map or a list: none, "!", or @name of YAML's core schema */
static int check_tag(struct reader *r, const yaml_char_t *tag, const char *name) {
	const char *t = (const char *)tag;

	if (!t || !strcmp(t, "!") || !strcmp(t, name))
		return 0;
	return tag_fault(r, t, "is not for this, expected none");
}

/* tagged_type - what the tag says that the scalar @x is; a value that is none is a fault */
static int tagged_type(struct reader *r, const char *tag, struct str x, uint8_t *ret) {
	static const struct {
		const char *tag;
		enum scalar_type type;
	} tags[] = {
		{ "!", SCALAR_STR },	      { CORE "str", SCALAR_STR },
		{ CORE "null", SCALAR_NULL }, { CORE "bool", SCALAR_BOOL },
		{ CORE "int", SCALAR_INT },   { CORE "float", SCALAR_FLOAT },
	};
	enum scalar_type plain = plain_type(x);

	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		if (strcmp(tag, tags[i].tag) != 0)
			continue;
		*ret = tags[i].type;
		if (*ret == SCALAR_STR || *ret == plain ||
		    (*ret == SCALAR_FLOAT && plain == SCALAR_INT))
			return 0;
		return tag_fault(r, tag, "is of another type than its value, expected none");
	}
	return tag_fault(r, tag, "is unknown, expected none, or one of YAML's core schema");
}

static int read_scalar(struct reader *r, struct node **ret) {
	const char *tag = (const char *)r->event.data.scalar.tag;
	struct node *node;
	int err = node_new(r, NODE_SCALAR, &node);
	bool plain = r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE, quoted;

	if (err)
		return err;
	node->text = arena_str(r->arena, (struct str){ (char *)r->event.data.scalar.value,
						       (uint32_t)r->event.data.scalar.length });
	if (!node->text.s)
		return -ENOMEM;
	if (plain && !tag)
		node->scalar = plain_type(node->text);
	err = tag ? tagged_type(r, tag, node->text, &node->scalar) : 0;
	if (err)
		return err;
	quoted = r->event.data.scalar.style == YAML_SINGLE_QUOTED_SCALAR_STYLE ||
		 r->event.data.scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE;
	node->exact = (plain || quoted) && r->event.end_mark.index - r->event.start_mark.index ==
						   node->text.n + (quoted ? 2 : 0);
	*ret = node;
	return 0;
}

static int check_key(struct reader *r, const struct node *map, const struct node *key) {
	if (key->type != NODE_SCALAR)
		return fault_at(r->f, key, "a key is %s, expected text", yaml_what(key));
	if (map->n >= YAML_MAX_KEYS)
		return fault_at(r->f, key, "the map has too many keys, expected at most %u",
				YAML_MAX_KEYS);
	for (const struct node *e = map->first; e; e = e->next) {
		if (str_eq(e->key->text, key->text))
			return fault_at(r->f, key,
					"'%s' is given twice, first at line %u; "
					"expected each key once",
					fault_text(key->text), e->key->line);
	}
	return 0;
}

static int read_entries(struct reader *r, struct node *node, yaml_event_type_t end,
			unsigned depth) {
	struct node **tail = &node->first, *key = NULL;
	int err;

	for (;;) {
		err = advance(r);
		if (err)
			return err;
		if (r->event.type == end)
			return 0;
		if (node->type == NODE_MAP) {
			err = read_node(r, depth, &key);
			if (!err)
				err = check_key(r, node, key);
			if (!err)
				err = advance(r);
			if (err)
				return err;
		}
		err = read_node(r, depth, tail);
		if (err)
			return err;
		(*tail)->key = key;
		tail = &(*tail)->next;
		node->n++;
	}
}

/* copy - an alias's own tree; each node of it counts */
static int copy(struct reader *r, const struct node *from, struct node **ret) {
	struct node *node, **tail;
	int err = node_new(r, from->type, &node);

	if (err)
		return err;
	tail = &node->first;
	node->scalar = from->scalar;
	node->text = from->text;
	node->n = from->n;
	for (const struct node *e = from->first; e; e = e->next) {
		err = copy(r, e, tail);
		if (err)
			return err;
		(*tail)->key = e->key;
		tail = &(*tail)->next;
	}
	*ret = node;
	return 0;
}

static int read_alias(struct reader *r, struct node **ret) {
	struct str name = str_of((const char *)r->event.data.alias.anchor);

	for (unsigned i = r->n_anchors; i-- > 0;) {
		if (str_eq(r->anchors[i].name, name))
			return copy(r, r->anchors[i].node, ret);
	}
	return fault(r->f, place(r->event.start_mark.line), place(r->event.start_mark.column),
		     "alias '*%s' names nothing, expected an anchor that is complete before it",
		     fault_text(name));
}

static int keep_anchor(struct reader *r, struct str name, const struct node *node) {
	if (r->n_anchors == YAML_MAX_ANCHORS)
		return fault_at(r->f, node,
				"the document has too many anchors, expected at most %u",
				YAML_MAX_ANCHORS);
	r->anchors[r->n_anchors++] = (struct anchor){ name, node };
	return 0;
}

/* depth_of - how deep an alias's copy may reach is bounded with the rest of the tree */
static unsigned depth_of(const struct node *node) {
	unsigned deepest = 0;

	for (const struct node *e = node->first; e; e = e->next) {
		unsigned d = depth_of(e);

		deepest = d > deepest ? d : deepest;
	}
	return deepest + 1;
}

static int too_deep(struct reader *r) {
	return fault(r->f, place(r->event.start_mark.line), place(r->event.start_mark.column),
		     "nested too deep, expected at most %u levels", YAML_MAX_DEPTH);
}

static int read_collection(struct reader *r, unsigned depth, struct node **ret) {
	bool map = r->event.type == YAML_MAPPING_START_EVENT;
	int err;

	if (depth == YAML_MAX_DEPTH)
		return too_deep(r);
	err = map ? check_tag(r, r->event.data.mapping_start.tag, CORE "map")
		  : check_tag(r, r->event.data.sequence_start.tag, CORE "seq");
	if (err)
		return err;
	err = node_new(r, map ? NODE_MAP : NODE_LIST, ret);
	if (err)
		return err;
	return read_entries(r, *ret, map ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT,
			    depth + 1);
}

/* read_node - the node that the current event begins; @ret only on 0 */
static int read_node(struct reader *r, unsigned depth, struct node **ret) {
	yaml_event_type_t type = r->event.type;
	yaml_char_t *anchor = NULL;
	struct str name;
	struct node *node = NULL;
	int err;

	if (type == YAML_ALIAS_EVENT) {
		err = read_alias(r, &node);
		if (!err && depth + depth_of(node) > YAML_MAX_DEPTH + 1)
			err = too_deep(r);
		if (!err)
			*ret = node;
		return err;
	}
	if (type == YAML_SCALAR_EVENT)
		anchor = r->event.data.scalar.anchor;
	else if (type == YAML_MAPPING_START_EVENT)
		anchor = r->event.data.mapping_start.anchor;
	else
		anchor = r->event.data.sequence_start.anchor;
	name = arena_str(r->arena, str_of((const char *)anchor));
	if (anchor && !name.s)
		return -ENOMEM;
	err = type == YAML_SCALAR_EVENT ? read_scalar(r, &node) : read_collection(r, depth, &node);
	if (!err && name.s)
		err = keep_anchor(r, name, node);
	if (!err)
		*ret = node;
	return err;
}

static int read_stream(struct reader *r, struct node **ret) {
	struct node **tail = ret;

	for (;;) {
		int err = advance(r);

		if (err || r->event.type == YAML_STREAM_END_EVENT)
			return err;
		if (r->event.type != YAML_DOCUMENT_START_EVENT)
			continue;
		r->n_anchors = 0;
		err = advance(r);
		if (!err)
			err = read_node(r, 0, tail);
		if (err)
			return err;
		tail = &(*tail)->next;
	}
}

int yaml_read(const char *text, size_t n, struct arena *arena, struct faults *f,
	      struct node **ret) {
	struct reader r = { .arena = arena, .f = f, .text = text, .text_bytes = n };
	struct node *docs = NULL;
	int err;

	if (n > YAML_MAX_BYTES)
		return fault(f, 1, 1, "the file has %zu bytes, expected at most %u", n,
			     YAML_MAX_BYTES);
	if (!yaml_parser_initialize(&r.parser))
		return -ENOMEM;
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, n);
	err = read_stream(&r, &docs);
	if (err == -ENOMEM && arena->full)
		err = fault(f, place(r.event.start_mark.line), place(r.event.start_mark.column),
			    "the file needs more than %zu MiB up to here, expected less",
			    arena->max_bytes >> 20);
	yaml_event_delete(&r.event);
	yaml_parser_delete(&r.parser);
	if (!err)
		*ret = docs;
	return err;
}

struct node *yaml_get(const struct node *map, const char *key) {
	for (struct node *e = map->type == NODE_MAP ? map->first : NULL; e; e = e->next) {
		if (str_eq(e->key->text, str_of(key)))
			return e;
	}
	return NULL;
}

static uint64_t hash_more(uint64_t h, const void *bytes, size_t n) {
	const unsigned char *p = bytes;

	while (n--)
		h = (h ^ *p++) * 0x100000001b3ull;
	return h;
}

static uint64_t hash_node(uint64_t h, const struct node *node) {
	h = hash_more(h, &node->type, 1);
	h = hash_more(h, &node->scalar, 1);
	h = hash_more(h, &node->text.n, sizeof(node->text.n));
	h = hash_more(h, node->text.s, node->text.n);
	if (node->key)
		h = hash_node(h, node->key);
	for (const struct node *e = node->type == NODE_SCALAR ? NULL : node->first; e; e = e->next)
		h = hash_node(h, e);
	return hash_more(h, "", 1);
}

uint64_t yaml_hash(const struct node *node) {
	return hash_node(0xcbf29ce484222325ull, node);
}

const char *yaml_what(const struct node *node) {
	static const char *const scalars[] = { "text", "null", "a boolean", "a number",
					       "a number" };

	if (node->type == NODE_MAP)
		return node->n ? "a map" : "an empty map";
	if (node->type == NODE_LIST)
		return node->n ? "a list" : "an empty list";
	return scalars[node->scalar];
}
