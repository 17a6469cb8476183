/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "enrich/facts.h"
#include "enrich/hex.h"
#include "enrich/names.h"
#include "enrich/proctab.h"
#include "enrich/socktab.h"
#include "enrich_sample.h"
#include "test.h"

static const struct who mia = { 100, 10 * S, 1000, 0, 0 };

static struct enrich *en;
static struct event e;

#define HAS(id) event_has(&e, FIELD_##id)

static void begin(void) {
	sample_seq = 0;
	if (enrich_new(100, &en) < 0)
		exit(2);
}

static void end(void) {
	enrich_free(en);
	en = NULL;
}

static bool start(const char *host_id, const char *boot_id, uint64_t boot_ns, uint64_t offset) {
	sample_event(&e, WIRE_HOST_START, boot_ns, NULL);
	EVENT_SET_STR(&e, HOST_ID, host_id, str_of(host_id));
	EVENT_SET_STR(&e, BOOT_ID, boot_id, str_of(boot_id));
	EVENT_SET_STR(&e, HOST_NAME, host_name, STR("nest"));
	EVENT_SET(&e, CPU, cpu, 65535);
	e.wall_offset_ns = offset;
	return enrich_event(en, NULL, &e);
}

/* net_event - one of a socket; nobody's, without @who */
static bool net_event(uint32_t kind, uint64_t boot_ns, uint64_t cookie, const struct who *who) {
	sample_event(&e, kind, boot_ns, who);
	if (who)
		EVENT_SET(&e, NET_SOCKET_INODE, net.socket_inode, 777);
	e.socket_cookie = cookie;
	e.ownerless = !who;
	return enrich_event(en, NULL, &e);
}

static void every_event_carries_host_time_and_schema(void) {
	begin();
	CHECK(start("h", "b", 9 * S, 1000 * S));
	CHECK(e.seq == 1 && e.schema == EVENT_SCHEMA && e.time_ns == 1009 * S);
	CHECK(!HAS(PROCESS_ENTITY_ID) && !e.degraded);
	CHECK(sample_open(en, &e, 11 * S, &mia));
	CHECK(is_text(e.host_id, "h") && is_text(e.boot_id, "b") && is_text(e.host_name, "nest"));
	CHECK(HAS(SCHEMA) && HAS(SEQ) && e.seq == 2 && e.time_ns == 1011 * S);
	end();
}

static void wall_clock_that_was_set_counts_from_there(void) {
	begin();
	CHECK(sample_open(en, &e, 11 * S, &mia) && !HAS(TIME_NS) && !HAS(HOST_ID));
	CHECK(start("h", "b", 9 * S, 1000 * S));
	sample_event(&e, WIRE_HOST_CLOCK, 12 * S, NULL);
	e.wall_offset_ns = 5 * S;
	CHECK(!enrich_event(en, NULL, &e));
	CHECK(sample_open(en, &e, 13 * S, &mia) && e.time_ns == 18 * S);
	CHECK(e.seq == 2); /* the clock was not for the world, so there is no hole */
	end();
}

static void ids_differ_by_run_cpu_and_number_and_come_again_in_a_replay(void) {
	char first[64] = "", other[64] = "";

	for (int run = 0; run < 4; run++) {
		begin();
		CHECK(start(run == 1 ? "h2" : "h", run == 2 ? "b2" : "b", run == 3 ? 8 * S : 9 * S,
		            0));
		CHECK(sample_open(en, &e, 11 * S, &mia));
		CHECK(e.id.n == 16 + 4 && !memcmp(e.id.s + 16, "-1-1", 4));
		(void)snprintf(other, sizeof(other), "%.*s", STR_FMT(e.id));
		CHECK(run == 0 || strcmp(first, other) != 0);
		if (run == 0)
			memcpy(first, other, sizeof(first));
		end();
	}
	begin();
	CHECK(start("h", "b", 9 * S, 0));
	CHECK(e.id.n == 16 + 7 && !memcmp(e.id.s + 16, "-ffff-0", 7));
	CHECK(sample_open(en, &e, 11 * S, &mia) && is_text(e.id, first));
	end();
}

