/* SPDX-License-Identifier: Apache-2.0 */
/*
 * community.h - Community ID: one name for a flow, whichever end or sensor saw it
 *
 * Version 1 of https://github.com/corelight/community-id-spec, seed 0:
 * "1:" and the base64 of a SHA-1 over both ends, the lesser first.
 */
#ifndef LAPWING_DECODE_COMMUNITY_H
#define LAPWING_DECODE_COMMUNITY_H

#include "base/str.h"
#include "wire.h"

/*
 * community_id - the id of a TCP or UDP flow of which both ends are known
 * Absent when the library refuses SHA-1. Borrowed until the next call.
 */
struct str community_id(const struct wire_net *w);

#endif
