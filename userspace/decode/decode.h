/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decode.h - record bytes into an event
 *
 * The one reader of proto/wire.h. It trusts nothing in the record: every
 * length and offset is checked, and a record that is short, too long, of an
 * unknown kind or inconsistent is refused whole.
 */
#ifndef LAPWING_DECODE_H
#define LAPWING_DECODE_H

#include <stddef.h>

#include "base/arena.h"
#include "event/event.h"

/*
 * decode_record - the event in the @len bytes at @record
 * @record: 8-byte aligned, borrowed; strings of @ret may point into it
 * @arena: holds what has to be built: paths, lists, escaped text
 *
 * Resets @ret, fills what the record says and nothing else; who the process is in full is
 * enrich/'s work. Addresses are kept as text and lent until the next call, so this is
 * not for two threads at once. 0, -EBADMSG (malformed; @ret untouched) or -ENOMEM.
 */
int decode_record(const void *record, size_t len, struct arena *arena, struct event *ret);

/*
 * decode_lean - the same, but an exec that says what one before it said is not copied
 * Of its `exec` and `process` only that is there which the header and struct wire_spaces have, and
 * the cgroup, until event_take(). All of it is marked.
 */
int decode_lean(const void *record, size_t len, struct arena *arena, struct event *ret);

/* decode_hook_name - "lsm/file_open" for a number of enum wire_hook; absent for none */
extern const struct str decode_hooks[WIRE_HOOK_MAX];

static inline struct str decode_hook_name(uint32_t hook) {
	return hook < WIRE_HOOK_MAX ? decode_hooks[hook] : (struct str){ 0 };
}

#endif
