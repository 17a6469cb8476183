/* SPDX-License-Identifier: Apache-2.0 */
#include "app/updater_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "app/sandbox.h"
#include "base/clock.h"
#include "base/log.h"

#define LOCK_MS 5000
#define STEP_MS 1000

void updater_tell(struct updater *u, struct verdict *v) {
	v->order = u->state.order;
	intake_tell(&u->store, v);
}

static void of_trial(const struct updater *u, struct verdict *v) {
	*v = (struct verdict){ .version = u->state.trial.version };
	memcpy(v->hash, u->state.trial.hash, SEAL_HASH_BYTES);
}

/* --- the state -------------------------------------------------------------------------------- */

int updater_begin(struct updater *u) {
	int err = store_lock(&u->store, LOCK_MS);

	return err ? err : store_load(&u->store, &u->state);
}

int updater_end(struct updater *u, int err) {
	if (!err)
		err = store_save(&u->store, &u->state);
	store_unlock(&u->store);
	if (err)
		log_warn("the content's state in \"%s\" cannot be kept: %s, continuing",
			 u->o->folder, strerror(-err));
	return err;
}

static void roll_back(struct updater *u, const char *reason, const char *why) {
	enum trial_stage stage = u->trial.stage ? u->trial.stage : TRIAL_PROBATION;
	struct verdict v;
	int err = updater_begin(u);

	if (!u->state.stage) { /* somebody else has ended it */
		store_unlock(&u->store);
		u->trial.stage = TRIAL_NONE;
		return;
	}
	of_trial(u, &v);
	verdict_say(&v, trial_word(stage), "reverted", reason, "%s", why);
	if (!err)
		state_rollback(&u->state);
	/* if it cannot be written, the next step tries again */
	if (updater_end(u, err))
		return;
	u->trial.stage = TRIAL_NONE;
	updater_tell(u, &v);
}

static void promote(struct updater *u, const char *why) {
	enum trial_stage stage = u->trial.stage;
	struct verdict v;
	int err = updater_begin(u);
	bool proven = false;

	if (!err && u->state.stage != stage)
		err = -ECANCELED;
	of_trial(u, &v);
	if (!err)
		proven = state_promote(&u->state);
	if (updater_end(u, err))
		return;
	verdict_say(&v, trial_word(stage), proven ? "proven" : "passed", "-", "%s", why);
	updater_tell(u, &v);
	trial_begin(&u->trial, u->state.stage, u->state.serial, clock_ms(CLOCK_BOOTTIME));
	if (proven)
		store_prune(&u->store, &u->state);
}

/* take_up - a trial that intake or the owner has put into the state */
static void take_up(struct updater *u) {
	struct verdict v;
	int err = updater_begin(u);

	if (!err && (!u->state.stage || u->state.begun))
		err = -ECANCELED;
	if (err) {
		store_unlock(&u->store);
		return;
	}
	state_take_up(&u->state);
	if (updater_end(u, 0))
		return;
	trial_begin(&u->trial, u->state.stage, u->state.serial, clock_ms(CLOCK_BOOTTIME));
	of_trial(u, &v);
	verdict_say(&v, "control", "begun", "-", "what is normal here is measured first");
	updater_tell(u, &v);
}

/* follow_state - the owner may have changed it */
static void follow_state(struct updater *u) {
	struct state now;

	if (store_load(&u->store, &now) || now.serial == u->state.serial)
		return;
	u->state = now;
	if (u->trial.stage != now.stage) {
		if (now.stage && now.begun)
			trial_begin(&u->trial, now.stage, now.serial, clock_ms(CLOCK_BOOTTIME));
		else
			u->trial.stage = TRIAL_NONE;
	} else {
		u->trial.serial = now.serial;
	}
}

static void step(struct updater *u, const struct trial_sample *s) {
	const char *reason;
	char why[200];

	follow_state(u);
	if (u->state.stage && !u->state.begun)
		take_up(u);
	switch (trial_step(&u->trial, &u->limits, s, clock_ms(CLOCK_BOOTTIME), &reason, why,
			   sizeof(why))) {
	case TRIAL_ROLLBACK:
		roll_back(u, reason, why);
		break;
	case TRIAL_PROMOTE:
		promote(u, why);
		break;
	case TRIAL_CONTINUE:
		break;
	}
}

/* --- the loop --------------------------------------------------------------------------------- */

/* hear - a sample, if one is whole; false: the worker is gone */
static bool hear(struct updater *u, bool *whole) {
	char *to = (char *)&u->sample + u->sample_n;
	ssize_t n = read(u->pipe, to, sizeof(u->sample) - u->sample_n);

	*whole = false;
	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	u->sample_n += (size_t)n;
	*whole = u->sample_n == sizeof(u->sample);
	if (*whole)
		u->sample_n = 0;
	return n > 0;
}

