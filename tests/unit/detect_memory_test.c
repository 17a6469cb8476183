/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that remember events of which they have nothing to say, against rules that do not. */
#include "detect/memory.h"

#include <stdlib.h>

#include "detect_rule.h"
#include "luck.h"

#define RULE(n, body) \
	"---\ntitle: r" #n "\nid: 0000000" #n "-2222-4333-8444-555555555555\n" \
	"logsource: {category: process_creation}\ndetection:\n" body "\n"

/* One for each way in which a rule gets at an event. */
static const char every_way[] = RULE(0, "  s: {Image|endswith: /sh}\n  condition: s")
	RULE(1, "  s: {ParentImage|endswith: /cron}\n  condition: s")
	RULE(2, "  s: {CommandLine|contains: secret}\n  f: {User: root}\n  condition: s and not f")
	RULE(3, "  s: {process.uid: 7, exec.memory: 'true'}\n  condition: s")
	RULE(4, "  s: {degraded: ARGS_CUT}\n  condition: s")
	RULE(5, "  s: {exec.args: '-x'}\n  condition: s")
	RULE(6, "  s: {CurrentDirectory|fieldref: exec.invoked}\n  condition: s")
	RULE(7, "  s: {lineage.names: nginx, container.id: null}\n  condition: s")
	RULE(8, "  s: [needle]\n  condition: s")
	RULE(9, "  s: {ParentCommandLine|re: 'a.*b$', process.start_ns: 5}\n  condition: s");

static const char *const texts[] = {
	"/bin/sh", "/usr/sbin/cron", "a secret", "a sacret", "root", "rooT", "", "-x",
	"needle in it", "nginx", "/srv", "a--b", "a--bc", "x", "the tail is the same 12345678",
	"the tail was the same 12345678",
};
#define N_TEXTS (sizeof(texts) / sizeof(texts[0]))

/* change - gives one field another value, or none; a key that spoke for it speaks no more */
static void change(struct event *e, struct str lists[][3]) {
	static const enum field_id ids[] = {
		FIELD_PROCESS_EXECUTABLE, FIELD_PROCESS_COMMAND_LINE, FIELD_PROCESS_CWD,
		FIELD_PROCESS_USER,	  FIELD_PROCESS_UID,	      FIELD_PROCESS_START_NS,
		FIELD_PROCESS_NAME,	  FIELD_PROCESS_TTY,	      FIELD_PARENT_EXECUTABLE,
		FIELD_PARENT_NAME,	  FIELD_PARENT_COMMAND_LINE,  FIELD_EXEC_ARGS,
		FIELD_EXEC_INVOKED,	  FIELD_EXEC_MEMORY,	      FIELD_CONTAINER_ID,
		FIELD_LINEAGE_NAMES,	  FIELD_DEGRADED,
	};
	uint32_t i = luck(sizeof(ids) / sizeof(ids[0]));
	enum field_id id = ids[i];
	void *at = (char *)e + fields[id].offset;

	e->parent_key = e->lineage_key = e->container_key = e->exec_key = 0;
	event_unmark(e, id);
	if (id == FIELD_DEGRADED)
		e->degraded = luck(2) ? 1ull << luck(3) : 0;
	if (id == FIELD_DEGRADED || luck(4) == 0)
		return;
	event_mark(e, id);
	if (fields[id].type == FIELD_STR)
		*(struct str *)at = str_of(texts[luck(N_TEXTS)]);
	else if (fields[id].type == FIELD_U32)
		*(uint32_t *)at = luck(8);
	else if (fields[id].type == FIELD_FIXED64)
		*(uint64_t *)at = luck(8);
	else if (fields[id].type == FIELD_BOOL)
		*(bool *)at = luck(2);
	if (fields[id].type != FIELD_STRV)
		return;
	*(struct strv *)at = (struct strv){ lists[i], luck(4) };
	for (uint32_t k = 0; k < 3; k++)
		lists[i][k] = str_of(texts[luck(N_TEXTS)]);
}

static uint64_t evaluations(const struct ruleset *rules) {
	struct rule_info info;
	uint64_t sum = 0;

	for (size_t i = 0; !ruleset_info(rules, i, &info); i++)
		sum += info.evaluations;
	return sum;
}

