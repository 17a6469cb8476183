/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hot path: every exported event goes through here, so it is field.def
 * unrolled: each row becomes the few instructions that write it if it is known.
 *
 *     | event length | tag value | tag value | tag length | tag value … | …
 *       ^ 2 bytes kept free        the event's own ^ 1 or 2 bytes kept free for a message's
 *
 * A length is known only after its body. Room is kept for the usual size, and
 * the body moves when the guess was wrong: the protobuf must come out as short
 * as protobuf-c would make it, so that equal events are equal bytes.
 *
 * Room for all that is short (numbers, texts below 128 bytes, tags, lengths) is
 * reserved once; only a longer text reserves again. Without memory it is left
 * out, the buffer keeps the error, and the event is dropped at the end.
 *
 * What many events have in common (their host, a process with its parent) is
 * copied from where it was written last, by the keys of event.h.
 */
#include "encode/encode.h"
#include "encode/kept.h"
#include "encode/put.h"
#include "encode/twin.h"

/* --- what is often the same: the SAME rows of field.def --------------------------------------- */

/* A run of numbers as they were written last. */
struct same {
	size_t n; /* of @bytes; 0: nothing is kept */
	uint32_t values[8];
	char bytes[64];
};

#define SAME_VALUES(message, first, last)                                                          \
	((offsetof(struct event, message.last) - offsetof(struct event, message.first)) /          \
		 sizeof(uint32_t) + 1)

static inline bool is_same(const struct same *s, const uint32_t *values, size_t n_values) {
	return s->n && !memcmp(values, s->values, n_values * sizeof(*values));
}

static __attribute__((noinline)) void keep_same(struct same *s, const uint32_t *values,
						size_t n_values, const char *from,
						const char *p) {
	memcpy(s->values, values, n_values * sizeof(*values));
	memcpy(s->bytes, from, (size_t)(p - from));
	s->n = (size_t)(p - from);
}

/* --- execs that are known: the RUN rows of field.def ------------------------------------------ */

struct run {
	uint64_t key; /* event.exec_key; 0: nothing is kept here */
	uint64_t has; /* HAS_ANY() of the section */
	uint32_t n;
	char bytes[492];
};

#define RUNS 64 /* a power of two */

static inline bool is_run(const struct run *r, const struct event *e, uint64_t has) {
	return r->key == e->exec_key && r->has == has;
}

static __attribute__((noinline)) void keep_run(struct run *r, const struct event *e, uint64_t has,
					       const char *from, const char *p) {
	if ((size_t)(p - from) > sizeof(r->bytes))
		return;
	r->key = e->exec_key;
	r->has = has;
	r->n = (uint32_t)(p - from);
	memcpy(r->bytes, from, r->n);
}

/* --- sections: field.def makes put_stamp(), put_machine(), put_deed(), put_process(), … ------- */

#define HAS(id) (has[FIELD_##id / 64] >> FIELD_##id % 64 & 1)
#define HAS_ALL(name)                                                                              \
	(!(~has[0] & FIELD_BITS(name, 0)) && !(~has[1] & FIELD_BITS(name, 1)) &&                   \
	 !(~has[2] & FIELD_BITS(name, 2)) && !(~has[3] & FIELD_BITS(name, 3)) &&                   \
	 !(~has[4] & FIELD_BITS(name, 4)))
_Static_assert(EVENT_HAS_WORDS == 5, "the words that are looked at here");

/* HAS_ANY - also a key: no section has 64 rows, so each row has a bit of its own in it */
#define HAS_ANY(e, section)                                                                        \
	(((e)->has[0] & FIELD_BITS(section, 0)) | ((e)->has[1] & FIELD_BITS(section, 1)) |         \
	 ((e)->has[2] & FIELD_BITS(section, 2)) | ((e)->has[3] & FIELD_BITS(section, 3)) |         \
	 ((e)->has[4] & FIELD_BITS(section, 4)))

#define SECTION(name, number)                                                                      \
	static inline char *put_##name(struct buf *out, char *p, const struct event *e) {          \
		/* copies: for all that the compiler knows, what is written is the event's */      \
		const uint64_t has[EVENT_HAS_WORDS] = { e->has[0], e->has[1], e->has[2],           \
							e->has[3], e->has[4] };                    \
		const uint64_t any = HAS_ANY(e, name);                                             \
                                                                                                   \
		(void)any;