/* end - the worker is over: in order, or it died of what was on trial */
static void end(struct updater *u) {
	follow_state(u);
	if (!u->state.stage || !u->state.begun)
		return;
	if (!u->clean) {
		roll_back(u, "death", "the worker ended while it was on trial");
		return;
	}
	if (!updater_begin(u)) {
		state_put_down(&u->state);
		(void)updater_end(u, 0);
	}
}

/* keep_told - what the next worker need not tell again; a number too low is told twice */
static void keep_told(struct updater *u) {
	char text[24];
	int n;

	if (u->sample.told == u->told)
		return;
	u->told = u->sample.told;
	n = snprintf(text, sizeof(text), "%" PRIu64, u->told);
	(void)store_write(&u->store, "told", text, (size_t)n);
}

/* pace - what the worker cannot measure, in its sandbox and for others */
static void pace(struct updater *u) {
	struct trial_sample *s = &u->sample;
	uint64_t busy = pacer_busy(&u->pacer);
	uint64_t own = s->span_ms ? s->cpu_us / s->span_ms / u->limits.cpus : 0;

	s->others_permille = busy > own ? busy - own : 0;
	/* in the shadow, which lasts a day, a bundle's cost is measured by itself */
	if (u->trial.stage == TRIAL_CONTROL || u->trial.stage == TRIAL_PROBATION)
		s->exec_ns = pacer_ns(&u->pacer);
}

/* attend - to the worker, for @ms at most; false: it is over */
static bool attend(struct updater *u, int ms) {
	struct pollfd p = { .fd = u->pipe, .events = POLLIN };
	bool whole = false;

	if (poll(&p, 1, ms) > 0)
		u->gone |= !hear(u, &whole);
	u->clean |= whole && u->sample.leaving;
	if (whole)
		keep_told(u);
	if (u->gone || u->clean)
		return false;
	if (whole)
		pace(u);
	step(u, whole ? &u->sample : NULL);
	return true;
}

static bool attend_now(void *updater) {
	return attend(updater, 0);
}

static void loop(struct updater *u) {
	while (!u->gone) {
		uint64_t now;

		if (!attend(u, STEP_MS))
			continue;
		now = clock_ms(CLOCK_BOOTTIME);
		if (!u->o->source || now < u->next_poll_ms)
			continue;
		updater_poll(u);
		u->next_poll_ms =
			clock_ms(CLOCK_BOOTTIME) + u->o->poll_ms +
			randombytes_uniform((uint32_t)(u->o->poll_ms / 4) + 1);
	}
	end(u);
}

static int run(const struct updater_options *o, int fd) {
	static struct updater u;
	struct rlimit none = { 0, 0 };

	u.o = o;
	u.pipe = fd;
	u.from = (struct fetch_from){ o->source, o->ca, attend_now, &u };
	u.limits = o->limits;
	trial_defaults(&u.limits);
	(void)prctl(PR_SET_NAME, "lw-content");
	(void)setrlimit(RLIMIT_CORE, &none);
	/* a terminal's Ctrl-C is for the worker, whose end is told by the pipe */
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	pacer_start(&u.pacer); /* before the sandbox, in which nothing can be executed */
	(void)setpriority(PRIO_PROCESS, 0, 19); /* the host comes first */
	if (store_open(o->folder, &u.store) || store_load(&u.store, &u.state) ||
	    sandbox_updater())
		return 1;
	loop(&u);
	store_close(&u.store);
	return 0;
}

/* roll_back_orphan - before anything of the state is used */
static int roll_back_orphan(const struct updater_options *o) {
	struct verdict v = { 0 };
	struct state state;
	struct store store;
	int err = store_open(o->folder, &store);

	if (err)
		return err;
	err = store_lock(&store, LOCK_MS) ?: store_load(&store, &state);
	v.version = err ? 0 : state.trial.version;
	if (!err)
		memcpy(v.hash, state.trial.hash, SEAL_HASH_BYTES);
	if (!err && state_orphan(&state)) {
		err = store_save(&store, &state);
		verdict_say(&v, "probation", "reverted", "orphan",
			    "the sensor or the machine went down while it was on trial");
		intake_tell(&store, &v);
	}
	store_close(&store);
	return err;
}

int updater_start(const struct updater_options *o, int *ret) {
	int ends[2], err = roll_back_orphan(o);
	pid_t pid;

	if (err)
		return err;
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		return -errno;
	pid = fork();
	if (pid < 0) {
		err = -errno;
		(void)close(ends[0]);
		(void)close(ends[1]);
		return err;
	}
	if (!pid) {
		(void)close(ends[1]);
		_exit(run(o, ends[0]));
	}
	(void)close(ends[0]);
	*ret = ends[1];
	return 0;
}
