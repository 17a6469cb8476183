/* SPDX-License-Identifier: Apache-2.0 */
/*
 * emit_test.c OBJECT - the door to the ring, run in the kernel
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "knobs.h"
#include "test.h"

static struct bpf_object *object;
static const char *path;

static int quiet(enum libbpf_print_level level, const char *fmt, va_list args) {
	return level == LIBBPF_WARN ? vfprintf(stderr, fmt, args) : 0;
}

/* place_of - where in @section a global variable of emit.bpf.c is; -1 if it is not */
static int place_of(const char *section, const char *name) {
	const struct btf *btf = bpf_object__btf(object);
	int sec = btf__find_by_name_kind(btf, section, BTF_KIND_DATASEC);
	const struct btf_type *t = btf__type_by_id(btf, (uint32_t)sec);

	for (int i = 0; sec > 0 && i < btf_vlen(t); i++) {
		const struct btf_var_secinfo *v = btf_var_secinfos(t) + i;
		const struct btf_type *var = btf__type_by_id(btf, v->type);

		if (!strcmp(btf__name_by_offset(btf, var->name_off), name))
			return (int)v->offset;
	}
	return -1;
}

/* set_limits - before it is loaded */
static int set_limits(uint32_t process, uint32_t cgroup) {
	struct bpf_map *map = bpf_object__find_map_by_name(object, ".rodata.knobs");
	int at = place_of(".rodata.knobs", "knobs");
	struct knobs knobs = { 0 };
	char bytes[4096];
	const void *was;
	size_t n;

	was = map ? bpf_map__initial_value(map, &n) : NULL;
	if (!was || at < 0 || n > sizeof(bytes) || (size_t)at + sizeof(knobs) > n)
		return -1;
	memcpy(bytes, was, n);
	knobs.limit_process = process;
	knobs.limit_cgroup = cgroup;
	memcpy(bytes + at, &knobs, sizeof(knobs));
	return bpf_map__set_initial_value(map, bytes, n);
}

/* open_object - with limits for a process, and for a cgroup; 0: none */
static int open_object(uint32_t process, uint32_t cgroup) {
	libbpf_set_print(quiet);
	bpf_object__close(object);
	object = bpf_object__open_file(path, NULL);
	if (!object)
		return -1;
	if (set_limits(process, cgroup) ||
	    bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "slots"),
				     (uint32_t)libbpf_num_possible_cpus() * KNOBS_SLOTS_PER_CPU) ||
	    bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "sequences"),
				     (uint32_t)libbpf_num_possible_cpus()) ||
	    bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "losses"),
				     (uint32_t)libbpf_num_possible_cpus()))
		return -1;
	return bpf_object__load(object);
}

static int run(const char *name) {
	struct bpf_program *p = bpf_object__find_program_by_name(object, name);
	LIBBPF_OPTS(bpf_test_run_opts, opts);

	return bpf_prog_test_run_opts(bpf_program__fd(p), &opts);
}

static uint64_t lost_of(enum wire_kind kind, enum wire_loss cause) {
	int fd = bpf_map__fd(bpf_object__find_map_by_name(object, "losses"));
	uint64_t sum = 0;

	for (uint32_t cpu = 0; cpu < (uint32_t)libbpf_num_possible_cpus(); cpu++) {
		struct knobs_losses l;

		if (!bpf_map_lookup_elem(fd, &cpu, &l))
			sum += l.lost[kind][cause];
	}
	return sum;
}

static uint64_t lost(enum wire_loss cause) {
	return lost_of(WIRE_FILE_OPEN, cause);
}

static uint64_t produced(void) {
	int fd = bpf_map__fd(bpf_object__find_map_by_name(object, "sequences"));
	uint64_t sum = 0;

	for (uint32_t cpu = 0; cpu < (uint32_t)libbpf_num_possible_cpus(); cpu++) {
		struct knobs_sequence s;

		if (!bpf_map_lookup_elem(fd, &cpu, &s))
			sum += s.next;
	}
	return sum;
}

/* A global variable of emit.bpf.c, read or written by its place in the object's .bss. */
static int bss(const char *name, void *value, size_t n, int write) {
	struct bpf_map *map = bpf_object__find_map_by_name(object, ".bss");
	int at = place_of(".bss", name);
	char bytes[4096];
	uint32_t zero = 0;

	if (at < 0 || bpf_map__value_size(map) > sizeof(bytes) ||
	    bpf_map_lookup_elem(bpf_map__fd(map), &zero, bytes))
		return -1;
	if (!write) {
		memcpy(value, bytes + at, n);
		return 0;
	}
	memcpy(bytes + at, value, n);
	return bpf_map_update_elem(bpf_map__fd(map), &zero, bytes, BPF_ANY);
}

