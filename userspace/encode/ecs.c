/* SPDX-License-Identifier: Apache-2.0 */
/* An event is one document of kind "event", and one of kind "alert" more for each detection. */
#include <ctype.h>

#include "encode/encode.h"
#include "encode/foreign.h"
#include "encode/json.h"

enum {
	ECS_ID,
	ECS_EVENT_KIND,
	ECS_CATEGORY,
	ECS_TYPE,
	ECS_OUTCOME,
	ECS_SEVERITY,
	ECS_DATASET,
	ECS_RULE_ID,
	ECS_RULE_NAME,
	ECS_RULE_AUTHOR,
	ECS_FRAMEWORK,
	ECS_TACTICS,
	ECS_TECHNIQUES,
	ECS_SUBTECHNIQUES,
	ECS_DETECTION,
};

static const struct shape_map rows[] = {
#include "event/ecs.def"
};

static const struct shape_layout layout = {
	.at = { ['T' - 'A'] = "", ['P' - 'A'] = "process", ['Q' - 'A'] = "process.parent",
		['X' - 'A'] = "lapwing" },
};

/* A kind without a row is of category host, type info. */
static const struct {
	const char *category, *type;
} kinds[WIRE_KIND_MAX] = {
	[WIRE_PROCESS_FORK] = { "process", "start" },
	[WIRE_PROCESS_EXEC] = { "process", "start" },
	[WIRE_PROCESS_HASH] = { "process", "info" },
	[WIRE_PROCESS_EXIT] = { "process", "end" },
	[WIRE_FILE_CREATE] = { "file", "creation" },
	[WIRE_FILE_OPEN] = { "file", "access" },
	[WIRE_FILE_RENAME] = { "file", "change" },
	[WIRE_FILE_UNLINK] = { "file", "deletion" },
	[WIRE_FILE_CHMOD] = { "file", "change" },
	[WIRE_FILE_CHOWN] = { "file", "change" },
	[WIRE_FILE_LINK] = { "file", "creation" },
	[WIRE_FILE_SYMLINK] = { "file", "creation" },
	[WIRE_NET_CONNECT] = { "network", "start" },
	[WIRE_NET_ACCEPT] = { "network", "start" },
	[WIRE_NET_BIND] = { "network", "info" },
	[WIRE_NET_LISTEN] = { "network", "info" },
	[WIRE_NET_SEND] = { "network", "connection" },
	[WIRE_NET_CLOSE] = { "network", "end" },
	[WIRE_FILE_READ] = { "file", "access" },
	[WIRE_FILE_MAP] = { "library", "start" },
	[WIRE_FILE_CLOSE] = { "file", "change" },
	[WIRE_PROCESS_SIGNAL] = { "process", "access" },
	[WIRE_PROCESS_CREDENTIALS] = { "process", "change" },
	[WIRE_PROCESS_SESSION] = { "process", "info" },
	[WIRE_PROCESS_COREDUMP] = { "process", "info" },
	[WIRE_INJECT_PTRACE] = { "process", "access" },
	[WIRE_INJECT_VM_WRITE] = { "process", "change" },
	[WIRE_INJECT_VM_READ] = { "process", "access" },
	[WIRE_INJECT_MEM_OPEN] = { "process", "access" },
	[WIRE_INJECT_GETFD] = { "process", "access" },
	[WIRE_INJECT_EXECUTABLE] = { "process", "change" },
	[WIRE_INJECT_MEMFD] = { "process", "info" },
	[WIRE_INJECT_USERFAULTFD] = { "process", "info" },
	[WIRE_KERNEL_MODULE_LOAD] = { "driver", "start" },
	[WIRE_KERNEL_MODULE_UNLOAD] = { "driver", "end" },
	[WIRE_KERNEL_BPF_LOAD] = { "driver", "start" },
	[WIRE_KERNEL_BPF_ATTACH] = { "driver", "change" },
	[WIRE_KERNEL_NAMESPACE] = { "process", "change" },
	[WIRE_KERNEL_CGROUP] = { "process", "change" },
	[WIRE_KERNEL_KEXEC] = { "host", "change" },
	[WIRE_HOST_START] = { "host", "start" },
	[WIRE_HOST_STOP] = { "host", "end" },
	[WIRE_HOST_CONTENT] = { "configuration", "change" },
	[WIRE_HOST_HEARTBEAT] = { "host", "info" },
	[WIRE_HOST_CONTAINER] = { "host", "info" },
};

static struct shape shape;

int ecs_setup(void) {
	if (shape.rows)
		return 0;
	return shape_compile(rows, sizeof(rows) / sizeof(rows[0]), &layout, &shape);
}

