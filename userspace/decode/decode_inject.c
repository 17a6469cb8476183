/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/reader.h"
#include "event/field.h"

static void set_access(const struct wire_inject *w, struct event *e) {
	if (w->target_tgid) {
		EVENT_SET(e, TARGET_PID, target.pid, w->target_tgid);
		EVENT_SET(e, TARGET_START_NS, target.start_ns, w->target_start_ns);
	} else {
		event_degrade(e, DEGRADED_TARGET_UNKNOWN);
	}
	if (w->call)
		EVENT_SET(e, INJECT_CALL, inject.call, w->call);
	if (w->head.kind == WIRE_INJECT_PTRACE || w->head.kind == WIRE_INJECT_GETFD)
		EVENT_SET(e, INJECT_REQUEST, inject.request, w->request);
	if (w->bytes)
		EVENT_SET(e, INJECT_BYTES, inject.bytes, w->bytes);
}

static void set_memory(const struct wire_inject *w, struct event *e) {
	EVENT_SET(e, INJECT_PROTECTION, inject.protection, w->protection);
	if (w->old_protection)
		EVENT_SET(e, INJECT_OLD_PROTECTION, inject.old_protection, w->old_protection);
	if (w->memory)
		EVENT_SET(e, INJECT_MEMORY, inject.memory, w->memory);
	if (w->address)
		EVENT_SET(e, INJECT_ADDRESS, inject.address, w->address);
	if (w->bytes)
		EVENT_SET(e, INJECT_BYTES, inject.bytes, w->bytes);
}

int decode_inject(struct reader *r, struct event *ret) {
	const struct wire_inject *w = (const void *)r->head;
	struct str path = reader_path(r, &w->path), name = reader_text(r, w->name);
	int error = reader_commit(r, ret);

	if (error)
		return error;
	EVENT_SET_STR(ret, INJECT_PATH, inject.path, path);
	EVENT_SET_STR(ret, INJECT_NAME, inject.name, name);
	switch (w->head.kind) {
	case WIRE_INJECT_EXECUTABLE:
		set_memory(w, ret);
		break;
	case WIRE_INJECT_MEMFD:
		EVENT_SET(ret, INJECT_FLAGS, inject.flags, w->flags);
		break;
	case WIRE_INJECT_USERFAULTFD:
		break;
	default:
		set_access(w, ret);
	}
	return 0;
}
