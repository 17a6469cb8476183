/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is left untold of a twin is what would have been told.
 *
 * Two enrichers are told the same by a host that does the same few things over and over, and now
 * and then something else. What one of them leaves out is encoded by the twin, and everything of
 * the other without any key: the bytes must be the same.
 */
#include <stdlib.h>

#include "encode/encode.h"
#include "enrich_sample.h"
#include "luck.h"
#include "test.h"

#define SHELLS 3
#define PATHS 3

static struct enrich *lean, *full;
static struct buf by_twin, by_hand;
static uint64_t now;
static uint64_t last_twin; /* key of what was told last */
static uint32_t last_pid, n_untold, n_copied, n_events;

static void own_is_told(const struct event *l, const struct event *f) {
	CHECK(l->seq == f->seq && l->time_ns == f->time_ns && str_eq(l->id, f->id));
	CHECK(str_eq(l->process.entity_id, f->process.entity_id));
	if (event_has(f, FIELD_PROCESS_NS_TGID))
		CHECK(l->process.ns_tgid == f->process.ns_tgid);
}

/* tell - both of them the same, which is @raw's event */
static void tell(const struct event *raw) {
	struct event l = *raw, f = *raw;
	bool told = enrich_lean(lean, NULL, &l);

	CHECK(told == enrich_event(full, NULL, &f));
	if (!told)
		return;
	n_events++;
	buf_reset(&by_twin);
	buf_reset(&by_hand);
	CHECK(!l.untold || l.twin_key);
	if (l.untold)
		own_is_told(&l, &f);
	n_untold += l.untold;
	last_twin = l.twin_key;
	if (l.untold && encode_twin(&by_twin, &l)) {
		n_copied++;
	} else {
		if (l.untold)
			enrich_tell(lean, &l);
		CHECK(!l.untold);
		encode_proto(&by_twin, &l);
	}
	event_unkey(&f);
	encode_proto(&by_hand, &f);
	CHECK(by_twin.len == by_hand.len && !memcmp(by_twin.data, by_hand.data, by_hand.len));
}

static struct who shells[SHELLS];

static void put_namespaces(struct event *e, uint32_t pid) {
	for (unsigned i = 0; i < 8; i++) {
		(&e->process.ns_mnt)[i] = 4026531840u + i;
		event_mark(e, FIELD_PROCESS_NS_MNT + i);
	}
	e->process.ns_tgid = pid;
}

static struct event *of_life(uint32_t kind, const struct who *who) {
	static struct event e;

	sample_event(&e, kind, now, who);
	e.cpu = luck(40) == 0;
	if (luck(40) == 0)
		e.process.gid = 7;
	if (luck(40) == 0)
		e.process.euid = 7;
	if (luck(40) == 0)
		event_degrade(&e, DEGRADED_PATH_CUT);
	EVENT_SET(&e, HOOK, hook, STR("a/hook"));
	e.parent_tgid = who->parent_pid;
	e.parent_start_ns = who->parent_start_ns;
	return &e;
}

static uint64_t mix(uint64_t h, uint64_t x) {
	return (h ^ x) * 0x9e3779b97f4a7c15ull + (h >> 29);
}

/* know - now and then not: as decode/again.c does a record that says what one before it said */
static void know(struct event *e) {
	uint64_t h = mix(e->kind, e->degraded);

	e->deed = e->cpu;
	if (luck(60) == 0)
		return;
	for (unsigned w = 0; w < EVENT_HAS_WORDS; w++)
		h = mix(h, e->has[w]);
	h = mix(mix(mix(h, e->process.uid), e->process.gid), e->process.euid);
	if (e->kind == WIRE_PROCESS_FORK)
		h = mix(mix(h, e->fork.clone_flags), (uint64_t)e->process.name.s[0]);
	else if (event_has(e, FIELD_EXIT_SIGNAL))
		h = mix(mix(h, e->exit.signal), e->exit.core_dumped);
	else
		h = mix(h, e->exit.code);
	e->said_key = h | 1;
}

