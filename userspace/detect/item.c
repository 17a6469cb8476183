/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "detect/build.h"
#include "detect/number.h"

#define MAX_MODIFIERS 8

/* What a modifier is; PLACE and TEST say how values are compared, and only one of them may. */
enum modifier_class { PLACE, TEST, FIELDREF, FLAG, REGEX_FLAG, TRANSFORM, REFUSED };

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
	TEST_GREATER_EQUAL
};

struct modifier {
	const char *name;
	enum modifier_class class;
	unsigned value;
	const char *why; /* it is refused */
};

#define NO_TIME "no field of this sensor is a calendar time"

static const struct modifier modifiers[] = {
	{ "contains", PLACE, CONTAINS, NULL },
	{ "startswith", PLACE, STARTSWITH, NULL },
	{ "endswith", PLACE, ENDSWITH, NULL },
	{ "re", TEST, TEST_REGEX, NULL },
	{ "cidr", TEST, TEST_CIDR, NULL },
	{ "exists", TEST, TEST_EXISTS, NULL },
	{ "lt", TEST, TEST_LESS, NULL },
	{ "lte", TEST, TEST_LESS_EQUAL, NULL },
	{ "gt", TEST, TEST_GREATER, NULL },
	{ "gte", TEST, TEST_GREATER_EQUAL, NULL },
	{ "fieldref", FIELDREF, 0, NULL },
	{ "all", FLAG, FLAG_ALL, NULL },
	{ "cased", FLAG, FLAG_CASED, NULL },
	{ "neq", FLAG, FLAG_NEQ, NULL },
	{ "i", REGEX_FLAG, PCRE2_CASELESS, NULL },
	{ "m", REGEX_FLAG, PCRE2_MULTILINE, NULL },
	{ "s", REGEX_FLAG, PCRE2_DOTALL, NULL },
	{ "base64", TRANSFORM, TRANSFORM_BASE64, NULL },
	{ "base64offset", TRANSFORM, TRANSFORM_BASE64OFFSET, NULL },
	{ "wide", TRANSFORM, TRANSFORM_UTF16LE, NULL },
	{ "utf16le", TRANSFORM, TRANSFORM_UTF16LE, NULL },
	{ "utf16be", TRANSFORM, TRANSFORM_UTF16BE, NULL },
	{ "utf16", TRANSFORM, TRANSFORM_UTF16, NULL },
	{ "windash", TRANSFORM, TRANSFORM_WINDASH, NULL },
	{ "expand", REFUSED, 0, "this sensor has no values for placeholders" },
	{ "minute", REFUSED, 0, NO_TIME },
	{ "hour", REFUSED, 0, NO_TIME },
	{ "day", REFUSED, 0, NO_TIME },
	{ "week", REFUSED, 0, NO_TIME },
	{ "month", REFUSED, 0, NO_TIME },
	{ "year", REFUSED, 0, NO_TIME },
};

struct item {
	const struct node *key; /* for faults */
	struct slot *slot;
	unsigned seen; /* 1 << index in modifiers[] */
	unsigned flags, place, test;
	uint32_t regex_options;
	bool fieldref, keyword, numbers_are_tokens;
	enum transform transforms[MAX_MODIFIERS];
	unsigned n_modifiers, n_transforms;
};

static int key_fault(struct build *b, const struct item *it, uint32_t at, const char *what,
		     struct str word, const char *wanted) {
	return fault(&b->faults, it->key->line, it->key->column + (it->key->exact ? at : 0),
		     "modifier '%s' %s, expected %s", fault_text(word), what, wanted);
}

static const struct modifier *modifier_find(struct str word) {
	for (size_t i = 0; i < sizeof(modifiers) / sizeof(modifiers[0]); i++) {
		if (str_eq(word, str_of(modifiers[i].name)))
			return &modifiers[i];
	}
	return NULL;
}

