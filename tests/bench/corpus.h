/* SPDX-License-Identifier: Apache-2.0 */
/*
 * corpus.h - recorded events, and what rules look for in them, for the programs of this folder
 *
 * A scan is one value of one event with the needles that the engine looks for in it. All of them,
 * one after the other, are the bare search for many texts that holding events against rules cannot
 * do without.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "detect/engine.h"
#include "encode/encode.h"

struct events {
	struct event *v;
	size_t n, cap;
};

static void die(const char *what) {
	(void)fprintf(stderr, "bench: %s\n", what);
	exit(1);
}

/* now_s - of CPU, as others may use the machine, too */
static double now_s(void) {
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
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

struct scan {
	const struct sieve *sieve;
	struct str value;
	size_t event;
};

struct scans {
	struct scan *v;
	size_t n, cap;
	uint64_t bytes;
	size_t event; /* that those are of which are added now */
};

static void add_scan(struct scans *scans, struct arena *kept, const struct sieve *sieve,
		     struct str value) {
	if (scans->n == scans->cap) {
		scans->cap = scans->cap ? scans->cap * 2 : 4096;
		scans->v = realloc(scans->v, scans->cap * sizeof(*scans->v));
	}
	value = arena_str(kept, value);
	if (!scans->v || !value.s)
		die("out of memory");
	scans->v[scans->n++] = (struct scan){ sieve, value, scans->event };
	scans->bytes += value.n;
}

/* add_scans - those of one bucket; the same walk as bucket_sift()'s */
static void add_scans(struct scans *scans, struct arena *kept, struct match *m,
		      const struct bucket *b) {
	m->epoch++;
	m->bucket = NO_BUCKET;
	for (uint32_t i = 0; i < b->n_slots; i++) {
		struct slot *s = b->slots[i].slot;

		slot_get(m, s);
		for (uint32_t k = 0; k < s->n; k++)
			add_scan(scans, kept, b->slots[i].sieve, s->v[k]);
	}
	for (uint32_t id = 0; b->words.sieve && id < FIELD_MAX; id++) {
		if (b->left[id / 64] & m->e->has[id / 64] & 1ull << id % 64)
			add_scan(scans, kept, b->words.sieve,
				 *(const struct str *)field_at(m->e, id));
	}
}

/* each_view - calls @each with every bucket that @e is offered to */
static void each_view(struct ruleset *rules, const struct event *e,
		      void (*each)(void *ctx, struct match *m, const struct bucket *b), void *ctx) {
	const struct audit_record *rows = audit_records(&(uint32_t){ 0 });
	uint32_t first = rules->first_audit[e->kind], n = rules->n_audits[e->kind];
	struct match *m = &rules->match;

	m->e = e;
	m->audit = NULL;
	if (rules->buckets[e->kind].n)
		each(ctx, m, &rules->buckets[e->kind]);
	for (uint32_t i = first; i < first + n; i++) {
		m->audit = &rows[i];
		if (rules->audits[i].n && audit_tells(&rows[i], e))
			each(ctx, m, &rules->audits[i]);
	}
	m->audit = NULL;
}

struct collector {
	struct scans *scans;
	struct arena *kept;
};

/* collect - add_scans() for each_view(), whose @ctx is a collector */
static void collect(void *ctx, struct match *m, const struct bucket *b) {
	struct collector *c = ctx;

	add_scans(c->scans, c->kept, m, b);
}

/* fetch - @from and its texts are in the cache, as they are when it has just been decoded */
static unsigned fetch(struct event *to, const struct event *from) {
	unsigned sum = 0;

	*to = *from;
	for (uint32_t id = 0; id < FIELD_MAX; id++) {
		const struct str *x = field_at(to, id);

		for (uint32_t i = 0; fields[id].type == FIELD_STR && event_has(to, id) && i < x->n;
		     i += 64)
			sum += (unsigned char)x->s[i];
	}
	return sum;
}
