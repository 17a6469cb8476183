/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/ring.h"

#include <errno.h>
#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

int ring_open(struct ring *r, int fd, size_t size) {
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *consumer, *producer;

	consumer = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (consumer == MAP_FAILED)
		return -errno;
	producer = mmap(NULL, page + 2 * size, PROT_READ, MAP_SHARED, fd, (off_t)page);
	if (producer == MAP_FAILED) {
		int err = -errno;

		(void)munmap(consumer, page);
		return err;
	}
	/* a fork of this process must not copy the page tables of the rings */
	(void)madvise(consumer, page, MADV_DONTFORK);
	(void)madvise(producer, page + 2 * size, MADV_DONTFORK);
	*r = (struct ring){ .fd = fd,
			    .size = size,
			    .page = page,
			    .consumer = consumer,
			    .producer = producer,
			    .data = (char *)producer + page };
	return 0;
}

void ring_done(struct ring *r) {
	if (!r->consumer)
		return;
	(void)munmap(r->consumer, r->page);
	(void)munmap((void *)r->producer, r->page + 2 * r->size);
	*r = (struct ring){ 0 };
}

const void *ring_first(struct ring *r, uint32_t *ret_len) {
	unsigned long at = *r->consumer;

	while (at < __atomic_load_n(r->producer, __ATOMIC_ACQUIRE)) {
		const char *head = r->data + (at & (r->size - 1));
		uint32_t len = __atomic_load_n((const uint32_t *)head, __ATOMIC_ACQUIRE);

		if (len & BPF_RINGBUF_BUSY_BIT)
			return NULL;
		if (!(len & BPF_RINGBUF_DISCARD_BIT)) {
			*ret_len = len;
			return head + BPF_RINGBUF_HDR_SZ;
		}
		ring_next(r, len & ~BPF_RINGBUF_DISCARD_BIT);
		at = *r->consumer;
	}
	return NULL;
}
