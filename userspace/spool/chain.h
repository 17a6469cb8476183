/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chain.h - a keyed hash over each record and all before it; for this room only
 *
 * Whoever has not the key can neither change, remove nor reorder records of a class without its
 * next tag telling. Keyed BLAKE2b of 32 bytes.
 */
#ifndef LAPWING_SPOOL_CHAIN_H
#define LAPWING_SPOOL_CHAIN_H

#include "spool/segment.h"

/* chain_next - makes of @tag, that of the record before, the one of @r and its payload */
void chain_next(const uint8_t key[SPOOL_KEY_BYTES], uint8_t tag[SEGMENT_TAG_BYTES],
		const struct segment_record *r);

/* chain_wipe - so that no key is left in memory */
void chain_wipe(uint8_t key[SPOOL_KEY_BYTES]);

#endif
