/* SPDX-License-Identifier: Apache-2.0 */
/*
 * controller.h - which hierarchy of cgroups says in which container a process is
 *
 * That of v2, unless the controllers that every runtime uses are in hierarchies
 * of v1 (cgroups(7)): there containers need not be in that of v2 at all.
 */
#ifndef LAPWING_CONTROLLER_H
#define LAPWING_CONTROLLER_H

#include <stdbool.h>

#include "knobs.h"

struct btf;

/* controller_in_v1 - whether one of these controllers is there */
bool controller_in_v1(void);

/*
 * controller_choose - has the hooks tell the cgroup of the first such controller that @btf knows
 * Without one, and with SCOPE_CGROUP, which is a cgroup of v2, @knobs stays as it is.
 */
void controller_choose(const struct btf *btf, struct knobs *knobs);

#endif
