/* SPDX-License-Identifier: Apache-2.0 */
/* Many texts sought at once, against each sought alone. */
#include <stdio.h>

#include "detect/engine.h"
#include "test.h"

#define MAX_SOUGHT 400
#define MAX_TEXT 12
#define MAX_HAYSTACK 60

static uint32_t state = 4711;

static uint32_t below(uint32_t n) {
	state = state * 1664525 + 1013904223;
	return (state >> 8) % n;
}

/* fill - @n bytes of so few characters that they often meet; now and then a byte of any kind */
static void fill(char *s, uint32_t n) {
	for (uint32_t i = 0; i < n; i++)
		s[i] = (char)(below(40) ? "abA/.@"[below(6)] : (char)below(256));
}

/* folded - @x with small letters, if @fold is fold_case */
static struct str folded(const uint8_t *fold, struct str x) {
	static char room[MAX_HAYSTACK];

	for (uint32_t i = 0; i < x.n; i++)
		room[i] = (char)fold[(unsigned char)x.s[i]];
	return (struct str){ room, x.n };
}

static bool alone(const struct sought *s, struct str x) {
	struct str t = s->text;

	if (t.n > x.n)
		return false;
	if (s->where == WHERE_HEAD)
		return str_starts(x, t);
	if (s->where == WHERE_WHOLE)
		return str_eq(x, t);
	if (s->where == WHERE_TAIL)
		return str_eq(t, (struct str){ x.s + x.n - t.n, t.n });
	for (uint32_t i = 0; i + t.n <= x.n; i++) {
		if (str_eq(t, (struct str){ x.s + i, t.n }))
			return true;
	}
	return false;
}

/* round_of - @n texts against some haystacks; gives how often they disagreed with the slow way */
static uint32_t round_of(uint32_t n, const uint8_t *fold, uint32_t *hits) {
	static char texts[MAX_SOUGHT][MAX_TEXT], haystack[MAX_HAYSTACK];
	struct sought v[MAX_SOUGHT];
	struct arena arena;
	struct needles *k;
	uint32_t wrong = 0;

	arena_init(&arena, 1 << 20);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t len = below(MAX_TEXT + 1);

		fill(texts[i], len);
		memcpy(texts[i], folded(fold, (struct str){ texts[i], len }).s, len);
		v[i] = (struct sought){ { texts[i], len }, (uint8_t)below(4), i };
	}
	CHECK(needles_new(&arena, fold, v, n, &k) == 0);
	for (int i = 0; i < 40; i++) {
		struct str x = { haystack, below(MAX_HAYSTACK + 1) };
		uint64_t rows[(MAX_SOUGHT + 63) / 64] = { 0 };
		bool any = false;

		fill(haystack, x.n);
		needles_mark(k, x, rows);
		for (uint32_t r = 0; r < n; r++) {
			bool found = rows[v[r].row / 64] >> v[r].row % 64 & 1;

			wrong += found != alone(&v[r], folded(fold, x));
			any |= found;
			*hits += found;
		}
		wrong += needles_any(k, x) != any;
	}
	arena_done(&arena);
	return wrong;
}

static void all_that_stand_are_found_and_no_others(void) {
	uint32_t wrong = 0, hits = 0;

	for (int i = 0; i < 400; i++)
		wrong += round_of(i % 20 ? below(12) : below(MAX_SOUGHT),
				  i % 2 ? fold_case : fold_none, &hits);
	CHECK(wrong == 0);
	CHECK(hits > 1000);
}

static void one_row_may_have_many_texts(void) {
	struct sought v[] = { { STR("abcdefgh"), WHERE_ANY, 3 },
			      { STR("xyz"), WHERE_TAIL, 3 },
			      { STR("q"), WHERE_ANY, 70 } };
	struct arena arena;
	struct needles *k;
	uint64_t rows[2] = { 0 };

	arena_init(&arena, 1 << 16);
	CHECK(needles_new(&arena, fold_none, v, 3, &k) == 0);
	needles_mark(k, STR("..abcdefgh"), rows);
	CHECK(rows[0] == 1u << 3 && rows[1] == 0);
	needles_mark(k, STR("qxyz"), rows);
	CHECK(rows[0] == 1u << 3 && rows[1] == 1u << 6);
	arena_done(&arena);
}

/* Where a text stands must not matter, though not every place is looked at. */
static void a_text_is_found_at_every_place(void) {
	static const char text[] = "abcdefghi";
	uint32_t missed = 0, said = 0;

	for (uint32_t len = 1; len < sizeof(text); len++) {
		struct sought v = { { text, len }, WHERE_ANY, 0 };
		struct arena arena;
		struct needles *k;

		arena_init(&arena, 1 << 16);
		CHECK(needles_new(&arena, fold_none, &v, 1, &k) == 0);
		for (uint32_t n = len; n < 20; n++) {
			for (uint32_t at = 0; at + len <= n; at++) {
				char x[20];

				memset(x, '.', sizeof(x));
				memcpy(x + at, text, len);
				missed += !needles_any(k, (struct str){ x, n });
				x[at + len - 1] = '.';
				said += needles_any(k, (struct str){ x, n });
			}
		}
		arena_done(&arena);
	}
	CHECK(missed == 0);
	CHECK(said == 0);
}

static void no_memory_is_an_error(void) {
	struct sought v = { STR("abcdefgh"), WHERE_ANY, 0 };
	struct arena arena;
	struct needles *k = NULL;

	arena_init(&arena, 64);
	CHECK(needles_new(&arena, fold_none, &v, 1, &k) == -12 && !k);
	arena_done(&arena);
}

int main(void) {
	RUN(all_that_stand_are_found_and_no_others);
	RUN(one_row_may_have_many_texts);
	RUN(a_text_is_found_at_every_place);
	RUN(no_memory_is_an_error);
	DONE();
}
