/* SPDX-License-Identifier: Apache-2.0 */
/*
 * content_names.c - whether a name that is switched off is one of something here
 *
 * An off switch refuses nobody: the rule may come with the next bundle, and which rules a sensor
 * with a configuration of its own runs is not known to a command. So a stranger is said, and kept.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/bundle.h"
#include "app/rules.h"
#include "app/settings.h"
#include "base/log.h"
#include "base/nearest.h"
#include "cli/content.h"

#define NAMES 8192

struct names {
	const char *wanted;
	bool known;
	char *list[NAMES]; /* titles; those past NAMES are no one's nearest */
	size_t n;
};

/* take_names - @rules are of this host */
static void take_names(struct names *to, const struct ruleset *rules) {
	struct rule_info info;
	size_t i;

	to->known |= rules && !ruleset_find(rules, str_of(to->wanted), &i);
	for (i = 0; rules && to->n < NAMES && !ruleset_info(rules, i, &info); i++) {
		to->list[to->n] = strndup(info.detection->title.s, info.detection->title.n);
		to->n += to->list[to->n] != NULL;
	}
}

int content_slot_rules(const struct store *store, const struct state_slot *slot,
		       struct buf *errors, struct ruleset **ret) {
	static struct bundle b;
	const struct detect_options how = { .strict = false }; /* as it is loaded */
	struct buf bytes = { 0 };
	struct seal s;
	const char *why;
	/* it has passed the rehearsal, or it would have no slot */
	int err = slot->there ? store_get(store, slot->hash, &bytes) : -ENOENT;

	err = err ?: seal_open(bytes.data, bytes.len, &s, &why);
	err = err ?: bundle_parse(&s, &b, &why);
	err = err ?: bundle_rules(&b, &how, errors, ret);
	buf_done(&bytes);
	return err;
}

static void take_slot(struct names *to, const struct store *store, const struct state_slot *slot) {
	struct ruleset *rules = NULL;
	struct buf errors = { 0 };

	if (!content_slot_rules(store, slot, &errors, &rules))
		take_names(to, rules);
	ruleset_free(rules);
	buf_done(&errors);
}

/* take_files - what runs where no bundle is live */
static void take_files(struct names *to) {
	struct settings s = settings_defaults();
	const char *shipped = rules_default();
	struct buf errors = { 0 };
	struct ruleset *rules = NULL;

	if (settings_read(NULL, &s))
		s.n_rules = 0;
	if (s.n_rules || shipped)
		(void)ruleset_load(s.n_rules ? s.rules : &shipped,
				   s.n_rules ? (size_t)s.n_rules : 1, NULL, &errors, &rules);
	take_names(to, rules);
	ruleset_free(rules);
	buf_done(&errors);
	settings_free(&s);
}

/* nearest - by its letters, or because it is a part of it; NULL */
static const char *nearest(const struct names *n) {
	const char *near = nearest_word(n->wanted, (const char *const *)n->list, n->n);

	for (size_t i = 0; i < n->n && !near && n->wanted[0]; i++)
		if (strcasestr(n->list[i], n->wanted))
			near = n->list[i];
	return near;
}

/* looked_at - whether one of the @n before it is the same bundle */
static bool looked_at(const struct state_slot *const *slots, size_t n) {
	for (size_t i = 0; i < n; i++)
		if (state_slot_is(slots[i], slots[n]->hash))
			return true;
	return false;
}

void content_unknown(const struct content_job *j, const char *name) {
	static struct names names;
	const struct state *s = &j->state;
	const struct state_slot *slots[] = { &s->live, &s->trial, &s->good, &s->before[0],
					     &s->before[1] };
	const char *near;

	names = (struct names){ .wanted = name };
	for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]) && !names.known; i++)
		if (!looked_at(slots, i))
			take_slot(&names, &j->store, slots[i]);
	if (!s->live.there && !names.known)
		take_files(&names);
	near = names.known ? NULL : nearest(&names);
	if (!names.known)
		log_warn("no rule that is known here is called \"%s\"%s%s%s; it stays switched "
			 "off, for one that may come, continuing",
			 name, near ? " (did you mean \"" : "", near ? near : "",
			 near ? "\"?)" : "");
	for (size_t i = 0; i < names.n; i++)
		free(names.list[i]);
}

void content_not_off(const struct content_job *j, enum off_kind kind, const char *name) {
	const struct off_list *l = &j->state.off;
	const char *words[OFF_MAX], *near;
	size_t n = 0;

	for (uint32_t i = 0; i < l->n; i++)
		if (l->list[i].kind == kind)
			words[n++] = l->list[i].name;
	near = nearest_word(name, words, n);
	log_error("\"%s\" is not switched off%s%s%s", name, near ? "; did you mean \"" : "",
		  near ? near : "", near ? "\"?" : "");
}
