/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "test.h"

static void fresh_arena_holds_nothing(void) {
	struct arena a;

	arena_init(&a, 1 << 20);
	CHECK(a.total_bytes == 0);
	arena_reset(&a);
	arena_done(&a);
}

static void allocations_are_aligned_and_apart(void) {
	struct arena a;
	char *last = NULL;

	arena_init(&a, 1 << 20);
	for (size_t n = 1; n < 200; n++) {
		char *p = arena_alloc(&a, n);

		CHECK(p && (uintptr_t)p % 8 == 0);
		memset(p, (int)n, n);
		CHECK(!last || last[n - 2] == (char)(n - 1));
		last = p;
	}
	arena_done(&a);
}

static void limit_is_kept_and_what_was_given_stays(void) {
	struct arena a;
	char *p, *q;
	size_t given = 0;

	arena_init(&a, 256 * 1024);
	p = arena_alloc(&a, 100);
	CHECK(p);
	memset(p, 'x', 100);
	CHECK(!arena_alloc(&a, 300 * 1024));
	while ((q = arena_alloc(&a, 1000))) {
		memset(q, 'y', 1000);
		given += 1000;
	}
	CHECK(a.total_bytes <= 256 * 1024 && given > 200 * 1000);
	CHECK(p[0] == 'x' && p[99] == 'x');
	arena_done(&a);
}

static void reset_keeps_the_blocks_and_uses_them_again(void) {
	struct arena a;
	void *first, *second;
	size_t held;

	arena_init(&a, 1 << 20);
	first = arena_alloc(&a, 60000);
	second = arena_alloc(&a, 60000);
	held = a.total_bytes;
	arena_reset(&a);
	CHECK(arena_alloc(&a, 60000) == first && arena_alloc(&a, 60000) == second);
	CHECK(a.total_bytes == held);
	arena_done(&a);
	CHECK(a.total_bytes == 0 && arena_alloc(&a, 8));
	arena_done(&a);
}

static void large_allocation_gets_a_block_of_its_own(void) {
	struct arena a;
	char *p, *large;

	arena_init(&a, 1 << 20);
	p = arena_alloc(&a, 8);
	CHECK(arena_alloc(&a, 65536)); /* a second block */
	arena_reset(&a);
	CHECK(arena_alloc(&a, 8) == p);
	large = arena_alloc(&a, 200000);
	CHECK(large);
	memset(large, 1, 200000);
	CHECK(arena_alloc(&a, 65536));
	arena_done(&a);
}

static void zeroed_memory_is_zero_after_a_reset(void) {
	struct arena a;
	char *p;

	arena_init(&a, 1 << 20);
	memset(arena_alloc(&a, 64), 0xff, 64);
	arena_reset(&a);
	p = arena_zalloc(&a, 64);
	for (int i = 0; i < 64; i++)
		CHECK(p[i] == 0);
	arena_done(&a);
}

static void copy_of_a_string_ends_in_nul(void) {
	struct arena a, none;
	struct str x;

	arena_init(&a, 1 << 20);
	arena_init(&none, 0);
	x = arena_str(&a, (struct str){ "abcdef", 3 });
	CHECK(x.n == 3 && !strcmp(x.s, "abc"));
	x = arena_str(&a, STR(""));
	CHECK(x.n == 0 && x.s && !*x.s);
	CHECK(!arena_str(&a, (struct str){ 0 }).s);
	CHECK(!arena_str(&none, STR("abc")).s);
	arena_done(&a);
}

int main(void) {
	RUN(fresh_arena_holds_nothing);
	RUN(allocations_are_aligned_and_apart);
	RUN(limit_is_kept_and_what_was_given_stays);
	RUN(reset_keeps_the_blocks_and_uses_them_again);
	RUN(large_allocation_gets_a_block_of_its_own);
	RUN(zeroed_memory_is_zero_after_a_reset);
	RUN(copy_of_a_string_ends_in_nul);
	DONE();
}
