/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event is one activity document, and one Detection Finding more for each
 * detection, so that who counts launches and who counts alerts both count right.
 */
#include <errno.h>

#include "encode/encode.h"
#include "encode/foreign.h"
#include "encode/json.h"

#define FINDING_CLASS 2004
#define FINDING_CREATE 1
#define OTHER 99
#define INFORMATIONAL 1

enum {
	OCSF_UID,
	OCSF_ACTIVITY,
	OCSF_ACTIVITY_NAME,
	OCSF_CATEGORY,
	OCSF_CLASS,
	OCSF_TYPE,
	OCSF_SEVERITY,
	OCSF_STATUS,
	OCSF_FINDING,
	OCSF_TITLE,
	OCSF_RULE,
	OCSF_ATTACKS,
	OCSF_RELATED,
	OCSF_DETECTION,
	OCSF_KERNEL_TYPE,
};

static const struct shape_map rows[] = {
#include "event/ocsf.def"
};

enum {
	BORN,
	SELF,
	TARGET,
	FILE_DEED,
	RENAME,
	NET,
	MODULE,
	DRIVER,
	KERNEL,
	APP,
	PLAIN,
	FINDING,
	LAYOUTS
};

#define ROLE(letter) [letter - 'A']
#define DOER                                                                                       \
	ROLE('P') = "actor.process", ROLE('Q') = "actor.process.parent_process",                   \
	ROLE('U') = "actor"
#define ACTIVITY                                                                                   \
	ROLE('T') = "", ROLE('N') = "", ROLE('E') = "", ROLE('F') = "file", ROLE('O') = "file",    \
	ROLE('X') = "unmapped"

static const struct shape_layout layouts[LAYOUTS] = {
	/* who is born or becomes another program is launched by its parent */
	[BORN].at = { ACTIVITY, ROLE('P') = "process", ROLE('Q') = "actor.process",
		      ROLE('V') = "actor", ROLE('A') = "", ROLE('M') = "" },
	/* who does something to itself, or ends, does it as a user; the parent has no part in it */
	[SELF].at = { ACTIVITY, ROLE('P') = "process", ROLE('Q') = "process.parent_process",
		       ROLE('U') = "actor", ROLE('A') = "", ROLE('M') = "" },
	[FILE_DEED].at = { ACTIVITY, DOER, ROLE('A') = "", ROLE('K') = "" },
	[RENAME].at = { ROLE('T') = "", ROLE('N') = "", ROLE('E') = "", ROLE('F') = "file_result",
			ROLE('O') = "file", ROLE('X') = "unmapped", DOER, ROLE('A') = "",
			ROLE('K') = "" },
	[TARGET].at = { ACTIVITY, DOER, ROLE('R') = "process", ROLE('A') = "", ROLE('M') = "" },
	/* whoever maps a file to run it loads it into itself */
	[MODULE].at = { ROLE('T') = "", ROLE('N') = "", ROLE('E') = "", ROLE('F') = "module.file",
			ROLE('O') = "module.file", ROLE('W') = "module", ROLE('X') = "unmapped",
			DOER, ROLE('A') = "" },
	[DRIVER].at = { ACTIVITY, DOER, ROLE('Y') = "driver", ROLE('A') = "", ROLE('J') = "" },
	[KERNEL].at = { ACTIVITY, DOER, ROLE('S') = "kernel", ROLE('A') = "" },
	[NET].at = { ACTIVITY, DOER, ROLE('D') = "" },
	[APP].at = { ACTIVITY, DOER, ROLE('L') = "" },
	[PLAIN].at = { ACTIVITY, DOER },
	/* all that is known is in the activity, which the finding names */
	[FINDING].at = { ROLE('T') = "", ROLE('G') = "", ROLE('E') = "evidences[",
			 ROLE('F') = "evidences[.file", ROLE('P') = "evidences[.actor.process",
			 ROLE('R') = "evidences[.process",
			 ROLE('Q') = "evidences[.actor.process.parent_process" },
};

/* The first row that holds; outcome and error 0 are any. */
struct kind {
	uint32_t kind, outcome, error;
	uint16_t class_uid;
	uint8_t activity, layout;
};

