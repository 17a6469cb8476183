/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "detect_rule.h"

#define SEL "detection:\n  selection:\n    "
#define COND "\n  condition: selection\n"
#define ABC "detection:\n  a:\n    User: x\n  b_1:\n    User: y\n  _c:\n    User: z\n  condition: "

static const char *const good[] = {
	HEAD SEL "User: root" COND,
	HEAD SEL "User: [root, 0, true, 1.5]" COND,
	HEAD SEL "CommandLine|contains|all: [a, b]" COND,
	HEAD SEL "CommandLine|all|contains: [a, b]" COND,
	HEAD SEL "CommandLine|re|i|m|s: 'a.*b'" COND,
	HEAD SEL "process.euid: 0\n    exec.links|lt: 1" COND,
	HEAD SEL "kind: process_exec" COND,
	HEAD SEL "User: null" COND,
	HEAD SEL "User:" COND,
	HEAD SEL "User|exists: false" COND,
	HEAD SEL "User: !!str 5\n    ParentUser: !!seq [!!int 5, !!float 5, ! x]" COND,
	HEAD SEL "User|exists: !!bool true" COND,
	HEAD SEL "User: !!null ''" COND,
	HEAD "detection: !!map\n  selection: word" COND,
	HEAD SEL "'|all': [a, b]" COND,
	HEAD SEL "CommandLine|wide|base64offset|contains: abc" COND,
	HEAD SEL "DestinationIp|cidr: ['::/0', 10.0.0.0/8, 127.0.0.1]" COND,
	HEAD "detection:\n  selection: [word, 7, User: x]" COND,
	HEAD "detection:\n  selection: word" COND,
	HEAD "detection:\n  selection:\n    User: &u [x, y]\n    ParentUser: *u" COND,
	HEAD ABC "a or b_1 and not (_c or a)\n",
	HEAD ABC "1 of them and any of b_* and all of a\n",
	HEAD ABC "1 of _*\n",
	HEAD ABC "[a, not b_1]\n",
	HEAD ABC "a AND NOT b_1\n",
	"---\n" HEAD SEL "User: root" COND "---\ntitle: u\nid: " ID_B
	"\nlogsource:\n  category: file_event\n" SEL "TargetFilename: /x" COND,
	HEAD "author: someone\nunknown_key: {a: 1}\ntags: [attack.t1059]\ndate: 2020/01/02\n" SEL
	     "User: root" COND,
};

static void good_rules_are_taken(void) {
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct ruleset *rules = rule_load(good[i]);

		CHECK(rules && ruleset_count(rules) >= 1 && !ruleset_skipped(rules, 0));
		ruleset_free(rules);
	}
}

struct bad {
	const char *text, *fault;
};

/* What is wrong, and where to the column. */
static const struct bad bad_yaml[] = {
	{ "title: [", "t.yml:2:1: did not find expected node content while parsing a flow node, "
		      "expected well-formed YAML" },
	{ "a: \"\\x\"\n", "t.yml:1:7: did not find expected hexdecimal number while parsing a "
			  "quoted scalar, expected well-formed YAML" },
	{ "a: \xff\n", "t.yml:1:4: invalid leading UTF-8 octet, expected UTF-8 text" },
	{ "a: !foo x\n", "t.yml:1:4: the tag '!foo' is unknown, expected none, or one of YAML's "
			 "core schema" },
	{ "a: [b, !!binary eA==]\n", "t.yml:1:8: the tag '!!binary' is unknown, expected none, or "
				     "one of YAML's core schema" },
	{ "a: !!int x\n", "t.yml:1:4: the tag '!!int' is of another type than its value, expected "
			  "none" },
	{ "a:\n  b: !foo {c: d}\n", "t.yml:2:6: the tag '!foo' is not for this, expected none" },
	{ "a:\n  b: !!set {c: d}\n", "t.yml:2:6: the tag '!!set' is not for this, expected none" },
	{ "a: !!map [b]\n", "t.yml:1:4: the tag '!!map' is not for this, expected none" },
	{ "!foo a: b\n", "t.yml:1:1: the tag '!foo' is unknown, expected none, or one of YAML's "
			 "core schema" },
	{ "- a\n", "t.yml:1:1: the document is a list, expected a map" },
	{ "a: 1\nb: 2\na: 3\n", "t.yml:3:1: 'a' is given twice, first at line 1; "
				"expected each key once" },
	{ "[a]: 1\n", "t.yml:1:1: a key is a list, expected text" },
	{ "a: *b\n", "t.yml:1:4: alias '*b' names nothing, expected an anchor that is complete "
		     "before it" },
	{ "a: &b [*b]\n", "t.yml:1:8: alias '*b' names nothing, expected an anchor that is "
			  "complete before it" },
};

