/* SPDX-License-Identifier: Apache-2.0 */
/*
 * automata - our search for many texts against other people's, on the same texts and values
 *
 *     automata EVENTS.pb ROUNDS needed|all PATH...
 *
 * Every value of an event is asked which of the texts stand in it that rules seek there. Ours says
 * so as the engine wants it, and so does Hyperscan, all patterns of a field in one database; PCRE2,
 * with its JIT, and RE2 are given an alternation of them, and say only whether any is there, which
 * is less. All are told where a text has to stand.
 *
 * The texts are those of which rules need one, as our engine seeks them, or all that rules name.
 * Beside the searches stands what the engine takes for whole events, and each is timed as that
 * is: event by event, each fetched into the cache first, which takes tables out of it. The best of
 * PASSES, taken in turns. With 0 rounds it is done once, by ours and Hyperscan, for callgrind:
 * --toggle-collect=by_hyperscan, by_ours or detect_event give the instructions for all events.
 */
#include "whole.h"

#include <hs.h>

bool re2_new(const char *pattern, size_t n, void **ret);
bool re2_finds(const void *re, const char *s, size_t n);

struct other {
	const struct sieve *sieve;
	hs_database_t *hs;
	pcre2_code *pcre; /* or NULL: it would not take so many texts */
	void *re2;
};

static hs_scratch_t *scratch;

static void append(struct buf *to, struct str text, enum where where) {
	if (where == WHERE_HEAD || where == WHERE_WHOLE)
		buf_add_lit(to, "^");
	for (uint32_t i = 0; i < text.n; i++)
		buf_addf(to, "\\x%02x", (unsigned char)text.s[i]);
	if (where == WHERE_TAIL || where == WHERE_WHOLE)
		buf_add_lit(to, "$");
}

/* A text as a pattern of its own, for Hyperscan. */
struct patterns {
	char **v;
	unsigned *flags, *ids;
	unsigned n;
};

static void add_pattern(struct patterns *p, struct buf *all, struct str text, enum where where,
			uint32_t id) {
	struct buf one = { 0 };

	append(&one, text, where);
	if (p->n)
		buf_add_char(all, '|');
	buf_add(all, one.data, one.len);
	buf_add_char(&one, '\0');
	p->v[p->n] = one.data;
	p->flags[p->n] = HS_FLAG_CASELESS | HS_FLAG_DOTALL | HS_FLAG_SINGLEMATCH;
	p->ids[p->n++] = id;
}

static void make_hyperscan(struct other *o, const struct patterns *p) {
	hs_compile_error_t *why;

	if (hs_compile_multi((const char *const *)p->v, p->flags, p->ids, p->n, HS_MODE_BLOCK,
			     NULL, &o->hs, &why))
		die(why->message);
	if (hs_alloc_scratch(o->hs, &scratch))
		die("no memory for Hyperscan");
}

/* make_regexes - NULL where a library refuses so many texts */
static void make_regexes(struct other *o, const struct buf *all) {
	int code;
	size_t at;

	o->pcre = pcre2_compile((PCRE2_SPTR)all->data, all->len,
				PCRE2_CASELESS | PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY, &code, &at,
				NULL);
	if (o->pcre && pcre2_jit_compile(o->pcre, PCRE2_JIT_COMPLETE))
		o->pcre = NULL;
	if (!re2_new(all->data, all->len, &o->re2))
		o->re2 = NULL;
}

static void make(struct other *o, const struct sieve *sieve) {
	struct patterns p = { 0 };
	struct buf all = { 0 };
	uint32_t n = 0;

	for (uint32_t i = 0; i < sieve->n; i++)
		n += sieve->v[i]->n;
	p.v = calloc(n, sizeof(*p.v));
	p.flags = calloc(n, sizeof(*p.flags));
	p.ids = calloc(n, sizeof(*p.ids));
	if (!p.v || !p.flags || !p.ids)
		die("out of memory");
	for (uint32_t i = 0; i < sieve->n; i++) {
		const struct predicate *of = sieve->v[i];

		for (uint32_t k = 0; k < of->n; k++)
			add_pattern(&p, &all, screen_text(of, k), predicate_where(of), i);
	}
	o->sieve = sieve;
	make_hyperscan(o, &p);
	make_regexes(o, &all);
}

/* of - what stands for @sieve in the other libraries, made when it is first asked for */
static const struct other *of(const struct sieve *sieve) {
	static struct other made[1024];
	uint32_t i = 0;

	while (made[i].sieve && made[i].sieve != sieve)
		i++;
	if (i + 1 == sizeof(made) / sizeof(made[0]))
		die("too many sieves");
	if (!made[i].sieve)
		make(&made[i], sieve);
	return &made[i];
}

static uint64_t seen[1 << 12];

static int mark(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
		void *found) {
	(void)from, (void)to, (void)flags;
	seen[id / 64] |= 1ull << id % 64;
	*(bool *)found = true;
	return 0;
}

static pcre2_match_data *data;

static __attribute__((noinline)) bool by_ours(const struct other *o, struct str x) {
	return needles_mark(o->sieve->needles, x, seen);
}

static __attribute__((noinline)) bool by_hyperscan(const struct other *o, struct str x) {
	bool found = false;

	(void)hs_scan(o->hs, x.s, x.n, 0, scratch, mark, &found);
	return found;
}