static void id_has_room_for_the_largest_numbers(void) {
	struct facts f;
	char before[16];
	struct str id;

	facts_init(&f);
	id = facts_id(&f, UINT32_MAX, UINT64_MAX);
	CHECK(id.n == FACTS_ID_BYTES && !memcmp(id.s + 16, "-ffffffff-ffffffffffffffff", 26));
	/* a shorter one after it, of the same CPU, of another, and of another run */
	id = facts_id(&f, UINT32_MAX, 7);
	CHECK(id.n == 16 + 11 && !memcmp(id.s + 16, "-ffffffff-7", 11));
	id = facts_id(&f, 0, 16);
	CHECK(id.n == 16 + 5 && !memcmp(id.s + 16, "-0-10", 5));
	memcpy(before, id.s, 16);
	facts_start(&f, STR("h"), STR("b"), STR("n"), 1);
	id = facts_id(&f, 0, 16);
	CHECK(id.n == 16 + 5 && memcmp(id.s, before, 16) != 0);
}

static void ids_in_a_row_are_as_ones_that_are_not(void) {
	struct facts row, alone;
	uint64_t n = 0;

	facts_init(&row);
	facts_init(&alone);
	for (; n < 70000; n++) {
		struct str id = facts_id(&row, 3, n), other;

		facts_begin_id(&alone, 3);
		alone.id_begin = 0;
		other = facts_id(&alone, 3, n);
		if (!str_eq(id, other))
			break;
	}
	CHECK(n == 70000);
}

static void facts_that_are_too_long_are_cut_between_characters(void) {
	static char long_name[FACTS_TEXT_BYTES + 9];
	struct facts f;

	for (size_t i = 0; i + 1 < sizeof(long_name); i += 2)
		memcpy(long_name + i, "\xc3\xa9", 2);
	facts_init(&f);
	facts_start(&f, (struct str){ long_name, sizeof(long_name) - 1 }, STR("b"),
	            (struct str){ long_name + 1, sizeof(long_name) - 2 }, 1);
	CHECK(f.host_id.n == FACTS_TEXT_BYTES && f.host_name.n == FACTS_TEXT_BYTES - 1);
	CHECK(is_text(f.boot_id, "b"));
}

static void run_starts_its_sequence_anew(void) {
	begin();
	CHECK(start("h", "b", 9 * S, 0) && sample_open(en, &e, 11 * S, &mia) && e.seq == 2);
	CHECK(start("h", "b", 12 * S, 0) && e.seq == 1);
	end();
}

static void user_has_the_name_the_host_gave(void) {
	begin();
	sample_user(en, 1000, STR("mia"));
	sample_user(en, 0, STR("root"));
	CHECK(sample_open(en, &e, 11 * S, &mia) && is_text(e.process.user, "mia"));
	CHECK(!degraded(&e, DEGRADED_USER_UNKNOWN));
	sample_user(en, 1000, STR("maria"));
	CHECK(sample_open(en, &e, 11 * S, &mia) && is_text(e.process.user, "maria"));
	sample_user(en, 1000, (struct str){ 0 });
	CHECK(sample_open(en, &e, 11 * S, &mia) && !HAS(PROCESS_USER));
	CHECK(degraded(&e, DEGRADED_USER_UNKNOWN));
	end();
}

static void parent_has_its_own_user(void) {
	static const struct who child = { 101, 12 * S, 1000, 7, 5 * S };
	static const struct who root = { 7, 5 * S, 0, 0, 0 };

	begin();
	sample_user(en, 1000, STR("mia"));
	CHECK(!sample_exec(en, &e, WIRE_PROCESS_CENSUS, 6 * S, &root, "/usr/sbin/sshd"));
	CHECK(sample_fork(en, &e, 12 * S, &child, "sshd"));
	CHECK(is_text(e.process.user, "mia") && !HAS(PARENT_USER) && HAS(PARENT_UID));
	CHECK(e.parent.uid == 0 && degraded(&e, DEGRADED_USER_UNKNOWN));
	sample_user(en, 0, STR("root"));
	CHECK(sample_open(en, &e, 13 * S, &child) && is_text(e.parent.user, "root"));
	CHECK(!degraded(&e, DEGRADED_USER_UNKNOWN));
	end();
}

