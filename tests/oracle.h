/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oracle.h - the slow and obvious way to hold a search against a record
 *
 * Straight from the YAML tree to yes or no, value by value, with nothing compiled,
 * shared, remembered or skipped. It shares only the YAML reader and PCRE2 with the
 * engine; what it knows of Sigma it knows by itself. For rules that load.
 * oracle_condition.h does the rest of a rule.
 */
#ifndef LAPWING_TEST_ORACLE_H
#define LAPWING_TEST_ORACLE_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <arpa/inet.h>
#include <ctype.h>
#include <float.h>
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "detect/detect.h"
#include "detect/yaml.h"

#define ORACLE_TEXT 4096

/* A text of a rule; @wild marks those bytes that are wildcards. */
struct oracle_text {
	unsigned char s[ORACLE_TEXT];
	bool wild[ORACLE_TEXT];
	uint32_t n;
};

struct oracle_item {
	const struct record *record;
	struct str field;
	bool keyword, all, cased, neq, contains, begin, end, re, cidr, exists, fieldref, wide;
	bool base64, offset, windash, caseless;
	char compare; /* '<' '[' '>' ']' or 0 */
};

static bool oracle_search(const struct node *x, const struct record *r);

static const struct record_field *oracle_field(const struct record *r, struct str name) {
	for (uint32_t i = 0; i < r->n; i++) {
		if (str_eq(r->fields[i].name, name))
			return &r->fields[i];
	}
	return NULL;
}

static unsigned char oracle_fold(unsigned char c, bool cased) {
	return cased || c < 'A' || c > 'Z' ? c : (unsigned char)(c + 32);
}

static uint32_t oracle_char(struct str x, uint32_t i) {
	unsigned char c = (unsigned char)x.s[i];
	uint32_t n = c >= 0xf0 && c < 0xf5   ? 4
		     : c >= 0xe0 && c < 0xf0 ? 3
		     : c >= 0xc2 && c < 0xe0 ? 2
					     : 1;
	uint32_t k = 1;

	while (k < n && i + k < x.n && ((unsigned char)x.s[i + k] & 0xc0) == 0x80)
		k++;
	return k;
}

/* oracle_like - by a table of which rests of the pattern match which rests of the text */
static bool oracle_like(const struct oracle_text *p, struct str x, bool cased) {
	bool *row = calloc((size_t)x.n + 1, sizeof(*row)),
	     *next = calloc((size_t)x.n + 1, sizeof(*row));
	bool result;

	next[x.n] = true;
	for (uint32_t k = p->n; k-- > 0;) {
		for (uint32_t i = x.n + 1; i-- > 0;) {
			if (p->wild[k] && p->s[k] == '*')
				row[i] = next[i] || (i < x.n && row[i + oracle_char(x, i)]);
			else if (i == x.n)
				row[i] = false;
			else if (p->wild[k])
				row[i] = next[i + oracle_char(x, i)];
			else
				row[i] = next[i + 1] &&
					 oracle_fold(p->s[k], cased) ==
						 oracle_fold((unsigned char)x.s[i], cased);
		}
		memcpy(next, row, (size_t)x.n + 1);
	}
	result = next[0];
	free(row);
	free(next);
	return result;
}

static void oracle_put(struct oracle_text *t, unsigned char c, bool wild) {
	if (t->n == ORACLE_TEXT)
		abort();
	t->wild[t->n] = wild;
	t->s[t->n++] = c;
}

static void oracle_read(struct str x, bool plain, struct oracle_text *t) {
	t->n = 0;
	for (uint32_t i = 0; i < x.n; i++) {
		bool escape = !plain && x.s[i] == '\\' && i + 1 < x.n &&
			      strchr("*?\\", x.s[i + 1]) && x.s[i + 1];

		i += escape;
		oracle_put(t, (unsigned char)x.s[i],
			   !plain && !escape && (x.s[i] == '*' || x.s[i] == '?'));
	}
}

