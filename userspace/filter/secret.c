/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A word is looked at with what the words before it announced:
 *
 *     --password hunter2      an option's name announces the next word
 *     -H "Authorization: Bearer x"   a header announces its value, behind the scheme's name
 *     token=x  {"token":"x"}  a name announces what follows in the same word
 */
#include "filter/secret.h"

#include <ctype.h>
#include <errno.h>

#include "base/buf.h"

#define SHORT_NAME 6 /* shorter names count alone, or behind a separator: "bypass" is no "pass" */
#define TOKEN_BYTES 16

static const char *const defaults[] = {
	"password",   "passwd",	   "passphrase",  "passcode",	 "pass",	 "pwd",
	"secret",     "token",	   "apikey",	  "accesskey",	 "secretkey",	 "privatekey",
	"accountkey", "authkey",   "sharedkey",	  "credential",	 "credentials",	 "authorization",
	"cookie",     "secretid",  "encryptionkey", "connectionstring", "bearer", "pin",
};

/* Options of programs that take a secret behind a short letter. */
static const struct option {
	struct str program, flag;
	bool attached; /* -pSECRET is meant, and a lone -p is something else */
	bool pair;     /* user:SECRET: what is before the ':' stays */
} options[] = {
	{ { "mysql", 5 }, { "-p", 2 }, true, false },
	{ { "mysqldump", 9 }, { "-p", 2 }, true, false },
	{ { "mysqladmin", 10 }, { "-p", 2 }, true, false },
	{ { "mariadb", 7 }, { "-p", 2 }, true, false },
	{ { "mariadb-dump", 12 }, { "-p", 2 }, true, false },
	{ { "sshpass", 7 }, { "-p", 2 }, false, false },
	{ { "redis-cli", 9 }, { "-a", 2 }, false, false },
	{ { "mongo", 5 }, { "-p", 2 }, false, false },
	{ { "mongosh", 7 }, { "-p", 2 }, false, false },
	{ { "docker", 6 }, { "-p", 2 }, false, false },
	{ { "podman", 6 }, { "-p", 2 }, false, false },
	{ { "useradd", 7 }, { "-p", 2 }, false, false },
	{ { "usermod", 7 }, { "-p", 2 }, false, false },
	{ { "ldapsearch", 10 }, { "-w", 2 }, false, false },
	{ { "ldapmodify", 10 }, { "-w", 2 }, false, false },
	{ { "ldapadd", 7 }, { "-w", 2 }, false, false },
	{ { "openssl", 7 }, { "-passin", 7 }, false, false },
	{ { "openssl", 7 }, { "-passout", 8 }, false, false },
	{ { "openssl", 7 }, { "-pass", 5 }, false, false },
	{ { "openssl", 7 }, { "-k", 2 }, false, false },
	{ { "curl", 4 }, { "-u", 2 }, false, true },
	{ { "curl", 4 }, { "--user", 6 }, false, true },
	{ { "curl", 4 }, { "--proxy-user", 12 }, false, true },
	{ { "smbclient", 9 }, { "-U", 2 }, false, true },
};

/* Tokens that say themselves what they are. */
static const struct str prefixes[] = {
	{ "ghp_", 4 },	  { "gho_", 4 },   { "ghu_", 4 },   { "ghs_", 4 },   { "ghr_", 4 },
	{ "github_pat_", 11 }, { "glpat-", 6 }, { "xoxb-", 5 }, { "xoxp-", 5 }, { "xoxa-", 5 },
	{ "AKIA", 4 },	  { "ASIA", 4 },   { "AIza", 4 },   { "sk-", 3 },    { "eyJ", 3 },
	{ "hvs.", 4 },	  { "npm_", 4 },   { "dop_v1_", 7 },
};

enum expect {
	NOTHING,
	SECRET,	     /* the next word */
	PAIR,	     /* the next word is user:SECRET or user%SECRET */
	HEADER,	     /* the next word, or the one behind "Bearer" and the like */
};

struct state {
	const struct secret_names *names;
	struct str program;
	enum expect expect;
	bool masked; /* something was */
	struct buf out;
};

int secret_add(struct secret_names *s, struct str name) {
	size_t used = 0;
	uint32_t n = 0;
	char *to;

	for (unsigned i = 0; i < s->n; i++)
		used += s->names[i].n;
	if (s->n == SECRET_MAX_NAMES || name.n > sizeof(s->text) - used)
		return -E2BIG;
	to = s->text + used;
	for (uint32_t i = 0; i < name.n; i++) {
		char c = name.s[i];

		if (isalnum((unsigned char)c))
			to[n++] = (char)tolower((unsigned char)c);
		else if (c != '-' && c != '_' && c != '.')
			return -EINVAL;
	}
	if (!n)
		return -EINVAL;
	s->names[s->n++] = (struct str){ to, n };
	return 0;
}

