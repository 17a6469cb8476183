/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test.h - CHECK, RUN, SKIP, DONE: no framework
 *
 * A test is a void function whose name is a sentence. The program prints one
 * line per test ("ok NAME", "not ok NAME", "skip NAME: reason"), which
 * scripts/ladder counts, and exits 1 if one failed.
 */
#ifndef LAPWING_TEST_H
#define LAPWING_TEST_H

#include <stdio.h>

static int test_failed, test_bad;
static const char *test_skipped;

#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			printf("# %s:%d: %s\n", __FILE__, __LINE__, #cond);                        \
			test_bad = 1;                                                              \
		}                                                                                  \
	} while (0)

#define SKIP(reason)                                                                               \
	do {                                                                                       \
		test_skipped = (reason);                                                           \
		return;                                                                            \
	} while (0)

#define RUN(test)                                                                                  \
	do {                                                                                       \
		test_bad = 0;                                                                      \
		test_skipped = NULL;                                                               \
		test();                                                                            \
		test_failed |= test_bad;                                                           \
		if (test_skipped)                                                                  \
			printf("skip %s: %s\n", #test, test_skipped);                              \
		else                                                                               \
			printf("%s %s\n", test_bad ? "not ok" : "ok", #test);                      \
		(void)fflush(stdout);                                                              \
	} while (0)

#define DONE() return test_failed

#endif
