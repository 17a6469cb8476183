/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "detect/item.h"

/* What a modifier is; PLACE and TEST say how values are compared, and only one of them may. */
enum modifier_class { PLACE, TEST, FIELDREF, FLAG, REGEX_FLAG, TRANSFORM, EXPAND, PART };

struct modifier {
	const char *name;
	enum modifier_class class;
	unsigned value;
};

static const struct modifier modifiers[] = {
	{ "contains", PLACE, CONTAINS },
	{ "startswith", PLACE, STARTSWITH },
	{ "endswith", PLACE, ENDSWITH },
	{ "re", TEST, TEST_REGEX },
	{ "cidr", TEST, TEST_CIDR },
	{ "exists", TEST, TEST_EXISTS },
	{ "lt", TEST, TEST_LESS },
	{ "lte", TEST, TEST_LESS_EQUAL },
	{ "gt", TEST, TEST_GREATER },
	{ "gte", TEST, TEST_GREATER_EQUAL },
	{ "fieldref", FIELDREF, 0 },
	{ "all", FLAG, FLAG_ALL },
	{ "cased", FLAG, FLAG_CASED },
	{ "neq", FLAG, FLAG_NEQ },
	{ "i", REGEX_FLAG, PCRE2_CASELESS },
	{ "m", REGEX_FLAG, PCRE2_MULTILINE },
	{ "s", REGEX_FLAG, PCRE2_DOTALL },
	{ "base64", TRANSFORM, TRANSFORM_BASE64 },
	{ "base64offset", TRANSFORM, TRANSFORM_BASE64OFFSET },
	{ "wide", TRANSFORM, TRANSFORM_UTF16LE },
	{ "utf16le", TRANSFORM, TRANSFORM_UTF16LE },
	{ "utf16be", TRANSFORM, TRANSFORM_UTF16BE },
	{ "utf16", TRANSFORM, TRANSFORM_UTF16 },
	{ "windash", TRANSFORM, TRANSFORM_WINDASH },
	{ "expand", EXPAND, 0 },
	{ "minute", PART, TIME_MINUTE },
	{ "hour", PART, TIME_HOUR },
	{ "day", PART, TIME_DAY },
	{ "week", PART, TIME_WEEK },
	{ "month", PART, TIME_MONTH },
	{ "year", PART, TIME_YEAR },
};

static int key_fault(struct build *b, const struct item *it, uint32_t at, const char *what,
		     struct str word, const char *wanted) {
	return fault(&b->faults, it->key->line, it->key->column + (it->key->exact ? at : 0),
		     "modifier '%s' %s, expected %s", fault_text(word), what, wanted);
}

/* nearest - of the modifiers, to what is none */
static const char *nearest(struct str word) {
	struct str names[sizeof(modifiers) / sizeof(modifiers[0])];
	size_t n = sizeof(names) / sizeof(names[0]);

	for (size_t i = 0; i < n; i++)
		names[i] = str_of(modifiers[i].name);
	return fault_near(word, names, n, "one of Sigma 2.1.0");
}

static const struct modifier *modifier_find(struct str word) {
	for (size_t i = 0; i < sizeof(modifiers) / sizeof(modifiers[0]); i++) {
		if (str_eq(word, str_of(modifiers[i].name)))
			return &modifiers[i];
	}
	return NULL;
}

/* compares_numbers - gt and its like, which may look at a part of a time */
static bool compares_numbers(const struct item *it) {
	return it->test >= TEST_LESS && it->test <= TEST_NUMBER;
}

/* takes_text - whether what is compared so far is text, and no other field's */
static bool takes_text(const struct item *it) {
	return it->test == TEST_TEXT && !it->fieldref;
}

/* take_test - one of re, cidr, exists, lt and its like, behind what @it has already */
static const char *take_test(struct item *it, unsigned test) {
	bool number = test >= TEST_LESS && test <= TEST_GREATER_EQUAL;

	if (test == TEST_REGEX && it->n_modifiers)
		return "is not the first";
	if (number && it->part && it->test == TEST_NUMBER) {
		it->test = test;
		return NULL;
	}
	if (it->place != WHOLE || !takes_text(it) || it->n_transforms || it->expand)
		return "contradicts the one before it";
	it->test = test;
	return NULL;
}

