/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fleet.c - a fleet on paper: 100,000 machines, one bad bundle, and the host's own decisions
 *
 *     fleet [--svg FILE]
 *
 * Each machine is a policy, an identity and a trial, and asks plan_order(), trial_step() and the
 * state_*() functions, as the updater does. The rollout is a table of steps that somebody follows
 * by the clock, and that stops, with an order to revert, when the first machine reports a failure.
 * What is made up: machines poll each 65 s, each at its own second, a failure
 * reaches the rollout with the next poll,
 * and the bundle fails on some share of machines, at a moment between the beginning of the shadow
 * and the end of probation, evenly distributed. Time goes in steps of five seconds.
 */
#include <inttypes.h>
#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "content/cohort.h"
#include "content/plan.h"
#include "content/state.h"

#define HOSTS 100000
#define STEP_S 5
#define START_S 1800000000ull
#define SHADOW_S 900
#define PROBATION_S 600
#define CONTROL_S 60
#define REPORT_S 60 /* somebody acts, and the new order is up */
#define END_S (6 * 3600)
#define POLL_STEPS 13 /* 65 s */
#define TUESDAY (1440 + 600)
#define POINTS (END_S / 60)

struct step {
	uint32_t after_s, ring, permyriad, spread_s;
};

struct rollout {
	const char *name, *note;
	struct step steps[5];
	bool watched; /* somebody reverts */
};

static const struct rollout rollouts[] = {
	{ "rings", "1 %, 10 %, 50 %, 100 % after 1, 2, 4 h, each spread over half an hour",
	  { { 0, 1, 100, 1800 }, { 3600, 2, 1000, 1800 }, { 7200, 3, 5000, 1800 },
	    { 14400, 4, COHORTS, 1800 } }, true },
	{ "emergency", "the same steps, 30 min each, spread over 10 min",
	  { { 0, 1, 100, 600 }, { 1800, 2, 1000, 600 }, { 3600, 3, 5000, 600 },
	    { 5400, 4, COHORTS, 600 } }, true },
	{ "at once", "100 % at once; somebody reverts",
	  { { 0, 4, COHORTS, 0 } }, true },
	{ "blind", "100 % at once; nobody looks, the hosts go back by themselves",
	  { { 0, 4, COHORTS, 0 } }, false },
};

#define N_ROLLOUTS (sizeof(rollouts) / sizeof(rollouts[0]))

static const double rates[] = { 1, 0.1, 0.01, 0.001, 0.0001 };

#define N_RATES (sizeof(rates) / sizeof(rates[0]))

struct host {
	char name[24];
	struct state state;
	struct trial trial;
	uint32_t fail_s; /* after the beginning of its trial; 0: never */
	uint32_t began_s; /* its trial */
	uint64_t asked, not_before_s; /* the order that it has asked about, and when to ask again */
	bool failed, exposed;
};

struct outcome {
	uint32_t hit, exposed, running; /* machines; running: at the end */
	uint32_t first_s, halt_s, reverted_s; /* reverted: the last one is back; 0: it never came */
	/* machines, each minute: that run it live; on which it has failed so far */
	uint32_t live[POINTS], failed[POINTS];
	bool alone; /* whoever it failed on has gone back, whether or not somebody reverted */
};

static struct host *hosts;
static struct outcome (*outcomes)[N_RATES]; /* of each rollout; shared with the simulations */
static uint64_t seed;

/* chance - 0 to 1; splitmix64, so that each run is the same */
static double chance(void) {
	uint64_t z = seed += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return (double)((z ^ z >> 31) >> 11) / 9007199254740992.0;
}

static void make_hosts(double rate) {
	seed = 1;
	for (uint32_t i = 0; i < HOSTS; i++) {
		struct host *h = &hosts[i];

		memset(h, 0, sizeof(*h));
		(void)snprintf(h->name, sizeof(h->name), "machine-%06u", i);
		h->state.live = h->state.good = (struct state_slot){ .there = true, .version = 1 };
		if (chance() < rate)
			h->fail_s = CONTROL_S + 1 + (uint32_t)(chance() * (SHADOW_S + PROBATION_S));
	}
}

