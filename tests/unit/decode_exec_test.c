/* SPDX-License-Identifier: Apache-2.0 */
/* What an exec says of its streams, and of where its program lies. */
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "decode_one.h"
#include "encode/encode.h"
#include "test.h"

#define DEVICE(major, minor) ((uint32_t)(major) << 20 | (minor))

static void every_kind_of_stream_has_its_name(void) {
	static const struct {
		uint32_t mode, rdev;
		const char *want;
	} rows[] = {
		{ 0, 0, "closed" },
		{ WIRE_STREAM_OPEN | 0100644, 0, "file" },
		{ WIRE_STREAM_OPEN | 0040755, 0, "directory" },
		{ WIRE_STREAM_OPEN | 0010600, 0, "pipe" },
		{ WIRE_STREAM_OPEN | 0140777, 0, "socket" },
		{ WIRE_STREAM_OPEN | 0020666, DEVICE(1, 3), "null" },
		{ WIRE_STREAM_OPEN | 0020666, DEVICE(1, 5), "device" },
		{ WIRE_STREAM_OPEN | 0020620, DEVICE(136, 4), "terminal" },
		{ WIRE_STREAM_OPEN | 0020620, DEVICE(143, 1), "terminal" },
		{ WIRE_STREAM_OPEN | 0020620, DEVICE(144, 1), "device" },
		{ WIRE_STREAM_OPEN | 0020620, DEVICE(4, 64), "terminal" },
		{ WIRE_STREAM_OPEN | 0020666, DEVICE(5, 0), "terminal" },
		{ WIRE_STREAM_OPEN | 0060660, DEVICE(8, 0), "device" },
		{ WIRE_STREAM_OPEN | 0600, 0, "other" },
		{ WIRE_STREAM_OPEN, 0, "other" },
	};
	struct wire_process_exec *w = sample_exec(&sample, WIRE_PROCESS_EXEC);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(w->streams, 0, sizeof(w->streams));
		w->streams[1] = (struct wire_stream){ rows[i].mode, rows[i].rdev };
		CHECK(decode() == 0 && HAS(EXEC_IN) && HAS(EXEC_OUT) && HAS(EXEC_ERR));
		CHECK(is_text(e.exec.out, rows[i].want));
		CHECK(is_text(e.exec.in, "closed") && is_text(e.exec.err, "closed"));
	}
	sample_exec(&sample, WIRE_PROCESS_CENSUS);
	CHECK(decode() == 0 && !HAS(EXEC_IN) && !HAS(EXEC_OUT) && !HAS(EXEC_ERR));
}

static void place_of_the_executable_is_told_when_there_is_one(void) {
	struct wire_process_exec *w = sample_exec(&sample, WIRE_PROCESS_EXEC);

	CHECK(decode() == 0 && HAS(EXEC_UNLINKED) && HAS(EXEC_MEMORY) && HAS(EXEC_TMPFS));
	CHECK(!e.exec.unlinked && !e.exec.memory && !e.exec.tmpfs);
	w->exe.flags = WIRE_PATH_DELETED;
	w->place = WIRE_EXE_TMPFS;
	CHECK(decode() == 0 && e.exec.unlinked && !e.exec.memory && e.exec.tmpfs);
	w->place = WIRE_EXE_TMPFS | WIRE_EXE_MEMORY;
	CHECK(decode() == 0 && e.exec.memory);
	w->exe_inode.ino = 0;
	CHECK(decode() == 0 && !HAS(EXEC_UNLINKED) && !HAS(EXEC_MEMORY) && !HAS(EXEC_TMPFS));
}

static void environment_is_a_list_and_what_is_missing_of_it_is_said(void) {
	struct wire_process_exec *w = sample_exec(&sample, WIRE_PROCESS_EXEC);

	CHECK(decode() == 0 && !HAS(EXEC_ENVIRONMENT) && !e.degraded);
	w->env = sample_add(&sample, "LD_PRELOAD=\0LD_A\0ENV=/x y\0", 26);
	CHECK(decode() == 0 && HAS(EXEC_ENVIRONMENT) && e.exec.environment.n == 3);
	CHECK(is_text(e.exec.environment.v[0], "LD_PRELOAD="));
	CHECK(is_text(e.exec.environment.v[1], "LD_A"));
	CHECK(is_text(e.exec.environment.v[2], "ENV=/x y") && !e.degraded);
	w->head.flags = WIRE_ENV_CUT;
	CHECK(decode() == 0 && e.degraded == 1ull << DEGRADED_ENV_CUT);
	w->head.flags = WIRE_ENV_UNREADABLE;
	CHECK(decode() == 0 && e.degraded == 1ull << DEGRADED_ENV_UNREADABLE);
	w->env.len++;
	CHECK(decode() == -EBADMSG);
}

