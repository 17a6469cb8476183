/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml.h - YAML text into a small tree that knows where each node stood
 *
 * Only what rules need: maps with scalar keys, lists, scalars with their YAML
 * 1.2 core type. Duplicate keys are faults. An alias is replaced by a copy of
 * what it names, and the copy counts against the same bounds as everything else,
 * so that no text of YAML_MAX_BYTES can become a tree of more than
 * YAML_MAX_NODES.
 */
#ifndef LAPWING_DETECT_YAML_H
#define LAPWING_DETECT_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "detect/fault.h"

#define YAML_MAX_BYTES (1024 * 1024)
#define YAML_MAX_NODES 50000
#define YAML_MAX_DEPTH 24
#define YAML_MAX_ANCHORS 64
#define YAML_MAX_KEYS 1024 /* of one map */

enum node_type { NODE_SCALAR, NODE_LIST, NODE_MAP };
enum scalar_type { SCALAR_STR, SCALAR_NULL, SCALAR_BOOL, SCALAR_INT, SCALAR_FLOAT };

struct node {
	uint8_t type;	/* enum node_type */
	uint8_t scalar; /* enum scalar_type */
	bool exact;	/* column + n is the place of text.s[n] */
	uint32_t line, column;
	struct str text;    /* of a scalar, as written, quotes and escapes resolved */
	struct node *key;   /* of an entry in a map */
	struct node *first; /* of a list or map */
	struct node *next;
	uint32_t n; /* entries */
};

/*
 * yaml_read - the documents in the @n bytes at @text, linked by next
 * @arena: holds the whole tree; nothing points into @text
 * 0; -EINVAL with a fault reported; -ENOMEM.
 */
int yaml_read(const char *text, size_t n, struct arena *arena, struct faults *f, struct node **ret);

/* yaml_get - the entry of @map called @key, or NULL */
struct node *yaml_get(const struct node *map, const char *key);

/* yaml_hash - of all that @node says, whatever its layout; two that are equal say the same */
uint64_t yaml_hash(const struct node *node);

/* yaml_what - "a map", "a list", "null", "text" … for messages */
const char *yaml_what(const struct node *node);

#define fault_at(f, node, ...) fault((f), (node)->line, (node)->column, __VA_ARGS__)

#endif