static void names_are_found_among_many_and_bounded(void) {
	static const char long_name[NAMES_MAX_BYTES + 1] = "x";
	struct names t = { 0 };
	char name[32];
	int error = 0;

	CHECK(!names_get(&t, 5).s);
	CHECK(names_put(&t, 5, (struct str){ 0 }) == 0 && !names_get(&t, 5).s);
	for (uint32_t i = 0; i < NAMES_MAX + 10 && !error; i++) {
		(void)snprintf(name, sizeof(name), "u%u", i);
		error = names_put(&t, i * 64, str_of(name));
	}
	CHECK(error == -ENOSPC && t.used == NAMES_MAX);
	for (uint32_t i = 0; i < NAMES_MAX; i += 101) {
		(void)snprintf(name, sizeof(name), "u%u", i);
		CHECK(is_text(names_get(&t, i * 64), name) && !names_get(&t, i * 64 + 1).s);
	}
	CHECK(names_put(&t, 64, STR("again")) == 0 && is_text(names_get(&t, 64), "again"));
	CHECK(names_put(&t, 64, (struct str){ long_name, sizeof(long_name) }) == -ENOSPC);
	CHECK(is_text(names_get(&t, 64), "again"));
	names_done(&t);
}

static void close_that_is_nobodys_finds_who_accepted(void) {
	begin();
	CHECK(sample_exec(en, &e, WIRE_PROCESS_EXEC, 10 * S, &mia, "/usr/sbin/sshd"));
	CHECK(net_event(WIRE_NET_ACCEPT, 11 * S, 5, &mia) && !HAS(NET_DURATION_NS));
	CHECK(net_event(WIRE_NET_CLOSE, 11 * S + 40, 5, NULL));
	CHECK(e.process.pid == 100 && e.process.tid == 100 && e.process.start_ns == 10 * S);
	CHECK(e.process.uid == 1000 && HAS(PROCESS_GID) && HAS(PROCESS_EUID));
	CHECK(is_text(e.process.executable, "/usr/sbin/sshd") && e.net.duration_ns == 40);
	CHECK(HAS(NET_DURATION_NS) && e.net.socket_inode == 777);
	CHECK(!degraded(&e, DEGRADED_OWNER_UNKNOWN) && !degraded(&e, DEGRADED_PROCESS_UNKNOWN));
	end();
}

static void close_of_what_was_not_accepted_is_not_told(void) {
	begin();
	CHECK(!net_event(WIRE_NET_CLOSE, 11 * S, 5, NULL));
	CHECK(net_event(WIRE_NET_ACCEPT, 11 * S, 5, &mia) && e.seq == 1);
	CHECK(net_event(WIRE_NET_CLOSE, 12 * S, 5, NULL));
	CHECK(!net_event(WIRE_NET_CLOSE, 13 * S, 5, NULL)); /* it was told */
	end();
}

static void close_of_a_socket_that_was_forgotten_is_nobodys_and_told(void) {
	begin();
	for (uint64_t i = 1; i <= SOCKTAB_WAYS + 2; i++)
		CHECK(net_event(WIRE_NET_ACCEPT, (10 + i) * S, i * SOCKTAB_SETS, &mia));
	for (uint64_t i = 1; i <= SOCKTAB_WAYS + 2; i++) {
		CHECK(net_event(WIRE_NET_CLOSE, 30 * S, i * SOCKTAB_SETS, NULL));
		CHECK(degraded(&e, DEGRADED_OWNER_UNKNOWN) == (i <= 2));
		CHECK(HAS(PROCESS_PID) == (i > 2));
	}
	/* as many as were forgotten; one whose accept was not told stays untold */
	CHECK(!net_event(WIRE_NET_CLOSE, 31 * S, 99 * SOCKTAB_SETS, NULL));
	end();
}

static void close_that_knows_its_task_needs_no_table(void) {
	begin();
	CHECK(net_event(WIRE_NET_CLOSE, 11 * S, 0, &mia) && e.process.pid == 100);
	CHECK(!degraded(&e, DEGRADED_OWNER_UNKNOWN));
	end();
}

static void close_before_its_accept_has_no_duration(void) {
	begin();
	CHECK(net_event(WIRE_NET_ACCEPT, 11 * S, 5, &mia));
	CHECK(net_event(WIRE_NET_CLOSE, 11 * S - 1, 5, NULL));
	CHECK(e.process.pid == 100 && !HAS(NET_DURATION_NS));
	end();
}

static void other_deeds_of_nobody_say_so(void) {
	begin();
	CHECK(net_event(WIRE_NET_CLOSE, 11 * S, 0, NULL));
	CHECK(degraded(&e, DEGRADED_OWNER_UNKNOWN) && !HAS(PROCESS_PID));
	end();
}