static const struct bad bad_heads[] = {
	{ "id: " ID_A "\n", "t.yml:1:1: no 'title', expected every document to have one" },
	{ "title:\nid: " ID_A "\n", "t.yml:1:7: 'title' is empty, expected text" },
	{ "title: [a]\n", "t.yml:1:8: 'title' is a list, expected text" },
	{ "title: t\nid: 7\n",
	  "t.yml:2:5: id '7' is no UUID, expected 8-4-4-4-12 hex digits (rule 7)" },
	{ "title: t\nid: " ID_A "\n", "t.yml:1:1: no 'logsource', expected every document to have "
				      "one" },
	{ "title: t\nid: " ID_A "\nlogsource: {}\n",
	  "t.yml:3:12: 'logsource' names nothing, expected category, product or service" },
	{ "title: t\nid: " ID_A "\nlevel: urgent\n",
	  "t.yml:3:8: level 'urgent' is unknown, expected informational, low, medium, high or "
	  "critical" },
	{ "title: t\nid: " ID_A "\nstatus: new\n",
	  "t.yml:3:9: status 'new' is unknown, expected stable, test, experimental, deprecated or "
	  "unsupported" },
	{ "title: t\nid: " ID_A "\ndate: soon\n",
	  "t.yml:3:7: date 'soon' is no date, expected YYYY-MM-DD" },
	{ "title: t\nid: " ID_A "\ntags: x\n", "t.yml:3:7: 'tags' is text, expected a list of at "
					       "most 128" },
	{ "title: t\nid: " ID_A "\ntaxonomy: mine\n",
	  "t.yml:3:11: taxonomy 'mine' is unknown, expected sigma" },
	{ "title: t\ncorrelation: {}\n",
	  "t.yml:2:14: no 'type', expected every document to have one" },
	{ "title: t\nfilter: {}\n",
	  "t.yml:1:1: no 'logsource', expected every document to have one" },
	{ "action: global\n", "t.yml:1:1: a document with 'action' is of Sigma 1, expected "
			      "'detection', 'correlation' or 'filter'" },
	{ HEAD "filter: {}\ndetection: {}\n",
	  "t.yml:7:1: 'filter' beside another of its kind, expected one of 'detection', "
	  "'correlation' and 'filter'" },
	{ HEAD, "t.yml:1:1: no 'detection', expected a map of search identifiers and a "
		"condition" },
	{ HEAD "detection: x\n", "t.yml:7:12: 'detection' is not a map, expected a map of search "
				 "identifiers and a condition" },
	{ HEAD SEL "User: x\n", "t.yml:8:3: no 'condition', expected every detection to have "
				"one" },
	{ HEAD SEL "User: x" COND "---\n" HEAD SEL "User: y" COND,
	  "t.yml:13:5: id '" ID_A "' is taken by t.yml:1, expected each id once" },
};

