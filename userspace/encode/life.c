/* SPDX-License-Identifier: Apache-2.0 */
/* The sensor's own life, in words. */
#include "encode/encode.h"
#include "encode/text.h"
#include "event/field.h"
#include "event/word.h"

/* gap_of - where the reason begins if @x is "<deed>=none: <reason>", else 0 */
static uint32_t gap_of(struct str x) {
	static const struct str none = { "=none", 5 };

	for (uint32_t i = 0; i + none.n <= x.n; i++) {
		if (str_starts((struct str){ x.s + i, x.n - i }, none))
			return i;
		if (x.s[i] == '=')
			break;
	}
	return 0;
}

static void add_coverage(struct buf *out, const struct strv *coverage) {
	uint32_t gaps = 0;

	for (uint32_t i = 0; i < coverage->n; i++)
		gaps += gap_of(coverage->v[i]) > 0;
	buf_addf(out, ", %u of %u deeds covered", coverage->n - gaps, coverage->n);
	for (uint32_t i = 0; i < coverage->n; i++) {
		uint32_t at = gap_of(coverage->v[i]);

		if (!at)
			continue;
		buf_add_str(out, gaps ? STR("; not covered: ") : STR(", "));
		gaps = 0;
		text_word(out, (struct str){ coverage->v[i].s, at });
	}
}

static void add_start(struct buf *out, const struct event *e) {
	buf_add_lit(out, " lapwing");
	if (event_has(e, FIELD_HOST_VERSION)) {
		buf_add_char(out, ' ');
		text_word(out, e->host.version);
	}
	if (event_has(e, FIELD_HOST_KERNEL)) {
		buf_add_lit(out, " on Linux ");
		text_word(out, e->host.kernel);
	}
	if (event_has(e, FIELD_HOST_ARCH)) {
		buf_add_char(out, ' ');
		text_word(out, e->host.arch);
	}
	if (event_has(e, FIELD_HOST_COVERAGE) && e->host.coverage.n)
		add_coverage(out, &e->host.coverage);
}

static void add_cause(struct buf *out, struct str cause) {
	static const struct {
		struct str cause, words;
	} known[] = {
		{ { "ring_full", 9 }, { "the ring was full", 17 } },
		{ { "no_slot", 7 }, { "no scratch slot was free", 24 } },
		{ { "ring_reserved", 13 },
		  { "what room the ring had is for fork, exec and exit", 49 } },
		{ { "too_long", 8 }, { "the record was too long", 23 } },
		{ { "malformed", 9 }, { "the record was malformed", 24 } },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (str_eq(cause, known[i].cause)) {
			buf_add_str(out, known[i].words);
			return;
		}
	}
	text_word(out, cause);
}

static void add_loss(struct buf *out, const struct event *e) {
	buf_add_char(out, ' ');
	if (event_has(e, FIELD_HOST_LOST_COUNT))
		buf_add_u64(out, e->host.lost_count);
	else
		buf_add_lit(out, "some");
	if (event_has(e, FIELD_HOST_LOST_KIND))
		buf_addf(out, " %s", event_kind_name(e->host.lost_kind));
	buf_add_lit(out, " events were lost");
	if (event_has(e, FIELD_HOST_LOST_CAUSE)) {
		buf_add_lit(out, ": ");
		add_cause(out, e->host.lost_cause);
	}
}

static void add_names(struct buf *out, const char *what, const struct strv *list) {
	for (uint32_t i = 0; i < list->n; i++) {
		if (i)
			buf_add_char(out, ' ');
		else
			buf_add_str(out, str_of(what));
		text_word(out, list->v[i]);
	}
}

/* count - of a list that may not be known */
static uint32_t count(const struct event *e, enum field_id id) {
	return event_has(e, id) ? ((const struct strv *)field_at(e, id))->n : 0;
}

