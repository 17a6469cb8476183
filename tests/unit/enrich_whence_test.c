/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "enrich/lineage.h"
#include "enrich_sample.h"
#include "test.h"

#define ID "aaaabbbbccccddddeeeeffff0000111122223333444455556666777788889999"

static const struct who init = { 1, 1 * S, 0, 0, 0 };
static const struct who shell = { 100, 10 * S, 0, 1, 1 * S };
static const struct who child = { 101, 20 * S, 0, 100, 10 * S };
static const struct who grandchild = { 102, 30 * S, 0, 101, 20 * S };

static struct enrich *en;
static struct event e;

static void begin(void) {
	if (enrich_new(1000, &en) < 0)
		exit(2);
	CHECK(!sample_exec(en, &e, WIRE_PROCESS_CENSUS, 5 * S, &init, "/sbin/init"));
	CHECK(sample_fork(en, &e, 10 * S, &shell, "init"));
	CHECK(sample_exec(en, &e, WIRE_PROCESS_EXEC, 11 * S, &shell, "/bin/bash"));
}

static void end(void) {
	enrich_free(en);
	en = NULL;
}

/* lineage_is - whether the event's ancestors are called @names ("bash init"), the nearest first */
static bool lineage_is(const char *names) {
	char got[256] = "";
	size_t n = 0;

	if (event_has(&e, FIELD_LINEAGE_NAMES) != event_has(&e, FIELD_LINEAGE_IDS))
		return false;
	for (uint32_t i = 0; event_has(&e, FIELD_LINEAGE_IDS) && i < e.lineage.names.n; i++)
		n += (size_t)snprintf(got + n, sizeof(got) - n, "%s%.*s", i ? " " : "",
		                      STR_FMT(e.lineage.names.v[i]));
	if (strcmp(got, names) != 0)
		printf("# lineage is '%s'\n", got);
	return !strcmp(got, names);
}

static void ancestors_are_told_up_to_init(void) {
	begin();
	CHECK(sample_open(en, &e, 12 * S, &init));
	CHECK(lineage_is("") && !degraded(&e, DEGRADED_LINEAGE_CUT));
	CHECK(sample_open(en, &e, 12 * S, &shell));
	CHECK(lineage_is("init") && !degraded(&e, DEGRADED_LINEAGE_CUT));
	CHECK(sample_fork(en, &e, 20 * S, &child, "bash"));
	CHECK(lineage_is("bash init") && e.lineage.ids.n == 2);
	CHECK(is_text(e.lineage.ids.v[0], "3e8-64") && is_text(e.lineage.ids.v[1], "64-1"));
	CHECK(!degraded(&e, DEGRADED_LINEAGE_CUT));
	end();
}

static void an_ancestor_stays_what_it_was_when_its_child_was_born(void) {
	uint64_t key;

	begin();
	CHECK(sample_fork(en, &e, 20 * S, &child, "bash"));
	key = e.lineage_key;
	CHECK(sample_exec(en, &e, WIRE_PROCESS_EXEC, 21 * S, &shell, "/bin/other"));
	CHECK(sample_open(en, &e, 22 * S, &child));
	CHECK(lineage_is("bash init") && e.lineage_key == key);
	/* whoever comes later is the other program's */
	CHECK(sample_fork(en, &e, 30 * S, &(struct who){ 103, 30 * S, 0, 100, 10 * S }, "other"));
	CHECK(lineage_is("other init") && e.lineage_key != key);
	/* and it stays when the ancestor is gone for good */
	CHECK(sample_exit(en, &e, 31 * S, &shell));
	CHECK(sample_open(en, &e, 200 * S, &child));
	CHECK(degraded(&e, DEGRADED_PARENT_UNKNOWN));
	CHECK(lineage_is("bash init") && !degraded(&e, DEGRADED_LINEAGE_CUT));
	CHECK(sample_fork(en, &e, 201 * S, &grandchild, "bash"));
	CHECK(lineage_is("bash bash init") && !degraded(&e, DEGRADED_LINEAGE_CUT));
	end();
}

