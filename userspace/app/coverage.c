/* SPDX-License-Identifier: Apache-2.0 */
#include "app/coverage.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "decode/decode.h"
#include "event/word.h"
#include "health/vitals.h"

#define TRIAL_ROUNDS 64 /* of DRAIN_MAX records: a storm of others' must not keep us here */
#define DRAIN_MAX 1024

struct taker {
	struct coverage *v;
	struct corridor *c;
	uint32_t own;
};

/* take - a record of the trial ends here; the arena is the corridor's, whose last event is over */
static int take(void *ctx, const void *record, size_t len) {
	const struct wire_header *head = record;
	struct taker *t = ctx;
	struct event e;

	if (len < sizeof(*head) || head->tgid != t->own || head->seq ||
	    head->flags & WIRE_NO_TASK)
		return corridor_record(t->c, record, len);
	arena_reset(&t->c->arena);
	if (decode_record(record, len, &t->c->arena, &e))
		return 0;
	event_kinds_add(&t->v->proven, e.kind);
	if (!t->v->answered) {
		t->v->answered = e.kind;
		t->v->answered_ns = host_boot_ns() - head->ts_ns;
	}
	return 0;
}

/* is_kind - whether a kind, "FILE_OPEN", is that of a deed, "file.open" */
static bool is_kind(uint32_t number, const struct probe_deed *of) {
	const char *kind = event_word(FIELD_KIND, number), *deed = of->name;

	if (!kind || number == of->kind)
		return kind;
	for (; *kind && *deed; kind++, deed++)
		if (tolower((unsigned char)*kind) != *deed && !(*kind == '_' && *deed == '.'))
			return false;
	return !*kind && !*deed;
}

/* is_served - whether a hook tells of one of @kinds */
static bool is_served(const struct probe *p, const struct event_kinds *kinds) {
	size_t n;
	const struct probe_deed *deeds = probe_deeds(p, &n);

	for (uint32_t kind = 1; kind < WIRE_KIND_MAX; kind++) {
		for (size_t i = 0; event_kinds_has(kinds, kind) && i < n; i++)
			if (deeds[i].hook && is_kind(kind, &deeds[i]))
				return true;
	}
	return false;
}

int coverage_try(struct coverage *v, struct probe *p, struct corridor *c, bool sandboxed) {
	struct taker t = { v, c, (uint32_t)getpid() };
	struct event_kinds tried = { 0 };
	int n = 1;

	v->answered = 0;
	probe_trial(p, sandboxed, &tried);
	v->expected = is_served(p, &tried);
	for (uint32_t kind = 1; kind < WIRE_KIND_MAX; kind++)
		if (event_kinds_has(&tried, kind))
			event_kinds_add(&v->tried, kind);
	for (int i = 0; i < TRIAL_ROUNDS && n > 0; i++)
		n = probe_drain(p, DRAIN_MAX, take, &t);
	return n < 0 ? n : 0;
}

enum coverage_state coverage_state(const struct coverage *v, const struct corridor *c,
				   const struct probe_deed *deed) {
	if (!deed->hook)
		return COVERAGE_GAP;
	for (uint32_t kind = 1; kind < WIRE_KIND_MAX; kind++) {
		if (!is_kind(kind, deed))
			continue;
		if (c->events[kind] || event_kinds_has(&v->proven, kind))
			return COVERAGE_PROVEN;
		return event_kinds_has(&v->tried, kind) ? COVERAGE_SILENT : COVERAGE_UNTRIED;
	}
	return COVERAGE_UNTRIED;
}

/* A list under construction: texts, a NUL behind each. */
struct list {
	char text[3072];
	size_t n;
};

static __attribute__((format(printf, 2, 3))) void add(struct list *l, const char *fmt, ...) {
	size_t left = sizeof(l->text) - l->n;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(l->text + l->n, left, fmt, args);
	va_end(args);
	if (n >= 0 && (size_t)n < left) /* else there is no room, and the list ends before it */
		l->n += (size_t)n + 1;
}

static void add_losses(struct list *l, const struct probe *p, const struct corridor *c) {
	for (uint32_t kind = 0; kind < WIRE_KIND_MAX; kind++) {
		for (uint32_t cause = 0; cause <= WIRE_LOSS_MALFORMED; cause++) {
			uint64_t n = cause == WIRE_LOSS_MALFORMED ? c->malformed_kind[kind]
								  : probe_lost(p, kind, cause);

			if (n)
				add(l, "%s %s %" PRIu64, event_kind_name(kind),
				    vitals_cause_name(cause), n);
		}
	}
}

int coverage_tell(const struct coverage *v, struct probe *p, struct corridor *c, struct host *h) {
	static struct list served, gaps, degraded, lost, states[COVERAGE_SILENT + 1];
	struct host_coverage report;
	size_t n;
	const struct probe_deed *deeds = probe_deeds(p, &n);

	served.n = gaps.n = degraded.n = lost.n = 0;
	for (int i = 0; i <= COVERAGE_SILENT; i++)
		states[i].n = 0;
	for (size_t i = 0; i < n; i++) {
		enum coverage_state state = coverage_state(v, c, &deeds[i]);

		add(&states[state], "%s", deeds[i].name);
		if (state == COVERAGE_GAP)
			add(&gaps, "%s: %s", deeds[i].name, deeds[i].refused);
		else
			add(&served, "%s=%s", deeds[i].name, deeds[i].hook);
		if (state != COVERAGE_GAP && deeds[i].lacks)
			add(&degraded, "%s: %s", deeds[i].name, deeds[i].lacks);
	}
	add_losses(&lost, p, c);
#define TEXT(list) { (list).text, (uint32_t)(list).n }
	report = (struct host_coverage){
		.served = TEXT(served),
		.gaps = TEXT(gaps),
		.proven = TEXT(states[COVERAGE_PROVEN]),
		.silent = TEXT(states[COVERAGE_SILENT]),
		.untried = TEXT(states[COVERAGE_UNTRIED]),
		.degraded = TEXT(degraded),
		.lost = TEXT(lost),
		.folded = c->folded,
	};
#undef TEXT
	return host_coverage(h, &report);
}
