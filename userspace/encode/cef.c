/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CEF and LEEF, one line for each detection, or for the event when it has none. What the formats
 * have no key for stays out: they are for alerts, and the id leads to the rest.
 */
#include <netinet/in.h>
#include <stdio.h>

#include "base/utf8.h"
#include "encode/encode.h"
#include "encode/schema.h"

enum dialect { CEF, LEEF };

struct line {
	struct buf *out;
	enum dialect d;
	size_t extension; /* where the pairs begin in @out */
};

/* 0 is for an event without a detection */
static const uint8_t cef_severities[] = { 0, 1, 3, 5, 8, 10 };
static const uint8_t leef_severities[] = { 1, 1, 3, 5, 8, 10 };

/* Where our fields go; text fields and plain numbers. */
static const struct {
	enum field_id field;
	const char *cef, *leef, *label; /* of a custom key of CEF */
} keys[] = {
	{ FIELD_HOST_NAME, "dvchost", "identHostName", NULL },
	{ FIELD_HOST_ID, "deviceExternalId", "hostId", NULL },
	{ FIELD_PROCESS_USER, "suser", "usrName", NULL },
	{ FIELD_PROCESS_UID, "suid", "usrId", NULL },
	{ FIELD_PROCESS_EXECUTABLE, "sproc", "process", NULL },
	{ FIELD_PROCESS_PID, "spid", "pid", NULL },
	{ FIELD_PROCESS_COMMAND_LINE, "cs1", "commandLine", "commandLine" },
	{ FIELD_PARENT_EXECUTABLE, "cs2", "parentProcess", "parentProcess" },
	{ FIELD_PARENT_COMMAND_LINE, "cs3", "parentCommandLine", "parentCommandLine" },
	{ FIELD_PROCESS_ENTITY_ID, "cs4", "processId", "processId" },
	{ FIELD_FILE_PATH, "filePath", "filePath", NULL },
	{ FIELD_FILE_OLD_PATH, "oldFilePath", "oldFilePath", NULL },
	{ FIELD_NET_SOURCE_IP, "src", "src", NULL }, /* in CEF of IPv4, see add_address() */
	{ FIELD_NET_SOURCE_PORT, "spt", "srcPort", NULL },
	{ FIELD_NET_DESTINATION_IP, "dst", "dst", NULL },
	{ FIELD_NET_DESTINATION_PORT, "dpt", "dstPort", NULL },
};

/* add_header - text of a field between '|': these and backslashes are escaped, lines joined */
static void add_header(struct buf *out, enum dialect d, struct str x) {
	for (uint32_t i = 0; i < x.n; i++) {
		unsigned char c = (unsigned char)x.s[i];

		if (d == CEF && (c == '|' || c == '\\'))
			buf_add_char(out, '\\');
		/* LEEF has no escape for it */
		buf_add_char(out, c < 0x20 || c == 0x7f || (d == LEEF && c == '|') ? ' ' : (char)c);
	}
}

/* add_value - text behind '=': in CEF '=', '\\' and newlines are escaped; in LEEF a TAB ends it */
static void add_value(struct buf *out, enum dialect d, struct str x) {
	uint32_t step, c;

	for (uint32_t i = 0; i < x.n; i += step) {
		step = utf8_next(x.s + i, x.n - i, &c);
		if (!step) {
			buf_add_char(out, '?');
			step = 1;
		} else if (d == CEF && c == '\n') {
			buf_add_lit(out, "\\n");
		} else if (utf8_hidden(c)) {
			buf_add_char(out, ' ');
		} else {
			if (d == CEF && (c == '=' || c == '\\'))
				buf_add_char(out, '\\');
			buf_add(out, x.s + i, step);
		}
	}
}

/* add_key - "key=", and what stands between two pairs before it */
static void add_key(const struct line *l, const char *key) {
	if (l->out->len != l->extension)
		buf_add_char(l->out, l->d == CEF ? ' ' : '\t');
	buf_add(l->out, key, strlen(key));
	buf_add_char(l->out, '=');
}

static void add_text(const struct line *l, const char *key, struct str x) {
	add_key(l, key);
	add_value(l->out, l->d, x);
}

