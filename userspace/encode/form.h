/* SPDX-License-Identifier: Apache-2.0 */
/* form.h - the forms in which foreign schemas want our values; for this room only */
#ifndef LAPWING_FORM_H
#define LAPWING_FORM_H

#include "encode/shape.h"

/* form_can - whether @form can be given to the field; false is a fault of a table */
bool form_can(enum shape_form form, enum field_id field);

/* form_known - whether a known field has a value in this form too: a boot time needs both clocks */
bool form_known(enum shape_form form, const struct event *e);

/* form_add - the value of a known field, as JSON */
void form_add(struct buf *out, enum shape_form form, enum field_id field, const struct event *e);

/* form_date - "2026-11-25T12:00:00.000000001Z", in quotes */
void form_date(struct buf *out, uint64_t wall_ns);

#endif
