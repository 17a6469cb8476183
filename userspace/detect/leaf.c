/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts of a rule, sorted by what they ask for (be, begin with, end with,
 * contain, be like), and regexes and networks.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

#include "detect/build.h"
#include "detect/must.h"

#define N_TEXT_OPS (OP_GLOB + 1)
#define MANY_TEXTS 8

/* text_op - what @p asks for, and which of its tokens are the text of it */
static enum op text_op(struct pattern p, uint32_t *from, uint32_t *to) {
	bool begins = p.n && p.t[0] == PATTERN_ANY, ends = p.n && p.t[p.n - 1] == PATTERN_ANY;

	*from = begins;
	*to = p.n - (ends && p.n > 1);
	if (p.n == 1 && begins)
		return OP_PRESENT;
	for (uint32_t i = *from; i < *to; i++) {
		if (p.t[i] >= PATTERN_ANY)
			return OP_GLOB;
	}
	return begins ? (ends ? OP_CONTAINS : OP_ENDS) : ends ? OP_STARTS : OP_EQUALS;
}

static int keep_text(struct build *b, struct predicate *p, struct pattern text, uint32_t from,
		     uint32_t to) {
	struct str *kept = (struct str *)&p->texts[p->n];
	char *bytes;
	int err = pattern_text(&b->set->arena, text, from, to, kept);

	if (!err && p->given)
		err = pattern_text(&b->set->arena, text, from, to, (struct str *)&p->given[p->n]);
	if (err)
		return err;
	bytes = (char *)kept->s;
	for (uint32_t i = 0; i < kept->n; i++)
		bytes[i] = (char)p->fold[(unsigned char)kept->s[i]];
	p->n++;
	return 0;
}

static int keep_glob(struct build *b, struct predicate *p, struct pattern text) {
	struct glob *g = (struct glob *)&p->globs[p->n];
	struct pattern kept = { arena_alloc(&b->set->arena, text.n * sizeof(*kept.t)), text.n };
	uint32_t best = 0, best_end = 0, run = 0;

	if (!kept.t)
		return -ENOMEM;
	for (uint32_t i = 0; i < text.n; i++) {
		kept.t[i] = text.t[i] < PATTERN_ANY ? p->fold[text.t[i]] : text.t[i];
		run = text.t[i] < PATTERN_ANY ? run + 1 : 0;
		if (run > best) {
			best = run;
			best_end = i + 1;
		}
	}
	g->t = kept.t;
	g->n = kept.n;
	p->n++;
	return pattern_text(&b->set->arena, kept, best_end - best, best_end, &g->longest);
}

/* index_texts - where there are many, so that one pass finds out about all */
static int index_texts(struct build *b, struct predicate *p) {
	struct sought *v;

	if (p->n < MANY_TEXTS || p->op == OP_GLOB || p->token)
		return 0;
	v = arena_alloc(&b->temp, p->n * sizeof(*v));
	if (!v)
		return -ENOMEM;
	for (uint32_t i = 0; i < p->n; i++)
		v[i] = (struct sought){ p->texts[i], predicate_where(p), 0 };
	return needles_new(&b->set->arena, p->fold, v, p->n, &p->index);
}

static int leaf_group(struct build *b, const struct text_style *style, enum op op,
		      const struct patterns *texts, uint32_t n, struct expr **ret) {
	struct predicate p = { .op = (uint8_t)op,
			       .slot = style->slot,
			       .token = style->token,
			       .fold = style->cased ? fold_none : fold_case };
	size_t size = op == OP_GLOB ? sizeof(struct glob) : sizeof(struct str);
	void *values = arena_zalloc(&b->set->arena, n * size);
	uint32_t from, to;
	int err = 0;

	if (!values)
		return -ENOMEM;
	if (op == OP_GLOB)
		p.globs = values;
	else
		p.texts = values;
	if (op == OP_EQUALS || op == OP_STARTS) {
		p.given = arena_zalloc(&b->set->arena, n * size);
		if (!p.given)
			return -ENOMEM;
	}
	for (uint32_t i = 0; !err && i < texts->n; i++) {
		if (text_op(texts->v[i], &from, &to) != op)
			continue;
		err = op == OP_GLOB ? keep_glob(b, &p, texts->v[i])
				    : keep_text(b, &p, texts->v[i], from, to);
	}
	if (err)
		return err;
	err = index_texts(b, &p);
	return err ? err : build_leaf(b, &p, ret);
}

int leaf_there(struct build *b, enum op op, struct slot *slot, struct expr **ret) {
	struct predicate p = { .op = (uint8_t)op, .slot = slot };

	return build_leaf(b, &p, ret);
}

int leaf_texts(struct build *b, const struct text_style *style, const struct patterns *texts,
	       struct expr **ret) {
	uint32_t count[N_TEXT_OPS] = { 0 }, from, to;
	struct exprs any = { 0 };
	struct expr *x;
	int err = 0;

	for (uint32_t i = 0; i < texts->n; i++)
		count[text_op(texts->v[i], &from, &to)]++;
	for (enum op op = OP_PRESENT; !err && op < N_TEXT_OPS; op++) {
		if (!count[op])
			continue;
		err = op == OP_PRESENT ? leaf_there(b, op, style->slot, &x)
				       : leaf_group(b, style, op, texts, count[op], &x);
		if (!err)
			err = exprs_add(b, &any, x);
	}
	return err ? err : build_join(b, JOIN_OR, &any, ret);
}

