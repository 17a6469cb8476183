/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ahead.h - families that are loaded by a thread while others are
 *
 * Most of a start is the kernel's verifier, and each program is verified on one CPU. What is loaded
 * ahead goes by what was known when it began; where that has changed, it is loaded anew.
 */
#ifndef LAPWING_AHEAD_H
#define LAPWING_AHEAD_H

#include <pthread.h>

#include "probe/probe_impl.h"

struct ahead {
	pthread_t thread;
	bool runs;
	const enum deed_family *which;
	size_t n;
	struct probe_options options; /* these four as they were */
	struct family_choice choice;
	struct family_maps maps;
	struct knobs knobs;
	struct family families[DEED_FAMILIES];
};

/*
 * ahead_begin - begins to load @n families, if there is a second CPU for it
 * @which: borrowed until ahead_end(). Of the others ahead_take() gives nothing.
 */
void ahead_begin(struct ahead *a, const struct probe *p, const enum deed_family *which, size_t n,
		 const struct knobs *knobs);

/* ahead_end - waits for it */
void ahead_end(struct ahead *a);

/* ahead_take - @which is @p's if it was loaded and can be used, for family_load() */
void ahead_take(struct ahead *a, struct probe *p, enum deed_family which);

#endif
