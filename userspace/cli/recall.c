/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recall.c - each event is kept as the bytes that it came as, and unpacked again by who wants to
 * see it; of processes it is kept what a tree shows.
 */
#include "cli/recall.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "cli/events.h"
#include "encode/encode.h"
#include "event/field.h"
#include "spool/walk.h"

static int by_entity(const void *a, const void *b) {
	const struct recall_process *x = a, *y = b;
	uint32_t n = x->entity.n < y->entity.n ? x->entity.n : y->entity.n;
	int order = n ? memcmp(x->entity.s, y->entity.s, n) : 0;

	return order ? order : x->entity.n < y->entity.n ? -1 : x->entity.n > y->entity.n;
}

/* process_of - who is called @entity, made if need be; NULL without memory or name */
static struct recall_process *process_of(struct recall *r, struct str entity) {
	struct recall_process sought = { .entity = entity }, *p, **found;

	if (!entity.n)
		return NULL;
	found = tfind(&sought, &r->by_entity, by_entity);
	if (found)
		return *found;
	p = arena_zalloc(&r->keep, sizeof(*p));
	if (!p)
		return NULL;
	p->entity = arena_str(&r->keep, entity);
	if (!p->entity.s || !tsearch(p, &r->by_entity, by_entity))
		return NULL;
	if (r->last_root)
		r->last_root->next = p;
	else
		r->roots = p;
	r->last_root = p;
	r->n_processes++;
	return p;
}

/* learn - what is said of @p, if something is */
static void learn(struct recall *r, struct str *to, struct str text) {
	if (text.n && !str_eq(*to, text))
		*to = arena_str(&r->keep, text);
}

static void take_parent(struct recall *r, const struct event *e, struct recall_process *p) {
	struct recall_process *parent;

	if (!event_has(e, FIELD_PARENT_ENTITY_ID))
		return;
	parent = process_of(r, e->parent.entity_id);
	if (!parent || p->parent)
		return;
	if (event_has(e, FIELD_PARENT_PID))
		parent->pid = e->parent.pid;
	if (event_has(e, FIELD_PARENT_NAME) && !parent->name.n)
		learn(r, &parent->name, e->parent.name);
	if (event_has(e, FIELD_PARENT_COMMAND_LINE) && !parent->command_line.n)
		learn(r, &parent->command_line, e->parent.command_line);
	p->parent = parent; /* joined when all are known */
}

static void take_process(struct recall *r, const struct event *e, struct recall_process *p) {
	if (event_has(e, FIELD_PROCESS_PID))
		p->pid = e->process.pid;
	if (event_has(e, FIELD_PROCESS_NAME))
		learn(r, &p->name, e->process.name);
	if (event_has(e, FIELD_PROCESS_EXECUTABLE))
		learn(r, &p->executable, e->process.executable);
	if (event_has(e, FIELD_PROCESS_COMMAND_LINE))
		learn(r, &p->command_line, e->process.command_line);
	if (event_has(e, FIELD_PROCESS_USER))
		learn(r, &p->user, e->process.user);
	if (event_has(e, FIELD_EXIT_RUN_NS) || event_has(e, FIELD_EXIT_CODE)) {
		p->ended = true;
		p->exit_code = event_has(e, FIELD_EXIT_CODE) ? e->exit.code : 0;
		p->exit_signal = event_has(e, FIELD_EXIT_SIGNAL) ? e->exit.signal : 0;
	}
	p->n_events++;
	p->n_files += event_has(e, FIELD_FILE_PATH);
	p->n_net += event_has(e, FIELD_NET_DESTINATION_IP) || event_has(e, FIELD_NET_SOURCE_IP);
	p->n_detections += e->n_detections;
	for (uint32_t i = 0; i < e->n_detections; i++)
		if (e->detections[i].level > p->level)
			p->level = e->detections[i].level;
}

static struct recall_event *new_event(struct recall *r) {
	if (r->n == r->cap) {
		size_t cap = r->cap ? r->cap * 2 : 4096;
		struct recall_event *v = realloc(r->events, cap * sizeof(*v));

		if (!v)
			return NULL;
		r->events = v;
		r->cap = cap;
	}
	return &r->events[r->n];
}

static int take(void *recall, struct event *e) {
	struct recall *r = recall;
	struct recall_event *to = new_event(r);
	struct buf bytes = { 0 };

	encode_proto(&bytes, e);
	if (to && !buf_error(&bytes)) {
		*to = (struct recall_event){ .order = r->n,
					     .kind = event_has(e, FIELD_KIND) ? e->kind : 0,
					     .n_detections = e->n_detections };
		if (event_has(e, FIELD_TIME_NS))
			to->time_ns = e->time_ns;
		if (event_has(e, FIELD_SEQ))
			to->seq = e->seq;
		to->bytes = arena_str(&r->keep, (struct str){ bytes.data, (uint32_t)bytes.len });
		to->id = event_has(e, FIELD_ID) ? arena_str(&r->keep, e->id) : (struct str){ 0 };
	}
	buf_done(&bytes);
	if (!to || !to->bytes.s) {
		r->left_out++;
		return 0;
	}
	r->n++;
	return 0;
}

/* --- when all is read ------------------------------------------------------------------------- */

