/* SPDX-License-Identifier: Apache-2.0 */
/* What the keys that enrich gives to an event promise. */
#include "enrich_one.h"

/* told - the key of the process and of its parent, as one open tells them */
static void told(uint64_t boot_ns, const struct who *who, uint64_t *process, uint64_t *parent) {
	CHECK(sample_open(en, &e, boot_ns, who));
	*process = e.process_key;
	*parent = e.parent_key;
}

static void key_stays_until_what_is_told_of_a_process_changes(void) {
	struct who other = shell;
	uint64_t process, parent, keys[2];

	begin(100);
	told(20 * S, &shell, &process, &parent);
	CHECK(process && parent && process != parent && e.host_key == 0);
	told(21 * S, &shell, &keys[0], &keys[1]);
	CHECK(keys[0] == process && keys[1] == parent);
	other.uid = 7; /* setuid(2) */
	told(22 * S, &other, &keys[0], &keys[1]);
	CHECK(keys[0] && keys[0] != process && keys[1] == parent);
	process = keys[0];
	sample_user(en, 7, STR("mia"));
	told(23 * S, &other, &keys[0], &keys[1]);
	CHECK(keys[0] != process && is_text(e.process.user, "mia") && keys[1] != parent);
	process = keys[0];
	CHECK(sample_exec(en, &e, WIRE_PROCESS_EXEC, 24 * S, &other, "/bin/cat"));
	CHECK(!e.process_key && e.parent_key == keys[1]);
	told(24 * S, &other, &keys[0], &keys[1]);
	CHECK(keys[0] && keys[0] != process && is_text(e.process.name, "cat"));
	end();
}

/* Wherever the look of a process is kept, that of its parent is kept as well. */
static void process_and_parent_keep_their_keys_beside_each_other(void) {
	struct who other = shell;
	uint64_t process[2], parent[2];

	begin(100);
	for (uint32_t i = 0; i < 2000; i++) {
		other.uid = 2000 + i;
		for (uint32_t k = 0; k < 2; k++)
			told((20 + i) * S + k, &other, &process[k], &parent[k]);
		if (process[0] != process[1] || parent[0] != parent[1])
			break;
	}
	CHECK(process[0] == process[1] && parent[0] == parent[1]);
	end();
}

/* look - the key of what a process has in common with its like, as one open tells it */
static uint64_t look(uint64_t boot_ns, const struct who *who) {
	CHECK(sample_open(en, &e, boot_ns, who));
	return e.look_key;
}

static void child_looks_like_its_parent_until_it_runs_another_program(void) {
	struct who other = child, kids[2] = { child, child };
	uint64_t parent;

	kids[1].pid++;
	begin(100);
	parent = look(20 * S, &shell);
	for (int i = 0; i < 2; i++) {
		CHECK(sample_fork(en, &e, (21 + (uint64_t)i) * S, &kids[i], "bash"));
		CHECK(e.look_key == parent && e.process_key && e.process_key != parent);
	}
	other.uid = 7; /* setuid(2) */
	CHECK(look(23 * S, &other) && e.look_key != parent);
	CHECK(sample_exec(en, &e, WIRE_PROCESS_EXEC, 24 * S, &kids[1], "/bin/cat") && !e.look_key);
	CHECK(look(25 * S, &kids[1]) && e.look_key != parent);
	end();
}

static void what_has_no_key_is_what_is_told_only_now(void) {
	static const struct who stranger = { 7, 7 * S, 0, 0, 0 };

	begin(100);
	CHECK(sample_open(en, &e, 21 * S, &stranger) && !e.process_key && !e.parent_key);
	CHECK(sample_fork(en, &e, 20 * S, &child, "bash") && e.process_key && e.parent_key);
	CHECK(sample_exec(en, &e, WIRE_PROCESS_EXEC, 22 * S, &child, "/bin/cat"));
	/* the image before */
	CHECK(sample_open(en, &e, 21 * S, &child) && !e.process_key && e.parent_key);
	CHECK(is_text(e.process.name, "bash"));
	CHECK(sample_open(en, &e, 22 * S, &child) && e.process_key && e.parent_key);
	end();
}