/* take_modifier - what is wrong with @m after those before it, or NULL and it is taken */
static const char *take_modifier(struct item *it, const struct modifier *m) {
	bool compares = it->place != WHOLE || it->test != TEST_TEXT;

	switch (m->class) {
	case PLACE:
		if (compares)
			return "contradicts the one before it";
		it->place = m->value;
		return NULL;
	case TEST:
		if (compares || it->fieldref || it->n_transforms)
			return "contradicts the one before it";
		if (m->value == TEST_REGEX && it->n_modifiers)
			return "is not the first";
		it->test = m->value;
		return NULL;
	case FIELDREF:
		if (it->test != TEST_TEXT || it->n_transforms)
			return "contradicts the one before it";
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
		if (it->test != TEST_TEXT || it->fieldref)
			return "contradicts the one before it";
		it->transforms[it->n_transforms++] = m->value;
		return NULL;
	case REFUSED:
		break;
	}
	return m->why;
}

static int read_modifier(struct build *b, struct item *it, struct str word, uint32_t at) {
	const struct modifier *m = modifier_find(word);
	unsigned bit;
	const char *wrong;

	if (!m)
		return key_fault(b, it, at, "is unknown", word, "one of Sigma 2.1.0");
	bit = 1u << (m - modifiers);
	if (it->seen & bit)
		return key_fault(b, it, at, "is given twice", word, "each once");
	if (it->n_modifiers == MAX_MODIFIERS)
		return key_fault(b, it, at, "is one too many", word, "at most 8");
	if (m->class == REFUSED)
		return fault(&b->faults, it->key->line, it->key->column + (it->key->exact ? at : 0),
			     "modifier '%s' is not supported, expected a rule without it: %s",
			     m->name, m->why);
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
	const char *near = taxonomy_nearest(name);

	return fault_at(&b->faults, it->key, "unknown field '%s', expected %s%s%s",
			fault_text(name), near ? "perhaps '" : "one of docs/sigma.md",
			near ? near : "", near ? "'" : "");
}

static int field_slot(struct build *b, const struct item *it, struct str name, struct slot **ret) {
	struct taxon taxon;

	if (taxonomy_field(name, &taxon))
		return unknown_field(b, it, name);
	return build_slot(b, taxon, ret);
}

static int read_key(struct build *b, const struct node *key, struct item *it) {
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
			err = build_slot(b, (struct taxon){ SOURCE_WORDS, 0 }, &it->slot);
		} else {
			err = field_slot(b, it, word, &it->slot);
		}
		at += word.n + 1;
	}
	if (!err && it->keyword && it->place == WHOLE && it->test == TEST_TEXT)
		it->place = CONTAINS;
	return err ? err : check_chain(b, it);
}

static int value_fault(struct build *b, const struct node *value, const char *wanted) {
	return fault_at(&b->faults, value, "the value is %s, expected %s", yaml_what(value),
			wanted);
}

/* A field of named values is asked for one of them: anything else could never hold. */
static int check_name(struct build *b, const struct item *it, const struct node *value,
		      struct pattern p) {
	bool named =
		it->slot->taxon.source == SOURCE_NAME || it->slot->taxon.source == SOURCE_NAMES;

	if (!named || it->place != WHOLE || it->n_transforms || pattern_has_wildcard(p) ||
	    taxonomy_value_known(it->slot->taxon.field, value->text))
		return 0;
	return fault_at(&b->faults, value,
			"'%s' is no value of %s, expected a name from event.proto",
			fault_text(value->text), fields[it->slot->taxon.field].name);
}

static int forms_fault(struct build *b, const struct node *value, int err) {
	if (err == -E2BIG)
		return fault_at(&b->faults, value,
				"the value is too long or has too many forms, "
				"expected fewer bytes or dashes");
	if (err == -EILSEQ)
		return fault_at(&b->faults, value,
				"the value cannot be encoded, expected UTF-8 text "
				"without wildcards");
	return err;
}

