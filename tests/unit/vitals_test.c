/* SPDX-License-Identifier: Apache-2.0 */
#include "health/vitals.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/metrics.h"
#include "cli/sensor_state.c"
#include "test.h"

#define S 1000000000ull

static char folder[] = "/tmp/lapwing-vitals-XXXXXX";
static struct vitals v, copy;

static struct vitals well(void) {
	return (struct vitals){ .mode = "full", .coverage = "reduced", .version = "1",
				.began_ns = 10 * S, .beat_ns = 100 * S, .pulse_ns = 90 * S,
				.content_ring = -1 };
}

static void a_page_gives_what_was_published_last(void) {
	struct vitals_page *ours, *theirs;

	v = well();
	CHECK(!vitals_create(folder, &ours) && !vitals_open(folder, &theirs));
	CHECK(vitals_copy(theirs, &copy) == -EAGAIN);
	vitals_publish(ours, &v);
	v.received = 7;
	vitals_publish(ours, &v);
	CHECK(!vitals_copy(theirs, &copy) && copy.received == 7 && !strcmp(copy.mode, "full"));
	vitals_close(theirs);
	vitals_close(ours);
}

/* whether a process can have the page, and whether it sees another's */
static int ask(bool create) {
	pid_t child = fork();
	int status;

	if (!child) {
		struct vitals_page *p;

		if (create)
			_exit(vitals_create(folder, &p) == -EBUSY);
		_exit(!vitals_open(folder, &p) && vitals_running(p));
	}
	CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void only_one_has_the_page_and_others_see_that_it_lives(void) {
	struct vitals_page *p;

	CHECK(!vitals_create(folder, &p));
	CHECK(ask(true) && ask(false));
	vitals_close(p);
	CHECK(!ask(true) && !ask(false));
}

static void a_page_of_hostile_bytes_is_refused_or_has_ends(void) {
	struct vitals_page *ours, *theirs;
	char path[64];
	int fd;

	memset(&v, 0xff, sizeof(v));
	CHECK(!vitals_create(folder, &ours));
	vitals_publish(ours, &v);
	CHECK(!vitals_open(folder, &theirs) && !vitals_copy(theirs, &copy));
	CHECK(strlen(copy.mode) < sizeof(copy.mode) && copy.n_deeds == VITALS_DEEDS);
	CHECK(strlen(copy.spool) < sizeof(copy.spool) && copy.n_programs == VITALS_PROGRAMS);
	CHECK(strlen(copy.deeds[0].hook) < sizeof(copy.deeds[0].hook));
	CHECK(strlen(copy.programs[VITALS_PROGRAMS - 1].name) < sizeof(copy.programs[0].name));
	vitals_close(theirs);
	vitals_close(ours);
	(void)snprintf(path, sizeof(path), "%s/" VITALS_FILE, folder);
	for (off_t n = 0; n < 64; n += 7) {
		CHECK(!truncate(path, n) && vitals_open(folder, &theirs) == -EBADMSG);
	}
	CHECK(!unlink(path) && vitals_open(folder, &theirs) == -ENOENT);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	CHECK(fd >= 0 && !ftruncate(fd, (off_t)sizeof(v) * 2) &&
	      vitals_open(folder, &theirs) == -EBADMSG);
	(void)close(fd);
	CHECK(!unlink(path));
}

static void health_is_a_loop_that_turns_and_a_pulse(void) {
	struct vitals_verdict r;

	v = well();
	r = vitals_judge(&v, 101 * S);
	CHECK(r.live && r.ready && r.beat_age_ns == S && r.pulse_age_ns == 11 * S);
	r = vitals_judge(&v, 111 * S);
	CHECK(!r.live && !r.ready && strstr(r.why, "loop"));
	v.beat_ns = 181 * S;
	r = vitals_judge(&v, 181 * S);
	CHECK(!r.live && !r.ready && strstr(r.why, "no event"));
	v = well();
	v.pulse_ns = 0;
	r = vitals_judge(&v, 100 * S);
	CHECK(r.live && !r.ready && strstr(r.why, "yet"));
	v = well();
	(void)snprintf(v.coverage, sizeof(v.coverage), "blind");
	r = vitals_judge(&v, 100 * S);
	CHECK(r.live && !r.ready && strstr(r.why, "no hook"));
}

static void a_full_disk_is_not_healthy_and_nothing_that_a_start_mends(void) {
	struct vitals_verdict r;

	v = well();
	v.beat_ns = v.turn_ns = 200 * S;
	r = vitals_judge(&v, 201 * S);
	CHECK(r.turns && !r.live && !r.ready && strstr(r.why, "disk of the spool"));
	v.beat_ns = 300 * S;
	r = vitals_judge(&v, 300 * S);
	CHECK(!r.turns && !r.live && strstr(r.why, "no event"));
	v.turn_ns = 300 * S;
	CHECK(vitals_judge(&v, 305 * S).turns && !vitals_judge(&v, 311 * S).turns);
	v = well();
	v.pulse_ns = 0;
	CHECK(vitals_judge(&v, 100 * S).turns);
	v.beat_ns = 101 * S;
	CHECK(!vitals_judge(&v, 101 * S).turns);
}

static void a_page_in_no_folder_is_seen_by_children(void) {
	struct vitals_page *p;
	pid_t child;
	int status;

	v = well();
	CHECK(!vitals_create(NULL, &p));
	child = fork();
	if (!child) {
		for (int i = 0; i < 1000 && vitals_copy(p, &copy); i++)
			(void)usleep(1000);
		_exit(copy.received == 77 ? 0 : 1);
	}
	v.received = 77;
	vitals_publish(p, &v);
	CHECK(waitpid(child, &status, 0) == child && !status);
	vitals_close(p);
}

static void an_address_that_nobody_answers_on_is_told(void) {
	struct buf out = { 0 };

	v = well();
	(void)strcpy(v.listen, "127.0.0.1:9467");
	sensor_state_text(&out, &v, true);
	CHECK(!memmem(out.data, out.len, "9467", 4));
	v.listen_error = -EADDRINUSE;
	buf_reset(&out);
	sensor_state_text(&out, &v, true);
	buf_add_char(&out, '\0');
	CHECK(strstr(out.data, "nobody answers on 127.0.0.1:9467: Address already in use\n"));
	buf_done(&out);
}

static void where_nothing_is_counted_it_is_said_how_it_would_be(void) {
	struct buf out = { 0 };

	v = well();
	v.n_programs = 1;
	sensor_state_text(&out, &v, true);
	buf_add_char(&out, '\0');
	CHECK(strstr(out.data, "programs: 1; what they cost is not counted; sysctl "
			       "kernel.bpf_stats_enabled=1 has"));
	v.bpf_stats = 1;
	v.programs[0].runs = 2;
	buf_reset(&out);
	sensor_state_text(&out, &v, true);
	buf_add_char(&out, '\0');
	CHECK(strstr(out.data, "programs: 1, ") && !strstr(out.data, "sysctl"));
	buf_done(&out);
}

static void a_hook_that_was_skipped_is_named(void) {
	struct buf out = { 0 };

	v = well();
	v.n_programs = 2;
	(void)strcpy(v.programs[0].name, "file_open");
	(void)strcpy(v.programs[1].name, "net_bind");
	sensor_state_text(&out, &v, true);
	CHECK(!memmem(out.data, out.len, "of the hook", 11));
	v.not_run = v.lost[WIRE_INVALID][WIRE_LOSS_NOT_RUN] = v.programs[1].misses = 3;
	buf_reset(&out);
	sensor_state_text(&out, &v, true);
	buf_add_char(&out, '\0');
	CHECK(strstr(out.data, "of the hook net_bind                3\n") != NULL);
	CHECK(!strstr(out.data, "of the hook file_open"));
	buf_done(&out);
}

static void labels_are_escaped_and_a_damaged_ledger_has_no_numbers(void) {
	struct spool_ledger ledgers[2] = { { .name = "a\"b\\c\nd", .produced = 5 },
					   { .name = "broken", .damaged = true } };
	struct metrics_spool spool = { .ledgers = ledgers, .n_ledgers = 2 };
	struct buf out = { 0 };

	v = well();
	metrics_write(&out, &v, &spool, 101 * S, 500 * S);
	buf_add_char(&out, '\0');
	CHECK(!buf_error(&out));
	CHECK(strstr(out.data, "\nlapwing_sink_produced_total{sink=\"a\\\"b\\\\c\\nd\"} 5\n"));
	CHECK(!strstr(out.data, "broken") && strstr(out.data, "\nlapwing_live 1\n"));
	CHECK(strstr(out.data, "\nlapwing_pulse_age_seconds 11.000000000\n"));
	buf_done(&out);
}

int main(void) {
	if (!mkdtemp(folder))
		return 1;
	RUN(a_page_gives_what_was_published_last);
	RUN(only_one_has_the_page_and_others_see_that_it_lives);
	RUN(a_page_of_hostile_bytes_is_refused_or_has_ends);
	RUN(health_is_a_loop_that_turns_and_a_pulse);
	RUN(a_full_disk_is_not_healthy_and_nothing_that_a_start_mends);
	RUN(a_page_in_no_folder_is_seen_by_children);
	RUN(an_address_that_nobody_answers_on_is_told);
	RUN(where_nothing_is_counted_it_is_said_how_it_would_be);
	RUN(a_hook_that_was_skipped_is_named);
	RUN(labels_are_escaped_and_a_damaged_ledger_has_no_numbers);
	(void)rmdir(folder);
	DONE();
}