static __attribute__((noinline)) bool by_pcre2(const struct other *o, struct str x) {
	return o->pcre && pcre2_jit_match(o->pcre, (PCRE2_SPTR)x.s, x.n, 0, 0, data, NULL) >= 0;
}

static __attribute__((noinline)) bool by_re2(const struct other *o, struct str x) {
	return o->re2 && re2_finds(o->re2, x.s, x.n);
}

#define PASSES 7

/* A way to search; or with neither, only what is done before, or the engine's whole work. */
struct way {
	const char *name;
	bool (*finds)(const struct other *o, struct str x);
	struct ruleset *rules;
	double best;
	uint64_t hits;
};

/* touch - the values of the event @of, from @i on, are in the cache; gives where they end */
static size_t touch(const struct scans *scans, size_t i, size_t of, unsigned *sum) {
	for (; i < scans->n && scans->v[i].event == of; i++) {
		for (uint32_t k = 0; k < scans->v[i].value.n; k += 64)
			*sum += (unsigned char)scans->v[i].value.s[k];
	}
	return i;
}

/* pass_s - seconds for @rounds of fetching events and their values, and of what @w does */
static double pass_s(struct way *w, const struct other **others, const struct events *events,
		     const struct scans *scans, long rounds) {
	static volatile unsigned sink;
	static struct event e;
	static struct arena arena = { .max_bytes = 1u << 20 };
	unsigned sum = 0;
	double t = now_s();

	for (long r = 0; r < rounds; r++) {
		size_t i = 0, end;

		for (size_t of = 0; of < events->n; of++) {
			sum += fetch(&e, &events->v[of]);
			end = touch(scans, i, of, &sum);
			for (; i < end; i++)
				w->hits += w->finds && w->finds(others[i], scans->v[i].value);
			if (!w->rules)
				continue;
			arena_reset(&arena);
			detect_event(w->rules, &arena, &e);
			w->hits += e.n_detections;
		}
	}
	sink += sum;
	return (now_s() - t) / (double)rounds;
}

static void measure(struct way *w, const struct other **others, const struct events *events,
		    const struct scans *scans, long rounds) {
	double t;

	w->hits = 0;
	t = pass_s(w, others, events, scans, rounds);
	if (w->best == 0 || t < w->best)
		w->best = t;
}

/* compare - all ways to do @scans, in turns with the engine's whole work on the @events */
static void compare(struct ruleset *rules, const struct events *events, const struct scans *scans,
		    long rounds) {
	struct way nothing = { 0 }, engine = { .rules = rules };
	struct way ways[] = { { "ours", by_ours, NULL, 0, 0 },
			      { "Hyperscan", by_hyperscan, NULL, 0, 0 },
			      { "PCRE2 JIT", by_pcre2, NULL, 0, 0 },
			      { "RE2", by_re2, NULL, 0, 0 } };
	const struct other **others = calloc(scans->n, sizeof(struct other *));
	size_t n_ways = rounds ? sizeof(ways) / sizeof(ways[0]) : 2;
	int passes = rounds ? PASSES : 1;
	double whole, one;

	if (!others)
		die("out of memory");
	rounds += !rounds;
	for (size_t i = 0; i < scans->n; i++)
		others[i] = of(scans->v[i].sieve);
	for (int pass = 0; pass < passes; pass++) {
		measure(&nothing, others, events, scans, rounds);
		measure(&engine, others, events, scans, rounds);
		for (size_t i = 0; i < n_ways; i++)
			measure(&ways[i], others, events, scans, rounds);
	}
	whole = engine.best - nothing.best;
	printf("  %zu values of %llu bytes\n", scans->n, (unsigned long long)scans->bytes);
	for (size_t i = 0; i < n_ways; i++) {
		one = ways[i].best - nothing.best;
		printf("  %-10s %8.0f ns for an event; %llu values have some; a whole event takes "
		       "%.2f times that\n",
		       ways[i].name, one * 1e9 / (double)events->n,
		       (unsigned long long)(ways[i].hits / (uint64_t)rounds), whole / one);
	}
	printf("  %-10s %8.0f ns for an event, against all rules\n", "the engine",
	       whole * 1e9 / (double)events->n);
	free(others);
}

int main(int argc, char **argv) {
	struct arena kept, arena;
	struct events events = { 0 };
	struct scans scans = { 0 };
	struct buf errors = { 0 };
	struct ruleset *rules;
	long rounds;
	bool all;

	if (argc < 5 || (rounds = atol(argv[2])) < 0)
		die("usage: automata EVENTS.pb ROUNDS needed|all PATH...");
	all = !strcmp(argv[3], "all");
	if (encode_setup())
		die("field.def and event.proto differ");
	arena_init(&kept, 1u << 30);
	arena_init(&arena, 1u << 20);
	read_events(argv[1], &kept, &events);
	if (ruleset_load((const char *const *)argv + 4, (size_t)argc - 4, NULL, &errors, &rules))
		die("the rules do not load");
	for (size_t i = 0; i < events.n; i++) {
		arena_reset(&arena);
		rules->match.arena = &arena;
		scans.event = i;
		each_view(rules, &events.v[i], all ? collect_whole : collect,
			  &(struct collector){ &scans, &kept });
	}
	data = pcre2_match_data_create(1, NULL);
	if (!data)
		die("out of memory");
	printf("  %zu events, %zu rules\n", events.n, ruleset_count(rules));
	compare(rules, &events, &scans, rounds);
	return 0;
}
