/* SPDX-License-Identifier: Apache-2.0 */
/* Who a container is, as answers bring it: what events tell before and after; rows run out. */
#include <stdlib.h>

#include "enrich/busy.h"
#include "enrich_sample.h"
#include "test.h"

#define ID "aaaabbbbccccddddeeeeffff0000111122223333444455556666777788889999"
#define POD "/kubepods.slice/kubepods-pod01234567_89ab_cdef_0123_456789abcdef.slice/"

static const struct who init = { 1, 1 * S, 0, 0, 0 };
static const struct who shell = { 100, 10 * S, 0, 1, 1 * S };

static struct enrich *en;
static struct event e;

static void begin(bool asks) {
	if (enrich_new(1000, &en) < 0)
		exit(2);
	sample_event(&e, WIRE_HOST_START, S, NULL);
	e.wall_offset_ns = 0;
	e.cgroups_split = false;
	e.asks = asks;
	CHECK(enrich_event(en, NULL, &e));
	CHECK(!sample_exec(en, &e, WIRE_PROCESS_CENSUS, 5 * S, &init, "/sbin/init"));
}

static void end(void) {
	enrich_free(en);
	en = NULL;
}

static bool exec_in(uint64_t cgroup_id, const char *path) {
	sample_event(&e, WIRE_PROCESS_EXEC, 12 * S, &shell);
	EVENT_SET(&e, PROCESS_NAME, process.name, STR("x"));
	EVENT_SET(&e, PROCESS_CGROUP_ID, process.cgroup_id, cgroup_id);
	EVENT_SET(&e, PROCESS_CGROUP, process.cgroup, str_of(path));
	return enrich_event(en, NULL, &e);
}

static bool answer(const char *id, const char *name, const char *pod) {
	static const struct str labels[] = { { "app=web", 7 }, { "tier=front", 10 } };

	sample_event(&e, WIRE_HOST_CONTAINER, 13 * S, NULL);
	EVENT_SET(&e, CONTAINER_ID, container.id, str_of(id));
	EVENT_SET(&e, CONTAINER_NAME, container.name, str_of(name));
	EVENT_SET(&e, CONTAINER_IMAGE, container.image, STR("registry/web:1"));
	EVENT_SET(&e, CONTAINER_LABELS, container.labels, ((struct strv){ labels, 2 }));
	if (pod)
		EVENT_SET(&e, CONTAINER_POD_NAME, container.pod_name, str_of(pod));
	return enrich_event(en, NULL, &e);
}

static void a_container_is_wanted_once_and_named_when_it_is_answered(void) {
	struct containers_want w;
	uint64_t key;

	begin(true);
	CHECK(!enrich_want(en, &w));
	CHECK(exec_in(33, "/docker/" ID));
	key = e.container_key;
	CHECK(degraded(&e, DEGRADED_CONTAINER_UNNAMED) && !event_has(&e, FIELD_CONTAINER_NAME));
	CHECK(enrich_want(en, &w) && is_text(w.id, ID) && is_text(w.runtime, "docker"));
	CHECK(!w.pod_uid.s && !enrich_want(en, &w));
	CHECK(answer(ID, "web", NULL) && is_text(e.container.name, "web"));
	CHECK(sample_open(en, &e, 14 * S, &shell));
	CHECK(!degraded(&e, DEGRADED_CONTAINER_UNNAMED) && is_text(e.container.name, "web"));
	CHECK(event_has(&e, FIELD_CONTAINER_IMAGE) && e.container.labels.n == 2);
	CHECK(is_text(e.container.labels.v[1], "tier=front") && e.container_key != key);
	CHECK(is_text(e.container.runtime, "docker"));
	key = e.container_key;
	CHECK(sample_open(en, &e, 15 * S, &shell) && e.container_key == key);
	/* another cgroup of the same container is named at once */
	CHECK(exec_in(34, "/docker/" ID "/init.scope") && is_text(e.container.name, "web"));
	CHECK(!enrich_want(en, &w));
	CHECK(answer(ID, "renamed", NULL) && sample_open(en, &e, 16 * S, &shell));
	CHECK(is_text(e.container.name, "renamed"));
	end();
}

