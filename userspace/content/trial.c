/* SPDX-License-Identifier: Apache-2.0 */
#include "content/trial.h"

#include <inttypes.h>
#include <stdio.h>

#define BAD_IN_A_ROW 10
#define CPU_LEAST_MS 10000	/* less time than this says nothing of a share of CPU */
#define LOSS_LEAST_EVENTS 10000 /* likewise of a share of loss: then one of 100 is a breach */
#define COST_LEAST_EVENTS 100

struct breach {
	const char **reason;
	char *why;
	size_t n;
};

#define BREACH(b, word, ...)                                                                       \
	(*(b)->reason = (word), (void)snprintf((b)->why, (b)->n, __VA_ARGS__), true)

void trial_defaults(struct trial_limits *l) {
#define DEFAULT(member, value) (l->member = l->member ? l->member : (value))
	DEFAULT(control_ms, 60000);
	DEFAULT(shadow_ms, 24ull * 3600000);
	DEFAULT(shadow_events, 1000000);
	DEFAULT(shadow_max_ms, 7ull * 24 * 3600000);
	DEFAULT(probation_ms, 600000);
	DEFAULT(silence_ms, 15000);
	DEFAULT(cpu_permille, 20);
	DEFAULT(cpu_over_percent, 10);
	DEFAULT(rss_over_percent, 15);
	DEFAULT(rss_slack_bytes, 32ull << 20);
	DEFAULT(lost_ppm, 100);
	DEFAULT(lag_ms, 30000);
	DEFAULT(exec_over_percent, 5);
	DEFAULT(exec_slack_ns, 500000);
	DEFAULT(others_permille, 700);
	DEFAULT(others_more_permille, 100);
	DEFAULT(matches_times, 3);
	DEFAULT(matches_burst, 20);
	DEFAULT(matches_hour, 50);
	DEFAULT(event_ns, 50000);
	DEFAULT(cpus, 1);
#undef DEFAULT
}

void trial_begin(struct trial *t, enum trial_stage stage, uint64_t serial, uint64_t now_ms) {
	if (t->stage == TRIAL_CONTROL)
		t->control = t->sum;
	if (stage == TRIAL_CONTROL)
		t->control = (struct trial_sum){ 0 };
	t->stage = stage;
	t->began_ms = t->heard_ms = now_ms;
	t->serial = serial;
	t->lagging = t->slow = 0;
	t->sum = (struct trial_sum){ 0 };
}

static void add(struct trial *t, const struct trial_sample *s) {
	t->sum.ms += s->span_ms;
	t->sum.events += s->events;
	t->sum.lost += s->lost;
	t->sum.cpu_us += s->cpu_us;
	t->sum.matches += s->matches;
	t->sum.candidate_matches += s->candidate_matches;
	t->sum.candidate_ns += s->candidate_ns;
	if (s->rss_bytes > t->sum.rss_bytes)
		t->sum.rss_bytes = s->rss_bytes;
	if (s->lag_ms > t->sum.lag_ms)
		t->sum.lag_ms = s->lag_ms;
	t->sum.execs += s->exec_ns != 0;
	t->sum.exec_ns += s->exec_ns;
	t->sum.others_permille += s->exec_ns ? s->others_permille : 0;
}

/* too_many - whether @matches are more than normal ones, a burst, and an hour's worth allow */
static bool too_many(const struct trial *t, const struct trial_limits *l, uint64_t matches) {
	uint64_t normal = t->control.ms ? t->control.matches * t->sum.ms / t->control.ms : 0;
	uint64_t hours = l->matches_hour * t->sum.ms / 3600000;

	return matches > l->matches_burst + l->matches_times * normal + hours;
}

/*
 * over_cpu - microseconds of CPU past both bounds: a share of the host, and over what was normal
 * A host that was over the first one before has only the second.
 */
