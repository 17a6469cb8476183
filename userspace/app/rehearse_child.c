/* SPDX-License-Identifier: Apache-2.0 */
#include "app/rehearse_child.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/bundle.h"
#include "app/golden.h"
#include "base/clock.h"
#include "decode/decode.h"
#include "detect/story.h"
#include "enrich/enrich.h"
#include "event/word.h"
#include "probe/tape.h"

#define ARENA_BYTES (8u << 20)
#define MAX_PROCESSES 65536
#define OVER 1 /* tape_play() is to stop: its time is over */

struct play {
	const struct rehearse_job *job;
	struct rehearse_report *r;
	struct ruleset *live, *candidate;
	struct arena arena;
	struct enrich *enrich;
	struct buf errors;
	uint64_t until_ns, first_ns, last_ns;
	uint64_t n_bytes, played; /* of the tapes */
};

static uint64_t cpu_ns(void) {
	return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

/* What each part is worth of the whole, in thousandths: a guess that a person can live with. */
enum { AT_LOADED = 100, AT_STORIES = 200, AT_TAPES = 600, AT_END = 1000 };

/* come - to @part of @of on the way between two of these */
static void come(struct play *p, uint32_t from, uint32_t to, uint64_t part, uint64_t of) {
	uint32_t permille = from + (uint32_t)((double)(to - from) * (double)part / (double)of);

	__atomic_store_n(&p->r->permille, permille, __ATOMIC_RELAXED);
}

/* refuse - the first reason counts */
static __attribute__((format(printf, 3, 4))) void refuse(struct rehearse_report *r,
							   const char *reason, const char *fmt,
							   ...) {
	va_list args;

	if (r->reason[0])
		return;
	(void)snprintf(r->reason, sizeof(r->reason), "%s", reason);
	va_start(args, fmt);
	(void)vsnprintf(r->text, sizeof(r->text), fmt, args);
	va_end(args);
}

/* refuse_load - by the first line of what was said about it */
static void refuse_load(struct play *p, int err) {
	struct buf *e = &p->errors;
	const char *nl = e->len ? memchr(e->data, '\n', e->len) : NULL;

	if (err == -ENOMEM)
		refuse(p->r, "memory", "it takes more memory than a bundle may");
	else
		refuse(p->r, "load", "%.*s", e->len ? (int)(nl ? nl - e->data : (long)e->len) : 30,
		       e->len ? e->data : "a part of it cannot be read");
}

/* parse - again, in the child: its copy of the bytes is what is used here */
static int parse(struct str bytes, struct bundle *ret) {
	const char *why;
	struct seal s;
	int err = seal_open(bytes.s, bytes.n, &s, &why);

	return err ? err : bundle_parse(&s, ret, &why);
}

static int load_side(struct play *p, const struct rehearse_side *side, bool strict,
		     struct ruleset **ret) {
	const struct detect_options how = { .strict = strict };
	static struct bundle b;
	int err;

	if (!side->bundle.s && !side->n_paths)
		return 0;
	if (!side->bundle.s)
		return ruleset_load(side->paths, side->n_paths, NULL, &p->errors, ret);
	err = parse(side->bundle, &b);
	return err ? err : bundle_rules(&b, &how, &p->errors, ret);
}

/* --- stories ---------------------------------------------------------------------------------- */

static void take_fault(void *ctx, const char *name, uint32_t line, const char *what) {
	refuse(ctx, "story", "%s:%u: %s", name, line, what);
}

static void untold(struct play *p, const struct stories *s) {
	struct rule_info info;

	for (size_t i = 0; !ruleset_info(s->rules, i, &info); i++)
		if (!s->tested[i])
			refuse(p->r, "story", "the rule \"%.*s\" has no story",
			       STR_FMT(info.detection->title));
}

static int run_stories(struct play *p, const struct bundle *b, struct stories *s) {
	struct buf text = { 0 };
	struct rule_info info;
	size_t n = 0;
	int err = 0;

	while (!ruleset_info(s->rules, n, &info))
		n++;
	s->tested = calloc(n + 1, sizeof(bool));
	if (!s->tested)
		return -ENOMEM;
	for (uint32_t i = 0; i < b->n && !err; i++) {
		if (b->blobs[i].kind != BUNDLE_STORIES)
			continue;
		buf_reset(&text);
		err = bundle_expand(b, i, &text);
		if (!err)
			err = stories_run(s, b->blobs[i].name, text.data, text.len);
		come(p, AT_STORIES, AT_TAPES, i + 1, b->n);
	}
	if (!err)
		untold(p, s);
	free(s->tested);
	buf_done(&text);
	return err;
}

static void play_stories(struct play *p) {
	static struct bundle b;
	struct stories s = { .errors = &p->errors, .fault = take_fault, .ctx = p->r };
	const struct detect_options how = { .strict = true, .records = true };
	uint64_t since;
	int err = parse(p->job->candidate.bundle, &b);

	stories_init(&s);
	if (!err)
		err = bundle_rules(&b, &how, &p->errors, &s.rules);
	since = cpu_ns();
	if (!err)
		err = run_stories(p, &b, &s);
	if (err)
		refuse_load(p, err);
	p->r->cases = s.n_cases;
	p->r->stories_ns = cpu_ns() - since;
	if (s.n_cases && p->r->stories_ns / s.n_cases > p->job->limits->case_ns)
		refuse(p->r, "cost", "a case of its stories takes %" PRIu64 " us",
		       p->r->stories_ns / s.n_cases / 1000);
	ruleset_free(s.rules);
	stories_done(&s);
}

/* --- the tape --------------------------------------------------------------------------------- */

static uint64_t ask(struct play *p, struct ruleset *rules, struct event *e, uint64_t *matches) {
	uint64_t since = cpu_ns();

	if (!rules)
		return 0;
	detect_event(rules, &p->arena, e);
	*matches += e->n_detections;
	return cpu_ns() - since;
}

/* come_with_tape - by what is played of it, or by its time, whichever is over sooner */
static void come_with_tape(struct play *p, uint64_t now) {
	uint64_t room = p->job->limits->tape_ms * 1000000;
	uint64_t left = p->until_ns > now ? p->until_ns - now : 0;

	/* a record is shorter than its part of the tape, so this comes to less than all */
	if ((double)p->played / (double)p->n_bytes > (double)(room - left) / (double)room)
		come(p, AT_TAPES, AT_END, p->played, p->n_bytes);
	else
		come(p, AT_TAPES, AT_END, room - left, room);
}

static int play_record(void *ctx, const void *record, size_t len) {
	struct play *p = ctx;
	struct event e;
	uint64_t now;

	p->played += len;
	arena_reset(&p->arena);
	event_reset(&e);
	if (decode_record(record, len, &p->arena, &e) ||
	    !enrich_event(p->enrich, &p->arena, &e) || e.retold)
		return 0;
	p->r->events++;
	if (!p->first_ns)
		p->first_ns = e.boot_ns;
	p->last_ns = e.boot_ns;
	p->r->live_ns += ask(p, p->live, &e, &p->r->live_matches);
	p->r->candidate_ns += ask(p, p->candidate, &e, &p->r->candidate_matches);
	now = cpu_ns();
	come_with_tape(p, now);
	return now >= p->until_ns ? OVER : 0;
}

static void play_tapes(struct play *p) {
	const struct rehearse_limits *l = p->job->limits;
	struct rehearse_report *r = p->r;
	struct tape_end end;

	p->until_ns = cpu_ns() + l->tape_ms * 1000000;
	p->n_bytes = 1ul + p->job->tapes[0].n + p->job->tapes[1].n;
	/* a torn tape is the recorder's, and no fault of the bundle */
	for (int i = 0; i < REHEARSE_TAPES; i++)
		if (p->job->tapes[i].n &&
		    tape_play(p->job->tapes[i].s, p->job->tapes[i].n, play_record, p, &end) == OVER)
			break;
	r->tape_ms = p->last_ns > p->first_ns ? (p->last_ns - p->first_ns) / 1000000 : 0;
	if (r->events && r->candidate_ns / r->events > l->event_ns)
		refuse(r, "cost", "an event of the tape takes %" PRIu64 " us, and %" PRIu64
		       " are allowed", r->candidate_ns / r->events / 1000, l->event_ns / 1000);
	if (r->candidate_matches > 3 * r->live_matches + l->matches_burst)
		refuse(r, "matches", "%" PRIu64 " matches in %" PRIu64 " events of this host, "
		       "where the live rules have %" PRIu64, r->candidate_matches, r->events,
		       r->live_matches);
}

/* play_golden - behind the tape, and when its matches are counted: these count for nobody */
static void play_golden(struct play *p) {
	const struct rehearse_limits *l = p->job->limits;
	struct golden g;

	golden_play(p->candidate, &p->arena, &g);
	p->r->golden = g.n;
	if (g.kind)
		refuse(p->r, "matches", "the rule \"%s\" matches every %s, whatever is in it",
		       g.title, event_kind_name(g.kind));
	if (g.ns / g.n > l->event_ns)
		refuse(p->r, "cost", "an event made of the table takes %" PRIu64 " us, and %" PRIu64
		       " are allowed", g.ns / g.n / 1000, l->event_ns / 1000);
}

/* --- rule by rule ----------------------------------------------------------------------------- */

static void copy(char *to, size_t room, struct str from) {
	(void)snprintf(to, room, "%.*s", STR_FMT(from));
}

static struct rehearse_row *row_of(struct rehearse_report *r, const struct detection *d) {
	char id[sizeof(r->rows[0].id)];

	copy(id, sizeof(id), d->rule_id.n ? d->rule_id : d->title);
	for (uint32_t i = 0; i < r->n_rows; i++)
		if (!strcmp(r->rows[i].id, id))
			return &r->rows[i];
	if (r->n_rows == REHEARSE_ROWS)
		return NULL;
	memcpy(r->rows[r->n_rows].id, id, sizeof(id));
	copy(r->rows[r->n_rows].title, sizeof(r->rows[0].title), d->title);
	return &r->rows[r->n_rows++];
}

static void fill_rows(struct rehearse_report *r, const struct ruleset *rules, bool candidate) {
	struct rule_info info;

	for (size_t i = 0; rules && !ruleset_info(rules, i, &info); i++) {
		struct rehearse_row *row = row_of(r, info.detection);

		if (!row)
			return;
		if (candidate) {
			row->candidate += info.hits;
			row->print += info.fingerprint;
		} else {
			row->live += info.hits;
			row->live_print += info.fingerprint;
		}
	}
}

void rehearse_play(const struct rehearse_job *job, struct rehearse_report *r) {
	static struct play p;
	uint64_t since = cpu_ns();
	int err;

	p = (struct play){ .job = job, .r = r };
	arena_init(&p.arena, ARENA_BYTES);
	err = load_side(&p, &job->candidate, true, &p.candidate);
	r->load_us = (cpu_ns() - since) / 1000;
	come(&p, 0, AT_LOADED, 1, 1);
	if (err)
		refuse_load(&p, err);
	r->rules = p.candidate ? ruleset_count(p.candidate) : 0;
	if (r->load_us > job->limits->load_ms * 1000)
		refuse(r, "slow", "it compiles for %" PRIu64 " ms", r->load_us / 1000);
	/* what is live is no fault of the candidate's: without it nothing is compared */
	buf_reset(&p.errors);
	if (!r->reason[0] && load_side(&p, &job->live, false, &p.live))
		p.live = NULL;
	buf_reset(&p.errors);
	come(&p, 0, AT_STORIES, 1, 1);
	if (!r->reason[0] && !job->compare)
		play_stories(&p);
	if (!r->reason[0] && enrich_new(MAX_PROCESSES, &p.enrich))
		refuse(r, "memory", "it leaves no memory to play the tape");
	if (!r->reason[0])
		play_tapes(&p);
	fill_rows(r, p.live, false);
	fill_rows(r, p.candidate, true);
	if (!r->reason[0] && p.candidate && !job->compare)
		play_golden(&p);
	r->done = 1; /* nothing is freed: the child ends here */
}
