/* SPDX-License-Identifier: Apache-2.0 */
/*
 * random_rules.h - rules and records made up from bytes, the engine's word against oracle.h's
 */
#ifndef LAPWING_TEST_RANDOM_RULES_H
#define LAPWING_TEST_RANDOM_RULES_H

#include "oracle_condition.h"

#define RANDOM_RULES 24
#define RANDOM_RECORDS 12
#define RANDOM_FIELDS 5
#define RANDOM_VALUES 3

/* Numbers from bytes as long as there are some, then from a generator that they have seeded. */
struct luck {
	const uint8_t *bytes;
	size_t n, at;
	uint32_t state;
};

static uint32_t luck_below(struct luck *l, uint32_t n) {
	uint32_t v = l->at < l->n ? l->bytes[l->at++] : 0;

	l->state = (l->state + v + 1) * 1664525 + 1013904223;
	return (l->at < l->n ? v : l->state >> 8) % n;
}

static const char *const random_names[RANDOM_FIELDS] = { "f", "g", "n", "ip", "o.p" };

/* random_text - of few pieces, so that rules and records often meet */
static void random_text(struct luck *l, struct buf *out, bool of_rule) {
	static const char *const pieces[] = { "a",  "b", "Ab",	  "abc",  "/etc/",    "passwd",
					      " -", "x", ".ssh/", "bash", "\xc3\xa9", "longer one",
					      "7",  "",	 "-c ",	  "B" };
	static const char *const of_rules[] = { "*", "?", "\\*", "\\\\", "\\", "\\?" };
	static const char *const of_records[] = { "*", "?", "\\", "\xff", "\n", "\xc3" };

	for (uint32_t n = luck_below(l, 4); n-- > 0;) {
		if (luck_below(l, 6))
			buf_addf(out, "%s", pieces[luck_below(l, 16)]);
		else
			buf_addf(out, "%s", (of_rule ? of_rules : of_records)[luck_below(l, 6)]);
	}
}

static void random_scalar(struct luck *l, struct buf *out, uint32_t kind) {
	static const char *const regexes[] = { "a+b",	 "^/etc", "[ab]{2,3}", "(a|bash)$", "x.*-",
					       "(?i)AB", "ab?c*", ".{3}",      "\\.ssh" };

	if (kind == 1)
		buf_addf(out, "'%s'", regexes[luck_below(l, 9)]);
	else if (kind == 2)
		buf_addf(out, "%s", luck_below(l, 2) ? "10.0.0.0/8" : "10.1.2.0/24");
	else if (kind == 3)
		buf_addf(out, "%u", luck_below(l, 12));
	else if (kind == 4)
		buf_addf(out, "%s", random_names[luck_below(l, RANDOM_FIELDS)]);
	else {
		buf_add_char(out, '\'');
		random_text(l, out, true);
		buf_add_char(out, '\'');
	}
}

static void random_values(struct luck *l, struct buf *out, uint32_t kind, bool many) {
	uint32_t n = many ? 2 + luck_below(l, luck_below(l, 8) ? 3 : 14) : 1;

	if (!many) {
		random_scalar(l, out, kind);
	} else {
		buf_add_char(out, '[');
		while (n-- > 0) {
			random_scalar(l, out, kind);
			buf_addf(out, "%s", n ? ", " : "]");
		}
	}
	buf_add_char(out, '\n');
}

/* The key's modifiers, and which kind of value they want. */
static const struct {
	const char *chain;
	uint32_t kind;
	bool many; /* or none at all */
} random_chains[] = {
	{ "", 0, false },
	{ "|contains", 0, false },
	{ "|startswith", 0, false },
	{ "|endswith", 0, false },
	{ "|contains|all", 0, true },
	{ "|cased|contains", 0, false },
	{ "|endswith|cased", 0, false },
	{ "|neq", 0, false },
	{ "|contains|neq", 0, false },
	{ "|re", 1, false },
	{ "|re|i", 1, false },
	{ "|re|all", 1, true },
	{ "|cidr", 2, false },
	{ "|lt", 3, false },
	{ "|gte", 3, false },
	{ "|lte|neq", 3, false },
	{ "|fieldref", 4, false },
	{ "|fieldref|endswith", 4, false },
	{ "|fieldref|contains|neq", 4, false },
	{ "|base64", 0, false },
	{ "|base64offset|contains", 0, false },
	{ "|windash|contains", 0, false },
	{ "|all|startswith|windash", 0, true },
	{ "|cased", 0, false },
	{ "|contains", 0, true },
	{ "|endswith", 0, true },
	{ "", 0, true },
	{ "|startswith", 0, true },
	{ "", 3, false },
};
#define RANDOM_CHAINS (sizeof(random_chains) / sizeof(random_chains[0]))

static void random_item(struct luck *l, struct buf *out, uint32_t field) {
	uint32_t how = luck_below(l, RANDOM_CHAINS + 3);

	buf_addf(out, "      %s", random_names[field % RANDOM_FIELDS]);
	if (how == RANDOM_CHAINS) {
		buf_addf(out, ": null\n");
	} else if (how > RANDOM_CHAINS) {
		buf_addf(out, "|exists: %s\n", luck_below(l, 2) ? "true" : "false");
	} else {
		buf_addf(out, "%s: ", random_chains[how].chain);
		random_values(l, out, random_chains[how].kind,
			      random_chains[how].many || luck_below(l, 3) == 0);
	}
}

