/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rules - how fast recorded events are held against rules, and nothing else
 *
 *     rules EVENTS.pb ROUNDS PATH...
 *
 * Prints one line of JSON. Under callgrind, --toggle-collect=detect_event and a
 * difference of two numbers of rounds give the instructions for one event.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "detect/detect.h"
#include "encode/encode.h"

struct events {
	struct event *v;
	size_t n, cap;
};

static void die(const char *what) {
	(void)fprintf(stderr, "rules: %s\n", what);
	exit(1);
}

static double now_s(void) {
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static char *read_file(const char *path, size_t *ret_n) {
	FILE *f = fopen(path, "rb");
	char *bytes = NULL;
	long n;

	if (!f || fseek(f, 0, SEEK_END) || (n = ftell(f)) < 0 || fseek(f, 0, SEEK_SET))
		die("the events cannot be read");
	bytes = malloc((size_t)n + 1);
	if (!bytes || fread(bytes, 1, (size_t)n, f) != (size_t)n)
		die("the events cannot be read");
	(void)fclose(f);
	*ret_n = (size_t)n;
	return bytes;
}

/* next_length - a varint */
static size_t next_length(const unsigned char *bytes, size_t n, size_t *at) {
	size_t v = 0;

	for (unsigned shift = 0; *at < n; shift += 7) {
		unsigned char c = bytes[(*at)++];

		v |= (size_t)(c & 0x7f) << shift;
		if (c < 0x80)
			break;
	}
	return v;
}

static void read_events(const char *path, struct arena *arena, struct events *ret) {
	size_t n, at = 0, len;
	char *bytes = read_file(path, &n);

	while (at < n) {
		len = next_length((unsigned char *)bytes, n, &at);
		if (ret->n == ret->cap) {
			ret->cap = ret->cap ? ret->cap * 2 : 4096;
			ret->v = realloc(ret->v, ret->cap * sizeof(*ret->v));
		}
		if (!ret->v || len > n - at ||
		    encode_unpack(bytes + at, len, arena, &ret->v[ret->n]))
			die("the events are damaged");
		ret->n++;
		at += len;
	}
	free(bytes);
	if (!ret->n)
		die("there are no events");
}

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

int main(int argc, char **argv) {
	struct arena kept, scratch;
	struct events events = { 0 };
	struct buf errors = { 0 };
	struct ruleset *rules;
	uint64_t hits = 0;
	long rounds, before_kib;
	double t, load_s;

	if (argc < 4 || (rounds = atol(argv[2])) < 1)
		die("usage: rules EVENTS.pb ROUNDS PATH...");
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
	t = now_s();
	for (long r = 0; r < rounds; r++) {
		for (size_t i = 0; i < events.n; i++) {
			arena_reset(&scratch);
			detect_event(rules, &scratch, &events.v[i]);
			hits += events.v[i].n_detections;
		}
	}
	t = now_s() - t;
	printf("{\"rules\": %zu, \"refused\": %zu, \"load_s\": %.3f, \"rules_mb\": %.1f, "
	       "\"events\": %zu, \"hits\": %llu, \"per_s\": %.0f}\n",
	       ruleset_count(rules), ruleset_refused(rules), load_s,
	       (double)(resident_kib() - before_kib) / 1024, events.n,
	       (unsigned long long)(hits / (uint64_t)rounds),
	       (double)events.n * (double)rounds / t);
	ruleset_free(rules);
	buf_done(&errors);
	free(events.v);
	arena_done(&scratch);
	arena_done(&kept);
	return 0;
}
