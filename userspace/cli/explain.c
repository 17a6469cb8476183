/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain.c - why it fired, and what led to it
 */
#include "cli/explain.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/export.h"
#include "base/log.h"
#include "cli/cli.h"
#include "cli/events.h"
#include "cli/lookback.h"
#include "encode/encode.h"
#include "encode/text.h"
#include "event/word.h"

#define ANCESTORS 16
#define BEFORE 20 /* events of the same process */

extern const struct command command_explain;

bool explain_values(struct ruleset *rules, struct arena *arena, struct event *e,
		    const struct detection *recorded,
		    int (*each)(void *ctx, struct str identifier, struct str field,
				struct str value),
		    void *ctx) {
	struct event again = *e;

	if (!rules || recorded->evidence)
		return false;
	detect_event(rules, arena, &again);
	for (uint32_t i = 0; i < again.n_detections; i++) {
		const struct detection *d = &again.detections[i];

		if (recorded->rule_id.n ? !str_eq(d->rule_id, recorded->rule_id)
					: !str_eq(d->title, recorded->title))
			continue;
		(void)detect_event_evidence(rules, arena, e, d, each, ctx);
		return d->rule != NULL;
	}
	return false;
}

struct str explain_shown(struct str field, struct str value, char room[EXPLAIN_SHOWN]) {
	uint32_t mode = 0;

	if (!value.n || (!str_eq(field, STR("file.mode")) && !str_eq(field, STR("file.new_mode")) &&
			 !str_eq(field, STR("exec.mode"))))
		return value;
	for (uint32_t i = 0; i < value.n; i++) {
		if (!isdigit((unsigned char)value.s[i]) || mode > UINT16_MAX)
			return value;
		mode = mode * 10 + (uint32_t)(value.s[i] - '0');
	}
	(void)snprintf(room, EXPLAIN_SHOWN, "%u (0%o)", mode, mode);
	return str_of(room);
}

bool explain_technique(struct str tag, char ret[16]) {
	static const char form[] = "attack.t0000.000";

	/* nothing else is a part of a link, or of a line for a screen */
	if (tag.n != sizeof("attack.t0000") - 1 && tag.n != sizeof(form) - 1)
		return false;
	for (uint32_t i = 0; i < tag.n; i++)
		if (form[i] == '0' ? !isdigit((unsigned char)tag.s[i]) : tag.s[i] != form[i])
			return false;
	(void)snprintf(ret, 16, "T%.*s", (int)(tag.n - 8), tag.s + 8);
	return true;
}

/* --- as text and as JSON ---------------------------------------------------------------------- */

struct telling {
	struct buf out;
	bool json, any;
	struct str identifier, field, value; /* told last; dies with the event */
};

static int tell_value(void *telling, struct str identifier, struct str field, struct str value) {
	struct telling *t = telling;
	char shown[EXPLAIN_SHOWN];

	if (t->any && str_eq(t->identifier, identifier) && str_eq(t->field, field) &&
	    str_eq(t->value, value))
		return 0; /* two of its conditions ask for the same */
	t->identifier = identifier;
	t->field = field;
	t->value = value;
	if (t->json) {
		buf_add_str(&t->out, t->any ? STR(",{\"selection\":") : STR("{\"selection\":"));
		encode_json_text(&t->out, identifier);
		buf_add_lit(&t->out, ",\"field\":");
		encode_json_text(&t->out, field.n ? field : STR("keywords"));
		buf_add_lit(&t->out, ",\"value\":");
		encode_json_text(&t->out, value);
		buf_add_char(&t->out, '}');
	} else {
		buf_add_lit(&t->out, "    ");
		text_shown(&t->out, identifier);
		buf_add_lit(&t->out, ": ");
		text_shown(&t->out, field.n ? field : STR("keywords"));
		buf_add_lit(&t->out, " = ");
		value = explain_shown(field, value, shown);
		if (value.s == shown)
			buf_add_str(&t->out, value);
		else
			text_word(&t->out, value);
		buf_add_char(&t->out, '\n');
	}
	t->any = true;
	return 0;
}

