/* SPDX-License-Identifier: Apache-2.0 */
/*
 * regex_tree.h - the text of a regex as a tree; what of PCRE it knows is in automaton.h
 */
#ifndef LAPWING_DETECT_REGEX_TREE_H
#define LAPWING_DETECT_REGEX_TREE_H

#include "base/arena.h"

/* Characters by number: ASCII as it is, all others, those that the regex names, and the ends. */
#define SYMBOL_OTHER 128
#define SYMBOL_NAMED 129
#define MAX_NAMED 13
#define SYMBOL_BEGIN 142
#define SYMBOL_END 143
#define N_SYMBOLS 144
#define SYMBOL_WORDS 3

enum tree_type { TREE_EMPTY, TREE_SET, TREE_CAT, TREE_ALT, TREE_REPEAT };

#define REPEAT_FOREVER UINT32_MAX

struct tree {
	uint8_t type; /* enum tree_type */
	uint64_t set[SYMBOL_WORDS];
	uint32_t min, max;	   /* TREE_REPEAT of @left */
	struct tree *left, *right; /* TREE_CAT, TREE_ALT */
};

/* Characters beyond ASCII that a regex names: SYMBOL_NAMED and on. */
struct named {
	uint32_t v[MAX_NAMED];
	uint32_t n;
};

/* regex_tree - 0; -EOPNOTSUPP; -ENOMEM. The tree is in @arena. */
int regex_tree(struct arena *arena, struct str regex, unsigned options, struct named *ret_named,
	       struct tree **ret);

#endif
