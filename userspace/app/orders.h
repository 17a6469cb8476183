/* SPDX-License-Identifier: Apache-2.0 */
/*
 * orders.h - what the owner of the sensor says to its supervisor: off, or a level
 *
 * Off is a file, or a word on the kernel's command line. An order is a file in the supervisor's
 * folder with one byte, and is obeyed at once or at the next start.
 */
#ifndef LAPWING_ORDERS_H
#define LAPWING_ORDERS_H

#include <stdbool.h>

#include "guard/guard.h"

#define ORDERS_OFF_FILE "/etc/lapwing/disable"
#define ORDERS_OFF_WORD "lapwing.disable=1"
#define ORDERS_RELEASE 9 /* beside the numbers of enum guard_level */

/* orders_off_by_file - whether its owner has left the file, at any time; said if so */
bool orders_off_by_file(const char *off_file);

/* orders_off - at the start: a kernel's command line does not change while it runs; said if so */
bool orders_off(const char *off_file);

/* orders_leave - an order for the supervisor of @folder, which hears of it; -errno of the file */
int orders_leave(const char *folder, unsigned order);

/* orders_take - whether there was one in the folder @dir; it is done to @mark, and gone */
bool orders_take(int dir, struct guard_mark *mark, const struct guard_now *now);

#endif
