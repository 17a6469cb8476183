/* SPDX-License-Identifier: Apache-2.0 */
#include "encode/twin.h"

#include <assert.h>

#include "base/varint.h"
#include "encode/encode.h"
#include "encode/put.h"

#define MOULDS 256 /* a power of two */
#define MOULD_BYTES 1000
#define WORD_BYTES 8

/* Where values of FIELD_OWN stand; of a text its first byte. In the order in which they stand. */
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

/*
 * Numbers that take as many bytes, @n of them from @first on; and the 8 bytes from where one is
 * written: the bits that say "more follows", 0 where the value's bits go, and what is behind it.
 */
struct number {
	uint64_t first, n, word;
};

/* An event as it was written, in which another one's own values can be put. */
struct mould {
	uint64_t key; /* 0: none is kept here */
	struct number seq, cpu_seq, pid, tid, ns_tgid, run_ns;
	uint32_t id_n, entity_id_n; /* bytes */
	uint16_t at[OWNS]; /* in @bytes; 0: it has none */
	uint16_t n;
	bool wide; /* one of the numbers is past SPREAD_BITS */
	char bytes[MOULD_BYTES + WORD_BYTES]; /* past @n 0 */
};

static struct mould moulds[MOULDS];

static inline bool within(const struct number *x, uint64_t v) {
	return v - x->first < x->n;
}

/* place - of those that end, by how long they ran, which differs most */
static inline struct mould *place(const struct event *e) {
	unsigned ran = event_has(e, FIELD_EXIT_RUN_NS) ? varint_n(e->exit.run_ns) : 0;

	return &moulds[(e->twin_key + ran) % MOULDS];
}

/* is_like - whether all that is @e's own takes as many bytes as in @t */
static inline bool is_like(const struct mould *t, const struct event *e) {
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

/*
 * spread - the bits of @v, below 2^SPREAD_BITS, as a varint has them: seven in each byte
 * First fourteen in each half, then seven; what moves by n bits is added 2^n - 1 times more.
 */
static inline uint64_t spread(uint64_t v) {
	v += (v & 0xfffc000) * 3;
	return v + (v & 0x3f803f80);
}
#define SPREAD_BITS 28

/* set_number - @v, of which @bits are spread(); @wide: it is past what that takes */
static inline void set_number(char *p, const struct number *x, uint64_t v, uint64_t bits,
			      bool wide) {
	if (wide)
		(void)put_varint(p, v);
	else
		set_fixed(p, x->word | bits);
}

/*
 * set_own - over the values of its twin at @p
 * One after the other as they stand, for a number that is not @wide is written with what is behind.
 */
static inline __attribute__((always_inline)) void set_own(char *p, const struct mould *t,
							  const struct event *e, bool wide) {
	const struct event_process *by = &e->process;
	uint64_t pid = spread(by->pid);
	/* they mostly are the same number */
	uint64_t tid = by->tid == by->pid ? pid : spread(by->tid);

	set_text(p + t->at[OWN_ID], e->id);
	set_number(p + t->at[OWN_SEQ], &t->seq, e->seq, spread(e->seq), wide);
	set_fixed(p + t->at[OWN_TIME_NS], e->time_ns);
	set_fixed(p + t->at[OWN_BOOT_NS], e->boot_ns);
	set_number(p + t->at[OWN_CPU_SEQ], &t->cpu_seq, e->cpu_seq, spread(e->cpu_seq), wide);
	set_text(p + t->at[OWN_ENTITY_ID], by->entity_id);
	set_number(p + t->at[OWN_PID], &t->pid, by->pid, pid, wide);
	set_number(p + t->at[OWN_TID], &t->tid, by->tid, tid, wide);
	set_fixed(p + t->at[OWN_START_NS], by->start_ns);
	if (t->at[OWN_NS_TGID])
		set_number(p + t->at[OWN_NS_TGID], &t->ns_tgid, by->ns_tgid,
			   by->ns_tgid == by->pid ? pid : spread(by->ns_tgid), wide);
	if (t->at[OWN_RUN_NS])
		set_number(p + t->at[OWN_RUN_NS], &t->run_ns, e->exit.run_ns,
			   spread(e->exit.run_ns), wide);
}

/* cast - encode_twin() from @t, if it fits; not inlined, so that @t stays in a register */
static __attribute__((noinline)) bool cast(struct buf *out, const struct mould *t,
					   const struct event *e) {
	char *p;

	if (!is_like(t, e))
		return false;
	p = buf_room(out, t->n + WORD_BYTES);
	if (!p)
		return false;
	memcpy(p, t->bytes, t->n);
	out->len += t->n;
	if (__builtin_expect(t->wide, 0))
		set_own(p, t, e, true);
	else
		set_own(p, t, e, false);
	return true;
}

bool encode_twin(struct buf *out, const struct event *e) {
	return cast(out, place(e), e);
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
static void find_own(struct mould *t, uint32_t within, const char *p, const char *end) {
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

/* keep_number - @v, which stands at @at; 0: it is not there */
static void keep_number(struct mould *t, struct number *x, uint16_t at, uint64_t v) {
	unsigned bytes = varint_n(v), bits = 7 * bytes;

	if (!at)
		return;
	x->first = bytes > 1 ? 1ull << (bits - 7) : 0;
	x->n = (bits < 64 ? 1ull << bits : 0) - x->first;
	if (bits > SPREAD_BITS) {
		t->wide = true;
		return;
	}
	memcpy(&x->word, t->bytes + at, sizeof(x->word));
	x->word &= ~spread((1u << bits) - 1);
}

static bool in_order(const struct mould *t) {
	uint16_t last = 0;

	for (enum own i = 0; i < OWNS; i++) {
		if (t->at[i] && t->at[i] <= last)
			return false;
		last = t->at[i] ?: last;
	}
	return true;
}

void twin_keep(const struct event *e, const char *from, size_t n) {
	struct mould *t = place(e);
	uint64_t length;

	if (n > MOULD_BYTES || !is_whole(e))
		return;
	*t = (struct mould){ .key = e->twin_key,
			     .id_n = e->id.n,
			     .entity_id_n = e->process.entity_id.n,
			     .n = (uint16_t)n };
	memcpy(t->bytes, from, n);
	find_own(t, 0, t->bytes + varint_get(from, n, &length), t->bytes + n);
	assert(in_order(t)); /* as set_own() writes them; proto.c goes by their numbers */
	keep_number(t, &t->seq, t->at[OWN_SEQ], e->seq);
	keep_number(t, &t->cpu_seq, t->at[OWN_CPU_SEQ], e->cpu_seq);
	keep_number(t, &t->pid, t->at[OWN_PID], e->process.pid);
	keep_number(t, &t->tid, t->at[OWN_TID], e->process.tid);
	keep_number(t, &t->ns_tgid, t->at[OWN_NS_TGID], e->process.ns_tgid);
	keep_number(t, &t->run_ns, t->at[OWN_RUN_NS], e->exit.run_ns);
}
