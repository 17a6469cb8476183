/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oracle_condition.h - the slow and obvious way to hold a whole rule against a record
 */
#ifndef LAPWING_TEST_ORACLE_CONDITION_H
#define LAPWING_TEST_ORACLE_CONDITION_H

#include "oracle.h"

/* A condition, word by word. */
struct oracle_condition {
	const struct node *detection;
	const struct record *record;
	const char *at;
	char word[64];
};

static void oracle_next(struct oracle_condition *c) {
	size_t n = 0;

	while (*c->at == ' ')
		c->at++;
	if (*c->at == '(' || *c->at == ')')
		c->word[n++] = *c->at++;
	else
		while (*c->at && !strchr(" ()", *c->at) && n < sizeof(c->word) - 1)
			c->word[n++] = *c->at++;
	c->word[n] = '\0';
}

static bool oracle_or(struct oracle_condition *c);

static bool oracle_quantity(struct oracle_condition *c, bool all) {
	bool any = false, every = true, them;
	size_t n;

	oracle_next(c); /* of */
	oracle_next(c);
	them = !strcmp(c->word, "them");
	n = strcspn(c->word, "*");
	for (const struct node *e = c->detection->first; e; e = e->next) {
		struct str name = e->key->text;
		bool chosen = c->word[n] ? name.n >= n && !memcmp(name.s, c->word, n)
					 : str_eq(name, str_of(c->word));

		if (str_eq(name, STR("condition")) || !(them ? name.s[0] != '_' : chosen))
			continue;
		if (name.s[0] == '_' && c->word[0] != '_')
			continue;
		any |= oracle_search(e, c->record);
		every &= oracle_search(e, c->record);
	}
	oracle_next(c);
	return all ? every : any;
}

static bool oracle_not(struct oracle_condition *c) {
	bool result;

	if (!strcmp(c->word, "not")) {
		oracle_next(c);
		return !oracle_not(c);
	}
	if (!strcmp(c->word, "(")) {
		oracle_next(c);
		result = oracle_or(c);
		oracle_next(c);
		return result;
	}
	if (!strcmp(c->word, "1") || !strcmp(c->word, "all"))
		return oracle_quantity(c, c->word[0] == 'a');
	result = oracle_search(yaml_get(c->detection, c->word), c->record);
	oracle_next(c);
	return result;
}

static bool oracle_and(struct oracle_condition *c) {
	bool result = oracle_not(c);

	while (!strcmp(c->word, "and")) {
		oracle_next(c);
		result &= oracle_not(c);
	}
	return result;
}

static bool oracle_or(struct oracle_condition *c) {
	bool result = oracle_and(c);

	while (!strcmp(c->word, "or")) {
		oracle_next(c);
		result |= oracle_and(c);
	}
	return result;
}

/* oracle_holds - whether the rule @doc holds for @r, whatever their log sources */
static inline bool oracle_holds(const struct node *doc, const struct record *r) {
	struct oracle_condition c = { .detection = yaml_get(doc, "detection"), .record = r };

	c.at = yaml_get(c.detection, "condition")->text.s;
	oracle_next(&c);
	return oracle_or(&c);
}

#endif
