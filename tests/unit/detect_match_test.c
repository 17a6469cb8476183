/* SPDX-License-Identifier: Apache-2.0 */
#include "detect_rule.h"

/* One field in a rule against one text in the event. */
struct row {
	const char *item, *text; /* NULL: the event has no such field */
	int holds;
};

static const struct row rows[] = {
	/* whole, any case */
	{ "CommandLine: whoami", "whoami", 1 },
	{ "CommandLine: whoami", "WhoAmI", 1 },
	{ "CommandLine: WHOAMI", "whoami", 1 },
	{ "CommandLine: whoami", "whoami ", 0 },
	{ "CommandLine: whoami", "xwhoami", 0 },
	{ "CommandLine: whoami", "", 0 },
	{ "CommandLine: whoami", NULL, 0 },
	{ "CommandLine: [a, bc]", "BC", 1 },
	{ "CommandLine: [a, bc]", "c", 0 },
	{ "CommandLine: ''", "", 1 },
	{ "CommandLine: ''", "x", 0 },
	{ "CommandLine: ''", NULL, 0 },
	{ "CommandLine: 777", "777", 1 },
	{ "CommandLine: 777", "0777", 0 },
	{ "CommandLine: true", "TRUE", 1 },
	{ "CommandLine: 1.5", "1.5", 1 },
	/* null and presence */
	{ "CommandLine: null", NULL, 1 },
	{ "CommandLine: ~", "", 0 },
	{ "CommandLine:", "null", 0 },
	{ "CommandLine|exists: true", "", 1 },
	{ "CommandLine|exists: true", NULL, 0 },
	{ "CommandLine|exists: false", NULL, 1 },
	/* wildcards */
	{ "CommandLine: a*z", "az", 1 },
	{ "CommandLine: a*z", "a\nz", 1 },
	{ "CommandLine: a*z", "azy", 0 },
	{ "CommandLine: a?z", "abz", 1 },
	{ "CommandLine: a?z", "az", 0 },
	{ "CommandLine: a?z", "a\xe2\x82\xacz", 1 },
	{ "CommandLine: a??z", "a\xe2\x82\xacz", 0 },
	{ "CommandLine: a?z", "a\xffz", 1 },
	{ "CommandLine: '*ab?'", "xabyabz", 1 },
	{ "CommandLine: 'x*?'", "x", 0 },
	{ "CommandLine: 'x*?'", "xa", 1 },
	{ "CommandLine: '*a*b*c*'", "1a2b3c4", 1 },
	{ "CommandLine: '*a*b*c*'", "1a2c3b4", 0 },
	{ "CommandLine: '*?b'",
	  "\xc3\xa9"
	  "b",
	  1 },
	{ "CommandLine: '*??b'",
	  "\xc3\xa9"
	  "b",
	  0 },
	{ "CommandLine: '**'", "", 1 },
	{ "CommandLine: '*'", NULL, 0 },
	{ "CommandLine: 'ab*'", "ABC", 1 },
	{ "CommandLine: '*bc'", "ABC", 1 },
	{ "CommandLine: '*b*'", "ABC", 1 },
	/* escapes */
	{ "CommandLine: 'a\\*b'", "a*b", 1 },
	{ "CommandLine: 'a\\*b'", "axb", 0 },
	{ "CommandLine: 'a\\?b'", "a?b", 1 },
	{ "CommandLine: 'a\\b'", "a\\b", 1 },
	{ "CommandLine: 'a\\\\b'", "a\\b", 1 },
	{ "CommandLine: 'a\\\\*'", "a\\xyz", 1 },
	{ "CommandLine: 'a\\\\\\*'", "a\\*", 1 },
	{ "CommandLine: 'a\\\\\\*'", "a\\x", 0 },
	{ "CommandLine: 'a\\'", "a\\", 1 },
	{ "CommandLine|contains: 'a\\'", "xa\\y", 1 },
	{ "CommandLine: 'a.b[c](d)+$'", "a.b[c](d)+$", 1 },
	/* contains, startswith, endswith */
	{ "CommandLine|contains: dev", "/DEV/tcp", 1 },
	{ "CommandLine|contains: dev", "de v", 0 },
	{ "CommandLine|contains: x", "x", 1 },
	{ "CommandLine|contains: ''", "", 1 },
	{ "CommandLine|contains: ''", NULL, 0 },
	{ "CommandLine|contains: '*dev*'", "/dev/", 1 },
	{ "CommandLine|contains: 'a*b'", "xaxxbx", 1 },
	{ "CommandLine|contains: 22", "1221", 1 },
	{ "CommandLine|contains: aab", "aaab", 1 },
	{ "CommandLine|startswith: [/etc/cron.d/, /var/spool/cron/]", "/var/spool/cron/x", 1 },
	{ "CommandLine|startswith: [/etc/cron.d/, /var/spool/cron/]", "/var/spool/croN/", 1 },
	{ "CommandLine|startswith: [/etc/cron.d/, /var/spool/cron/]", "/etc/cron.e/", 0 },
	{ "CommandLine|startswith: [/etc/cron.d/, /var/spool/cron/]", "/etc", 0 },
	{ "CommandLine|endswith: [/sh, /bash]", "/bin/bash", 1 },
	{ "CommandLine|endswith: [/sh, /bash]", "/bin/dash", 0 },
	{ "CommandLine|endswith: [/sh, /bash]", "sh", 0 },
	{ "CommandLine|endswith: [/sh, /bash]", "/SH", 1 },
	{ "CommandLine|contains|all: [a, b]", "xbxa", 1 },
	{ "CommandLine|contains|all: [a, b]", "xb", 0 },
	{ "CommandLine|all|startswith: [a, ab]", "abc", 1 },
	/* cased, neq */
	{ "CommandLine|cased: Ab", "Ab", 1 },
	{ "CommandLine|cased: Ab", "AB", 0 },
	{ "CommandLine|cased|contains: Ab", "xAbx", 1 },
	{ "CommandLine|contains|cased: Ab", "xABx", 0 },
	{ "CommandLine|cased: 'A*b?'", "Axxbx", 1 },
	{ "CommandLine|cased: 'A*b?'", "axxbx", 0 },
	{ "CommandLine|neq: a", "b", 1 },
	{ "CommandLine|neq: [a, b]", "B", 0 },
	{ "CommandLine|neq: a", NULL, 1 },
	{ "CommandLine|contains|neq: a", "xax", 0 },
	/* regexes */
	{ "CommandLine|re: 'b+c$'", "abbc", 1 },
	{ "CommandLine|re: 'b+c$'", "abbC", 0 },
	{ "CommandLine|re|i: 'b+c$'", "abbC", 1 },
	{ "CommandLine|re: '(?i)B'", "b", 1 },
	{ "CommandLine|re: '^b$'", "a\nb", 0 },
	{ "CommandLine|re|m: '^b$'", "a\nb", 1 },
	{ "CommandLine|re: 'a.b'", "a\nb", 0 },
	{ "CommandLine|re|s: 'a.b'", "a\nb", 1 },
	{ "CommandLine|re: ['x', '\\d{3}']", "a123", 1 },
	{ "CommandLine|re: 'a'", "\xff\xfe a", 1 },
	{ "CommandLine|re: 'a'", NULL, 0 },
	/* numbers */
	{ "CommandLine|gt: 5", "6", 1 },
	{ "CommandLine|gt: 5", "5", 0 },
	{ "CommandLine|gte: 5", "5", 1 },
	{ "CommandLine|lt: 5", "-6", 1 },
	{ "CommandLine|lte: 5", "5.0", 1 },
	{ "CommandLine|lt: 5", "4x", 0 },
	{ "CommandLine|lt: 5", "", 0 },
	{ "CommandLine|gt: 18446744073709551614", "18446744073709551615", 1 },
	{ "CommandLine|gt: 18446744073709551615", "18446744073709551615", 0 },
	/* networks */
	{ "CommandLine|cidr: 10.0.0.0/8", "10.255.0.1", 1 },
	{ "CommandLine|cidr: 10.0.0.0/8", "11.0.0.1", 0 },
	{ "CommandLine|cidr: 10.0.0.0/8", "::ffff:10.1.2.3", 1 },
	{ "CommandLine|cidr: 0.0.0.0/0", "1.2.3.4", 1 },
	{ "CommandLine|cidr: 0.0.0.0/0", "::1", 0 },
	{ "CommandLine|cidr: '::/0'", "1.2.3.4", 0 },
	{ "CommandLine|cidr: ['fe80::/10', 2001:db8::/33]", "FEBF:0::1", 1 },
	{ "CommandLine|cidr: 2001:db8::/33", "2001:db8:8000::1", 0 },
	{ "CommandLine|cidr: 1.2.3.4", "1.2.3.4", 1 },
	{ "CommandLine|cidr: 10.0.0.0/8", "10.1", 0 },
	/* encodings */
	{ "CommandLine|base64: foob", "Zm9vYg==", 1 },
	{ "CommandLine|base64offset|contains: /bin/bash", "L2Jpbi9iYXNoIC1p", 1 },
	{ "CommandLine|base64offset|contains: /bin/bash", "YS9iaW4vYmFzaCAtaQ==", 1 },
	{ "CommandLine|base64offset|contains: /bin/bash", "YWIvYmluL2Jhc2ggLWk=", 1 },
	{ "CommandLine|base64offset|contains: /bin/bash", "YWIvYmluL2Jhc3ggLWk=", 0 },
	{ "CommandLine|utf16le|base64: ab", "YQBiAA==", 1 },
	{ "CommandLine|utf16be|base64: ab", "AGEAYg==", 1 },
	{ "CommandLine|utf16|base64: a", "//5hAA==", 1 },
	{ "CommandLine|windash|contains: ' -f '", "x /f y", 1 },
	{ "CommandLine|windash|contains: ' -f '",
	  "x \xe2\x80\x94"
	  "f y",
	  1 },
	{ "CommandLine|windash|contains: ' a-b '", "x a/b y", 0 },
};