static const struct bad bad_items[] = {
	{ HEAD SEL "Usr: x" COND, "t.yml:9:5: unknown field 'Usr', expected perhaps 'User'" },
	{ HEAD SEL "process.pidd: 1" COND,
	  "t.yml:9:5: unknown field 'process.pidd', expected perhaps 'process.pid'" },
	{ HEAD SEL "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq: x" COND,
	  "t.yml:9:5: unknown field 'qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq', expected one of "
	  "docs/sigma.md" },
	{ HEAD SEL "User|containz: x" COND,
	  "t.yml:9:10: modifier 'containz' is unknown, expected perhaps 'contains'" },
	{ HEAD SEL "User|base64ofset: x" COND,
	  "t.yml:9:10: modifier 'base64ofset' is unknown, expected perhaps 'base64offset'" },
	{ HEAD SEL "User|likewise: x" COND,
	  "t.yml:9:10: modifier 'likewise' is unknown, expected one of Sigma 2.1.0" },
	{ HEAD SEL "User|contains|: x" COND,
	  "t.yml:9:19: modifier '' is unknown, expected one of Sigma 2.1.0" },
	{ HEAD SEL "User|contains|startswith: x" COND,
	  "t.yml:9:19: modifier 'startswith' contradicts the one before it, expected modifiers "
	  "that go together" },
	{ HEAD SEL "User|contains|re: x" COND,
	  "t.yml:9:19: modifier 're' is not the first, expected modifiers that go together" },
	{ HEAD SEL "User|i: x" COND,
	  "t.yml:9:10: modifier 'i' stands without 're', expected modifiers that go together" },
	{ HEAD SEL "User|all|all: [x, y]" COND,
	  "t.yml:9:14: modifier 'all' is given twice, expected each once" },
	{ HEAD SEL "User|all: x" COND,
	  "t.yml:9:15: 'all' stands before one value, expected several" },
	{ HEAD SEL "User|expand: '%u%'" COND, "t.yml:9:18: there is no value for the placeholder "
					      "'%u%', expected one by --placeholder" },
	{ HEAD SEL "User|re|expand: '%u%'" COND,
	  "t.yml:9:13: modifier 'expand' contradicts the one before it, expected modifiers that go "
	  "together" },
	{ HEAD SEL "User|hour|contains: 1" COND, "t.yml:9:15: modifier 'contains' contradicts the "
						 "one before it, expected modifiers that go "
						 "together" },
	{ HEAD SEL "User|hour: x" COND,
	  "t.yml:9:16: the value is text, expected a number without quotes" },
	{ HEAD SEL "User|wide: x" COND,
	  "t.yml:9:5: the value ends as UTF-16, expected 'base64' or 'base64offset' behind it" },
	{ HEAD SEL "User|base64: a*" COND,
	  "t.yml:9:18: the value cannot be encoded, expected UTF-8 text without wildcards" },
	{ HEAD SEL "User|base64offset|contains: a" COND,
	  "t.yml:9:33: the value is so short that one of its three encodings is empty, expected "
	  "two bytes or more" },
	{ HEAD SEL "<<: {User: a}" COND,
	  "t.yml:9:5: '<<' merges nothing in YAML 1.2, expected the entries themselves" },
	{ HEAD SEL "User|windash: '-a -b -c -d -e'" COND,
	  "t.yml:9:19: the value is too long or has too many forms, expected fewer bytes or "
	  "dashes" },
	{ HEAD SEL "User|exists: maybe" COND,
	  "t.yml:9:18: the value is text, expected true or false" },
	{ HEAD SEL "User: []" COND,
	  "t.yml:9:11: the list of values is empty, expected at least one" },
	{ HEAD SEL "User: {}" COND,
	  "t.yml:9:11: the value is an empty map, expected a value or a list of values" },
	{ HEAD SEL "User: [x, null]" COND,
	  "t.yml:9:15: the value is null, expected text, a number or a boolean in a list of "
	  "values" },
	{ HEAD SEL "User|contains: null" COND,
	  "t.yml:9:20: the value is null, expected null without modifiers, or another value" },
	{ HEAD SEL "LogonId|gt: '5'" COND,
	  "t.yml:9:17: the value is text, expected a number without quotes" },
	{ HEAD SEL "CommandLine|re: 'ab('" COND,
	  "t.yml:9:24: missing closing parenthesis (byte 3 of 'ab('), expected a PCRE regex" },
	{ HEAD SEL "DestinationIp|cidr: 10.0.0.1/8" COND,
	  "t.yml:9:25: '10.0.0.1/8' is no network, expected ADDRESS/BITS with no bit set behind "
	  "the first BITS" },
	{ HEAD SEL "kind: FILE_CREAT" COND, "t.yml:9:11: 'FILE_CREAT' is no value of kind, "
					    "expected a name from event.proto" },
	{ HEAD "detection:\n  selection: {}" COND,
	  "t.yml:8:14: 'selection' is an empty map, expected something to look for" },
	{ HEAD "detection:\n  selection: []" COND,
	  "t.yml:8:14: 'selection' is an empty list, expected something to look for" },
	{ HEAD "detection:\n  selection: [[a]]" COND,
	  "t.yml:8:15: an alternative is a list, expected a map or a keyword" },
	{ HEAD "detection:\n  timeframe: 5m\n  selection: a" COND,
	  "t.yml:8:3: 'timeframe' belongs to aggregations of Sigma 1, expected a correlation rule "
	  "instead" },
};

