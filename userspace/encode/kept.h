/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kept.h - bytes that were written under a key of event.h, for proto.c to copy
 *
 * Each is_TYPE() says whether what is kept is what would be written now; keep_TYPE()
 * keeps it for the next, unless it is too long. All of them are bounded and belong
 * to a table of proto.c, where a new one takes the place of an old one.
 */
#ifndef LAPWING_ENCODE_KEPT_H
#define LAPWING_ENCODE_KEPT_H

#include "event/field.h"

/* keep_bytes - those from @from to @p at @to, of which there are @size; how many, or 0 */
static inline uint32_t keep_bytes(char *to, size_t size, const char *from, const char *p) {
	size_t n = (size_t)(p - from);

	if (n > size)
		return 0;
	memcpy(to, from, n);
	return (uint32_t)n;
}

/* copy_kept - @n bytes at @from, of which COPY_FIRST can be read in any case; where the next go */
#define COPY_FIRST 96 /* by moves, without a call: most are no longer */
static inline char *copy_kept(char *to, const char *from, size_t n) {
	memcpy(to, from, COPY_FIRST);
	if (__builtin_expect(n > COPY_FIRST, 0))
		memcpy(to + COPY_FIRST, from + COPY_FIRST, n - COPY_FIRST);
	return to + n;
}

/* A section that was written once. */
struct kept {
	uint64_t key; /* 0: nothing is kept here */
	uint64_t has; /* of the first word of event.has, that of all these sections */
	uint32_t n;
	char bytes[236];
};

static inline bool is_kept(const struct kept *k, uint64_t key, uint64_t has) {
	return k->key == key && k->has == has;
}

static __attribute__((noinline)) void keep(struct kept *k, uint64_t key, uint64_t has,
					   const char *from, const char *p) {
	k->n = keep_bytes(k->bytes, sizeof(k->bytes), from, p);
	k->key = k->n ? key : 0;
	k->has = has;
}

/* What a section keeps when it may be long. */
struct kept_long {
	uint64_t key;
	uint64_t has; /* of the word of event.has that has its bits */
	uint32_t n;
	char bytes[1012];
};

static inline bool is_kept_long(const struct kept_long *k, uint64_t key, uint64_t has) {
	return k->key == key && k->has == has;
}

static __attribute__((noinline)) void keep_long(struct kept_long *k, uint64_t key, uint64_t has,
						const char *from, const char *p) {
	k->n = keep_bytes(k->bytes, sizeof(k->bytes), from, p);
	k->key = k->n ? key : 0;
	k->has = has;
}

/* `process` and `parent` of a doer. */
struct doer {
	uint64_t process_key, parent_key;
	uint64_t has;
	uint32_t tid, uid, gid, euid;
	uint32_t n;
	char bytes[468];
};

static inline bool is_doer(const struct doer *d, const struct event *e, uint64_t has) {
	return d->process_key == e->process_key && d->parent_key == e->parent_key &&
	       d->has == has && d->tid == e->process.tid && d->uid == e->process.uid &&
	       d->gid == e->process.gid && d->euid == e->process.euid;
}

static __attribute__((noinline)) void keep_doer(struct doer *d, const struct event *e, uint64_t has,
						const char *from, const char *p) {
	d->n = keep_bytes(d->bytes, sizeof(d->bytes), from, p);
	d->process_key = d->n ? e->process_key : 0;
	d->parent_key = e->parent_key;
	d->has = has;
	d->tid = e->process.tid;
	d->uid = e->process.uid;
	d->gid = e->process.gid;
	d->euid = e->process.euid;
}

/*
 * What `process` says of all that look alike (event.look_key)
 *
 *     entity_id pid tid start_ns | name … ns_cgroup | ns_tgid | cgroup_id
 *        of each its own         |  @n bytes kept   |  own    | @n_behind kept
 */
struct alike {
	uint64_t key, has;
	uint32_t uid, gid, euid;
	uint16_t n;
	uint8_t n_behind;
	uint8_t head; /* bytes of the message's length, if the next is as long */
	char behind[16];
	char bytes[320];
};

#define ALIKE_IDS                                                                                  \
	(FIELD_BIT(PROCESS_ENTITY_ID) | FIELD_BIT(PROCESS_PID) | FIELD_BIT(PROCESS_TID) |          \
	 FIELD_BIT(PROCESS_START_NS))
#define ALIKE_ENTITY 32 /* bytes that an entity_id has at most, for this */

static inline bool is_alike(const struct alike *a, const struct event *e, uint64_t has) {
	return a->key == e->look_key && a->has == has && a->uid == e->process.uid &&
	       a->gid == e->process.gid && a->euid == e->process.euid &&
	       e->process.entity_id.n <= ALIKE_ENTITY;
}

/* can_be_alike - whether nothing is known of @e's process that stands elsewhere than there */
static inline bool can_be_alike(const struct event *e, uint64_t has) {
	return !(~has & ALIKE_IDS) && !(has & FIELD_BIT(PROCESS_CGROUP)) &&
	       e->process.entity_id.n <= ALIKE_ENTITY;
}

/* keep_alike - of the message's @n bytes at @body those that are not its own; how many are what */
static inline void keep_alike(struct alike *a, const struct event *e, uint64_t has,
			      const char *body, size_t n, size_t ids, size_t own, size_t behind) {
	a->key = 0;
	if (n - ids - own - behind > sizeof(a->bytes) || behind > sizeof(a->behind))
		return;
	a->n = (uint16_t)(n - ids - own - behind);
	a->n_behind = (uint8_t)behind;
	a->head = n > 127 ? 2 : 1;
	memcpy(a->bytes, body + ids, a->n);
	memcpy(a->behind, body + n - behind, behind);
	a->key = e->look_key;
	a->has = has;
	a->uid = e->process.uid;
	a->gid = e->process.gid;
	a->euid = e->process.euid;
}

#endif
