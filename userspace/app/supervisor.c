/* SPDX-License-Identifier: Apache-2.0 */
#include "app/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/beat.h"
#include "app/claim.h"
#include "app/notify.h"
#include "app/orders.h"
#include "base/clock.h"
#include "base/log.h"
#include "guard/guard.h"
#include "guard/mark.h"
#include "probe/probe.h"

#define TICK_MS 1000
#define KEEP_S 10	/* until a mark that could not be written is tried again */
#define END_S 15	/* a worker that was told to end */
#define BACKOFF_MAX_S 32
#define ARGS_MAX 256

struct supervisor {
	const struct supervisor_options *o;
	struct guard_mark mark;
	struct guard_now now;
	struct guard_start start;
	char step[GUARD_STEP_BYTES];
	int dir, lock, worker_lock, signals, beats;
	struct notify manager;
	int counting;	     /* what the kernel's programs cost; -1: not now */
	uint64_t count_at_s; /* when that changes */
	pid_t worker; /* 0: none */
	int status;   /* of the worker that ended last */
	uint64_t began_s, heard_s;
	uint64_t asked_s; /* the manager, for more time; 0: never */
	bool ready;	/* its loop went round */
	bool over;	/* we are told to end */
	bool uncounted; /* and that is said */
	bool again;	/* an order: the worker is to begin anew */
	uint32_t failures; /* in a row, for the pause between */
	bool unkept;	   /* the mark of this start is not on disk */
	uint64_t keep_at_s; /* when that is tried again */
	bool told; /* the manager: that nothing is seen */
};

static uint64_t now_s(void) {
	return clock_ns(CLOCK_BOOTTIME) / 1000000000;
}

/* --- the worker ------------------------------------------------------------------------------- */

static void become_worker(struct supervisor *s, int beat, pid_t supervisor) {
	char fd[16], settle[16], *argv[ARGS_MAX + 16];
	sigset_t none;
	int n = 0;

	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != supervisor)
		_exit(1);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)snprintf(fd, sizeof(fd), "%d", beat);
	(void)snprintf(settle, sizeof(settle), "%u", s->o->settle_ms);
	argv[n++] = (char *)"lapwing";
	argv[n++] = (char *)"run";
	argv[n++] = (char *)"--beat-fd";
	argv[n++] = fd;
	argv[n++] = (char *)"--mode";
	argv[n++] = (char *)guard_word(s->start.level);
	argv[n++] = (char *)"--why";
	argv[n++] = s->start.why;
	if (s->start.unproven) {
		argv[n++] = (char *)"--careful";
		argv[n++] = (char *)s->o->folder;
		argv[n++] = (char *)"--settle-ms";
		argv[n++] = settle;
	}
	for (char **arg = s->o->worker; *arg && n < ARGS_MAX + 15; arg++)
		argv[n++] = *arg;
	argv[n] = NULL;
	(void)execv("/proc/self/exe", argv);
	_exit(1);
}

/* put_mark - what the next start is to know; whoever cannot write it is told so */
static void put_mark(struct supervisor *s) {
	int err = mark_write(s->dir, &s->mark);

	if (err && !s->unkept)
		log_warn("\"%s\" cannot be written: %s; the next start will not know how this one "
			 "went, continuing", s->o->folder, strerror(-err));
	if (!err && s->unkept)
		log_info("\"%s\" can be written again", s->o->folder);
	s->unkept = err != 0;
	s->keep_at_s = now_s() + KEEP_S;
}

/*
 * decide - what is to be started; the mark is on disk before that
 * A disk that does not take it keeps nobody from looking; but what nobody will remember is tried
 * with what is left to lose in mind.
 */
static void decide(struct supervisor *s) {
	mark_read_step(s->dir, s->step);
	s->now.step = strncmp(s->step, "attach ", 7) ? "" : s->step;
	guard_begin(&s->mark, &s->now, &s->start);
	(void)mark_step(s->dir, "start");
	put_mark(s);
	if (s->unkept)
		guard_unkept(&s->mark, &s->start);
}