/* text_forms - every spelling of @value, opened where the modifiers say so */
static int text_forms(struct build *b, const struct item *it, const struct node *value,
		      struct patterns *ret) {
	struct patterns forms = { arena_alloc(&b->temp, sizeof(*forms.v)), 1 };
	bool begin = it->place == CONTAINS || it->place == ENDSWITH;
	bool end = it->place == CONTAINS || it->place == STARTSWITH;
	int err;

	if (!forms.v)
		return -ENOMEM;
	if (value->scalar == SCALAR_STR)
		err = pattern_read(&b->temp, value->text, forms.v);
	else
		err = pattern_plain(&b->temp, value->text, forms.v);
	if (!err)
		err = check_name(b, it, value, forms.v[0]);
	if (err)
		return forms_fault(b, value, err);
	for (unsigned i = 0; !err && i < it->n_transforms; i++)
		err = pattern_transform(&b->temp, forms, it->transforms[i], &forms);
	for (uint32_t i = 0; !err && i < forms.n; i++)
		err = pattern_open(&b->temp, forms.v[i], begin, end, &forms.v[i]);
	if (err)
		return forms_fault(b, value, err);
	*ret = forms;
	return 0;
}

static int build_texts(struct build *b, const struct item *it, const struct node *value, uint32_t n,
		       struct expr **ret) {
	bool token = it->numbers_are_tokens && value->scalar == SCALAR_INT;
	struct text_style style = { it->slot, it->flags & FLAG_CASED, token };
	struct patterns all = { NULL, 0 }, one = { NULL, 0 };
	uint32_t cap = 0;
	int err;

	for (; n--; value = value->next) {
		err = text_forms(b, it, value, &one);
		if (err)
			return err;
		if (all.n + one.n > cap) {
			struct pattern *v;

			cap = (all.n + one.n) * 2;
			v = arena_alloc(&b->temp, cap * sizeof(*v));
			if (!v)
				return -ENOMEM;
			if (all.n)
				memcpy(v, all.v, all.n * sizeof(*v));
			all.v = v;
		}
		memcpy(all.v + all.n, one.v, one.n * sizeof(*one.v));
		all.n += one.n;
	}
	return leaf_texts(b, &style, &all, ret);
}

static int build_others(struct build *b, const struct item *it, const struct node *value,
			uint32_t n, struct expr **ret) {
	static const uint8_t ops[] = {
		[TEST_REGEX] = OP_REGEX,     [TEST_CIDR] = OP_CIDR,
		[TEST_LESS] = OP_LESS,	     [TEST_LESS_EQUAL] = OP_LESS_EQUAL,
		[TEST_GREATER] = OP_GREATER, [TEST_GREATER_EQUAL] = OP_GREATER_EQUAL,
	};
	struct predicate p = { .op = ops[it->test], .slot = it->slot };
	/* the widest is a network; an arena aligns to 8, and a long double wants 16 */
	char *room = arena_zalloc(&b->set->arena, (size_t)n * 24 + 16);
	int err = room ? 0 : -ENOMEM;

	room += -(uintptr_t)room & 15;
	p.regexes = (void *)room;
	for (; !err && p.n < n; value = value->next, p.n++) {
		if (it->test == TEST_REGEX && value->scalar == SCALAR_BOOL)
			err = value_fault(b, value, "a regex");
		else if (it->test == TEST_REGEX)
			err = regex_compile(b, value, it->regex_options,
					    &((pcre2_code **)(void *)room)[p.n]);
		else if (it->test == TEST_CIDR)
			err = network_read(b, value, &((struct network *)(void *)room)[p.n]);
		else if ((value->scalar != SCALAR_INT && value->scalar != SCALAR_FLOAT) ||
			 number_read(value->text, &((long double *)(void *)room)[p.n]))
			err = value_fault(b, value, "a number without quotes or exponent");
	}
	return err ? err : build_leaf(b, &p, ret);
}

static int build_fieldref(struct build *b, const struct item *it, const struct node *value,
			  uint32_t n, struct expr **ret) {
	static const uint8_t ops[] = { [WHOLE] = OP_SAME,
				       [CONTAINS] = OP_SAME_PART,
				       [STARTSWITH] = OP_SAME_START,
				       [ENDSWITH] = OP_SAME_END };
	struct predicate p = { .op = ops[it->place],
			       .slot = it->slot,
			       .fold = it->flags & FLAG_CASED ? fold_none : fold_case };
	struct item where = *it;
	struct exprs any = { 0 };
	struct expr *x;
	int err = 0;

	for (; !err && n--; value = value->next) {
		where.key = value;
		err = field_slot(b, &where, value->text, &p.other);
		if (!err)
			err = build_leaf(b, &p, &x);
		if (!err)
			err = exprs_add(b, &any, x);
	}
	return err ? err : build_join(b, JOIN_OR, &any, ret);
}

