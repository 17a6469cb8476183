/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ring.h - one BPF ring buffer, read in place
 *
 * libbpf's reader hands records over ring by ring; the corridor wants both
 * rings in the order of time, which needs a look at a record before taking it.
 * Kernel: kernel/bpf/ringbuf.c; the data pages are mapped twice in a row, so a
 * record never wraps.
 */
#ifndef LAPWING_RING_H
#define LAPWING_RING_H

#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>

struct ring {
	int fd; /* borrowed */
	size_t size, page;
	unsigned long *consumer;
	const unsigned long *producer;
	const char *data;
};

/* ring_open - maps the ring behind @fd of @size bytes; -errno */
int ring_open(struct ring *r, int fd, size_t size);

void ring_done(struct ring *r);

/* ring_first - ring_peek() where the first record was given up by its hook */
const void *ring_first(struct ring *r, uint32_t *ret_len);

/* ring_peek - the oldest record, or NULL when there is none or it is still being written */
static inline const void *ring_peek(struct ring *r, uint32_t *ret_len) {
	unsigned long at = *r->consumer;
	const char *head = r->data + (at & (r->size - 1));
	uint32_t len;

	if (at >= __atomic_load_n(r->producer, __ATOMIC_ACQUIRE))
		return NULL;
	len = __atomic_load_n((const uint32_t *)head, __ATOMIC_ACQUIRE);
	if (len & (BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT))
		return ring_first(r, ret_len);
	*ret_len = len;
	return head + BPF_RINGBUF_HDR_SZ;
}

/* ring_next - gives the record of the last ring_peek() back to the kernel */
static inline void ring_next(struct ring *r, uint32_t len) {
	size_t padded = ((size_t)len + BPF_RINGBUF_HDR_SZ + 7) & ~(size_t)7;

	__atomic_store_n(r->consumer, *r->consumer + padded, __ATOMIC_RELEASE);
}

#endif