static void the_busiest_container_is_called_as_it_was_answered(void) {
	static struct busy_list list;

	begin(true);
	CHECK(exec_in(33, "/docker/" ID));
	enrich_busy(en, &list);
	CHECK(list.n_containers == 1 && !list.containers[0].name.s);
	CHECK(answer(ID, "web", NULL) && sample_open(en, &e, 14 * S, &shell));
	enrich_busy(en, &list);
	CHECK(list.n_containers == 1 && is_text(list.containers[0].name, "web"));
	end();
}

static void nobody_asks_so_nothing_is_missing(void) {
	begin(false);
	CHECK(exec_in(33, "/docker/" ID) && !degraded(&e, DEGRADED_CONTAINER_UNNAMED));
	/* but who answers has been asked */
	CHECK(answer("ffff", "other", NULL) && sample_open(en, &e, 14 * S, &shell));
	CHECK(degraded(&e, DEGRADED_CONTAINER_UNNAMED));
	end();
}

static void a_pod_without_a_name_is_said(void) {
	struct containers_want w;

	begin(true);
	CHECK(exec_in(33, POD "cri-containerd-" ID ".scope"));
	CHECK(enrich_want(en, &w) && is_text(w.pod_uid, "01234567-89ab-cdef-0123-456789abcdef"));
	CHECK(answer(ID, "web", NULL) && sample_open(en, &e, 14 * S, &shell));
	CHECK(degraded(&e, DEGRADED_CONTAINER_UNNAMED) && is_text(e.container.name, "web"));
	CHECK(answer(ID, "web", "web-0") && sample_open(en, &e, 15 * S, &shell));
	CHECK(!degraded(&e, DEGRADED_CONTAINER_UNNAMED) && is_text(e.container.pod_name, "web-0"));
	CHECK(exec_in(34, "/system.slice/cron.service"));
	CHECK(!degraded(&e, DEGRADED_CONTAINER_UNNAMED) && !event_has(&e, FIELD_CONTAINER_NAME));
	end();
}

static void who_was_asked_in_vain_is_asked_again(void) {
	struct containers_want w;

	begin(true);
	CHECK(exec_in(33, "/docker/" ID) && enrich_want(en, &w) && !enrich_want(en, &w));
	enrich_want_again(en);
	CHECK(enrich_want(en, &w) && is_text(w.id, ID));
	CHECK(answer(ID, "web", NULL));
	enrich_want_again(en);
	CHECK(!enrich_want(en, &w));
	end();
}

/* more of them than rows: what is told stays whole, and who comes back is asked for again */
static void containers_without_end_are_bounded(void) {
	struct containers_want w;
	char id[65], path[128];
	size_t wanted = 0;

	begin(true);
	for (unsigned i = 0; i < CONTAINERS_MAX * 2 + 100; i++) {
		(void)snprintf(id, sizeof(id), "%064x", i);
		(void)snprintf(path, sizeof(path), "/docker/%s", id);
		CHECK(exec_in(1000 + i, path));
		while (enrich_want(en, &w))
			wanted++;
		CHECK(answer(id, id + 32, NULL) && sample_open(en, &e, 14 * S, &shell));
		CHECK(is_text(e.container.name, id + 32));
	}
	CHECK(wanted == CONTAINERS_MAX * 2 + 100);
	CHECK(exec_in(5000000, "/docker/0000000000000000000000000000000000000000000000000000000000"
			       "000000") && enrich_want(en, &w));
	end();
}

static void an_answer_that_nobody_asked_for_is_kept(void) {
	struct containers_want w;

	begin(true);
	CHECK(answer(ID, "web", NULL) && !enrich_want(en, &w));
	CHECK(exec_in(33, "/docker/" ID) && is_text(e.container.name, "web"));
	sample_event(&e, WIRE_HOST_CONTAINER, 13 * S, NULL); /* of none */
	CHECK(enrich_event(en, NULL, &e) && !enrich_want(en, &w));
	end();
}

int main(void) {
	RUN(a_container_is_wanted_once_and_named_when_it_is_answered);
	RUN(the_busiest_container_is_called_as_it_was_answered);
	RUN(nobody_asks_so_nothing_is_missing);
	RUN(a_pod_without_a_name_is_said);
	RUN(who_was_asked_in_vain_is_asked_again);
	RUN(containers_without_end_are_bounded);
	RUN(an_answer_that_nobody_asked_for_is_kept);
	DONE();
}