static void each_modifier_holds_where_it_should(void) {
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[512];
		struct ruleset *rules;
		struct event e = event_of(WIRE_PROCESS_EXEC);

		(void)snprintf(text, sizeof(text),
			       HEAD "detection:\n  s:\n    %s\n  condition: s\n", rows[i].item);
		rules = rule_load(text);
		EVENT_SET_STR(&e, PROCESS_COMMAND_LINE, process.command_line, str_of(rows[i].text));
		if (!rules || (int)rule_hits(rules, &e) != rows[i].holds) {
			printf("# %s against '%s'\n", rows[i].item,
			       rows[i].text ? rows[i].text : "(absent)");
			CHECK(0);
		}
		ruleset_free(rules);
	}
}

/* Conditions over a to e, each of which holds when the command line has that letter. */
static const struct row conditions[] = {
	{ "a and b", "ab", 1 },	     { "a and b", "a", 0 },	   { "a or b and c", "a", 1 },
	{ "a or b and c", "b", 0 },  { "(a or b) and c", "a", 0 }, { "(a or b) and c", "bc", 1 },
	{ "not a or b", "", 1 },     { "not a or b", "a", 0 },	   { "not a or b", "ab", 1 },
	{ "not (a or b)", "b", 0 },  { "not not a", "a", 1 },	   { "not a and not b", "c", 1 },
	{ "1 of them", "d", 1 },     { "1 of them", "e", 0 },	   { "all of them", "abcd", 1 },
	{ "all of them", "abc", 0 }, { "any of sel_*", "b", 0 },   { "1 of _*", "e", 1 },
	{ "1 of notepad*", "d", 1 }, { "notepad and a", "ad", 1 }, { "not notepad", "d", 0 },
	{ "not 1 of them", "e", 1 }, { "all of *pad", "d", 1 },	   { "1 of n*d", "d", 1 },
	{ "1 of a", "a", 1 },	     { "[a and b, c]", "c", 1 },   { "[a and b, c]", "a", 0 },
};

