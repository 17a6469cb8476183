/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A word is looked at with what the words before it announced:
 *
 *     --password hunter2      an option's name announces the next word
 *     -H "Authorization: Bearer x"   a header announces its value, behind the scheme's name
 *     token=x  {"token":"x"}  a name announces what follows in the same word
 *     mysql … -phunter2       a program that is known, wherever in the line its name stood
 *
 * What has spaces in it is a line of its own: sh -c "mysql -phunter2", ssh host 'mysql -phunter2'.
 */
#include "filter/secret.h"

#include <ctype.h>
#include <errno.h>

#include "base/buf.h"
#include "filter/command.h"
#include "filter/login.h"
#include "filter/programs.h"

#define SHORT_NAME 6 /* shorter names count alone, or behind a separator: "bypass" is no "pass" */
#define MAX_DEPTH 4 /* of lines within lines */

static const char *const defaults[] = {
	"password",   "passwd",	   "passphrase",  "passcode",	 "pass",	 "pwd",
	"secret",     "token",	   "apikey",	  "accesskey",	 "secretkey",	 "privatekey",
	"accountkey", "authkey",   "sharedkey",	  "credential",	 "credentials",	 "authorization",
	"cookie",     "secretid",  "encryptionkey", "connectionstring", "bearer", "pin",
	"storepass",  "keypass",   "secretstring",  "fromliteral",	"sig",	  "signature",
	"rediscliauth", "psk",	   "presharedkey",
};

enum expect {
	NOTHING,
	SECRET,	     /* the next word */
	PAIR,	     /* the next word is user:SECRET, or with another separator */
	COOKIE,	     /* the next word is name=SECRET, or a file */
	HEADER,	     /* the next word, or the one behind "Bearer" and the like */
};

