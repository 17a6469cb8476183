/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rehearsal, whatever its child does: a hook in the child plays the bundle's part, in the place
 * where a bug of a parser would.
 */
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/rehearse.h"
#include "content_rig.h"
#include "decode_sample.h"
#include "probe/tape.h"
#include "test.h"

#define STORY                                                                                      \
	"rule: 5f3c1f4e-1f3c-4d1a-9d0e-0123456789ab\npositive:\n  - Image: /tmp/canary\n"          \
	"negative:\n  - Image: /bin/true\n"
#define GREEDY                                                                                     \
	"title: T\nid: 5f3c1f4e-1f3c-4d1a-9d0e-0123456789ab\nlogsource:\n  product: linux\n"       \
	"  category: process_creation\ndetection:\n  s:\n    Image|contains: /\n  x:\n"            \
	"    Image|endswith: /true\n  condition: s and not x\nlevel: low\n"

/* what sensors took before one byte for base64offset was a fault */
#define SHORT                                                                                      \
	"---\ntitle: Short\nlogsource:\n  product: linux\n  category: process_creation\n"          \
	"detection:\n  s:\n    Image|base64offset|contains: x\n  condition: s\nlevel: low\n"

#define ALWAYS                                                                                     \
	"title: T\nid: 5f3c1f4e-1f3c-4d1a-9d0e-0123456789ab\nlogsource:\n  product: linux\n"       \
	"  category: process_creation\ndetection:\n  s:\n    Image: /bin/true\n"                  \
	"  condition: not s\nlevel: low\n"

static struct rig rig;
static struct buf file, tape;
static struct rehearse_report report;
static struct verdict verdict;

static void bundle_of(struct str rule) {
	const struct bundle_part parts[] = { { "rules.yml", rule }, { "a.test.yml", STR(STORY) } };
	struct manifest m = rig_manifest(1);
	struct buf body = { 0 };

	(void)bundle_pack(&body, &m, parts, 2);
	rig_sealed(&rig, &file, SEAL_BUNDLE, (struct str){ body.data, (uint32_t)body.len },
		   (int[]){ 2, 3 }, 2);
	buf_done(&body);
}

/* play - gives the reason, "-" when it passed */
static const char *play(struct rehearse_limits limits, void (*hook)(void), struct str rule) {
	struct rehearse_job job = { .limits = &limits, .hook = hook };
	int err;

	bundle_of(rule);
	job.candidate.bundle = (struct str){ file.data, (uint32_t)file.len };
	job.tapes[1] = (struct str){ tape.data, (uint32_t)tape.len };
	err = rehearse(&job, &report, &verdict);
	CHECK(err == (strcmp(verdict.verdict, "passed") ? -ECANCELED : 0) && verdict.text[0]);
	return verdict.reason;
}

static const char *with(void (*hook)(void), uint64_t wall_ms) {
	struct rehearse_limits limits = rehearse_defaults;

	limits.wall_ms = wall_ms;
	limits.cpu_s = 1;
	return play(limits, hook, STR(RIG_RULE));
}

static void crash(void) {
	(void)raise(SIGSEGV);
	__builtin_trap();
}

static void give_up(void) {
	abort();
}

static void leave(void) {
	_exit(0);
}

static void hang(void) {
	for (;;)
		(void)usleep(1000000);
}

static void spin(void) {
	for (volatile int i = 0;; i++)
		;
}

static void eat(void) {
	for (;;) {
		char *p = malloc(1 << 20);

		if (!p)
			abort();
		memset(p, 1, 1 << 20);
	}
}

/* what a rehearsal must not be able to do; any of it that works ends the child in order */
static void escape(void) {
	if (open("/etc/passwd", O_RDONLY) >= 0 || socket(AF_INET, SOCK_STREAM, 0) >= 0 ||
	    fork() >= 0 || open("/tmp/lapwing-escape", O_CREAT | O_WRONLY, 0600) >= 0 ||
	    !kill(getppid(), 0) || execl("/bin/true", "true", NULL) >= 0)
		_exit(0);
}

