/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "enrich_one.h"

static void child_runs_what_its_parent_runs_until_it_execs(void) {
	begin(100);
	CHECK(sample_fork(en, &e, 20 * S, &child, "bash"));
	CHECK(is_text(e.process.name, "bash") && is_text(e.process.executable, "/bin/bash"));
	CHECK(is_text(e.parent.name, "bash") && is_text(e.parent.executable, "/bin/bash"));
	CHECK(!HAS(PROCESS_COMMAND_LINE) && !HAS(PARENT_COMMAND_LINE));
	CHECK(!degraded(&e, DEGRADED_PROCESS_UNKNOWN) && !degraded(&e, DEGRADED_PARENT_UNKNOWN));
	CHECK(sample_open(en, &e, 21 * S, &child));
	CHECK(is_text(e.process.executable, "/bin/bash") && e.process.cgroup_id == 33);
	CHECK(sample_exec(en, &e, WIRE_PROCESS_EXEC, 22 * S, &child, "/bin/cat"));
	CHECK(is_text(e.process.command_line, "/bin/cat"));
	CHECK(is_text(e.parent.command_line, "/bin/bash"));
	CHECK(sample_open(en, &e, 23 * S, &child));
	CHECK(is_text(e.process.name, "cat") && is_text(e.process.executable, "/bin/cat"));
	CHECK(is_text(e.parent.name, "bash") && e.parent.pid == 100 && e.parent.uid == 1000);
	CHECK(e.parent.start_ns == 10 * S && !HAS(PARENT_COMMAND_LINE) && !HAS(PROCESS_CGROUP));
	end();
}

static void entity_id_is_start_in_hundredths_and_pid_in_hex(void) {
	static const struct who odd = { 0xabcd, 123456789012345, 0, 0, 0 };

	begin(100);
	CHECK(sample_open(en, &e, 21 * S, &shell));
	CHECK(is_text(e.process.entity_id, "3e8-64") && is_text(e.parent.entity_id, "64-1"));
	CHECK(sample_open(en, &e, 21 * S, &odd));
	CHECK(is_text(e.process.entity_id, "bc614e-abcd"));
	end();
}

static void deed_before_an_exec_that_is_told_after_it_has_the_old_image(void) {
	begin(100);
	CHECK(sample_fork(en, &e, 20 * S, &child, "bash"));
	CHECK(sample_exec(en, &e, WIRE_PROCESS_EXEC, 22 * S, &child, "/bin/cat"));
	CHECK(sample_open(en, &e, 21 * S, &child));
	CHECK(is_text(e.process.name, "bash") && is_text(e.process.executable, "/bin/bash"));
	CHECK(sample_open(en, &e, 22 * S, &child));
	CHECK(is_text(e.process.name, "cat"));
	end();
}

static void unknown_process_has_its_ids_and_says_so(void) {
	static const struct who stranger = { 7, 7 * S, 0, 0, 0 };

	begin(100);
	CHECK(sample_open(en, &e, 21 * S, &stranger));
	CHECK(degraded(&e, DEGRADED_PROCESS_UNKNOWN) && degraded(&e, DEGRADED_PARENT_UNKNOWN));
	CHECK(is_text(e.process.entity_id, "2bc-7") && !HAS(PROCESS_NAME) && !HAS(PARENT_PID));
	CHECK(enrich_rows(en) == 2);
	end();
}

static void child_of_an_unknown_process_says_so_until_it_execs(void) {
	static const struct who orphan = { 8, 8 * S, 0, 7, 7 * S };

	begin(100);
	CHECK(sample_fork(en, &e, 8 * S, &orphan, "x"));
	CHECK(degraded(&e, DEGRADED_PROCESS_UNKNOWN) && degraded(&e, DEGRADED_PARENT_UNKNOWN));
	CHECK(is_text(e.process.name, "x") && !HAS(PROCESS_EXECUTABLE));
	CHECK(e.parent.pid == 7 && is_text(e.parent.entity_id, "2bc-7") && !HAS(PARENT_NAME));
	CHECK(sample_exec(en, &e, WIRE_PROCESS_EXEC, 9 * S, &orphan, "/bin/y"));
	CHECK(!degraded(&e, DEGRADED_PROCESS_UNKNOWN) && degraded(&e, DEGRADED_PARENT_UNKNOWN));
	end();
}

