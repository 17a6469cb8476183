/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "detect/expand.h"
#include "detect/item.h"

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
	if (err == -EDOM)
		return fault_at(&b->faults, value,
				"the value is so short that one of its three encodings is "
				"empty, expected two bytes or more");
	if (err == -EILSEQ)
		return fault_at(&b->faults, value,
				"the value cannot be encoded, expected UTF-8 text "
				"without wildcards");
	return err;
}

/* read_forms - @value as it is written, or each of the texts that its placeholders make of it */
static int read_forms(struct build *b, const struct item *it, const struct node *value,
		      struct patterns *ret) {
	struct str one = value->text, *texts = &one;
	struct patterns forms = { NULL, 1 };
	int err = it->expand ? expand_text(b, value, &texts, &forms.n) : 0;

	if (err)
		return err;
	forms.v = arena_alloc(&b->temp, forms.n * sizeof(*forms.v));
	if (!forms.v)
		return -ENOMEM;
	for (uint32_t i = 0; !err && i < forms.n; i++)
		err = value->scalar == SCALAR_STR ? pattern_read(&b->temp, texts[i], &forms.v[i])
						  : pattern_plain(&b->temp, texts[i], &forms.v[i]);
	*ret = forms;
	return forms_fault(b, value, err);
}

/* text_forms - every spelling of @value, opened where the modifiers say so */
static int text_forms(struct build *b, const struct item *it, const struct node *value,
		      struct patterns *ret) {
	bool begin = it->place == CONTAINS || it->place == ENDSWITH;
	bool end = it->place == CONTAINS || it->place == STARTSWITH;
	struct patterns forms;
	int err = read_forms(b, it, value, &forms);

	if (!err)
		err = check_name(b, it, value, forms.v[0]);
	if (err)
		return err;
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
		[TEST_NUMBER] = OP_NUMBER,
	};
	struct predicate p = { .op = ops[it->test], .part = (uint8_t)it->part, .slot = it->slot };
	/* the widest is a regex; an arena aligns to 8, and a long double wants 16 */
	char *room = arena_zalloc(&b->set->arena, (size_t)n * sizeof(struct regex) + 16);
	int err = room ? 0 : -ENOMEM;

	room += -(uintptr_t)room & 15;
	p.regexes = (void *)room;
	p.fold = fold_case;
	for (; !err && p.n < n; value = value->next, p.n++) {
		if (it->test == TEST_REGEX && value->scalar == SCALAR_BOOL)
			err = value_fault(b, value, "a regex");
		else if (it->test == TEST_REGEX)
			err = regex_compile(b, value, it->regex_options,
					    &((struct regex *)(void *)room)[p.n]);
		else if (it->test == TEST_CIDR)
			err = network_read(b, value, &((struct network *)(void *)room)[p.n]);
		else if ((value->scalar != SCALAR_INT && value->scalar != SCALAR_FLOAT) ||
			 number_read(value->text, &((long double *)(void *)room)[p.n]))
			err = value_fault(b, value, "a number without quotes");
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
		err = item_field(b, &where, value->text, &p.other);
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
	bool exists = it->test == TEST_EXISTS;
	struct expr *x;
	int err;

	if (value->scalar == SCALAR_NULL && (it->n_modifiers || it->keyword))
		return value_fault(b, value, "null without modifiers, or another value");
	if (exists && value->scalar != SCALAR_BOOL)
		return value_fault(b, value, "true or false");
	err = leaf_there(b, exists ? OP_EXISTS : OP_PRESENT, it->slot, &x);
	if (err)
		return err;
	if (exists && (value->text.s[0] | 0x20) == 't')
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
	int err = item_key(b, entry->key, &it);

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
	int err = build_words(b, &it.slot);

	return err ? err : build_item(b, &it, list, ret);
}
