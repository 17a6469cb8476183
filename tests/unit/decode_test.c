/* SPDX-License-Identifier: Apache-2.0 */
#include "decode_sample.h"
#include "test.h"

static struct arena arena;
static struct sample sample;

/* refused - whether the first @n bytes are, with the event left as it was */
static bool refused(size_t n) {
	static struct event e, before;
	int error;

	memset(&e, 0x5a, sizeof(e));
	memset(&before, 0x5a, sizeof(before));
	arena_reset(&arena);
	error = sample_decode_n(&sample, n, &arena, &e);
	return error == -EBADMSG && !memcmp(&e, &before, sizeof(e));
}

static void every_kind_is_decoded(void) {
	struct event e;

	for (size_t i = 0; i < SAMPLE_KINDS; i++) {
		sample_make(&sample, sample_kinds[i]);
		arena_reset(&arena);
		CHECK(sample_decode(&sample, &arena, &e) == 0);
		/* a fold is an event of the kind that it counts */
		CHECK(e.kind == (sample_kinds[i] == WIRE_HOST_FOLD ? WIRE_FILE_OPEN
								   : sample_kinds[i]));
		CHECK(event_has(&e, FIELD_KIND));
	}
}

static void record_cut_at_any_length_is_refused_and_ret_untouched(void) {
	for (size_t i = 0; i < SAMPLE_KINDS; i++) {
		sample_make(&sample, sample_kinds[i]);
		for (uint32_t n = 0; n < sample.len; n++) {
			((struct wire_header *)sample.bytes)->len = n;
			CHECK(refused(n));
			((struct wire_header *)sample.bytes)->len = sample.len;
			CHECK(refused(n));
		}
	}
}

static void length_in_the_header_must_be_the_length_given(void) {
	for (size_t i = 0; i < SAMPLE_KINDS; i++) {
		sample_make(&sample, sample_kinds[i]);
		((struct wire_header *)sample.bytes)->len++;
		CHECK(refused(sample.len));
	}
}

static void bytes_behind_a_record_without_text_are_refused(void) {
	static const uint8_t exact[] = { WIRE_PROCESS_FORK, WIRE_PROCESS_EXIT, WIRE_NET_CONNECT,
		                         WIRE_HOST_CLOCK,   WIRE_HOST_LOSS,    WIRE_HOST_STOP };

	for (size_t i = 0; i < sizeof(exact); i++) {
		sample_make(&sample, exact[i]);
		sample_add_lit(&sample, "x");
		CHECK(refused(sample.len));
	}
}

static void kinds_that_do_not_exist_are_refused(void) {
	for (unsigned int kind = 0; kind < 256; kind++) {
		if (memchr(sample_kinds, (int)kind, SAMPLE_KINDS))
			continue;
		sample_make(&sample, WIRE_FILE_OPEN);
		((struct wire_header *)sample.bytes)->kind = (uint8_t)kind;
		CHECK(refused(sample.len));
	}
}

static void outcomes_that_do_not_exist_are_refused(void) {
	sample_make(&sample, WIRE_FILE_OPEN);
	((struct wire_header *)sample.bytes)->outcome = WIRE_FAILED + 1;
	CHECK(refused(sample.len));
}

static void record_past_the_bound_is_refused(void) {
	sample_make(&sample, WIRE_FILE_OPEN);
	memset(sample.bytes + sample.len, 0, WIRE_RECORD_BYTES + 1 - sample.len);
	((struct wire_header *)sample.bytes)->len = WIRE_RECORD_BYTES;
	CHECK(!refused(WIRE_RECORD_BYTES));
	((struct wire_header *)sample.bytes)->len = WIRE_RECORD_BYTES + 1;
	CHECK(refused(WIRE_RECORD_BYTES + 1));
}

