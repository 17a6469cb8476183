/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rules - how fast recorded events are held against rules, and nothing else
 *
 *     rules EVENTS.pb ROUNDS[,quick] PATH...
 *
 * With quick the obvious way, which takes longer than all else, is left out.
 * Prints one line of JSON. Rates are of CPU seconds: "per_s" of events that are in the cache, as
 * they are when they have just been decoded, "cold_per_s" of all, one after the other, from memory.
 * "to_scan" is how long it takes against the bare search for the same texts in the same values, and
 * "to_each" how long the obvious way takes against it, which evaluates each rule for itself. Under
 * callgrind, --toggle-collect=detect_event and a difference of two numbers of rounds give the
 * instructions for one event, and --toggle-collect=scan_s those of the bare search.
 */
#include "corpus.h"

static long resident_kib(void) {
	char line[256];
	long kib = 0;
	FILE *f = fopen("/proc/self/status", "r");

	while (f && fgets(line, sizeof(line), f))
		(void)sscanf(line, "RssAnon: %ld", &kib);
	if (f)
		(void)fclose(f);
	return kib;
}

/* scan_s - seconds for @rounds of nothing but looking for texts */
static __attribute__((noinline)) double scan_s(const struct scans *scans, long rounds) {
	static uint64_t seen[1 << 16];
	double t = now_s();

	for (long r = 0; r < rounds; r++) {
		for (size_t i = 0; i < scans->n; i++)
			(void)needles_mark(scans->v[i].sieve->needles, scans->v[i].value, seen);
	}
	return now_s() - t;
}

/* warm_s - seconds for @rounds of matching events that are in the cache: without fetching them */
static double warm_s(struct ruleset *rules, const struct events *events, struct arena *scratch,
		     long rounds) {
	static volatile unsigned sum;
	static struct event e;
	double took[2];

	for (int match = 0; match < 2; match++) {
		double t = now_s();

		for (long r = 0; r < rounds; r++) {
			for (size_t i = 0; i < events->n; i++) {
				sum += fetch(&e, &events->v[i]);
				arena_reset(scratch);
				if (match)
					detect_event(rules, scratch, &e);
			}
		}
		took[match] = now_s() - t;
	}
	return took[1] - took[0];
}

/* evaluate_each - every rule of a bucket for itself; what another one asked is asked again */
static void evaluate_each(void *ctx, struct match *m, const struct bucket *b) {
	uint64_t *hits = ctx;

	for (uint32_t i = 0; i < b->n; i++) {
		m->epoch++;
		m->bucket = NO_BUCKET;
		*hits += expr_holds(m, b->rows[i]->expr);
	}
}

int main(int argc, char **argv) {
	struct arena kept, scratch;
	struct events events = { 0 };
	struct buf errors = { 0 };
	struct ruleset *rules;
	struct scans scans = { 0 };
	uint64_t hits = 0, slow_hits = 0;
	long rounds, before_kib, rules_kib;
	double t, load_s, scan, slow, warm;

	if (argc < 4 || (rounds = atol(argv[2])) < 1)
		die("usage: rules EVENTS.pb ROUNDS[,quick] PATH...");
	if (encode_setup())
		die("field.def and event.proto differ");
	arena_init(&kept, 1u << 30);
	arena_init(&scratch, 1u << 20);
	read_events(argv[1], &kept, &events);
	before_kib = resident_kib();
	t = now_s();
	if (ruleset_load((const char *const *)argv + 3, (size_t)argc - 3, NULL, &errors, &rules))
		die("the rules do not load");
	load_s = now_s() - t;
	rules_kib = resident_kib() - before_kib;
	t = now_s();
	for (long r = 0; r < rounds; r++) {
		for (size_t i = 0; i < events.n; i++) {
			arena_reset(&scratch);
			detect_event(rules, &scratch, &events.v[i]);
			hits += events.v[i].n_detections;
		}
	}
	t = now_s() - t;
	for (size_t i = 0; i < events.n; i++) {
		arena_reset(&scratch);
		rules->match.arena = &scratch;
		each_view(rules, &events.v[i], collect, &(struct collector){ &scans, &kept });
	}
	warm = warm_s(rules, &events, &scratch, rounds);
	scan = scan_s(&scans, rounds);
	slow = now_s();
	for (size_t i = 0; i < events.n && !strstr(argv[2], ",quick"); i++) {
		arena_reset(&scratch);
		each_view(rules, &events.v[i], evaluate_each, &slow_hits);
	}
	slow = now_s() - slow;
	printf("{\"rules\": %zu, \"refused\": %zu, \"load_s\": %.3f, \"rules_mb\": %.1f, "
	       "\"events\": %zu, \"hits\": %llu, \"cold_per_s\": %.0f, "
	       "\"per_s\": %.0f, \"scans\": %zu, "
	       "\"scan_bytes\": %llu, \"to_scan\": %.2f, \"to_each\": %.1f}\n",
	       ruleset_count(rules), ruleset_refused(rules), load_s,
	       (double)rules_kib / 1024, events.n,
	       (unsigned long long)(hits / (uint64_t)rounds),
	       (double)events.n * (double)rounds / t, (double)events.n * (double)rounds / warm,
	       scans.n, (unsigned long long)scans.bytes,
	       warm / scan, slow * (double)rounds / warm);
	free(scans.v);
	ruleset_free(rules);
	buf_done(&errors);
	free(events.v);
	arena_done(&scratch);
	arena_done(&kept);
	return 0;
}