static bool oracle_stands(const struct oracle_text *t, const struct oracle_item *it, struct str x) {
	static struct oracle_text open;

	open.n = 0;
	if (it->contains || it->end)
		oracle_put(&open, '*', true);
	for (uint32_t i = 0; i < t->n; i++)
		oracle_put(&open, t->s[i], t->wild[i]);
	if (it->contains || it->begin)
		oracle_put(&open, '*', true);
	return oracle_like(&open, x, it->cased);
}

static bool oracle_base64(const struct oracle_text *t, const struct oracle_item *it, uint32_t shift,
			  struct str x) {
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	static const uint32_t starts[] = { 0, 2, 3 }, ends[] = { 0, 3, 2 };
	static struct oracle_text out;
	uint32_t total = t->n + shift, from, to;

	out.n = 0;
	for (uint32_t bit = 0; bit < total * 8 || bit % 24; bit += 6) {
		uint32_t v = 0;

		if (bit >= total * 8) {
			oracle_put(&out, '=', false);
			continue;
		}
		for (uint32_t b = bit; b < bit + 6; b++) {
			uint32_t byte = b / 8;
			unsigned char c = byte >= shift && byte < total ? t->s[byte - shift] : 0;

			v = v << 1 | (c >> (7 - b % 8) & 1);
		}
		oracle_put(&out, (unsigned char)digits[v], false);
	}
	from = it->offset ? starts[shift] : 0;
	to = it->offset ? out.n - ends[total % 3] : out.n;
	if (to < from)
		to = from;
	memmove(out.s, out.s + from, to - from);
	out.n = to - from;
	return oracle_stands(&out, it, x);
}

/* oracle_dashed - with each dash that begins a word as any of five, from @i on */
static bool oracle_dashed(const struct oracle_text *t, uint32_t i, const struct oracle_item *it,
			  struct str x) {
	static const char *const dashes[] = { "-", "/", "\xe2\x80\x93", "\xe2\x80\x94",
					      "\xe2\x80\x95" };

	for (; i < t->n; i++) {
		unsigned char c = t->s[i], before = i ? t->s[i - 1] : ' ';
		unsigned char after = i + 1 < t->n ? t->s[i + 1] : ' ';
		bool wild = (i && t->wild[i - 1]), wild_after = i + 1 < t->n && t->wild[i + 1];

		if ((c != '-' && c != '/') ||
		    (!wild && (isalnum(before) || before == '_' || before >= 0x80)))
			continue;
		if (wild_after || !(isalnum(after) || after == '_' || after >= 0x80))
			continue;
		for (int d = 0; d < 5; d++) {
			struct oracle_text *with = malloc(sizeof(*with));
			bool found;

			with->n = 0;
			for (uint32_t k = 0; k < i; k++)
				oracle_put(with, t->s[k], t->wild[k]);
			for (const char *s = dashes[d]; *s; s++)
				oracle_put(with, (unsigned char)*s, false);
			for (uint32_t k = i + 1; k < t->n; k++)
				oracle_put(with, t->s[k], t->wild[k]);
			found = oracle_dashed(with, i + (uint32_t)strlen(dashes[d]), it, x);
			free(with);
			if (found)
				return true;
		}
		return false;
	}
	return oracle_stands(t, it, x);
}

static bool oracle_text_holds(const struct oracle_item *it, const struct node *value,
			      struct str x) {
	struct oracle_text *t = malloc(sizeof(*t)), *wide = malloc(sizeof(*wide));
	bool found = false;

	oracle_read(value->text, value->scalar != SCALAR_STR, t);
	if (it->wide) { /* the texts are ASCII */
		wide->n = 0;
		for (uint32_t i = 0; i < t->n; i++) {
			oracle_put(wide, t->s[i], false);
			oracle_put(wide, 0, false);
		}
		*t = *wide;
	}
	if (it->windash)
		found = oracle_dashed(t, 0, it, x);
	else if (it->base64 || it->offset)
		for (uint32_t shift = 0; shift < (it->offset ? 3 : 1); shift++)
			found |= oracle_base64(t, it, shift, x);
	else
		found = oracle_stands(t, it, x);
	free(t);
	free(wide);
	return found;
}