static uint32_t get(const char *name) {
	uint32_t v = ~0u;

	(void)bss(name, &v, sizeof(v), 0);
	return v;
}

static void four_slots_a_cpu_and_the_fifth_is_a_counted_loss(void) {
	uint32_t claims = 6;
	uint64_t before = produced();

	CHECK(!bss("claims", &claims, sizeof(claims), 1));
	CHECK(!run("emit_slots"));
	CHECK(get("claimed") == KNOBS_SLOTS_PER_CPU);
	CHECK(lost(WIRE_LOSS_NO_SLOT) == 2);
	CHECK(produced() - before == 6);
}

static void slots_are_given_back(void) {
	uint32_t claims = 1;
	uint64_t before = lost(WIRE_LOSS_NO_SLOT);

	CHECK(!bss("claims", &claims, sizeof(claims), 1));
	for (int i = 0; i < 100; i++)
		CHECK(!run("emit_slots") && get("claimed") == 1);
	CHECK(lost(WIRE_LOSS_NO_SLOT) == before);
}

static void string_is_named_where_it_stands(void) {
	char text[64] = "lapwing";

	CHECK(!bss("text", text, sizeof(text), 1));
	CHECK(!run("emit_string"));
	CHECK(get("string_off") == sizeof(struct wire_header));
	CHECK(get("string_len") == 7);
	CHECK(get("length") == sizeof(struct wire_header) + 8);
}

static void string_past_its_bound_is_cut(void) {
	char text[64] = "a lapwing nests on the ground";

	CHECK(!bss("text", text, sizeof(text), 1));
	CHECK(!run("emit_string"));
	CHECK(get("string_len") == 15);
}

static void full_ring_is_a_counted_loss(void) {
	uint32_t claims = 1;

	CHECK(!bss("claims", &claims, sizeof(claims), 1));
	/* nobody reads: 8 MiB of 72-byte records */
	for (int i = 0; i < 130000 && !lost(WIRE_LOSS_RING_FULL); i++)
		CHECK(!run("emit_slots"));
	CHECK(lost(WIRE_LOSS_RING_FULL) > 0);
}

static void what_is_no_life_leaves_most_of_its_ring_to_it(void) {
	uint64_t before = produced(), ring = 2 * 1024 * 1024, spare, life;

	/* nobody reads */
	for (int i = 0; i < 100000 && !lost_of(WIRE_PROCESS_SESSION, WIRE_LOSS_RESERVED); i++)
		CHECK(!run("emit_session"));
	spare = get("held");
	CHECK(spare > ring / 4 && spare < ring / 4 + 1024);
	CHECK(lost_of(WIRE_PROCESS_SESSION, WIRE_LOSS_RESERVED) == 1);
	CHECK(!lost_of(WIRE_PROCESS_SESSION, WIRE_LOSS_RING_FULL));
	CHECK(produced() - before > spare / 128);
	for (int i = 0; i < 100000 && !lost_of(WIRE_PROCESS_EXIT, WIRE_LOSS_RING_FULL); i++)
		CHECK(!run("emit_exit"));
	life = get("held") - spare;
	CHECK(life > ring * 3 / 4 - 2048);
	CHECK(!lost_of(WIRE_PROCESS_EXIT, WIRE_LOSS_RESERVED));
}

static uint32_t told_of(uint32_t asks, bool hold) {
	uint8_t held = hold;

	CHECK(!bss("asks", &asks, sizeof(asks), 1) && !bss("hold", &held, sizeof(held), 1));
	CHECK(!run("emit_limits"));
	return get("told");
}