static void script_is_told_with_its_file_and_how_it_was_called(void) {
	struct wire_process_script *w = (void *)sample.bytes;

	sample_make(&sample, WIRE_PROCESS_SCRIPT);
	CHECK(decode() == 0 && is_text(e.file.path, "/home/mia/run.sh") && e.file.inode == 12);
	CHECK(e.file.dev_major == 8 && e.file.dev_minor == 17 && e.file.mode == 0100755);
	CHECK(is_text(e.exec.invoked, "./run.sh") && !HAS(EXEC_SCRIPT) && !HAS(EXEC_ARGS));
	CHECK(is_text(e.exec.interpreter, "/home/mia/run.sh"));
	w->interp = (struct wire_str){ 0 };
	CHECK(decode() == 0 && !HAS(EXEC_INTERPRETER));
}

/* whole_exec - one that says all of what an exec is to say */
static struct wire_process_exec *whole_exec(void) {
	struct wire_process_exec *w = sample_exec(&sample, WIRE_PROCESS_EXEC);

	w->task.spaces = (struct wire_spaces){ 1, 2, 3, 4, 5, 6, 7, 8 };
	w->task.cgroup_id = 9;
	w->task.cap_effective = 10;
	return w;
}

static void an_exec_that_comes_again_is_told_again_with_its_key_and_who_it_is(void) {
	struct wire_process_exec *w = whole_exec();
	uint64_t key;

	CHECK(decode() == 0 && e.exec_key);
	key = e.exec_key;
	w->head.ts_ns++;
	w->head.seq++;
	w->head.tgid = w->head.tid = w->task.spaces.ns_tgid = 555;
	w->head.start_ns = w->task.parent_start_ns = 666;
	w->head.cpu = 1;
	w->task.parent_tgid = 777;
	CHECK(decode() == 0 && e.exec_key == key);
	CHECK(e.process.pid == 555 && e.process.tid == 555 && e.process.ns_tgid == 555);
	CHECK(e.process.start_ns == 666 && e.parent_tgid == 777 && e.parent_start_ns == 666);
	CHECK(e.boot_ns == w->head.ts_ns && e.cpu == 1 && e.cpu_seq == 8 && e.process.ns_mnt == 1);
	CHECK(is_text(e.process.command_line, "cat -n /etc/hosts") && e.exec.args.n == 3);
	w->task.cap_effective = 11;
	CHECK(decode() == 0 && e.exec_key && e.exec_key != key && e.process.cap_effective == 11);
	w->task.spaces.ns_net = 0; /* that is for others to add */
	CHECK(decode() == 0 && !e.exec_key && !HAS(PROCESS_NS_NET) && HAS(EXEC_ARGS));
	w->task.spaces.ns_net = 3;
	w->task.spaces.ns_tgid = 0;
	CHECK(decode() == 0 && !e.exec_key && !HAS(PROCESS_NS_TGID) && HAS(PROCESS_NS_NET));
	w->head.tgid = 556;
	CHECK(decode() == 0 && !e.exec_key && e.process.pid == 556);
}

/* told - what is told of the sample, as a hash; an error is a number of its own */
static uint64_t told(void) {
	struct buf b = { 0 };
	int error = decode();
	uint64_t h = 1469598103934665603ull;

	if (error)
		return (uint64_t)-error;
	e.exec_key = 0; /* what is copied by it has a test of its own */
	encode_proto(&b, &e);
	for (size_t i = 0; i < b.len; i++)
		h = (h ^ (uint8_t)b.data[i]) * 1099511628211ull;
	h = (h ^ e.parent_tgid ^ e.parent_start_ns << 1) * 1099511628211ull;
	h ^= e.degraded << 32;
	buf_done(&b);
	return h;
}

static void an_exec_that_differs_in_any_byte_is_told_as_if_none_had_been_before(void) {
	uint64_t *fresh = mmap(NULL, sizeof(*fresh) * WIRE_RECORD_BYTES, PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint32_t differ = 0;
	uint64_t first;
	pid_t pid;

	whole_exec();
	for (uint32_t i = 0; i < sample.len && fresh != MAP_FAILED; i++) {
		pid = fork();
		if (!pid) {
			sample.bytes[i] ^= 1;
			fresh[i] = told();
			_exit(0);
		}
		CHECK(pid > 0 && waitpid(pid, NULL, 0) == pid);
	}
	first = told();
	for (uint32_t i = 0; i < sample.len && fresh != MAP_FAILED; i++) {
		sample.bytes[i] ^= 1;
		CHECK(fresh[i] && told() == fresh[i] && told() == fresh[i]);
		differ += fresh[i] != first;
		sample.bytes[i] ^= 1;
		CHECK(told() == first && e.error == 0);
	}
	CHECK(fresh != MAP_FAILED && differ > sample.len / 3);
}

int main(void) {
	arena_init(&arena, 1 << 20);
	/* first: none is known yet */
	RUN(an_exec_that_differs_in_any_byte_is_told_as_if_none_had_been_before);
	RUN(every_kind_of_stream_has_its_name);
	RUN(environment_is_a_list_and_what_is_missing_of_it_is_said);
	RUN(script_is_told_with_its_file_and_how_it_was_called);
	RUN(place_of_the_executable_is_told_when_there_is_one);
	RUN(an_exec_that_comes_again_is_told_again_with_its_key_and_who_it_is);
	arena_done(&arena);
	DONE();
}