static void siblings_share_their_lineage(void) {
	struct who sibling = { 110, 21 * S, 0, 100, 10 * S };
	uint64_t key;

	begin();
	CHECK(sample_fork(en, &e, 20 * S, &child, "bash"));
	key = e.lineage_key;
	CHECK(sample_fork(en, &e, 21 * S, &sibling, "bash"));
	CHECK(key && e.lineage_key == key);
	CHECK(sample_exec(en, &e, WIRE_PROCESS_EXEC, 22 * S, &sibling, "/bin/cat"));
	CHECK(e.lineage_key == key && lineage_is("bash init"));
	end();
}

static void a_census_in_any_order_gives_whole_lineages(void) {
	if (enrich_new(1000, &en) < 0)
		exit(2);
	(void)sample_exec(en, &e, WIRE_PROCESS_CENSUS, 40 * S, &grandchild, "/bin/cat");
	(void)sample_exec(en, &e, WIRE_PROCESS_CENSUS, 40 * S, &child, "/bin/sh");
	(void)sample_exec(en, &e, WIRE_PROCESS_CENSUS, 40 * S, &shell, "/bin/bash");
	(void)sample_exec(en, &e, WIRE_PROCESS_CENSUS, 40 * S, &init, "/sbin/init");
	/* its ancestors end before it does anything, and their rows go */
	CHECK(sample_exit(en, &e, 41 * S, &child) && sample_exit(en, &e, 41 * S, &shell));
	CHECK(sample_open(en, &e, 200 * S, &grandchild));
	CHECK(lineage_is("sh bash init") && !degraded(&e, DEGRADED_LINEAGE_CUT));
	end();
}

static void init_ends_a_lineage_even_if_no_census_told_of_it(void) {
	if (enrich_new(1000, &en) < 0)
		exit(2);
	CHECK(sample_fork(en, &e, 10 * S, &shell, "init"));
	CHECK(lineage_is("") && is_text(e.lineage.ids.v[0], "64-1"));
	CHECK(!degraded(&e, DEGRADED_LINEAGE_CUT) && degraded(&e, DEGRADED_PARENT_UNKNOWN));
	end();
}

static void a_lineage_that_is_not_whole_says_so(void) {
	struct who orphan = { 200, 50 * S, 0, 199, 49 * S };

	begin();
	CHECK(sample_fork(en, &e, 50 * S, &orphan, "x"));
	CHECK(degraded(&e, DEGRADED_LINEAGE_CUT) && lineage_is(""));
	CHECK(e.lineage.ids.n == 1 && is_text(e.lineage.ids.v[0], "1324-c7"));
	CHECK(sample_open(en, &e, 51 * S, &(struct who){ 300, 51 * S, 0, 0, 0 }));
	CHECK(degraded(&e, DEGRADED_LINEAGE_CUT) && !event_has(&e, FIELD_LINEAGE_IDS));
	end();
}

static void a_long_lineage_ends_at_its_bound_and_says_so(void) {
	struct who one = shell;

	begin();
	for (uint32_t i = 0; i < 200; i++) {
		one = (struct who){ 1000 + i, (60 + i) * S, 0, one.pid, one.start_ns };
		CHECK(sample_fork(en, &e, one.start_ns, &one, "bash"));
		/* shell and init stand above the i children before this one */
		CHECK(e.lineage.ids.n == (i + 2 < LINEAGE_IDS ? i + 2 : LINEAGE_IDS));
		CHECK(e.lineage.names.n == (i + 2 < LINEAGE_NAMES ? i + 2 : LINEAGE_NAMES));
		CHECK(degraded(&e, DEGRADED_LINEAGE_CUT) == (i + 2 > LINEAGE_IDS));
	}
	CHECK(is_text(e.lineage.ids.v[0], "64c8-4ae")); /* the one before it: 1198, at 258 s */
	end();
}

static bool exec_in(const struct who *who, uint64_t boot_ns, uint64_t cgroup_id, const char *path) {
	sample_event(&e, WIRE_PROCESS_EXEC, boot_ns, who);
	EVENT_SET(&e, PROCESS_NAME, process.name, STR("x"));
	EVENT_SET(&e, PROCESS_CGROUP_ID, process.cgroup_id, cgroup_id);
	if (path)
		EVENT_SET(&e, PROCESS_CGROUP, process.cgroup, str_of(path));
	return enrich_event(en, NULL, &e);
}

