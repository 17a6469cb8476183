/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The slow way against the fast one: every rule of a kind, evaluated in full,
 * must hold for just those events for which detect_event() says so.
 */
#include "detect/engine.h"
#include "detect_rule.h"

static uint32_t random_state = 12345;

static uint32_t random_below(uint32_t n) {
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % n;
}

/* A text of pieces that rules look for, and of pieces that nearly are. */
static struct str random_text(char *room, size_t size) {
	static const char *const pieces[] = {
		"/etc/",     "cron.d/",	    "/bin/",	     "sh",
		"bash",	     "/tmp/",	    "/dev/shm/",     "x",
		"shadow",    "/etc/passwd", ".ssh/",	     "authorized_keys",
		" -e ",	     "nc",	    "base64 ",	     " -d",
		"| sh",	     "/dev/tcp/",   ".service",	     "/usr/lib/systemd/system/",
		"/var/log/", "auth.log",    "nginx",	     "/home/a/",
		".bashrc",   "memfd:",	    "insmod",	     "modprobe ",
		"\xc3\xa9",  "A",	    "\xff",	     "",
		"bash -i",   ">&",	    ".bash_history",
	};
	uint32_t n = random_below(5);
	size_t len = 0;

	while (n--) {
		const char *piece = pieces[random_below(sizeof(pieces) / sizeof(pieces[0]))];

		len += (size_t)snprintf(room + len, size - len, "%s", piece);
	}
	return (struct str){ room, (uint32_t)len };
}

static void random_event(struct event *e, char room[8][128]) {
	static const enum field_id texts[] = {
		FIELD_PROCESS_EXECUTABLE, FIELD_PROCESS_COMMAND_LINE, FIELD_PARENT_EXECUTABLE,
		FIELD_FILE_PATH,	  FIELD_FILE_TARGET,	      FIELD_PROCESS_NAME,
		FIELD_PROCESS_TTY,	  FIELD_EXEC_INVOKED,
	};

	*e = event_of(random_below(WIRE_KIND_MAX));
	for (int i = 0; i < 8; i++) {
		struct str *at = (struct str *)field_at(e, texts[i]);

		*at = random_text(room[i], 128);
		if (random_below(4))
			event_mark(e, texts[i]);
	}
	EVENT_SET(e, EXEC_LINKS, exec.links, random_below(2));
	EVENT_SET(e, FILE_NEW_MODE, file.new_mode, random_below(4096));
	EVENT_SET(e, NET_INITIATED, net.initiated, random_below(2));
}

/* slow_hits - what detect_event() should have found, without probes and sieves */
static uint32_t slow_hits(struct ruleset *rules, struct event *e) {
	struct match *m = &rules->match;
	uint32_t hits = 0;

	m->epoch++;
	m->bucket = NO_BUCKET;
	m->e = e;
	m->arena = &rule_arena;
	for (size_t i = 0; i < rules->n_rules; i++)
		hits += event_kinds_has(&rules->rules[i]->kinds, e->kind) &&
			!rules->rules[i]->quiet && expr_holds(m, rules->rules[i]->expr);
	return hits;
}

/* fast_hits - without those of correlations, which know more than this event */
static uint32_t fast_hits(struct ruleset *rules, struct event *e) {
	uint32_t hits = 0;

	(void)rule_hits(rules, e);
	for (uint32_t i = 0; i < e->n_detections; i++)
		hits += !e->detections[i].evidence;
	return hits;
}

static void check_agreement(struct ruleset *rules, uint32_t rounds) {
	char room[8][128];
	uint32_t total = 0, wrong = 0;
	struct event e;

	for (uint32_t i = 0; i < rounds; i++) {
		uint32_t fast;

		random_event(&e, room);
		fast = fast_hits(rules, &e);
		wrong += fast != slow_hits(rules, &e);
		total += fast;
	}
	CHECK(wrong == 0);
	CHECK(total > 0);
}