#define SAME(name, message, first, last)                                                           \
	static struct same name;                                                                   \
	const uint32_t *name##_values = &e->message.first;                                         \
	const size_t name##_n = SAME_VALUES(message, first, last);                                 \
	const char *name##_from = p;                                                               \
                                                                                                   \
	_Static_assert(SAME_VALUES(message, first, last) == FIELDS_##name##_END - FIELDS_##name && \
			       SAME_VALUES(message, first, last) <= 8,                             \
		       "one row for each number, and room for all");                               \
	if (HAS_ALL(name) && is_same(&name, name##_values, name##_n)) {                            \
		memcpy(p, name.bytes, sizeof(name.bytes));                                         \
		p += name.n;                                                                       \
	} else {
#define RUN(name)                                                                                  \
	static struct run name##_runs[RUNS];                                                       \
	struct run *name##_run = &name##_runs[e->exec_key % RUNS];                                 \
	size_t name##_at = (size_t)(p - out->data);                                                \
                                                                                                   \
	if (e->exec_key && is_run(name##_run, e, any)) {                                           \
		memcpy(p, name##_run->bytes, name##_run->n);                                       \
		p += name##_run->n;                                                                \
	} else {
#define END_RUN(name)                                                                              \
	if (e->exec_key)                                                                           \
		keep_run(name##_run, e, any, out->data + name##_at, p);                            \
	}
#define TOP(id, number, member, type) p = put_##type(out, p, HAS(id), number, &e->member);
#define FIELD(id, number, message, member, type)                                                   \
	p = put_##type(out, p, HAS(id), number, &e->message.member);
#define END_SAME(name)                                                                             \
	if (HAS_ALL(name))                                                                         \
		keep_same(&name, name##_values, name##_n, name##_from, p);                         \
	}
#define END(name)                                                                                  \
	return p;                                                                                  \
	}
#include "event/field.def"

static unsigned varint_bytes(size_t v) {
	unsigned n = 1;

	while (v > 0x7f) {
		v >>= 7;
		n++;
	}
	return n;
}

static __attribute__((noinline)) char *move_body(char *begin, size_t n, unsigned kept) {
	char *to = begin - kept + varint_bytes(n);

	memmove(to, begin, n);
	(void)put_varint(begin - kept, n);
	return to + n;
}

/*
 * close_body - writes the length of the body that ends at @p into the @kept (1 or 2) bytes before
 * @body: where it begins, in @out; gives where it ends now
 */
static inline char *close_body(struct buf *out, char *p, size_t body, unsigned kept) {
	char *begin = out->data + body;
	size_t n = (size_t)(p - begin);

	if (__builtin_expect(n > (kept == 1 ? 0x7f : 0x3fff) || (kept == 2 && n <= 0x7f), 0))
		return move_body(begin, n, kept);
	(void)put_varint(begin - kept, n);
	return p;
}

typedef char *put_section(struct buf *out, char *p, const struct event *e);

/* put_message - left out when it has only an empty list: JSON does not show it either */
static inline char *put_message(struct buf *out, char *p, const struct event *e, uint32_t number,
				unsigned kept, put_section *put) {
	size_t start = (size_t)(p - out->data), body;

	p = put_tag(p, number, BYTES) + kept;
	body = (size_t)(p - out->data);
	p = put(out, p, e);
	return p == out->data + body ? out->data + start : close_body(out, p, body, kept);
}

#define NUMBER_detections 23

#define PUT_MESSAGE(out, p, e, name, kept)                                                         \
	(HAS_ANY(e, name) ? put_message(out, p, e, NUMBER_##name, kept, put_##name) : (p))

/* --- what is the same by its key (event.h) --------------------------------------------------- */

#define DOERS 256 /* a power of two, as is the next */
#define PARENTS 64

static struct kept machine;
static struct kept parents[PARENTS];
static struct doer doers[DOERS];
static struct alike alikes[DOERS];

_Static_assert(FIELDS_parent_END <= 64, "one word of event.has is enough");

static char *put_machine_once(struct buf *out, char *p, const struct event *e) {
	uint64_t has = e->has[0] & FIELD_BITS(machine, 0);
	size_t start = (size_t)(p - out->data);

	if (e->host_key && is_kept(&machine, e->host_key, has))
		return copy_kept(p, machine.bytes, machine.n);
	p = put_machine(out, p, e);
	if (e->host_key)
		keep(&machine, e->host_key, has, out->data + start, p);
	return p;
}

static char *put_parent_once(struct buf *out, char *p, const struct event *e) {
	uint64_t has = e->has[0] & FIELD_BITS(parent, 0);
	struct kept *k = &parents[(e->parent_key + (has >> FIELD_PARENT_COMMAND_LINE)) % PARENTS];
	size_t start = (size_t)(p - out->data);

	if (e->parent_key && is_kept(k, e->parent_key, has))
		return copy_kept(p, k->bytes, k->n);
	p = PUT_MESSAGE(out, p, e, parent, 1);
	if (e->parent_key)
		keep(k, e->parent_key, has, out->data + start, p);
	return p;
}

_Static_assert(sizeof(((struct kept_long *)0)->bytes) <=
		       (FIELDS_container_END - FIELDS_container) * ROW_SHORT_BYTES,
	       "what is kept of a container needs no room but what was reserved");

static struct kept_long container_kept[PARENTS];
static struct kept_long lineage_kept[DOERS];

static char *put_container_once(struct buf *out, char *p, const struct event *e) {
	uint64_t has = HAS_ANY(e, container);
	struct kept_long *k = &container_kept[e->container_key % PARENTS];
	size_t start = (size_t)(p - out->data);

	if (e->container_key && is_kept_long(k, e->container_key, has)) {
		memcpy(p, k->bytes, k->n); /* its rows' room is there */
		return p + k->n;
	}
	if (event_has(e, FIELD_CONTAINER_IMAGE)) /* it has names, which take more than 127 bytes */
		p = PUT_MESSAGE(out, p, e, container, 2);
	else
		p = PUT_MESSAGE(out, p, e, container, 1);
	if (e->container_key)
		keep_long(k, e->container_key, has, out->data + start, p);
	return p;
}

/* put_lineage_once - children of one process share a key */
static char *put_lineage_once(struct buf *out, char *p, const struct event *e) {
	uint64_t has = HAS_ANY(e, lineage);
	struct kept_long *k = &lineage_kept[e->lineage_key % DOERS];
	size_t start = (size_t)(p - out->data);

	if (e->lineage_key && is_kept_long(k, e->lineage_key, has))
		return copy_kept(p, k->bytes, k->n);
	p = PUT_MESSAGE(out, p, e, lineage, 2);
	if (e->lineage_key)
		keep_long(k, e->lineage_key, has, out->data + start, p);
	return p;
}

static inline char *put_ids(struct buf *out, char *p, const struct event *e) {
	p = put_STR(out, p, true, NUMBER_PROCESS_ENTITY_ID, &e->process.entity_id);
	p = put_U32(out, p, true, NUMBER_PROCESS_PID, &e->process.pid);
	p = put_U32(out, p, true, NUMBER_PROCESS_TID, &e->process.tid);
	return put_FIXED64(out, p, true, NUMBER_PROCESS_START_NS, &e->process.start_ns);
}

static inline char *put_ns_tgid(struct buf *out, char *p, const struct event *e, uint64_t has) {
	return put_U32(out, p, has & FIELD_BIT(PROCESS_NS_TGID), NUMBER_PROCESS_NS_TGID,
		       &e->process.ns_tgid);
}

static __attribute__((noinline)) char *put_alike_first(struct buf *out, char *p,
						       const struct event *e, uint64_t has,
						       struct alike *a) {
	size_t start = (size_t)(p - out->data), ids, own, behind;
	char scratch[128];
	const char *body;

	if (event_has(e, FIELD_PROCESS_EGID)) /* it is told in full */
		p = PUT_MESSAGE(out, p, e, process, 2);
	else
		p = PUT_MESSAGE(out, p, e, process, 1);
	if (!e->look_key || !can_be_alike(e, has))
		return p;
	ids = (size_t)(put_ids(out, scratch, e) - scratch);
	own = (size_t)(put_ns_tgid(out, scratch, e, has) - scratch);
	behind = (size_t)(put_U64(out, scratch, has & FIELD_BIT(PROCESS_CGROUP_ID),
				  NUMBER_PROCESS_CGROUP_ID, &e->process.cgroup_id) -
			  scratch);
	body = out->data + start + TAG_BYTES(NUMBER_process);
	while (*body++ & 0x80) /* the length */
		;
	keep_alike(a, e, has, body, (size_t)(p - body), ids, own, behind);
	return p;
}

/* put_process_once - `process`, most of which it has in common with all that look like it */
static inline char *put_process_once(struct buf *out, char *p, const struct event *e) {
	uint64_t has = e->has[0] & FIELD_BITS(process, 0);
	struct alike *a = &alikes[e->look_key % DOERS];
	size_t body;

	if (!e->look_key || !is_alike(a, e, has))
		return put_alike_first(out, p, e, has, a);
	p = put_tag(p, NUMBER_process, BYTES) + a->head;
	body = (size_t)(p - out->data);
	p = put_ids(out, p, e);
	p = copy_kept(p, a->bytes, a->n);
	p = put_ns_tgid(out, p, e, has);
	memcpy(p, a->behind, sizeof(a->behind));
	return close_body(out, p + a->n_behind, body, a->head);
}

/*
 * put_doer - who did it, and its parent
 * Not worth keeping: what a process does last, and a fork, mostly followed by an exec; where it is
 * not, the next deed keeps it.
 */
static char *put_doer(struct buf *out, char *p, const struct event *e) {
	uint64_t has = e->has[0] & (FIELD_BITS(process, 0) | FIELD_BITS(parent, 0));
	size_t start = (size_t)(p - out->data);
	struct doer *d = NULL;

	if (e->process_key && e->parent_key && e->kind != WIRE_PROCESS_EXIT &&
	    e->kind != WIRE_PROCESS_FORK) {
		d = &doers[(e->process_key + e->process.tid) % DOERS];
		if (is_doer(d, e, has)) {
			memcpy(p, d->bytes, d->n);
			return p + d->n;
		}
	}
	p = put_process_once(out, p, e);
	p = put_parent_once(out, p, e);
	if (d)
		keep_doer(d, e, has, out->data + start, p);
	return p;
}

/* --- the event -------------------------------------------------------------------------------- */

static char *put_detection(struct buf *out, char *p, const struct detection *d) {
	p = put_STR(out, p, d->rule_id.s, 1, &d->rule_id);
	p = put_STR(out, p, d->title.s, 2, &d->title);
	p = put_ENUM(out, p, d->level, 3, &d->level);
	p = put_STRV(out, p, true, 4, &d->tags);
	p = put_STR(out, p, d->author.s, 5, &d->author);
	p = put_STRV(out, p, true, 6, &d->matched);
	p = put_ENUM(out, p, d->evidence, 7, &d->evidence);
	p = put_STRV(out, p, true, 8, &d->events);
	return put_STRV(out, p, true, 9, &d->group);
}

static __attribute__((noinline)) char *put_detections(struct buf *out, char *p,
						      const struct event *e) {
	for (uint32_t i = 0; i < e->n_detections; i++) {
		char *to = room(out, p, 0);
		size_t body;

		if (!to)
			return p;
		p = put_tag(to, NUMBER_detections, BYTES) + 1;
		body = (size_t)(p - out->data);
		p = put_detection(out, p, &e->detections[i]);
		p = close_body(out, p, body, 1);
	}
	return p;
}

/*
 * put_messages - what was done: every message of field.def whose number lies in between
 * Not called: each becomes a look at its bits, and the numbers of the others are gone at build.
 */
static inline __attribute__((always_inline)) char *put_messages(struct buf *out, char *p,
								const struct event *e,
								int after, int before) {
#define SECTION(name, number)                                                                      \
	if (number > after && number < before)                                                     \
		p = PUT_MESSAGE(out, p, e, name, 1);
#include "event/field.def"
	return p;
}

/* has_from - whether it has any field from @id on; most events end before the later messages */
static inline bool has_from(const struct event *e, unsigned id) {
	return (e->has[0] & ~field_below(id, 0)) | (e->has[1] & ~field_below(id, 1)) |
	       (e->has[2] & ~field_below(id, 2)) | (e->has[3] & ~field_below(id, 3)) |
	       (e->has[4] & ~field_below(id, 4));
}

static __attribute__((noinline)) void put_event(struct buf *out, const struct event *e) {
	size_t start = out->len;
	char *p = buf_room(out, EVENT_SHORT_BYTES);

	if (!p)
		return;
	p = put_stamp(out, p + 2, e);
	p = put_machine_once(out, p, e);
	p = put_deed(out, p, e);
	p = put_doer(out, p, e);
	p = put_messages(out, p, e, NUMBER_parent, NUMBER_detections);
	if (e->n_detections)
		p = put_detections(out, p, e);
	if (HAS_ANY(e, container))
		p = put_container_once(out, p, e);
	if (HAS_ANY(e, lineage))
		p = put_lineage_once(out, p, e);
	if (has_from(e, FIELDS_lineage_END))
		p = put_messages(out, p, e, NUMBER_lineage, INT32_MAX);
	p = close_body(out, p, start + 2, 2);
	out->len = buf_error(out) ? start : (size_t)(p - out->data);
}

void encode_proto(struct buf *out, const struct event *e) {
	bool like = e->twin_key && !e->n_detections;
	size_t start = out->len;

	if (like && encode_twin(out, e))
		return;
	put_event(out, e);
	if (like && out->len > start)
		twin_keep(e, out->data + start, out->len - start);
}