/* regex_check - PCRE2's word on @node's text; @ret is the caller's to free */
static int regex_check(struct build *b, const struct node *node, uint32_t options,
		       pcre2_code **ret) {
	unsigned char why[128];
	size_t at, bytes;
	uint32_t column;
	int code;
	pcre2_code *re;

	if (node->text.n > MAX_REGEX_BYTES)
		return fault_at(&b->faults, node, "the regex has %u bytes, expected at most %u",
				node->text.n, MAX_REGEX_BYTES);
	re = pcre2_compile((PCRE2_SPTR)node->text.s, node->text.n,
			   options | PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C,
			   &code, &at, NULL);
	if (!re) {
		(void)pcre2_get_error_message(code, why, sizeof(why));
		column = node->column + (node->exact ? (uint32_t)at : 0);
		return fault(&b->faults, node->line, column,
			     "%s (byte %zu of '%s'), expected a PCRE regex", why, at,
			     fault_text(node->text));
	}
	if (pcre2_pattern_info(re, PCRE2_INFO_SIZE, &bytes) == 0 && bytes > 1024 * 1024) {
		pcre2_code_free(re);
		return fault_at(&b->faults, node,
				"the regex needs %zu bytes, expected at most 1 MiB", bytes);
	}
	*ret = re;
	return 0;
}

/* regex_keep - the rule set frees @re from now on, or it is freed here */
static int regex_keep(struct build *b, pcre2_code *re) {
	struct ruleset *set = b->set;

	if (set->n_regexes == b->cap_regexes) {
		size_t cap = b->cap_regexes ? b->cap_regexes * 2 : 16;
		pcre2_code **v = reallocarray(set->regexes, cap, sizeof(*v));

		if (!v) {
			pcre2_code_free(re);
			return -ENOMEM;
		}
		set->regexes = v;
		b->cap_regexes = cap;
	}
	set->regexes[set->n_regexes++] = re;
	return 0;
}

static int regex_make(struct build *b, const struct node *node, uint32_t options,
		      struct regex *ret) {
	unsigned ours = (options & PCRE2_CASELESS ? AUTOMATON_CASELESS : 0) |
			(options & PCRE2_DOTALL ? AUTOMATON_DOT_ALL : 0);
	pcre2_code *code = NULL;
	int err = regex_check(b, node, options, &code);

	if (err)
		return err;
	/* characters; none has less than a byte */
	(void)pcre2_pattern_info(code, PCRE2_INFO_MINLENGTH, &ret->least);
	arena_reset(&b->regex);
	err = options & PCRE2_MULTILINE
		      ? -EOPNOTSUPP
		      : automaton_new(&b->set->arena, &b->regex, node->text, ours, &ret->automaton);
	if (err == -EOPNOTSUPP || (err == -ENOMEM && b->regex.full)) {
		ret->code = code;
		err = regex_keep(b, code);
	} else {
		pcre2_code_free(code);
	}
	if (err)
		return err;
	return must_find(&b->set->arena, node->text, options & PCRE2_CASELESS, &ret->must);
}

int regex_compile(struct build *b, const struct node *node, uint32_t options, struct regex *ret) {
	uint32_t h = build_hash(options, node->text.s, node->text.n) % BUILD_CHAINS;
	struct made_regex *made;
	int err;

	for (made = b->regexes[h]; made; made = made->next) {
		if (made->options == options && str_eq(made->text, node->text)) {
			*ret = made->regex;
			return 0;
		}
	}
	err = regex_make(b, node, options, ret);
	if (err)
		return err;
	made = arena_alloc(&b->set->arena, sizeof(*made));
	if (!made)
		return -ENOMEM;
	*made = (struct made_regex){ b->regexes[h], arena_str(&b->set->arena, node->text), options,
				     *ret };
	if (!made->text.s)
		return -ENOMEM;
	b->regexes[h] = made;
	return 0;
}

static int network_fault(struct build *b, const struct node *node) {
	return fault_at(&b->faults, node,
			"'%s' is no network, expected ADDRESS/BITS with no bit set "
			"behind the first BITS",
			fault_text(node->text));
}

int network_read(struct build *b, const struct node *node, struct network *ret) {
	struct network net = { .address = { [10] = 0xff, [11] = 0xff } };
	char text[64];
	char *slash;
	unsigned bits, width, i;

	if (node->text.n >= sizeof(text) || memchr(node->text.s, '\0', node->text.n))
		return network_fault(b, node);
	memcpy(text, node->text.s, node->text.n + 1);
	slash = strchr(text, '/');
	if (slash)
		*slash = '\0';
	net.v4 = inet_pton(AF_INET, text, net.address + 12) == 1;
	if (!net.v4 && inet_pton(AF_INET6, text, net.address) != 1)
		return network_fault(b, node);
	width = net.v4 ? 32 : 128;
	bits = width;
	if (slash) {
		size_t n = strspn(slash + 1, "0123456789");

		bits = (unsigned)atoi(slash + 1);
		if (n == 0 || n > 3 || slash[1 + n] || bits > width)
			return network_fault(b, node);
	}
	bits += 128 - width;
	for (i = bits; i < 128; i++) {
		if (net.address[i / 8] >> (7 - i % 8) & 1)
			return network_fault(b, node);
	}
	net.bits = (uint8_t)bits;
	*ret = net;
	return 0;
}