static void process_without_a_parent_is_whole(void) {
	begin(100);
	CHECK(sample_open(en, &e, 21 * S, &init));
	CHECK(!HAS(PARENT_PID) && !HAS(PARENT_ENTITY_ID));
	CHECK(!degraded(&e, DEGRADED_PARENT_UNKNOWN));
	end();
}

static void census_is_told_of_until_the_process_execs(void) {
	begin(100);
	CHECK(sample_open(en, &e, 21 * S, &init) && degraded(&e, DEGRADED_PROCESS_FROM_CENSUS));
	CHECK(is_text(e.process.executable, "/sbin/init"));
	CHECK(sample_open(en, &e, 21 * S, &shell) && !degraded(&e, DEGRADED_PROCESS_FROM_CENSUS));
	CHECK(sample_exec(en, &e, WIRE_PROCESS_EXEC, 22 * S, &init, "/sbin/other"));
	CHECK(!degraded(&e, DEGRADED_PROCESS_FROM_CENSUS));
	CHECK(sample_open(en, &e, 23 * S, &init) && !degraded(&e, DEGRADED_PROCESS_FROM_CENSUS));
	end();
}

static void census_does_not_overwrite_what_was_seen(void) {
	begin(100);
	CHECK(!sample_exec(en, &e, WIRE_PROCESS_CENSUS, 12 * S, &shell, "/old/news"));
	CHECK(sample_open(en, &e, 21 * S, &shell));
	CHECK(is_text(e.process.executable, "/bin/bash"));
	CHECK(!degraded(&e, DEGRADED_PROCESS_FROM_CENSUS));
	end();
}

static void fork_told_after_the_census_keeps_what_the_census_knew(void) {
	begin(100);
	CHECK(!sample_exec(en, &e, WIRE_PROCESS_CENSUS, 21 * S, &child, "/bin/cat"));
	CHECK(sample_fork(en, &e, 20 * S, &child, "bash"));
	CHECK(sample_open(en, &e, 22 * S, &child));
	CHECK(is_text(e.process.executable, "/bin/cat"));
	CHECK(!degraded(&e, DEGRADED_PROCESS_FROM_CENSUS));
	end();
}

static void orphan_keeps_the_parent_that_made_it(void) {
	struct who adopted = child;

	begin(100);
	CHECK(sample_fork(en, &e, 20 * S, &child, "bash"));
	CHECK(sample_exit(en, &e, 21 * S, &shell));
	adopted.parent_pid = 1;
	adopted.parent_start_ns = 1 * S;
	CHECK(sample_exec(en, &e, WIRE_PROCESS_EXEC, 22 * S, &adopted, "/bin/daemon"));
	CHECK(e.parent.pid == 100 && is_text(e.parent.name, "bash"));
	end();
}

static void pid_used_again_is_another_process(void) {
	static const struct who again = { 100, 40 * S, 0, 1, 1 * S };

	begin(100);
	CHECK(sample_exit(en, &e, 30 * S, &shell));
	CHECK(sample_fork(en, &e, 40 * S, &again, "init"));
	CHECK(is_text(e.process.executable, "/sbin/init") &&
	      is_text(e.process.entity_id, "fa0-64"));
	CHECK(sample_open(en, &e, 41 * S, &shell));
	CHECK(is_text(e.process.executable, "/bin/bash"));
	end();
}

