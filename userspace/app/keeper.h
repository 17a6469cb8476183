/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keeper.h - the parent of the couriers: starts them, and starts again one that died
 */
#ifndef LAPWING_KEEPER_H
#define LAPWING_KEEPER_H

#include "app/courier.h"

/*
 * keeper_run - in a process of its own, until the other end of @couriers->alive is closed and the
 * couriers have ended, or their grace is over; an exit code. It begins when a byte comes there.
 */
int keeper_run(struct courier *couriers, unsigned n);

#endif
