/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pack.h - segments that wait long, or are kept, are made small, by a process nobody waits for
 *
 * The packer writes CLASS-FIRST.packed beside the segment; the writer, which alone gives and takes
 * the names of segments, puts it in the segment's place (spool_tend()).
 */
#ifndef LAPWING_SPOOL_PACK_H
#define LAPWING_SPOOL_PACK_H

#include <stdint.h>

/*
 * pack_one - packs the oldest segment of @folder that is whole, not packed, and @min_age_s old
 * 1: one was packed; 0: there is none; -errno.
 */
int pack_one(const char *folder, uint32_t min_age_s);

#endif
