/* SPDX-License-Identifier: Apache-2.0 */
#include "filter/login.h"

#include <string.h>

static bool is_quote(char c) {
	return c == '"' || c == '\'' || c == '`';
}

static bool ends_run(char c) {
	return c == ' ' || c == '\t' || c == '\n' || is_quote(c);
}

/* last_at - the last '@' of the run that @i is in, looked for once in each; its end: none */
static uint32_t last_at(struct login *l, struct str w, uint32_t i) {
	if (i < l->end)
		return l->at;
	l->at = w.n;
	for (l->end = i; l->end < w.n && !ends_run(w.s[l->end]); l->end++) {
		if (w.s[l->end] == '@')
			l->at = l->end;
	}
	if (l->at == w.n)
		l->at = l->end;
	return l->at;
}

/* is_port - whether what stands behind the ':' at @colon is a host's port, and no secret */
static bool is_port(struct str w, uint32_t colon) {
	uint32_t i = colon + 1;

	while (i < w.n && w.s[i] >= '0' && w.s[i] <= '9')
		i++;
	if (i < w.n && is_quote(w.s[i]))
		return i > colon + 1;
	return i == w.n || w.s[i] == '/' || ends_run(w.s[i]);
}

/* first_at - whether an '@' comes behind @from before what ends a host, past quotes; where */
static bool first_at(struct str w, uint32_t from, uint32_t *end) {
	uint32_t i = from;

	while (i < w.n && !strchr("/?# @", w.s[i]))
		i++;
	*end = i;
	return i > from && i < w.n && w.s[i] == '@';
}

bool login_find(struct login *l, struct str w, uint32_t at, uint32_t *from, uint32_t *end) {
	uint32_t colon = at + 3;

	if (w.n - at < 3 || memcmp(w.s + at, "://", 3) != 0)
		return false;
	while (colon < w.n && !strchr("/?#@:", w.s[colon]) && !ends_run(w.s[colon]))
		colon++;
	if (colon == w.n || w.s[colon] != ':' || is_port(w, colon))
		return false;
	*from = colon + 1;
	*end = last_at(l, w, *from);
	if (*end > *from && *end < w.n && w.s[*end] == '@')
		return true;
	/* a quote may be the secret's own */
	return first_at(w, *from, end);
}