static int by_time(const void *a, const void *b) {
	const struct recall_event *x = a, *y = b;

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	if (x->seq != y->seq)
		return x->seq < y->seq ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/*
 * learn_processes - from the events in the order of time
 * As they come they need not be in it: the spool keeps what is worth more apart.
 */
static void learn_processes(struct recall *r) {
	struct event e;

	for (size_t i = 0; i < r->n; i++) {
		struct recall_event *of = &r->events[i];

		if (recall_unpack(r, of, &e) || !event_has(&e, FIELD_PROCESS_ENTITY_ID))
			continue;
		of->process = process_of(r, e.process.entity_id);
		if (!of->process)
			continue;
		take_process(r, &e, of->process);
		take_parent(r, &e, of->process);
	}
}

/* is_below - whether @p is @of, or one of its kids' kids; or the way up is too long */
static bool is_below(const struct recall_process *p, const struct recall_process *of) {
	for (int i = 0; p && i < RECALL_DEPTH; i++, p = p->parent)
		if (p == of)
			return true;
	return p != NULL;
}

/* join - makes a tree of who says who its parent is; a file may say that it goes in a circle */
static void join(struct recall *r) {
	struct recall_process *all = r->roots, *p, *next;

	for (p = all; p; p = p->next)
		if (p->parent && is_below(p->parent, p))
			p->parent = NULL;
	r->roots = r->last_root = NULL;
	for (p = all; p; p = next) {
		struct recall_process **first = p->parent ? &p->parent->kids : &r->roots;
		struct recall_process **last = p->parent ? &p->parent->last_kid : &r->last_root;

		next = p->next;
		p->next = NULL;
		if (*last)
			(*last)->next = p;
		else
			*first = p;
		*last = p;
	}
}

static void link_events(struct recall *r) {
	for (size_t i = 0; i < r->n; i++) {
		struct recall_event *e = &r->events[i];
		struct recall_process *p = e->process;

		if (!p)
			continue;
		if (p->last_event)
			p->last_event->next = e;
		else
			p->events = e;
		p->last_event = e;
		if (!p->first_ns)
			p->first_ns = e->time_ns;
		p->last_ns = e->time_ns;
	}
}

/* --- reading ---------------------------------------------------------------------------------- */

/* body - what is behind the length that stands before an event */
static struct str body(const void *bytes, size_t n) {
	const unsigned char *p = bytes;
	size_t at = 0;

	while (at < n && p[at] & 0x80)
		at++;
	return at < n ? (struct str){ (const char *)p + at + 1, (uint32_t)(n - at - 1) }
		      : (struct str){ 0 };
}

static int take_payload(void *recall, const void *payload, size_t n) {
	struct recall *r = recall;
	struct str bytes = body(payload, n);
	struct event e;

	arena_reset(&r->scratch);
	if (encode_unpack(bytes.s, bytes.n, &r->scratch, &e)) {
		r->left_out++;
		return 0;
	}
	return take(r, &e);
}

int recall_read(struct recall *r, char *const *files, const char *spool) {
	const struct events_user user = { .event = take, .ctx = r };
	int err = 0;

	*r = (struct recall){ 0 };
	arena_init(&r->keep, RECALL_MAX_BYTES);
	arena_init(&r->scratch, EVENTS_ARENA_BYTES);
	for (; *files && !err; files++) {
		err = events_read(*files, &r->scratch, &user);
		spool = NULL;
	}
	if (spool) {
		err = spool_walk(spool, take_payload, r);
		if (err)
			log_error("the spool \"%s\" cannot be read: %s", spool,
				  err == -ENOENT ? "no sensor has used it yet" : strerror(-err));
	}
	if (r->left_out)
		log_warn("%zu events are left out: they are damaged, or too many, continuing",
			 r->left_out);
	if (r->n)
		qsort(r->events, r->n, sizeof(*r->events), by_time);
	learn_processes(r);
	link_events(r);
	join(r);
	return err;
}

static void keep_it(void *node) {
	(void)node; /* it is the arena's */
}

void recall_done(struct recall *r) {
	tdestroy(r->by_entity, keep_it);
	free(r->events);
	arena_done(&r->keep);
	arena_done(&r->scratch);
}

struct str recall_bytes(const struct recall_event *of) {
	return body(of->bytes.s, of->bytes.n);
}

int recall_unpack(struct recall *r, const struct recall_event *of, struct event *ret) {
	struct str bytes = recall_bytes(of);

	arena_reset(&r->scratch);
	return encode_unpack(bytes.s, bytes.n, &r->scratch, ret);
}

static bool is_of_rule(const struct event *e, struct str text) {
	for (uint32_t i = 0; i < e->n_detections; i++) {
		const struct detection *d = &e->detections[i];

		if (str_eq(d->rule_id, text) ||
		    (d->title.n == text.n && !strncasecmp(d->title.s, text.s, text.n)))
			return true;
	}
	return false;
}

struct recall_event *recall_find(struct recall *r, const char *text) {
	struct event e;

	for (size_t i = 0; i < r->n; i++)
		if (r->events[i].id.n && str_eq(r->events[i].id, str_of(text)))
			return &r->events[i];
	for (size_t i = r->n; i-- > 0;)
		if (r->events[i].n_detections && !recall_unpack(r, &r->events[i], &e) &&
		    is_of_rule(&e, str_of(text)))
			return &r->events[i];
	return NULL;
}