/* start_worker - -errno */
static int start_worker(struct supervisor *s) {
	int ends[2], err;
	pid_t self = getpid();

	decide(s);
	if (s->start.level != GUARD_FULL)
		log_warn("the sensor starts in %s mode: %s, continuing",
			 guard_word(s->start.level), s->start.why);
	if (pipe2(ends, O_NONBLOCK | O_CLOEXEC))
		return -errno;
	s->worker = fork();
	if (s->worker < 0) {
		err = -errno;
		s->worker = 0;
		(void)close(ends[0]);
		(void)close(ends[1]);
		return err;
	}
	if (!s->worker) {
		(void)fcntl(ends[1], F_SETFD, 0);
		(void)fcntl(s->worker_lock, F_SETFD, 0);
		become_worker(s, ends[1], self);
	}
	(void)close(ends[1]);
	s->beats = ends[0];
	s->began_s = s->heard_s = now_s();
	s->ready = false;
	return 0;
}

/* reap - whether the worker has ended */
static bool reap(struct supervisor *s, int flags) {
	if (!s->worker || waitpid(s->worker, &s->status, flags) != s->worker)
		return !s->worker;
	s->worker = 0;
	(void)close(s->beats);
	s->beats = -1;
	return true;
}

/* end_worker - asks, waits, and then does not ask any more; whether it ended by itself */
static bool end_worker(struct supervisor *s) {
	if (!s->worker)
		return true;
	(void)kill(s->worker, SIGTERM);
	for (int i = 0; i < END_S * 20; i++) {
		if (reap(s, WNOHANG))
			return true;
		(void)poll(NULL, 0, 50);
	}
	log_error("the sensor does not end within %d s, and is killed", END_S);
	(void)kill(s->worker, SIGKILL);
	(void)reap(s, 0);
	return false;
}

/*
 * take_beats - what the worker wrote
 * Each step of its start gives it as long again until the next, and whoever manages the service is
 * told so, too; twice that, for from its last step to the event that makes it ready is a while.
 */
static void take_beats(struct supervisor *s) {
	char bytes[64];
	bool stepped = false;
	ssize_t n;

	while ((n = read(s->beats, bytes, sizeof(bytes))) > 0) {
		s->heard_s = now_s();
		s->ready |= memchr(bytes, '.', (size_t)n) != NULL;
		stepped |= memchr(bytes, 's', (size_t)n) != NULL;
	}
	if (s->ready && s->told) {
		notify_send(&s->manager, "STATUS=");
		s->told = false;
	}
	if (!stepped || s->asked_s == s->heard_s)
		return; /* each second is often enough */
	s->asked_s = s->heard_s;
	notify_send(&s->manager, "EXTEND_TIMEOUT_USEC=%llu", 2000000ull * s->o->start_s);
}

static void take_signals(struct supervisor *s) {
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
			s->over = true;
		else if (info.ssi_signo == SIGUSR1)
			s->again |= orders_take(s->dir, &s->mark, &s->now);
		else if (info.ssi_signo == SIGHUP && s->worker)
			(void)kill(s->worker, SIGHUP);
	}
}

/* tend_count - the worker sees what comes of it; counting costs, so it is for a part of the time */
static void tend_count(struct supervisor *s, uint64_t now) {
	if (!s->o->count_every_s || now < s->count_at_s)
		return;
	s->count_at_s = now + s->o->count_every_s - s->o->count_s;
	if (s->counting >= 0) {
		(void)close(s->counting);
		s->counting = -1;
		return;
	}
	s->counting = probe_count_costs();
	if (s->counting >= 0)
		s->count_at_s = now + s->o->count_s;
	else if (!s->uncounted)
		log_info("what the kernel's programs cost is not held to a budget (%s): that takes "
			 "CAP_SYS_ADMIN, or kernel.bpf_stats_enabled=1",
			 strerror(-s->counting));
	s->uncounted |= s->counting < 0;
}