static double now_s(void) {
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* told_within - what is told of 60 deeds, 500 while the entry is held, and 500 after it */
static void told_within(uint32_t process, uint32_t cgroup, uint32_t ret[3]) {
	double began;

	do { /* until all is in one window: this CPU may be taken away */
		CHECK(!open_object(process, cgroup));
		began = now_s();
		ret[0] = told_of(60, false);
		ret[1] = told_of(500, true);
		ret[2] = told_of(500, false);
	} while (now_s() - began > 0.9);
}

static void a_limit_that_another_thread_holds_is_kept(void) {
	for (int of = 0; of < 2; of++) { /* a process, a cgroup */
		uint32_t told[3];

		told_within(of ? 0 : 100, of ? 100 : 0, told);
		CHECK(told[0] == 60 && told[1] == 40 && !told[2]);
		(void)usleep(1100000); /* the window is over, and another begins while it is held */
		CHECK(told_of(500, true) == 100);
	}
}

/* What others have in each entry of a process but those at place @but of their ways. */
struct others {
	uint64_t over; /* not yet told */
	uint32_t told, told_but;
	uint32_t but;	 /* KNOBS_LIMIT_WAYS: none */
	bool ended_but; /* the window of those at @but is over */
};

static int limits_fd(void) {
	return bpf_map__fd(bpf_object__find_map_by_name(object, "limits"));
}

static uint64_t boot_ns(void) {
	struct timespec t;

	(void)clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int crowd(const struct others *o) {
	for (uint32_t i = 0; i < KNOBS_LIMIT_PROCESSES; i++) {
		bool but = i % KNOBS_LIMIT_WAYS == o->but;
		struct knobs_limit e = { .told = but ? o->told_but : o->told,
					 .id = 1,
					 .tgid = 1,
					 .kind = WIRE_FILE_CREATE,
					 .began_ns = but && o->ended_but ? 1 : boot_ns(),
					 .over = { but ? 0 : o->over } };

		if (bpf_map_update_elem(limits_fd(), &i, &e, BPF_ANY))
			return -1;
	}
	return 0;
}

/* not_theirs - how many of their entries are another's now */
static uint32_t not_theirs(const struct others *o) {
	uint32_t n = 0;
	struct knobs_limit e;

	for (uint32_t i = 0; i < KNOBS_LIMIT_PROCESSES; i++)
		if (i % KNOBS_LIMIT_WAYS != o->but)
			n += bpf_map_lookup_elem(limits_fd(), &i, &e) || e.id != 1;
	return n;
}

static uint64_t over_without_a_name(void) {
	struct knobs_limit_others o;
	uint32_t zero = 0;
	int fd = bpf_map__fd(bpf_object__find_map_by_name(object, "limit_others"));

	return bpf_map_lookup_elem(fd, &zero, &o) ? ~0ull
						  : o.over[WIRE_LIMIT_PROCESS][WIRE_FILE_OPEN];
}

static void others_over_their_limit_leave_an_entry(void) {
	for (uint32_t but = 0; but < KNOBS_LIMIT_WAYS; but++) {
		struct others o = { .over = 1,
				    .told = 1000,
				    .told_but = 1000,
				    .but = but,
				    .ended_but = true };

		CHECK(!open_object(100, 0) && !crowd(&o));
		CHECK(told_of(50, false) == 50);
		CHECK(!not_theirs(&o) && !over_without_a_name());
	}
}

static void what_no_entry_counts_is_counted_without_a_name(void) {
	struct others o = { .over = 1, .told = 1000, .but = KNOBS_LIMIT_WAYS };

	CHECK(!open_object(100, 0) && !crowd(&o));
	CHECK(told_of(50, false) == 0);
	CHECK(!not_theirs(&o) && over_without_a_name() == 50);
}

static void who_take_an_entry_in_turns_share_its_limit(void) {
	for (uint32_t but = 0; but < KNOBS_LIMIT_WAYS; but++) {
		struct others o = { .over = 1, .told = 1000, .told_but = 70, .but = but };

		CHECK(!open_object(100, 0) && !crowd(&o));
		CHECK(told_of(50, false) == 30 && !not_theirs(&o));
	}
}

static void who_says_much_keeps_its_entry(void) {
	for (uint32_t but = 0; but < KNOBS_LIMIT_WAYS; but++) {
		struct others o = { .told = 2, .told_but = 1, .but = but };

		CHECK(!open_object(100, 0) && !crowd(&o));
		CHECK(told_of(1, false) == 1 && !not_theirs(&o));
	}
}

int main(int argc, char **argv) {
	path = argc > 1 ? argv[1] : "build/tests/bpf/emit.bpf.o";
	if (geteuid()) {
		printf("skip emit: needs root\n");
		return 0;
	}
	if (open_object(0, 0)) {
		printf("not ok emit: %s does not load\n", path);
		return 1;
	}
	RUN(four_slots_a_cpu_and_the_fifth_is_a_counted_loss);
	RUN(slots_are_given_back);
	RUN(string_is_named_where_it_stands);
	RUN(string_past_its_bound_is_cut);
	RUN(full_ring_is_a_counted_loss);
	RUN(what_is_no_life_leaves_most_of_its_ring_to_it);
	RUN(a_limit_that_another_thread_holds_is_kept);
	RUN(others_over_their_limit_leave_an_entry);
	RUN(what_no_entry_counts_is_counted_without_a_name);
	RUN(who_take_an_entry_in_turns_share_its_limit);
	RUN(who_says_much_keeps_its_entry);
	bpf_object__close(object);
	DONE();
}