static void conditions_mean_what_they_say(void) {
	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
		char text[1024];
		struct ruleset *rules;
		struct event e = event_of(WIRE_PROCESS_EXEC);

		(void)snprintf(text, sizeof(text),
			       HEAD "detection:\n"
				    "  a: {CommandLine|contains: a}\n"
				    "  b: {CommandLine|contains: b}\n"
				    "  c: {CommandLine|contains: c}\n"
				    "  notepad: {CommandLine|contains: d}\n"
				    "  _e: {CommandLine|contains: e}\n"
				    "  sel_x: {CommandLine|contains: [a, b, c, d], User: z}\n"
				    "  condition: %s\n",
			       conditions[i].item);
		if (strstr(conditions[i].item, "all of them"))
			(void)strcpy(strstr(text, "  sel_x"), "  condition: all of them\n");
		rules = rule_load(text);
		EVENT_SET(&e, PROCESS_COMMAND_LINE, process.command_line,
			  str_of(conditions[i].text));
		if (!rules || (int)rule_hits(rules, &e) != conditions[i].holds) {
			printf("# %s against '%s'\n", conditions[i].item, conditions[i].text);
			CHECK(0);
		}
		ruleset_free(rules);
	}
}

static void lists_of_maps_are_alternatives_and_maps_are_all(void) {
	struct ruleset *rules =
		rule_load(HEAD "detection:\n  s:\n"
			       "    - CommandLine: a\n      User: x\n"
			       "    - CommandLine: b\n    - word\n  condition: s\n");
	static const struct row cases[] = { { "x", "a", 1 },
					    { "y", "a", 0 },
					    { "y", "b", 1 },
					    { "y", "sword", 1 },
					    { "y", "c", 0 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct event e = event_of(WIRE_PROCESS_EXEC);

		EVENT_SET(&e, PROCESS_USER, process.user, str_of(cases[i].item));
		EVENT_SET(&e, PROCESS_COMMAND_LINE, process.command_line, str_of(cases[i].text));
		CHECK((int)rule_hits(rules, &e) == cases[i].holds);
	}
	ruleset_free(rules);
}

static void two_fields_of_one_event_are_compared(void) {
	struct ruleset *rules =
		rule_load(HEAD "detection:\n  s:\n"
			       "    User|fieldref: ParentUser\n"
			       "    CommandLine|fieldref|endswith: CurrentDirectory\n"
			       "  condition: s\n");
	struct event e = event_of(WIRE_PROCESS_EXEC);

	EVENT_SET(&e, PROCESS_USER, process.user, STR("Root"));
	EVENT_SET(&e, PARENT_USER, parent.user, STR("root"));
	EVENT_SET(&e, PROCESS_COMMAND_LINE, process.command_line, STR("ls /tmp"));
	CHECK(rule_hits(rules, &e) == 0);
	EVENT_SET(&e, PROCESS_CWD, process.cwd, STR("/tmp"));
	CHECK(rule_hits(rules, &e) == 1);
	EVENT_SET(&e, PARENT_USER, parent.user, STR("roo"));
	CHECK(rule_hits(rules, &e) == 0);
	ruleset_free(rules);
}

static void keywords_are_looked_for_in_every_text_and_numbers_as_words(void) {
	struct ruleset *rules =
		rule_load("title: k\nid: " ID_A "\nlogsource: {product: linux}\n"
			  "detection:\n  any: [needle, 42, 'a*z']\n  '_all': {'|all': [one, two]}\n"
			  "  condition: any or _all\n");
	static const struct row cases[] = {
		{ NULL, "a NEEDLE here", 1 }, { "/x/needle", "x", 1 }, { NULL, "port 42", 1 },
		{ NULL, "port 421", 0 },      { NULL, "p=42;", 1 },    { NULL, "x abcz x", 1 },
		{ "/one", "x two", 1 },	      { "/one", "x", 0 },      { NULL, "42", 1 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct event e = event_of(WIRE_PROCESS_EXEC);

		EVENT_SET(&e, PROCESS_PID, process.pid, 42);
		EVENT_SET_STR(&e, FILE_PATH, file.path, str_of(cases[i].item));
		EVENT_SET(&e, PROCESS_COMMAND_LINE, process.command_line, str_of(cases[i].text));
		CHECK((int)rule_hits(rules, &e) == cases[i].holds);
		e.kind = WIRE_FILE_CREATE; /* the command line has been told */
		CHECK((int)rule_hits(rules, &e) ==
		      (cases[i].item && !strcmp(cases[i].text, "x") && cases[i].holds));
	}
	ruleset_free(rules);
}

static void text_with_nul_and_broken_utf8_is_matched_by_length(void) {
	struct ruleset *rules =
		rule_load(HEAD "detection:\n  s:\n    CommandLine|contains: b\n  condition: s\n");
	struct event e = event_of(WIRE_PROCESS_EXEC);

	EVENT_SET(&e, PROCESS_COMMAND_LINE, process.command_line, STR("a\0\xff\x80 b"));
	CHECK(rule_hits(rules, &e) == 1);
	e.process.command_line.n = 4;
	CHECK(rule_hits(rules, &e) == 0);
	ruleset_free(rules);
}

static void a_regex_that_gives_up_is_counted_and_does_not_hold(void) {
	struct ruleset *rules =
		rule_load(HEAD "detection:\n  s:\n    CommandLine|re: '^(a+)+\\b$'\n"
			       "  condition: s\n");
	struct event e = event_of(WIRE_PROCESS_EXEC);

	if (!rules)
		return;
	EVENT_SET(&e, PROCESS_COMMAND_LINE, process.command_line,
		  STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"));
	CHECK(rule_hits(rules, &e) == 0 && ruleset_limited(rules, 0) == 1);
	e.process.command_line = STR("aaa");
	CHECK(rule_hits(rules, &e) == 1 && ruleset_limited(rules, 0) == 1);
	ruleset_free(rules);
}

static void a_shared_question_has_one_answer_per_event(void) {
	struct ruleset *rules =
		rule_load(HEAD "detection: {s: {CommandLine|contains: x}, condition: s}\n---\n"
			       "title: u\nid: " ID_B "\nlogsource: {category: process_creation}\n"
			       "detection: {s: {CommandLine|contains: x}, condition: not s}\n");

	for (int i = 0; i < 10; i++) {
		struct event e = event_of(WIRE_PROCESS_EXEC);

		EVENT_SET(&e, PROCESS_COMMAND_LINE, process.command_line,
			  i % 2 ? STR("axb") : STR("ab"));
		CHECK(rule_hits(rules, &e) == 1);
		CHECK(e.n_detections == 1 &&
		      str_eq(e.detections[0].title, i % 2 ? STR("t") : STR("u")));
	}
	ruleset_free(rules);
}

int main(void) {
	RUN(each_modifier_holds_where_it_should);
	RUN(conditions_mean_what_they_say);
	RUN(lists_of_maps_are_alternatives_and_maps_are_all);
	RUN(two_fields_of_one_event_are_compared);
	RUN(keywords_are_looked_for_in_every_text_and_numbers_as_words);
	RUN(text_with_nul_and_broken_utf8_is_matched_by_length);
	RUN(a_regex_that_gives_up_is_counted_and_does_not_hold);
	RUN(a_shared_question_has_one_answer_per_event);
	DONE();
}
