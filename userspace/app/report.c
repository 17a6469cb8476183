/* SPDX-License-Identifier: Apache-2.0 */
#include "app/report.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "encode/encode.h"
#include "event/word.h"

/* same_line - whether two deeds are of one family and come by one hook */
static bool same_line(const struct probe_deed *a, const struct probe_deed *b) {
	size_t family = strcspn(a->name, ".") + 1;

	return !strncmp(a->name, b->name, family) &&
	       (a->hook == b->hook || (a->hook && b->hook && !strcmp(a->hook, b->hook)));
}

/* print_deeds - a line for each hook: the deeds that it tells */
static void print_deeds(const struct probe_deed *deeds, size_t n) {
	const char *why = "";

	for (size_t i = 0; i < n; i++) {
		(void)fprintf(stderr, "  %-30s %s", deeds[i].hook ? deeds[i].hook : "NOT COVERED",
			      deeds[i].name);
		for (; i + 1 < n && same_line(&deeds[i], &deeds[i + 1]); i++)
			(void)fprintf(stderr, " %s", strchr(deeds[i + 1].name, '.') + 1);
		(void)fputc('\n', stderr);
		if (!deeds[i].refused[0] || !strcmp(why, deeds[i].refused))
			continue;
		why = deeds[i].refused;
		(void)fprintf(stderr, "  %-30s because %s\n", "", why);
	}
}

/* print_state - the deeds of one state, if there are any */
static void print_state(const struct coverage *v, const struct corridor *c,
			const struct probe_deed *deeds, size_t n, enum coverage_state state,
			const char *what) {
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		if (coverage_state(v, c, &deeds[i]) != state)
			continue;
		(void)fprintf(stderr, any ? " %s" : "  %-30s %s", any ? deeds[i].name : what,
			      deeds[i].name);
		any = true;
	}
	if (any)
		(void)fputc('\n', stderr);
}

/* print_degraded - what events lack by the hooks that serve here, a line for each lack */
static void print_degraded(const struct probe_deed *deeds, size_t n) {
	for (size_t i = 0; i < n; i++) {
		bool first = deeds[i].lacks != NULL;

		for (size_t j = 0; j < i && first; j++)
			first = !deeds[j].lacks || strcmp(deeds[j].lacks, deeds[i].lacks) != 0;
		if (!first)
			continue;
		(void)fprintf(stderr, "  %-30s can be %s:", "degraded", deeds[i].lacks);
		for (size_t j = i; j < n; j++)
			if (deeds[j].lacks && !strcmp(deeds[j].lacks, deeds[i].lacks))
				(void)fprintf(stderr, " %s", deeds[j].name);
		(void)fputc('\n', stderr);
	}
}

void report_header(const struct probe *p, const struct coverage *v, const struct corridor *c,
		   const char *scope) {
	size_t n;
	const struct probe_deed *deeds = probe_deeds(p, &n);
	const struct ruleset *rules = c->rules;

	(void)fprintf(stderr, "lapwing %s, looking at %s, with %zu rules\n", LAPWING_VERSION, scope,
		      rules ? ruleset_count(rules) : 0);
	print_deeds(deeds, n);
	print_degraded(deeds, n);
	print_state(v, c, deeds, n, COVERAGE_PROVEN, "proven by deeds of our own");
	print_state(v, c, deeds, n, COVERAGE_SILENT, "SILENT, though attached");
}

uint64_t report_lost(const struct knobs_losses *l) {
	uint64_t n = 0;

	for (int kind = 0; kind < WIRE_KIND_MAX; kind++)
		for (int cause = 0; cause < WIRE_LOSS_MALFORMED; cause++)
			n += l->lost[kind][cause];
	return n;
}

static void print_events(const struct corridor *c) {
	uint64_t total = 0;

	for (uint32_t kind = 0; kind < WIRE_KIND_MAX; kind++)
		total += c->events[kind];
	(void)fprintf(stderr, "events      %" PRIu64 "\n", total);
	for (uint32_t kind = 0; kind < WIRE_KIND_MAX; kind++)
		if (c->events[kind])
			(void)fprintf(stderr, "  %-24s %" PRIu64 "\n", event_kind_name(kind),
				      c->events[kind]);
}

