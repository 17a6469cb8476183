/* SPDX-License-Identifier: Apache-2.0 */
/* A folder in which there is no room for another name. */
#include <stdarg.h>
#include <sys/syscall.h>

#include "spool_rig.h"
#include "test.h"

static int refused; /* how many gaps cannot be made from now on */

int openat(int dir, const char *path, int flags, ...) {
	size_t n = strlen(path);
	mode_t mode;
	va_list args;

	va_start(args, flags);
	mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	if (refused && flags & O_CREAT && n > 4 && !strcmp(path + n - 4, ".gap")) {
		refused--;
		errno = ENOSPC;
		return -1;
	}
	return (int)syscall(SYS_openat, dir, path, flags, mode);
}

/* fill - more than there is room for, most of it of the lowest class */
static void fill(void) {
	rig_reset();
	rig_options.max_bytes = 256 * 1024;
	CHECK(!rig_open());
	for (int i = 0; i < 99; i++) {
		rig_add_class(100, SPOOL_BULK);
		spool_flush(rig);
	}
	rig_add(100);
}

static void what_goes_for_want_of_room_is_told_as_that(void) {
	struct rig_found f;

	refused = 1000;
	fill();
	f = rig_read();
	CHECK(f.by_cause[SPOOL_FULL] == f.missing && f.missing && f.events + f.missing == 10000);
	CHECK(rig_balance(10000));
	refused = 0;
	rig_empty();
}

/* What the gap is called it was called at once, so that no reader or writer after it is misled. */
static void and_so_it_is_after_a_restart(void) {
	struct rig_found f;

	refused = 1000;
	fill();
	refused = 0;
	rig_close();
	CHECK(!rig_open());
	f = rig_read();
	CHECK(f.by_cause[SPOOL_FULL] == f.missing && f.missing && f.events + f.missing == 10000);
	CHECK(rig_balance(10000) && rig_count(".gap") >= 1);
	rig_empty();
}

int main(void) {
	if (rig_make())
		return 1;
	RUN(what_goes_for_want_of_room_is_told_as_that);
	RUN(and_so_it_is_after_a_restart);
	(void)rmdir(rig_folder);
	DONE();
}