static void make_order(const struct rollout *r, uint32_t now, bool halted, uint32_t halt_s,
		       struct order *o) {
	const struct step *step = &r->steps[0];

	*o = (struct order){ .number = 1, .version = 2, .state = ORDER_RUN, .release = "release" };
	memset(o->bundle, 2, sizeof(o->bundle));
	for (int i = 1; i < 5 && r->steps[i].permyriad && r->steps[i].after_s <= now; i++) {
		step = &r->steps[i];
		o->number++;
	}
	o->issued_s = START_S + step->after_s;
	o->expires_s = START_S + 72 * 3600;
	o->ring = step->ring;
	o->permyriad = step->permyriad;
	o->spread_s = step->spread_s;
	if (!halted)
		return;
	o->number += 10;
	o->state = ORDER_REVERT;
	o->issued_s = START_S + halt_s;
	o->spread_s = 120;
}

static void poll_order(struct host *h, const struct order *o, uint32_t now) {
	const struct policy policy = { .max_ring = 4 };
	struct state *s = &h->state;
	struct state_slot slot = { .there = true, .version = 2 }, to = { 0 };
	struct plan_host p = { .identity = str_of(h->name), .order = s->order, .has_live = true,
			       .has_good = true, .on_trial = s->stage != TRIAL_NONE };
	struct plan plan;

	/* the same order says the same again, until the time that it has named */
	if (o->number == h->asked && (!h->not_before_s || START_S + now < h->not_before_s))
		return;
	memcpy(slot.hash, o->bundle, SEAL_HASH_BYTES);
	memcpy(p.live, s->live.hash, SEAL_HASH_BYTES);
	memcpy(p.good, s->good.hash, SEAL_HASH_BYTES);
	memcpy(p.trial, s->trial.hash, SEAL_HASH_BYTES);
	p.reverted = state_was_reverted(s, o->bundle, &p.reverted_order);
	plan_order(o, &policy, &p, START_S + now, TUESDAY, &plan);
	s->order = h->asked = o->number;
	h->not_before_s = plan.not_before_s;
	if (plan.action == PLAN_TAKE) {
		state_begin(s, &slot, o->number);
		state_take_up(s);
		trial_begin(&h->trial, s->stage, 0, now * 1000ull);
		h->began_s = now;
	} else if (plan.action == PLAN_REVERT) {
		to = s->before[0];
		state_revert(s, &to);
		h->trial.stage = TRIAL_NONE;
	}
}

/* live_trial - five seconds of a machine that has it on trial; true: it has failed by now */
static bool live_trial(struct host *h, const struct trial_limits *l, uint32_t now) {
	struct trial_sample s = { .span_ms = STEP_S * 1000, .events = 500, .cpu_us = 5000,
				  .rss_bytes = 30 << 20 };
	const char *reason;
	char why[200];

	s.failed = h->fail_s && now >= h->began_s + h->fail_s;
	switch (trial_step(&h->trial, l, &s, now * 1000ull, &reason, why, sizeof(why))) {
	case TRIAL_ROLLBACK:
		state_rollback(&h->state);
		h->trial.stage = TRIAL_NONE;
		h->failed = true;
		return true;
	case TRIAL_PROMOTE:
		(void)state_promote(&h->state);
		trial_begin(&h->trial, h->state.stage, 0, now * 1000ull);
		break;
	case TRIAL_CONTINUE:
		break;
	}
	h->exposed |= h->state.stage == TRIAL_PROBATION;
	return false;
}

static bool runs_it(const struct host *h) {
	const struct state_slot *slot = state_pick(&h->state, false);

	return slot->version == 2;
}

/* The machines with a trial, so that the others need not be looked at. */
static uint32_t busy[HOSTS], n_busy;

static void poll_some(struct order *o, uint32_t now, uint32_t *reported, struct outcome *out) {
	for (uint32_t i = now / STEP_S % POLL_STEPS; i < HOSTS; i += POLL_STEPS) {
		struct host *h = &hosts[i];
		bool ran = runs_it(h), tried = h->trial.stage != TRIAL_NONE;

		if (h->failed && !*reported)
			*reported = now;
		poll_order(h, o, now);
		if (!tried && h->trial.stage)
			busy[n_busy++] = i;
		out->running += (uint32_t)runs_it(h) - (uint32_t)ran;
	}
}