/* build_any - an expr that holds when one of the @n values from @value on does */
static int build_any(struct build *b, const struct item *it, const struct node *value, uint32_t n,
		     struct expr **ret) {
	if (it->fieldref)
		return build_fieldref(b, it, value, n, ret);
	return it->test == TEST_TEXT ? build_texts(b, it, value, n, ret)
				     : build_others(b, it, value, n, ret);
}

static int build_lone(struct build *b, const struct item *it, const struct node *value,
		      struct expr **ret) {
	struct expr *x;
	int err;

	if (value->scalar == SCALAR_NULL && (it->n_modifiers || it->keyword))
		return value_fault(b, value, "null without modifiers, or another value");
	if (it->test == TEST_EXISTS && value->scalar != SCALAR_BOOL)
		return value_fault(b, value, "true or false");
	err = leaf_present(b, it->slot, &x);
	if (err)
		return err;
	if (it->test == TEST_EXISTS && (value->text.s[0] | 0x20) == 't')
		*ret = x;
	else
		err = build_not(b, x, ret);
	return err;
}

static int check_values(struct build *b, const struct item *it, const struct node *list) {
	if (list->n == 0)
		return fault_at(&b->faults, list,
				"the list of values is empty, expected at least one");
	if (list->n > MAX_VALUES)
		return fault_at(&b->faults, list, "the list has %u values, expected at most %u",
				list->n, MAX_VALUES);
	if (it->flags & FLAG_ALL && list->n < 2)
		return fault_at(&b->faults, list,
				"'all' stands before one value, expected several");
	for (const struct node *v = list->first; v; v = v->next) {
		if (v->type != NODE_SCALAR || v->scalar == SCALAR_NULL)
			return value_fault(b, v, "text, a number or a boolean in a list of values");
		if (it->test == TEST_EXISTS)
			return value_fault(b, list, "true or false");
	}
	return 0;
}

static int build_values(struct build *b, const struct item *it, const struct node *list,
			struct expr **ret) {
	struct exprs every = { 0 };
	struct expr *x;
	int err = check_values(b, it, list);

	if (err || !(it->flags & FLAG_ALL || it->numbers_are_tokens))
		return err ? err : build_any(b, it, list->first, list->n, ret);
	for (const struct node *v = list->first; v; v = v->next) {
		err = build_any(b, it, v, 1, &x);
		if (!err)
			err = exprs_add(b, &every, x);
		if (err)
			return err;
	}
	return build_join(b, it->flags & FLAG_ALL ? JOIN_AND : JOIN_OR, &every, ret);
}

static int build_item(struct build *b, const struct item *it, const struct node *value,
		      struct expr **ret) {
	struct node one = { .type = NODE_LIST, .n = 1, .first = &(struct node){ 0 } };

	if (value->type == NODE_MAP)
		return value_fault(b, value, "a value or a list of values");
	if (value->type == NODE_LIST)
		return build_values(b, it, value, ret);
	if (value->scalar == SCALAR_NULL || it->test == TEST_EXISTS)
		return build_lone(b, it, value, ret);
	*one.first = *value;
	one.first->next = NULL;
	one.line = value->line;
	one.column = value->column;
	return build_values(b, it, &one, ret);
}

int item_build(struct build *b, const struct node *entry, struct expr **ret) {
	struct item it;
	struct expr *x;
	int err = read_key(b, entry->key, &it);

	it.numbers_are_tokens = it.keyword && it.test == TEST_TEXT && it.n_transforms == 0;
	if (!err)
		err = build_item(b, &it, entry, &x);
	if (!err && it.flags & FLAG_NEQ)
		err = build_not(b, x, &x);
	if (!err)
		*ret = x;
	return err;
}

int keywords_build(struct build *b, const struct node *list, struct expr **ret) {
	struct item it = {
		.key = list, .place = CONTAINS, .keyword = true, .numbers_are_tokens = true
	};
	int err = build_slot(b, (struct taxon){ SOURCE_WORDS, 0 }, &it.slot);

	return err ? err : build_item(b, &it, list, ret);
}
