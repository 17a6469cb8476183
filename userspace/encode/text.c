/* SPDX-License-Identifier: Apache-2.0 */
/*
 *     14:03:22.123  exec     bash[1234] root <- sshd[1200]  /usr/bin/bash -i  [args-cut]
 *      !! HIGH  Title of a rule  (rule id)  attack.t1059
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "encode/encode.h"
#include "event/word.h"
#include "encode/schema.h"
#include "encode/text.h"

#define PLAIN "\033[0m"
#define DIM "\033[2m"
#define SHORT_ID 12 /* digits of a container's id, as runtimes show it */

/* paint - a colour's escape, or nothing */
static void paint(struct buf *out, bool color, const char *escape) {
	if (color)
		buf_add_str(out, str_of(escape));
}

/* Thousands of events share a second, and localtime_r() may read a file. */
static void add_time(struct buf *out, const struct event *e) {
	static time_t second;
	static char clock[16];
	time_t now = (time_t)(e->time_ns / 1000000000);
	struct tm tm;

	if (!event_has(e, FIELD_TIME_NS)) {
		buf_add_lit(out, "--:--:--.---");
		return;
	}
	if (!clock[0] || now != second) {
		if (!localtime_r(&now, &tm) || !strftime(clock, sizeof(clock), "%H:%M:%S", &tm))
			(void)snprintf(clock, sizeof(clock), "--:--:--");
		second = now;
	}
	buf_addf(out, "%s.%03u", clock, (unsigned)(e->time_ns / 1000000 % 1000));
}

/* family_color - by the first word of a kind's name */
static const char *family_color(const char *name) {
	static const char *const colors[][2] = {
		{ "PROCESS_", "\033[2;36m" }, { "FILE_", "\033[2;33m" },   { "NET_", "\033[2;35m" },
		{ "INJECT_", "\033[2;31m" },  { "KERNEL_", "\033[2;34m" },
	};

	for (size_t i = 0; i < sizeof(colors) / sizeof(colors[0]); i++)
		if (!strncmp(name, colors[i][0], strlen(colors[i][0])))
			return colors[i][1];
	return DIM;
}

/* add_kind - "exec" of PROCESS_EXEC, as wide as "connect " */
static void add_kind(struct buf *out, uint32_t kind, bool color) {
	const char *name = event_kind_name(kind), *deed = strchr(name, '_');
	char word[32];
	int n = 0;

	for (deed = deed ? deed + 1 : name; deed[n] && n < 31; n++)
		word[n] = (char)tolower((unsigned char)deed[n]);
	word[n] = '\0';
	paint(out, color, family_color(name));
	buf_addf(out, "%-8s", word);
	paint(out, color, PLAIN);
}

static void add_actor(struct buf *out, bool named, struct str name, bool known, uint32_t pid) {
	if (named)
		text_word(out, name);
	else
		buf_add_char(out, '?');
	if (known)
		buf_addf(out, "[%u]", pid);
}

static void add_user(struct buf *out, const struct event *e) {
	if (event_has(e, FIELD_PROCESS_USER)) {
		buf_add_char(out, ' ');
		text_word(out, e->process.user);
	} else if (event_has(e, FIELD_PROCESS_UID)) {
		buf_addf(out, " uid=%u", e->process.uid);
	}
	if (event_has(e, FIELD_PROCESS_UID) && event_has(e, FIELD_PROCESS_EUID) &&
	    e->process.uid != e->process.euid)
		buf_addf(out, " euid=%u", e->process.euid);
}

/* add_container - " @name", " @namespace/pod/name", or of one without a name the head of its id */
static void add_container(struct buf *out, const struct event *e) {
	const struct event_container *c = &e->container;
	struct str id = event_str(e, FIELD_CONTAINER_ID, c->id);
	struct str name = event_str(e, FIELD_CONTAINER_NAME, c->name);

	if (!id.s && !name.s)
		return;
	buf_add_lit(out, " @");
	if (event_has(e, FIELD_CONTAINER_POD_NAME)) {
		if (event_has(e, FIELD_CONTAINER_POD_NAMESPACE)) {
			text_word(out, c->pod_namespace);
			buf_add_char(out, '/');
		}
		text_word(out, c->pod_name);
		buf_add_char(out, '/');
	}
	id.n = id.n > SHORT_ID ? SHORT_ID : id.n;
	text_word(out, name.s ? name : id);
}

static void add_processes(struct buf *out, const struct event *e) {
	buf_add_char(out, ' ');
	add_actor(out, event_has(e, FIELD_PROCESS_NAME), e->process.name,
		  event_has(e, FIELD_PROCESS_PID), e->process.pid);
	add_user(out, e);
	add_container(out, e);
	if (event_has(e, FIELD_PARENT_NAME) || event_has(e, FIELD_PARENT_PID)) {
		buf_add_lit(out, " <- ");
		add_actor(out, event_has(e, FIELD_PARENT_NAME), e->parent.name,
			  event_has(e, FIELD_PARENT_PID), e->parent.pid);
	}
}