static bool over_cpu(const struct trial *t, const struct trial_limits *l) {
	uint64_t absolute = t->sum.ms * l->cpu_permille * l->cpus;
	uint64_t normal = t->control.ms ? t->control.cpu_us * t->sum.ms / t->control.ms : 0;
	uint64_t relative = normal + normal * l->cpu_over_percent / 100;

	return t->sum.ms >= CPU_LEAST_MS && t->sum.cpu_us > absolute && t->sum.cpu_us > relative;
}

static bool over_rss(const struct trial *t, const struct trial_limits *l) {
	uint64_t normal = t->control.rss_bytes;

	return normal && t->sum.rss_bytes > normal + normal * l->rss_over_percent / 100 +
						    l->rss_slack_bytes;
}

/* over_loss - more of all events than is allowed, and more than was normal */
static bool over_loss(const struct trial *t, const struct trial_limits *l) {
	uint64_t all = t->sum.events + t->sum.lost;
	uint64_t before = t->control.events + t->control.lost;

	if (all < LOSS_LEAST_EVENTS && t->sum.lost < LOSS_LEAST_EVENTS / 100)
		return false;
	return t->sum.lost * 1000000 > all * l->lost_ppm &&
	       (!before || t->sum.lost * before > 2 * t->control.lost * all);
}

/*
 * lagging - for some samples in a row
 * A receiver that is slow for a moment is no breach, and one that was so before says nothing of
 * the bundle.
 */
static bool lagging(struct trial *t, const struct trial_limits *l, const struct trial_sample *s) {
	bool over = s->lag_ms > l->lag_ms && t->control.lag_ms <= l->lag_ms;

	t->lagging = over ? t->lagging + 1 : 0;
	return t->lagging >= BAD_IN_A_ROW;
}

static uint64_t normal_exec_ns(const struct trial *t) {
	return t->control.execs ? t->control.exec_ns / t->control.execs : 0;
}

/*
 * is_busy - others keep so much of the host busy, or more of it than before, that its execs are
 * slower by that, even without what they wait for a CPU
 */
static bool is_busy(const struct trial *t, const struct trial_limits *l,
		    const struct trial_sample *s) {
	uint64_t before = t->control.others_permille / t->control.execs;

	return s->others_permille > l->others_permille ||
	       s->others_permille > before + l->others_more_permille;
}

/*
 * slow - each of some execs in a row; with none measured before, there is nothing to compare
 * No load explains one that takes ten times as long.
 */
static bool slow(struct trial *t, const struct trial_limits *l, const struct trial_sample *s) {
	uint64_t normal = normal_exec_ns(t), over;

	if (!normal || !s->exec_ns)
		return false;
	over = normal + normal * l->exec_over_percent / 100 + l->exec_slack_ns;
	t->slow = s->exec_ns > 10 * over || (s->exec_ns > over && !is_busy(t, l, s))
			  ? t->slow + 1
			  : 0;
	return t->slow >= BAD_IN_A_ROW;
}

static bool in_shadow(const struct trial *t, const struct trial_limits *l, struct breach *b) {
	if (too_many(t, l, t->sum.candidate_matches))
		return BREACH(b, "matches",
			      "%" PRIu64 " matches in the shadow in %" PRIu64 " s, where %" PRIu64
			      " in %" PRIu64 " s were normal",
			      t->sum.candidate_matches, t->sum.ms / 1000, t->control.matches,
			      t->control.ms / 1000);
	if (t->sum.events >= COST_LEAST_EVENTS &&
	    t->sum.candidate_ns > t->sum.events * l->event_ns)
		return BREACH(b, "cost", "%" PRIu64 " ns an event, and %" PRIu64 " are allowed",
			      t->sum.candidate_ns / t->sum.events, l->event_ns);
	return false;
}