static bool oracle_regex(const struct oracle_item *it, struct str pattern, struct str x) {
	int code;
	size_t at;
	pcre2_code *re = pcre2_compile((PCRE2_SPTR)pattern.s, pattern.n,
				       PCRE2_UTF | PCRE2_MATCH_INVALID_UTF |
					       (it->caseless ? PCRE2_CASELESS : 0),
				       &code, &at, NULL);
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	static char
		valid[ORACLE_TEXT * 3]; /* a byte that is not UTF-8 is a character all the same */
	size_t n = 0;
	uint32_t c, len;
	bool found;

	for (uint32_t i = 0; i < x.n; i += len ? len : 1) {
		len = utf8_next(x.s + i, x.n - i, &c);
		memcpy(valid + n, len ? x.s + i : "\xef\xbf\xbd", len ? len : 3);
		n += len ? len : 3;
	}
	found = re && pcre2_match(re, (PCRE2_SPTR)valid, n, 0, 0, data, NULL) >= 0;
	pcre2_match_data_free(data);
	pcre2_code_free(re);
	return found;
}

static bool oracle_number(struct str x, long double *ret) {
	char text[64], *end;
	uint32_t i = x.n && x.s[0] == '-';

	uint32_t e = i;

	if (x.n >= sizeof(text) || i == x.n)
		return false;
	while (e < x.n && (isdigit((unsigned char)x.s[e]) || x.s[e] == '.'))
		e++;
	if (e == i || x.s[i] == '.' || x.s[e - 1] == '.')
		return false;
	memcpy(text, x.s, x.n);
	text[x.n] = '\0';
	if (e < x.n) {
		uint32_t d = e + 1 + (text[e + 1] == '+' || text[e + 1] == '-');

		if ((text[e] | 0x20) != 'e' || !isdigit((unsigned char)text[d]) ||
		    strtol(text + d, NULL, 10) > 400)
			return false;
	}
	*ret = strtold(text, &end);
	return !*end && *ret <= DBL_MAX && *ret >= -DBL_MAX;
}

static bool oracle_compare(char how, struct str limit, struct str x) {
	long double a, b;

	if (!oracle_number(x, &a) || !oracle_number(limit, &b))
		return false;
	return how == '<' ? a < b : how == '[' ? a <= b : how == '>' ? a > b : a >= b;
}

/* oracle_cidr - IPv4 alone: the networks that are made up are */
static bool oracle_cidr(struct str network, struct str x) {
	char a[64], b[64], *slash;
	struct in_addr net, host;
	unsigned bits;

	if (x.n >= sizeof(b) || memchr(x.s, '\0', x.n))
		return false;
	(void)snprintf(a, sizeof(a), "%.*s", STR_FMT(network));
	(void)snprintf(b, sizeof(b), "%.*s", STR_FMT(x));
	slash = strchr(a, '/');
	*slash = '\0';
	bits = (unsigned)atoi(slash + 1);
	if (inet_pton(AF_INET, a, &net) != 1 || inet_pton(AF_INET, b, &host) != 1)
		return false;
	return !bits || (ntohl(net.s_addr) ^ ntohl(host.s_addr)) >> (32 - bits) == 0;
}

static bool oracle_other_field(const struct oracle_item *it, struct str name, struct str x) {
	const struct record_field *f = oracle_field(it->record, name);
	struct oracle_text *t = malloc(sizeof(*t));
	bool found = false;

	for (uint32_t i = 0; f && i < f->n; i++) {
		if (!f->values[i].s)
			continue;
		oracle_read(f->values[i], true, t);
		found |= oracle_stands(t, it, x);
	}
	free(t);
	return found;
}