static void tell_tags(struct buf *out, const struct detection *d) {
	char technique[16];

	for (uint32_t i = 0; i < d->tags.n; i++)
		if (explain_technique(d->tags.v[i], technique))
			buf_addf(out, "  ATT&CK %s", technique);
}

static void tell_detection(struct telling *t, struct lookback *l, struct event *e,
			   const struct detection *d) {
	buf_addf(&t->out, "\n%s: ", d->level ? event_level_word(d->level) : "?");
	text_shown(&t->out, d->title);
	tell_tags(&t->out, d);
	buf_add_char(&t->out, '\n');
	t->any = false;
	if (explain_values(l->rules, &l->recall.scratch, e, d, tell_value, t))
		return;
	if (d->evidence)
		buf_add_lit(&t->out, "  a correlation of:");
	else
		buf_addf(&t->out,
			 "  no such rule of %s holds now; recorded is that these selections held:",
			 l->asked);
	for (uint32_t i = 0; i < d->matched.n; i++) {
		buf_add_char(&t->out, ' ');
		text_shown(&t->out, d->matched.v[i]);
	}
	if (d->events.n)
		buf_addf(&t->out, "; its %u events:", d->events.n);
	for (uint32_t i = 0; i < d->events.n; i++) {
		buf_add_char(&t->out, ' ');
		text_shown(&t->out, d->events.v[i]);
	}
	buf_add_char(&t->out, '\n');
}

static void tell_event(struct telling *t, struct recall *r, const struct recall_event *of) {
	struct event e;

	if (recall_unpack(r, of, &e))
		return;
	e.n_detections = 0;
	buf_add_lit(&t->out, "  ");
	encode_text(&t->out, &e, false);
}

/* tell_before - the process's last events, and who made it */
static void tell_before(struct telling *t, struct recall *r, const struct recall_event *of) {
	const struct recall_process *p = of->process;
	const struct recall_event *first;
	size_t before = 0;

	if (!p)
		return;
	for (first = p->events; first && first != of; first = first->next)
		before++;
	buf_addf(&t->out, "\nWhat it did before: %zu event%s%s\n", before, before == 1 ? "" : "s",
		 before > BEFORE ? ", of which the last are" : "");
	for (first = p->events; first && first != of; first = first->next, before--)
		if (before <= BEFORE)
			tell_event(t, r, first);
	buf_add_lit(&t->out, "\nWho made it\n");
	p = p->parent;
	for (int i = 0; p && i < ANCESTORS; i++, p = p->parent) {
		buf_add_lit(&t->out, "  ");
		text_word(&t->out, p->name.n ? p->name : STR("?"));
		buf_addf(&t->out, "[%u]  ", p->pid);
		text_shown(&t->out, p->command_line.n ? p->command_line : p->executable);
		buf_add_char(&t->out, '\n');
	}
}

/* tell_json_before - the last of the process's events before @of, as many as the text has */
static void tell_json_before(struct telling *t, struct recall *r, const struct recall_event *of) {
	const struct recall_event *first = of->process->events;
	size_t before = 0;
	struct event e;
	bool any = false;

	for (const struct recall_event *x = first; x && x != of; x = x->next)
		before++;
	for (; first && first != of; first = first->next, before--) {
		if (before > BEFORE || recall_unpack(r, first, &e))
			continue;
		if (any)
			buf_add_char(&t->out, ',');
		encode_json(&t->out, &e);
		any = true;
	}
}

