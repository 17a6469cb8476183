/* SPDX-License-Identifier: Apache-2.0 */
/*
 * target.h - the process that a deed is done to
 */
#ifndef LAPWING_TARGET_H
#define LAPWING_TARGET_H

#include "enrich/proctab.h"
#include "event/event.h"

/*
 * target_tell - @e's target, of which pid and start are known, as it was at the deed
 * @entity: where its id is written; borrowed by @e, as are strings of @t, until the next event
 */
void target_tell(const struct proctab *t, char entity[static PROCTAB_ENTITY_BYTES],
		 struct event *e);

#endif