static void the_container_of_a_process_is_told_with_each_event(void) {
	begin();
	CHECK(exec_in(&shell, 12 * S, 33, "/docker/" ID));
	CHECK(is_text(e.container.id, ID) && is_text(e.container.runtime, "docker"));
	CHECK(!event_has(&e, FIELD_CONTAINER_POD_UID) && !event_has(&e, FIELD_CONTAINER_NAME));
	CHECK(sample_open(en, &e, 13 * S, &shell));
	CHECK(event_has(&e, FIELD_CONTAINER_ID) && is_text(e.container.id, ID));
	CHECK(e.container_key && !degraded(&e, DEGRADED_CONTAINER_UNRESOLVED));
	/* a fork tells only the number of its cgroup */
	CHECK(sample_fork(en, &e, 20 * S, &child, "x"));
	CHECK(event_has(&e, FIELD_CONTAINER_ID) && is_text(e.container.id, ID));
	CHECK(exec_in(&child, 21 * S, 34, "/system.slice/docker-0123456789ab.scope"));
	CHECK(is_text(e.container.id, "0123456789ab") && degraded(&e, DEGRADED_CONTAINER_ID_SHORT));
	CHECK(exec_in(&child, 22 * S, 35, "/system.slice/cron.service"));
	CHECK(!event_has(&e, FIELD_CONTAINER_ID) && !event_has(&e, FIELD_CONTAINER_RUNTIME));
	CHECK(!degraded(&e, DEGRADED_CONTAINER_UNRESOLVED));
	CHECK(!degraded(&e, DEGRADED_CONTAINER_ID_SHORT));
	end();
}

static void a_cgroup_whose_path_is_not_known_is_unresolved_until_it_is(void) {
	begin();
	CHECK(exec_in(&shell, 12 * S, 77, NULL));
	CHECK(degraded(&e, DEGRADED_CONTAINER_UNRESOLVED) && !event_has(&e, FIELD_CONTAINER_ID));
	CHECK(exec_in(&child, 21 * S, 77, "/docker/" ID));
	CHECK(sample_open(en, &e, 22 * S, &shell));
	CHECK(!degraded(&e, DEGRADED_CONTAINER_UNRESOLVED) && is_text(e.container.id, ID));
	CHECK(sample_open(en, &e, 22 * S, &(struct who){ 300, 22 * S, 0, 0, 0 }));
	CHECK(degraded(&e, DEGRADED_CONTAINER_UNRESOLVED));
	end();
}

static void the_root_of_v2_says_nothing_where_v1_has_the_controllers(void) {
	if (enrich_new(1000, &en) < 0)
		exit(2);
	sample_event(&e, WIRE_HOST_START, S, NULL);
	e.wall_offset_ns = 0;
	e.cgroups_split = true;
	CHECK(enrich_event(en, NULL, &e));
	CHECK(exec_in(&shell, 12 * S, 1, "/"));
	CHECK(degraded(&e, DEGRADED_CONTAINER_UNRESOLVED));
	CHECK(exec_in(&child, 21 * S, 77, "/docker/" ID));
	CHECK(!degraded(&e, DEGRADED_CONTAINER_UNRESOLVED) && is_text(e.container.id, ID));
	end();
	begin();
	CHECK(exec_in(&shell, 12 * S, 1, "/"));
	CHECK(!degraded(&e, DEGRADED_CONTAINER_UNRESOLVED));
	end();
}

