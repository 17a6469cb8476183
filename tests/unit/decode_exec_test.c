/* SPDX-License-Identifier: Apache-2.0 */
/* What an exec says of its streams, and of where its program lies. */
#include "decode_sample.h"
#include "test.h"

#define DEVICE(major, minor) ((uint32_t)(major) << 20 | (minor))

static struct arena arena;
static struct sample sample;
static struct event e;

#define HAS(id) event_has(&e, FIELD_##id)

static int decode(void) {
	arena_reset(&arena);
	return sample_decode(&sample, &arena, &e);
}

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

int main(void) {
	arena_init(&arena, 1 << 20);
	RUN(every_kind_of_stream_has_its_name);
	RUN(script_is_told_with_its_file_and_how_it_was_called);
	RUN(place_of_the_executable_is_told_when_there_is_one);
	arena_done(&arena);
	DONE();
}