static void live_all(const struct trial_limits *l, uint32_t now, struct outcome *out) {
	uint32_t n = 0;

	for (uint32_t k = 0; k < n_busy; k++) {
		struct host *h = &hosts[busy[k]];
		bool ran = runs_it(h);

		if (h->trial.stage && live_trial(h, l, now)) {
			out->hit++;
			out->first_s = out->first_s ? out->first_s : now;
		}
		out->running += (uint32_t)runs_it(h) - (uint32_t)ran;
		if (h->trial.stage)
			busy[n++] = busy[k];
	}
	n_busy = n;
}

static void simulate(const struct rollout *r, double rate, struct outcome *out) {
	struct trial_limits l = { .control_ms = CONTROL_S * 1000, .shadow_ms = SHADOW_S * 1000,
				  .shadow_events = 1, .probation_ms = PROBATION_S * 1000 };
	uint32_t reported = 0;
	struct order o;

	trial_defaults(&l);
	make_hosts(rate);
	n_busy = 0;
	for (uint32_t now = 0; now < END_S; now += STEP_S) {
		bool halted = r->watched && reported && now >= reported + REPORT_S;

		if (halted && !out->halt_s)
			out->halt_s = now;
		make_order(r, now, halted, out->halt_s, &o);
		live_all(&l, now, out);
		poll_some(&o, now, &reported, out);
		out->live[now / 60] = out->running;
		out->failed[now / 60] = out->hit;
		if (out->halt_s && (out->running || n_busy))
			out->reverted_s = now + STEP_S;
		if (out->halt_s && !out->running && !n_busy && now > out->halt_s + 600)
			break;
	}
	for (uint32_t m = 1; m < POINTS; m++) /* also after the simulation has ended */
		out->failed[m] = out->failed[m] ? out->failed[m] : out->failed[m - 1];
	out->alone = true;
	for (uint32_t i = 0; i < HOSTS; i++) {
		out->exposed += hosts[i].exposed;
		out->alone &= !hosts[i].failed || !runs_it(&hosts[i]);
		out->alone &= r->watched || !hosts[i].fail_s || hosts[i].failed;
	}
}

/* simulate_all - by as many processes as there are CPUs, which take turns */
static bool simulate_all(void) {
	size_t n = (size_t)sysconf(_SC_NPROCESSORS_ONLN);
	bool ok = true;
	int status;

	for (size_t worker = 0; worker < n; worker++) {
		switch (fork()) {
		case -1:
			return false;
		case 0:
			hosts = calloc(HOSTS, sizeof(*hosts));
			for (size_t i = worker; hosts && i < N_ROLLOUTS * N_RATES; i += n)
				simulate(&rollouts[i / N_RATES], rates[i % N_RATES],
					 &outcomes[i / N_RATES][i % N_RATES]);
			_exit(!hosts);
		}
	}
	for (size_t worker = 0; worker < n; worker++)
		ok &= wait(&status) > 0 && !status;
	return ok;
}

static void check(bool ok, const char *name) {
	(void)printf("%s %s\n", ok ? "ok" : "not ok", name);
}

static void print_time(uint32_t s) {
	if (s)
		(void)printf("  %3u:%02u", s / 60, s % 60);
	else
		(void)printf("       -");
}

static void print(const struct rollout *r, const struct outcome *row) {
	(void)printf("# %s: %s\n"
		     "#   fails on   hit      ran it live  at the end  halt     all back\n",
		     r->name, r->note);
	for (size_t i = 0; i < N_RATES; i++) {
		(void)printf("#   %6.2f %%  %6u     %6u      %6u  ", rates[i] * 100, row[i].hit,
			     row[i].exposed, row[i].running);
		print_time(row[i].halt_s ? row[i].halt_s - row[i].first_s : 0);
		print_time(row[i].halt_s ? row[i].reverted_s - row[i].halt_s : 0);
		(void)printf("\n");
	}
}

/* --- the picture ------------------------------------------------------------------------------ */

#define WIDTH 760
#define PANEL 150
#define LEFT 70
#define SHOWN 120 /* minutes: everybody who looks has reverted by then */

static double y_of(uint32_t n) {
	return PANEL - 20 - log10((double)n + 1) / 5 * (PANEL - 40);
}

static double x_of(int minute) {
	return LEFT + minute * (WIDTH - 10.0 - LEFT) / SHOWN;
}

static void draw_curve(FILE *f, const uint32_t curve[POINTS], const char *color, const char *how) {
	(void)fprintf(f, "<polyline fill=\"none\" stroke=\"%s\" %s points=\"", color, how);
	for (int m = 0; m <= SHOWN; m++)
		(void)fprintf(f, "%.1f,%.1f ", x_of(m), y_of(curve[m]));
	(void)fprintf(f, "\"/>\n");
}

