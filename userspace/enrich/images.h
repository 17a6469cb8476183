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
 * The caller is a user of it. NULL: no memory. @sum: for image_new(). Takes of @e what is lent.
 */
struct image *images_of(struct images *t, size_t *sum, struct event *e);

/* images_renamed - one like @from (NULL: of which nothing is known), but called @name */
struct image *images_renamed(size_t *sum, struct str name, const struct image *from);

/* images_put - from @e on, @p runs @image, and is a user of it; NULL: it is not known */
void images_put(struct proc *p, const struct event *e, struct image *image);

/* images_miss - if @e tells of an exec of @p that we were not told of, what it runs is not known */
static inline void images_miss(struct proc *p, const struct event *e) {
	if (__builtin_expect(e->execs == p->execs, 1))
		return;
	if (e->execs && p->execs && (int32_t)(e->execs - p->execs) > 0)
		images_put(p, e, NULL);
}

/* images_at - what @p ran when it did @e, or NULL; where execs are not counted, by the time */
static inline struct image *images_at(const struct proc *p, const struct event *e) {
	if (__builtin_expect(e->execs && e->execs == p->execs, 1))
		return p->is.image;
	if (e->execs && e->execs == p->before_execs)
		return p->before;
	return proc_image(p, e->boot_ns);
}

#endif
