/* SPDX-License-Identifier: Apache-2.0 */
/* A folder in which there is no room for another name. */
#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "spool_rig.h"
#include "test.h"

static int refused; /* how many gaps cannot be made from now on */
static bool deadly; /* whoever empties what has become a gap dies before */

int openat(int dir, const char *path, int flags, ...) {
	size_t n = strlen(path);
	mode_t mode;
	va_list args;

	va_start(args, flags);
	mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	if (deadly && flags & O_TRUNC && n > 4 && !strcmp(path + n - 4, ".gap"))
		(void)raise(SIGKILL);
	if (refused && flags & O_CREAT && n > 4 && !strcmp(path + n - 4, ".gap")) {
		refused--;
		errno = ENOSPC;
		return -1;
	}
	return (int)syscall(SYS_openat, dir, path, flags, mode);
}

static void add_all(void) {
	for (int i = 0; i < 99; i++) {
		rig_add_class(100, SPOOL_BULK);
		spool_flush(rig);
	}
	rig_add(100);
}

/* fill - more than there is room for, most of it of the lowest class */
static void fill(void) {
	rig_reset();
	rig_options.max_bytes = 256 * 1024;
	CHECK(!rig_open());
	add_all();
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

/* bytes_of - of all files that are called so */
static uint64_t bytes_of(const char *suffix) {
	char names[RIG_MAX_FILES][64];
	uint64_t sum = 0;
	struct stat st;

	for (int n = rig_files(names); n-- > 0;) {
		size_t len = strlen(names[n]), m = strlen(suffix);

		if (len >= m && !strcmp(names[n] + len - m, suffix) &&
		    !stat(rig_path(names[n]), &st))
			sum += (uint64_t)st.st_size;
	}
	return sum;
}

static void a_gap_that_still_has_its_segments_bytes_is_emptied_at_the_next_start(void) {
	struct rig_found f;
	uint64_t made;
	int status;
	pid_t pid;

	rig_reset();
	rig_options.max_bytes = 256 * 1024;
	CHECK(!rig_open()); /* its reader is known from now on */
	rig_close();
	pid = fork();
	if (!pid) {
		refused = 1000;
		deadly = true;
		fill();
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
	CHECK(bytes_of(".gap") > 0);
	CHECK(!rig_open());
	CHECK(bytes_of(".gap") == 0 && rig_count(".gap") >= 1);
	made = spool_next_seq(rig) - 1;
	f = rig_read();
	CHECK(f.by_cause[SPOOL_FULL] && f.events + f.missing == made && rig_balance(made));
	add_all();
	CHECK(bytes_of(".seg") + bytes_of(".gap") <= rig_options.max_bytes + 16 * 1024);
	rig_empty();
}

static void a_ledger_that_waits_for_room_is_not_settled(void) {
	struct rlimit old, none;

	rig_reset();
	CHECK(!rig_open() && !getrlimit(RLIMIT_FSIZE, &old));
	rig_add_class(1, SPOOL_ALARM);
	spool_flush(rig);
	CHECK(spool_settled(rig));
	none = (struct rlimit){ 0, old.rlim_max };
	(void)signal(SIGXFSZ, SIG_IGN);
	refused = 1000;
	CHECK(!setrlimit(RLIMIT_FSIZE, &none));
	rig_add_class(1, SPOOL_BULK);
	spool_flush(rig);
	CHECK(!setrlimit(RLIMIT_FSIZE, &old) && spool_unwritten(rig) == 1);
	/* this one is written, and no reader sees it before the gap has a name */
	rig_add_class(1, SPOOL_ALARM);
	spool_flush(rig);
	CHECK(!spool_settled(rig) && spool_unwritten(rig) == 1);
	refused = 0;
	spool_flush(rig);
	CHECK(spool_settled(rig) && rig_balance(3));
	rig_empty();
}

int main(void) {
	if (rig_make())
		return 1;
	RUN(what_goes_for_want_of_room_is_told_as_that);
	RUN(and_so_it_is_after_a_restart);
	RUN(a_gap_that_still_has_its_segments_bytes_is_emptied_at_the_next_start);
	RUN(a_ledger_that_waits_for_room_is_not_settled);
	(void)rmdir(rig_folder);
	DONE();
}