static void draw_axes(FILE *f) {
	for (uint32_t n = 1; n <= HOSTS; n *= 10)
		(void)fprintf(f, "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" "
		      "stroke=\"#ddd\"/>"
			      "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%u</text>\n", LEFT,
			      WIDTH - 10, y_of(n), y_of(n), LEFT - 6, y_of(n) + 3, n);
	for (int m = 0; m <= SHOWN; m += 15)
		(void)fprintf(f, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%d:%02d"
			      "</text>\n", x_of(m), PANEL - 8, m / 60, m % 60);
}

static void draw(FILE *f, size_t panel) {
	static const char *const colors[N_RATES] = { "#7f0000", "#d7301f", "#fc8d59", "#2c7fb8",
						     "#41b6c4" };

	(void)fprintf(f, "<g transform=\"translate(0,%zu)\"><text x=\"8\" y=\"12\" "
		      "font-weight=\"bold\">%s</text><text x=\"90\" y=\"12\">%s</text>\n",
		      panel * PANEL + 30, rollouts[panel].name, rollouts[panel].note);
	draw_axes(f);
	for (size_t i = 0; i < N_RATES; i++) {
		const struct outcome *o = &outcomes[panel][i];

		draw_curve(f, o->live, colors[i], "stroke-width=\"1\" stroke-dasharray=\"3 2\"");
		draw_curve(f, o->failed, colors[i], "stroke-width=\"2\"");
		if (o->halt_s)
			(void)fprintf(f, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>\n",
				      x_of((int)o->halt_s / 60), y_of(o->failed[o->halt_s / 60]),
				      colors[i]);
	}
	(void)fprintf(f, "</g>\n");
	for (size_t i = 0; !panel && i < N_RATES; i++)
		(void)fprintf(f, "<text x=\"%zu\" y=\"16\" fill=\"%s\">fails on %g %%</text>\n",
			      LEFT + 260 + i * 85, colors[i], rates[i] * 100);
}

static int write_svg(const char *path) {
	FILE *f = fopen(path, "we");

	if (!f)
		return 1;
	(void)fprintf(f, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%zu\" "
		      "font-family=\"sans-serif\" font-size=\"10\">\n<rect width=\"100%%\" "
		      "height=\"100%%\" fill=\"white\"/>\n<text x=\"8\" y=\"16\">of 100,000 "
		      "machines, the first two hours</text>\n<text x=\"8\" y=\"%zu\">line: the "
		      "bundle has failed on so many, shadow and probation alike; dot: the order to "
		      "revert is up; dashes: so many run it live</text>\n", WIDTH,
		      N_ROLLOUTS * PANEL + 60, N_ROLLOUTS * PANEL + 48);
	for (size_t i = 0; i < N_ROLLOUTS; i++)
		draw(f, i);
	(void)fprintf(f, "</svg>\n");
	return fclose(f) != 0;
}

int main(int argc, char **argv) {
	bool bounded = true, back = true, alone = true;

	if (sodium_init() < 0)
		return 1;
	outcomes = mmap(NULL, N_ROLLOUTS * sizeof(*outcomes), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (outcomes == MAP_FAILED || !simulate_all()) {
		printf("# a simulation came to no end\n");
		return 2;
	}
	for (size_t r = 0; r < N_ROLLOUTS; r++)
		print(&rollouts[r], outcomes[r]);
	for (size_t i = 0; i < N_RATES; i++) {
		bounded &= outcomes[0][i].hit <= HOSTS / 100 && outcomes[1][i].hit <= HOSTS / 100;
		for (size_t r = 0; r < 3; r++)
			back &= !outcomes[r][i].halt_s ||
				(!outcomes[r][i].running &&
				 outcomes[r][i].reverted_s - outcomes[r][i].halt_s <= 600);
		for (size_t r = 0; r < N_ROLLOUTS; r++)
			alone &= outcomes[r][i].alone;
	}
	check(bounded, "by_rings_at_most_one_percent_are_ever_hit");
	check(back, "all_are_back_within_ten_minutes_of_a_halt");
	check(alone, "who_failed_went_back_alone");
	return (argc == 3 && !strcmp(argv[1], "--svg") && write_svg(argv[2])) || !bounded ||
	       !back || !alone;
}