static void second_exit_of_a_process_is_not_for_the_world(void) {
	uint64_t seq;

	begin(100);
	CHECK(sample_exit(en, &e, 30 * S, &shell));
	CHECK(HAS(EXIT_RUN_NS) && e.exit.run_ns == 20 * S && is_text(e.process.name, "bash"));
	seq = e.seq;
	CHECK(!sample_exit(en, &e, 30 * S + 1, &shell));
	CHECK(sample_exit(en, &e, 31 * S, &child)); /* one that we did not know */
	CHECK(e.seq == seq + 1 && degraded(&e, DEGRADED_PROCESS_UNKNOWN));
	CHECK(degraded(&e, DEGRADED_PARENT_UNKNOWN) && e.exit.run_ns == 11 * S);
	CHECK(!sample_exit(en, &e, 31 * S, &child));
	end();
}

static void process_that_ended_is_known_for_its_grace(void) {
	begin(100);
	CHECK(sample_exit(en, &e, 30 * S, &shell));
	CHECK(sample_open(en, &e, 60 * S, &shell) && is_text(e.process.name, "bash"));
	CHECK(enrich_rows(en) == 2);
	CHECK(sample_open(en, &e, 60 * S + 1, &shell) && degraded(&e, DEGRADED_PROCESS_UNKNOWN));
	CHECK(enrich_rows(en) == 1);
	end();
}

static void time_that_steps_back_does_not_bring_grace_back(void) {
	begin(100);
	CHECK(sample_exit(en, &e, 30 * S, &shell));
	CHECK(sample_open(en, &e, 70 * S, &init));
	CHECK(sample_open(en, &e, 31 * S, &shell) && degraded(&e, DEGRADED_PROCESS_UNKNOWN));
	end();
}

static void full_table_drops_the_ended_first_and_then_the_untouched(void) {
	static const struct who a = { 201, 21 * S, 0, 1, 1 * S }, b = { 202, 22 * S, 0, 1, 1 * S };

	begin(3);
	CHECK(sample_fork(en, &e, 20 * S, &child, "bash"));
	CHECK(sample_exit(en, &e, 20 * S, &child) && enrich_rows(en) == 3);
	CHECK(sample_fork(en, &e, 21 * S, &a, "a") && enrich_rows(en) == 3);
	CHECK(sample_open(en, &e, 21 * S, &child) && degraded(&e, DEGRADED_PROCESS_UNKNOWN));
	CHECK(sample_open(en, &e, 21 * S, &a) && is_text(e.process.name, "a"));
	CHECK(sample_open(en, &e, 21 * S, &shell) && is_text(e.process.name, "bash"));
	CHECK(sample_fork(en, &e, 22 * S, &b, "b") && enrich_rows(en) == 3);
	/* the shell opened a file and init became the parent of b, so a is the one that went */
	CHECK(is_text(e.parent.name, "init"));
	CHECK(sample_open(en, &e, 22 * S, &a) && degraded(&e, DEGRADED_PROCESS_UNKNOWN));
	CHECK(sample_open(en, &e, 22 * S, &shell) && is_text(e.process.name, "bash"));
	end();
}

static void parent_that_was_displaced_by_another_process_is_unknown(void) {
	static const struct who a = { 201, 21 * S, 0, 1, 1 * S },
				b = { 202, 22 * S, 0, 201, 21 * S };

	begin(2);
	CHECK(sample_open(en, &e, 20 * S, &shell) && is_text(e.parent.name, "init"));
	CHECK(sample_fork(en, &e, 21 * S, &a, "a")); /* displaces the shell: init was touched */
	CHECK(sample_open(en, &e, 21 * S, &a) && is_text(e.parent.name, "init"));
	CHECK(sample_fork(en, &e, 22 * S, &b, "b")); /* displaces init */
	CHECK(sample_open(en, &e, 23 * S, &a) && degraded(&e, DEGRADED_PARENT_UNKNOWN));
	CHECK(e.parent.pid == 1 && !HAS(PARENT_NAME) && is_text(e.process.name, "a"));
	end();
}