/* tend - what the time says; the worker may be killed by it */
static void tend(struct supervisor *s) {
	uint64_t now = now_s();

	tend_count(s, now);
	s->now.time_s = (uint32_t)(clock_ns(CLOCK_REALTIME) / 1000000000);
	if (now - s->heard_s > (s->ready ? s->o->silence_s : s->o->start_s)) {
		log_error("the sensor is silent for %llu s, and is killed",
			  (unsigned long long)(now - s->heard_s));
		(void)kill(s->worker, SIGKILL);
		return;
	}
	if (s->ready && s->mark.phase != GUARD_PROVEN && now - s->began_s >= s->o->prove_s) {
		guard_proven(&s->mark, &s->now);
		s->failures = 0;
		put_mark(s);
	}
	if (s->unkept && now >= s->keep_at_s) {
		put_mark(s);
		/* what was less for want of a mark need not be any more */
		s->again |= !s->unkept && s->start.unkept;
	}
	if (s->mark.phase == GUARD_PROVEN && s->start.waits && !guard_waits(&s->mark, &s->now))
		s->again = true;
	if (s->mark.phase == GUARD_PROVEN && s->start.level != GUARD_FULL &&
	    now - s->began_s >= s->o->calm_s && guard_calm(&s->mark))
		s->again = true;
}

/* watch_worker - until it ends, is to begin anew, or we are told to end */
static void watch_worker(struct supervisor *s) {
	while (!s->over && !s->again) {
		struct pollfd fds[2] = { { .fd = s->signals, .events = POLLIN },
					 { .fd = s->beats, .events = POLLIN } };

		(void)poll(fds, 2, TICK_MS);
		take_signals(s);
		take_beats(s);
		if (reap(s, WNOHANG))
			return;
		if (orders_off_by_file(s->o->off_file))
			s->over = true;
		tend(s);
	}
}

/*
 * pause_after - longer after each failure in a row; a signal ends it
 * @why: for the manager to hear, which is to wait too, as this passes without anybody. NULL: it
 * hears nothing, and in the end the unit is its owner's to mend.
 */
static void pause_after(struct supervisor *s, const char *why) {
	uint32_t wait_s = s->failures < 6 ? 1u << s->failures : BACKOFF_MAX_S;
	uint64_t end = now_s() + (wait_s < BACKOFF_MAX_S ? wait_s : BACKOFF_MAX_S);

	s->failures++;
	s->told |= why != NULL;
	if (why)
		notify_send(&s->manager, "READY=1\nWATCHDOG=1\nSTATUS=nothing is seen: %s\n", why);
	while (!s->over && !s->again && now_s() < end) {
		struct pollfd fd = { .fd = s->signals, .events = POLLIN };

		(void)poll(&fd, 1, TICK_MS / 4);
		take_signals(s);
		s->over |= orders_off_by_file(s->o->off_file);
	}
	s->again = false;
}

/* say_end - why the next worker is started after a pause */
static void say_end(const struct supervisor *s, bool blocked) {
	unsigned long long after_s = now_s() - s->began_s;

	if (blocked)
		log_error("the sensor could not begin, or go on, for the reason above, which is "
			  "not its own; that is tried again, and counts as no death");
	else if (WIFSIGNALED(s->status))
		log_error("the sensor died of signal %d after %llu s, and is started again",
			  WTERMSIG(s->status), after_s);
	else
		log_error("the sensor failed after %llu s, and is started again", after_s);
}

enum ending { END_DEATH, END_BLOCKED, END_REFUSED, END_AGAIN, END_CLEAN };

/* one_worker - from its start to its end; @code is the exit code of one that ended by itself */
static enum ending one_worker(struct supervisor *s, int *code) {
	int err = start_worker(s);

