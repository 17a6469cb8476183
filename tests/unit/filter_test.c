/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "encode/encode.h"
#include "encode_random.h"
#include "filter/filter.h"
#include "test.h"

#define S 1000000000ull

static struct arena arena;

static struct filter *filter(const char *key, const char *value) {
	const char *why = "";
	struct filter *f;

	CHECK(filter_new(false, &f) == 0);
	if (key && filter_set(f, key, value, &why)) {
		printf("# %s=%s: %s\n", key, value, why);
		CHECK(false);
	}
	return f;
}

static struct event event(uint32_t kind) {
	struct event e;

	memset(&e, 0, sizeof(e));
	EVENT_SET(&e, KIND, kind, kind);
	EVENT_SET(&e, PROCESS_USER, process.user, STR("alice"));
	EVENT_SET(&e, PROCESS_COMMAND_LINE, process.command_line, STR("x --password y"));
	EVENT_SET(&e, PARENT_COMMAND_LINE, parent.command_line, STR("x --token y"));
	e.host_key = e.process_key = e.look_key = e.parent_key = 7;
	e.container_key = e.lineage_key = e.exec_key = e.twin_key = 7;
	return e;
}

static bool has_keys(const struct event *e) {
	return e->host_key || e->process_key || e->look_key || e->parent_key || e->container_key ||
	       e->lineage_key || e->exec_key || e->twin_key;
}

static bool passes(struct filter *f, struct event e) {
	return filter_event(f, &arena, 0, &e) == FILTER_SENT;
}

static void kinds_are_chosen_and_left_out(void) {
	struct filter *f = filter("kinds", "exec,NET_CONNECT");
	const char *why;

	CHECK(passes(f, event(WIRE_PROCESS_EXEC)) && passes(f, event(WIRE_NET_CONNECT)));
	CHECK(!passes(f, event(WIRE_FILE_OPEN)));
	CHECK(filter_set(f, "not_kinds", "connect", &why) == 0);
	CHECK(!passes(f, event(WIRE_NET_CONNECT)) && passes(f, event(WIRE_PROCESS_EXEC)));
	CHECK(filter_set(f, "kinds", "conect", &why) == -EINVAL);
	CHECK(!strcmp(why, "\"conect\" is no kind of event; did you mean \"connect\"?"));
	CHECK(filter_set(f, "kinds", "zzzzzz", &why) == -EINVAL);
	CHECK(!strcmp(why, "\"zzzzzz\" is no kind of event"));
	CHECK(!filter_omits(f, FIELD_KIND) && !filter_set(f, "omit", "kind", &why));
	CHECK(filter_omits(f, FIELD_KIND) && !filter_omits(f, FIELD_ID));
	CHECK(filter_set(f, "omit", "process.command_lin", &why) == -EINVAL);
	CHECK(strstr(why, "is no field of an event; did you mean \"process.command_line\"?"));
	CHECK(filter_set(f, "colour", "red", &why) == -ENOENT);
	filter_free(f);
}

static void severity_and_level_are_two_things(void) {
	struct detection d[] = { { .level = LEVEL_LOW }, { .level = LEVEL_HIGH } };
	struct filter *f = filter("severity", "medium");
	struct event e = event(WIRE_FILE_OPEN);
	const char *why;

	CHECK(!passes(f, e));
	e.detections = d;
	e.n_detections = 1;
	CHECK(!passes(f, e));
	e.n_detections = 2;
	CHECK(passes(f, e));
	CHECK(filter_set(f, "severity", "informational", &why) == 0);
	CHECK(filter_set(f, "level", "high", &why) == 0);
	CHECK(filter_event(f, &arena, 0, &e) == FILTER_SENT);
	CHECK(e.n_detections == 1 && e.detections[0].level == LEVEL_HIGH);
	CHECK(d[0].level == LEVEL_LOW);
	CHECK(filter_set(f, "only", "detections", &why) == 0);
	e.detections = d;
	e.n_detections = 1;
	CHECK(!passes(f, e)); /* its only detection is below the level */
	CHECK(filter_set(f, "level", "loud", &why) == -EINVAL);
	filter_free(f);
}

static void fields_are_left_out_hashed_and_masked(void) {
	struct filter *f = filter("omit", "process.command_line,parent"), *g;
	struct event e = event(WIRE_PROCESS_EXEC);
	struct str first;
	const char *why;

	CHECK(filter_set(f, "hash", "process.user", &why) == 0);
	CHECK(filter_set(f, "hash_key", "k", &why) == 0);
	CHECK(filter_event(f, &arena, 0, &e) == FILTER_SENT);
	CHECK(!event_has(&e, FIELD_PROCESS_COMMAND_LINE));
	CHECK(!event_has(&e, FIELD_PARENT_COMMAND_LINE) && !has_keys(&e));
	CHECK(e.process.user.n == 35 && str_starts(e.process.user, STR("b2:")));
	first = e.process.user;
	g = filter("hash", "process.user");
	e = event(WIRE_PROCESS_EXEC);
	CHECK(filter_event(g, &arena, 0, &e) == FILTER_SENT);
	CHECK(!str_eq(e.process.user, first)); /* a key of its own */
	CHECK(filter_set(g, "hash_key", "k", &why) == 0);
	e = event(WIRE_PROCESS_EXEC);
	CHECK(filter_event(g, &arena, 0, &e) == FILTER_SENT && str_eq(e.process.user, first));
	CHECK(filter_set(g, "mask", "process.user", &why) == 0);
	e = event(WIRE_PROCESS_EXEC);
	CHECK(filter_event(g, &arena, 0, &e) == FILTER_SENT);
	CHECK(str_eq(e.process.user, STR("****")));
	CHECK(filter_set(g, "mask", "process.pid", &why) == -EINVAL && strstr(why, "no text"));
	CHECK(filter_set(g, "omit", "process.color", &why) == -EINVAL);
	filter_free(f);
	filter_free(g);
}