void secret_defaults(struct secret_names *ret) {
	ret->n = 0;
	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
		(void)secret_add(ret, str_of(defaults[i]));
}

static bool is_separator(char c) {
	return c == '-' || c == '_' || c == '.';
}

static bool is_name_char(char c) {
	return isalnum((unsigned char)c) || is_separator(c);
}

/* ends_with - whether @x, its separators left out, ends with @name; short names as a whole part */
static bool ends_with(struct str x, struct str name) {
	uint32_t i = x.n, j = name.n;

	while (i && j) {
		char c = x.s[i - 1];

		if (!is_separator(c)) {
			if (tolower((unsigned char)c) != name.s[j - 1])
				return false;
			j--;
		}
		i--;
	}
	return !j && (name.n >= SHORT_NAME || !i || is_separator(x.s[i - 1]));
}

static bool announces(const struct state *st, struct str x) {
	for (unsigned i = 0; i < st->names->n; i++) {
		if (ends_with(x, st->names->names[i]))
			return true;
	}
	return false;
}

static void mask(struct state *st) {
	buf_add_lit(&st->out, SECRET_MASK);
	st->masked = true;
}

static bool is_scheme(struct str word) {
	static const char *const schemes[] = { "bearer", "basic", "token", "digest", "apikey" };

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (word.n == strlen(schemes[i]) && !strncasecmp(word.s, schemes[i], word.n))
			return true;
	}
	return false;
}

static bool is_token(struct str x) {
	bool known = false;

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		known |= str_starts(x, prefixes[i]);
	return known && x.n >= TOKEN_BYTES;
}

/* value_end - where the value that begins at @from ends: at its quote, or the next separator */
static uint32_t value_end(struct str w, uint32_t from, bool whole) {
	char quote = from && (w.s[from - 1] == '"' || w.s[from - 1] == '\'') ? w.s[from - 1] : '\0';
	uint32_t i = from;

	if (whole)
		return w.n;
	while (i < w.n && (quote ? w.s[i] != quote : !strchr("&;,\"'})", w.s[i])))
		i++;
	return i;
}

/* value_of - where the value of the name that ends at @i begins; 0 when none follows */
static uint32_t value_of(struct str w, uint32_t i, bool *header) {
	if (i < w.n && (w.s[i] == '"' || w.s[i] == '\''))
		i++;
	if (i == w.n || (w.s[i] != '=' && w.s[i] != ':'))
		return 0;
	*header = w.s[i] == ':';
	i++;
	while (i < w.n && w.s[i] == ' ')
		i++;
	if (i < w.n && (w.s[i] == '"' || w.s[i] == '\''))
		i++;
	return i;
}

/* add_value - the secret from @from on, behind the name of its scheme if there is one; its end */
static uint32_t add_value(struct state *st, struct str w, uint32_t from, bool whole) {
	uint32_t end = value_end(w, from, whole), i = from;

	while (i < end && w.s[i] != ' ')
		i++;
	if (i < end && is_scheme((struct str){ w.s + from, i - from })) {
		buf_add(&st->out, w.s + from, i + 1 - from);
		from = i + 1;
	}
	if (end > from)
		mask(st);
	return end;
}

/* url_secret - whether "://user:secret@" begins at @at; the bounds of the secret */
static bool url_secret(struct str w, uint32_t at, uint32_t *from, uint32_t *end) {
	uint32_t colon = 0, i;

	if (w.n - at < 3 || memcmp(w.s + at, "://", 3) != 0)
		return false;
	for (i = at + 3; i < w.n && !strchr("/?# @", w.s[i]); i++) {
		if (w.s[i] == ':' && !colon)
			colon = i;
	}
	*from = colon + 1;
	*end = i;
	return colon && i > *from && i < w.n && w.s[i] == '@';
}

/* add_word - a word in which nothing was announced from outside */
static void add_word(struct state *st, struct str w) {
	uint32_t done = 0, start = 0, from, end;

	for (uint32_t i = 0; i <= w.n;) {
		struct str name = { w.s + start, i - start };
		bool header = false;

		if (i < w.n && is_name_char(w.s[i])) {
			i++;
			continue;
		}
		if (name.n && is_token(name)) {
			buf_add(&st->out, w.s + done, start - done);
			mask(st);
			done = i;
		} else if (url_secret(w, i, &from, &end)) {
			buf_add(&st->out, w.s + done, from - done);
			mask(st);
			done = i = end;
		} else if (name.n && announces(st, name) && (from = value_of(w, i, &header))) {
			buf_add(&st->out, w.s + done, from - done);
			/* --name=value and NAME=value are the value's to their end; a header too */
			done = i = add_value(st, w, from, start == 0);
			if (from == w.n && header)
				st->expect = HEADER;
			else if (from == w.n && start == 0)
				st->expect = NOTHING;
		}
		if (i < w.n || done < w.n)
			i++;
		else
			break;
		start = i;
	}
	if (done < w.n)
		buf_add(&st->out, w.s + done, w.n - done);
}