	if (err) {
		log_error("no process can be made: %s", strerror(-err));
		return END_BLOCKED;
	}
	watch_worker(s);
	if (s->over || s->again)
		return !end_worker(s) ? END_DEATH : s->over ? END_CLEAN : END_AGAIN;
	*code = WIFEXITED(s->status) ? WEXITSTATUS(s->status) : 1;
	return *code == 1	       ? END_DEATH
	       : *code == BEAT_BLOCKED ? END_BLOCKED
	       : *code == BEAT_REFUSED ? END_REFUSED
	       : *code == BEAT_AGAIN   ? END_AGAIN
				       : END_CLEAN;
}

static int loop(struct supervisor *s) {
	for (;;) {
		int code = 0;
		enum ending end = s->over ? END_CLEAN : one_worker(s, &code);

		if (end == END_CLEAN)
			guard_clean(&s->mark);
		else if (end != END_DEATH)
			guard_asked(&s->mark);
		put_mark(s);
		if (s->over)
			return 0;
		if (end == END_CLEAN)
			return code;
		s->again = false;
		if (end == END_AGAIN)
			continue;
		say_end(s, end != END_DEATH);
		pause_after(s, end == END_BLOCKED ? "the sensor cannot begin" : NULL);
	}
}

/* --- begin and end ---------------------------------------------------------------------------- */

/* hear_signals - before the lock names us to those who send them */
static int hear_signals(struct supervisor *s) {
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD };
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		(void)sigaddset(&set, numbers[i]);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->signals < 0 ? -errno : 0;
}

static void close_folder(struct supervisor *s) {
	int *fds[] = { &s->worker_lock, &s->lock, &s->dir };

	for (int i = 0; i < 3; i++) {
		if (*fds[i] >= 0)
			(void)close(*fds[i]);
		*fds[i] = -1;
	}
}

static int open_folder(struct supervisor *s) {
	int err = mkdir(s->o->folder, 0700) && errno != EEXIST ? -errno : 0;

	if (!err)
		s->dir = open(s->o->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!err && s->dir < 0)
		err = -errno;
	if (!err)
		err = claim_folder(s->dir, s->o->folder, &s->lock);
	if (!err)
		err = claim_worker(s->dir, s->o->folder, END_S * 1000, &s->worker_lock);
	if (!err)
		err = mark_tuple(s->now.tuple);
	if (err && err != -EBUSY)
		log_error("\"%s\" cannot be used: %s", s->o->folder, strerror(-err));
	return err;
}

static int begin(struct supervisor *s) {
	int err = hear_signals(s);

	if (err)
		return err;
	while ((err = open_folder(s)) && err != -EBUSY && beat_passes(err) && !s->over) {
		close_folder(s);
		pause_after(s, "its own folder cannot be made");
	}
	if (err)
		return s->over ? 0 : err;
	s->failures = 0;
	mark_boot(s->now.boot);
	s->now.core_s = s->o->core_s;
	s->now.time_s = (uint32_t)(clock_ns(CLOCK_REALTIME) / 1000000000);
	err = mark_read(s->dir, &s->mark);
	if (err)
		log_warn("what \"%s\" says of the last start cannot be read (%s), which counts as "
			 "a death, continuing",
			 s->o->folder, err == -EBADMSG ? "it is damaged" : strerror(-err));
	(void)orders_take(s->dir, &s->mark, &s->now);
	return 0;
}

int supervisor_run(const struct supervisor_options *options) {
	struct supervisor s = { .o = options,
				.dir = -1,
				.lock = -1,
				.worker_lock = -1,
				.signals = -1,
				.beats = -1,
				.counting = -1 };
	int code;

	if (orders_off(options->off_file))
		return 0;
	notify_open(&s.manager);
	code = begin(&s) ? 1 : s.dir < 0 ? 0 : loop(&s);
	close_folder(&s);
	if (s.signals >= 0)
		(void)close(s.signals);
	if (s.counting >= 0)
		(void)close(s.counting);
	notify_close(&s.manager);
	return code;
}