static void screens_never_hide_a_hit_of_the_shipped_rules(void) {
	const char *const shipped[] = { "rules" };
	struct buf errors = { 0 };
	struct ruleset *rules = NULL;

	CHECK(ruleset_load(shipped, 1, &rule_strict, &errors, &rules) == 0);
	if (rules)
		check_agreement(rules, 50000);
	ruleset_free(rules);
	buf_done(&errors);
}

/* More probes than one sieve holds, values of every length, empty ones, and negations. */
static void screens_never_hide_a_hit_of_awkward_rules(void) {
	static const char *const items[] = {
		"TargetFilename|endswith: ['', x]",
		"TargetFilename: ['', /etc/passwd, /etc/*d]",
		"TargetFilename|startswith: /",
		"TargetFilename|neq: /etc/passwd",
		"TargetFilename: null",
		"TargetFilename|cased|endswith: [A, sh]",
		"TargetFilename|contains: ['', e]",
		"Image|endswith: [h, /sh]",
		"Image|startswith: /etc/\n    TargetFilename|contains|all: [e, a]",
		"TargetFilename|contains: '?a*b'",
		"TargetFilename|re: 'sh$'",
	};
	static char text[65536];
	size_t n = 0;
	struct ruleset *rules;

	for (int i = 0; i < 110; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
				      "---\ntitle: t%d\nid: 11111111-2222-4333-8444-%012d\n"
				      "logsource: {product: linux}\ndetection:\n  a:\n    %s\n"
				      "  b: {TargetFilename|endswith: '%d'}\n  condition: %s\n",
				      i, i, items[i % 11], i,
				      i < 55   ? "a or b"
				      : i < 77 ? "a and not b"
					       : "not a");
	rules = rule_load(text);
	if (rules)
		check_agreement(rules, 5000);
	ruleset_free(rules);
}

static void answers_stay_right_when_event_numbers_start_again(void) {
	struct ruleset *rules = rule_load(
		HEAD
		"detection:\n  s: {CommandLine|contains: abc}\n  t: {CommandLine|contains: abc}\n"
		"  condition: s and t\n");
	struct event e = event_of(WIRE_PROCESS_EXEC);

	if (!rules)
		return;
	EVENT_SET(&e, PROCESS_COMMAND_LINE, process.command_line, STR("xabcx"));
	CHECK(rule_hits(rules, &e) == 1);
	rules->match.epoch = MAX_EPOCH;
	e.process.command_line = STR("xabx");
	CHECK(rule_hits(rules, &e) == 0);
	CHECK(rules->match.epoch == 1);
	e.process.command_line = STR("xabcx");
	CHECK(rule_hits(rules, &e) == 1);
	ruleset_free(rules);
}

static size_t n_regexes(const struct ruleset *rules) {
	size_t n = 0;

	for (const struct predicate *p = rules->predicates; p; p = p->next)
		n += p->op == OP_REGEX;
	return n;
}

/* Two rules that ask a slow question ask it once; how it is read is part of the question. */
static void a_regex_of_two_rules_is_one_question(void) {
	struct ruleset *same =
		rule_load(HEAD "detection:\n  s: {CommandLine|re: 'a.c'}\n"
			       "  t: {CommandLine|re: 'a.c'}\n  condition: s and t\n");
	struct ruleset *others =
		rule_load(HEAD "detection:\n  s: {CommandLine|re: 'a.c'}\n"
			       "  t: {CommandLine|re|i: 'a.c'}\n  u: {Image|re: 'a.c'}\n"
			       "  condition: s and t and u\n");

	CHECK(same && n_regexes(same) == 1);
	CHECK(others && n_regexes(others) == 3);
	ruleset_free(same);
	ruleset_free(others);
}

int main(void) {
	RUN(screens_never_hide_a_hit_of_the_shipped_rules);
	RUN(screens_never_hide_a_hit_of_awkward_rules);
	RUN(answers_stay_right_when_event_numbers_start_again);
	RUN(a_regex_of_two_rules_is_one_question);
	DONE();
}
