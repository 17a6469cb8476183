/* SPDX-License-Identifier: Apache-2.0 */
#include "enrich/target.h"

#include "event/field.h"

void target_tell(const struct proctab *t, char entity[static PROCTAB_ENTITY_BYTES],
		 struct event *e) {
	const struct proc *p = proctab_get(t, e->target.pid, e->target.start_ns);
	const struct image *image = p ? proc_image(p, e->boot_ns) : NULL;
	uint8_t n = proc_entity(e->target.pid, e->target.start_ns, entity);
	struct str id = { entity, n };

	EVENT_SET(e, TARGET_ENTITY_ID, target.entity_id, id);
	if (image) {
		EVENT_SET_STR(e, TARGET_NAME, target.name, image->name);
		EVENT_SET_STR(e, TARGET_EXECUTABLE, target.executable, image->executable);
	}
	if (!image || p->is.partial)
		event_degrade(e, DEGRADED_TARGET_UNKNOWN);
}
