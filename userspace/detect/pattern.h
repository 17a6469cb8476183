/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pattern.h - a rule's text value as tokens: bytes and wildcards
 *
 * Escapes are resolved once, when the text is read; from then on a wildcard is a
 * token and a literal '*' a byte, so that no modifier can turn one into the
 * other.
 */
#ifndef LAPWING_DETECT_PATTERN_H
#define LAPWING_DETECT_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

#define PATTERN_ANY 0x100 /* '*': any run of characters, also none */
#define PATTERN_ONE 0x101 /* '?': exactly one character */

#define PATTERN_MAX_TOKENS 8192
#define PATTERN_MAX_FORMS 625 /* spellings of one value; windash makes 5 of each dash */

struct pattern {
	uint16_t *t;
	uint32_t n;
};

/* Spellings of one value, of which any may match. */
struct patterns {
	struct pattern *v;
	uint32_t n;
};

/* What a transforming modifier does to each spelling. */
enum transform {
	TRANSFORM_UTF16LE,
	TRANSFORM_UTF16BE,
	TRANSFORM_UTF16,
	TRANSFORM_BASE64,
	TRANSFORM_BASE64OFFSET,
	TRANSFORM_WINDASH
};

/* pattern_read - @text with its wildcards and escapes; -E2BIG past PATTERN_MAX_TOKENS, -ENOMEM */
int pattern_read(struct arena *arena, struct str text, struct pattern *ret);

/* pattern_plain - every byte of @text as itself; likewise */
int pattern_plain(struct arena *arena, struct str text, struct pattern *ret);

/* pattern_open - @p with a wildcard at its beginning and end where asked and not yet there */
int pattern_open(struct arena *arena, struct pattern p, bool at_begin, bool at_end,
		 struct pattern *ret);

bool pattern_has_wildcard(struct pattern p);

/* pattern_text - bytes @from to @to as text with a NUL behind; only where there is no wildcard */
int pattern_text(struct arena *arena, struct pattern p, uint32_t from, uint32_t to,
		 struct str *ret);

/*
 * pattern_transform - each of @in, changed by @how
 * -EILSEQ: an encoding of wildcards, or of text that is not UTF-8; -EDOM: one of which nothing
 * is left between its neighbours; -E2BIG; -ENOMEM.
 */
int pattern_transform(struct arena *arena, struct patterns in, enum transform how,
		      struct patterns *ret);

#endif