static void random_search(struct luck *l, struct buf *out, const char *name) {
	uint32_t how = luck_below(l, 8), field = luck_below(l, RANDOM_FIELDS),
		 n = 1 + luck_below(l, 3);

	if (how == 0) {
		buf_addf(out, "  %s: ", name);
		random_values(l, out, 0, true);
		return;
	}
	buf_addf(out, "  %s:\n", name);
	if (how == 1) {
		buf_addf(out, "    '|all': ");
		random_values(l, out, 0, true);
	} else if (how < 4) {
		for (uint32_t i = 0; i < n; i++) {
			buf_addf(out, "    -\n");
			random_item(l, out, field + i);
		}
	} else {
		for (uint32_t i = 0; i < n; i++)
			random_item(l, out, field + i);
	}
}

static void random_rule(struct luck *l, struct buf *out, uint32_t number) {
	static const char *const conditions[] = {
		"sa",
		"sa and sb",
		"sa or sb",
		"sa and not sb",
		"not sa",
		"1 of them",
		"all of s*",
		"sa or not _x",
		"1 of s* and not _x",
		"not (sa or sb) or _x",
		"sa and (sb or _x)",
		"not 1 of _*",
	};

	buf_addf(out, "---\ntitle: r%u\nlogsource: {product: x}\ndetection:\n", number);
	random_search(l, out, "sa");
	random_search(l, out, "sb");
	random_search(l, out, "_x");
	buf_addf(out, "  condition: %s\n", conditions[luck_below(l, 12)]);
}

/* A record, and room for what is in it. */
struct random_record {
	struct record record;
	struct record_field fields[RANDOM_FIELDS];
	struct str values[RANDOM_FIELDS][RANDOM_VALUES];
	struct buf bytes[RANDOM_FIELDS][RANDOM_VALUES];
};

static void random_value(struct luck *l, struct buf *out, uint32_t field) {
	buf_reset(out);
	if (field == 2)
		buf_addf(out, "%u", luck_below(l, 12));
	else if (field == 3)
		buf_addf(out, "10.%u.2.%u", luck_below(l, 3), luck_below(l, 3));
	else if (luck_below(l, 12) == 0)
		buf_addf(out, "L2V0Yy8=YWJjL2V0Yy8=");
	else
		random_text(l, out, false);
}

static void random_record(struct luck *l, struct random_record *r) {
	r->record = (struct record){ .fields = r->fields };
	for (uint32_t i = 0; i < RANDOM_FIELDS; i++) {
		struct record_field *f = &r->fields[r->record.n];

		if (luck_below(l, 4) == 0)
			continue;
		*f = (struct record_field){ str_of(random_names[i]), r->values[i],
					    1 + (luck_below(l, 4) == 0 ? luck_below(l, 3) : 0) };
		for (uint32_t k = 0; k < f->n; k++) {
			struct buf *b = &r->bytes[i][k];

			random_value(l, b, i);
			(void)buf_reserve(b, 1);
			r->values[i][k] = (struct str){ b->data, (uint32_t)b->len };
			if (luck_below(l, 12) == 0)
				r->values[i][k] = (struct str){ 0 };
		}
		r->record.n++;
	}
}

static void random_record_done(struct random_record *r) {
	for (uint32_t i = 0; i < RANDOM_FIELDS; i++) {
		for (uint32_t k = 0; k < RANDOM_VALUES; k++)
			buf_done(&r->bytes[i][k]);
	}
}

static bool found_in(const struct detection *v, uint32_t n, struct str title) {
	for (uint32_t i = 0; i < n; i++) {
		if (str_eq(v[i].title, title))
			return true;
	}
	return false;
}

/* disagreements - of all rules about one record; *ret_hits of them held */
static uint32_t disagreements(struct ruleset *rules, const struct node *docs,
			      const struct record *r, uint32_t *ret_hits) {
	struct arena arena;
	const struct detection *found;
	uint32_t wrong = 0, n;
	uint64_t hits;

	arena_init(&arena, 1 << 22);
	n = detect_record(rules, &arena, r, &found);
	for (size_t i = 0; i < ruleset_count(rules); i++) {
		struct str title = ruleset_rule(rules, i, &hits)->title;
		const struct node *doc = docs;

		while (!str_eq(yaml_get(doc, "title")->text, title))
			doc = doc->next;
		if (oracle_holds(doc, r) != found_in(found, n, title)) {
			printf("# rule %.*s\n", STR_FMT(title));
			wrong++;
		}
	}
	*ret_hits += n;
	arena_done(&arena);
	return wrong;
}

/* random_round - some rules against some records; how often the engine and the oracle disagree */
static inline uint32_t random_round(struct luck *l, uint32_t *ret_rules, uint32_t *ret_hits) {
	const struct detect_options options = { .records = true };
	struct buf text = { 0 }, errors = { 0 };
	struct faults faults = { .out = &errors, .file = "random.yml" };
	struct random_record *r = calloc(1, sizeof(*r));
	struct ruleset *rules = NULL;
	struct node *docs = NULL;
	struct arena temp;
	uint32_t wrong = 0;

	arena_init(&temp, 1 << 24);
	for (uint32_t i = 0, n = 1 + luck_below(l, RANDOM_RULES); i < n; i++)
		random_rule(l, &text, i);
	if (yaml_read(text.data, text.len, &temp, &faults, &docs) == 0 &&
	    ruleset_load_text("random.yml", text.data, text.len, &options, &errors, &rules) == 0) {
		*ret_rules += (uint32_t)ruleset_count(rules);
		for (uint32_t i = 0; i < RANDOM_RECORDS; i++) {
			random_record(l, r);
			wrong += disagreements(rules, docs, &r->record, ret_hits);
		}
	}
	if (wrong)
		printf("# %.*s\n", (int)text.len, text.data);
	ruleset_free(rules);
	random_record_done(r);
	free(r);
	arena_done(&temp);
	buf_done(&text);
	buf_done(&errors);
	return wrong;
}

#endif