static void add_words(struct foreign *f, unsigned number, const char *first, const char *second) {
	struct buf *b = foreign_open(f, number);

	buf_add_char(b, '[');
	encode_json_text(b, str_of(first));
	if (second) {
		buf_add_char(b, ',');
		encode_json_text(b, str_of(second));
	}
	buf_add_char(b, ']');
	foreign_close(f, number);
}

/* add_dataset - "lapwing.process" for PROCESS_EXEC: one index for each family */
static void add_dataset(struct foreign *f, const struct event *e) {
	const char *name = event_has(e, FIELD_KIND) ?
				   schema_enum_name(&schema_rows[FIELD_KIND], e->kind) :
				   NULL;
	struct buf *b = foreign_open(f, ECS_DATASET);

	buf_add_lit(b, "\"lapwing.");
	for (const char *p = name ? name : "other"; *p && *p != '_'; p++)
		buf_add_char(b, (char)tolower((unsigned char)*p));
	buf_add_char(b, '"');
	foreign_close(f, ECS_DATASET);
}

static void add_common(struct foreign *f, const struct event *e, uint32_t nth) {
	static const char *const outcomes[] = { "unknown", "unknown", "success", "failure" };
	uint32_t kind = event_has(e, FIELD_KIND) && e->kind < WIRE_KIND_MAX ? e->kind : 0;
	uint32_t outcome = event_has(e, FIELD_OUTCOME) && e->outcome < 4 ? e->outcome : 0;
	const char *category = kinds[kind].category ? kinds[kind].category : "host";
	const char *type = kinds[kind].type ? kinds[kind].type : "info";

	foreign_begin(f);
	foreign_id(f, ECS_ID, e, nth);
	foreign_text(f, ECS_EVENT_KIND, nth ? STR("alert") : STR("event"));
	add_words(f, ECS_CATEGORY, category, nth ? "intrusion_detection" : NULL);
	add_words(f, ECS_TYPE, type, nth && strcmp(type, "info") != 0 ? "info" : NULL);
	foreign_text(f, ECS_OUTCOME, str_of(outcomes[outcome]));
	add_dataset(f, e);
}

/* add_names - the names of those of a rule's tags that are of kind @wanted, as a list */
static bool add_names(struct foreign *f, unsigned number, const struct detection *d,
		      enum foreign_tag wanted) {
	struct buf *b = foreign_open(f, number);
	size_t start = b->len;
	char scratch[16];
	struct str name;

	for (uint32_t i = 0; i < d->tags.n; i++) {
		if (foreign_tag(d->tags.v[i], scratch, &name) != wanted)
			continue;
		buf_add_char(b, b->len == start ? '[' : ',');
		encode_json_text(b, name);
	}
	if (b->len == start)
		return false;
	buf_add_char(b, ']');
	foreign_close(f, number);
	return true;
}

static void add_alert(struct foreign *f, const struct detection *d) {
	/* the risk scores that Elastic gives to its own levels */
	static const uint8_t severities[] = { 0, 1, 21, 47, 73, 99 };
	bool threat;

	foreign_number(f, ECS_SEVERITY, severities[d->level <= LEVEL_CRITICAL ? d->level : 0]);
	foreign_text(f, ECS_RULE_ID, d->rule_id);
	foreign_text(f, ECS_RULE_NAME, d->title);
	if (d->author.s) {
		struct buf *b = foreign_open(f, ECS_RULE_AUTHOR);

		buf_add_char(b, '[');
		encode_json_text(b, d->author);
		buf_add_char(b, ']');
		foreign_close(f, ECS_RULE_AUTHOR);
	}
	threat = add_names(f, ECS_TACTICS, d, TAG_TACTIC);
	threat |= add_names(f, ECS_TECHNIQUES, d, TAG_TECHNIQUE);
	threat |= add_names(f, ECS_SUBTECHNIQUES, d, TAG_SUBTECHNIQUE);
	if (threat)
		foreign_text(f, ECS_FRAMEWORK, STR("MITRE ATT&CK"));
	json_detection(foreign_open(f, ECS_DETECTION), d);
	foreign_close(f, ECS_DETECTION);
}

void encode_ecs(struct buf *out, const struct event *e) {
	static struct foreign f; /* its memory serves every event */
	size_t start = out->len;

	add_common(&f, e, 0);
	foreign_write(&f, out, &shape, e);
	for (uint32_t i = 0; i < e->n_detections; i++) {
		add_common(&f, e, i + 1);
		add_alert(&f, &e->detections[i]);
		foreign_write(&f, out, &shape, e);
	}
	if (buf_error(out)) /* half of an event's documents are worse than none */
		out->len = start;
}
