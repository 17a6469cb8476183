/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session.c - start like a checklist, loop, stop in reverse
 *
 * The order of the start is not free. Rules and outputs come first, because
 * their faults are the user's to mend and nothing is attached yet. The command
 * is born before the hooks, so that it can be in scope from its first deed, and
 * before the sandbox, which it must not inherit. The census comes after the
 * hooks: whoever is born in between is then seen by one or by both. The sandbox
 * is the last line before the loop.
 */
#include "app/session.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "app/child.h"
#include "app/coverage.h"
#include "app/host.h"
#include "app/pulse.h"
#include "app/report.h"
#include "app/losses.h"
#include "app/sandbox.h"
#include "app/switches.h"
#include "base/log.h"

/* Records taken in one go; timers and signals get their turn in between. */
#define DRAIN_MAX 8192
#define ROUNDS_ATTACHED 16 /* at the end, while hooks still send */

/*
 * The drain's period: short while records come in numbers, long when it is quiet. A ring that fills
 * wakes us before (probe.c).
 */
#define PERIOD_BUSY_NS 10000000
#define PERIOD_SOME_NS 40000000
#define PERIOD_IDLE_NS 100000000
#define BUSY_RECORDS 1024

/* More than this waits for readers of outputs: the rings are left to fill, and count the loss. */
#define BACKLOG_BYTES (16 * 1024 * 1024)
#define LAST_WAIT_MS 1000 /* for readers, at the end */

#define LOSS_PERIOD_NS 10000000000ull
#define CLOCK_PERIOD_NS 1000000000ull
#define COVERAGE_PERIOD_NS 3600000000000ull

struct session {
	const struct session_options *o;
	struct corridor corridor;
	struct probe *probe;
	struct host host;
	struct child child;
	struct watch watch;
	struct live live;
	struct beat beat;
	struct coverage coverage;
	struct pulse pulse;
	struct losses losses;
	uint64_t began_ns, deadline_ns, next_loss_ns, next_clock_ns, next_coverage_ns;
	uint64_t host_records; /* census and HOST_*: records that no ring carried */
	long period_ns;
	int epoll, timer, signals;
	bool over;
	bool again; /* and to begin anew */
};

static int start_outputs(struct session *s) {
	struct corridor *c = &s->corridor;
	int err = corridor_open(c, s->o->outputs, s->o->n_outputs, true);

	if (!err && s->o->tape)
		err = corridor_apart(c, "tape", s->o->tape);
	if (err)
		return err;
	err = s->o->tape ? tape_create(s->o->tape, &c->tape) : 0;
	if (err)
		log_error("tape \"%s\" cannot be made: %s", s->o->tape,
			  err == -EINVAL ? "only a regular file can be one" : strerror(-err));
	return err ? err : corridor_begin(c);
}

static int start_export(struct session *s) {
	if (!s->o->export.n_sinks && !s->o->spool)
		return s->pulse.desk ? tally_open(s->o->desk.folder, &s->corridor.tally) : 0;
	return export_open(&s->o->export, &s->corridor.export)
		       ?: tally_open(s->o->export.folder, &s->corridor.tally);
}

static int start_probe(struct session *s) {
	struct probe_options po = { .hooks = s->o->hooks, .volume = s->o->volume,
				    .env = &s->o->env, .step_ctx = &s->beat,
				    .keeper = export_keeper(s->corridor.export) };
	const char *why = "";
	int err;

	switches_begin(&s->live, &s->beat, &po);
	po.set = beat_set(&s->beat, s->o->hooks);
	err = po.set == PROBE_NOTHING ? 0 : probe_check(&why);
	po.step = s->beat.careful ? beat_step : NULL;
	po.alive = beat_alive;
	if (err) {
		log_error("%s", why);
		return err;
	}
	if (s->child.pid || s->o->scope_pid)
		po.scope = SCOPE_PROCESS;
	if (s->o->scope_cgroup) {
		po.scope = SCOPE_CGROUP;
		po.scope_cgroup = s->o->scope_cgroup;
		po.scope_cgroup_id = s->o->scope_cgroup_id;
	}
	s->losses.since_ns = host_boot_ns();
	err = probe_open(&po, &s->probe);
	beat_over(&s->beat);
	if (err)
		log_error("no hook could be attached: %s; \"lapwing preflight\" says more",
			  strerror(-err));
	return err;
}

/* record_made - a record that user space made; it is on no ring's ledger */
static int record_made(void *ctx, const void *record, size_t len) {
	struct session *s = ctx;

	s->host_records++;
	return corridor_record(&s->corridor, record, len);
}