/* Kinds that have a sentence of their own; every other one is told field by field. */
static void (*const sentences[WIRE_KIND_MAX])(struct buf *, const struct event *) = {
	[WIRE_PROCESS_FORK] = text_process, [WIRE_PROCESS_EXEC] = text_process,
	[WIRE_PROCESS_HASH] = text_process, [WIRE_PROCESS_SIGNAL] = text_process,
	[WIRE_PROCESS_EXIT] = text_process, [WIRE_FILE_CREATE] = text_file,
	[WIRE_FILE_OPEN] = text_file,	    [WIRE_FILE_RENAME] = text_file,
	[WIRE_FILE_UNLINK] = text_file,	    [WIRE_FILE_CHMOD] = text_file,
	[WIRE_FILE_CHOWN] = text_file,	    [WIRE_FILE_LINK] = text_file,
	[WIRE_FILE_SYMLINK] = text_file,    [WIRE_FILE_READ] = text_file,
	[WIRE_FILE_MAP] = text_file,	    [WIRE_FILE_CLOSE] = text_file,
	[WIRE_FILE_MKDIR] = text_file,	    [WIRE_FILE_RMDIR] = text_file,
	[WIRE_FILE_MKNOD] = text_file,	    [WIRE_FILE_TRUNCATE] = text_file,
	[WIRE_FILE_SETXATTR] = text_file,   [WIRE_FILE_REMOVEXATTR] = text_file,
	[WIRE_FILE_MOUNT] = text_file,	    [WIRE_FILE_UMOUNT] = text_file,
	[WIRE_NET_CONNECT] = text_net,
	[WIRE_NET_ACCEPT] = text_net,	    [WIRE_NET_BIND] = text_net,
	[WIRE_NET_LISTEN] = text_net,	    [WIRE_NET_SEND] = text_net,
	[WIRE_NET_CLOSE] = text_net,	    [WIRE_NET_DNS] = text_dns,
	[WIRE_HOST_CONTENT] = text_host,
	[WIRE_HOST_START] = text_host,	    [WIRE_HOST_LOSS] = text_host,
	[WIRE_HOST_STOP] = text_host,	    [WIRE_HOST_COVERAGE] = text_host,
	[WIRE_HOST_HEARTBEAT] = text_host,  [WIRE_HOST_LIMIT] = text_host,
	[WIRE_HOST_CONTAINER] = text_host,
};

static void add_deed(struct buf *out, const struct event *e, uint32_t kind) {
	if (kind < WIRE_KIND_MAX && sentences[kind])
		sentences[kind](out, e);
	else
		text_fields(out, e);
}

/* "and 1234 more in 980 ms": the same deed, many times */
static void add_fold(struct buf *out, const struct event *e) {
	buf_addf(out, "  and %" PRIu64 " more in ", e->fold.count);
	text_duration(out, e->fold.last_ns - e->fold.first_ns);
}

/* "[args-cut path-racy]" */
static void add_marks(struct buf *out, uint64_t degraded, bool color) {
	const char *separator = "  [";

	if (!degraded)
		return;
	paint(out, color, DIM);
	for (; degraded; degraded &= degraded - 1, separator = " ") {
		uint32_t bit = (uint32_t)__builtin_ctzll(degraded);
		const char *name = schema_enum_name(&schema_rows[FIELD_DEGRADED], bit);

		buf_add_str(out, str_of(separator));
		if (!name)
			buf_addf(out, "%u", bit);
		for (; name && *name; name++)
			buf_add_char(out, *name == '_' ? '-' : (char)tolower((unsigned char)*name));
	}
	buf_add_char(out, ']');
	paint(out, color, PLAIN);
}

static void add_detection(struct buf *out, const struct detection *d, bool color) {
	static const char *const colors[] = {
		"\033[1m",    "\033[1;36m", "\033[1;34m",
		"\033[1;33m", "\033[1;31m", "\033[1;97;41m",
	};
	/* detections.level is the third row */
	const struct schema_row *of = &schema_detection_rows[2];
	const char *level = d->level ? schema_enum_name(of, d->level) : NULL;

	buf_add_lit(out, " ");
	paint(out, color, colors[d->level <= LEVEL_CRITICAL ? d->level : 0]);
	buf_addf(out, "!! %s  ", level ? level : "?");
	text_shown(out, d->title);
	paint(out, color, PLAIN);
	if (d->rule_id.s) {
		buf_add_lit(out, "  (");
		text_shown(out, d->rule_id);
		buf_add_char(out, ')');
	}
	for (uint32_t i = 0; i < d->group.n; i++) {
		buf_add_lit(out, "  ");
		text_word(out, d->group.v[i]);
	}
	if (d->evidence == EVIDENCE_INCOMPLETE)
		buf_add_lit(out, "  [evidence incomplete]");
	else if (d->evidence == EVIDENCE_UNJUDGED)
		buf_add_lit(out, "  [cannot be judged: events were lost]");
	for (uint32_t i = 0; i < d->tags.n; i++) {
		buf_add_str(out, i ? STR(" ") : STR("  "));
		text_word(out, d->tags.v[i]);
	}
	buf_add_char(out, '\n');
}

/* is_host - the sensor's own life has no doer, and its lines do not ask for one */
static bool is_host(uint32_t kind) {
	return !strncmp(event_kind_name(kind), "HOST_", 5);
}

void encode_text(struct buf *out, const struct event *e, bool color) {
	uint32_t kind = event_has(e, FIELD_KIND) ? e->kind : 0;
	size_t start = out->len;

	paint(out, color, DIM);
	add_time(out, e);
	paint(out, color, PLAIN);
	buf_add_lit(out, "  ");
	add_kind(out, kind, color);
	if (event_has(e, FIELD_PROCESS_PID) || !is_host(kind))
		add_processes(out, e);
	else
		add_container(out, e);
	if (kind)
		add_deed(out, e, kind);
	if (event_has(e, FIELD_FOLD_COUNT))
		add_fold(out, e);
	add_marks(out, e->degraded, color);
	buf_add_char(out, '\n');
	for (uint32_t i = 0; i < e->n_detections; i++)
		add_detection(out, &e->detections[i], color);
	if (buf_error(out)) /* half a line is worse than none */
		out->len = start;
}