/* add_address - an IPv6 address of CEF, which "src" and "dst" cannot have; false: it is none */
static bool add_address(const struct line *l, enum field_id field, struct str x) {
	bool source = field == FIELD_NET_SOURCE_IP;

	if (l->d != CEF || (!source && field != FIELD_NET_DESTINATION_IP) || !memchr(x.s, ':', x.n))
		return false;
	add_text(l, source ? "c6a2" : "c6a3", x);
	add_text(l, source ? "c6a2Label" : "c6a3Label",
		 source ? STR("Source IPv6 Address") : STR("Destination IPv6 Address"));
	return true;
}

static void add_fields(const struct line *l, const struct event *e) {
	char scratch[FIELD_TEXT_BYTES], label[16];

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const char *key = l->d == CEF ? keys[i].cef : keys[i].leef;
		struct str text;

		if (!event_has(e, keys[i].field))
			continue;
		text = field_text(e, keys[i].field, scratch);
		if (add_address(l, keys[i].field, text))
			continue;
		add_text(l, key, text);
		if (l->d == CEF && keys[i].label) {
			(void)snprintf(label, sizeof(label), "%sLabel", key);
			add_text(l, label, str_of(keys[i].label));
		}
	}
	if (event_has(e, FIELD_NET_TRANSPORT) &&
	    (e->net.transport == IPPROTO_TCP || e->net.transport == IPPROTO_UDP))
		add_text(l, "proto", e->net.transport == IPPROTO_TCP ? STR("TCP") : STR("UDP"));
}

static void add_time(const struct line *l, const struct event *e) {
	if (!event_has(e, FIELD_TIME_NS))
		return;
	add_key(l, l->d == CEF ? "rt" : "devTime");
	buf_add_u64(l->out, e->time_ns / 1000000);
}

static void add_id(const struct line *l, const struct event *e, uint32_t nth) {
	if (!event_has(e, FIELD_ID))
		return;
	add_text(l, l->d == CEF ? "externalId" : "eventId", e->id);
	if (nth)
		buf_addf(l->out, "-%u", nth);
}

static void add_tags(const struct line *l, const struct detection *of) {
	add_key(l, "cat");
	for (uint32_t i = 0; i < of->tags.n; i++) {
		if (i)
			buf_add_char(l->out, ',');
		add_value(l->out, l->d, of->tags.v[i]);
	}
}

/* add_line - @nth detection of @e, counted from 1; 0: the event itself */
static void add_line(struct buf *out, enum dialect d, const struct event *e, uint32_t nth) {
	const struct detection *of = nth ? &e->detections[nth - 1] : NULL;
	uint32_t level = of && of->level <= LEVEL_CRITICAL ? of->level : 0;
	const char *kind = event_has(e, FIELD_KIND) ?
				   schema_enum_name(&schema_rows[FIELD_KIND], e->kind) :
				   NULL;
	struct str name = str_of(kind ? kind : "UNKNOWN");
	struct line l = { .out = out, .d = d };

	buf_add_str(out, d == CEF ? STR("CEF:0|") : STR("LEEF:1.0|"));
	buf_add_lit(out, "Lapwing|Lapwing|" LAPWING_VERSION "|");
	add_header(out, d, of && of->rule_id.s ? of->rule_id : name);
	buf_add_char(out, '|');
	if (d == CEF) {
		add_header(out, d, of && of->title.s ? of->title : name);
		buf_addf(out, "|%u|", cef_severities[level]);
	}
	l.extension = out->len;
	add_time(&l, e);
	if (d == LEEF) {
		add_key(&l, "sev");
		buf_add_u64(out, leef_severities[level]);
		if (of && of->title.s)
			add_text(&l, "name", of->title);
	}
	add_id(&l, e, nth);
	add_text(&l, d == CEF ? "act" : "kind", name);
	if (of && of->tags.n)
		add_tags(&l, of);
	if (event_has(e, FIELD_OUTCOME) && e->outcome != OUTCOME_ATTEMPTED)
		add_text(&l, "outcome",
			 e->outcome == OUTCOME_SUCCEEDED ? STR("success") : STR("failure"));
	add_fields(&l, e);
	buf_add_char(out, '\n');
}

static void add_lines(struct buf *out, enum dialect d, const struct event *e) {
	size_t start = out->len;

	for (uint32_t i = e->n_detections ? 1 : 0; i <= e->n_detections; i++)
		add_line(out, d, e, i);
	if (buf_error(out)) /* half a line is worse than none */
		out->len = start;
}

void encode_cef(struct buf *out, const struct event *e) {
	add_lines(out, CEF, e);
}

void encode_leef(struct buf *out, const struct event *e) {
	add_lines(out, LEEF, e);
}