static bool on_probation(struct trial *t, const struct trial_limits *l, struct breach *b) {
	if (too_many(t, l, t->sum.matches))
		return BREACH(b, "matches",
			      "%" PRIu64 " matches in %" PRIu64 " s, where %" PRIu64 " in %" PRIu64
			      " s were normal",
			      t->sum.matches, t->sum.ms / 1000, t->control.matches,
			      t->control.ms / 1000);
	if (over_cpu(t, l))
		return BREACH(b, "cpu",
			      "%" PRIu64 " ms of CPU in %" PRIu64 " s, where %" PRIu64
			      " in %" PRIu64 " s were normal",
			      t->sum.cpu_us / 1000, t->sum.ms / 1000, t->control.cpu_us / 1000,
			      t->control.ms / 1000);
	if (over_rss(t, l))
		return BREACH(b, "memory",
			      "%" PRIu64 " KiB of memory, where %" PRIu64 " were normal",
			      t->sum.rss_bytes / 1024, t->control.rss_bytes / 1024);
	return false;
}

static bool breached(struct trial *t, const struct trial_limits *l, const struct trial_sample *s,
		     struct breach *b) {
	if (s->failed)
		return BREACH(b, "load", "the worker could not load it");
	add(t, s);
	if (t->stage == TRIAL_CONTROL)
		return false;
	if (s->disarmed)
		return BREACH(b, "budget", "%" PRIu64 " of its rules went over their budget",
			      s->disarmed);
	if (over_loss(t, l))
		return BREACH(b, "loss", "%" PRIu64 " of %" PRIu64 " records lost", t->sum.lost,
			      t->sum.events + t->sum.lost);
	if (t->stage == TRIAL_PROBATION && lagging(t, l, s)) /* in the shadow it exports nothing */
		return BREACH(b, "lag",
			      "the export is %" PRIu64 " ms behind, before it was %" PRIu64,
			      s->lag_ms, t->control.lag_ms);
	if (slow(t, l, s))
		return BREACH(b, "exec",
			      "an exec takes %" PRIu64 " us, where %" PRIu64 " were normal",
			      s->exec_ns / 1000, normal_exec_ns(t) / 1000);
	return t->stage == TRIAL_SHADOW ? in_shadow(t, l, b) : on_probation(t, l, b);
}

static bool passed(const struct trial *t, const struct trial_limits *l, uint64_t now_ms) {
	uint64_t ms = now_ms - t->began_ms;

	switch (t->stage) {
	case TRIAL_CONTROL:
		return ms >= l->control_ms && t->sum.ms;
	case TRIAL_SHADOW:
		return ms >= l->shadow_ms &&
		       (t->sum.events >= l->shadow_events || ms >= l->shadow_max_ms);
	default:
		return ms >= l->probation_ms && t->sum.ms;
	}
}

enum trial_verdict trial_step(struct trial *t, const struct trial_limits *l,
			      const struct trial_sample *s, uint64_t now_ms,
			      const char **ret_reason, char *why, size_t n) {
	struct breach b = { ret_reason, why, n };

	*ret_reason = "-";
	if (n)
		why[0] = '\0';
	if (t->stage == TRIAL_NONE)
		return TRIAL_CONTINUE;
	/* a worker that has not come to this stage's state is silent, as far as the stage goes */
	if (s && s->serial == t->serial) {
		t->heard_ms = now_ms;
		if (breached(t, l, s, &b))
			return TRIAL_ROLLBACK;
	}
	if (now_ms - t->heard_ms > l->silence_ms) {
		(void)BREACH(&b, "silence", "nothing was heard of the worker for %" PRIu64 " s",
			     (now_ms - t->heard_ms) / 1000);
		return TRIAL_ROLLBACK;
	}
	if (!passed(t, l, now_ms))
		return TRIAL_CONTINUE;
	(void)snprintf(why, n, "%" PRIu64 " events in %" PRIu64 " s, %" PRIu64 " matches, %" PRIu64
		       " ns an event in the shadow", t->sum.events, (now_ms - t->began_ms) / 1000,
		       t->stage == TRIAL_SHADOW ? t->sum.candidate_matches : t->sum.matches,
		       t->sum.events ? t->sum.candidate_ns / t->sum.events : 0);
	return TRIAL_PROMOTE;
}

const char *trial_word(enum trial_stage stage) {
	static const char *const words[TRIAL_STAGES] = { "none", "control", "shadow", "probation" };

	return words[stage < TRIAL_STAGES ? stage : 0];
}
