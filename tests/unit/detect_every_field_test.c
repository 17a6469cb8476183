/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each field of the one table, from that table: a rule about it that is no wildcard holds for an
 * event that has the value, not for one that has another, and not for one that has none, whatever
 * lies in its place. Of the 21st field of a channel file only the wildcard had ever been tried.
 */
#include "detect_rule.h"
#include "event/word.h"

#define RULE                                                                                       \
	"title: t\nid: " ID_A "\nlevel: high\nlogsource: {product: linux}\n"                       \
	"detection:\n  s:\n    %s: '%s'\n  condition: s\n"

/* word_of - the @which-th value of an enum that has a name, its number and its name */
static const char *word_of(enum field_id id, int which, uint32_t *ret) {
	const char *word = NULL;

	if (id == FIELD_KIND) { /* not every kind is for rules */
		*ret = which ? WIRE_FILE_CREATE : WIRE_PROCESS_EXEC;
		return event_word(id, *ret);
	}
	for (uint32_t n = 1; n < 1024; n++) {
		word = event_word(id, n);
		if (word && !which--) {
			*ret = n;
			return word;
		}
	}
	return "";
}

/* put - the @which-th of two values into the field, and its text for the rule */
static const char *put(struct event *e, enum field_id id, int which) {
	static const char *const texts[] = { "one", "another" };
	static const char *const bools[] = { "true", "false" };
	static const char *const numbers[] = { "1", "2" };
	static const struct str strings[] = { { "one", 3 }, { "another", 7 } };
	static const struct str lists[2][2] = { { { "x", 1 }, { "one", 3 } },
						{ { "x", 1 }, { "another", 7 } } };
	void *at = (char *)e + fields[id].offset;
	uint32_t number = 0;
	const char *word = "";

	event_mark(e, id);
	if (fields[id].type == FIELD_ENUM || fields[id].type == FIELD_BITS)
		word = word_of(id, which, &number);
	switch ((enum field_type)fields[id].type) {
	case FIELD_ENUM:
		*(uint32_t *)at = number;
		return word;
	case FIELD_BITS:
		*(uint64_t *)at = 1ull << number;
		return word;
	case FIELD_U32:
		*(uint32_t *)at = 1 + (uint32_t)which;
		return numbers[which];
	case FIELD_U64:
	case FIELD_FIXED64:
		*(uint64_t *)at = 1 + (uint64_t)which;
		return numbers[which];
	case FIELD_BOOL:
		*(bool *)at = !which;
		return bools[which];
	case FIELD_STR:
		*(struct str *)at = strings[which];
		return texts[which];
	case FIELD_STRV:
		*(struct strv *)at = (struct strv){ lists[which], 2 };
		return texts[which];
	}
	return "";
}

/* hits - of a rule that wants the first value, in an event with value @which; -1: with none */
static uint32_t hits(enum field_id id, int which) {
	struct event e, scratch = { 0 };
	struct ruleset *rules;
	char text[400];
	uint32_t n;

	(void)snprintf(text, sizeof(text), RULE, fields[id].name, put(&scratch, id, 0));
	rules = rule_load(text);
	memset(&e, 0xa5, sizeof(e)); /* what is not known may be anything */
	event_reset(&e);
	if (id != FIELD_KIND)
		EVENT_SET(&e, KIND, kind, WIRE_PROCESS_EXEC);
	if (which >= 0)
		(void)put(&e, id, which);
	n = rule_hits(rules, &e);
	ruleset_free(rules);
	return n;
}

static void each_field_is_held_against_its_value_another_and_none(void) {
	for (int i = 0; i < FIELD_MAX; i++) {
		enum field_id id = (enum field_id)i;
		uint32_t with = hits(id, 0), other = hits(id, 1), without = hits(id, -1);

		if (with != 1 || other || without)
			printf("# %s: with %u, another %u, without %u\n", fields[i].name, with,
			       other, without);
		CHECK(with == 1 && !other && !without);
	}
}

int main(void) {
	RUN(each_field_is_held_against_its_value_another_and_none);
	DONE();
}