static const struct bad bad_conditions[] = {
	{ HEAD ABC "''\n", "t.yml:14:14: the condition is empty, expected text" },
	{ HEAD ABC "[]\n", "t.yml:14:14: 'condition' is an empty list, expected conditions" },
	{ HEAD ABC "a or x\n", "t.yml:14:19: unknown identifier 'x' in the condition, expected "
			       "one that 'detection' defines" },
	{ HEAD "detection:\n  selection:\n    User: x\n  condition: not selecton\n",
	  "t.yml:10:18: unknown identifier 'selecton' in the condition, expected perhaps "
	  "'selection'" },
	{ HEAD ABC "a b_1\n", "t.yml:14:16: unexpected 'b_1' in the condition, expected 'and', "
			      "'or' or the end" },
	{ HEAD ABC "'a and'\n", "t.yml:14:19: the end comes too early in the condition, expected "
				"an identifier" },
	{ HEAD ABC "and a\n", "t.yml:14:14: unexpected 'and' in the condition, expected an "
			      "identifier" },
	{ HEAD ABC "(a\n", "t.yml:14:16: a bracket is not closed in the condition, expected "
			   "')'" },
	{ HEAD ABC "a)\n", "t.yml:14:15: unexpected ')' in the condition, expected 'and', 'or' or "
			   "the end" },
	{ HEAD ABC "2 of a\n", "t.yml:14:14: quantity '2' in the condition, expected 1, any or "
			       "all before 'of'" },
	{ HEAD ABC "1 of z*\n", "t.yml:14:19: no identifier is selected by 'z*' in the condition, "
				"expected a pattern that selects one" },
	{ HEAD ABC "1 of\n", "t.yml:14:18: nothing stands behind 'of' in the condition, expected "
			     "'them', an identifier or a pattern" },
	{ HEAD ABC "a | count() > 5\n", "t.yml:14:16: an aggregation of Sigma 1 begins in the "
					"condition, expected a correlation rule instead" },
	{ HEAD ABC "{}\n", "t.yml:14:14: the condition is an empty map, expected text" },
};

static void refuse_all(const struct bad *bad, size_t n) {
	for (size_t i = 0; i < n; i++)
		CHECK(rule_refused(bad[i].text, bad[i].fault));
}

static void bad_yaml_is_refused_at_its_place(void) {
	refuse_all(bad_yaml, sizeof(bad_yaml) / sizeof(bad_yaml[0]));
}

static void bad_heads_are_refused_at_their_place(void) {
	refuse_all(bad_heads, sizeof(bad_heads) / sizeof(bad_heads[0]));
}

static void bad_items_are_refused_at_their_place(void) {
	refuse_all(bad_items, sizeof(bad_items) / sizeof(bad_items[0]));
}

static void bad_conditions_are_refused_at_their_place(void) {
	refuse_all(bad_conditions, sizeof(bad_conditions) / sizeof(bad_conditions[0]));
}

static void all_faults_of_a_rule_are_told_at_once(void) {
	CHECK(rule_refused(HEAD SEL "Usr: x\n    Imag: y" COND,
			   "t.yml:9:5: unknown field 'Usr', expected perhaps 'User'\n"
			   "t.yml:10:5: unknown field 'Imag', expected perhaps 'Image'"));
}

static void a_name_is_taken_once(void) {
	CHECK(rule_refused(HEAD "name: n\n" SEL "User: x" COND "---\ntitle: u\nname: n\n",
			   "t.yml:14:7: name 'n' is taken by t.yml:1, expected each name once"));
}