static void a_good_bundle_passes(void) {
	CHECK(!strcmp(play(rehearse_defaults, NULL, STR(RIG_RULE)), "-"));
	CHECK(report.rules == 1 && report.cases == 2 && report.events == 40);
	CHECK(report.permille > 600 && report.permille <= 1000);
	CHECK(report.candidate_ns > 0 && report.n_rows == 1 && report.rows[0].print);
}

static void who_waits_at_a_terminal_is_shown_that_it_goes_on(void) {
	struct rehearse_limits limits = rehearse_defaults;
	struct rehearse_job job = { .limits = &limits, .hook = hang };
	char said[256];
	int master;
	ssize_t n;

	CHECK(!setenv("TERM", "xterm", 1));
	if (openpty(&master, &job.progress_fd, NULL, NULL, NULL))
		SKIP("no terminals here");
	limits.wall_ms = 1500;
	bundle_of(STR(RIG_RULE));
	job.candidate.bundle = (struct str){ file.data, (uint32_t)file.len };
	CHECK(rehearse(&job, &report, &verdict) == -ECANCELED);
	n = read(master, said, sizeof(said) - 1);
	said[n > 0 ? n : 0] = '\0';
	CHECK(!strncmp(said, "\rrehearsal [....", 16) && strstr(said, "  0 % \x1b[K"));
	(void)close(job.progress_fd);
	(void)close(master);
}

static void whatever_the_child_dies_of_is_the_reason(void) {
#ifdef __SANITIZE_ADDRESS__
	SKIP("the sanitizer catches signals, and its shadow has no bound of memory");
#endif
	CHECK(!strcmp(with(crash, 60000), "crash"));
	CHECK(!strcmp(with(give_up, 60000), "crash"));
	CHECK(!strcmp(with(leave, 60000), "crash"));
	CHECK(!strcmp(with(hang, 500), "hang"));
	CHECK(!strcmp(with(spin, 60000), "cpu"));
	CHECK(!strcmp(with(eat, 60000), "crash"));
}

static void the_child_can_touch_nothing(void) {
	CHECK(!strcmp(with(escape, 60000), "-"));
}

static void a_rule_that_matches_this_hosts_everyday_is_refused(void) {
	struct rehearse_limits limits = rehearse_defaults;

	CHECK(!strcmp(play(limits, NULL, STR(GREEDY)), "matches"));
	CHECK(report.candidate_matches == 40 && report.rows[0].candidate == 40);
	limits.matches_burst = 40;
	CHECK(!strcmp(play(limits, NULL, STR(GREEDY)), "-"));
}

/* Its stories are fine; on a host that has just begun there is no tape to find it by. */
static void a_rule_that_speaks_of_every_exec_is_refused_without_a_tape(void) {
	struct rehearse_limits limits = rehearse_defaults;
	struct buf full = tape;

	tape = (struct buf){ 0 };
	CHECK(!strcmp(play(limits, NULL, STR(RIG_RULE)), "-"));
	CHECK(report.events == 0 && report.golden > 8 * 200 && report.rows[0].candidate == 0);
	CHECK(!strcmp(play(limits, NULL, STR(ALWAYS)), "matches"));
	CHECK(strstr(verdict.text, "\"T\" matches every PROCESS_EXEC"));
	limits.event_ns = 1;
	CHECK(!strcmp(play(limits, NULL, STR(RIG_RULE)), "cost"));
	CHECK(strstr(verdict.text, "made of the table"));
	tape = full;
}

