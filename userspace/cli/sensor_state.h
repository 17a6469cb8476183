/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sensor_state.h - the vitals of a sensor, for people and for programs; for `status`
 */
#ifndef LAPWING_SENSOR_STATE_H
#define LAPWING_SENSOR_STATE_H

#include "base/buf.h"
#include "health/vitals.h"

/*
 * sensor_state_read - the vitals of the run folder @folder, and whether that sensor runs
 * 0, -ENOENT when none has run, or -errno.
 */
int sensor_state_read(const char *folder, struct vitals *ret, bool *running);

/* sensor_state_text - appends what a person wants to know; @running: whether it lives */
void sensor_state_text(struct buf *out, const struct vitals *v, bool running);

/* sensor_state_json - appends one object */
void sensor_state_json(struct buf *out, const struct vitals *v, bool running);

#endif
