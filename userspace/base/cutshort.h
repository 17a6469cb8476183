/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cutshort.h - reading a mapped file that somebody may cut short meanwhile
 *
 * Pages of it that are no more are a SIGBUS. Between begin and end they read as zeros instead, and
 * are counted: whoever reads must then believe nothing of what it read. Not for a page that
 * processes share, where what is written would go nowhere. One thread, and not one in the other.
 */
#ifndef LAPWING_CUTSHORT_H
#define LAPWING_CUTSHORT_H

void cutshort_begin(void);

/* cutshort_end - how many pages were no more */
unsigned cutshort_end(void);

#endif