/* take_part - one of minute, hour and their like */
static const char *take_part(struct item *it, enum time_part part) {
	if (it->part || it->place != WHOLE || it->fieldref || it->n_transforms || it->expand ||
	    (it->test != TEST_TEXT && !compares_numbers(it)))
		return "contradicts the one before it";
	it->part = part;
	if (it->test == TEST_TEXT)
		it->test = TEST_NUMBER;
	return NULL;
}

/* take_modifier - what is wrong with @m after those before it, or NULL and it is taken */
static const char *take_modifier(struct item *it, const struct modifier *m) {
	switch (m->class) {
	case PLACE:
		if (it->place != WHOLE || it->test != TEST_TEXT)
			break;
		it->place = m->value;
		return NULL;
	case TEST:
		return take_test(it, m->value);
	case PART:
		return take_part(it, m->value);
	case FIELDREF:
		if (!takes_text(it) || it->n_transforms || it->expand)
			break;
		it->fieldref = true;
		return NULL;
	case FLAG:
		it->flags |= m->value;
		return NULL;
	case REGEX_FLAG:
		if (it->test != TEST_REGEX)
			return "stands without 're'";
		it->regex_options |= m->value;
		return NULL;
	case TRANSFORM:
		if (!takes_text(it))
			break;
		it->transforms[it->n_transforms++] = m->value;
		return NULL;
	case EXPAND:
		if (!takes_text(it))
			break;
		it->expand = true;
		return NULL;
	}
	return "contradicts the one before it";
}

static int read_modifier(struct build *b, struct item *it, struct str word, uint32_t at) {
	const struct modifier *m = modifier_find(word);
	uint64_t bit;
	const char *wrong;

	if (!m)
		return key_fault(b, it, at, "is unknown", word, nearest(word));
	bit = 1ull << (m - modifiers);
	if (it->seen & bit)
		return key_fault(b, it, at, "is given twice", word, "each once");
	if (it->n_modifiers == MAX_MODIFIERS)
		return key_fault(b, it, at, "is one too many", word, "at most 8");
	wrong = take_modifier(it, m);
	if (wrong)
		return key_fault(b, it, at, wrong, word, "modifiers that go together");
	it->seen |= bit;
	it->n_modifiers++;
	return 0;
}

/* check_chain - what only the whole chain shows */
static int check_chain(struct build *b, const struct item *it) {
	const struct node *key = it->key;

	if (it->test == TEST_EXISTS && it->n_modifiers > 1)
		return fault_at(&b->faults, key,
				"'exists' stands with another modifier, expected it "
				"alone");
	if (it->test != TEST_TEXT && it->flags & FLAG_CASED)
		return fault_at(&b->faults, key,
				"'cased' says nothing here, expected it with text "
				"values");
	if (it->n_transforms && it->transforms[it->n_transforms - 1] <= TRANSFORM_UTF16)
		return fault_at(&b->faults, key,
				"the value ends as UTF-16, expected 'base64' or "
				"'base64offset' behind it");
	return 0;
}

static int unknown_field(struct build *b, const struct item *it, struct str name) {
	const char *near = b->names == NAMES_AUDIT ? audit_nearest(name) : taxonomy_nearest(name);

	return fault_at(&b->faults, it->key, "unknown field '%s', expected %s%s%s",
			fault_text(name), near ? "perhaps '" : "one of docs/sigma.md",
			near ? near : "", near ? "'" : "");
}

int item_field(struct build *b, const struct item *it, struct str name, struct slot **ret) {
	int err = name.n ? build_slot(b, name, ret) : -ENOENT;

	return err == -ENOENT ? unknown_field(b, it, name) : err;
}

int item_key(struct build *b, const struct node *key, struct item *it) {
	struct str text = key->text, word;
	uint32_t at = 0;
	int err = 0;

	*it = (struct item){ .key = key };
	for (unsigned n = 0; !err && at <= text.n; n++) {
		const char *bar = memchr(text.s + at, '|', text.n - at);

		word = (struct str){ text.s + at,
				     bar ? (uint32_t)(bar - text.s) - at : text.n - at };
		if (n > 0) {
			err = read_modifier(b, it, word, at);
		} else if (word.n == 0 && bar) {
			it->keyword = true;
			err = build_words(b, &it->slot);
		} else {
			err = item_field(b, it, word, &it->slot);
		}
		at += word.n + 1;
	}
	if (!err && it->keyword && it->place == WHOLE && it->test == TEST_TEXT)
		it->place = CONTAINS;
	return err ? err : check_chain(b, it);
}