static bool oracle_value_holds(const struct oracle_item *it, const struct node *value,
			       struct str x) {
	if (!x.s)
		return false;
	if (it->re)
		return oracle_regex(it, value->text, x);
	if (it->cidr)
		return oracle_cidr(value->text, x);
	if (it->compare)
		return oracle_compare(it->compare, value->text, x);
	if (it->fieldref)
		return oracle_other_field(it, value->text, x);
	return oracle_text_holds(it, value, x);
}

/* oracle_any_value - whether some value of the field (of every field, for keywords) meets @value */
static bool oracle_any_value(const struct oracle_item *it, const struct node *value) {
	bool found = false;

	for (uint32_t i = 0; i < it->record->n; i++) {
		const struct record_field *f = &it->record->fields[i];

		if (!it->keyword && !str_eq(f->name, it->field))
			continue;
		for (uint32_t k = 0; k < f->n; k++)
			found |= oracle_value_holds(it, value, f->values[k]);
	}
	return found;
}

static bool oracle_item_holds(const struct oracle_item *it, const struct node *value) {
	const struct record_field *f = oracle_field(it->record, it->field);
	bool any = false, every = true;

	if (value->type == NODE_SCALAR && value->scalar == SCALAR_NULL) {
		for (uint32_t i = 0; f && i < f->n; i++)
			any |= f->values[i].s != NULL;
		return !any;
	}
	if (it->exists)
		return (f != NULL) == (value->text.s[0] == 't');
	if (value->type == NODE_SCALAR)
		return oracle_any_value(it, value) != it->neq;
	for (const struct node *v = value->first; v; v = v->next) {
		bool one = oracle_any_value(it, v);

		any |= one;
		every &= one;
	}
	return (it->all ? every : any) != it->neq;
}

static void oracle_modifier(struct oracle_item *it, struct str word) {
	const struct {
		const char *word;
		bool *flag;
	} flags[] = {
		{ "all", &it->all },
		{ "cased", &it->cased },
		{ "neq", &it->neq },
		{ "contains", &it->contains },
		{ "startswith", &it->begin },
		{ "endswith", &it->end },
		{ "re", &it->re },
		{ "cidr", &it->cidr },
		{ "exists", &it->exists },
		{ "fieldref", &it->fieldref },
		{ "wide", &it->wide },
		{ "base64", &it->base64 },
		{ "base64offset", &it->offset },
		{ "windash", &it->windash },
		{ "i", &it->caseless },
	};
	static const char *const compares[] = { "lt", "lte", "gt", "gte" };

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (str_eq(word, str_of(flags[i].word)))
			*flags[i].flag = true;
	}
	for (int i = 0; i < 4; i++) {
		if (str_eq(word, str_of(compares[i])))
			it->compare = "<[>]"[i];
	}
}

static bool oracle_entry(const struct node *entry, const struct record *r) {
	struct oracle_item it = { .record = r };
	struct str key = entry->key->text;
	uint32_t at = 0;

	for (bool first = true; at <= key.n; first = false) {
		uint32_t end = at;

		while (end < key.n && key.s[end] != '|')
			end++;
		if (first)
			it.field = (struct str){ key.s + at, end - at };
		else
			oracle_modifier(&it, (struct str){ key.s + at, end - at });
		at = end + 1;
	}
	it.keyword = it.field.n == 0;
	if (it.keyword && !it.begin && !it.end && !it.re)
		it.contains = true;
	return oracle_item_holds(&it, entry);
}

static bool oracle_search(const struct node *x, const struct record *r) {
	struct oracle_item keyword = { .record = r, .keyword = true, .contains = true };
	bool any = false, every = true;

	if (x->type == NODE_SCALAR)
		return oracle_any_value(&keyword, x);
	for (const struct node *e = x->first; e; e = e->next) {
		bool one = x->type == NODE_MAP ? oracle_entry(e, r) : oracle_search(e, r);

		any |= one;
		every &= one;
	}
	return x->type == NODE_MAP ? every : any;
}

#endif
