/* SPDX-License-Identifier: Apache-2.0 */
/*
 * str.h - a borrowed run of bytes
 *
 * A struct str owns nothing. Its bytes live in a record, an arena or a table
 * row, and die with it. @s == NULL means "absent", which differs from "empty".
 * The bytes need not end in NUL.
 */
#ifndef LAPWING_STR_H
#define LAPWING_STR_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct str {
	const char *s;
	uint32_t n; /* bytes */
};

#define STR(literal) ((struct str){ (literal), sizeof(literal) - 1 })
#define STR_FMT(x) (int)(x).n, (x).s ? (x).s : ""

static inline struct str str_of(const char *s) {
	return (struct str){ s, s ? (uint32_t)strlen(s) : 0 };
}

static inline bool str_eq(struct str a, struct str b) {
	return a.n == b.n && (a.n == 0 || memcmp(a.s, b.s, a.n) == 0);
}

static inline bool str_starts(struct str a, struct str prefix) {
	return a.n >= prefix.n && (prefix.n == 0 || memcmp(a.s, prefix.s, prefix.n) == 0);
}

/* str_basename - what follows the last '/', or all of it */
static inline struct str str_basename(struct str path) {
	uint32_t i = path.n;

	while (i > 0 && path.s[i - 1] != '/')
		i--;
	return (struct str){ path.s + i, path.n - i };
}

#endif
