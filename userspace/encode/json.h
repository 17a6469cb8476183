/* SPDX-License-Identifier: Apache-2.0 */
/* json.h - pieces of JSON that every document of this room is made of */
#ifndef LAPWING_JSON_H
#define LAPWING_JSON_H

#include "base/buf.h"
#include "encode/schema.h"

/* json_value - the member at @at, of which @of is the row, as native JSON has it */
void json_value(struct buf *out, const struct schema_row *of, const void *at);

/* json_key - the comma that is due, and the key; @key needs no escape */
void json_key(struct buf *out, const char *key, uint32_t key_n);

/* json_detection - one object of a native event's "detections" */
void json_detection(struct buf *out, const struct detection *d);

#endif