/* option_of - what the option @w announces; *@ret: its bytes that are not secret, or 0 */
static enum expect option_of(const struct state *st, struct str w, uint32_t *ret) {
	*ret = 0;
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		const struct option *o = &options[i];

		if (!str_eq(st->program, o->program) || !str_starts(w, o->flag))
			continue;
		if (w.n == o->flag.n)
			return o->attached ? NOTHING : o->pair ? PAIR : SECRET;
		if (o->flag.n == 2 && !o->pair) {
			*ret = o->flag.n;
			return NOTHING;
		}
	}
	return NOTHING;
}

static void add_pair(struct state *st, struct str w) {
	uint32_t i = 0;

	while (i < w.n && w.s[i] != ':' && w.s[i] != '%')
		i++;
	buf_add(&st->out, w.s, i < w.n ? i + 1 : i);
	if (i + 1 < w.n)
		mask(st);
}

/* is_option - "--password", which announces the next word, or "-password" */
static bool is_option(const struct state *st, struct str w) {
	for (uint32_t i = 0; i < w.n; i++) {
		if (!is_name_char(w.s[i]))
			return false;
	}
	return w.n > 2 && w.s[0] == '-' && announces(st, w);
}

/* add - the next word, masked as it must be */
static void add(struct state *st, struct str w) {
	enum expect expected = st->expect;
	uint32_t open;

	st->expect = NOTHING;
	if (expected == HEADER && is_scheme(w)) {
		buf_add_str(&st->out, w);
		st->expect = SECRET;
		return;
	}
	if ((expected == SECRET || expected == HEADER) && w.n) {
		mask(st);
		return;
	}
	if (expected == PAIR) {
		add_pair(st, w);
		return;
	}
	st->expect = option_of(st, w, &open);
	if (open) {
		buf_add(&st->out, w.s, open);
		mask(st);
	} else if (st->expect != NOTHING) {
		buf_add_str(&st->out, w);
	} else if (is_option(st, w)) {
		buf_add_str(&st->out, w);
		st->expect = SECRET;
	} else {
		add_word(st, w);
	}
}

/* finish - what was written since @start as a string in @arena, or @same when nothing was masked */
static struct str finish(struct state *st, struct arena *arena, size_t start, struct str same) {
	size_t n = st->out.len - start;
	char *copy;

	if (!st->masked && !buf_error(&st->out))
		return same;
	copy = buf_error(&st->out) ? NULL : arena_alloc(arena, n + 1);
	if (!copy)
		return (struct str){ 0 };
	memcpy(copy, st->out.data + start, n);
	return (struct str){ copy, (uint32_t)n };
}

struct str secret_mask_line(const struct secret_names *s, struct arena *arena, struct str line) {
	struct state st = { .names = s };
	uint32_t from = 0;
	struct str ret;

	for (uint32_t i = 0; i <= line.n; i++) {
		struct str word = { line.s + from, i - from };

		if (i < line.n && line.s[i] != ' ')
			continue;
		if (!from)
			st.program = str_basename(word);
		else
			buf_add_char(&st.out, ' ');
		add(&st, word);
		from = i + 1;
	}
	ret = finish(&st, arena, 0, line);
	buf_done(&st.out);
	return ret;
}

struct strv secret_mask_args(const struct secret_names *s, struct arena *arena, struct strv args) {
	struct state st = { .names = s };
	struct str *v = arena_alloc(arena, args.n * sizeof(*v) + 1);
	bool any = false;

	for (uint32_t i = 0; v && i < args.n; i++) {
		buf_reset(&st.out);
		st.masked = false;
		if (!i)
			st.program = str_basename(args.v[i]);
		add(&st, args.v[i]);
		v[i] = finish(&st, arena, 0, args.v[i]);
		any |= st.masked || !v[i].s;
		if (!v[i].s)
			v[i] = STR(SECRET_MASK); /* no memory: rather nothing than a secret */
	}
	buf_done(&st.out);
	if (!v)
		return (struct strv){ 0 };
	return any ? (struct strv){ v, args.n } : args;
}
