/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "enrich/busy.h"
#include "enrich_sample.h"
#include "test.h"

#define EIGHT(c) c c c c c c c c
#define ID(c) "/docker/" EIGHT(EIGHT(c))

static struct enrich *en;
static struct event e;
static struct busy_list list;

static void begin(size_t max_processes) {
	sample_seq = 0;
	if (enrich_new(max_processes, &en) < 0)
		exit(2);
}

static void end(void) {
	enrich_free(en);
	en = NULL;
}

/* born - a process that execs @name, in the cgroup @path; 1 event */
static struct who born(uint32_t pid, const char *name, uint64_t cgroup_id, const char *path) {
	struct who who = { pid, pid * S, 0, 1, 1 };

	sample_event(&e, WIRE_PROCESS_EXEC, 10 * S, &who);
	EVENT_SET(&e, PROCESS_NAME, process.name, str_of(name));
	EVENT_SET(&e, PROCESS_CGROUP_ID, process.cgroup_id, cgroup_id);
	e.parent_tgid = 1;
	e.parent_start_ns = 1;
	if (path)
		EVENT_SET(&e, PROCESS_CGROUP, process.cgroup, str_of(path));
	(void)enrich_event(en, NULL, &e);
	return who;
}

static void opens(struct who who, int n) {
	while (n--)
		(void)sample_open(en, &e, 11 * S, &who);
}

static void the_busiest_come_first_and_each_round_begins_anew(void) {
	struct who dd, sh;

	begin(100);
	dd = born(7, "dd", 0, NULL);
	sh = born(8, "sh", 0, NULL);
	opens(dd, 4);
	opens(sh, 9);
	enrich_busy(en, &list);
	CHECK(list.n_processes == 2 && !list.n_containers);
	CHECK(list.processes[0].pid == 8 && list.processes[0].n == 10);
	CHECK(list.processes[1].pid == 7 && list.processes[1].n == 5);
	CHECK(str_eq(list.processes[0].name, STR("sh")) && !list.processes[0].container);
	opens(dd, 1);
	enrich_busy(en, &list);
	CHECK(list.n_processes == 1 && list.processes[0].pid == 7 && list.processes[0].n == 1);
	enrich_busy(en, &list);
	CHECK(!list.n_processes);
	end();
}

static void containers_sum_up_their_processes_in_whichever_cgroup(void) {
	begin(100);
	opens(born(7, "a", 33, ID("a")), 2);
	opens(born(8, "b", 34, ID("a") "/inner"), 3);
	opens(born(9, "c", 35, ID("b")), 5);
	opens(born(10, "d", 36, "/user.slice"), 50);
	enrich_busy(en, &list);
	CHECK(list.n_processes == 4 && list.n_containers == 2);
	CHECK(list.processes[0].pid == 10 && !list.processes[0].container);
	CHECK(list.containers[0].n == 7 && list.containers[0].container->id.s[0] == 'a');
	CHECK(list.containers[1].n == 6 && list.containers[1].container->id.s[0] == 'b');
	CHECK(!list.containers[0].pid);
	end();
}

static void only_so_many_are_shown_and_they_are_the_largest(void) {
	begin(100);
	for (uint32_t i = 0; i < 30; i++)
		opens(born(10 + i, "x", 0, NULL), (int)(i * 7 % 30));
	enrich_busy(en, &list);
	CHECK(list.n_processes == BUSY_SHOWN);
	for (uint32_t i = 0; i < BUSY_SHOWN; i++)
		CHECK(list.processes[i].n == 30 - i);
	end();
}

/* the second takes the first one's row, and neither is told for the other */
static void a_row_that_is_used_again_is_not_counted_twice(void) {
	begin(1);
	opens(born(7, "a", 0, NULL), 5);
	opens(born(8, "b", 0, NULL), 2);
	enrich_busy(en, &list);
	CHECK(list.n_processes == 1 && list.processes[0].pid == 8 && list.processes[0].n == 3);
	end();
}

static void more_than_there_is_room_for_are_left_out(void) {
	begin(2 * BUSY_ACTIVE);
	for (uint32_t i = 0; i < BUSY_ACTIVE + 9; i++)
		(void)born(10 + i, "x", 0, NULL);
	enrich_busy(en, &list);
	CHECK(list.n_processes == BUSY_SHOWN && list.processes[0].n == 1);
	opens(born(9, "late", 0, NULL), 1);
	enrich_busy(en, &list);
	CHECK(list.n_processes == 1 && list.processes[0].pid == 9);
	end();
}

int main(void) {
	RUN(the_busiest_come_first_and_each_round_begins_anew);
	RUN(containers_sum_up_their_processes_in_whichever_cgroup);
	RUN(only_so_many_are_shown_and_they_are_the_largest);
	RUN(a_row_that_is_used_again_is_not_counted_twice);
	RUN(more_than_there_is_room_for_are_left_out);
	DONE();
}
