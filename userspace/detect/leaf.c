/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts of a rule, sorted by what they ask for (be, begin with, end with,
 * contain, be like), and for each group the quick questions that predicate.c
 * puts first: two places whose bytes tell most, or the rarest pairs of
 * characters.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

#include "detect/build.h"

#define N_TEXT_OPS (OP_GLOB + 1)

unsigned usual(unsigned char c) {
	static const char by_rank[] = "/esinart oldcubpm.-hfgvykwx_0123456789";
	const char *at = c ? strchr(by_rank, fold_case[c]) : NULL;

	return at ? 9 - (unsigned)(at - by_rank) / 5 : 0;
}

static void needle_grams(struct needle *k) {
	bool taken[N_GRAMS] = { false };

	while (k->n_grams < 3) {
		unsigned best = UINT32_MAX;
		uint8_t hash = 0;

		for (uint32_t i = 0; i + 1 < k->n; i++) {
			unsigned char a = fold_case[(unsigned char)k->s[i]];
			unsigned char c = fold_case[(unsigned char)k->s[i + 1]];

			if (usual(a) + usual(c) < best && !taken[gram_hash(a, c)]) {
				best = usual(a) + usual(c);
				hash = gram_hash(a, c);
			}
		}
		if (best == UINT32_MAX)
			return;
		taken[hash] = true;
		k->gram[k->n_grams++] = hash;
	}
}

/* set_weight - how likely a byte at @at passes, and which bytes do */
static unsigned set_weight(const struct predicate *p, int32_t at, uint64_t *set) {
	unsigned weight = 0;

	memset(set, 0, 4 * sizeof(*set));
	for (uint32_t i = 0; i < p->n; i++) {
		const struct needle *k = &p->needles[i];
		unsigned char want = (unsigned char)k->s[at < 0 ? (int32_t)k->n + at : at];

		if (set[want >> 6] >> (want & 63) & 1)
			continue;
		weight += 1 + usual(want);
		if (at == 0 && want == '/')
			weight += 100; /* every path passes */
		for (unsigned c = 0; c < 256; c++) {
			if (p->fold[c] == want)
				set[c >> 6] |= 1ull << (c & 63);
		}
	}
	return weight;
}

static void choose_places(struct predicate *p) {
	int32_t reach = p->min_bytes < 48 ? (int32_t)p->min_bytes : 48;
	uint64_t set[4];

	while (p->n_sets < 2) {
		unsigned best = UINT32_MAX;
		int32_t place = 0;

		for (int32_t i = 0; i < reach; i++) {
			int32_t at = p->op == OP_ENDS ? -1 - i : i;
			unsigned weight = set_weight(p, at, set);

			if (weight < best && !(p->n_sets && p->at[0] == at)) {
				best = weight;
				place = at;
			}
		}
		if (best == UINT32_MAX)
			return;
		(void)set_weight(p, place, p->set[p->n_sets]);
		p->at[p->n_sets++] = place;
	}
}

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

static int keep_needle(struct build *b, struct predicate *p, struct pattern text, uint32_t from,
		       uint32_t to) {
	struct needle *k = (struct needle *)&p->needles[p->n];
	struct str s;
	char *bytes;
	int err = pattern_text(&b->set->arena, text, from, to, &s);

	if (err)
		return err;
	bytes = (char *)s.s;
	for (uint32_t i = 0; i < s.n; i++)
		bytes[i] = (char)p->fold[(unsigned char)s.s[i]];
	*k = (struct needle){ .s = s.s, .n = s.n };
	if (p->op == OP_CONTAINS)
		needle_grams(k);
	if (p->n == 0 || s.n < p->min_bytes)
		p->min_bytes = s.n;
	p->n++;
	return 0;
}

static int keep_glob(struct build *b, struct predicate *p, struct pattern text) {
	struct glob *g = (struct glob *)&p->globs[p->n];
	struct pattern kept = { arena_alloc(&b->set->arena, text.n * sizeof(*kept.t)), text.n };
	uint32_t best = 0, best_end = 0, run = 0;
	struct str longest;

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
	if (pattern_text(&b->set->arena, kept, best_end - best, best_end, &longest))
		return -ENOMEM;
	*g = (struct glob){ kept.t, kept.n, { .s = longest.s, .n = longest.n } };
	needle_grams(&g->longest);
	p->n++;
	return 0;
}

static int leaf_group(struct build *b, const struct text_style *style, enum op op,
		      const struct patterns *texts, uint32_t n, struct expr **ret) {
	struct predicate p = { .op = (uint8_t)op,
			       .slot = style->slot,
			       .token = style->token,
			       .fold = style->cased ? fold_none : fold_case };
	size_t size = op == OP_GLOB ? sizeof(struct glob) : sizeof(struct needle);
	void *values = arena_zalloc(&b->set->arena, n * size);
	uint32_t from, to;
	int err = 0;

	if (!values)
		return -ENOMEM;
	if (op == OP_GLOB)
		p.globs = values;
	else
		p.needles = values;
	for (uint32_t i = 0; !err && i < texts->n; i++) {
		if (text_op(texts->v[i], &from, &to) != op)
			continue;
		err = op == OP_GLOB ? keep_glob(b, &p, texts->v[i])
				    : keep_needle(b, &p, texts->v[i], from, to);
	}
	if (err)
		return err;
	if (op >= OP_EQUALS && op <= OP_ENDS)
		choose_places(&p);
	return build_leaf(b, &p, ret);
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

int regex_compile(struct build *b, const struct node *node, uint32_t options, pcre2_code **ret) {
	struct ruleset *set = b->set;
	unsigned char why[128];
	size_t at, bytes;
	uint32_t column;
	int code;
	pcre2_code *re;

	if (node->text.n > MAX_REGEX_BYTES)
		return fault_at(&b->faults, node, "the regex has %u bytes, expected at most %u",
				node->text.n, MAX_REGEX_BYTES);
	if (set->n_regexes == b->cap_regexes) {
		size_t cap = b->cap_regexes ? b->cap_regexes * 2 : 16;
		pcre2_code **v = reallocarray(set->regexes, cap, sizeof(*v));

		if (!v)
			return -ENOMEM;
		set->regexes = v;
		b->cap_regexes = cap;
	}
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
	set->regexes[set->n_regexes++] = re;
	*ret = re;
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
