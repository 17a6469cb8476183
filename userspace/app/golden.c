/* SPDX-License-Identifier: Apache-2.0 */
#include "app/golden.h"

#include <stdio.h>

#include "base/clock.h"
#include "event/word.h"

/* What any host does all the time: who speaks of each of these speaks of everything. */
static const uint32_t everyday[] = { WIRE_PROCESS_FORK, WIRE_PROCESS_EXEC, WIRE_PROCESS_EXIT,
				     WIRE_FILE_CREATE,	WIRE_FILE_OPEN,	   WIRE_FILE_UNLINK,
				     WIRE_NET_CONNECT,	WIRE_NET_CLOSE };

/* put - the @which-th of two plain values into a field */
static void put(struct event *e, enum field_id id, int which) {
	static const struct str texts[] = { { "/usr/bin/true", 13 }, { "/srv/a b/c.txt", 14 } };
	void *at = (char *)e + fields[id].offset;

	event_mark(e, id);
	switch ((enum field_type)fields[id].type) {
	case FIELD_ENUM:
	case FIELD_U32:
		*(uint32_t *)at = 1 + (uint32_t)which;
		break;
	case FIELD_BITS:
		*(uint64_t *)at = 2ull << which;
		break;
	case FIELD_U64:
	case FIELD_FIXED64:
		*(uint64_t *)at = 1 + (uint64_t)which;
		break;
	case FIELD_BOOL:
		*(bool *)at = which;
		break;
	case FIELD_STR:
		*(struct str *)at = texts[which];
		break;
	case FIELD_STRV:
		*(struct strv *)at = (struct strv){ texts + which, 1 };
		break;
	}
}

static void begin(struct event *e, uint32_t kind) {
	event_reset(e);
	EVENT_SET(e, KIND, kind, kind);
}

static void fill(struct event *e, int which) {
	for (int i = 0; i < FIELD_MAX; i++)
		if (i != FIELD_KIND)
			put(e, (enum field_id)i, which);
}

static void ask(struct ruleset *rules, struct arena *a, struct event *e, struct golden *g) {
	uint64_t since = clock_ns(CLOCK_THREAD_CPUTIME_ID);

	arena_reset(a);
	detect_event(rules, a, e);
	g->ns += clock_ns(CLOCK_THREAD_CPUTIME_ID) - since;
	g->n++;
}

static bool speaks(const struct event *e, const struct rule *rule) {
	for (uint32_t i = 0; i < e->n_detections; i++)
		if (e->detections[i].rule == rule)
			return true;
	return false;
}

/* always - a rule that speaks of an event with nothing, with everything, and with all else */
static void always(struct ruleset *rules, struct arena *a, uint32_t kind, struct golden *g) {
	const struct rule *found[32];
	static struct event e;
	uint32_t n = 0, left;

	begin(&e, kind);
	ask(rules, a, &e, g);
	for (uint32_t i = 0; i < e.n_detections && n < 32; i++)
		found[n++] = e.detections[i].evidence ? NULL : e.detections[i].rule;
	for (int which = 0; which < 2; which++) {
		begin(&e, kind);
		fill(&e, which);
		ask(rules, a, &e, g);
		left = 0;
		for (uint32_t i = 0; i < n; i++)
			if (found[i] && speaks(&e, found[i]))
				found[left++] = found[i];
		n = left;
	}
	for (uint32_t i = 0; i < e.n_detections && n; i++) {
		if (e.detections[i].rule != found[0])
			continue;
		g->kind = kind;
		(void)snprintf(g->title, sizeof(g->title), "%.*s",
			       STR_FMT(e.detections[i].title));
		return;
	}
}

/* each_alone - 21 fields in the content, and 20 in who reads it: not unseen */
static void each_alone(struct ruleset *rules, struct arena *a, uint32_t kind, struct golden *g) {
	static struct event e;

	for (int i = 0; i < FIELD_MAX; i++) {
		begin(&e, kind);
		if (i != FIELD_KIND)
			put(&e, (enum field_id)i, 1);
		ask(rules, a, &e, g);
	}
}

void golden_play(struct ruleset *rules, struct arena *a, struct golden *ret) {
	static struct event e;

	*ret = (struct golden){ 0 };
	for (size_t i = 0; i < sizeof(everyday) / sizeof(everyday[0]); i++) {
		if (!ret->kind)
			always(rules, a, everyday[i], ret);
		each_alone(rules, a, everyday[i], ret);
	}
	for (uint32_t kind = 1; kind < WIRE_KIND_MAX; kind++)
		for (int which = 0; which < 3 && event_word(FIELD_KIND, kind); which++) {
			begin(&e, kind);
			if (which < 2)
				fill(&e, which);
			ask(rules, a, &e, ret);
		}
}