static const struct kind kinds[] = {
	{ WIRE_PROCESS_FORK, 0, 0, 1007, 1, BORN },
	{ WIRE_PROCESS_EXEC, 0, 0, 1007, 1, BORN },
	{ WIRE_PROCESS_HASH, 0, 0, 1007, OTHER, BORN },
	{ WIRE_PROCESS_EXIT, 0, 0, 1007, 2, SELF },
	{ WIRE_FILE_CREATE, 0, 0, 1001, 1, FILE_DEED },
	{ WIRE_FILE_OPEN, 0, 0, 1001, 14, FILE_DEED },
	{ WIRE_FILE_RENAME, 0, 0, 1001, 5, RENAME },
	{ WIRE_FILE_UNLINK, 0, 0, 1001, 4, FILE_DEED },
	{ WIRE_FILE_CHMOD, 0, 0, 1001, 7, FILE_DEED },
	{ WIRE_FILE_CHOWN, 0, 0, 1001, 7, FILE_DEED },
	{ WIRE_FILE_LINK, 0, 0, 1001, 1, RENAME },
	{ WIRE_FILE_SYMLINK, 0, 0, 1001, 1, FILE_DEED },
	{ WIRE_NET_CONNECT, OUTCOME_FAILED, ECONNREFUSED, 4001, 5, NET },
	{ WIRE_NET_CONNECT, OUTCOME_FAILED, 0, 4001, 4, NET },
	{ WIRE_NET_CONNECT, 0, 0, 4001, 1, NET },
	{ WIRE_NET_ACCEPT, 0, 0, 4001, 1, NET },
	{ WIRE_NET_BIND, 0, 0, 4001, 99, NET },
	{ WIRE_NET_LISTEN, 0, 0, 4001, 7, NET },
	{ WIRE_NET_SEND, 0, 0, 4001, 6, NET },
	{ WIRE_NET_CLOSE, 0, 0, 4001, 2, NET },
	{ WIRE_FILE_READ, 0, 0, 1001, 2, FILE_DEED },
	{ WIRE_FILE_MAP, 0, 0, 1005, 1, MODULE },
	{ WIRE_FILE_CLOSE, 0, 0, 1001, 3, FILE_DEED },
	{ WIRE_PROCESS_SIGNAL, 0, 0, 1007, OTHER, TARGET },
	{ WIRE_PROCESS_CREDENTIALS, 0, 0, 1007, 5, SELF },
	{ WIRE_PROCESS_SESSION, 0, 0, 1007, OTHER, SELF },
	{ WIRE_PROCESS_COREDUMP, 0, 0, 1007, OTHER, SELF },
	{ WIRE_INJECT_PTRACE, 0, 0, 1007, 4, TARGET },
	{ WIRE_INJECT_VM_WRITE, 0, 0, 1007, 4, TARGET },
	{ WIRE_INJECT_VM_READ, 0, 0, 1004, 7, TARGET },
	{ WIRE_INJECT_MEM_OPEN, 0, 0, 1007, 3, TARGET },
	{ WIRE_INJECT_GETFD, 0, 0, 1007, 3, TARGET },
	{ WIRE_INJECT_EXECUTABLE, 0, 0, 1004, 2, SELF },
	{ WIRE_INJECT_MEMFD, 0, 0, 1004, 1, SELF },
	{ WIRE_INJECT_USERFAULTFD, 0, 0, 1004, OTHER, SELF },
	{ WIRE_KERNEL_MODULE_LOAD, 0, 0, 1002, 1, DRIVER },
	{ WIRE_KERNEL_MODULE_UNLOAD, 0, 0, 1002, 2, DRIVER },
	{ WIRE_KERNEL_BPF_LOAD, 0, 0, 1003, 1, KERNEL },
	{ WIRE_KERNEL_BPF_ATTACH, 0, 0, 1003, 4, KERNEL },
	{ WIRE_KERNEL_KEXEC, 0, 0, 1003, 1, KERNEL },
	{ WIRE_KERNEL_NAMESPACE, 0, 0, 1003, OTHER, KERNEL },
	{ WIRE_KERNEL_CGROUP, 0, 0, 1003, OTHER, KERNEL },
	{ WIRE_KERNEL_KEY, 0, 0, 1003, 1, KERNEL },
	{ WIRE_KERNEL_LOCKDOWN, 0, 0, 1003, OTHER, KERNEL },
	{ WIRE_KERNEL_IO_URING, 0, 0, 1003, 1, KERNEL },
	{ WIRE_KERNEL_IO_REQUEST, 0, 0, 1003, OTHER, KERNEL },
	{ WIRE_HOST_START, 0, 0, 6002, 3, APP },
	{ WIRE_HOST_STOP, 0, 0, 6002, 4, APP },
	{ WIRE_HOST_HEARTBEAT, 0, 0, 6002, 99, APP },
	{ WIRE_HOST_LOSS, 0, 0, 6008, 99, PLAIN },
	{ WIRE_HOST_LIMIT, 0, 0, 6008, 99, PLAIN },
	{ WIRE_HOST_CONTENT, 0, 0, 6002, 99, APP },
	{ WIRE_HOST_CONTAINER, 0, 0, 6002, 99, APP },
};

/* A kind without a row is a Base Event. */
static const struct kind base_event = { 0, 0, 0, 0, OTHER, PLAIN };

static struct shape shapes[LAYOUTS];

int ocsf_setup(void) {
	int r = 0;

	for (int i = 0; i < LAYOUTS && !r; i++) {
		if (!shapes[i].rows)
			r = shape_compile(rows, sizeof(rows) / sizeof(rows[0]), &layouts[i],
					  &shapes[i]);
	}
	return r;
}

