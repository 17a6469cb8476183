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

/* ring_peek - the oldest record, or NULL when there is none or it is still being written */
const void *ring_peek(struct ring *r, uint32_t *ret_len);

/* ring_next - gives the record of the last ring_peek() back to the kernel */
void ring_next(struct ring *r, uint32_t len);

#endif