/* found - the titles of what was found, as a set of bits */
static uint32_t found(struct ruleset *rules, struct event *e) {
	uint32_t bits = 0, n = rule_hits(rules, e);

	for (uint32_t i = 0; i < n; i++)
		bits |= 1u << (e->detections[i].title.s[1] - '0');
	return bits;
}

static void what_is_found_is_what_is_found_without_it(void) {
	struct ruleset *plain = rule_load(every_way), *rules = rule_load(every_way);
	struct str lists[17][3];
	struct event e = event_of(WIRE_PROCESS_EXEC);
	uint32_t seen = 0, wrong = 0;

	CHECK(!ruleset_remember(rules));
	for (int i = 0; i < 60000; i++) {
		uint32_t bits;

		if (luck(2))
			change(&e, lists);
		if (i % 50 == 0)
			e = event_of(WIRE_PROCESS_EXEC);
		bits = found(plain, &e);
		wrong += bits != found(rules, &e);
		seen |= bits;
	}
	CHECK(wrong == 0);
	CHECK(seen == 0x3ff);
	CHECK(evaluations(rules) < evaluations(plain) * 3 / 4);
	ruleset_free(plain);
	ruleset_free(rules);
}

static const char one[] = RULE(1, "  s: {CommandLine|contains: secret, ParentImage|re: x}\n"
				  "  t: {CommandLine: z}\n  condition: s or t");

static void an_event_is_asked_about_once_and_one_that_holds_each_time(void) {
	struct ruleset *rules = rule_load(one);
	struct event e = event_of(WIRE_PROCESS_EXEC);
	uint64_t before;

	CHECK(!ruleset_remember(rules));
	EVENT_SET(&e, PROCESS_COMMAND_LINE, process.command_line, STR("no secret"));
	EVENT_SET(&e, PARENT_EXECUTABLE, parent.executable, STR("/y"));
	e.parent_key = 1;
	for (int i = 0; i < 3; i++)
		CHECK(rule_hits(rules, &e) == 0);
	CHECK(evaluations(rules) == 1);
	/* its parent is another, and then the same again by its key alone */
	e.parent.executable = STR("/x");
	e.parent_key = 2;
	for (int i = 0; i < 3; i++)
		CHECK(rule_hits(rules, &e) == 1);
	CHECK(evaluations(rules) == 4);
	e.parent.executable = STR("/y");
	e.parent_key = 3;
	before = evaluations(rules);
	CHECK(rule_hits(rules, &e) == 0 && evaluations(rules) == before);
	ruleset_free(rules);
}

static void an_exec_is_known_by_its_key_or_by_what_it_says(void) {
	struct ruleset *rules = rule_load(one);
	struct event e = event_of(WIRE_PROCESS_EXEC);

	CHECK(!ruleset_remember(rules));
	EVENT_SET(&e, PROCESS_COMMAND_LINE, process.command_line, STR("no secret"));
	EVENT_SET(&e, PROCESS_CWD, process.cwd, STR("/"));
	e.exec_key = 5;
	CHECK(rule_hits(rules, &e) == 0 && rule_hits(rules, &e) == 0);
	/* another key for what no rule asks for */
	e.process.cwd = STR("/srv");
	e.exec_key = 6;
	CHECK(rule_hits(rules, &e) == 0 && rule_hits(rules, &e) == 0);
	e.exec_key = 0;
	CHECK(rule_hits(rules, &e) == 0 && evaluations(rules) == 1);
	e.process.command_line = STR("z");
	e.exec_key = 7;
	CHECK(rule_hits(rules, &e) == 1 && rule_hits(rules, &e) == 1);
	ruleset_free(rules);
}

static const char own[] = RULE(1, "  s: {CommandLine: z, process.pid: 7}\n  condition: s");

