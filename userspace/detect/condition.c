/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A condition, by recursive descent:
 *
 *     or    := and { "or" and }
 *     and   := not { "and" not }
 *     not   := "not" not | "(" or ")" | quantity "of" pattern | identifier
 *
 * Words end at white space, brackets and '|'; so "notepad" is one word.
 */
#include <errno.h>
#include <strings.h>

#include "detect/build.h"

struct parser {
	struct build *b;
	const struct node *node;
	struct search *searches;
	uint32_t n_searches;
	uint32_t at;	 /* of @word in the text */
	struct str word; /* the current one; empty at the end */
	unsigned depth;
};

static int parse_or(struct parser *p, struct expr **ret);

static int wrong(struct parser *p, const char *what, const char *wanted) {
	const struct node *node = p->node;

	return fault(&p->b->faults, node->line, node->column + (node->exact ? p->at : 0),
		     "%s in the condition, expected %s", what, wanted);
}

static int wrong_word(struct parser *p, const char *what, const char *wanted) {
	const struct node *node = p->node;

	return fault(&p->b->faults, node->line, node->column + (node->exact ? p->at : 0),
		     "%s '%s' in the condition, expected %s", what, fault_text(p->word), wanted);
}

static bool space(char c) {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool alone(char c) {
	return c == '(' || c == ')' || c == '|';
}

static void next(struct parser *p) {
	struct str text = p->node->text;
	uint32_t i = p->at + p->word.n, from;

	while (i < text.n && space(text.s[i]))
		i++;
	from = i;
	if (i < text.n && alone(text.s[i]))
		i++;
	else
		while (i < text.n && !space(text.s[i]) && !alone(text.s[i]))
			i++;
	p->at = from;
	p->word = (struct str){ text.s + from, i - from };
}

static bool is(const struct parser *p, const char *word) {
	return str_eq(p->word, str_of(word));
}

static struct search *find(const struct parser *p, struct str name) {
	for (uint32_t i = 0; i < p->n_searches; i++) {
		if (str_eq(p->searches[i].name, name))
			return &p->searches[i];
	}
	return NULL;
}

/* unknown - the word is no identifier; which it may have been meant to be */
static int unknown(struct parser *p) {
	struct str names[FAULT_WORDS];
	uint32_t n = 0;

	for (; n < p->n_searches && n < FAULT_WORDS; n++)
		names[n] = p->searches[n].name;
	return wrong_word(p, "unknown identifier",
			  fault_near(p->word, names, n, "one that 'detection' defines"));
}

/* is_operator - upper case counts too, unless the rule has an identifier of that name */
static bool is_operator(const struct parser *p, const char *word) {
	return p->word.n == strlen(word) && strncasecmp(p->word.s, word, p->word.n) == 0 &&
	       (is(p, word) || !find(p, p->word));
}

/* like - @name against @pattern, in which '*' is any run */
static bool like(struct str pattern, struct str name) {
	uint32_t i = 0, k = 0, star = UINT32_MAX, mark = 0;

	while (i < name.n || k < pattern.n) {
		if (k < pattern.n && pattern.s[k] == '*') {
			star = k++;
			mark = i;
		} else if (k < pattern.n && i < name.n && pattern.s[k] == name.s[i]) {
			i++;
			k++;
		} else if (star != UINT32_MAX && mark < name.n) {
			i = ++mark;
			k = star + 1;
		} else {
			return false;
		}
	}
	return true;
}

/* parse_of - what follows "1 of", "all of" */
static int parse_of(struct parser *p, bool all, struct expr **ret) {
	bool them = is(p, "them") && !find(p, p->word);
	struct str pattern = them ? STR("*") : p->word;
	struct exprs chosen = { 0 };
	int err;

	if (pattern.n == 0 || alone(pattern.s[0]))
		return wrong(p, "nothing stands behind 'of'", "'them', an identifier or a pattern");
	for (uint32_t i = 0; i < p->n_searches; i++) {
		struct search *s = &p->searches[i];

		if (!like(pattern, s->name) || (s->name.s[0] == '_' && pattern.s[0] != '_'))
			continue;
		s->used = true;
		err = exprs_add(p->b, &chosen, s->expr);
		if (err)
			return err;
	}
	if (chosen.n == 0)
		return wrong_word(p, "no identifier is selected by", "a pattern that selects one");
	next(p);
	return build_join(p->b, all ? JOIN_AND : JOIN_OR, &chosen, ret);
}

static int parse_name(struct parser *p, struct expr **ret) {
	struct search *s = find(p, p->word);
	struct parser ahead = *p;

	next(&ahead);
	if (is(&ahead, "of")) {
		bool all = is(p, "all");

		if (!all && !is(p, "1") && !is(p, "any"))
			return wrong_word(p, "quantity", "1, any or all before 'of'");
		*p = ahead;
		next(p);
		return parse_of(p, all, ret);
	}
	if (!s)
		return unknown(p);
	s->used = true;
	*ret = s->expr;
	next(p);
	return 0;
}

static int parse_not(struct parser *p, struct expr **ret) {
	struct expr *x = NULL;
	int err;

	if (p->word.n == 0)
		return wrong(p, "the end comes too early", "an identifier");
	if (++p->depth > MAX_NESTING)
		return wrong(p, "nesting is too deep", "at most 32 levels");
	if (is_operator(p, "not")) {
		next(p);
		err = parse_not(p, &x);
		if (!err)
			err = build_not(p->b, x, ret);
	} else if (is(p, "(")) {
		next(p);
		err = parse_or(p, ret);
		if (!err && !is(p, ")"))
			err = wrong(p, "a bracket is not closed", "')'");
		if (!err)
			next(p);
	} else if (is(p, ")") || is_operator(p, "and") || is_operator(p, "or")) {
		err = wrong_word(p, "unexpected", "an identifier");
	} else {
		err = parse_name(p, ret);
	}
	p->depth--;
	return err;
}

static int parse_join(struct parser *p, const char *word,
		      int (*parse)(struct parser *p, struct expr **ret), enum join join,
		      struct expr **ret) {
	struct exprs list = { 0 };
	struct expr *x = NULL;
	int err = parse(p, &x);

	if (!err)
		err = exprs_add(p->b, &list, x);
	while (!err && is_operator(p, word)) {
		next(p);
		err = parse(p, &x);
		if (!err)
			err = exprs_add(p->b, &list, x);
	}
	return err ? err : build_join(p->b, join, &list, ret);
}

static int parse_and(struct parser *p, struct expr **ret) {
	return parse_join(p, "and", parse_not, JOIN_AND, ret);
}

static int parse_or(struct parser *p, struct expr **ret) {
	return parse_join(p, "or", parse_and, JOIN_OR, ret);
}

int condition_build(struct build *b, const struct node *node, struct search *searches, uint32_t n,
		    struct expr **ret) {
	struct parser p = { .b = b, .node = node, .searches = searches, .n_searches = n };
	struct expr *x = NULL;
	int err;

	if (node->type != NODE_SCALAR || node->scalar == SCALAR_NULL || node->text.n == 0)
		return fault_at(&b->faults, node, "the condition is %s, expected text",
				node->type == NODE_SCALAR ? "empty" : yaml_what(node));
	if (node->text.n > MAX_CONDITION)
		return fault_at(&b->faults, node, "the condition has %u bytes, expected at most %u",
				node->text.n, MAX_CONDITION);
	next(&p);
	err = parse_or(&p, &x);
	if (err)
		return err;
	if (is(&p, "|"))
		return wrong(&p, "an aggregation of Sigma 1 begins", "a correlation rule instead");
	if (p.word.n)
		return wrong_word(&p, "unexpected", "'and', 'or' or the end");
	*ret = x;
	return 0;
}
