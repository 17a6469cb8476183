/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "detect/must.h"
#include "test.h"

static void what_every_match_has_is_found_and_nothing_more(void) {
	static const struct {
		const char *regex, *must;
		bool caseless;
	} rows[] = {
		{ "abc", "abc", false },
		{ "ABC", "abc", false },
		{ "/mail/tmp/[a-zA-Z0-9]{3}[0-9]{3}\\.tar\\.gz", "/mail/tmp/", false },
		{ "(?i)/lib/python3\\.([5-9]|[0-9]{2})/site-packages/", "/lib/python3.", false },
		{ "^ab$", "ab", false },
		{ "abc?", "ab", false },
		{ "abc*d", "ab", false },
		{ "abc+d", "abc", false },
		{ "abc{0,2}d", "ab", false },
		{ "abc{2}defg", "defg", false },
		{ "abc{2}d", "abc", false },
		{ "ab{x", "ab", false },
		{ "ab{,2}c", "", false }, /* text or a count, as PCRE2 is old or new */
		{ "ab|cd", "", false },
		{ "(ab|cd)ef", "ef", false },
		{ "(ab)?ef", "ef", false },
		{ "[ab|]]x", "]x", false },
		{ "[]ab]xy", "xy", false },
		{ "[[:alpha:]]xy", "", false },
		{ "a\\|b", "a|b", false },
		{ "a\\sbcd", "bcd", false },
		{ "ab\\x41cd", "", false },
		{ "\\Qa*\\E", "", false },
		{ "(?x)a b", "", false },
		{ "(?=abc)d", "", false },
		{ "(?:abc)de", "de", false },
		{ "(*UCP)ab", "", false },
		{ "ab#c", "ab#c", false },
		{ "caf\xc3\xa9?", "caf", false },
		{ "caf\xc3\xa9", "caf\xc3\xa9", false },
		{ "tasks", "ta", true },
		{ "caf\xc3\xa9", "caf", true },
		{ "ab\\", "ab", false },
		{ "(ab", "", false },
		{ "[ab", "", false },
		{ "", "", false },
	};
	struct arena arena;

	arena_init(&arena, 1 << 16);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct str must;

		CHECK(must_find(&arena, str_of(rows[i].regex), rows[i].caseless, &must) == 0);
		if (!str_eq(must, str_of(rows[i].must)))
			printf("# %s: \"%.*s\"\n", rows[i].regex, STR_FMT(must));
		CHECK(str_eq(must, str_of(rows[i].must)));
	}
	arena_done(&arena);
}

int main(void) {
	RUN(what_every_match_has_is_found_and_nothing_more);
	DONE();
}