static void process_that_names_itself_as_its_parent_does_no_harm(void) {
	static const struct who self = { 300, 30 * S, 0, 300, 30 * S };

	begin(1);
	for (uint64_t i = 0; i < 4; i++) {
		CHECK(sample_exec(en, &e, WIRE_PROCESS_EXEC, (40 - i) * S, &self, "/bin/x"));
		CHECK(sample_fork(en, &e, (30 - i) * S, &self, "x"));
		CHECK(sample_open(en, &e, 20 * S, &self) && is_text(e.parent.name, "x"));
	}
	end();
}

static void many_processes_come_and_go(void) {
	begin(500);
	for (uint32_t i = 0; i < 5000; i++) {
		struct who w = { 1000 + i % 700, (20 + i) * S / 10, i % 3, 1, 1 * S };

		CHECK(sample_fork(en, &e, w.start_ns, &w, "w"));
		if (i % 3)
			CHECK(sample_exec(en, &e, WIRE_PROCESS_EXEC, w.start_ns, &w, "/bin/w"));
		CHECK(sample_open(en, &e, w.start_ns, &w) && is_text(e.process.name, "w"));
		CHECK(is_text(e.process.executable, i % 3 ? "/bin/w" : "/sbin/init"));
		if (i % 2)
			CHECK(sample_exit(en, &e, w.start_ns + S, &w));
		CHECK(sample_open(en, &e, w.start_ns, &init) && is_text(e.process.name, "init"));
		CHECK(enrich_rows(en) <= 500);
	}
	end();
}

static void parent_whose_arguments_were_cut_says_so_at_the_exec_of_its_child(void) {
	const struct who w = { 7, 2 * S, 0, 1, S }, heir = { 8, 3 * S, 0, 7, 2 * S };
	const struct who renamed = { 9, 3 * S, 0, 7, 2 * S };
	const struct who grandchild = { 10, 4 * S, 0, 9, 3 * S };

	begin(16);
	sample_event(&e, WIRE_PROCESS_EXEC, 2 * S, &w);
	EVENT_SET(&e, PROCESS_NAME, process.name, STR("sh"));
	EVENT_SET(&e, PROCESS_COMMAND_LINE, process.command_line, STR("sh [...] id"));
	event_degrade(&e, DEGRADED_ARGS_CUT);
	CHECK(enrich_event(en, NULL, &e) && !degraded(&e, DEGRADED_PARENT_ARGS_CUT));
	CHECK(sample_fork(en, &e, 3 * S, &heir, "sh"));
	CHECK(!degraded(&e, DEGRADED_PARENT_ARGS_CUT)); /* a fork does not tell them */
	CHECK(sample_exec(en, &e, WIRE_PROCESS_EXEC, 4 * S, &heir, "/bin/id"));
	CHECK(degraded(&e, DEGRADED_PARENT_ARGS_CUT) && !degraded(&e, DEGRADED_ARGS_CUT));
	CHECK(sample_fork(en, &e, 3 * S, &renamed, "other"));
	CHECK(sample_exec(en, &e, WIRE_PROCESS_EXEC, 5 * S, &grandchild, "/bin/id"));
	CHECK(degraded(&e, DEGRADED_PARENT_ARGS_CUT));
	end();
}

static void parent_that_changed_its_user_is_told_as_it_is_now(void) {
	const struct who w = { 7, 2 * S, 0, 1, S }, heir = { 8, 3 * S, 5, 7, 2 * S };

	begin(16);
	sample_user(en, 5, STR("mia"));
	CHECK(sample_exec(en, &e, WIRE_PROCESS_EXEC, 2 * S, &w, "/bin/su"));
	sample_event(&e, WIRE_PROCESS_CREDENTIALS, 3 * S, &w);
	EVENT_SET(&e, CREDENTIALS_UID, credentials.uid, 5);
	CHECK(enrich_event(en, NULL, &e) && e.process.uid == 0);
	CHECK(!event_has(&e, FIELD_PROCESS_USER)); /* root has no name here */
	CHECK(sample_fork(en, &e, 4 * S, &heir, "su") && e.parent.uid == 5);
	CHECK(is_text(e.parent.user, "mia"));
	end();
}

