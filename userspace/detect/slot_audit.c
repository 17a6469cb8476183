/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "detect/engine.h"

static struct str text_of(const struct event *e, enum field_id id) {
	return event_has(e, id) ? *(const struct str *)field_at(e, id) : (struct str){ 0 };
}

static struct str type_name(const struct audit_record *r) {
	return r->type == AUDIT_SYSCALL	 ? STR("SYSCALL")
	       : r->type == AUDIT_EXECVE ? STR("EXECVE")
					 : STR("PATH");
}

static void add_syscalls(const struct audit_record *r, struct slot *s) {
	for (int i = 0; i < 2; i++)
		slot_add(s, str_of(r->syscalls[i]));
}

/* hex - what audit writes of an argument of a system call: lower case, no 0x */
static struct str hex(const struct event *e, enum field_id id, char *scratch) {
	unsigned long long v;
	int n;

	if (!event_has(e, id))
		return (struct str){ 0 };
	v = fields[id].type == FIELD_U32 || fields[id].type == FIELD_ENUM
		    ? *(const uint32_t *)field_at(e, id)
		    : *(const uint64_t *)field_at(e, id);
	n = snprintf(scratch, FIELD_TEXT_BYTES, "%llx", v);
	return (struct str){ scratch, (uint32_t)n };
}

static void add_argument(const struct match *m, struct slot *s) {
	const struct strv *args = &m->e->exec.args;
	uint32_t i = s->audit.field;

	if (m->audit->type == AUDIT_SYSCALL) {
		if (i < AUDIT_ARGS && m->audit->args[i])
			slot_add(s, hex(m->e, m->audit->args[i], s->number));
	} else if (event_has(m->e, FIELD_EXEC_ARGS) && i < args->n) {
		s->v = &args->v[i];
		s->n = 1;
	}
}

static void add_argc(const struct match *m, struct slot *s) {
	if (event_has(m->e, FIELD_EXEC_ARGS))
		slot_add(s, (struct str){ s->number, (uint32_t)snprintf(s->number, FIELD_TEXT_BYTES,
									"%u", m->e->exec.args.n) });
}

/* before - the deed is only about to be done, so nobody knows how it ends */
static bool before(const struct event *e) {
	return event_has(e, FIELD_OUTCOME) && e->outcome == OUTCOME_ATTEMPTED;
}

static bool failed(const struct event *e) {
	return event_has(e, FIELD_OUTCOME) && e->outcome == OUTCOME_FAILED;
}

static void add_exit(const struct match *m, struct slot *s) {
	int n = 0;

	if (before(m->e))
		return;
	if (!failed(m->e))
		n = snprintf(s->number, FIELD_TEXT_BYTES, "0");
	else if (event_has(m->e, FIELD_ERROR))
		n = snprintf(s->number, FIELD_TEXT_BYTES, "-%u", m->e->error);
	if (n)
		slot_add(s, (struct str){ s->number, (uint32_t)n });
}

/* /var/run is a link to /run nearly everywhere, and rules know files there by the old name. */
static void add_old_name(const struct match *m, struct slot *s, struct str path) {
	if (str_starts(path, STR("/run/")))
		slot_join(m, s, STR("/var"), path);
}

static void add_name(const struct match *m, struct slot *s) {
	struct str path = text_of(m->e, m->audit->name);

	if (m->audit->name == FIELD_PROCESS_EXECUTABLE) {
		slot_images(m, s);
		return;
	}
	slot_add(s, path);
	add_old_name(m, s, path);
}

static bool is_ipv4(struct str x) {
	return x.n && !memchr(x.s, ':', x.n);
}

static void add_keys(const struct match *m, struct slot *s) {
	const struct event *e = m->e;
	const struct audit_record *r = m->audit;

	slot_add(s, str_of(r->key));
	if (r->kind == WIRE_PROCESS_EXEC) {
		struct str key = { 0 };

		slot_images(m, s);
		while (s->n > 0) {
			if (audit_key_program(s->own[--s->n]))
				key = STR("susp_activity");
		}
		slot_add(s, key);
	} else if (r->type == AUDIT_PATH && audit_key_file(text_of(e, r->name))) {
		slot_add(s, STR("susp_activity"));
	} else if (r->kind == WIRE_NET_CONNECT && !failed(e) &&
		   is_ipv4(text_of(e, FIELD_NET_DESTINATION_IP))) {
		slot_add(s, STR("network_connect_4"));
	}
}

static void add_words(const struct match *m, struct slot *s) {
	const struct audit_record *r = m->audit;

	slot_add(s, type_name(r));
	if (r->type == AUDIT_SYSCALL) {
		add_syscalls(r, s);
		slot_add(s, text_of(m->e, FIELD_PROCESS_NAME));
		slot_add(s, text_of(m->e, FIELD_PROCESS_EXECUTABLE));
	} else if (r->type == AUDIT_EXECVE) {
		/* one text, in which words that belong together stand together */
		slot_add(s, text_of(m->e, FIELD_PROCESS_COMMAND_LINE));
	} else {
		add_name(m, s);
		slot_add(s, str_of(r->nametype));
	}
}

void slot_fill_audit(const struct match *m, struct slot *s) {
	const struct audit_taxon *t = &s->audit;

	s->n = 0;
	s->v = s->own;
	if (s->taxon.source == SOURCE_WORDS) {
		add_words(m, s);
		return;
	}
	if (!(t->types & m->audit->type))
		return;
	switch ((enum audit_source)t->source) {
	case AUDIT_FIELD:
		slot_add(s, field_text(m->e, t->field, s->number));
		break;
	case AUDIT_RECORD_TYPE:
		slot_add(s, type_name(m->audit));
		break;
	case AUDIT_SYSCALL_NAME:
		add_syscalls(m->audit, s);
		break;
	case AUDIT_ARGUMENT:
		add_argument(m, s);
		break;
	case AUDIT_ARGC:
		add_argc(m, s);
		break;
	case AUDIT_SUCCESS:
		if (!before(m->e))
			slot_add(s, failed(m->e) ? STR("no") : STR("yes"));
		break;
	case AUDIT_EXIT:
		add_exit(m, s);
		break;
	case AUDIT_NAME:
		add_name(m, s);
		break;
	case AUDIT_NAMETYPE:
		slot_add(s, str_of(m->audit->nametype));
		break;
	case AUDIT_KEY:
		add_keys(m, s);
		break;
	case AUDIT_NONE:
		break;
	}
}
