/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * args.h - the arguments of an exec, whole or by both their ends
 *
 * Up to WIRE_ARGS_BYTES they stand in the record that is built anyway. Longer
 * ones, up to WIRE_ARGS_WHOLE, move the record to one of a few long slots. Of
 * what is longer still the head and the tail are kept: padding in front is how
 * arguments are hidden from those who look at the head alone. When no long slot
 * is free, or the ring is half full, the head and the tail are short ones:
 * however long its arguments, no exec shall push another out of the ring.
 */
#ifndef LAPWING_ARGS_H
#define LAPWING_ARGS_H

#include "emit.h"

#define ARGS_SLOTS 4

/* A place for one long record; any CPU may hold any of them. */
struct args_slot {
	__u32 busy;
	__u32 pad;
	char rec[WIRE_RECORD_BYTES];
};

/* Written and read by process_exec. All taken: the arguments are cut, which is told. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ARGS_SLOTS);
	__type(key, __u32);
	__type(value, struct args_slot);
} args_slots SEC(".maps");

static __always_inline struct args_slot *args_claim(void) {
	for (__u32 i = 0; i < ARGS_SLOTS; i++) {
		__u32 key = i;
		struct args_slot *s = bpf_map_lookup_elem(&args_slots, &key);

		if (s && __sync_val_compare_and_swap(&s->busy, 0, 1) == 0)
			return s;
	}
	return NULL;
}

static __always_inline void args_release(struct args_slot *s) {
	/* an exchange, for its barrier: the next holder may be on another CPU */
	__sync_val_compare_and_swap(&s->busy, 1, 0);
}

/* args_ends - @part bytes of the head, and of the tail, of @n, at @to; false: unreadable */
static __always_inline bool args_ends(char *to, unsigned long start, __u32 n, __u32 part) {
	return !bpf_probe_read_user(to, part, (const void *)start) &&
	       !bpf_probe_read_user(to + part, part, (const void *)(start + n - part));
}

/* args_short - what fits the record itself */
static __always_inline void args_short(struct slot *s, struct wire_process_exec *e,
				       unsigned long start, __u32 n) {
	char *to = emit_room(s, WIRE_ARGS_BYTES);
	bool cut = n > WIRE_ARGS_BYTES, read = false;

	if (to && cut)
		read = args_ends(to, start, n, WIRE_ARGS_BYTES / 2);
	else if (to)
		read = !bpf_probe_read_user(to, n, (const void *)start);
	if (!read) {
		e->head.flags |= WIRE_ARGS_UNREADABLE;
		return;
	}
	e->args.off = s->len;
	e->args.len = cut ? WIRE_ARGS_BYTES : n;
	e->args_head = cut ? WIRE_ARGS_BYTES / 2 : n;
	if (cut)
		e->head.flags |= WIRE_ARGS_CUT;
	s->len += e->args.len;
}

/* args_copy - the record so far and its arguments in @l; its length, or 0: they cannot be read */
static __always_inline __u32 args_copy(struct args_slot *l, const struct slot *s,
				       unsigned long start, __u32 n) {
	struct wire_process_exec *e = (struct wire_process_exec *)l->rec;
	__u32 at = s->len;
	char *to;

	if (at > WIRE_MAX_BYTES || bpf_probe_read_kernel(l->rec, at, s->rec))
		return 0;
	to = l->rec + at;
	e->args.off = at;
	if (n > WIRE_ARGS_WHOLE) {
		if (!args_ends(to, start, n, WIRE_ARGS_WHOLE / 2))
			return 0;
		e->args.len = WIRE_ARGS_WHOLE;
		e->args_head = WIRE_ARGS_WHOLE / 2;
		e->head.flags |= WIRE_ARGS_CUT;
		return at + WIRE_ARGS_WHOLE;
	}
	if (bpf_probe_read_user(to, n, (const void *)start))
		return 0;
	e->args.len = n;
	e->args_head = n;
	return at + n;
}

/* args_long - sends the record by a long slot; false: it is still to be sent, and as it was */
static __always_inline bool args_long(struct slot *s, void *ring, unsigned long start, __u32 n) {
	struct args_slot *l;
	__u32 len;

	if (bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA) >
	    bpf_ringbuf_query(ring, BPF_RB_RING_SIZE) / 2)
		return false;
	l = args_claim();
	if (!l)
		return false;
	len = args_copy(l, s, start, n);
	if (len)
		emit_send(ring, (struct wire_header *)l->rec, len, WIRE_RECORD_BYTES);
	args_release(l);
	return len != 0;
}

/* args_end - ends the record of an exec, @mm's arguments last, and sends it by @ring */
static __always_inline void args_end(struct slot *s, void *ring, const struct mm_struct *mm) {
	struct wire_process_exec *e = (struct wire_process_exec *)s->rec;
	unsigned long start;
	__u32 n;

	if (!mm) {
		emit_end(s, ring);
		return;
	}
	start = mm->arg_start;
	n = (__u32)(mm->arg_end - start);
	e->args_bytes = n;
	if (n > WIRE_ARGS_BYTES && args_long(s, ring, start, n)) {
		emit_release(s);
		return;
	}
	args_short(s, e, start, n);
	emit_end(s, ring);
}

#endif