/* One of some processes does something at random; half of them are each other's parents. */
static void do_anything(uint64_t now) {
	uint32_t pid = 1 + (uint32_t)rand() % 12;
	uint32_t uid = rand() % 20 ? pid % 3 : (uint32_t)rand() % 3;
	struct who w = { pid, pid * S, uid, pid / 2, pid / 2 * S };
	static const char *const paths[] = { "/bin/a", "/bin/b", "/usr/bin/a" };
	static const char *const names[] = { "ann", "bob", "" };

	switch (rand() % 12) {
	case 0:
		(void)sample_fork(en, &e, now, &w, rand() % 2 ? "a" : "x");
		break;
	case 1:
		(void)sample_exec(en, &e, WIRE_PROCESS_EXEC, now, &w, paths[rand() % 3]);
		break;
	case 2:
		(void)sample_exec(en, &e, WIRE_PROCESS_CENSUS, now, &w, paths[rand() % 3]);
		e.process_key = e.look_key = e.parent_key = 0; /* it is not for the world */
		break;
	case 3:
		if (rand() % 4 == 0)
			(void)sample_exit(en, &e, now, &w);
		break;
	case 4:
		sample_user(en, (uint32_t)rand() % 3, str_of(names[rand() % 3]));
		break;
	default:
		(void)sample_open(en, &e, now - (uint64_t)rand() % 3 * S, &w);
	}
}

static void put(char *to, size_t size, bool known, struct str x) {
	size_t n = strlen(to);

	(void)snprintf(to + n, size - n, "%.*s|", STR_FMT(known ? x : STR("?")));
}

static void say_process(char *to, size_t size) {
	(void)snprintf(to, size, "%u %llu %llu|", e.process.pid,
	               (unsigned long long)e.process.start_ns,
	               HAS(PROCESS_CGROUP_ID) ? (unsigned long long)e.process.cgroup_id : 0);
	put(to, size, HAS(PROCESS_ENTITY_ID), e.process.entity_id);
	put(to, size, HAS(PROCESS_NAME), e.process.name);
	put(to, size, HAS(PROCESS_EXECUTABLE), e.process.executable);
	put(to, size, HAS(PROCESS_USER), e.process.user);
}

/* say_look - what all that look alike have in common */
static void say_look(char *to, size_t size) {
	(void)snprintf(to, size, "%llu %llu|",
		       (unsigned long long)(e.has[0] & FIELD_BITS(process, 0)),
		       HAS(PROCESS_CGROUP_ID) ? (unsigned long long)e.process.cgroup_id : 0);
	put(to, size, HAS(PROCESS_NAME), e.process.name);
	put(to, size, HAS(PROCESS_EXECUTABLE), e.process.executable);
	put(to, size, HAS(PROCESS_USER), e.process.user);
}

static void say_parent(char *to, size_t size) {
	(void)snprintf(to, size, "%u %llu %d|", HAS(PARENT_PID) ? e.parent.pid : 0,
	               HAS(PARENT_START_NS) ? (unsigned long long)e.parent.start_ns : 0,
	               HAS(PARENT_UID) ? (int)e.parent.uid : -1);
	put(to, size, HAS(PARENT_ENTITY_ID), e.parent.entity_id);
	put(to, size, HAS(PARENT_NAME), e.parent.name);
	put(to, size, HAS(PARENT_EXECUTABLE), e.parent.executable);
	put(to, size, HAS(PARENT_USER), e.parent.user);
}

/* same_as_before - whether what @key stood for the first time is @now; @said: by key, 200 each */
static bool same_as_before(char (*said)[200], uint64_t key, const char *now) {
	if (!*said[key])
		(void)snprintf(said[key], 200, "%s", now);
	return !strcmp(said[key], now);
}

static void equal_keys_promise_equal_members(void) {
	enum { KEYS = 60000 };
	char(*said)[200] = calloc(KEYS, 200), (*parents)[200] = calloc(KEYS, 200);
	uint64_t first = event_new_key(), shared = 0, alike = 0;
	char now[200];

	begin(9); /* so that rows come and go */
	srand(1);
	for (uint64_t i = 0; i < 20000 && said && parents && !test_bad; i++) {
		e.process_key = e.look_key = e.parent_key = 0;
		do_anything((30 + i) * S / 20);
		CHECK(e.process_key < first + KEYS && e.parent_key < first + KEYS);
		if (e.process_key) {
			say_process(now, sizeof(now));
			shared += *said[e.process_key - first] != 0;
			CHECK(same_as_before(said, e.process_key - first, now));
		}
		if (e.look_key) {
			say_look(now, sizeof(now));
			alike += *said[e.look_key - first] != 0;
			CHECK(same_as_before(said, e.look_key - first, now));
		}
		/* a process without a parent has no member to promise */
		if (e.parent_key && HAS(PARENT_PID)) {
			say_parent(now, sizeof(now));
			CHECK(same_as_before(parents, e.parent_key - first, now));
		}
	}
	CHECK(shared > 1000 && alike > 1000);
	free(said);
	free(parents);
	end();
}

int main(void) {
	RUN(key_stays_until_what_is_told_of_a_process_changes);
	RUN(process_and_parent_keep_their_keys_beside_each_other);
	RUN(child_looks_like_its_parent_until_it_runs_another_program);
	RUN(what_has_no_key_is_what_is_told_only_now);
	RUN(equal_keys_promise_equal_members);
	DONE();
}