static void full_set_of_sockets_forgets_its_oldest(void) {
	struct socktab t;
	struct sock_owner o = { 0 };

	CHECK(socktab_init(&t) == 0);
	for (uint64_t i = 0; i < SOCKTAB_WAYS; i++) {
		o.cookie = (i + 1) * SOCKTAB_SETS;
		o.accept_ns = i == 2 ? 50 : 100 - i;
		socktab_put(&t, &o);
	}
	o.cookie = 9 * SOCKTAB_SETS;
	socktab_put(&t, &o);
	CHECK(!socktab_get(&t, 3 * SOCKTAB_SETS) && socktab_get(&t, 9 * SOCKTAB_SETS));
	for (uint64_t i = 0; i < SOCKTAB_WAYS; i++)
		CHECK(i == 2 || socktab_get(&t, (i + 1) * SOCKTAB_SETS)->accept_ns == 100 - i);
	CHECK(!socktab_get(&t, 0));
	socktab_drop(socktab_get(&t, 2 * SOCKTAB_SETS));
	CHECK(!socktab_get(&t, 2 * SOCKTAB_SETS));
	socktab_done(&t);
}

static void line_longer_than_its_bound_keeps_both_ends_and_whole_characters(void) {
	static char text[3 * PROCTAB_TEXT_BYTES];
	const uint32_t half = (PROCTAB_TEXT_BYTES - 7) / 2;
	struct proc p = { 0 };
	struct str line;
	size_t sum = 0;

	memset(text, 'a', sizeof(text));
	memcpy(text + half - 1, "\xc3\xa9", 2);
	memcpy(text + sizeof(text) - half - 1, "\xc3\xa9", 2);
	text[sizeof(text) - 1] = 'z';
	proc_set_image(&p, 1, image_new(&sum, STR("n"), (struct str){ 0 },
					(struct str){ text, sizeof(text) }));
	CHECK(p.is.image);
	line = p.is.image->command_line;
	CHECK(p.is.image->cut && line.n == 2 * (half - 1) + 7 && !p.is.image->executable.s);
	CHECK(line.s[half - 2] == 'a' && !memcmp(line.s + half - 1, " [...] a", 8));
	CHECK(line.s[line.n - 1] == 'z' && is_text(p.is.image->name, "n"));
	image_drop(p.is.image);
	p = (struct proc){ 0 };
	proc_set_image(&p, 1, image_new(&sum, STR("n"), (struct str){ 0 },
					(struct str){ text, PROCTAB_TEXT_BYTES }));
	CHECK(p.is.image && !p.is.image->cut && p.is.image->command_line.n == PROCTAB_TEXT_BYTES);
	image_drop(p.is.image);
}

static void image_lives_as_long_as_it_has_a_user(void) {
	size_t sum = 0;
	struct image *image = image_new(&sum, STR("cat"), STR("/bin/cat"), STR("cat x"));
	struct proc a = { 0 }, b = { 0 };

	if (!image)
		exit(2);
	image->users++;
	proc_set_image(&a, 5, image);
	proc_set_image(&b, 7, image);
	CHECK(image->users == 2 && proc_image(&a, 5) == image && proc_image(&b, 0) == image);
	proc_set_image(&a, 9, NULL);
	CHECK(!proc_image(&a, 9) && image->users == 2);
	proc_set_image(&a, 11, image_new(&sum, STR("sh"), STR("/bin/sh"), STR("sh")));
	CHECK(image->users == 1 && is_text(proc_image(&a, 11)->name, "sh"));
	image_drop(a.is.image);
	CHECK(is_text(b.is.image->command_line, "cat x"));
	image_drop(b.is.image);
}

/* exec_of - the exec of a program that decode/ has seen before, by its key */
static void exec_of(uint64_t key, const struct who *who, const char *path) {
	sample_event(&e, WIRE_PROCESS_EXEC, who->start_ns + S, who);
	EVENT_SET(&e, PROCESS_NAME, process.name, str_basename(str_of(path)));
	EVENT_SET(&e, PROCESS_EXECUTABLE, process.executable, str_of(path));
	e.parent_tgid = who->parent_pid;
	e.parent_start_ns = who->parent_start_ns;
	e.exec_key = key;
	CHECK(enrich_event(en, NULL, &e));
}

