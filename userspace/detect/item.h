/* SPDX-License-Identifier: Apache-2.0 */
/*
 * item.h - the key of an item, "Field|modifier|modifier", as it was read
 *
 *     item.c ── modifier.c
 */
#ifndef LAPWING_DETECT_ITEM_H
#define LAPWING_DETECT_ITEM_H

#include "detect/build.h"
#include "detect/calendar.h"
#include "detect/number.h"

#define MAX_MODIFIERS 8

enum flag { FLAG_ALL = 1, FLAG_CASED = 2, FLAG_NEQ = 4 };

enum place { WHOLE, CONTAINS, STARTSWITH, ENDSWITH };

enum test {
	TEST_TEXT,
	TEST_REGEX,
	TEST_CIDR,
	TEST_EXISTS,
	TEST_LESS,
	TEST_LESS_EQUAL,
	TEST_GREATER,
	TEST_GREATER_EQUAL,
	TEST_NUMBER /* equal, as numbers are */
};

struct item {
	const struct node *key; /* for faults */
	struct slot *slot;
	uint64_t seen; /* 1 << index in modifiers[] */
	unsigned flags, place, test;
	uint32_t regex_options;
	enum time_part part;
	bool fieldref, expand, keyword, numbers_are_tokens;
	enum transform transforms[MAX_MODIFIERS];
	unsigned n_modifiers, n_transforms;
};

/* item_key - reads @key; 0, -EINVAL with a fault reported, -ENOMEM */
int item_key(struct build *b, const struct node *key, struct item *ret);

/* item_field - the slot of @name, which stands in @it->key; likewise */
int item_field(struct build *b, const struct item *it, struct str name, struct slot **ret);

#endif