/* tell_coverage - tries the hooks, and says what is covered */
static int tell_coverage(struct session *s, bool sandboxed) {
	int err = coverage_try(&s->coverage, s->probe, &s->corridor, sandboxed);

	s->next_coverage_ns = host_boot_ns() + COVERAGE_PERIOD_NS;
	return err ? err : coverage_tell(&s->coverage, s->probe, &s->corridor, &s->host);
}

static int start_story(struct session *s) {
	size_t n;
	const struct probe_deed *deeds = probe_deeds(s->probe, &n);
	pid_t pid = s->child.pid ? s->child.pid : s->o->scope_pid;
	int err;

	s->host = (struct host){ record_made, s, .asks = whois_asks(s->corridor.whois),
				 .hashes = s->corridor.hasher,
				 .split = probe_cgroups_split(s->probe) };
	err = host_start(&s->host, deeds, n);
	if (!err && pid)
		err = probe_scope_add(s->probe, pid);
	if (!err)
		err = probe_census(s->probe, record_made, s);
	if (err && err != -ENOTSUP)
		log_error("the processes that are there already cannot be read: %s",
			  strerror(-err));
	/* without an iterator the sensor works, and says PROCESS_UNKNOWN more often */
	if (err && err != -ENOTSUP)
		return err;
	return tell_coverage(s, false);
}

static int watch(int epoll, int fd, uint32_t events) {
	struct epoll_event e = { .events = events, .data.fd = fd };

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) ? -errno : 0;
}

static int set_timer(struct session *s, long period_ns) {
	struct itimerspec t = { .it_interval.tv_nsec = period_ns, .it_value.tv_nsec = period_ns };

	if (s->period_ns == period_ns)
		return 0;
	s->period_ns = period_ns;
	return timerfd_settime(s->timer, 0, &t, NULL) ? -errno : 0;
}

static int block_signals(sigset_t *set) {
	(void)sigemptyset(set);
	(void)sigaddset(set, SIGINT);
	(void)sigaddset(set, SIGTERM);
	(void)sigaddset(set, SIGHUP);
	(void)sigaddset(set, SIGCHLD);
	/* a reader that goes away is an error of its output, not the end of the sensor */
	(void)signal(SIGPIPE, SIG_IGN);
	return sigprocmask(SIG_BLOCK, set, NULL) ? -errno : 0;
}

static int start_loop(struct session *s) {
	sigset_t set;
	int rings[2], err = block_signals(&set);

	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	s->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->epoll < 0 || s->timer < 0 || s->signals < 0)
		err = -errno;
	probe_fds(s->probe, rings);
	if (!err)
		err = watch(s->epoll, s->timer, EPOLLIN);
	if (!err)
		err = watch(s->epoll, s->signals, EPOLLIN);
	/* edges only: a ring that is left with records is the timer's business */
	for (int i = 0; i < 2 && !err; i++)
		err = rings[i] < 0 ? 0 : watch(s->epoll, rings[i], EPOLLIN | EPOLLET);
	/* room in a pipe that was full; files have no such event, and need none */
	for (int i = 0; i < s->corridor.n_outputs && !err; i++)
		(void)watch(s->epoll, s->corridor.outputs[i].fd, EPOLLOUT | EPOLLET);
	if (!err)
		err = set_timer(s, PERIOD_IDLE_NS);
	if (err)
		log_error("the event loop cannot be set up: %s", strerror(-err));
	return err;
}

static void take_signals(struct session *s) {
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof(info)) == sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGHUP:
			live_reload(&s->live, &s->corridor);
			break;
		case SIGCHLD:
			(void)child_reap(&s->child);
			break;
		case SIGTERM:
			if (s->child.pid && !s->child.ended)
				(void)kill(s->child.pid, SIGTERM);
			s->over = true;
			break;
		default:
			/* a terminal's Ctrl-C has gone to the command as well; its end is ours */
			if (!s->child.pid || s->child.ended)
				s->over = true;
		}
	}
}

static int drain(struct session *s) {
	int n = probe_drain(s->probe, DRAIN_MAX, corridor_record, &s->corridor);

	if (n < 0)
		return n;
	return set_timer(s, n > BUSY_RECORDS ? PERIOD_BUSY_NS : n ? PERIOD_SOME_NS : PERIOD_IDLE_NS)
		       ?: n;
}

static int tend_pulse(struct session *s, uint64_t now) {
	struct pulse_of of = { s->probe, &s->corridor, &s->coverage, &s->host, &s->beat, &s->live,
			       s->corridor.records - s->host_records };

	return pulse_tend(&s->pulse, &of, now);
}