static void a_twin_is_known_by_its_key(void) {
	struct ruleset *rules = rule_load(one), *pids = rule_load(own);
	struct event e = event_of(WIRE_PROCESS_EXEC);

	CHECK(!ruleset_remember(rules) && !ruleset_remember(pids));
	EVENT_SET(&e, PROCESS_COMMAND_LINE, process.command_line, STR("no secret"));
	e.twin_key = 64 + 5;
	CHECK(!detect_nothing(rules, &e) && rule_hits(rules, &e) == 0);
	CHECK(detect_nothing(rules, &e));
	e.twin_key = 64 + 6;
	CHECK(!detect_nothing(rules, &e) && rule_hits(rules, &e) == 0); /* as it says the same */
	CHECK(detect_nothing(rules, &e) && evaluations(rules) == 1);
	e.twin_key = 64 + 5;
	CHECK(detect_nothing(rules, &e));
	e.twin_key = 128 + 5; /* takes its place */
	CHECK(!detect_nothing(rules, &e) && rule_hits(rules, &e) == 0 && detect_nothing(rules, &e));
	/* what holds is asked about each time */
	e.process.command_line = STR("z");
	e.twin_key = 7;
	CHECK(rule_hits(rules, &e) == 1 && !detect_nothing(rules, &e) && rule_hits(rules, &e) == 1);
	/* a rule may say something from now on */
	e.twin_key = 64 + 6;
	ruleset_arm(rules, 0, 0);
	ruleset_arm(rules, 0, 1);
	CHECK(!detect_nothing(rules, &e));
	/* twins differ in what this one asks for */
	EVENT_SET(&e, PROCESS_PID, process.pid, 8);
	CHECK(rule_hits(pids, &e) == 0 && !detect_nothing(pids, &e));
	e.process.pid = 7;
	CHECK(rule_hits(pids, &e) == 1);
	/* nobody asks for births, but of what has no twin nothing is known */
	e.kind = WIRE_PROCESS_FORK;
	CHECK(detect_nothing(rules, &e));
	e.twin_key = 0;
	CHECK(!detect_nothing(rules, &e));
	ruleset_free(rules);
	ruleset_free(pids);
}

static void long_events_are_asked_about_each_time(void) {
	struct ruleset *rules = rule_load(one);
	struct event e = event_of(WIRE_PROCESS_EXEC);
	char line[MEMORY_BYTES + 8];

	CHECK(!ruleset_remember(rules));
	memset(line, 's', sizeof(line));
	memcpy(line, "secret", 6);
	for (uint32_t n = MEMORY_BYTES - 40; n <= sizeof(line); n++) {
		struct str text = { line, n };

		EVENT_SET(&e, PROCESS_COMMAND_LINE, process.command_line, text);
		CHECK(rule_hits(rules, &e) == 0 && rule_hits(rules, &e) == 0);
	}
	CHECK(evaluations(rules) > 48 && evaluations(rules) < 2 * 48);
	ruleset_free(rules);
}

static void what_never_comes_again_is_soon_left_alone(void) {
	struct ruleset *rules = rule_load(one);
	struct event e = event_of(WIRE_PROCESS_EXEC);
	uint64_t before;
	char line[32];

	CHECK(!ruleset_remember(rules));
	for (int i = 0; i < 300; i++) {
		(void)snprintf(line, sizeof(line), "secret %d", i);
		EVENT_SET(&e, PROCESS_COMMAND_LINE, process.command_line, str_of(line));
		CHECK(rule_hits(rules, &e) == 0);
	}
	before = evaluations(rules);
	CHECK(rule_hits(rules, &e) == 0 && rule_hits(rules, &e) == 0);
	CHECK(evaluations(rules) == before + 2);
	for (int i = 0; i < 5000; i++) /* and tried again later */
		CHECK(rule_hits(rules, &e) == 0);
	before = evaluations(rules);
	CHECK(rule_hits(rules, &e) == 0 && evaluations(rules) == before);
	ruleset_free(rules);
}

static void a_rule_that_is_armed_again_finds_what_it_was_not_asked_about(void) {
	struct ruleset *rules = rule_load(one);
	struct event e = event_of(WIRE_PROCESS_EXEC);

	CHECK(!ruleset_remember(rules));
	EVENT_SET(&e, PROCESS_COMMAND_LINE, process.command_line, STR("z"));
	ruleset_arm(rules, 0, 0);
	CHECK(rule_hits(rules, &e) == 0 && rule_hits(rules, &e) == 0);
	ruleset_arm(rules, 0, 1);
	CHECK(rule_hits(rules, &e) == 1);
	ruleset_free(rules);
}

int main(void) {
	RUN(what_is_found_is_what_is_found_without_it);
	RUN(an_event_is_asked_about_once_and_one_that_holds_each_time);
	RUN(an_exec_is_known_by_its_key_or_by_what_it_says);
	RUN(a_twin_is_known_by_its_key);
	RUN(long_events_are_asked_about_each_time);
	RUN(a_rule_that_is_armed_again_finds_what_it_was_not_asked_about);
	RUN(what_never_comes_again_is_soon_left_alone);
	DONE();
}