static void fork_of(const struct who *who, uint32_t execs) {
	struct event *e = of_life(WIRE_PROCESS_FORK, who);

	EVENT_SET(e, PROCESS_NAME, process.name, luck(30) ? STR("sh") : STR("other"));
	EVENT_SET(e, PROCESS_CGROUP_ID, process.cgroup_id, 33);
	EVENT_SET(e, FORK_CLONE_FLAGS, fork.clone_flags, luck(10) ? 17 : 0x100011);
	if (luck(30))
		put_namespaces(e, luck(10) ? who->pid : luck(300));
	know(e);
	e->execs = execs;
	tell(e);
}

/* exec_of - as decode/again.c has it: of one path, user and degree it is always the same record */
static void exec_of(uint32_t kind, const struct who *who, uint32_t path, uint32_t execs) {
	static const char *const paths[PATHS] = { "/bin/a", "/usr/bin/b", "/usr/local/bin/c" };
	struct event *e = of_life(kind, who);
	bool cut = luck(20) == 0;

	EVENT_SET(e, PROCESS_NAME, process.name, str_basename(str_of(paths[path])));
	EVENT_SET(e, PROCESS_EXECUTABLE, process.executable, str_of(paths[path]));
	EVENT_SET(e, PROCESS_COMMAND_LINE, process.command_line, str_of(paths[path]));
	EVENT_SET(e, EXEC_INODE, exec.inode, path + 7);
	EVENT_SET(e, PROCESS_CGROUP_ID, process.cgroup_id, path < 2 ? 33 : 34);
	EVENT_SET(e, PROCESS_CGROUP, process.cgroup,
		  path < 2 ? STR("/") : STR("/docker/0123456789ab"));
	put_namespaces(e, who->pid);
	if (cut)
		event_degrade(e, DEGRADED_ARGS_CUT);
	if (path == 1)
		EVENT_SET(e, OVERLAY_INODE, overlay.inode, 5);
	/* its ids are among what the key stands for */
	e->process.gid = e->process.euid = who->uid;
	e->degraded &= ~(1ull << DEGRADED_PATH_CUT);
	e->exec_key = kind == WIRE_PROCESS_EXEC && luck(40)
			      ? (1ull << 40) + path * 16 + who->uid * 2 + cut
			      : 0;
	e->said_key = e->exec_key;
	e->deed = e->cpu;
	e->execs = execs;
	tell(e);
}

static void exit_of(const struct who *who, uint32_t execs) {
	struct event *e = of_life(WIRE_PROCESS_EXIT, who);

	if (luck(8)) {
		EVENT_SET(e, EXIT_CODE, exit.code, luck(2));
	} else {
		EVENT_SET(e, EXIT_SIGNAL, exit.signal, 9 + luck(2));
		EVENT_SET(e, EXIT_CORE_DUMPED, exit.core_dumped, luck(2));
	}
	if (luck(50) == 0)
		e->process.tid++;
	know(e);
	e->execs = execs;
	tell(e);
}

static void now_and_then(void);

/* birth - what a host does most: somebody runs a program, which ends */
static void birth(void) {
	const struct who *shell = &shells[luck(SHELLS)];
	bool disturbed = luck(30) == 0;
	struct who who = { ++last_pid, now, shell->uid, shell->pid, shell->start_ns };
	uint32_t execs = luck(10) ? 4 : 0;

	if (luck(40) == 0)
		who.parent_pid += 1000; /* nobody knows it */
	if (luck(50))
		fork_of(&who, execs);
	now += luck(1000) * 1000ull;
	if (disturbed)
		now_and_then();
	if (luck(8))
		exec_of(WIRE_PROCESS_EXEC, &who, luck(PATHS), execs ? execs + 1 + !luck(40) : 0);
	if (disturbed)
		now_and_then();
	now += 1ull << (luck(30) + 1);
	if (luck(30)) /* now and then as the program before */
		exit_of(&who, execs ? execs + !!luck(20) : 0);
}

/* setns or setuid of a shell, as the hooks tell it */
static void move(struct who *who) {
	struct event e;

	sample_event(&e, WIRE_KERNEL_NAMESPACE, now, who);
	EVENT_SET(&e, PROCESS_NS_NET, process.ns_net, 4026531900u + luck(2));
	tell(&e);
	sample_event(&e, WIRE_PROCESS_CREDENTIALS, now, who);
	who->uid = luck(3);
	EVENT_SET(&e, CREDENTIALS_UID, credentials.uid, who->uid);
	tell(&e);
}

