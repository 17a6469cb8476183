/* SPDX-License-Identifier: Apache-2.0 */
#include "spool/head.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct pair {
	_Atomic uint64_t value, inverted;
};

struct page {
	struct pair seq, end[SPOOL_CLASSES];
	_Atomic uint32_t tick;
	_Atomic uint32_t waiting; /* readers that may sleep; at worst too many */
};

struct head {
	struct page *page;
};

int head_open(int dir, bool writer, struct head **ret) {
	int make = writer ? O_CREAT : 0;
	int fd = openat(dir, "head", O_RDWR | O_CLOEXEC | O_NOFOLLOW | make, 0600);
	struct head *h = calloc(1, sizeof(*h));
	struct stat st;
	int err = 0;

	if (fd < 0 || !h)
		err = fd < 0 ? -errno : -ENOMEM;
	else if (fstat(fd, &st))
		err = -errno;
	else if (st.st_size < (off_t)sizeof(struct page))
		/* with a block of its own: a page without room is a SIGBUS when it is written */
		err = writer ? -posix_fallocate(fd, 0, sizeof(struct page)) : -EBADMSG;
	if (!err) {
		h->page = mmap(NULL, sizeof(struct page), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			       0);
		if (h->page == MAP_FAILED) {
			err = -errno;
			h->page = NULL;
		}
	}
	if (fd >= 0)
		(void)close(fd);
	if (err)
		head_free(h);
	else
		*ret = h;
	return err;
}

void head_free(struct head *h) {
	if (h && h->page)
		(void)munmap(h->page, sizeof(struct page));
	free(h);
}

static uint64_t load(const struct pair *p, bool *whole) {
	uint64_t value = atomic_load(&p->value), inverted = atomic_load(&p->inverted);

	/* a store that is under way: the value is there first */
	for (int i = 0; i < 1000 && value != ~inverted; i++) {
		value = atomic_load(&p->value);
		inverted = atomic_load(&p->inverted);
	}
	/* a new file is all zeros */
	*whole &= value == ~inverted || (!value && !inverted);
	return value;
}

static void store(struct pair *p, uint64_t value) {
	atomic_store(&p->value, value);
	atomic_store(&p->inverted, ~value);
}

bool head_load(struct head *h, struct head_state *ret) {
	bool whole = true;

	/* in the reverse order of the store: the ends are then at least those of this seq */
	ret->seq = load(&h->page->seq, &whole);
	for (int i = 0; i < SPOOL_CLASSES; i++)
		ret->end[i] = load(&h->page->end[i], &whole);
	return whole;
}

void head_store(struct head *h, const struct head_state *state) {
	for (int i = 0; i < SPOOL_CLASSES; i++)
		store(&h->page->end[i], state->end[i]);
	store(&h->page->seq, state->seq);
	atomic_fetch_add(&h->page->tick, 1);
	if (atomic_exchange(&h->page->waiting, 0))
		(void)syscall(SYS_futex, &h->page->tick, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

uint32_t head_tick(struct head *h) {
	return atomic_load(&h->page->tick);
}

void head_wait(struct head *h, uint32_t tick, uint32_t ms) {
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	atomic_store(&h->page->waiting, 1);
	(void)syscall(SYS_futex, &h->page->tick, FUTEX_WAIT, tick, &t, NULL, 0);
}
