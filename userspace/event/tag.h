/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tag.h - what stands before each field of an event in protobuf, from event.proto
 */
#ifndef LAPWING_EVENT_TAG_H
#define LAPWING_EVENT_TAG_H

#include <stdint.h>

#define EVENT_TAG_BYTES 2 /* of any field of an event's own, at most */
#define EVENT_NO_WIRE 8	  /* no wire type */

/* event_wire - the wire type of the event's own field with @tag's number; EVENT_NO_WIRE: none */
unsigned event_wire(uint64_t tag);

#endif
