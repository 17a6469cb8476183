/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Only what stands on the outermost level is looked at, left to right. Groups and
 * classes end a run, and so does everything that is not surely a character that
 * stands for itself; an alternative on this level, or a setting that changes how
 * the rest is read, leaves nothing sure at all.
 */
#include "detect/must.h"

#include <errno.h>

#include "detect/engine.h"

struct reader {
	struct str x;
	uint32_t i;
	bool caseless;
	char *run, *best; /* room for all of @x */
	uint32_t n, last; /* bytes of the run, and where its last character begins */
	uint32_t n_best;
};

static void end_run(struct reader *r) {
	if (r->n > r->n_best) {
		memcpy(r->best, r->run, r->n);
		r->n_best = r->n;
	}
	r->n = r->last = 0;
}

/* In any case, k and s are also the Kelvin sign and the long s, which are of other bytes. */
static bool folds_far(const struct reader *r, char c) {
	return r->caseless && ((c | 0x20) == 'k' || (c | 0x20) == 's' || (unsigned char)c >= 0x80);
}

static void take_char(struct reader *r, char c) {
	if (folds_far(r, c)) {
		end_run(r);
		return;
	}
	if (((unsigned char)c & 0xc0) != 0x80)
		r->last = r->n;
	r->run[r->n++] = (char)fold_case[(unsigned char)c];
}

/* pass_class - behind the ']' of the class at @r->i; false when it is not closed */
static bool pass_class(struct reader *r) {
	struct str x = r->x;
	uint32_t i = r->i + 1;

	i += i < x.n && x.s[i] == '^';
	i += i < x.n && x.s[i] == ']';
	for (; i < x.n && x.s[i] != ']'; i++) {
		if (x.s[i] == '\\')
			i++;
		else if (x.s[i] == '[' && i + 1 < x.n && strchr(":.=", x.s[i + 1]) && x.s[i + 1])
			return false; /* [:alpha:] has a ']' of its own */
	}
	r->i = i + 1;
	return i < x.n;
}

/* pass_group - behind the ')' of the group at @r->i */
static bool pass_group(struct reader *r) {
	uint32_t depth = 0;

	while (r->i < r->x.n) {
		char c = r->x.s[r->i];

		if (c == '[') {
			if (!pass_class(r))
				return false;
			continue;
		}
		r->i += c == '\\' ? 2 : 1;
		depth += c == '(';
		if (c == ')' && --depth == 0)
			return true;
	}
	return false;
}

/* pass_count - behind "{n,m}" at @r->i, if it is that; *ret: it may be none */
static bool pass_count(struct reader *r, bool *ret_none) {
	uint32_t i = r->i + 1, from = i;
	bool zero = true;

	for (; i < r->x.n && r->x.s[i] >= '0' && r->x.s[i] <= '9'; i++)
		zero &= r->x.s[i] == '0';
	if (i == from)
		return false;
	while (i < r->x.n && (r->x.s[i] == ',' || (r->x.s[i] >= '0' && r->x.s[i] <= '9')))
		i++;
	if (i == r->x.n || r->x.s[i] != '}')
		return false;
	*ret_none = zero;
	r->i = i + 1;
	return true;
}

/* take_setting - "(?i)" at the beginning; false for any other setting */
static bool take_setting(struct reader *r) {
	if (!str_starts((struct str){ r->x.s + r->i, r->x.n - r->i }, STR("(?i)")))
		return false;
	r->i += 4;
	r->caseless = true;
	return true;
}

/* is_setting - whether the group at @r->i may change how what is behind it is read */
static bool is_setting(const struct reader *r) {
	char next = r->i + 2 < r->x.n ? r->x.s[r->i + 2] : '\0';

	if (r->i + 1 < r->x.n && r->x.s[r->i + 1] == '*')
		return true;
	return r->i + 1 < r->x.n && r->x.s[r->i + 1] == '?' && next != ':';
}

/* step - one element at @r->i; false when nothing is sure any more */
static bool step(struct reader *r) {
	char c = r->x.s[r->i], next = r->i + 1 < r->x.n ? r->x.s[r->i + 1] : '\0';
	bool none = false;

	switch (c) {
	case '|':
		return false;
	case '(':
		end_run(r);
		return !is_setting(r) && pass_group(r);
	case '[':
		end_run(r);
		return pass_class(r);
	case '\\':
		r->i += 2;
		if ((next >= '0' && next <= '9') ||
		    ((next | 0x20) >= 'a' && (next | 0x20) <= 'z')) {
			end_run(r);
			return strchr("dDsSwWbB", next) != NULL; /* others say more behind them */
		}
		if (next && (unsigned char)next < 0x80)
			take_char(r, next);
		else
			end_run(r);
		return true;
	case '*':
	case '?':
		r->n = r->last;
		end_run(r);
		break;
	case '{':
		if (pass_count(r, &none)) {
			r->n = none ? r->last : r->n;
			end_run(r);
			return true;
		}
		if (next == ',' || next == ' ') /* a count to PCRE2 of 10.43 on */
			return false;
		end_run(r);
		break;
	case '+':
	case '.':
	case '^':
	case '$':
		end_run(r);
		break;
	default:
		take_char(r, c);
	}
	r->i++;
	return true;
}

int must_find(struct arena *arena, struct str regex, bool caseless, struct str *ret) {
	struct reader r = { .x = regex, .caseless = caseless };
	bool sure = true;

	r.run = arena_alloc(arena, (size_t)regex.n + 1);
	r.best = arena_alloc(arena, (size_t)regex.n + 1);
	if (!r.run || !r.best)
		return -ENOMEM;
	if (regex.n && regex.s[0] == '(')
		(void)take_setting(&r);
	while (sure && r.i < regex.n)
		sure = step(&r);
	end_run(&r);
	*ret = (struct str){ r.best, sure ? r.n_best : 0 };
	return 0;
}
