/* SPDX-License-Identifier: Apache-2.0 */
#include "config/config.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

#include "base/nearest.h"
#include "base/quantity.h"
#include "config/expand.h"

#define MAX_KEYS 128  /* of a table */
#define MAX_PAIRS 64  /* of one map */
#define MAX_TEXTS 4096 /* of a file */

/* Where something of the file stands; counted from 1. */
struct place {
	size_t line, column;
};

struct config {
	char **texts; /* expanded, in use by the target */
	struct place *places; /* of each */
	size_t n_texts;
	const char *paths[MAX_KEYS]; /* of the table's keys that the file has */
	struct place values[MAX_KEYS];
	size_t n_paths;
	char *name; /* of the file */
};

/* One reading. */
struct reading {
	const char *path;
	const struct config_key *keys;
	char *target;
	struct config *config;
	yaml_document_t document;
	char *fault;
	size_t fault_n;
	bool seen[MAX_KEYS];
};

static __attribute__((format(printf, 3, 4))) int refuse(struct reading *r, const yaml_mark_t *at,
							const char *fmt, ...) {
	int n = snprintf(r->fault, r->fault_n, "%s:%zu:%zu: ", r->path, at->line + 1,
			 at->column + 1);
	va_list args;

	va_start(args, fmt);
	if (n > 0 && (size_t)n < r->fault_n)
		(void)vsnprintf(r->fault + n, r->fault_n - (size_t)n, fmt, args);
	va_end(args);
	return -EINVAL;
}

static yaml_node_t *node(struct reading *r, int id) {
	return yaml_document_get_node(&r->document, id);
}

static const char *scalar(const yaml_node_t *n) {
	return (const char *)n->data.scalar.value;
}

/* is_plain - whether @n has no tag, or one of YAML's core schema, as every node without one gets */
static bool is_plain(const yaml_node_t *n) {
	static const char *const tags[] = {
		YAML_STR_TAG,	YAML_INT_TAG, YAML_BOOL_TAG, YAML_NULL_TAG,
		YAML_FLOAT_TAG, YAML_SEQ_TAG, YAML_MAP_TAG,  "!",
	};

	for (size_t i = 0; n->tag && i < sizeof(tags) / sizeof(tags[0]); i++)
		if (!strcmp((const char *)n->tag, tags[i]))
			return true;
	return !n->tag;
}

/* is_text - a scalar without a NUL in it */
static bool is_text(const yaml_node_t *n) {
	return n->type == YAML_SCALAR_NODE && strlen(scalar(n)) == n->data.scalar.length;
}

static struct place place_of(const yaml_mark_t *at) {
	return (struct place){ at->line + 1, at->column + 1 };
}

/* take_text - the scalar @n, expanded; it lives as long as the config */
static int take_text(struct reading *r, const yaml_node_t *n, const char **ret) {
	struct config *c = r->config;
	const char *why;
	char *text;
	int err;

	if (!is_text(n))
		return refuse(r, &n->start_mark, "a text is wanted here");
	if (c->n_texts == MAX_TEXTS)
		return refuse(r, &n->start_mark, "the file has too many values");
	err = expand(scalar(n), &text, &why);
	if (err)
		return refuse(r, &n->start_mark, "%s", err == -ENOMEM ? strerror(-err) : why);
	c->places[c->n_texts] = place_of(&n->start_mark);
	c->texts[c->n_texts++] = text;
	*ret = text;
	return 0;
}

/* --- values, by their type -------------------------------------------------------------------- */

static int take_word(struct reading *r, const yaml_node_t *n, const struct config_key *k,
		     const char *text) {
	size_t count = 0;

	for (; k->words[count]; count++) {
		if (strcmp(text, k->words[count]) != 0)
			continue;
		*(int *)(void *)(r->target + k->offset) = (int)count;
		return 0;
	}
	{
		const char *near = nearest_word(text, k->words, count);

		return refuse(r, &n->start_mark, "\"%.64s\" is no value for \"%s\"; %s \"%s\"",
			      text, k->path, near ? "did you mean" : "one is",
			      near ? near : k->words[0]);
	}
}

static int take_yes(struct reading *r, const yaml_node_t *n, const struct config_key *k,
		    const char *text) {
	bool yes = !strcmp(text, "yes") || !strcmp(text, "true");

	if (!yes && strcmp(text, "no") != 0 && strcmp(text, "false") != 0)
		return refuse(r, &n->start_mark, "\"%s\" is yes or no, not \"%.64s\"", k->path,
			      text);
	*(bool *)(void *)(r->target + k->offset) = yes;
	return 0;
}