static void execs_of_one_key_are_told_as_those_of_none(void) {
	static const char *const paths[] = { "/bin/cat", "/bin/ls", "/bin/true" };

	if (enrich_new(9, &en) < 0) /* so few that rows come and go */
		exit(2);
	for (uint32_t i = 0; i < 300; i++) {
		struct who who = { 200 + i, (30 + i) * S, 1000, 100, 10 * S };
		uint32_t n = i * i % 7 % 3;

		exec_of(i % 5 ? n * 64 + 7 : 0, &who, paths[n]); /* keys that share a place */
		CHECK(sample_open(en, &e, who.start_ns + 2 * S, &who));
		CHECK(is_text(e.process.executable, paths[n]));
		CHECK(is_text(e.process.name, paths[n] + 5));
	}
	enrich_free(en);
	en = NULL;
}

static void numbers_are_written_in_hex_without_leading_zeros(void) {
	char to[16];

	CHECK(hex_put(to, 0) == to + 1 && to[0] == '0');
	CHECK(hex_put(to, 15) == to + 1 && to[0] == 'f');
	CHECK(hex_put(to, 16) == to + 2 && !memcmp(to, "10", 2));
	CHECK(hex_put(to, UINT64_MAX) == to + 16 && !memcmp(to, "ffffffffffffffff", 16));
	CHECK(hex_put(to, 0x1234567890abcdef) == to + 16 && !memcmp(to, "1234567890abcdef", 16));
}

static void longest_entity_fits(void) {
	char to[PROCTAB_ENTITY_BYTES];

	CHECK(proc_entity(UINT32_MAX, UINT64_MAX, to) <= PROCTAB_ENTITY_BYTES);
}

static void table_of_one_row_works(void) {
	struct proctab t;
	struct proc *p;

	CHECK(proctab_init(&t, 0) == 0);
	p = proctab_put(&t, 1, 1);
	CHECK(p && proctab_get(&t, 1, 1) == p && !proctab_get(&t, 1, 2));
	CHECK(proctab_put(&t, 2, 1) == p && !proctab_get(&t, 1, 1) && t.used == 1);
	CHECK(!proctab_put(&t, 0, 1));
	proctab_done(&t);
}

static void row_used_again_is_no_longer_the_parent(void) {
	static const struct {
		uint32_t tgid;
		uint64_t start_ns;
	} next[] = { { 5, 9 }, { 9, 1 } };
	struct proctab t;

	for (size_t i = 0; i < 2; i++) {
		struct proc *parent, *p;

		CHECK(proctab_init(&t, 2) == 0);
		parent = proctab_put(&t, 5, 1);
		p = proctab_put(&t, 6, 2);
		proc_set_parent(p, 5, 1);
		CHECK(proctab_parent(&t, p) == parent);
		CHECK(proctab_put(&t, next[i].tgid, next[i].start_ns) == parent);
		CHECK(!proctab_parent(&t, p));
		proctab_done(&t);
	}
}

int main(void) {
	RUN(every_event_carries_host_time_and_schema);
	RUN(wall_clock_that_was_set_counts_from_there);
	RUN(ids_differ_by_run_cpu_and_number_and_come_again_in_a_replay);
	RUN(id_has_room_for_the_largest_numbers);
	RUN(ids_in_a_row_are_as_ones_that_are_not);
	RUN(facts_that_are_too_long_are_cut_between_characters);
	RUN(run_starts_its_sequence_anew);
	RUN(user_has_the_name_the_host_gave);
	RUN(parent_has_its_own_user);
	RUN(names_are_found_among_many_and_bounded);
	RUN(close_that_is_nobodys_finds_who_accepted);
	RUN(close_of_what_was_not_accepted_is_not_told);
	RUN(close_of_a_socket_that_was_forgotten_is_nobodys_and_told);
	RUN(close_that_knows_its_task_needs_no_table);
	RUN(close_before_its_accept_has_no_duration);
	RUN(other_deeds_of_nobody_say_so);
	RUN(full_set_of_sockets_forgets_its_oldest);
	RUN(line_longer_than_its_bound_keeps_both_ends_and_whole_characters);
	RUN(image_lives_as_long_as_it_has_a_user);
	RUN(execs_of_one_key_are_told_as_those_of_none);
	RUN(numbers_are_written_in_hex_without_leading_zeros);
	RUN(longest_entity_fits);
	RUN(table_of_one_row_works);
	RUN(row_used_again_is_no_longer_the_parent);
	DONE();
}