static void namespaces_are_told_with_each_event(void) {
	begin();
	sample_event(&e, WIRE_PROCESS_EXEC, 12 * S, &shell);
	for (unsigned i = 0; i < 8; i++) {
		(&e.process.ns_mnt)[i] = 40 + i;
		event_mark(&e, FIELD_PROCESS_NS_MNT + i);
	}
	CHECK(enrich_event(en, NULL, &e));
	CHECK(sample_open(en, &e, 13 * S, &shell));
	CHECK(event_has(&e, FIELD_PROCESS_NS_MNT) && e.process.ns_mnt == 40);
	CHECK(event_has(&e, FIELD_PROCESS_NS_CGROUP) && e.process.ns_cgroup == 46);
	CHECK(event_has(&e, FIELD_PROCESS_NS_TGID) && e.process.ns_tgid == 47);
	/* a child is in those of its parent, under a number of its own that was not told */
	CHECK(sample_fork(en, &e, 20 * S, &child, "x"));
	CHECK(sample_open(en, &e, 21 * S, &child));
	CHECK(event_has(&e, FIELD_PROCESS_NS_NET) && e.process.ns_net == 42);
	CHECK(!event_has(&e, FIELD_PROCESS_NS_TGID));
	CHECK(sample_open(en, &e, 22 * S, &init));
	CHECK(!event_has(&e, FIELD_PROCESS_NS_MNT));
	end();
}

/* of the exec: it has its key, by which others are written, and so its namespaces */
static void an_exec_that_is_told_once_more_is_where_it_was(void) {
	static const uint32_t kinds[] = { WIRE_PROCESS_EXEC, WIRE_KERNEL_NAMESPACE,
					  WIRE_PROCESS_HASH };

	begin();
	for (unsigned k = 0; k < 3; k++) {
		sample_event(&e, kinds[k], 12 * S + k, &shell);
		EVENT_SET(&e, PROCESS_NS_NET, process.ns_net, k == 1 ? 99 : 42);
		CHECK(enrich_event(en, NULL, &e));
		CHECK(e.process.ns_net == (k == 1 ? 99 : 42));
	}
	CHECK(sample_open(en, &e, 14 * S, &shell) && e.process.ns_net == 99);
	end();
}

static void a_thread_that_goes_elsewhere_takes_only_itself_there(void) {
	begin();
	sample_event(&e, WIRE_PROCESS_EXEC, 12 * S, &shell);
	for (unsigned i = 0; i < 8; i++)
		EVENT_SET(&e, PROCESS_NS_MNT + i, process.ns_mnt, 40);
	for (unsigned i = 0; i < 8; i++)
		(&e.process.ns_mnt)[i] = 40 + i;
	CHECK(enrich_event(en, NULL, &e));
	for (uint32_t other = 1; other <= 1; other--) {
		sample_event(&e, WIRE_KERNEL_NAMESPACE, 13 * S, &shell);
		e.process.tid += other;
		EVENT_SET(&e, PROCESS_NS_NET, process.ns_net, 99);
		CHECK(enrich_event(en, NULL, &e));
		CHECK(event_has(&e, FIELD_PROCESS_NS_NET) && e.process.ns_net == 99);
		CHECK(event_has(&e, FIELD_PROCESS_NS_MNT) && e.process.ns_mnt == 40);
		CHECK(event_has(&e, FIELD_PROCESS_NS_TGID) && e.process.ns_tgid == 47);
		CHECK(sample_open(en, &e, 14 * S, &shell));
		CHECK(e.process.ns_net == (other ? 42 : 99) && e.process.ns_mnt == 40);
	}
	end();
}

int main(void) {
	RUN(ancestors_are_told_up_to_init);
	RUN(an_ancestor_stays_what_it_was_when_its_child_was_born);
	RUN(siblings_share_their_lineage);
	RUN(a_census_in_any_order_gives_whole_lineages);
	RUN(init_ends_a_lineage_even_if_no_census_told_of_it);
	RUN(a_lineage_that_is_not_whole_says_so);
	RUN(a_long_lineage_ends_at_its_bound_and_says_so);
	RUN(the_container_of_a_process_is_told_with_each_event);
	RUN(a_cgroup_whose_path_is_not_known_is_unresolved_until_it_is);
	RUN(the_root_of_v2_says_nothing_where_v1_has_the_controllers);
	RUN(namespaces_are_told_with_each_event);
	RUN(an_exec_that_is_told_once_more_is_where_it_was);
	RUN(a_thread_that_goes_elsewhere_takes_only_itself_there);
	DONE();
}