static int tend_host(struct session *s, uint64_t now) {
	int err = 0;

	if (now >= s->next_clock_ns) {
		s->next_clock_ns = now + CLOCK_PERIOD_NS;
		watch_tend(&s->watch, s->probe, false);
		beat_tell(&s->beat);
		err = host_clock(&s->host) ?: tend_pulse(s, now);
		err = err ?: live_tend(&s->live, &s->corridor, &s->host,
				       probe_lost_count(s->probe), now)
			     ?: switches_hooks(&s->live, s->probe, &s->host, &s->beat, &s->again);
		s->over |= s->again;
		corridor_tend(&s->corridor, now);
	}
	if (!err && (now >= s->next_coverage_ns || switches_left(&s->live)))
		err = tell_coverage(s, true);
	if (now < s->next_loss_ns || err)
		return err;
	s->next_loss_ns = now + LOSS_PERIOD_NS;
	return losses_tell(&s->losses, &s->host, s->probe, &s->corridor,
			   follow_overwritten(s->o->logs), now);
}

/* tell_folds - what hooks only counted; @all: also what they may go on counting */
static int tell_folds(struct session *s, uint64_t now, bool all) {
	int n = probe_folds(s->probe, now, all, &s->host.seq, record_made, s);

	if (all && n > 0)
		log_warn("%d folds of equal deeds could not be read, continuing", n);
	return n < 0 ? n : 0;
}

/* command_over - the command, and with --follow all of its descendants, have ended */
static bool command_over(struct session *s) {
	/* it may have ended before its signal could be heard */
	if (!s->child.pid || !child_reap(&s->child))
		return false;
	return !s->o->follow || corridor_alive(&s->corridor) <=
					(int64_t)probe_lost_kind(s->probe, WIRE_PROCESS_EXIT);
}

static int loop(struct session *s) {
	while (!s->over) {
		struct epoll_event events[4];
		uint64_t ticks, now;
		int n = epoll_wait(s->epoll, events, 4, -1), err;

		if (n < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < n; i++) {
			if (events[i].data.fd == s->signals)
				take_signals(s);
			else if (events[i].data.fd == s->timer)
				(void)!read(s->timer, &ticks, sizeof(ticks));
		}
		if (command_over(s))
			s->over = true;
		err = corridor_backlog(&s->corridor) > BACKLOG_BYTES ? 0 : drain(s);
		now = host_boot_ns();
		if (err >= 0)
			err = tell_folds(s, now, false)
				      ?: follow_read(s->o->logs, host_log, &s->host)
				      ?: whois_tend(s->corridor.whois, &s->host)
				      ?: host_hashes(&s->host, s->corridor.hasher, false);
		if (err >= 0)
			err = tend_host(s, now) ?: corridor_flush(&s->corridor);
		if (err < 0)
			return err;
		pulse_flushed(&s->pulse, &s->corridor, now);
		if (s->deadline_ns && now >= s->deadline_ns)
			s->over = true;
	}
	return 0;
}

/* drain_rest - what the rings hold, at most @rounds times DRAIN_MAX records */
static int drain_rest(struct session *s, int rounds) {
	int n = 1;

	while (n > 0 && rounds-- > 0)
		n = probe_drain(s->probe, DRAIN_MAX, corridor_record, &s->corridor);
	return n < 0 ? n : 0;
}

/*
 * finish - the last records, and the ledger
 * Detaching can take its time, so what is there already is written before; what the hooks sent
 * meanwhile comes after, and then nothing sends any more.
 */
static int finish(struct session *s, struct report_ledger *ledger) {
	uint64_t now = host_boot_ns();
	int n = drain_rest(s, ROUNDS_ATTACHED);

	if (!n)
		n = corridor_flush(&s->corridor);
	probe_detach(s->probe);
	if (!n)
		n = drain_rest(s, INT_MAX);
	if (n >= 0)
		n = tell_folds(s, now, true) ?: host_hashes(&s->host, s->corridor.hasher, true);
	s->next_loss_ns = now;
	if (n >= 0)
		n = tend_host(s, now);
	*ledger = (struct report_ledger){
		.produced = probe_produced(s->probe),
		.received = s->corridor.records - s->host_records,
		.not_run = probe_not_run(s->probe),
		.seconds = (double)(now - s->began_ns) / 1e9,
	};
	probe_lost_all(s->probe, &ledger->lost);
	if (n >= 0)
		n = host_stop(&s->host, ledger->produced, report_lost(&ledger->lost));
	return n < 0 ? n : corridor_flush(&s->corridor);
}