static const struct kind *kind_of(const struct event *e) {
	uint32_t outcome = event_has(e, FIELD_OUTCOME) ? e->outcome : 0;
	uint32_t error = event_has(e, FIELD_ERROR) ? e->error : 0;

	for (size_t i = 0; event_has(e, FIELD_KIND) && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct kind *k = &kinds[i];

		if (k->kind == e->kind && (!k->outcome || k->outcome == outcome) &&
		    (!k->error || k->error == error))
			return k;
	}
	return &base_event;
}

/* name_of - of the kind; "?" when it has none */
static const char *name_of(const struct event *e) {
	const char *name = NULL;

	if (event_has(e, FIELD_KIND))
		name = schema_enum_name(&schema_rows[FIELD_KIND], e->kind);
	return name ? name : "?";
}

static void add_class(struct foreign *f, const struct event *e, uint32_t class_uid,
		      uint32_t activity) {
	static const uint8_t status[] = { [OUTCOME_SUCCEEDED] = 1, [OUTCOME_FAILED] = 2 };
	uint32_t outcome = event_has(e, FIELD_OUTCOME) ? e->outcome : 0;

	foreign_number(f, OCSF_CLASS, class_uid);
	foreign_number(f, OCSF_CATEGORY, class_uid / 1000);
	foreign_number(f, OCSF_ACTIVITY, activity);
	foreign_number(f, OCSF_TYPE, class_uid * 100 + activity);
	foreign_number(f, OCSF_STATUS, outcome <= OUTCOME_FAILED ? status[outcome] : 0);
	if (activity == OTHER)
		foreign_text(f, OCSF_ACTIVITY_NAME, str_of(name_of(e)));
}

/* add_attacks - an object for each technique and each tactic that the rule names */
static void add_attacks(struct foreign *f, const struct detection *d) {
	struct buf *b = foreign_open(f, OCSF_ATTACKS);
	char scratch[16];
	struct str name;
	size_t start = b->len;

	for (uint32_t i = 0; i < d->tags.n; i++) {
		enum foreign_tag tag = foreign_tag(d->tags.v[i], scratch, &name);

		if (tag == TAG_OTHER)
			continue;
		buf_add_char(b, b->len == start ? '[' : ',');
		if (tag == TAG_TACTIC) {
			buf_add_lit(b, "{\"tactic\":{\"name\":");
		} else {
			const char *dot = memchr(name.s, '.', name.n);

			buf_add_lit(b, "{\"technique\":{\"uid\":");
			if (dot) {
				encode_json_text(b, (struct str){ name.s,
								  (uint32_t)(dot - name.s) });
				buf_add_lit(b, "},\"sub_technique\":{\"uid\":");
			}
		}
		encode_json_text(b, name);
		buf_add_lit(b, "}}");
	}
	if (b->len > start)
		buf_add_char(b, ']');
	foreign_close(f, OCSF_ATTACKS);
}

static void add_finding(struct foreign *f, const struct event *e, uint32_t nth) {
	const struct detection *d = &e->detections[nth];
	uint32_t level = d->level <= LEVEL_CRITICAL ? d->level : 0;

	foreign_begin(f);
	add_class(f, e, FINDING_CLASS, FINDING_CREATE);
	foreign_number(f, OCSF_SEVERITY, level);
	foreign_id(f, OCSF_UID, e, nth + 1);
	foreign_id(f, OCSF_FINDING, e, nth + 1);
	foreign_text(f, OCSF_TITLE, d->title);
	foreign_text(f, OCSF_RULE, d->rule_id);
	if (!event_has(e, FIELD_ID))
		foreign_text(f, OCSF_FINDING, d->rule_id.s ? d->rule_id : STR("?"));
	add_attacks(f, d);
	if (event_has(e, FIELD_ID)) {
		struct buf *b = foreign_open(f, OCSF_RELATED);

		buf_add_lit(b, "[{\"uid\":");
		encode_json_text(b, e->id);
		buf_add_lit(b, "}]");
		foreign_close(f, OCSF_RELATED);
	}
	json_detection(foreign_open(f, OCSF_DETECTION), d);
	foreign_close(f, OCSF_DETECTION);
}

void encode_ocsf(struct buf *out, const struct event *e) {
	static struct foreign f; /* its memory serves every event */
	const struct kind *k = kind_of(e);
	size_t start = out->len;

	foreign_begin(&f);
	add_class(&f, e, k->class_uid, k->activity);
	foreign_number(&f, OCSF_SEVERITY, INFORMATIONAL);
	foreign_id(&f, OCSF_UID, e, 0);
	foreign_text(&f, OCSF_KERNEL_TYPE, str_of(name_of(e)));
	foreign_write(&f, out, &shapes[k->layout], e);
	for (uint32_t i = 0; i < e->n_detections; i++) {
		add_finding(&f, e, i);
		foreign_write(&f, out, &shapes[FINDING], e);
	}
	if (buf_error(out)) /* half of an event's documents are worse than none */
		out->len = start;
}