/* Where a kind has {off, len} pairs; a path has two of them, side by side. */
static const struct {
	uint8_t kind;
	uint16_t fixed, at;
} texts[] = {
#define EXEC(m)                                                                                    \
	{                                                                                          \
		WIRE_PROCESS_EXEC, sizeof(struct wire_process_exec),                               \
			offsetof(struct wire_process_exec, m)                                      \
	}
#define FILES(m)                                                                                   \
	{ WIRE_FILE_OPEN, sizeof(struct wire_file), offsetof(struct wire_file, m) }
#define START(m)                                                                                   \
	{ WIRE_HOST_START, sizeof(struct wire_host_start), offsetof(struct wire_host_start, m) }
	EXEC(exe),
	EXEC(exe.tail_off),
	EXEC(cwd),
	EXEC(cwd.tail_off),
	EXEC(cgroup),
	EXEC(cgroup.tail_off),
	EXEC(filename),
	EXEC(interp),
	EXEC(tty),
	FILES(path),
	FILES(path.tail_off),
	FILES(old_path),
	FILES(old_path.tail_off),
	FILES(target),
	START(host_id),
	START(boot_id),
	START(host_name),
	START(version),
	START(kernel),
	START(arch),
	START(coverage),
	{ WIRE_HOST_USER, sizeof(struct wire_host_user), offsetof(struct wire_host_user, name) },
};

static void text_outside_its_room_is_refused(void) {
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		uint16_t *pair = (void *)(sample.bytes + texts[i].at);
		uint32_t fixed = texts[i].fixed;

		sample_make(&sample, texts[i].kind);
		for (size_t j = 0; j < 6; j++) {
			const uint32_t bad[6][2] = {
				{ 1, 2 },          { fixed - 1, 1 },      { fixed - 1, 0 },
				{ sample.len, 1 }, { sample.len + 1, 0 }, { 65535, 65535 },
			};

			pair[0] = (uint16_t)bad[j][0];
			pair[1] = (uint16_t)bad[j][1];
			CHECK(refused(sample.len));
		}
	}
}

static void arguments_outside_their_room_are_refused(void) {
	const uint32_t fixed = sizeof(struct wire_process_exec);
	struct wire_process_exec *w = (void *)sample.bytes;

	sample_make(&sample, WIRE_PROCESS_EXEC);
	{
		const struct {
			uint32_t off, len, head;
		} bad[] = {
			{ 1, 2, 2 },
			{ fixed - 1, 1, 1 },
			{ sample.len, 1, 1 },
			{ sample.len + 1, 0, 0 },
			{ ~0u, 1, 1 },
			{ fixed, ~0u, 1 },
			{ fixed, ~0u, ~0u },
			{ fixed, 2, 3 },
			{ fixed, 2, ~0u },
			{ ~0u - 1, ~0u, 4 },
		};

		for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
			w->args = (struct wire_bytes){ bad[i].off, bad[i].len };
			w->args_head = bad[i].head;
			CHECK(refused(sample.len));
		}
	}
}

static void header_is_told_as_it_stands(void) {
	struct wire_header *h = (void *)sample.bytes;
	struct event e;

	sample_make(&sample, WIRE_FILE_UNLINK);
	h->outcome = WIRE_FAILED;
	h->error = 13;
	CHECK(sample_decode(&sample, &arena, &e) == 0);
	CHECK(e.boot_ns == 5000000000 && e.cpu == 3 && e.cpu_seq == 7);
	CHECK(e.outcome == OUTCOME_FAILED && e.error == 13 && event_has(&e, FIELD_ERROR));
	CHECK(is_text(e.hook, "lsm/file_open"));
	CHECK(e.process.pid == 100 && e.process.tid == 101 && e.process.start_ns == 4000000000);
	CHECK(e.process.uid == 1000 && e.process.gid == 1001 && e.process.euid == 1002);
	CHECK(event_has(&e, FIELD_PROCESS_PID) && !e.ownerless && !e.degraded);
	h->outcome = WIRE_SUCCEEDED;
	h->hook = WIRE_HOOK_NONE;
	CHECK(sample_decode(&sample, &arena, &e) == 0);
	CHECK(!event_has(&e, FIELD_ERROR) && !event_has(&e, FIELD_HOOK));
	h->hook = WIRE_HOOK_MAX;
	CHECK(sample_decode(&sample, &arena, &e) == 0 && !event_has(&e, FIELD_HOOK));
}

