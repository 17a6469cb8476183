/* SPDX-License-Identifier: Apache-2.0 */
#include "encode/twin.h"

#include "base/varint.h"
#include "encode/encode.h"
#include "encode/put.h"

#define TWINS 256 /* a power of two */
#define TWIN_BYTES 1000

/* Where values of FIELD_OWN stand; of a text its first byte. */
enum own {
	OWN_ID,
	OWN_SEQ,
	OWN_TIME_NS,
	OWN_BOOT_NS,
	OWN_CPU_SEQ,
	OWN_ENTITY_ID,
	OWN_PID,
	OWN_TID,
	OWN_START_NS,
	OWN_NS_TGID,
	OWN_RUN_NS,
	OWNS
};

/* Numbers that take as many bytes, @n of them from @first on. */
struct range {
	uint64_t first, n;
};

struct twin {
	uint64_t key; /* 0: none is kept here */
	struct range seq, cpu_seq, pid, tid, ns_tgid, run_ns;
	uint32_t id_n, entity_id_n; /* bytes */
	uint16_t at[OWNS]; /* in @bytes; 0: it has none */
	uint16_t n;
	char bytes[TWIN_BYTES];
};

static struct twin twins[TWINS];

static inline bool within(const struct range *r, uint64_t v) {
	return v - r->first < r->n;
}

static struct range range_of(uint64_t v) {
	unsigned bits = 7 * varint_n(v);
	uint64_t first = bits > 7 ? 1ull << (bits - 7) : 0;

	return (struct range){ first, (bits < 64 ? 1ull << bits : 0) - first };
}

/* place - of those that end, by how long they ran, which differs most */
static inline struct twin *place(const struct event *e) {
	unsigned ran = event_has(e, FIELD_EXIT_RUN_NS) ? varint_n(e->exit.run_ns) : 0;

	return &twins[(e->twin_key + ran) % TWINS];
}

/* is_like - whether all that is @e's own takes as many bytes as in @t */
static inline bool is_like(const struct twin *t, const struct event *e) {
	return t->key == e->twin_key && within(&t->seq, e->seq) &&
	       within(&t->cpu_seq, e->cpu_seq) && within(&t->pid, e->process.pid) &&
	       within(&t->tid, e->process.tid) &&
	       (!t->at[OWN_NS_TGID] || within(&t->ns_tgid, e->process.ns_tgid)) &&
	       (!t->at[OWN_RUN_NS] || within(&t->run_ns, e->exit.run_ns)) &&
	       t->id_n == e->id.n && t->entity_id_n == e->process.entity_id.n;
}

static inline void set_text(char *p, struct str x) {
	copy_short(p, x.s, x.n);
}

static inline void set_fixed(char *p, uint64_t v) {
	memcpy(p, &v, sizeof(v));
}

/* set_own - over the values of its twin at @p; not inlined, so that @t stays in a register */
static __attribute__((noinline)) void set_own(char *p, const struct twin *t,
					      const struct event *e) {
	set_text(p + t->at[OWN_ID], e->id);
	(void)put_varint(p + t->at[OWN_SEQ], e->seq);
	set_fixed(p + t->at[OWN_TIME_NS], e->time_ns);
	set_fixed(p + t->at[OWN_BOOT_NS], e->boot_ns);
	(void)put_varint(p + t->at[OWN_CPU_SEQ], e->cpu_seq);
	set_text(p + t->at[OWN_ENTITY_ID], e->process.entity_id);
	(void)put_varint(p + t->at[OWN_PID], e->process.pid);
	(void)put_varint(p + t->at[OWN_TID], e->process.tid);
	set_fixed(p + t->at[OWN_START_NS], e->process.start_ns);
	if (t->at[OWN_NS_TGID])
		(void)put_varint(p + t->at[OWN_NS_TGID], e->process.ns_tgid);
	if (t->at[OWN_RUN_NS])
		(void)put_varint(p + t->at[OWN_RUN_NS], e->exit.run_ns);
}

bool encode_twin(struct buf *out, const struct event *e) {
	const struct twin *t = place(e);
	char *p;

	if (!is_like(t, e))
		return false;
	p = buf_room(out, t->n);
	if (!p)
		return false;
	memcpy(p, t->bytes, t->n);
	out->len += t->n;
	set_own(p, t, e);
	return true;
}