/* Without strict the others load, and what was refused is counted and said, with its id. */
static void one_bad_rule_is_refused_and_the_others_load(void) {
	static const char text[] = HEAD SEL "User|like: x" COND "---\ntitle: u\nid: " ID_B
					    "\nlogsource: {category: file_event}\n" SEL
					    "User: x" COND "---\ntitle: [\n";
	struct buf errors = { 0 };
	struct ruleset *rules = NULL;
	uint64_t hits;

	CHECK(ruleset_load_text("t.yml", text, sizeof(text) - 14, NULL, &errors, &rules) == 0);
	CHECK(rules && ruleset_count(rules) == 1 && ruleset_refused(rules) == 1);
	CHECK(rules && str_eq(ruleset_rule(rules, 0, &hits)->title, STR("u")));
	CHECK(str_eq((struct str){ errors.data, (uint32_t)errors.len },
		     STR("t.yml:9:10: modifier 'like' is unknown, expected one of Sigma 2.1.0 "
			 "(rule " ID_A ")\n")));
	ruleset_free(rules);
	rules = NULL;
	CHECK(ruleset_load_text("t.yml", text, strlen(text), NULL, &errors, &rules) == -22);
	CHECK(!rules); /* a file that is no YAML has no rules at all */
	buf_done(&errors);
}

static void one_bad_rule_fails_the_whole_load_when_asked(void) {
	CHECK(rule_refused(HEAD SEL "User: x" COND "---\ntitle: u\n",
			   "t.yml:12:1: no 'logsource', expected every document to have one"));
}

/* Nine anchors of nine aliases each: 9^9 nodes, if they were made. */
static void alias_bombs_are_refused(void) {
	char text[2048];
	size_t n = (size_t)snprintf(text, sizeof(text), "a0: &a0 [x,x,x,x,x,x,x,x,x]\n");

	for (int i = 1; i < 9; i++) {
		n += (size_t)snprintf(text + n, sizeof(text) - n, "a%d: &a%d [", i, i);
		for (int k = 0; k < 9; k++)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "*a%d,", i - 1);
		n += (size_t)snprintf(text + n, sizeof(text) - n, "]\n");
	}
	CHECK(rule_refused(text, "t.yml:5:30: the file has too many nodes, expected at most "
				 "50000"));
}

static void deep_nesting_is_refused(void) {
	char text[300] = "a: ";

	memset(text + 3, '[', 100);
	text[103] = '\0';
	CHECK(rule_refused(text, "t.yml:1:27: nested too deep, expected at most 24 levels"));
	memset(text, 0, sizeof(text));
	strcpy(text, HEAD "detection: {a: x, condition: ");
	memset(text + strlen(text), '(', 33);
	strcat(text, "}\n");
	CHECK(rule_refused(text,
			   "t.yml:7:62: nesting is too deep in the condition, expected at most "
			   "32 levels"));
}

static void huge_files_are_refused(void) {
	size_t n = 1024 * 1024 + 1;
	char *text = malloc(n);
	struct buf errors = { 0 };
	struct ruleset *rules = NULL;

	memset(text, ' ', n);
	CHECK(ruleset_load_text("t.yml", text, n, &rule_strict, &errors, &rules) == -22 && !rules);
	CHECK(str_starts((struct str){ errors.data, (uint32_t)errors.len },
			 STR("t.yml:1:1: the file has 1048577 bytes")));
	buf_done(&errors);
	free(text);
}

/* Every prefix of a rule is either refused or a rule; none is read past its end. */
static void truncation_at_every_length_is_survived(void) {
	static const char whole[] =
		HEAD SEL "CommandLine|re|i: 'a(b|c)'\n    Image: [x, '*y']" COND;

	for (size_t n = 0; n < sizeof(whole); n++) {
		char *text = malloc(n + 1);
		struct buf errors = { 0 };
		struct ruleset *rules = NULL;
		int err;

		memcpy(text, whole, n);
		err = ruleset_load_text("t.yml", text, n, &rule_strict, &errors, &rules);
		CHECK(err ? !rules && errors.len > 0 : rules && errors.len == 0);
		ruleset_free(rules);
		buf_done(&errors);
		free(text);
	}
}