static void record_without_a_task_has_no_process(void) {
	struct event e;

	sample_make(&sample, WIRE_NET_CONNECT);
	((struct wire_header *)sample.bytes)->flags = WIRE_NO_TASK;
	CHECK(sample_decode(&sample, &arena, &e) == 0);
	CHECK(e.ownerless);
	CHECK(!event_has(&e, FIELD_PROCESS_PID) && !event_has(&e, FIELD_PROCESS_UID));
	sample_make(&sample, WIRE_HOST_STOP);
	CHECK(sample_decode(&sample, &arena, &e) == 0);
	CHECK(!e.ownerless && !event_has(&e, FIELD_PROCESS_PID));
	((struct wire_header *)sample.bytes)->flags = WIRE_NO_TASK;
	CHECK(sample_decode(&sample, &arena, &e) == 0 && !e.ownerless);
}

static void each_flag_degrades_in_its_own_way(void) {
	static const struct {
		uint32_t flag;
		enum event_degraded degraded;
	} good[] = {
		{ WIRE_ARGS_CUT, DEGRADED_ARGS_CUT },
		{ WIRE_ARGS_UNREADABLE, DEGRADED_ARGS_UNREADABLE },
		{ WIRE_PATH_CUT, DEGRADED_PATH_CUT },
		{ WIRE_PATH_RACY, DEGRADED_PATH_RACY },
		{ WIRE_FILE_UNRESOLVED, DEGRADED_FILE_UNRESOLVED },
		{ WIRE_FILE_LATE, DEGRADED_FILE_LATE },
		{ WIRE_ADDRESS_RACY, DEGRADED_ADDRESS_RACY },
	};
	struct event e;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		sample_make(&sample, WIRE_FILE_OPEN);
		((struct wire_header *)sample.bytes)->flags = good[i].flag;
		CHECK(sample_decode(&sample, &arena, &e) == 0);
		CHECK(e.degraded == 1ull << good[i].degraded);
	}
}

static void every_hook_has_a_name_of_its_own(void) {
	CHECK(!decode_hook_name(WIRE_HOOK_NONE).s && !decode_hook_name(WIRE_HOOK_MAX).s);
	for (uint32_t i = 1; i < WIRE_HOOK_MAX; i++) {
		CHECK(decode_hook_name(i).n > 0);
		for (uint32_t j = 1; j < i; j++)
			CHECK(!str_eq(decode_hook_name(i), decode_hook_name(j)));
	}
	CHECK(is_text(decode_hook_name(WIRE_HOOK_TP_NET_DEV_QUEUE), "tp_btf/net_dev_queue"));
}

static void out_of_memory_is_told_and_ret_untouched(void) {
	static const uint8_t kinds[] = { WIRE_PROCESS_EXEC, WIRE_FILE_OPEN, WIRE_HOST_START };
	static struct event e, before;
	struct arena none;

	arena_init(&none, 0);
	memset(&e, 0x5a, sizeof(e));
	memset(&before, 0x5a, sizeof(before));
	for (size_t i = 0; i < sizeof(kinds); i++) {
		sample_make(&sample, kinds[i]);
		CHECK(sample_decode(&sample, &none, &e) == -ENOMEM);
		CHECK(!memcmp(&e, &before, sizeof(e)));
	}
	arena_done(&none);
}

int main(void) {
	arena_init(&arena, 16 << 20);
	RUN(every_kind_is_decoded);
	RUN(record_cut_at_any_length_is_refused_and_ret_untouched);
	RUN(length_in_the_header_must_be_the_length_given);
	RUN(bytes_behind_a_record_without_text_are_refused);
	RUN(kinds_that_do_not_exist_are_refused);
	RUN(outcomes_that_do_not_exist_are_refused);
	RUN(record_past_the_bound_is_refused);
	RUN(text_outside_its_room_is_refused);
	RUN(arguments_outside_their_room_are_refused);
	RUN(header_is_told_as_it_stands);
	RUN(record_without_a_task_has_no_process);
	RUN(each_flag_degrades_in_its_own_way);
	RUN(every_hook_has_a_name_of_its_own);
	RUN(out_of_memory_is_told_and_ret_untouched);
	arena_done(&arena);
	DONE();
}
