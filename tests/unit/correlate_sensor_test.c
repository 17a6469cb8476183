/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Correlations in a sensor: events instead of records, losses, starts and reloads.
 */
#include "detect/correlate.h"
#include "test.h"

static struct arena arena = { .max_bytes = 1 << 20 };

#define LIVE                                                                                       \
	"title: r1\nname: r1\nlogsource: {product: linux, category: process_creation}\n"           \
	"detection: {s: {process.name: x}, condition: s}\n---\n"                                   \
	"title: c\nlevel: high\ncorrelation: {type: event_count, rules: r1, group-by: "            \
	"process.uid, timespan: 1m, condition: {gte: 4}}\n"

static struct ruleset *live;

static void load_live(const char *text, struct ruleset **ret) {
	struct buf errors = { 0 };

	CHECK(!ruleset_load_text("t.yml", text, strlen(text), NULL, &errors, ret));
	buf_done(&errors);
}

/* exec_at - an exec of "x" at @s seconds that stands for @n */
static struct event exec_at(double s, uint64_t n) {
	struct event e;

	event_reset(&e);
	EVENT_SET(&e, KIND, kind, WIRE_PROCESS_EXEC);
	EVENT_SET(&e, BOOT_NS, boot_ns, (uint64_t)(s * 1e9));
	EVENT_SET(&e, ID, id, STR("some-0-1"));
	EVENT_SET(&e, PROCESS_NAME, process.name, STR("x"));
	EVENT_SET(&e, PROCESS_UID, process.uid, 7);
	if (n > 1)
		EVENT_SET(&e, FOLD_COUNT, fold.count, n);
	arena_reset(&arena);
	detect_event(live, &arena, &e);
	return e;
}

static struct event host_at(double s, uint32_t kind, uint32_t lost_kind, uint64_t count) {
	struct event e;

	event_reset(&e);
	EVENT_SET(&e, KIND, kind, kind);
	EVENT_SET(&e, BOOT_NS, boot_ns, (uint64_t)(s * 1e9));
	if (kind == WIRE_HOST_LOSS) {
		EVENT_SET(&e, HOST_LOST_KIND, host.lost_kind, lost_kind);
		EVENT_SET(&e, HOST_LOST_COUNT, host.lost_count, count);
	} else if (kind == WIRE_HOST_LIMIT) {
		EVENT_SET(&e, LIMIT_KIND, limit.kind, lost_kind);
		EVENT_SET(&e, LIMIT_COUNT, limit.count, count);
	}
	arena_reset(&arena);
	detect_event(live, &arena, &e);
	return e;
}

static void a_group_is_told_once_per_span(void) {
	load_live(LIVE, &live);
	for (int i = 0; i < 3; i++)
		CHECK(exec_at(i, 1).n_detections == 0);
	CHECK(exec_at(3, 1).n_detections == 1);
	CHECK(exec_at(4, 1).n_detections == 0);
	for (int i = 50; i < 63; i++)
		CHECK(exec_at(i, 1).n_detections == 0);
	CHECK(exec_at(63, 1).n_detections == 1);
	ruleset_free(live);
}

static void a_folded_event_counts_as_many(void) {
	struct event e;

	load_live(LIVE, &live);
	CHECK(exec_at(1, 3).n_detections == 0);
	e = exec_at(2, 1);
	CHECK(e.n_detections == 1 && e.detections[0].events.n == 1);
	ruleset_free(live);
}

static void what_a_loss_leaves_unjudged_is_told(void) {
	struct event e;

	load_live(LIVE, &live);
	(void)exec_at(1, 2);
	e = host_at(2, WIRE_HOST_LOSS, WIRE_FILE_OPEN, 100); /* of no concern */
	CHECK(e.n_detections == 0);
	e = host_at(2, WIRE_HOST_LOSS, WIRE_PROCESS_EXEC, 1); /* 3 would not be enough */
	CHECK(e.n_detections == 0);
	e = host_at(3, WIRE_HOST_LIMIT, WIRE_PROCESS_EXEC, 2); /* not judged either */
	CHECK(e.n_detections == 1 && e.detections[0].evidence == EVIDENCE_UNJUDGED);
	CHECK(e.n_detections == 1 && e.detections[0].level == LEVEL_INFORMATIONAL);
	e = host_at(4, WIRE_HOST_LOSS, WIRE_PROCESS_EXEC, 2); /* told already */
	CHECK(e.n_detections == 0);
	e = exec_at(5, 2);
	CHECK(e.n_detections == 1 && e.detections[0].evidence == EVIDENCE_INCOMPLETE);
	CHECK(e.n_detections == 1 && e.detections[0].level == LEVEL_HIGH);
	e = exec_at(65.5, 4); /* by now the loss is behind the window */
	CHECK(e.n_detections == 1 && e.detections[0].evidence == EVIDENCE_COMPLETE);
	ruleset_free(live);
}

static void a_start_of_the_sensor_ends_all_windows(void) {
	load_live(LIVE, &live);
	(void)exec_at(5, 3);
	(void)host_at(1, WIRE_HOST_START, 0, 0);
	CHECK(exec_at(2, 1).n_detections == 0);
	CHECK(exec_at(2, 3).n_detections == 1);
	ruleset_free(live);
}

static void a_reload_keeps_the_windows_of_what_did_not_change(void) {
	static const char other[] = "---\ntitle: c2\ncorrelation: {type: event_count, rules: r1, "
				    "group-by: process.uid, timespan: 1m, condition: {gte: 3}}\n";
	char text[2048], *eight;
	struct ruleset *next = NULL;

	(void)snprintf(text, sizeof(text), "%s%s", LIVE, other);
	load_live(text, &live);
	CHECK(exec_at(1, 2).n_detections == 0);
	eight = strstr(text, "{gte: 3}");
	CHECK(eight != NULL);
	eight[6] = '2'; /* c2 changes, c does not */
	load_live(text, &next);
	ruleset_adopt(next, live);
	ruleset_free(live);
	live = next;
	CHECK(exec_at(2, 1).n_detections == 0);
	CHECK(exec_at(3, 1).n_detections == 2); /* c has its four, c2 its two */
	ruleset_free(live);
}

int main(void) {
	RUN(a_group_is_told_once_per_span);
	RUN(a_folded_event_counts_as_many);
	RUN(what_a_loss_leaves_unjudged_is_told);
	RUN(a_start_of_the_sensor_ends_all_windows);
	RUN(a_reload_keeps_the_windows_of_what_did_not_change);
	arena_done(&arena);
	DONE();
}