static const struct event *target_event(uint64_t boot_ns, const struct who *by,
					const struct who *to) {
	sample_event(&e, WIRE_PROCESS_SIGNAL, boot_ns, by);
	EVENT_SET(&e, TARGET_PID, target.pid, to->pid);
	EVENT_SET(&e, TARGET_START_NS, target.start_ns, to->start_ns);
	CHECK(enrich_event(en, NULL, &e));
	return &e;
}

static void target_is_told_as_it_was_at_the_deed(void) {
	const struct who by = { 7, 2 * S, 0, 1, S }, to = { 0x1f, 3 * S, 0, 1, S };
	const struct who stranger = { 99, 4 * S, 0, 1, S };

	begin(16);
	CHECK(sample_exec(en, &e, WIRE_PROCESS_EXEC, 5 * S, &by, "/bin/killer"));
	CHECK(sample_exec(en, &e, WIRE_PROCESS_EXEC, 5 * S, &to, "/bin/before"));
	CHECK(sample_exec(en, &e, WIRE_PROCESS_EXEC, 7 * S, &to, "/bin/after"));
	target_event(6 * S, &by, &to);
	CHECK(is_text(e.target.name, "before") && is_text(e.target.executable, "/bin/before"));
	CHECK(is_text(e.target.entity_id, "12c-1f") && is_text(e.process.name, "killer"));
	target_event(8 * S, &by, &to);
	CHECK(is_text(e.target.name, "after") && !degraded(&e, DEGRADED_TARGET_UNKNOWN));
	target_event(8 * S, &by, &stranger);
	CHECK(is_text(e.target.entity_id, "190-63") && degraded(&e, DEGRADED_TARGET_UNKNOWN));
	CHECK(!event_has(&e, FIELD_TARGET_NAME) && !event_has(&e, FIELD_TARGET_EXECUTABLE));
	end();
}

/* counted - the event in the making, of a process that has called exec so often */
static bool counted(uint32_t kind, uint64_t boot_ns, const struct who *who, uint32_t execs) {
	sample_event(&e, kind, boot_ns, who);
	if (kind == WIRE_PROCESS_EXEC) {
		EVENT_SET(&e, PROCESS_NAME, process.name, STR("cat"));
		EVENT_SET(&e, PROCESS_EXECUTABLE, process.executable, STR("/bin/cat"));
	}
	if (kind == WIRE_PROCESS_FORK)
		EVENT_SET(&e, PROCESS_NAME, process.name, STR("worker"));
	e.parent_tgid = who->parent_pid;
	e.parent_start_ns = who->parent_start_ns;
	e.execs = execs;
	return enrich_event(en, NULL, &e);
}

static void an_exec_that_was_lost_leaves_what_runs_unknown(void) {
	static const struct who job = { 300, 20 * S, 1000, 100, 10 * S };
	static const struct who kid = { 301, 25 * S, 1000, 300, 20 * S };

	begin(100);
	CHECK(counted(WIRE_PROCESS_EXEC, 20 * S, &job, 4));
	CHECK(counted(WIRE_FILE_OPEN, 21 * S, &job, 4) && is_text(e.process.name, "cat"));
	CHECK(counted(WIRE_FILE_OPEN, 22 * S, &job, 5)); /* what it is now, nobody said */
	CHECK(!HAS(PROCESS_NAME) && !HAS(PROCESS_EXECUTABLE) && is_text(e.parent.name, "bash"));
	CHECK(degraded(&e, DEGRADED_PROCESS_UNKNOWN) && !degraded(&e, DEGRADED_PARENT_UNKNOWN));
	CHECK(counted(WIRE_FILE_OPEN, 23 * S, &job, 4) && is_text(e.process.name, "cat"));
	CHECK(counted(WIRE_PROCESS_FORK, 25 * S, &kid, 5) && is_text(e.process.name, "worker"));
	CHECK(!HAS(PROCESS_EXECUTABLE) && !HAS(PARENT_NAME));
	CHECK(degraded(&e, DEGRADED_PROCESS_UNKNOWN) && degraded(&e, DEGRADED_PARENT_UNKNOWN));
	CHECK(counted(WIRE_PROCESS_EXEC, 26 * S, &job, 6) && is_text(e.process.name, "cat"));
	CHECK(counted(WIRE_FILE_OPEN, 27 * S, &job, 6) && is_text(e.process.name, "cat"));
	CHECK(!degraded(&e, DEGRADED_PROCESS_UNKNOWN));
	end();
}