static void print_losses(const struct corridor *c, const struct report_ledger *ledger) {
	static const char *const causes[WIRE_LOSS_MALFORMED] = {
		"the ring was full", "no scratch slot", "room kept for fork, exec and exit"
	};

	(void)fprintf(stderr,
		      "ledger      %" PRIu64 " produced = %" PRIu64 " received + %" PRIu64
		      " lost\n",
		      ledger->produced, ledger->received, report_lost(&ledger->lost));
	for (uint32_t kind = 0; kind < WIRE_KIND_MAX; kind++)
		for (int cause = 0; cause < WIRE_LOSS_MALFORMED; cause++)
			if (ledger->lost.lost[kind][cause])
				(void)fprintf(
					stderr, "  %-24s %" PRIu64 ", %s\n", event_kind_name(kind),
					(uint64_t)ledger->lost.lost[kind][cause], causes[cause]);
	if (c->folds)
		(void)fprintf(stderr, "  %" PRIu64 " equal deeds folded into %" PRIu64 " events\n",
			      c->folded, c->folds);
	if (c->limits)
		(void)fprintf(stderr,
			      "  %" PRIu64 " deeds past a limit, told in %" PRIu64 " events\n",
			      c->limited, c->limits);
	if (ledger->not_run)
		(void)fprintf(stderr, "  %" PRIu64 " times a hook interrupted itself, unseen\n",
			      ledger->not_run);
	if (c->malformed)
		(void)fprintf(stderr, "  %" PRIu64 " received records could not be decoded\n",
			      c->malformed);
}

static void print_hits(const struct corridor *c) {
	struct rule_info r;

	for (size_t i = 0; !ruleset_info(c->rules, i, &r); i++) {
		if (r.hits && !r.quiet)
			(void)fprintf(stderr, "  %-8" PRIu64 " %.*s\n", r.hits,
				      STR_FMT(r.detection->title));
	}
}

#define COSTLIEST 3

/* print_costs - the rules that took the most time, of those that took any that was seen */
static void print_costs(const struct corridor *c) {
	struct rule_info top[COSTLIEST] = { 0 }, r, swap;

	for (size_t i = 0; !ruleset_info(c->rules, i, &r); i++) {
		for (int k = 0; k < COSTLIEST; k++) {
			if (r.ns <= top[k].ns)
				continue;
			swap = top[k];
			top[k] = r;
			r = swap;
		}
	}
	for (int k = 0; k < COSTLIEST && top[k].ns; k++)
		(void)fprintf(stderr, "%s%.1f ms in %" PRIu64 " evaluations: %.*s\n",
			      k ? "            " : "costliest   ", (double)top[k].ns / 1e6,
			      top[k].evaluations, STR_FMT(top[k].detection->title));
}

static void print_rule_losses(const struct corridor *c) {
	struct rule_losses l;

	ruleset_losses(c->rules, &l);
	if (l.groups || l.hits || l.late || l.crowded)
		(void)fprintf(stderr,
			      "windows     %" PRIu64 " groups and %" PRIu64
			      " hits evicted, %" PRIu64 " hits too late, %" PRIu64
			      " detections without room\n",
			      l.groups, l.hits, l.late, l.crowded);
}

static void print_detections(const struct corridor *c) {
	(void)fprintf(stderr, "detections  %" PRIu64 "\n", c->detections);
	if (!c->rules)
		return;
	print_hits(c);
	print_costs(c);
	print_rule_losses(c);
}

void report_summary(const struct corridor *c, const struct report_ledger *ledger) {
	struct rusage u;
	double cpu;

	(void)getrusage(RUSAGE_SELF, &u);
	cpu = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	      (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
	(void)fprintf(stderr, "\nlapwing ran for %.1f s\n", ledger->seconds);
	print_events(c);
	print_losses(c, ledger);
	print_detections(c);
	(void)fprintf(stderr, "cost        %.2f s of CPU, %.1f MB of memory at most\n", cpu,
		      (double)u.ru_maxrss / 1024);
}
