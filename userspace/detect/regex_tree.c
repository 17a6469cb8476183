/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/regex_tree.h"

#include <errno.h>

#include "base/utf8.h"
#include "detect/automaton.h"

#define MAX_DEPTH 50

struct reader {
	struct arena *arena;
	struct str x;
	uint32_t i, depth;
	bool caseless, dot_all;
	struct named *named;
	int err;
};

static struct tree *parse_alt(struct reader *r);

static struct tree *no(struct reader *r, int err) {
	r->err = r->err ? r->err : err;
	return NULL;
}

static struct tree *tree_new(struct reader *r, enum tree_type type, struct tree *left,
			     struct tree *right) {
	struct tree *t = arena_zalloc(r->arena, sizeof(*t));

	if (!t)
		return no(r, -ENOMEM);
	t->type = (uint8_t)type;
	t->left = left;
	t->right = right;
	return t;
}

static void add(uint64_t *set, uint32_t symbol) {
	set[symbol / 64] |= 1ull << symbol % 64;
}

static bool has(const uint64_t *set, uint32_t symbol) {
	return set[symbol / 64] >> symbol % 64 & 1;
}

static void add_range(uint64_t *set, uint32_t from, uint32_t to) {
	for (; from <= to; from++)
		add(set, from);
}

/* opposite - of characters; the ends are none */
static void opposite(uint64_t *set) {
	for (uint32_t c = 0; c < SYMBOL_BEGIN; c++)
		set[c / 64] ^= 1ull << c % 64;
}

static void both_cases(uint64_t *set) {
	for (uint32_t c = 'a'; c <= 'z'; c++) {
		if (has(set, c) || has(set, c - 32)) {
			add(set, c);
			add(set, c - 32);
		}
	}
}

static char at(const struct reader *r, uint32_t ahead) {
	return r->i + ahead < r->x.n ? r->x.s[r->i + ahead] : '\0';
}

/* add_class - \s, \d, \w, or the opposite; false for any other letter */
static bool add_class(uint64_t *set, char letter) {
	uint64_t one[SYMBOL_WORDS] = { 0 };

	switch (letter | 0x20) {
	case 's':
		add_range(one, '\t', '\r');
		add(one, ' ');
		break;
	case 'w':
		add_range(one, 'a', 'z');
		add_range(one, 'A', 'Z');
		add(one, '_');
		add_range(one, '0', '9');
		break;
	case 'd':
		add_range(one, '0', '9');
		break;
	default:
		return false;
	}
	if (letter < 'a')
		opposite(one);
	for (int i = 0; i < SYMBOL_WORDS; i++)
		set[i] |= one[i];
	return true;
}

