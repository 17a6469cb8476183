/* SPDX-License-Identifier: Apache-2.0 */
/*
 * containers.h - what is known of each container besides its id, as answers told it
 *
 * A row is made when an event of the container is first told, and waits for somebody to ask who it
 * is (containers_want()); HOST_CONTAINER brings the answer. At most CONTAINERS_MAX rows; past that
 * the first goes that was not met since the hand of a clock came by, and is asked for again when it
 * is met again. What an answer said is borrowed until the second event after its row has gone.
 */
#ifndef LAPWING_CONTAINERS_H
#define LAPWING_CONTAINERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "enrich/container.h"
#include "event/event.h"

#define CONTAINERS_MAX 4096
#define CONTAINERS_BUCKETS 1024 /* a power of two */
#define CONTAINERS_ID_BYTES 64

struct answer; /* the texts of one, in one piece of memory */

struct named {
	uint64_t key;	 /* another one whenever what the row says has changed; 0: a free row */
	struct str runtime; /* as paths have it; lives for ever */
	struct str told_runtime, name, image, image_id, pod_name, pod_namespace; /* in @answer */
	struct strv labels; /* likewise */
	struct answer *answer;					   /* NULL: there was none yet */
	uint32_t next; /* in its bucket: an index into rows, one up; 0: the last */
	uint8_t id_n, uid_n;
	bool asked; /* nobody needs to ask any more */
	bool met;
	char id[CONTAINERS_ID_BYTES], uid[CONTAINER_UID_BYTES];
};

struct containers {
	struct named *rows; /* made by the first that is met */
	uint32_t buckets[CONTAINERS_BUCKETS];
	uint32_t used, hand;
	uint32_t unasked, look; /* rows that nobody has asked for; where to look for the next */
	uint64_t version;	/* counts whatever can change an answer that was given */
	struct answer *gone;	/* of rows that went while an event was told */
	bool asks; /* somebody asks: what is not known is yet to come */
};

void containers_done(struct containers *t);

/* containers_meet - the row of @c, which has an id; made if need be. NULL: no memory */
const struct named *containers_meet(struct containers *t, const struct container *c);

/* containers_learn - what HOST_CONTAINER says */
void containers_learn(struct containers *t, const struct event *e);

/* What is to be asked for: borrowed until the next event. */
struct containers_want {
	struct str id, runtime, pod_uid; /* the latter two may be absent */
};

/* containers_want - the next one that was not asked for, which then it is; false: there is none */
bool containers_want(struct containers *t, struct containers_want *ret);

/* containers_forget - whoever was asked is gone: what was not answered is to be asked again */
void containers_forget(struct containers *t);

/* containers_bury - the event before is dead, and so is what it borrowed */
void containers_bury(struct containers *t);

/* containers_lack - whether the row's name, or that of the pod it is in, is not known */
static inline bool containers_lack(const struct named *n) {
	return !n || !n->name.s || (n->uid_n && !n->pod_name.s);
}

#endif