static void tell_json(struct telling *t, struct ruleset *rules, struct recall *r,
		      const struct recall_event *of, struct event *e) {
	const struct recall_process *p = of->process;

	buf_add_lit(&t->out, "{\"event\":");
	encode_json(&t->out, e);
	buf_add_lit(&t->out, ",\"detections\":[");
	for (uint32_t i = 0; i < e->n_detections; i++) {
		bool found;

		buf_add_str(&t->out, i ? STR(",{\"title\":") : STR("{\"title\":"));
		encode_json_text(&t->out, e->detections[i].title);
		buf_add_lit(&t->out, ",\"met\":[");
		t->any = false;
		found = explain_values(rules, &r->scratch, e, &e->detections[i], tell_value, t);
		buf_addf(&t->out, "],\"found_again\":%s}", found ? "true" : "false");
	}
	buf_add_lit(&t->out, "],\"before\":[");
	if (p)
		tell_json_before(t, r, of);
	buf_add_lit(&t->out, "],\"ancestors\":[");
	p = p ? p->parent : NULL;
	for (int i = 0; p && i < ANCESTORS; i++, p = p->parent) {
		buf_addf(&t->out, "%s{\"pid\":%u,\"name\":", i ? "," : "", p->pid);
		encode_json_text(&t->out, p->name);
		buf_add_lit(&t->out, ",\"command_line\":");
		encode_json_text(&t->out, p->command_line.n ? p->command_line : p->executable);
		buf_add_char(&t->out, '}');
	}
	buf_add_lit(&t->out, "]}\n");
}

static int tell(struct lookback *l) {
	struct recall *r = &l->recall;
	const struct recall_event *of = recall_find(r, *l->words);
	struct telling t = { .json = l->json };
	struct event e;
	int err;

	if (!of) {
		log_error("no event has the id \"%s\", and no detection that rule's id or title, "
			  "among %zu events", *l->words, r->n);
		return CLI_FAILURE;
	}
	err = recall_unpack(r, of, &e);
	if (err)
		return CLI_FAILURE;
	if (l->json) {
		tell_json(&t, l->rules, r, of, &e);
	} else {
		encode_text(&t.out, &e, false);
		for (uint32_t i = 0; i < e.n_detections; i++)
			tell_detection(&t, l, &e, &e.detections[i]);
		if (!e.n_detections)
			buf_add_lit(&t.out, "\nNo rule held for it.\n");
		tell_before(&t, r, of);
	}
	(void)fwrite(t.out.data, 1, t.out.len, stdout);
	err = buf_error(&t.out);
	buf_done(&t.out);
	return err || fflush(stdout) ? CLI_FAILURE : CLI_OK;
}

static int explain_run(int argc, char **argv) {
	static struct lookback l;
	int code = lookback_options(&command_explain, LOOKBACK_JSON | LOOKBACK_RULES, argc, argv,
				    &l);

	if (code >= 0)
		return code;
	if (!*l.words)
		return cli_misuse(&command_explain, "an event's id, or a rule's id or title, is "
				  "missing");
	return lookback_run(&l, l.words + 1, tell);
}

const struct command command_explain = {
	.name = "explain",
	.summary = "why an event set off rules, and what led to it",
	.usage = "usage: lapwing explain [--json] [--rules PATH] WHAT [FILE...]\n"
		 "       lapwing explain [--json] [--rules PATH] WHAT [--spool DIR]\n"
		 "\n"
		 "WHAT is an event's id, or a rule's id or title: then its last detection. Shows\n"
		 "which value of which field met each selection, the events of the same process\n"
		 "before it, and who made that process. The rules are asked again, so they must\n"
		 "be those that found it. Events come from files that \"-o proto:FILE\" or\n"
		 "\"-o json:FILE\" wrote, or from the spool, which keeps them for a while.\n"
		 "\n"
		 "      --json         for programs\n"
		 LOOKBACK_USAGE_RULES
		 LOOKBACK_USAGE_SPOOL
		 "\n"
		 "example: lapwing explain 'Setuid Or Setgid Bit Set' events.pb\n",
	.run = explain_run,
};