static void add_report(struct buf *out, const struct event *e) {
	buf_addf(out,
		 " %u deeds served, %u of them proven, %u untried, %u degraded, %u silent, %u gaps",
		 count(e, FIELD_COVERAGE_SERVED), count(e, FIELD_COVERAGE_PROVEN),
		 count(e, FIELD_COVERAGE_UNTRIED), count(e, FIELD_COVERAGE_DEGRADED),
		 count(e, FIELD_COVERAGE_SILENT), count(e, FIELD_COVERAGE_GAPS));
	if (count(e, FIELD_COVERAGE_SILENT))
		add_names(out, "; silent: ", &e->coverage.silent);
	if (count(e, FIELD_COVERAGE_LOST))
		add_names(out, "; lost: ", &e->coverage.lost);
}

static void add_verdict(struct buf *out, const struct event *e) {
	const struct event_content *c = &e->content;
	const struct str parts[] = { c->gate, c->verdict, c->reason, c->text };
	const enum field_id ids[] = { FIELD_CONTENT_GATE, FIELD_CONTENT_VERDICT,
				      FIELD_CONTENT_REASON, FIELD_CONTENT_TEXT };

	for (int i = 0; i < 4; i++) {
		if (!event_has(e, ids[i]))
			continue;
		buf_add_lit(out, " ");
		text_shown(out, parts[i]);
		if (i == 2)
			buf_add_char(out, ':');
	}
}

static void add_mode(struct buf *out, const struct event *e) {
	if (event_has(e, FIELD_HOST_MODE)) {
		buf_add_lit(out, " ");
		text_shown(out, e->host.mode);
	}
	if (event_has(e, FIELD_HOST_MODE_REASON)) {
		buf_add_lit(out, ": ");
		text_shown(out, e->host.mode_reason);
	}
}

static void add_limit(struct buf *out, const struct event *e) {
	const struct event_limit *l = &e->limit;

	buf_addf(out, " %llu %s past %u a second of a ", (unsigned long long)l->count,
		 event_kind_name(l->kind), l->rate);
	text_shown(out, l->by);
	if (!event_has(e, FIELD_PROCESS_PID) && event_has(e, FIELD_LIMIT_TALKERS))
		buf_addf(out, ", by %u others", l->talkers);
}

/* add_container - what it is called is told as of every event (text_container) */
static void add_container(struct buf *out, const struct event *e) {
	static const struct {
		const char *before;
		enum field_id id;
	} parts[] = {
		{ " is ", FIELD_CONTAINER_ID },
		{ " of ", FIELD_CONTAINER_RUNTIME },
		{ ", image ", FIELD_CONTAINER_IMAGE },
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (!event_has(e, parts[i].id))
			continue;
		buf_add_str(out, str_of(parts[i].before));
		text_word(out, *(const struct str *)field_at(e, parts[i].id));
	}
	for (uint32_t i = 0; event_has(e, FIELD_CONTAINER_LABELS) && i < e->container.labels.n;
	     i++) {
		buf_add_lit(out, " ");
		text_word(out, e->container.labels.v[i]);
	}
}

void text_host(struct buf *out, const struct event *e) {
	if (e->kind == WIRE_HOST_START) {
		add_start(out, e);
	} else if (e->kind == WIRE_HOST_COVERAGE) {
		add_report(out, e);
	} else if (e->kind == WIRE_HOST_CONTAINER) {
		add_container(out, e);
	} else if (e->kind == WIRE_HOST_CONTENT) {
		add_verdict(out, e);
	} else if (e->kind == WIRE_HOST_LOSS) {
		add_loss(out, e);
	} else if (e->kind == WIRE_HOST_LIMIT) {
		add_limit(out, e);
	} else if (e->kind == WIRE_HOST_HEARTBEAT) {
		add_mode(out, e);
	} else if (e->kind == WIRE_HOST_STOP) {
		if (event_has(e, FIELD_HOST_PRODUCED))
			buf_addf(out, " %llu records", (unsigned long long)e->host.produced);
		if (event_has(e, FIELD_HOST_LOST))
			buf_addf(out, ", %llu lost", (unsigned long long)e->host.lost);
	}
}