/* A log source that is misspelled is one that nobody has; what it may have been meant to be. */
static void a_log_source_that_is_nearly_one_is_told_of_it(void) {
	static const char *const cases[][2] = {
		{ "{product: linx}", "of another product than linux; is it perhaps 'linux'" },
		{ "{product: linux, category: file_evnt}",
		  "a category that this sensor has no events for; is it perhaps 'file_event'" },
		{ "{product: linux, service: audtd}", "a service's own log, which this sensor does "
						      "not read; is it perhaps 'auditd'" },
		{ "{product: linux, service: auditd, category: process_creation}",
		  "a service and a category at once, of which this sensor has no events" },
		{ "{product: linux, service: sshd, category: x}",
		  "a service and a category at once, of which this sensor has no events" },
		{ "{product: windows}", "of another product than linux" },
		{ "{product: linux, category: webserver}",
		  "a category that this sensor has no events for" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[400], wanted[300];
		struct ruleset *rules;

		(void)snprintf(text, sizeof(text), "title: a\nid: " ID_A "\nlogsource: %s\n" SEL
			       "User: x" COND, cases[i][0]);
		(void)snprintf(wanted, sizeof(wanted),
			       "t.yml:1: 'a' is skipped: its log source is %s", cases[i][1]);
		rules = rule_load(text);
		if (!rules || strcmp(ruleset_skipped(rules, 0), wanted) != 0)
			printf("# %s\n", rules ? ruleset_skipped(rules, 0) : "refused");
		CHECK(rules && !strcmp(ruleset_skipped(rules, 0), wanted));
		ruleset_free(rules);
	}
}

static void rules_of_other_log_sources_are_skipped_and_say_why(void) {
	struct ruleset *rules =
		rule_load("title: a\nid: " ID_A "\nlogsource: {product: linux, service: apache}\n"
			  "detection: {s: {a: x}, condition: s}\n---\n"
			  "title: b\nid: " ID_B "\nlogsource: {category: registry_event}\n"
			  "detection: {s: {query: x}, condition: s}\n---\n"
			  "title: c\nid: 99999999-2222-4333-8444-555555555555\nstatus: deprecated\n"
			  "logsource: {product: linux}\ndetection: {s: [x], condition: s}\n");

	if (!rules)
		return;
	CHECK(ruleset_count(rules) == 0);
	CHECK(str_eq(
		str_of(ruleset_skipped(rules, 0)),
		STR("t.yml:1: 'a' is skipped: its log source is a service's own log, which this "
		    "sensor does not read")));
	CHECK(str_eq(
		str_of(ruleset_skipped(rules, 1)),
		STR("t.yml:6: 'b' is skipped: its log source is a category that this sensor has "
		    "no events for")));
	CHECK(str_eq(str_of(ruleset_skipped(rules, 2)),
		     STR("t.yml:11: 'c' is skipped: its status is deprecated")));
	CHECK(!ruleset_skipped(rules, 3));
	ruleset_free(rules);
}

static void folders_are_read_and_missing_ones_reported(void) {
	const char *const shipped[] = { "rules" }, *const none[] = { "rules/none.yml" };
	struct buf errors = { 0 };
	struct ruleset *rules = NULL;

	CHECK(ruleset_load(none, 1, NULL, &errors, &rules) == -2 && !rules);
	CHECK(str_eq((struct str){ errors.data, (uint32_t)errors.len },
		     STR("\"rules/none.yml\": No such file or directory\n")));
	buf_reset(&errors);
	CHECK(ruleset_load(shipped, 1, &rule_strict, &errors, &rules) == 0 && errors.len == 0);
	CHECK(rules && ruleset_count(rules) >= 14 && !ruleset_skipped(rules, 0));
	ruleset_free(rules);
	buf_done(&errors);
}

int main(void) {
	RUN(good_rules_are_taken);
	RUN(bad_yaml_is_refused_at_its_place);
	RUN(bad_heads_are_refused_at_their_place);
	RUN(bad_items_are_refused_at_their_place);
	RUN(bad_conditions_are_refused_at_their_place);
	RUN(all_faults_of_a_rule_are_told_at_once);
	RUN(a_name_is_taken_once);
	RUN(one_bad_rule_is_refused_and_the_others_load);
	RUN(one_bad_rule_fails_the_whole_load_when_asked);
	RUN(alias_bombs_are_refused);
	RUN(deep_nesting_is_refused);
	RUN(huge_files_are_refused);
	RUN(truncation_at_every_length_is_survived);
	RUN(a_log_source_that_is_nearly_one_is_told_of_it);
	RUN(rules_of_other_log_sources_are_skipped_and_say_why);
	RUN(folders_are_read_and_missing_ones_reported);
	DONE();
}
