/* SPDX-License-Identifier: Apache-2.0 */
/* What a file's record says of where the file is, and who could have put it there. */
#include "decode_one.h"
#include "test.h"

static void the_layer_of_an_overlay_is_told_if_it_is_known(void) {
	struct wire_file *w = sample_file(&sample, WIRE_FILE_OPEN);

	CHECK(decode() == 0 && !HAS(OVERLAY_LAYER) && !HAS(OVERLAY_INODE));
	w->inode.layer = WIRE_LAYER_LOWER;
	w->inode.layer_ino = 77;
	w->inode.layer_dev = 8 << 20 | 3;
	CHECK(decode() == 0 && e.overlay.layer == WIRE_LAYER_LOWER && e.overlay.inode == 77);
	CHECK(HAS(OVERLAY_DEV_MAJOR) && e.overlay.dev_major == 8 && e.overlay.dev_minor == 3);
	CHECK(!(e.degraded >> DEGRADED_LAYER_UNKNOWN & 1));
	w->inode.layer = WIRE_LAYER_UNKNOWN;
	CHECK(decode() == 0 && !HAS(OVERLAY_LAYER) && e.degraded >> DEGRADED_LAYER_UNKNOWN & 1);
	w->inode.layer = 9;
	CHECK(decode() == 0 && !HAS(OVERLAY_LAYER) && !HAS(OVERLAY_INODE));
}

static void a_file_that_is_mapped_to_be_run_says_why_it_is_told(void) {
	struct wire_file *w = sample_file(&sample, WIRE_FILE_MAP);

	w->value = WIRE_EXPOSED_MEMORY | WIRE_EXPOSED_UNLINKED;
	w->inode.links = 0;
	CHECK(decode() == 0 && HAS(FILE_EXPOSED) && e.file.exposed.n == 2);
	CHECK(is_text(e.file.exposed.v[0], "memory") && is_text(e.file.exposed.v[1], "unlinked"));
	CHECK(HAS(FILE_LINKS) && e.file.links == 0 && HAS(FILE_INODE) && !HAS(FILE_FLAGS));
	w->value = 127;
	CHECK(decode() == 0 && e.file.exposed.n == 7 && is_text(e.file.exposed.v[6], "deep"));
	w->value = 1u << 7;
	CHECK(decode() == 0 && !HAS(FILE_EXPOSED) && HAS(FILE_LINKS));
	(void)sample_file(&sample, WIRE_FILE_OPEN);
	CHECK(decode() == 0 && !HAS(FILE_EXPOSED) && !HAS(FILE_LINKS));
}

static void a_close_tells_what_was_written_and_how_sure_that_is(void) {
	struct wire_file *w = sample_file(&sample, WIRE_FILE_CLOSE);

	w->value = 5;
	w->size = 12;
	w->old_size = 7;
	CHECK(decode() == 0 && HAS(FILE_WRITTEN_BYTES) && e.file.written_bytes == 5);
	CHECK(e.file.size == 12 && HAS(FILE_OLD_SIZE) && e.file.old_size == 7 && HAS(FILE_FLAGS));
	CHECK(!(e.degraded >> DEGRADED_WRITTEN_GUESSED & 1));
	w->head.flags |= WIRE_FILE_GUESSED;
	CHECK(decode() == 0 && e.degraded >> DEGRADED_WRITTEN_GUESSED & 1);
	(void)sample_file(&sample, WIRE_FILE_OPEN);
	CHECK(decode() == 0 && !HAS(FILE_WRITTEN_BYTES) && !HAS(FILE_OLD_SIZE));
}

static void a_length_that_is_not_known_is_not_told(void) {
	struct wire_file *w = sample_file(&sample, WIRE_FILE_TRUNCATE);

	w->value = 7;
	CHECK(decode() == 0 && HAS(FILE_SIZE) && e.file.size == 7);
	CHECK(!(e.degraded >> DEGRADED_LENGTH_UNKNOWN & 1));
	w->head.flags |= WIRE_LENGTH_UNKNOWN;
	CHECK(decode() == 0 && !HAS(FILE_SIZE) && e.degraded >> DEGRADED_LENGTH_UNKNOWN & 1);
}

int main(void) {
	arena_init(&arena, 1 << 20);
	RUN(the_layer_of_an_overlay_is_told_if_it_is_known);
	RUN(a_close_tells_what_was_written_and_how_sure_that_is);
	RUN(a_file_that_is_mapped_to_be_run_says_why_it_is_told);
	RUN(a_length_that_is_not_known_is_not_told);
	arena_done(&arena);
	DONE();
}
