/* SPDX-License-Identifier: Apache-2.0 */
/*
 * line.h - one line of a story: a word, and facts KEY=VALUE behind it
 *
 * Everything points into the line. Whoever asks for a fact uses it; line_spent()
 * says whether one was left over. A wrong line ends the program.
 */
#ifndef LAPWING_STORY_LINE_H
#define LAPWING_STORY_LINE_H

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FACTS 24

struct fact {
	const char *key;
	char *value;
	bool used;
};

struct line {
	const char *file;
	unsigned number;
	const char *word;
	struct fact facts[MAX_FACTS];
	unsigned n_facts;
};

__attribute__((noreturn)) static void die(const struct line *l, const char *what,
					  const char *which) {
	fprintf(stderr, "%s:%u: %s '%s'\n", l->file, l->number, what, which);
	exit(1);
}

static char *line_text(struct line *l, const char *key, const char *otherwise) {
	for (unsigned i = 0; i < l->n_facts; i++) {
		if (strcmp(l->facts[i].key, key) == 0) {
			l->facts[i].used = true;
			return l->facts[i].value;
		}
	}
	return (char *)otherwise;
}

static unsigned long line_number(struct line *l, const char *key, unsigned long otherwise) {
	const char *value = line_text(l, key, NULL);
	char *end;
	unsigned long v;

	if (!value)
		return otherwise;
	errno = 0;
	v = strtoul(value, &end, 0);
	if (errno || *end || end == value)
		die(l, "not a number:", value);
	return v;
}

/* line_value - the value at *@p, which moves behind it; quotes are taken off in place */
static char *line_value(const struct line *l, char **p) {
	bool quoted = **p == '"';
	char *from = *p + quoted, *q = from;

	while (*q && (quoted ? *q != '"' : *q != ' ' && *q != '\t' && *q != '\n')) {
		if (*q == '\\' && q[1])
			q++;
		q++;
	}
	if (quoted && *q != '"')
		die(l, "a quote is not closed:", from);
	*p = *q ? q + 1 : q;
	*q = '\0';
	return from;
}

/* line_read - false for a line that says nothing */
static bool line_read(struct line *l, char *bytes) {
	char *p = bytes + strspn(bytes, " \t\n");

	l->number++;
	if (!*p || *p == '#')
		return false;
	l->word = p;
	p += strcspn(p, " \t\n");
	if (*p)
		*p++ = '\0';
	for (l->n_facts = 0;; l->n_facts++) {
		char *key = p += strspn(p, " \t\n");

		if (!*p)
			return true;
		p += strcspn(p, "= \t\n");
		if (*p != '=' || l->n_facts == MAX_FACTS)
			die(l, "expected KEY=VALUE, found", key);
		*p++ = '\0';
		l->facts[l->n_facts] = (struct fact){ key, line_value(l, &p), false };
	}
}

static void line_spent(const struct line *l) {
	for (unsigned i = 0; i < l->n_facts; i++) {
		if (!l->facts[i].used)
			die(l, "the deed has no use for", l->facts[i].key);
	}
}

#endif
