/* SPDX-License-Identifier: Apache-2.0 */
/* Our automaton against PCRE2, over regexes and texts that are made up, and some that are not. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <errno.h>
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "detect/automaton.h"
#include "test.h"

static uint32_t state = 99;

static uint32_t below(uint32_t n) {
	state = state * 1664525 + 1013904223;
	return (state >> 8) % n;
}

static void made_up_text(struct buf *out) {
	static const char *const pieces[] = { "a",    "b",  "ab",	"B", "/", " ",
					      "7",    "\n", "\xc3\xa9", "-", "_", "\xe2\x82\xac",
					      "aaaa", "." };

	buf_reset(out);
	for (uint32_t n = below(9); n-- > 0;)
		buf_addf(out, "%s", pieces[below(14)]);
}

static void made_up_regex(struct buf *out, unsigned depth) {
	static const char *const ones[] = { "a",	"b",	"/",	  ".",	     "\\.",
					    "[ab]",	"[^a]", "[a-c7]", "\\s",     "\\d",
					    "\\w",	"\\S",	"\\W",	  "[\\w.-]", "[^\\s/]",
					    "\xc3\xa9", "B",	"^",	  "$",	     "-" };
	static const char *const counts[] = { "*",     "+",    "?",  "{2}", "{1,3}",
					      "{0,2}", "{2,}", "*?", "+?" };

	for (uint32_t n = 1 + below(3); n-- > 0;) {
		if (depth && below(4) == 0) {
			buf_addf(out, "%s", below(2) ? "(" : "(?:");
			made_up_regex(out, depth - 1);
			buf_add_char(out, ')');
		} else {
			buf_addf(out, "%s", ones[below(20)]);
		}
		if (below(3) == 0)
			buf_addf(out, "%s", counts[below(9)]);
	}
	if (depth && below(4) == 0) {
		buf_add_char(out, '|');
		made_up_regex(out, depth - 1);
	}
}

static int pcre_finds(pcre2_code *re, struct str x) {
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	int rc = pcre2_match(re, (PCRE2_SPTR)x.s, x.n, 0, 0, data, NULL);

	pcre2_match_data_free(data);
	return rc >= 0 ? 1 : rc == PCRE2_ERROR_NOMATCH ? 0 : -1;
}

/* round_of - one regex against some texts; 1: ours cannot do it */
static int round_of(struct buf *regex, struct buf *text, uint32_t *wrong, uint32_t *hits) {
	uint32_t options = (below(3) ? 0 : PCRE2_DOTALL) | (below(3) ? 0 : PCRE2_CASELESS);
	struct arena arena, temp;
	struct automaton *a = NULL;
	struct str re;
	size_t at;
	int code, err;
	pcre2_code *other;

	buf_reset(regex);
	made_up_regex(regex, 3);
	re = (struct str){ regex->data, (uint32_t)regex->len };
	other = pcre2_compile((PCRE2_SPTR)re.s, re.n, options | PCRE2_UTF, &code, &at, NULL);
	if (!other)
		return 1;
	arena_init(&arena, 1 << 22);
	arena_init(&temp, 1 << 22);
	err = automaton_new(&arena, &temp, re,
			    (options & PCRE2_CASELESS ? AUTOMATON_CASELESS : 0) |
				    (options & PCRE2_DOTALL ? AUTOMATON_DOT_ALL : 0),
			    &a);
	for (int i = 0; !err && i < 20; i++) {
		struct str x;
		int expected;

		made_up_text(text);
		x = (struct str){ text->data ? text->data : "", (uint32_t)text->len };
		expected = pcre_finds(other, x);
		if (expected < 0)
			continue;
		*hits += (uint32_t)expected;
		if (automaton_finds(a, x) == expected)
			continue;
		if ((*wrong)++ < 5)
			printf("# /%.*s/ (%x) against \"%.*s\": PCRE2 says %d\n", STR_FMT(re),
			       options, STR_FMT(x), expected);
	}
	arena_done(&arena);
	arena_done(&temp);
	pcre2_code_free(other);
	return err != 0;
}

static void both_find_the_same(void) {
	struct buf regex = { 0 }, text = { 0 };
	uint32_t wrong = 0, hits = 0, left = 0;

	for (int i = 0; i < 6000; i++)
		left += (uint32_t)round_of(&regex, &text, &wrong, &hits);
	CHECK(wrong == 0);
	CHECK(hits > 10000);
	CHECK(left < 3000);
	buf_done(&regex);
	buf_done(&text);
}

static int make(struct arena *arena, const char *regex, struct automaton **ret) {
	struct arena temp;
	int err;

	arena_init(&temp, 1 << 24);
	err = automaton_new(arena, &temp, str_of(regex), 0, ret);
	arena_done(&temp);
	return err;
}

static void what_it_cannot_do_is_left_to_others(void) {
	static const char *const regexes[] = {
		"a(?=b)",      "(a)\\1",       "\\ba",	  "a++",    "(?>a)b", "(?m)^a",
		"[[:alpha:]]", "\\p{L}",       "\\x{41}",	  "a$b",    "^^a",    "a{5000}",
		"(a{60}){60}", "(?i)\xc3\xa9", "\\Qa\\E", "(?#x)a", "a{,2}"
	};
	struct arena arena;

	arena_init(&arena, 1 << 22);
	for (size_t i = 0; i < sizeof(regexes) / sizeof(regexes[0]); i++) {
		struct automaton *a = NULL;

		if (make(&arena, regexes[i], &a) != -EOPNOTSUPP)
			printf("# regex %zu is done\n", i);
		CHECK(!a);
	}
	arena_done(&arena);
}

/* A megabyte against what stops others. The answers are checked here, the time by the ladder. */
static void a_megabyte_is_read_once(void) {
	static const struct {
		const char *regex;
		bool holds, with_mark; /* that many a; the last one a '!' */
	} rows[] = {
		{ "(a+)+$", true, false },   { "(a|aa)+$", true, false },
		{ "(.){200,}", true, true }, { "[^/]{100,}$", true, true },
		{ "a{200}b", false, false }, { "(a{0,20}){10}b", false, false },
		{ "(a*)*b", false, false },  { "^(a|b)*!", false, true },
		{ "a{100}!$", false, true },
	};
	size_t n = 1 << 20;
	char *text = malloc(n);
	struct arena arena;

	memset(text, 'a', n);
	arena_init(&arena, 1 << 22);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct automaton *a = NULL;

		text[n - 1] = 'a';
		CHECK(make(&arena, rows[i].regex, &a) == 0);
		CHECK(automaton_finds(a, (struct str){ text, (uint32_t)n }) == rows[i].holds);
		text[n - 1] = '!';
		CHECK(automaton_finds(a, (struct str){ text, (uint32_t)n }) == rows[i].with_mark);
	}
	free(text);
	arena_done(&arena);
}

int main(void) {
	RUN(both_find_the_same);
	RUN(what_it_cannot_do_is_left_to_others);
	RUN(a_megabyte_is_read_once);
	DONE();
}
