/* SPDX-License-Identifier: Apache-2.0 */
/*
 * progress.h - how far long work has come: a bar on a terminal, a line now and then elsewhere
 *
 * Work that ends within a second says nothing. A bar is wiped away at the end, so that what the
 * work has to say stands alone.
 */
#ifndef LAPWING_PROGRESS_H
#define LAPWING_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#define PROGRESS_FIRST_NS 1000000000ull
#define PROGRESS_BAR_NS 200000000ull
#define PROGRESS_LINE_NS 10000000000ull

struct progress {
	const char *what; /* borrowed */
	uint64_t total;
	uint64_t began_ns, next_ns;
	uint32_t calls; /* the clock is read at every 64th */
	int fd;
	bool bar, shown;
};

/*
 * progress_begin - @what of @total units (bytes, events) is about to be done; told to @fd
 * NO_COLOR has no say in it: a bar has no color. TERM=dumb: lines.
 */
void progress_begin(struct progress *p, int fd, const char *what, uint64_t total);

/* progress_at - @done units are behind us */
void progress_at(struct progress *p, uint64_t done);

/* progress_tell - the same at the time @now_ns (CLOCK_MONOTONIC), whoever counts the calls */
void progress_tell(struct progress *p, uint64_t done, uint64_t now_ns);

void progress_end(struct progress *p);

#endif
