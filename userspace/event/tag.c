/* SPDX-License-Identifier: Apache-2.0 */
#include "event/tag.h"

#include "proto/event.pb-c.h"

unsigned event_wire(uint64_t tag) {
	const ProtobufCMessageDescriptor *event = &lapwing__v1__event__descriptor;
	const ProtobufCFieldDescriptor *f = NULL;

	if (tag >> 3 <= UINT32_MAX)
		f = protobuf_c_message_descriptor_get_field(event, (unsigned)(tag >> 3));
	if (!f)
		return EVENT_NO_WIRE;
	if (f->flags & PROTOBUF_C_FIELD_FLAG_PACKED)
		return 2;
	switch (f->type) {
	case PROTOBUF_C_TYPE_FIXED64:
		return 1;
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_MESSAGE:
		return 2;
	default:
		return 0;
	}
}