/* plain_escape - the ASCII character that "\@c" stands for, or -1 */
static int plain_escape(char c) {
	static const char letters[] = "tnrf", stands[] = "\t\n\r\f";
	const char *found = c ? strchr(letters, c) : NULL;

	if (found)
		return stands[found - letters];
	if (!c || (unsigned char)c >= 0x80 || (c >= '0' && c <= '9') ||
	    ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'))
		return -1;
	return c;
}

static int hex_digit(char c) {
	return c >= '0' && c <= '9'			? c - '0'
	       : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
							: -1;
}

/* take_escape - at the backslash; adds what it stands for; *ret_c: the character, -1: a class */
static bool take_escape(struct reader *r, uint64_t *set, int *ret_c) {
	char c = at(r, 1);
	int high = hex_digit(at(r, 2)), low = hex_digit(at(r, 3));

	r->i += 2;
	*ret_c = -1;
	if (add_class(set, c))
		return true;
	if (c == 'x') { /* two digits, of ASCII */
		if (high < 0 || high > 7 || low < 0)
			return false;
		r->i += 2;
		*ret_c = high * 16 + low;
	} else {
		*ret_c = plain_escape(c);
	}
	if (*ret_c >= 0)
		add(set, (uint32_t)*ret_c);
	return *ret_c >= 0;
}

/* class_end - the character that ends a range, or -1 */
static int class_end(struct reader *r) {
	uint64_t none[SYMBOL_WORDS] = { 0 };
	int c = (unsigned char)at(r, 0);

	if (c == '\\')
		return take_escape(r, none, &c) ? c : -1;
	if (c >= 0x80 || c == '[' || r->i >= r->x.n)
		return -1;
	r->i++;
	return c;
}

static bool class_item(struct reader *r, uint64_t *set) {
	int from, to;

	if (at(r, 0) == '\\') {
		if (!take_escape(r, set, &from))
			return false;
		if (from < 0)
			return at(r, 0) != '-' || at(r, 1) == ']';
	} else {
		from = (unsigned char)at(r, 0);
		if (from >= 0x80 || (from == '[' && strchr(":.=", at(r, 1)) && at(r, 1)))
			return false;
		r->i++;
		add(set, (uint32_t)from);
	}
	if (at(r, 0) != '-' || at(r, 1) == ']')
		return true;
	r->i++;
	to = class_end(r);
	if (to < from)
		return false;
	add_range(set, (uint32_t)from, (uint32_t)to);
	return true;
}

static struct tree *parse_class(struct reader *r) {
	struct tree *t = tree_new(r, TREE_SET, NULL, NULL);
	bool negated = at(r, 1) == '^', first = true;

	r->i += 1 + negated;
	for (; t && (first || at(r, 0) != ']'); first = false) {
		if (r->i >= r->x.n || !class_item(r, t->set))
			return no(r, -EOPNOTSUPP);
	}
	r->i++;
	if (t && r->caseless)
		both_cases(t->set);
	if (t && negated)
		opposite(t->set);
	return t;
}

static struct tree *symbol(struct reader *r, uint32_t c) {
	struct tree *t = tree_new(r, TREE_SET, NULL, NULL);

	if (t)
		add(t->set, c);
	if (t && r->caseless)
		both_cases(t->set);
	return t;
}

/* parse_far - a character beyond ASCII */
static struct tree *parse_far(struct reader *r) {
	uint32_t c, k = 0, n = utf8_next(r->x.s + r->i, r->x.n - r->i, &c);

	if (!n || r->caseless)
		return no(r, -EOPNOTSUPP);
	while (k < r->named->n && r->named->v[k] != c)
		k++;
	if (k == MAX_NAMED)
		return no(r, -EOPNOTSUPP);
	r->named->v[k] = c;
	r->named->n += k == r->named->n;
	r->i += n;
	return symbol(r, SYMBOL_NAMED + k);
}

/* parse_end - '$': the end, or a newline and the end */
static struct tree *parse_end(struct reader *r) {
	struct tree *end = symbol(r, SYMBOL_END), *line = symbol(r, '\n');
	struct tree *both = line ? tree_new(r, TREE_CAT, line, symbol(r, SYMBOL_END)) : NULL;

	return both && end ? tree_new(r, TREE_ALT, end, both) : NULL;
}

static struct tree *parse_group(struct reader *r) {
	struct tree *t;

	r->i++;
	if (at(r, 0) == '*' || (at(r, 0) == '?' && at(r, 1) != ':') || ++r->depth > MAX_DEPTH)
		return no(r, -EOPNOTSUPP);
	r->i += at(r, 0) == '?' ? 2 : 0;
	t = parse_alt(r);
	if (t && at(r, 0) != ')')
		return no(r, -EOPNOTSUPP);
	r->i++;
	r->depth--;
	return t;
}

static struct tree *parse_one(struct reader *r) {
	struct tree *t;
	int c = (unsigned char)at(r, 0);

	if (c >= 0x80)
		return parse_far(r);
	if (c == '(')
		return parse_group(r);
	if (c == '[')
		return parse_class(r);
	if (c == '\\') {
		t = tree_new(r, TREE_SET, NULL, NULL);
		if (t && !take_escape(r, t->set, &c))
			return no(r, -EOPNOTSUPP);
		if (t && r->caseless)
			both_cases(t->set);
		return t;
	}
	if (c == '*' || c == '+' || c == '?' || c == '{' || c == '\0')
		return no(r, -EOPNOTSUPP);
	r->i++;
	if (c == '^')
		return symbol(r, SYMBOL_BEGIN);
	if (c == '$')
		return parse_end(r);
	if (c != '.')
		return symbol(r, (uint32_t)c);
	t = tree_new(r, TREE_SET, NULL, NULL);
	if (t && !r->dot_all)
		add(t->set, '\n');
	if (t)
		opposite(t->set);
	return t;
}

/* read_count - "{n}", "{n,}" or "{n,m}" at r->i, which moves behind it */
static bool read_count(struct reader *r, uint32_t *ret_min, uint32_t *ret_max) {
	uint32_t v[2] = { 0, 0 }, k = 0, digits[2] = { 0, 0 };

	for (r->i++; at(r, 0) != '}'; r->i++) {
		char c = at(r, 0);

		if (c == ',' && k == 0 && digits[0])
			k = 1;
		else if (c < '0' || c > '9' || ++digits[k] > 4)
			return false;
		else
			v[k] = v[k] * 10 + (uint32_t)(c - '0');
	}
	r->i++;
	*ret_min = v[0];
	*ret_max = k == 0 ? v[0] : digits[1] ? v[1] : REPEAT_FOREVER;
	return digits[0] && *ret_min <= *ret_max;
}

static struct tree *parse_repeat(struct reader *r) {
	struct tree *t = parse_one(r);
	uint32_t min, max;
	char c;

	for (c = at(r, 0); t && c && strchr("*+?{", c); c = at(r, 0)) {
		min = c == '+';
		max = c == '?' ? 1 : REPEAT_FOREVER;
		if (c != '{')
			r->i++;
		else if (!read_count(r, &min, &max))
			return no(r, -EOPNOTSUPP);
		t = tree_new(r, TREE_REPEAT, t, NULL);
		if (t) {
			t->min = min;
			t->max = max;
		}
		if (at(r, 0) == '+') /* takes and never gives back: not the same language */
			return no(r, -EOPNOTSUPP);
		r->i += at(r, 0) == '?'; /* lazy: the same language */
	}
	return t;
}

static struct tree *parse_cat(struct reader *r) {
	struct tree *t = tree_new(r, TREE_EMPTY, NULL, NULL), *one;

	while (t && r->i < r->x.n && at(r, 0) != '|' && at(r, 0) != ')') {
		one = parse_repeat(r);
		t = one ? tree_new(r, TREE_CAT, t, one) : NULL;
	}
	return t;
}

static struct tree *parse_alt(struct reader *r) {
	struct tree *t = parse_cat(r), *one;

	while (t && at(r, 0) == '|') {
		r->i++;
		one = parse_cat(r);
		t = one ? tree_new(r, TREE_ALT, t, one) : NULL;
	}
	return t;
}

int regex_tree(struct arena *arena, struct str regex, unsigned options, struct named *ret_named,
	       struct tree **ret) {
	struct reader r = { .arena = arena,
			    .x = regex,
			    .caseless = options & AUTOMATON_CASELESS,
			    .dot_all = options & AUTOMATON_DOT_ALL,
			    .named = ret_named };
	struct tree *t;

	ret_named->n = 0;
	if (memchr(regex.s, '\0', regex.n))
		return -EOPNOTSUPP;
	if (str_starts(regex, STR("(?i)"))) {
		r.caseless = true;
		r.i = 4;
	}
	t = parse_alt(&r);
	if (!t || r.i != regex.n)
		return r.err ? r.err : -EOPNOTSUPP;
	*ret = t;
	return 0;
}
