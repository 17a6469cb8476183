/* SPDX-License-Identifier: Apache-2.0 */
#include "app/pulse.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/utf8.h"
#include "enrich/busy.h"

#define PERIOD_NS 30000000000ull
#define COSTS_PERIOD_NS 10000000000ull /* reading them costs a file for each program */

_Static_assert((int)VITALS_SILENT == (int)COVERAGE_SILENT && (int)VITALS_GAP == (int)COVERAGE_GAP &&
		       (int)VITALS_PROVEN == (int)COVERAGE_PROVEN,
	       "the words of coverage.h");
_Static_assert((int)VITALS_BUSY == (int)BUSY_SHOWN, "as many as there are");
_Static_assert(sizeof(((struct vitals *)0)->names_said) == ASKER_SAID_BYTES, "one text");
_Static_assert((int)VITALS_CAUSES == (int)WIRE_LOSS_MAX, "the causes of wire.h");

int pulse_open(struct pulse *p, const struct desk_options *o, const char *spool) {
	*p = (struct pulse){ .notify.fd = -1 };
	notify_open(&p->notify);
	(void)snprintf(p->vitals.version, sizeof(p->vitals.version), "%s", LAPWING_VERSION);
	(void)snprintf(p->vitals.spool, sizeof(p->vitals.spool), "%s", spool ? spool : "");
	(void)snprintf(p->vitals.listen, sizeof(p->vitals.listen), "%s",
		       o && o->listen ? o->listen : "");
	p->vitals.pid = getpid();
	p->vitals.began_ns = host_boot_ns();
	p->vitals.began_wall_s = (uint64_t)time(NULL);
	p->o = o;
	return o ? desk_open(o, &p->desk, &p->missing) : 0;
}

/* --- the pulse -------------------------------------------------------------------------------- */

/*
 * is_heard - whether hooks are known to work; after a trial
 * Where the hooks that are attached tell of nothing that can be tried from the sandbox, records of
 * others show that they work; and on a machine where nothing happens either, nothing can.
 */
static bool is_heard(const struct pulse *p, const struct pulse_of *of) {
	return of->coverage->answered || of->received > p->heard || !of->coverage->expected;
}

/* pulse - tries a hook, and sends the heartbeat; the pulse is on its way if the hook answered */
static int pulse(struct pulse *p, const struct pulse_of *of, uint64_t now_ns) {
	const struct corridor *c = of->corridor;
	bool first = !p->next_ns;
	int err = first ? 0 : coverage_try(of->coverage, of->probe, of->corridor, true);

	p->next_ns = now_ns + PERIOD_NS;
	if (err < 0)
		return err;
	p->on_way = is_heard(p, of);
	p->heard = of->received;
	if (of->coverage->answered)
		p->vitals.answer_ns = of->coverage->answered_ns;
	err = host_heartbeat(of->host, guard_word(of->beat->level), of->beat->why);
	/* it is through when all that was written before it and it are */
	for (int i = 0; i < c->n_outputs; i++)
		p->marks[i] = c->outputs[i].written_bytes + output_backlog(&c->outputs[i]);
	p->unwritten = c->export ? export_unwritten(c->export) : 0;
	return err;
}

/*
 * feed - tells the manager that the sensor works
 * Also when the spool's disk did not take the pulse: events come as far as there, and are counted,
 * and what would be killed for it could do no more at its next start.
 */
static void feed(struct pulse *p) {
	if (!p->ready)
		notify_send(&p->notify, "READY=1");
	p->ready = true;
	notify_send(&p->notify, "WATCHDOG=1");
}

void pulse_flushed(struct pulse *p, const struct corridor *c, uint64_t now_ns) {
	if (!p->on_way || c->error)
		return;
	for (int i = 0; i < c->n_outputs; i++)
		if (c->outputs[i].written_bytes < p->marks[i])
			return;
	p->on_way = false;
	p->vitals.turn_ns = now_ns;
	/* the spool drops what the disk does not take, and counts it; or waits to tell of it */
	if (!c->export ||
	    (export_unwritten(c->export) == p->unwritten && export_settled(c->export)))
		p->vitals.pulse_ns = now_ns;
	feed(p);
	if (p->desk)
		desk_publish(p->desk, &p->vitals);
}

/* --- what is told ----------------------------------------------------------------------------- */

static void take_deeds(struct vitals *v, const struct pulse_of *of) {
	uint32_t n[VITALS_STATES];
	size_t n_deeds;
	const struct probe_deed *deeds = probe_deeds(of->probe, &n_deeds);

	v->n_deeds = 0;
	for (size_t i = 0; i < n_deeds && i < VITALS_DEEDS; i++) {
		struct vitals_deed *d = &v->deeds[v->n_deeds++];

		d->state = (uint32_t)coverage_state(of->coverage, of->corridor, &deeds[i]);
		(void)snprintf(d->name, sizeof(d->name), "%s", deeds[i].name);
		(void)snprintf(d->hook, sizeof(d->hook), "%s", deeds[i].hook ? deeds[i].hook : "");
	}
	vitals_states(v, n);
	(void)snprintf(v->coverage, sizeof(v->coverage), "%s",
		       n[VITALS_GAP] == v->n_deeds	   ? "blind"
		       : n[VITALS_GAP] || n[VITALS_SILENT] ? "reduced"
							   : "full");
}

