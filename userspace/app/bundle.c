/* SPDX-License-Identifier: Apache-2.0 */
#include "app/bundle.h"

#include <errno.h>
#include <stdlib.h>

/* Lists, expanded, and "NAME=VALUE" for each line of them. */
struct lists {
	struct buf texts; /* NUL behind each */
	const char **v;
	size_t n, room;
};

#define MAX_LIST_LINES 1000000

/* add_value - what stands in @v is an offset until all texts are where they stay */
static int add_value(struct lists *l, const char *name, size_t name_n, struct str line) {
	size_t at = l->texts.len;

	if (l->n == MAX_LIST_LINES)
		return -E2BIG;
	if (l->n == l->room) {
		size_t room = l->room ? 2 * l->room : 256;
		const char **v = reallocarray(l->v, room, sizeof(*v));

		if (!v)
			return -ENOMEM;
		l->v = v;
		l->room = room;
	}
	buf_add(&l->texts, name, name_n);
	buf_add_char(&l->texts, '=');
	buf_add_str(&l->texts, line);
	buf_add_char(&l->texts, '\0');
	l->v[l->n++] = (const char *)at;
	return buf_error(&l->texts);
}

/* next_line - without comments and empty ones; false at the end */
static bool next_line(struct str *text, struct str *ret) {
	while (text->n) {
		const char *nl = memchr(text->s, '\n', text->n);
		uint32_t n = nl ? (uint32_t)(nl - text->s) : text->n;

		*ret = (struct str){ text->s, n };
		text->s += nl ? n + 1 : n;
		text->n -= nl ? n + 1 : n;
		if (n && ret->s[0] != '#')
			return true;
	}
	return false;
}

static int take_lists(const struct bundle *b, struct lists *l) {
	struct buf text = { 0 };
	int err = 0;

	for (uint32_t i = 0; i < b->n && !err; i++) {
		struct str rest, line;

		if (b->blobs[i].kind != BUNDLE_LIST)
			continue;
		buf_reset(&text);
		err = bundle_expand(b, i, &text);
		rest = (struct str){ text.data, (uint32_t)text.len };
		while (!err && next_line(&rest, &line))
			err = add_value(l, b->blobs[i].name,
					strlen(b->blobs[i].name) - sizeof(".list") + 1, line);
	}
	for (size_t i = 0; i < l->n; i++)
		l->v[i] = l->texts.data + (size_t)l->v[i];
	buf_done(&text);
	return err;
}

/* tune - lines of "disarm RULE", by id, name or title */
static int tune(const struct bundle *b, struct ruleset *rules, bool strict, struct buf *errors) {
	struct buf text = { 0 };
	int err = bundle_texts(b, BUNDLE_TUNING, &text);
	struct str rest = { text.data, (uint32_t)text.len }, line;

	while (!err && next_line(&rest, &line)) {
		struct str rule = { line.s + 7, line.n - 7 };
		size_t i;

		if (line.n < 8 || memcmp(line.s, "disarm ", 7) != 0 ||
		    ruleset_find(rules, rule, &i)) {
			buf_addf(errors, "tuning.conf: \"%.*s\": expected \"disarm RULE\", a rule "
				 "of this bundle\n", STR_FMT(line));
			err = strict ? -EINVAL : 0;
		} else {
			ruleset_arm(rules, i, 0);
		}
	}
	buf_done(&text);
	return err;
}

static int load(const struct bundle *b, const struct detect_options *o, struct buf *errors,
		struct ruleset **ret) {
	struct buf texts[BUNDLE_BLOBS] = { 0 };
	struct rule_text files[BUNDLE_BLOBS];
	size_t n = 0;
	int err = 0;

	for (uint32_t i = 0; i < b->n && !err; i++) {
		if (b->blobs[i].kind != BUNDLE_RULES)
			continue;
		err = bundle_expand(b, i, &texts[n]);
		files[n] = (struct rule_text){ b->blobs[i].name,
					       { texts[n].data, (uint32_t)texts[n].len } };
		n++;
	}
	if (!err)
		err = ruleset_load_texts(files, n, o, errors, ret);
	for (size_t i = 0; i < n; i++)
		buf_done(&texts[i]);
	return err;
}

int bundle_rules(const struct bundle *b, const struct detect_options *how, struct buf *errors,
		 struct ruleset **ret) {
	struct detect_options o = *how;
	struct lists lists = { 0 };
	struct ruleset *rules = NULL;
	int err = take_lists(b, &lists);

	o.placeholders = lists.v;
	o.n_placeholders = lists.n;
	if (!err)
		err = load(b, &o, errors, &rules);
	if (!err)
		err = tune(b, rules, o.strict, errors);
	free(lists.v);
	buf_done(&lists.texts);
	if (err)
		ruleset_free(rules);
	else
		*ret = rules;
	return err;
}