static int take_quantity(struct reading *r, const yaml_node_t *n, const struct config_key *k,
			 const char *text) {
	char *to = r->target + k->offset;
	uint64_t v;

	if (k->type == CONFIG_BYTES ? quantity_bytes(text, &v) : quantity_ms(text, &v))
		return refuse(r, &n->start_mark,
			      "\"%s\" is a number with a unit, as in \"%s\", not \"%.64s\"",
			      k->path, k->fallback ? k->fallback : "30s", text);
	if (k->type == CONFIG_MS && v > UINT32_MAX)
		return refuse(r, &n->start_mark, "\"%s\" is too long", k->path);
	if (k->type == CONFIG_MS)
		*(uint32_t *)(void *)to = (uint32_t)v;
	else
		*(uint64_t *)(void *)to = k->type == CONFIG_SECONDS ? v / 1000 : v;
	return 0;
}

static int take_texts(struct reading *r, const yaml_node_t *n, const struct config_key *k) {
	const char **to = (void *)(r->target + k->offset);
	int *count = (void *)(r->target + k->count), err = 0;

	if (n->type != YAML_SEQUENCE_NODE)
		return refuse(r, &n->start_mark, "\"%s\" is a list, as in [a, b]", k->path);
	*count = 0;
	for (const yaml_node_item_t *i = n->data.sequence.items.start;
	     i < n->data.sequence.items.top && !err; i++) {
		const yaml_node_t *one = node(r, *i);

		if ((size_t)*count == k->max)
			return refuse(r, &one->start_mark, "\"%s\" has at most %zu elements",
				      k->path, k->max);
		err = take_text(r, one, &to[*count]);
		*count += !err;
	}
	return err;
}

/* take_map - one of a list of maps */
static int take_map(struct reading *r, const yaml_node_t *n, const struct config_key *k) {
	struct config_pair pairs[MAX_PAIRS] = { 0 };
	const yaml_node_t *at[MAX_PAIRS];
	size_t count = 0, bad = 0;
	const char *why = "";

	if (n->type != YAML_MAPPING_NODE)
		return refuse(r, &n->start_mark, "an element of \"%s\" is key: value", k->path);
	for (const yaml_node_pair_t *p = n->data.mapping.pairs.start;
	     p < n->data.mapping.pairs.top; p++, count++) {
		const yaml_node_t *key = node(r, p->key);
		int err;

		if (!is_text(key))
			return refuse(r, &key->start_mark, "a key is a text");
		if (count == MAX_PAIRS)
			return refuse(r, &key->start_mark, "there are too many keys");
		for (size_t i = 0; i < count; i++)
			if (!strcmp(pairs[i].key, scalar(key)))
				return refuse(r, &key->start_mark, "\"%.64s\" is here twice",
					      scalar(key));
		at[count] = key;
		err = take_text(r, key, &pairs[count].key);
		if (!err)
			err = take_text(r, node(r, p->value), &pairs[count].value);
		if (err)
			return err;
	}
	if (!k->map(r->target, pairs, count, &bad, &why))
		return 0;
	return refuse(r, bad < count ? &at[bad]->start_mark : &n->start_mark, "%s", why);
}

static int take_maps(struct reading *r, const yaml_node_t *n, const struct config_key *k) {
	int err = 0;

	if (n->type != YAML_SEQUENCE_NODE)
		return refuse(r, &n->start_mark, "\"%s\" is a list, each element after \"- \"",
			      k->path);
	for (const yaml_node_item_t *i = n->data.sequence.items.start;
	     i < n->data.sequence.items.top && !err; i++)
		err = take_map(r, node(r, *i), k);
	return err;
}

/* take_scalar - @text, which lives as long as the target is used */
static int take_scalar(struct reading *r, const yaml_node_t *n, const struct config_key *k,
		       const char *text) {
	switch (k->type) {
	case CONFIG_WORD:
		return take_word(r, n, k, text);
	case CONFIG_YES:
		return take_yes(r, n, k, text);
	case CONFIG_TEXT:
		*(const char **)(void *)(r->target + k->offset) = text;
		return 0;
	default:
		return take_quantity(r, n, k, text);
	}
}