static void take_programs(struct vitals *v, const struct pulse_of *of) {
	static struct probe_cost costs[VITALS_PROGRAMS];
	bool counted;
	size_t n = probe_costs(of->probe, costs, VITALS_PROGRAMS, &counted);

	v->bpf_stats = counted;
	v->n_programs = (uint32_t)n;
	for (size_t i = 0; i < n; i++) {
		struct vitals_program *to = &v->programs[i];

		(void)snprintf(to->name, sizeof(to->name), "%s", costs[i].name);
		to->runs = costs[i].runs;
		to->run_ns = costs[i].run_ns;
		to->misses = costs[i].misses;
	}
	v->not_run = probe_not_run(of->probe);
}

static void take_rules(struct vitals *v, const struct ruleset *rules) {
	struct rule_info r;

	v->rules = v->rule_evaluations = v->rule_hits = v->rule_ns = 0;
	for (; rules && !ruleset_info(rules, v->rules, &r); v->rules++) {
		v->rule_evaluations += r.evaluations;
		v->rule_hits += r.hits;
		v->rule_ns += r.ns;
	}
}

/* take_state - how much of the sensor runs, and with what content */
static void take_state(struct vitals *v, const struct pulse_of *of) {
	const struct live *l = of->live;
	const struct state_slot *slot = state_pick(&l->state, l->o->last_good);

	(void)snprintf(v->mode, sizeof(v->mode), "%s", guard_word(of->beat->level));
	(void)snprintf(v->mode_reason, sizeof(v->mode_reason), "%s", of->beat->why);
	v->content_version = l->loaded ? slot->version : 0;
	v->content_ring = l->store.dir < 0 ? -1 : (int32_t)l->o->updater.policy.ring;
}

static void take_self(struct vitals *v) {
	FILE *f = fopen("/proc/self/statm", "re");
	unsigned long pages = 0;
	struct rusage u;

	if (f && fscanf(f, "%*u %lu", &pages) == 1)
		v->resident_bytes = pages * (uint64_t)sysconf(_SC_PAGESIZE);
	if (f)
		(void)fclose(f);
	if (getrusage(RUSAGE_SELF, &u))
		return;
	v->cpu_ns = (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000000u +
		    (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1000u;
}

static void take_counts(struct vitals *v, const struct pulse_of *of) {
	const struct corridor *c = of->corridor;
	struct whois_counts names = whois_counts(c->whois);

	v->produced = probe_produced(of->probe);
	v->received = of->received;
	v->malformed = c->malformed;
	memcpy(v->events, c->events, sizeof(v->events));
	for (int kind = 0; kind < WIRE_KIND_MAX; kind++) {
		for (int cause = 0; cause < WIRE_LOSS_MALFORMED; cause++)
			v->lost[kind][cause] = probe_lost(of->probe, (uint32_t)kind, cause);
		v->lost[kind][WIRE_LOSS_MALFORMED] = c->malformed_kind[kind];
	}
	v->lost[WIRE_INVALID][WIRE_LOSS_NOT_RUN] = v->not_run;
	v->folds = c->folds;
	v->folded = c->folded;
	v->detections = c->detections;
	v->unwritten = c->export ? export_unwritten(c->export) : 0;
	v->names_asked = names.asked;
	v->names_answered = names.answered;
	v->names_unknown = names.unknown;
	v->names_failures = names.failures;
	v->names_pending = names.pending;
	memcpy(v->names_said, names.said, sizeof(v->names_said));
}

static void keep_busy(struct vitals_busy *to, const struct busy_row *row) {
	const struct container *in = row->container;

	*to = (struct vitals_busy){ .pid = row->pid, .events = row->n };
	utf8_keep(to->name, sizeof(to->name),
		  row->pid || row->name.s || !in ? row->name : in->name);
	if (!in)
		return;
	/* one that has no id is told apart by its name */
	utf8_keep(to->container, sizeof(to->container), in->id.s ? in->id : in->name);
	utf8_keep(to->runtime, sizeof(to->runtime), in->runtime);
}

/* take_busy - who kept the corridor busy since it was asked last */
static void take_busy(struct pulse *p, struct enrich *en, uint64_t now_ns) {
	struct vitals *v = &p->vitals;
	struct busy_list list;

	enrich_busy(en, &list);
	v->busy_ns = now_ns - (p->busy_since_ns ?: v->began_ns);
	p->busy_since_ns = now_ns;
	v->n_processes = list.n_processes;
	v->n_containers = list.n_containers;
	for (uint32_t i = 0; i < list.n_processes; i++)
		keep_busy(&v->processes[i], &list.processes[i]);
	for (uint32_t i = 0; i < list.n_containers; i++)
		keep_busy(&v->containers[i], &list.containers[i]);
}

int pulse_tend(struct pulse *p, const struct pulse_of *of, uint64_t now_ns) {
	struct vitals *v = &p->vitals;
	int err = 0;

	/* not before the sensor works: who lacks privilege hears of that alone */
	if (!p->next_ns)
		desk_say_missing(p->o, p->missing);
	if (now_ns >= p->next_ns)
		err = pulse(p, of, now_ns);
	v->beat_ns = now_ns;
	if (!p->desk)
		return err;
	take_counts(v, of);
	take_self(v);
	v->listen_error = desk_listen_error(p->desk);
	take_busy(p, of->corridor->enrich, now_ns);
	if (now_ns >= p->next_costs_ns) {
		p->next_costs_ns = now_ns + COSTS_PERIOD_NS;
		take_deeds(v, of);
		take_programs(v, of);
		take_rules(v, of->corridor->rules);
		take_state(v, of);
	}
	desk_publish(p->desk, v);
	return err;
}

void pulse_close(struct pulse *p) {
	notify_close(&p->notify);
	desk_free(p->desk);
	p->desk = NULL;
}