/* --- keeping --------------------------------------------------------------------------------- */

/* One member as it was written. */
struct part {
	uint32_t number;
	const char *value; /* behind its length, if it has one */
	const char *end;
};

static struct part part_at(const char *p) {
	struct part x;
	uint64_t tag = 0, n = 0;

	p += varint_get(p, VARINT_MAX_BYTES, &tag);
	x.number = (uint32_t)(tag >> 3);
	x.value = p;
	if ((tag & 7) == FIXED64) {
		x.end = p + 8;
		return x;
	}
	p += varint_get(p, VARINT_MAX_BYTES, &n);
	if ((tag & 7) == BYTES) {
		x.value = p;
		p += n;
	}
	x.end = p;
	return x;
}

/* own_of - which of its own the member @number of the message @within is (0: of the event) */
static enum own own_of(uint32_t within, uint32_t number) {
	static const struct {
		uint32_t within, number;
	} of[OWNS] = {
		[OWN_ID] = { 0, NUMBER_ID },
		[OWN_SEQ] = { 0, NUMBER_SEQ },
		[OWN_TIME_NS] = { 0, NUMBER_TIME_NS },
		[OWN_BOOT_NS] = { 0, NUMBER_BOOT_NS },
		[OWN_CPU_SEQ] = { 0, NUMBER_CPU_SEQ },
		[OWN_ENTITY_ID] = { NUMBER_process, NUMBER_PROCESS_ENTITY_ID },
		[OWN_PID] = { NUMBER_process, NUMBER_PROCESS_PID },
		[OWN_TID] = { NUMBER_process, NUMBER_PROCESS_TID },
		[OWN_START_NS] = { NUMBER_process, NUMBER_PROCESS_START_NS },
		[OWN_NS_TGID] = { NUMBER_process, NUMBER_PROCESS_NS_TGID },
		[OWN_RUN_NS] = { NUMBER_exit, NUMBER_EXIT_RUN_NS },
	};
	enum own i = 0;

	while (i < OWNS && (of[i].within != within || of[i].number != number))
		i++;
	return i;
}

/* find_own - where the event's own values are in the message @within from @p to @end */
static void find_own(struct twin *t, uint32_t within, const char *p, const char *end) {
	for (struct part x; p < end; p = x.end) {
		enum own i;

		x = part_at(p);
		i = own_of(within, x.number);
		if (i < OWNS)
			t->at[i] = (uint16_t)(x.value - t->bytes);
		else if (!within && (x.number == NUMBER_process || x.number == NUMBER_exit))
			find_own(t, x.number, x.value, x.end);
	}
}

/* is_whole - whether it has all that encode_twin() replaces without a look */
static bool is_whole(const struct event *e) {
	for (unsigned w = 0; w < EVENT_HAS_WORDS; w++)
		if (FIELD_OWN(w) & ~e->has[w] & ~FIELD_IN(PROCESS_NS_TGID, w) &
		    ~FIELD_IN(EXIT_RUN_NS, w))
			return false;
	return true;
}

void twin_keep(const struct event *e, const char *from, size_t n) {
	struct twin *t = place(e);
	uint64_t length;

	if (n > TWIN_BYTES || !is_whole(e))
		return;
	*t = (struct twin){ .key = e->twin_key,
			    .seq = range_of(e->seq),
			    .cpu_seq = range_of(e->cpu_seq),
			    .pid = range_of(e->process.pid),
			    .tid = range_of(e->process.tid),
			    .ns_tgid = range_of(event_has(e, FIELD_PROCESS_NS_TGID)
							? e->process.ns_tgid
							: 0),
			    .run_ns = range_of(event_has(e, FIELD_EXIT_RUN_NS) ? e->exit.run_ns
									       : 0),
			    .id_n = e->id.n,
			    .entity_id_n = e->process.entity_id.n,
			    .n = (uint16_t)n };
	memcpy(t->bytes, from, n);
	find_own(t, 0, t->bytes + varint_get(from, n, &length), t->bytes + n);
}