static void a_fork_tells_of_its_parents_lost_exec(void) {
	static const struct who job = { 300, 20 * S, 1000, 100, 10 * S };
	static const struct who kid = { 301, 25 * S, 1000, 300, 20 * S };

	begin(100);
	CHECK(counted(WIRE_PROCESS_EXEC, 20 * S, &job, 4));
	CHECK(counted(WIRE_PROCESS_FORK, 25 * S, &kid, 5) && !HAS(PROCESS_EXECUTABLE));
	CHECK(degraded(&e, DEGRADED_PROCESS_UNKNOWN) && !HAS(PARENT_EXECUTABLE));
	CHECK(counted(WIRE_FILE_OPEN, 26 * S, &job, 5) && !HAS(PROCESS_EXECUTABLE));
	end();
}

static void an_event_ahead_of_its_exec_takes_nothing_from_it(void) {
	static const struct who job = { 300, 20 * S, 1000, 100, 10 * S };

	begin(100);
	CHECK(counted(WIRE_PROCESS_FORK, 20 * S, &job, 3) && is_text(e.process.name, "worker"));
	CHECK(counted(WIRE_FILE_OPEN, 22 * S, &job, 4) && degraded(&e, DEGRADED_PROCESS_UNKNOWN));
	CHECK(counted(WIRE_PROCESS_EXEC, 21 * S, &job, 4) && is_text(e.process.name, "cat"));
	CHECK(counted(WIRE_FILE_OPEN, 23 * S, &job, 4) && is_text(e.process.name, "cat"));
	CHECK(!degraded(&e, DEGRADED_PROCESS_UNKNOWN));
	CHECK(counted(WIRE_FILE_OPEN, 23 * S, &job, 3) && is_text(e.process.name, "worker"));
	end();
}

int main(void) {
	RUN(child_runs_what_its_parent_runs_until_it_execs);
	RUN(entity_id_is_start_in_hundredths_and_pid_in_hex);
	RUN(deed_before_an_exec_that_is_told_after_it_has_the_old_image);
	RUN(unknown_process_has_its_ids_and_says_so);
	RUN(child_of_an_unknown_process_says_so_until_it_execs);
	RUN(process_without_a_parent_is_whole);
	RUN(census_is_told_of_until_the_process_execs);
	RUN(census_does_not_overwrite_what_was_seen);
	RUN(fork_told_after_the_census_keeps_what_the_census_knew);
	RUN(orphan_keeps_the_parent_that_made_it);
	RUN(pid_used_again_is_another_process);
	RUN(second_exit_of_a_process_is_not_for_the_world);
	RUN(process_that_ended_is_known_for_its_grace);
	RUN(time_that_steps_back_does_not_bring_grace_back);
	RUN(full_table_drops_the_ended_first_and_then_the_untouched);
	RUN(parent_that_was_displaced_by_another_process_is_unknown);
	RUN(process_that_names_itself_as_its_parent_does_no_harm);
	RUN(parent_whose_arguments_were_cut_says_so_at_the_exec_of_its_child);
	RUN(parent_that_changed_its_user_is_told_as_it_is_now);
	RUN(target_is_told_as_it_was_at_the_deed);
	RUN(an_exec_that_was_lost_leaves_what_runs_unknown);
	RUN(a_fork_tells_of_its_parents_lost_exec);
	RUN(an_event_ahead_of_its_exec_takes_nothing_from_it);
	RUN(many_processes_come_and_go);
	DONE();
}
