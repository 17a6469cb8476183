/* SPDX-License-Identifier: Apache-2.0 */
#include "base/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define WIDTH 40
#define CALLS 64

void progress_begin(struct progress *p, int fd, const char *what, uint64_t total) {
	const char *term = getenv("TERM");

	*p = (struct progress){ .what = what,
				.total = total,
				.fd = fd,
				.began_ns = clock_ns(CLOCK_MONOTONIC),
				.bar = isatty(fd) == 1 && term && strcmp(term, "dumb") != 0 };
	p->next_ns = p->began_ns + (p->bar ? PROGRESS_FIRST_NS : PROGRESS_LINE_NS);
}

void progress_tell(struct progress *p, uint64_t done, uint64_t now_ns) {
	char line[160], bar[WIDTH + 1], left[32] = "";
	unsigned percent;
	int n;

	if (!p->total || now_ns < p->next_ns)
		return;
	done = done < p->total ? done : p->total;
	percent = (unsigned)((double)done * 100 / (double)p->total);
	if (done)
		(void)snprintf(left, sizeof(left), p->bar ? ", %.0f s left" : ", some %.0f s left",
			       (double)(now_ns - p->began_ns) / (double)done *
				       (double)(p->total - done) / 1e9);
	memset(bar, '.', WIDTH);
	memset(bar, '#', percent * WIDTH / 100);
	bar[WIDTH] = '\0';
	if (p->bar)
		n = snprintf(line, sizeof(line), "\r%.40s [%s] %3u %%%s \x1b[K", p->what, bar,
			     percent, left);
	else
		n = snprintf(line, sizeof(line), "%.40s: %u %%%s\n", p->what, percent, left);
	/* that nobody can be told is no fault of the work */
	(void)!write(p->fd, line, (size_t)n);
	p->shown = true;
	p->next_ns = now_ns + (p->bar ? PROGRESS_BAR_NS : PROGRESS_LINE_NS);
}

void progress_at(struct progress *p, uint64_t done) {
	if (p->calls++ % CALLS == 0)
		progress_tell(p, done, clock_ns(CLOCK_MONOTONIC));
}

void progress_end(struct progress *p) {
	if (p->bar && p->shown)
		(void)!write(p->fd, "\r\x1b[K", 4);
	p->total = 0;
}
