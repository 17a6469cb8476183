/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/ahead.h"

#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <time.h>

static void *run(void *ahead) {
	struct ahead *a = ahead;

	for (size_t i = 0; i < a->n; i++)
		family_ahead(&a->families[a->which[i]], a->which[i], &a->choice, &a->maps,
			     &a->knobs, &a->options);
	return NULL;
}

static bool has_second_cpu(void) {
	cpu_set_t set;

	return !sched_getaffinity(0, sizeof(set), &set) && CPU_COUNT(&set) > 1;
}

void ahead_begin(struct ahead *a, const struct probe *p, const enum deed_family *which, size_t n,
		 const struct knobs *knobs) {
	sigset_t all, was;

	*a = (struct ahead){ .which = which,
			     .n = n,
			     .options = p->options,
			     .choice = p->choice,
			     .maps = p->maps,
			     .knobs = *knobs };
	if (!has_second_cpu())
		return;
	/* what a thread's own arena had at most would stay: malloc_trim() leaves the end of it */
	(void)mallopt(M_ARENA_MAX, 1);
	/* signals are the caller's */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &was);
	a->runs = !pthread_create(&a->thread, NULL, run, a);
	(void)pthread_sigmask(SIG_SETMASK, &was, NULL);
}

/* join - it may take minutes, of which the one who asked to be told is told */
static void join(struct ahead *a) {
	struct timespec until;

	do {
		if (a->options.alive)
			a->options.alive(a->options.step_ctx);
		(void)clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec++;
	} while (pthread_timedjoin_np(a->thread, NULL, &until));
}

void ahead_end(struct ahead *a) {
	if (a->runs)
		join(a);
	a->runs = false;
}

void ahead_take(struct ahead *a, struct probe *p, enum deed_family which) {
	struct family *f = &a->families[which];

	family_settle(f, which, &a->choice, &p->choice, &a->maps, &p->maps);
	p->families[which] = *f;
}