static void host(void) {
	struct event e;

	sample_event(&e, WIRE_HOST_START, now, NULL);
	EVENT_SET(&e, HOST_ID, host_id, luck(2) ? STR("one") : STR("other"));
	EVENT_SET(&e, HOST_NAME, host_name, STR("name"));
	e.wall_offset_ns = 7;
	e.asks = false;
	tell(&e);
}

static void name_user(void) {
	struct event e;

	sample_event(&e, WIRE_HOST_USER, now, NULL);
	e.named_uid = luck(3);
	e.user_name = luck(2) ? STR("ann") : STR("bob");
	tell(&e);
}

static void shell_begins(uint32_t i) {
	shells[i] = (struct who){ ++last_pid, now, luck(3), 1, 1 };
	exec_of(luck(2) ? WIRE_PROCESS_CENSUS : WIRE_PROCESS_EXEC, &shells[i], luck(PATHS), 0);
}

static void now_and_then(void) {
	uint32_t i = luck(SHELLS);

	switch (luck(8)) {
	case 0:
		shell_begins(i);
		break;
	case 1:
		now += S / 2; /* an exec is told before what came before it */
		exec_of(WIRE_PROCESS_EXEC, &shells[i], luck(PATHS), luck(2));
		now -= S / 2;
		break;
	case 2:
		move(&shells[i]);
		break;
	case 3:
		name_user();
		break;
	case 4:
		host();
		break;
	case 5:
		exit_of(&shells[i], 0);
		break;
	default:
		last_pid += 40; /* numbers get longer */
		now += luck(40) * S; /* and rows old */
	}
}

static void clock_is_set(void) {
	struct event e;

	sample_event(&e, WIRE_HOST_CLOCK, now, NULL);
	e.wall_offset_ns = 7;
	tell(&e);
}

/* tape_begins - where @starts, as a sensor's own does */
static void tape_begins(uint64_t luck_from, bool starts) {
	static const struct who init = { 1, 1, 0, 0, 0 };

	luck_state = luck_from;
	if (enrich_new(60, &lean) < 0 || enrich_new(60, &full) < 0)
		exit(2);
	now = S;
	if (starts)
		host();
	exec_of(WIRE_PROCESS_CENSUS, &init, 0, 0);
	for (uint32_t i = 0; i < SHELLS; i++)
		shell_begins(i);
}

static void tape_ends(void) {
	enrich_free(lean);
	enrich_free(full);
	buf_done(&by_twin);
	buf_done(&by_hand);
}

static void what_is_copied_is_what_would_have_been_told(void) {
	tape_begins(1, true);
	for (int i = 0; i < 20000 && !test_bad; i++) {
		now += luck(2000) * 1000ull;
		birth();
	}
	printf("# %u events, %u of them had a twin, %u were copied\n", n_events, n_untold,
	       n_copied);
	CHECK(n_untold > n_events / 10 && n_copied > n_untold / 2);
	tape_ends();
}

static void what_has_a_time_is_no_twin_of_what_has_none(void) {
	uint64_t before = 0;

	tape_begins(3, false);
	for (int i = 0; i < 300 && !test_bad; i++) {
		now += 1000;
		exec_of(WIRE_PROCESS_EXEC, &shells[0], 0, 0);
		before = last_twin ?: before;
	}
	CHECK(before);
	clock_is_set();
	for (int i = 0; i < 300 && !test_bad; i++) {
		now += 1000;
		exec_of(WIRE_PROCESS_EXEC, &shells[0], 0, 0);
		CHECK(!last_twin || last_twin > before); /* keys grow */
	}
	CHECK(last_twin > before);
	tape_ends();
}

int main(void) {
	if (encode_setup() < 0)
		return 1;
	RUN(what_is_copied_is_what_would_have_been_told);
	RUN(what_has_a_time_is_no_twin_of_what_has_none);
	DONE();
}