static void secrets_are_masked_only_where_told(void) {
	struct event e = event(WIRE_PROCESS_EXEC);
	struct filter *f;
	const char *why;

	CHECK(filter_new(true, &f) == 0);
	CHECK(filter_event(f, &arena, 0, &e) == FILTER_SENT);
	CHECK(str_eq(e.process.command_line, STR("x --password ****")));
	CHECK(str_eq(e.parent.command_line, STR("x --token ****")));
	CHECK(!has_keys(&e));
	CHECK(filter_set(f, "secrets", "token", &why) == 0);
	e = event(WIRE_PROCESS_EXEC);
	CHECK(filter_event(f, &arena, 0, &e) == FILTER_SENT);
	CHECK(str_eq(e.process.command_line, STR("x --password y")));
	CHECK(str_eq(e.parent.command_line, STR("x --token ****")));
	CHECK(filter_set(f, "secrets", "no", &why) == 0);
	e = event(WIRE_PROCESS_EXEC);
	CHECK(filter_event(f, &arena, 0, &e) == FILTER_SENT && e.process_key == 7);
	CHECK(str_eq(e.parent.command_line, STR("x --token y")));
	CHECK(filter_set(f, "secrets", "to ken", &why) == -EINVAL);
	filter_free(f);
}

static void secrets_in_lines_of_logs_and_in_groups_are_masked(void) {
	struct str group[] = { STR("CommandLine=mysql -ppw db"), STR("User=me") };
	struct detection d = { .level = LEVEL_LOW, .group = { group, 2 } };
	struct event e = event(WIRE_PROCESS_EXEC);
	struct filter *f;

	CHECK(filter_new(true, &f) == 0);
	EVENT_SET(&e, LOG_TEXT, log.text, STR("me : USER=root ; COMMAND=/usr/bin/mysql -ppw db"));
	CHECK(filter_event(f, &arena, 0, &e) == FILTER_SENT);
	CHECK(str_eq(e.log.text, STR("me : USER=root ; COMMAND=/usr/bin/mysql -p**** db")));
	e.detections = &d;
	e.n_detections = 1;
	CHECK(filter_event(f, &arena, 0, &e) == FILTER_SENT);
	CHECK(e.n_detections == 1 && e.detections[0].group.n == 2 && e.detections != &d);
	CHECK(str_eq(e.detections[0].group.v[0], STR("CommandLine=mysql -p**** db")));
	CHECK(str_eq(e.detections[0].group.v[1], STR("User=me")));
	EVENT_SET(&e, LOG_TEXT, log.text, STR("Failed password for root from ::1 port 22 ssh2"));
	CHECK(filter_event(f, &arena, 0, &e) == FILTER_SENT);
	CHECK(str_eq(e.log.text, STR("Failed password for root from ::1 port 22 ssh2")));
	filter_free(f);
}

static void the_cap_leaves_out_what_is_past_the_rate(void) {
	struct filter *f = filter("max_rate", "10");
	struct event e = event(WIRE_FILE_OPEN), exec = event(WIRE_PROCESS_EXEC);
	struct detection d = { .level = LEVEL_LOW };
	unsigned sent = 0;

	for (int i = 0; i < 100; i++)
		sent += filter_event(f, &arena, S, &e) == FILTER_SENT;
	CHECK(sent == 10);
	CHECK(filter_event(f, &arena, S, &exec) == FILTER_CAPPED);
	e.detections = &d;
	e.n_detections = 1;
	CHECK(filter_event(f, &arena, S, &e) == FILTER_SENT);
	e.n_detections = 0;
	CHECK(filter_event(f, &arena, S + S / 10, &e) == FILTER_SENT); /* a tenth's worth: one */
	CHECK(filter_event(f, &arena, S + S / 10, &e) == FILTER_CAPPED);
	CHECK(filter_event(f, &arena, S / 2, &e) == FILTER_CAPPED); /* a clock that went back */
	filter_free(f);
}

static void random_events_come_through_whole(void) {
	struct filter *f;
	struct buf b = { 0 };
	const char *why;

	CHECK(filter_new(true, &f) == 0);
	CHECK(filter_set(f, "hash", "exec.args,file.path", &why) == 0);
	CHECK(filter_set(f, "omit", "degraded,net", &why) == 0);
	for (int i = 0; i < 500 && !test_bad; i++) {
		struct event e;

		arena_reset(&arena);
		random_event(&arena, i % 10 == 0, &e);
		CHECK(filter_event(f, &arena, (uint64_t)i, &e) == FILTER_SENT);
		buf_reset(&b);
		encode_json(&b, &e);
		CHECK(b.len && !memmem(b.data, b.len, "\"net\":", 6));
	}
	buf_done(&b);
	filter_free(f);
}

int main(void) {
	if (encode_setup() < 0)
		return 1;
	arena_init(&arena, 64 << 20);
	RUN(kinds_are_chosen_and_left_out);
	RUN(severity_and_level_are_two_things);
	RUN(fields_are_left_out_hashed_and_masked);
	RUN(secrets_are_masked_only_where_told);
	RUN(secrets_in_lines_of_logs_and_in_groups_are_masked);
	RUN(the_cap_leaves_out_what_is_past_the_rate);
	RUN(random_events_come_through_whole);
	arena_done(&arena);
	DONE();
}