static void costs_are_held_to(void) {
	struct rehearse_limits limits = rehearse_defaults;

	limits.event_ns = 1;
	CHECK(!strcmp(play(limits, NULL, STR(RIG_RULE)), "cost"));
	limits = rehearse_defaults;
	limits.case_ns = 1;
	CHECK(!strcmp(play(limits, NULL, STR(RIG_RULE)), "cost"));
	limits = rehearse_defaults;
	limits.load_ms = 0;
	CHECK(!strcmp(play(limits, NULL, STR(RIG_RULE)), "slow"));
}

static void what_changes_against_the_live_rules_is_counted(void) {
	struct rehearse_limits limits = rehearse_defaults;
	struct rehearse_job job = { .limits = &limits, .compare = true };
	struct buf old = { 0 };

	limits.matches_burst = 1000;
	bundle_of(STR(RIG_RULE));
	buf_add(&old, file.data, file.len);
	bundle_of(STR(GREEDY));
	job.live.bundle = (struct str){ old.data, (uint32_t)old.len };
	job.candidate.bundle = (struct str){ file.data, (uint32_t)file.len };
	job.tapes[0] = (struct str){ tape.data, (uint32_t)tape.len };
	CHECK(!rehearse(&job, &report, &verdict) && report.n_rows == 1);
	CHECK(report.rows[0].live == 0 && report.rows[0].candidate == 40);
	CHECK(report.rows[0].print && report.rows[0].print != report.rows[0].live_print);
	buf_done(&old);
}

/* What is live was let in by another version of the sensor: what this one refuses of it is no fault
 * of the next bundle's, which is compared with the rest. */
static void a_live_bundle_that_is_not_whole_is_compared(void) {
	struct rehearse_job job = { .limits = &rehearse_defaults };
	struct buf old = { 0 };

	bundle_of(STR(GREEDY SHORT));
	buf_add(&old, file.data, file.len);
	bundle_of(STR(GREEDY));
	job.live.bundle = (struct str){ old.data, (uint32_t)old.len };
	job.candidate.bundle = (struct str){ file.data, (uint32_t)file.len };
	job.tapes[0] = (struct str){ tape.data, (uint32_t)tape.len };
	CHECK(!rehearse(&job, &report, &verdict));
	CHECK(report.live_matches == 40 && report.candidate_matches == 40);
	job.candidate.bundle = job.live.bundle;
	CHECK(rehearse(&job, &report, &verdict) == -ECANCELED);
	CHECK(!strcmp(verdict.reason, "load") && strstr(verdict.text, "rules.yml:"));
	buf_done(&old);
}

/* fill_tape - forty execs */
static int fill_tape(void) {
	char path[] = "/tmp/content_rehearse_test.XXXXXX";
	static struct sample sample;
	struct tape *t;
	ssize_t n;
	int fd = mkstemp(path), err = fd < 0 || tape_create(path, &t);

	for (int i = 0; i < 40 && !err; i++) {
		sample_make(&sample, WIRE_PROCESS_EXEC);
		err = tape_write(t, sample.bytes, sample.len);
	}
	if (err)
		return 1;
	tape_free(t);
	n = buf_reserve(&tape, 1 << 20) ? read(fd, tape.data, 1 << 20) : -1;
	tape.len = n > 0 ? (size_t)n : 0;
	(void)close(fd);
	(void)unlink(path);
	return n <= 0;
}

int main(void) {
	if (sodium_init() < 0 || fill_tape())
		return 1;
	rig_init(&rig);
	RUN(a_good_bundle_passes);
	RUN(who_waits_at_a_terminal_is_shown_that_it_goes_on);
	RUN(whatever_the_child_dies_of_is_the_reason);
	RUN(the_child_can_touch_nothing);
	RUN(a_rule_that_matches_this_hosts_everyday_is_refused);
	RUN(a_rule_that_speaks_of_every_exec_is_refused_without_a_tape);
	RUN(costs_are_held_to);
	RUN(what_changes_against_the_live_rules_is_counted);
	RUN(a_live_bundle_that_is_not_whole_is_compared);
	buf_done(&file);
	buf_done(&tape);
	DONE();
}