static int take_value(struct reading *r, const yaml_node_t *n, const struct config_key *k) {
	const char *text;
	int err;

	/* "key:" and nothing behind it: as if it were not there */
	if (n->type == YAML_SCALAR_NODE && !n->data.scalar.length &&
	    n->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
		return 0;
	if (k->type == CONFIG_TEXTS)
		return take_texts(r, n, k);
	if (k->type == CONFIG_MAPS)
		return take_maps(r, n, k);
	err = take_text(r, n, &text);
	return err ? err : take_scalar(r, n, k, text);
}

/* --- keys ------------------------------------------------------------------------------------- */

/* tail - what @path is called within @section ("" is the file itself); NULL: it is not in there */
static const char *tail(const char *path, const char *section) {
	size_t n = strlen(section);

	if (!n)
		return path;
	return !strncmp(path, section, n) && path[n] == '.' ? path + n + 1 : NULL;
}

static int unknown(struct reading *r, const yaml_node_t *key, const char *section) {
	const char *words[MAX_KEYS], *near;
	static char heads[MAX_KEYS][32];
	size_t n = 0;

	for (const struct config_key *k = r->keys; k->path && n < MAX_KEYS; k++) {
		const char *name = tail(k->path, section);

		if (!name)
			continue;
		(void)snprintf(heads[n], sizeof(heads[n]), "%.*s", (int)strcspn(name, "."), name);
		words[n] = heads[n];
		n++;
	}
	near = nearest_word(scalar(key), words, n);
	if (near)
		return refuse(r, &key->start_mark, "\"%.64s\" is no key%s%s; did you mean \"%s\"?",
			      scalar(key), *section ? " of " : "", section, near);
	return refuse(r, &key->start_mark, "\"%.64s\" is no key%s%s", scalar(key),
		      *section ? " of " : "", section);
}

static int take_section(struct reading *r, const yaml_node_t *n, const char *section);

/* take_pair - a key of @section with its value: one of the table, or a section itself */
static int take_pair(struct reading *r, const yaml_node_pair_t *p, const char *section) {
	const yaml_node_t *key = node(r, p->key);
	bool is_section = false;

	if (!is_text(key))
		return refuse(r, &key->start_mark, "a key is a text");
	for (size_t i = 0; r->keys[i].path && i < MAX_KEYS; i++) {
		const char *name = tail(r->keys[i].path, section);

		if (!name)
			continue;
		is_section |= tail(name, scalar(key)) != NULL && *scalar(key);
		if (strcmp(name, scalar(key)) != 0)
			continue;
		if (r->seen[i])
			return refuse(r, &key->start_mark, "\"%s\" is here twice", r->keys[i].path);
		r->seen[i] = true;
		r->config->paths[r->config->n_paths] = r->keys[i].path;
		r->config->values[r->config->n_paths++] = place_of(&node(r, p->value)->start_mark);
		return take_value(r, node(r, p->value), &r->keys[i]);
	}
	if (is_section && !*section)
		return take_section(r, node(r, p->value), scalar(key));
	return unknown(r, key, section);
}

static int take_section(struct reading *r, const yaml_node_t *n, const char *section) {
	int err = 0;

	/* "spool:" with nothing below it */
	if (n->type == YAML_SCALAR_NODE && !n->data.scalar.length)
		return 0;
	if (n->type != YAML_MAPPING_NODE)
		return refuse(r, &n->start_mark, "%s%s%s is key: value lines", *section ? "\"" : "",
			      *section ? section : "the file", *section ? "\"" : "");
	for (const yaml_node_pair_t *p = n->data.mapping.pairs.start;
	     p < n->data.mapping.pairs.top && !err; p++) {
		/* a section that is there twice */
		for (const yaml_node_pair_t *q = n->data.mapping.pairs.start; q < p; q++)
			if (is_text(node(r, q->key)) && is_text(node(r, p->key)) &&
			    !strcmp(scalar(node(r, q->key)), scalar(node(r, p->key))))
				return refuse(r, &node(r, p->key)->start_mark,
					      "\"%.64s\" is here twice", scalar(node(r, p->key)));
		err = take_pair(r, p, section);
	}
	return err;
}

/* --- the file --------------------------------------------------------------------------------- */

static int load(struct reading *r, yaml_parser_t *parser, bool *ret) {
	yaml_mark_t start = { 0 };

	if (!yaml_parser_load(parser, &r->document)) {
		start = parser->problem_mark;
		return refuse(r, &start, "this is no YAML: %s",
			      parser->problem ? parser->problem : "it cannot be read");
	}
	*ret = yaml_document_get_root_node(&r->document) != NULL;
	return 0;
}

static int read_all(struct reading *r, yaml_parser_t *parser) {
	yaml_mark_t start = { 0 };
	bool any = false;
	int err = load(r, parser, &any);

	if (err)
		return err;
	for (yaml_node_t *n = r->document.nodes.start; n < r->document.nodes.top && !err; n++)
		if (!is_plain(n))
			err = refuse(r, &n->start_mark, "the tag \"%.64s\" says nothing here",
				     (const char *)n->tag);
	if (any && !err)
		err = take_section(r, yaml_document_get_root_node(&r->document), "");
	yaml_document_delete(&r->document);
	if (err || !any)
		return err;
	err = load(r, parser, &any);
	if (err)
		return err;
	if (any) {
		start = yaml_document_get_root_node(&r->document)->start_mark;
		err = refuse(r, &start, "there is a second document; write one");
	}
	yaml_document_delete(&r->document);
	return err;
}

static struct config *new_config(const char *path) {
	struct config *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->name = strdup(path);
	c->texts = calloc(MAX_TEXTS, sizeof(*c->texts));
	c->places = calloc(MAX_TEXTS, sizeof(*c->places));
	if (c->name && c->texts && c->places)
		return c;
	config_free(c);
	return NULL;
}

int config_parse(const char *path, const void *bytes, size_t bytes_n,
		 const struct config_key *keys, void *target, struct config **ret, char *fault,
		 size_t n) {
	struct reading r = { .path = path, .keys = keys, .target = target, .fault = fault,
			     .fault_n = n };
	yaml_parser_t parser;
	int err;

	r.config = new_config(path);
	if (!r.config || !yaml_parser_initialize(&parser)) {
		(void)snprintf(fault, n, "%s: there is no memory", path);
		config_free(r.config);
		return -ENOMEM;
	}
	yaml_parser_set_input_string(&parser, bytes, bytes_n);
	err = read_all(&r, &parser);
	yaml_parser_delete(&parser);
	if (err)
		config_free(r.config);
	else
		*ret = r.config;
	return err;
}

int config_read(const char *path, const struct config_key *keys, void *target,
		struct config **ret, char *fault, size_t n) {
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err = 0;
	char *bytes = fd < 0 ? NULL : malloc(CONFIG_MAX_BYTES + 1);
	size_t got = 0;
	ssize_t r = 1;

	while (bytes && got <= CONFIG_MAX_BYTES && r > 0) {
		r = read(fd, bytes + got, CONFIG_MAX_BYTES + 1 - got);
		got += r > 0 ? (size_t)r : 0;
	}
	if (fd < 0 || !bytes || r < 0)
		err = fd < 0 || r < 0 ? -errno : -ENOMEM;
	else if (got > CONFIG_MAX_BYTES)
		err = -EFBIG;
	if (fd >= 0)
		(void)close(fd);
	if (err)
		(void)snprintf(fault, n, "%s: %s", path, strerror(-err));
	else
		err = config_parse(path, bytes, got, keys, target, ret, fault, n);
	free(bytes);
	return err;
}

void config_free(struct config *c) {
	if (!c)
		return;
	for (size_t i = 0; i < c->n_texts; i++)
		free(c->texts[i]);
	free(c->texts);
	free(c->places);
	free(c->name);
	free(c);
}

const char *config_place(const struct config *c, const char *what) {
	static char place[400];
	const struct place *at = NULL;

	for (size_t i = 0; c && what && i < c->n_texts && !at; i++)
		at = c->texts[i] == what ? &c->places[i] : NULL;
	for (size_t i = 0; c && what && i < c->n_paths && !at; i++)
		at = !strcmp(c->paths[i], what) ? &c->values[i] : NULL;
	if (!at)
		return "";
	(void)snprintf(place, sizeof(place), "%.350s:%zu:%zu: ", c->name, at->line, at->column);
	return place;
}

void config_defaults(const struct config_key *keys, void *target) {
	static const yaml_node_t nowhere; /* a fallback of a table's is never refused */
	struct reading r = { .target = target };

	for (const struct config_key *k = keys; k->path; k++) {
		int err = 0;

		if (k->fallback && k->type != CONFIG_TEXTS && k->type != CONFIG_MAPS)
			err = take_scalar(&r, &nowhere, k, k->fallback);
		assert(!err);
		(void)err;
	}
}
