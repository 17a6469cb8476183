/* SPDX-License-Identifier: Apache-2.0 */
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/progress.h"
#include "test.h"

static char said[512];

/* read_all - what came out of @fd, which does not wait */
static const char *read_all(int fd) {
	ssize_t n = read(fd, said, sizeof(said) - 1);

	said[n > 0 ? n : 0] = '\0';
	return said;
}

static void a_pipe_gets_a_line_every_ten_seconds(void) {
	struct progress p;
	int ends[2];

	CHECK(!pipe(ends));
	progress_begin(&p, ends[1], "night.tape", 200);
	progress_tell(&p, 10, p.began_ns + PROGRESS_LINE_NS - 1);
	progress_tell(&p, 50, p.began_ns + PROGRESS_LINE_NS);
	progress_tell(&p, 60, p.began_ns + PROGRESS_LINE_NS + 1);
	progress_end(&p);
	(void)close(ends[1]);
	CHECK(!strcmp(read_all(ends[0]), "night.tape: 25 %, some 30 s left\n"));
	(void)close(ends[0]);
}

static void a_terminal_gets_a_bar_that_is_wiped_away(void) {
	struct progress p;
	int master, slave;

	CHECK(!setenv("TERM", "xterm", 1));
	if (openpty(&master, &slave, NULL, NULL, NULL))
		SKIP("no terminals here");
	progress_begin(&p, slave, "night.tape", 4);
	progress_tell(&p, 2, p.began_ns + PROGRESS_FIRST_NS);
	CHECK(strstr(read_all(master), "[####################....................]  50 %") != NULL);
	CHECK(said[0] == '\r');
	progress_end(&p);
	CHECK(!strcmp(read_all(master), "\r\x1b[K"));
	CHECK(!setenv("TERM", "dumb", 1));
	progress_begin(&p, slave, "night.tape", 4);
	CHECK(!p.bar);
	(void)close(slave);
	(void)close(master);
}

static void short_work_and_work_of_unknown_length_say_nothing(void) {
	struct progress p;
	int ends[2];

	CHECK(!pipe(ends));
	progress_begin(&p, ends[1], "x", 100);
	for (int i = 0; i < 1000; i++)
		progress_at(&p, 50);
	progress_end(&p);
	progress_begin(&p, ends[1], "x", 0);
	progress_tell(&p, 7, p.began_ns + 10 * PROGRESS_LINE_NS);
	progress_end(&p);
	(void)close(ends[1]);
	CHECK(!*read_all(ends[0]));
	(void)close(ends[0]);
}

static void how_long_it_takes_is_not_said_before_anything_is_done(void) {
	struct progress p;
	int ends[2];

	CHECK(!pipe(ends));
	progress_begin(&p, ends[1], "x", 100);
	progress_tell(&p, 0, p.began_ns + PROGRESS_LINE_NS);
	(void)close(ends[1]);
	CHECK(!strcmp(read_all(ends[0]), "x: 0 %\n"));
	(void)close(ends[0]);
}

static void more_than_all_is_all(void) {
	struct progress p;
	int ends[2];

	CHECK(!pipe(ends));
	progress_begin(&p, ends[1], "x", 100);
	progress_tell(&p, 250, p.began_ns + PROGRESS_LINE_NS);
	(void)close(ends[1]);
	CHECK(!strcmp(read_all(ends[0]), "x: 100 %, some 0 s left\n"));
	(void)close(ends[0]);
}

int main(void) {
	RUN(a_pipe_gets_a_line_every_ten_seconds);
	RUN(a_terminal_gets_a_bar_that_is_wiped_away);
	RUN(short_work_and_work_of_unknown_length_say_nothing);
	RUN(how_long_it_takes_is_not_said_before_anything_is_done);
	RUN(more_than_all_is_all);
	DONE();
}
