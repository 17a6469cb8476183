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
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/beat.h"
#include "app/notify.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/procfile.h"
#include "guard/guard.h"
#include "guard/mark.h"
#include "probe/probe.h"

#define TICK_MS 1000
#define END_S 15	/* a worker that was told to end */
#define BACKOFF_MAX_S 32
#define ARGS_MAX 256
#define ORDER "order"

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
	uint32_t deaths; /* in a row, for the pause between */
};

static uint64_t now_s(void) {
	return clock_ns(CLOCK_BOOTTIME) / 1000000000;
}

/* --- off -------------------------------------------------------------------------------------- */

static bool off_by_cmdline(void) {
	char line[4097], *word, *rest;

	procfile_line("/proc/cmdline", line, sizeof(line));
	for (word = strtok_r(line, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		if (!strcmp(word, SUPERVISOR_OFF_WORD))
			return true;
	return false;
}

/* off_by_file - whether its owner has left the file, at any time; said if so */
static bool off_by_file(const struct supervisor_options *o) {
	if (access(o->off_file, F_OK))
		return false;
	log_warn("the sensor is switched off by \"%s\": nothing is started", o->off_file);
	return true;
}

/* is_off - at the start: a kernel's command line does not change while it runs */
static bool is_off(const struct supervisor_options *o) {
	if (off_by_file(o))
		return true;
	if (!off_by_cmdline())
		return false;
	log_warn("the sensor is switched off by " SUPERVISOR_OFF_WORD
		 " on the kernel's command line: nothing is started");
	return true;
}

/* --- orders ----------------------------------------------------------------------------------- */

int supervisor_order(const char *folder, unsigned order) {
	int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd, err;
	char byte = (char)('0' + order), pid[16] = "";

	if (dir < 0)
		return -errno;
	err = file_write_at(dir, ORDER, &byte, 1);
	/* the lock tells whether the number in it is still a supervisor's */
	fd = err ? -1 : openat(dir, "lock", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK &&
	    pread(fd, pid, sizeof(pid) - 1, 0) > 0 && atoi(pid) > 0)
		(void)kill(atoi(pid), SIGUSR1);
	if (fd >= 0)
		(void)close(fd);
	(void)close(dir);
	return err;
}

/* take_order - whether there was one */
static bool take_order(struct supervisor *s) {
	int fd = openat(s->dir, ORDER, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char byte = 0;

	if (fd < 0)
		return false;
	if (read(fd, &byte, 1) != 1)
		byte = 0;
	(void)close(fd);
	(void)unlinkat(s->dir, ORDER, 0);
	if (byte == '0' + SUPERVISOR_RELEASE)
		guard_release(&s->mark, &s->now);
	else if (byte >= '0' && byte < '0' + GUARD_LEVELS)
		guard_order(&s->mark, (enum guard_level)(byte - '0'));
	else
		return false;
	return true;
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

/* start_worker - the mark is on disk before there is one; -errno */
static int start_worker(struct supervisor *s) {
	int ends[2], err;
	pid_t self = getpid();

	mark_read_step(s->dir, s->step);
	s->now.step = strncmp(s->step, "attach ", 7) ? "" : s->step;
	guard_begin(&s->mark, &s->now, &s->start);
	err = mark_step(s->dir, "start") ?: mark_write(s->dir, &s->mark);
	if (err)
		return err;
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
			s->again |= take_order(s);
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
		s->deaths = 0;
		if (mark_write(s->dir, &s->mark))
			log_warn("\"%s\" cannot be written, continuing", s->o->folder);
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
		if (off_by_file(s->o))
			s->over = true;
		tend(s);
	}
}

/* pause_after - longer after each death in a row; a signal ends it */
static void pause_after(struct supervisor *s) {
	uint32_t wait_s = s->deaths < 6 ? 1u << s->deaths : BACKOFF_MAX_S;
	uint64_t end = now_s() + wait_s;

	s->deaths++;
	while (!s->over && !s->again && now_s() < end) {
		struct pollfd fd = { .fd = s->signals, .events = POLLIN };

		(void)poll(&fd, 1, TICK_MS / 4);
		take_signals(s);
	}
	s->again = false;
}

static void say_death(const struct supervisor *s) {
	if (WIFSIGNALED(s->status))
		log_error("the sensor died of signal %d after %llu s, and is started again",
			  WTERMSIG(s->status), (unsigned long long)(now_s() - s->began_s));
	else
		log_error("the sensor failed after %llu s, and is started again",
			  (unsigned long long)(now_s() - s->began_s));
}

static int loop(struct supervisor *s) {
	for (;;) {
		int err = s->over ? 0 : start_worker(s);
		bool clean;

		if (err) {
			log_error("\"%s\" cannot be written, so nothing is started: %s",
				  s->o->folder, strerror(-err));
			return 1;
		}
		if (!s->over)
			watch_worker(s);
		if (s->over || s->again) {
			clean = end_worker(s);
		} else {
			clean = WIFEXITED(s->status) && WEXITSTATUS(s->status) != 1;
			s->again = clean && WEXITSTATUS(s->status) == BEAT_AGAIN;
		}
		if (clean && s->again)
			guard_asked(&s->mark);
		else if (clean)
			guard_clean(&s->mark);
		if (mark_write(s->dir, &s->mark))
			log_warn("\"%s\" cannot be written, continuing", s->o->folder);
		if (s->over)
			return 0;
		if (clean && !s->again)
			return WEXITSTATUS(s->status);
		s->again = false;
		if (clean)
			continue;
		say_death(s);
		pause_after(s);
	}
}

/* --- begin and end ---------------------------------------------------------------------------- */

static int open_lock(const struct supervisor *s, const char *name) {
	return openat(s->dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

/* only_one - another supervisor of this folder is an error; -errno */
static int only_one(struct supervisor *s) {
	char pid[16] = "";
	int n;

	s->lock = open_lock(s, "lock");
	if (s->lock < 0)
		return -errno;
	if (flock(s->lock, LOCK_EX | LOCK_NB)) {
		(void)!pread(s->lock, pid, sizeof(pid) - 1, 0);
		log_error("a supervisor with \"%s\" is running already, process %d", s->o->folder,
			  atoi(pid));
		return -EBUSY;
	}
	n = snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
	(void)!ftruncate(s->lock, 0);
	return pwrite(s->lock, pid, (size_t)n, 0) == n ? 0 : -EIO;
}

/* no_worker - waits for one that outlived its supervisor; it was told to end when that died */
static int no_worker(struct supervisor *s) {
	s->worker_lock = open_lock(s, "worker.lock");
	if (s->worker_lock < 0)
		return -errno;
	for (int i = 0; i < END_S * 20; i++) {
		if (!flock(s->worker_lock, LOCK_EX | LOCK_NB))
			return 0;
		if (errno != EWOULDBLOCK)
			return -errno;
		(void)poll(NULL, 0, 50);
	}
	log_error("a sensor of an earlier supervisor does not end; look for it with \"lsof "
		  "%s/worker.lock\"",
		  s->o->folder);
	return -EBUSY;
}

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

static int begin(struct supervisor *s) {
	int err = hear_signals(s);

	if (err)
		return err;
	(void)mkdir(s->o->folder, 0700);
	s->dir = open(s->o->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	err = s->dir < 0 ? -errno : only_one(s);
	if (!err)
		err = no_worker(s);
	if (!err)
		err = mark_tuple(s->now.tuple);
	if (err && err != -EBUSY)
		log_error("\"%s\" cannot be used: %s", s->o->folder, strerror(-err));
	if (err)
		return err;
	mark_boot(s->now.boot);
	s->now.core_s = s->o->core_s;
	s->now.time_s = (uint32_t)(clock_ns(CLOCK_REALTIME) / 1000000000);
	err = mark_read(s->dir, &s->mark);
	if (err)
		log_warn("what \"%s\" says of the last start cannot be read (%s), which counts as "
			 "a death, continuing",
			 s->o->folder, err == -EBADMSG ? "it is damaged" : strerror(-err));
	(void)take_order(s);
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
	int code, fds[5];

	if (is_off(options))
		return 0;
	notify_open(&s.manager);
	code = begin(&s) ? 1 : loop(&s);
	fds[0] = s.signals;
	fds[1] = s.worker_lock;
	fds[2] = s.lock;
	fds[3] = s.dir;
	fds[4] = s.counting;
	for (int i = 0; i < 5; i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
	notify_close(&s.manager);
	return code;
}
