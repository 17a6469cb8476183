/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/pattern.h"

#include <errno.h>

static int pattern_new(struct arena *arena, size_t max_tokens, struct pattern *ret) {
	if (max_tokens > PATTERN_MAX_TOKENS)
		return -E2BIG;
	ret->t = arena_alloc(arena, (max_tokens + !max_tokens) * sizeof(*ret->t));
	ret->n = 0;
	return ret->t ? 0 : -ENOMEM;
}

int pattern_read(struct arena *arena, struct str text, struct pattern *ret) {
	struct pattern p;
	int err = pattern_new(arena, text.n, &p);

	if (err)
		return err;
	for (uint32_t i = 0; i < text.n; i++) {
		char c = text.s[i], next = i + 1 < text.n ? text.s[i + 1] : '\0';

		if (c == '\\' && (next == '*' || next == '?' || next == '\\')) {
			p.t[p.n++] = (unsigned char)next;
			i++;
		} else if (c == '*') {
			p.t[p.n++] = PATTERN_ANY;
		} else {
			p.t[p.n++] = c == '?' ? PATTERN_ONE : (unsigned char)c;
		}
	}
	*ret = p;
	return 0;
}

int pattern_plain(struct arena *arena, struct str text, struct pattern *ret) {
	struct pattern p;
	int err = pattern_new(arena, text.n, &p);

	if (err)
		return err;
	for (uint32_t i = 0; i < text.n; i++)
		p.t[p.n++] = (unsigned char)text.s[i];
	*ret = p;
	return 0;
}

int pattern_open(struct arena *arena, struct pattern p, bool at_begin, bool at_end,
		 struct pattern *ret) {
	struct pattern q;
	int err = pattern_new(arena, (size_t)p.n + 2, &q);

	if (err)
		return err;
	if (at_begin)
		q.t[q.n++] = PATTERN_ANY;
	for (uint32_t i = 0; i < p.n; i++) {
		/* one star says as much as two */
		if (p.t[i] != PATTERN_ANY || q.n == 0 || q.t[q.n - 1] != PATTERN_ANY)
			q.t[q.n++] = p.t[i];
	}
	if (at_end && (q.n == 0 || q.t[q.n - 1] != PATTERN_ANY))
		q.t[q.n++] = PATTERN_ANY;
	*ret = q;
	return 0;
}

bool pattern_has_wildcard(struct pattern p) {
	for (uint32_t i = 0; i < p.n; i++) {
		if (p.t[i] >= PATTERN_ANY)
			return true;
	}
	return false;
}

int pattern_text(struct arena *arena, struct pattern p, uint32_t from, uint32_t to,
		 struct str *ret) {
	char *s = arena_alloc(arena, (size_t)(to - from) + 1);

	if (!s)
		return -ENOMEM;
	for (uint32_t i = from; i < to; i++)
		s[i - from] = (char)p.t[i];
	s[to - from] = '\0';
	*ret = (struct str){ s, to - from };
	return 0;
}
