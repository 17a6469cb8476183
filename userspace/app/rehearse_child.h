/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rehearse_child.h - the child's side of rehearse.h
 */
#ifndef LAPWING_REHEARSE_CHILD_H
#define LAPWING_REHEARSE_CHILD_H

#include "app/rehearse.h"

/* rehearse_play - all of it, in the child; fills @r, whose done it sets at the end */
void rehearse_play(const struct rehearse_job *job, struct rehearse_report *r);

#endif