static int run(struct session *s) {
	struct report_ledger ledger;
	int err, missed;

	s->began_ns = host_boot_ns();
	s->next_loss_ns = s->began_ns + LOSS_PERIOD_NS;
	if (s->o->duration_s > 0)
		s->deadline_ns = s->began_ns + (uint64_t)(s->o->duration_s * 1e9);
	if (s->o->ready_fd >= 0 && write(s->o->ready_fd, "\n", 1) != 1)
		log_warn("nobody reads descriptor %d of --ready-fd, continuing", s->o->ready_fd);
	if (s->child.pid)
		child_release(&s->child);
	err = loop(s);
	if (!err)
		err = finish(s, &ledger);
	missed = corridor_deliver(&s->corridor, LAST_WAIT_MS);
	err = err ? err : s->corridor.error;
	if (s->corridor.error)
		corridor_log_fault(&s->corridor, "the sensor stops: ");
	else if (err)
		log_error("the sensor stops: %s", strerror(-err));
	else if (s->o->summary)
		report_summary(&s->corridor, &ledger);
	return err ? err : missed;
}

static const char *scope_name(const struct session *s, char text[64]) {
	if (s->child.pid)
		return "one command and its descendants";
	if (s->o->scope_cgroup)
		return "one cgroup";
	if (!s->o->scope_pid)
		return "the whole machine";
	(void)snprintf(text, 64, "process %d and its descendants", (int)s->o->scope_pid);
	return text;
}

/* start - everything up to the loop; an exit code, or -1 to go on */
static int start(struct session *s) {
	bool spool = s->o->export.n_sinks || s->o->spool;
	char scope[64];
	int err = pulse_open(&s->pulse, s->o->desk.folder ? &s->o->desk : NULL,
			     spool ? s->o->export.folder : NULL)
			  ?: corridor_init(&s->corridor)
			  ?: live_open(&s->live, &s->o->content);

	/* up to the hooks a start fails of disks, folders and others, and not of itself */
	if (err)
		return beat_blocked(&s->beat, err);
	s->corridor.color = s->o->color;
	s->corridor.recorder = s->live.recorder;
	err = live_load(&s->live, &s->corridor);
	if (err)
		return err == -EINVAL || err == -ENOENT ? 2 : 1;
	err = start_outputs(s);
	if (err)
		return beat_blocked(&s->beat, err);
	err = whois_open(&s->o->whois, s->corridor.enrich, &s->corridor.whois) ?: start_export(s);
	if (err)
		return err == -EINVAL ? 2 : beat_blocked(&s->beat, err);
	if (s->o->command) {
		s->corridor.begun = 1; /* the command itself, born out of our sight */
		err = child_start(&s->child, s->o->command);
		if (err) {
			log_error("no process can be made: %s", strerror(-err));
			return 1;
		}
	}
	if (start_probe(s) || start_loop(s) || corridor_hash(&s->corridor, s->o->hash_rate) ||
	    start_story(s))
		return 1;
	watch_tend(&s->watch, s->probe, true);
	follow_open(s->o->logs);
	if (s->o->summary)
		report_header(s->probe, &s->coverage, &s->corridor, scope_name(s, scope));
	err = sandbox_enter(s->corridor.export != NULL);
	if (err) {
		log_error("privileges cannot be given up: %s", strerror(-err));
		return 1;
	}
	return -1;
}

static void close_all(struct session *s, bool failed) {
	int fds[] = { s->signals, s->timer, s->epoll }, told;

	for (int i = 0; i < 3; i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
	live_close(&s->live, failed);
	probe_free(s->probe);
	child_free(&s->child);
	told = s->corridor.error;
	if (corridor_done(&s->corridor) && !told)
		corridor_log_fault(&s->corridor, "");
	pulse_close(&s->pulse);
	watch_done(&s->watch);
	losses_done(&s->losses);
}

int session_run(const struct session_options *options) {
	struct session s = {
		.o = options,
		.watch = options->watch,
		.beat = options->beat,
		.epoll = -1,
		.timer = -1,
		.signals = -1,
		.child.leave = -1,
		.live = { .store = { -1, -1, -1, NULL }, .pipe = -1, .watch = &s.watch },
	};
	int code = start(&s);

	if (code < 0) {
		code = !run(&s) ? s.again ? BEAT_AGAIN : 0
				: s.corridor.error ? beat_blocked(&s.beat, s.corridor.error) : 1;
		if (!code && s.child.pid && child_reap(&s.child))
			code = child_code(&s.child);
	}
	/* no content is to blame for a disk that is full */
	close_all(&s, (code == 1 || code == 2) && !s.child.pid);
	return code;
}
