/* SPDX-License-Identifier: Apache-2.0 */
/*
 * images.h - the images of execs, of which equal ones have one and the same
 */
#ifndef LAPWING_IMAGES_H
#define LAPWING_IMAGES_H

#include "enrich/proctab.h"
#include "event/event.h"

#define IMAGES 64 /* a power of two */

/* By event.exec_key; each has a user here. Zeroed is empty. */
struct images {
	struct image *kept[IMAGES];
};

void images_done(struct images *t);

/*
 * images_of - what @e, an exec or of a census, says is run: made, or found by its key
 * The caller is a user of it. NULL: no memory. @sum: for image_new().
 */
struct image *images_of(struct images *t, size_t *sum, const struct event *e);

/* images_renamed - one like @from (NULL: of which nothing is known), but called @name */
struct image *images_renamed(size_t *sum, struct str name, const struct image *from);

#endif