struct state {
	const struct secret_names *names;
	struct command command;
	enum expect expect;
	bool script; /* the argument before was "-c" */
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

static bool is_quote(char c) {
	return c == '"' || c == '\'';
}

static bool is_separator(char c) {
	return c == '-' || c == '_' || c == '.';
}

static bool is_name_char(char c) {
	return isalnum((unsigned char)c) || is_separator(c);
}

/* is_whole - whether a part of a name begins at @i: user_pass, userPass, and no bypass */
static bool is_whole(struct str x, uint32_t i) {
	return !i || is_separator(x.s[i - 1]) ||
	       (isupper((unsigned char)x.s[i]) && !isupper((unsigned char)x.s[i - 1]));
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
	return !j && (name.n >= SHORT_NAME || is_whole(x, i));
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

/*
 * value_end - where the value that begins at @from ends: at its quote, or the next separator
 * @outer: the quote before its name, if that is not closed behind the name: 'Cookie: a=x; b=y'
 */
static uint32_t value_end(struct str w, uint32_t from, char outer, bool whole) {
	char quote = from && is_quote(w.s[from - 1]) ? w.s[from - 1] : outer;
	bool escaped = from > 1 && quote && is_quote(w.s[from - 1]) && w.s[from - 2] == '\\';
	uint32_t i = from;

	if (whole)
		return w.n;
	for (; i < w.n; i++) {
		if (quote && !escaped && w.s[i] == '\\' && i + 1 < w.n && w.s[i + 1] == quote) {
			i++;
			continue;
		}
		if (quote ? w.s[i] == quote : strchr("&;,\"'})", w.s[i]) != NULL)
			break;
	}
	return escaped && i > from && w.s[i - 1] == '\\' ? i - 1 : i;
}

/* past_quote - behind the quote at @i, if there is one, also within another: {\"name\":\"x\"} */
static uint32_t past_quote(struct str w, uint32_t i) {
	i += i + 1 < w.n && w.s[i] == '\\' && is_quote(w.s[i + 1]);
	return i + (i < w.n && is_quote(w.s[i]));
}

/* value_of - where the value of the name that ends at @i begins; 0 when none follows */
static uint32_t value_of(struct str w, uint32_t i, bool *header) {
	i = past_quote(w, i);
	if (i == w.n || (w.s[i] != '=' && w.s[i] != ':'))
		return 0;
	*header = w.s[i] == ':';
	i++;
	while (i < w.n && w.s[i] == ' ')
		i++;
	return past_quote(w, i);
}

/* add_value - the secret from @from on, behind the name of its scheme if there is one; its end */
static uint32_t add_value(struct state *st, struct str w, uint32_t from, char outer, bool whole) {
	uint32_t end = value_end(w, from, outer, whole), i = from;

	while (i < end && w.s[i] != ' ')
		i++;
	if (i < end && secret_scheme((struct str){ w.s + from, i - from })) {
		buf_add(&st->out, w.s + from, i + 1 - from);
		from = i + 1;
	}
	if (end > from)
		mask(st);
	return end;
}

/* outer_quote - the quote before the name from @start to @i, if it is not closed behind it */
static char outer_quote(struct str w, uint32_t start, uint32_t i) {
	if (!start || !is_quote(w.s[start - 1]) || is_quote(w.s[i]) || w.s[i] == '\\')
		return '\0';
	return w.s[start - 1];
}

/* add_word - a word in which nothing was announced from outside */
static void add_word(struct state *st, struct str w) {
	uint32_t done = 0, start = 0, from, end;
	struct login login = { 0 };

	for (uint32_t i = 0; i <= w.n;) {
		struct str name = { w.s + start, i - start };
		bool header = false;

		if (i < w.n && is_name_char(w.s[i])) {
			i++;
			continue;
		}
		if (name.n && secret_token(name)) {
			buf_add(&st->out, w.s + done, start - done);
			mask(st);
			done = i;
		} else if (login_find(&login, w, i, &from, &end)) {
			buf_add(&st->out, w.s + done, from - done);
			mask(st);
			done = i = end;
		} else if (name.n && announces(st, name) && (from = value_of(w, i, &header)) &&
			   !secret_known(name, (struct str){ w.s + from, w.n - from })) {
			buf_add(&st->out, w.s + done, from - done);
			/* --name=value and NAME=value are the value's to their end; a header too */
			done = i = add_value(st, w, from, outer_quote(w, start, i), start == 0);
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

/* --- what a command's program and its words announce ------------------------------------------ */

/* option_of - what the option @w announces; *@ret: its bytes that are not secret, or 0 */
static enum expect option_of(const struct state *st, struct str w, uint32_t *ret) {
	static const enum expect expects[] = {
		[SECRET_NEXT] = SECRET,	  [SECRET_EXACT] = SECRET,  [SECRET_CLUSTER] = SECRET,
		[SECRET_LOGIN] = SECRET,  [SECRET_ATTACHED] = NOTHING, [SECRET_PAIR] = PAIR,
		[SECRET_COOKIE] = COOKIE,
	};
	const struct secret_option *o = secret_option(st->command.families, st->command.login, w);

	*ret = 0;
	if (!o)
		return NOTHING;
	if (w.n > o->flag.n && str_starts(w, o->flag))
		*ret = o->flag.n;
	return expects[o->how];
}

/* add_behind - the part of @w behind its first separator, that of a PAIR or COOKIE, is secret */
static void add_behind(struct state *st, struct str w, enum expect what) {
	const char *separators = what == PAIR ? ":%," : "=";
	uint32_t i = 0;

	while (i < w.n && !strchr(separators, w.s[i]))
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

/* is_setting - "aws configure set aws_secret_access_key", whose value is the next word */
static bool is_setting(const struct state *st, struct str w) {
	uint32_t from = w.n;

	while (from && is_name_char(w.s[from - 1]))
		from--;
	return st->command.config && (st->command.families & SECRET_SETTINGS) && w.n &&
	       w.s[0] != '-' && from < w.n && announces(st, (struct str){ w.s + from, w.n - from });
}

/* --- words, and lines within them ------------------------------------------------------------- */

static void add_line(struct state *st, struct str line, unsigned depth);

static bool is_space(char c) {
	return c == ' ' || c == '\t' || c == '\n';
}

/*
 * is_line - whether @w, in which nothing was announced, is rather a line of commands
 * "password=x y" is a secret to its end, unless a shell is told to run it by -c.
 */
static bool is_line(const struct state *st, struct str w) {
	struct str inner = w;
	uint32_t i = 0;
	bool any = false, header;

	for (uint32_t k = 0; k < w.n && !any; k++)
		any = is_space(w.s[k]);
	if (inner.n && is_quote(inner.s[0]))
		inner = (struct str){ w.s + 1, w.n - 1 };
	if (!any || !inner.n || inner.s[0] == '{' || inner.s[0] == '[')
		return false;
	while (i < inner.n && is_name_char(inner.s[i]))
		i++;
	return st->script || !announces(st, (struct str){ inner.s, i }) ||
	       !value_of(inner, i, &header);
}

/* add_nested - the line that the word @w is, within its quotes; what it says is of no other */
static void add_nested(struct state *st, struct str w, unsigned depth) {
	struct command command = st->command;
	bool script = st->script, quoted;

	quoted = w.n > 1 && is_quote(w.s[0]) && w.s[w.n - 1] == w.s[0];
	st->command = (struct command){ 0 };
	st->script = false;
	if (quoted)
		buf_add_char(&st->out, w.s[0]);
	add_line(st, quoted ? (struct str){ w.s + 1, w.n - 2 } : w, depth + 1);
	if (quoted)
		buf_add_char(&st->out, w.s[0]);
	st->command = command;
	st->script = script;
	st->expect = NOTHING;
}

/* add_expected - @w as the words before it announced it; false: they announced nothing */
static bool add_expected(struct state *st, struct str w) {
	enum expect expected = st->expect;

	st->expect = NOTHING;
	if (expected == HEADER && secret_scheme(w)) {
		buf_add_str(&st->out, w);
		st->expect = SECRET;
	} else if ((expected == SECRET || expected == HEADER) && w.n) {
		mask(st);
	} else if (expected == PAIR || expected == COOKIE) {
		add_behind(st, w, expected);
	} else {
		return false;
	}
	return true;
}

/* add_option - an option of the program's; what is behind its letter may be secret itself */
static bool add_option(struct state *st, struct str w) {
	uint32_t open;
	enum expect next = option_of(st, w, &open);

	if (!open && next == NOTHING)
		return false;
	buf_add(&st->out, w.s, open ? open : w.n);
	if (!open)
		st->expect = next;
	else if (next == PAIR || next == COOKIE)
		add_behind(st, (struct str){ w.s + open, w.n - open }, next);
	else
		mask(st);
	return true;
}

/* add_unexpected - a word that no word before it announced */
static void add_unexpected(struct state *st, struct str w, unsigned depth) {
	if (command_hides(&st->command, w)) {
		mask(st);
	} else if (is_option(st, w) || is_setting(st, w)) {
		buf_add_str(&st->out, w);
		st->expect = SECRET;
	} else if (depth < MAX_DEPTH && is_line(st, w)) {
		add_nested(st, w, depth);
	} else {
		add_word(st, w);
	}
	command_learn(&st->command, w);
}

/* add - the next word, masked as it must be */
static void add(struct state *st, struct str w, unsigned depth) {
	if (command_parts(w)) {
		buf_add_str(&st->out, w);
		st->expect = NOTHING;
	} else if (!add_expected(st, w) && !add_option(st, w)) {
		add_unexpected(st, w, depth);
	}
	if (command_parts(w) || (w.n && w.s[w.n - 1] == ';'))
		st->command = (struct command){ 0 };
}

/* opens - whether the quote at @i, of the word that begins at @from, is one that holds words */
static bool opens(struct str line, uint32_t from, uint32_t i) {
	return i == from || strchr("=:({[,", line.s[i - 1]) ||
	       (line.s[from] == '-' && i - from <= 3);
}

/* word_end - where the word that begins at @from ends; @last: of either quote, where it is last */
static uint32_t word_end(struct str line, uint32_t from, const uint32_t last[2]) {
	char quote = '\0';
	uint32_t i = from;

	for (; i < line.n && (quote || !is_space(line.s[i])); i++) {
		char c = line.s[i];

		if (quote)
			quote = c == quote ? '\0' : quote;
		else if (is_quote(c) && i < last[c == '"'] && opens(line, from, i))
			quote = c;
	}
	return i;
}

static void add_line(struct state *st, struct str line, unsigned depth) {
	uint32_t last[2] = { 0, 0 };

	for (uint32_t i = 0; i < line.n; i++)
		if (is_quote(line.s[i]))
			last[line.s[i] == '"'] = i;
	for (uint32_t from = 0;;) {
		uint32_t end = word_end(line, from, last);

		/* from one quote to the other, and yet no quoted word: 'tis … 'twas */
		if (!from && end == line.n && (last[0] || last[1])) {
			last[0] = last[1] = 0;
			continue;
		}
		if (end > from)
			add(st, (struct str){ line.s + from, end - from }, depth);
		if (end == line.n)
			return;
		buf_add_char(&st->out, line.s[end]);
		from = end + 1;
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
	struct str ret;

	add_line(&st, line, 0);
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
		st.script = i && str_eq(args.v[i - 1], STR("-c"));
		add(&st, args.v[i], 0);
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
