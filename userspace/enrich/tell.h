/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tell.h - what is known is put into the event: its doer, parent, place, host
 *
 * Nothing is learned from the event here, and no row is freed. What is put into it is lent by the
 * tables until the next event.
 */
#ifndef LAPWING_TELL_H
#define LAPWING_TELL_H

#include "enrich/enrich_impl.h"

/* tell_shown - @p->shown anew, its user being @uid from now on; for tell_look() */
void tell_shown(struct enrich *en, struct proc *p, uint32_t uid);

/* tell_look - what is told of @p, which is @uid's */
static inline const struct look *tell_look(struct enrich *en, struct proc *p, uint32_t uid) {
	const struct look *l = p->shown.look;

	if (__builtin_expect(!p->shown.key || l->key != p->shown.look_key || l->of.uid != uid ||
				     l->of.version != looks_version(&en->users, &en->cgroups),
			     0))
		tell_shown(en, p, uid);
	return p->shown.look;
}

/* tell_meet - the row of @e's process, which has done something again; NULL: it is not known */
static inline struct proc *tell_meet(struct enrich *en, struct event *e) {
	struct proc *p = enrich_find(en, e->process.pid, e->process.start_ns);

	if (!p)
		return NULL;
	proctab_touch(&en->procs, p);
	busy_count(&en->busy, p);
	images_miss(p, e);
	return p;
}

static inline void tell_entity(const struct proc *p, struct event *e) {
	e->process.entity_id = (struct str){ p->entity, p->entity_len };
}

/* tell_stamp - its id, number and time; once for each event */
static inline void tell_stamp(struct enrich *en, struct event *e) {
	struct facts *f = &en->facts;

	e->schema = EVENT_SCHEMA;
	e->id = facts_id(f, e->cpu, e->cpu_seq);
	e->seq = ++en->seq;
	e->time_ns = e->boot_ns + f->wall_offset_ns;
	e->has[0] |= FIELD_BIT(SCHEMA) | FIELD_BIT(ID) | FIELD_BIT(SEQ) |
		     (f->has_clock ? FIELD_BIT(TIME_NS) : 0);
}

/*
 * told_by - what tell_all() will tell of @e, as keys; false: not all of it has one
 * Here stands what tell_all() depends on for such an event, beside the event as it is.
 */
static inline bool told_by(struct enrich *en, struct proc *p, const struct event *e,
			   struct twin_keys *ret) {
	struct proc *parent = proctab_parent(&en->procs, p);
	const struct look *l;

	if (__builtin_expect(!e->said_key || !p->is.image || images_at(p, e) != p->is.image ||
				     !parent || !parent->is.image || en->hashes.on ||
				     proc_image(parent, e->boot_ns) != parent->is.image,
			     0))
		return false;
	ret->said = e->said_key;
	ret->deed = e->deed;
	l = tell_look(en, p, e->process.uid);
	ret->look = l->key;
	ret->container = l->cgroup ? l->cgroup->key : 0;
	ret->lineage = p->line ? p->line->key : 0;
	(void)tell_look(en, parent, parent->is.uid); /* which may be made in the place of @l */
	ret->parent = parent->shown.key;
	return true;
}

/*
 * tell_twin - of a birth, exec or end that says what one before it said: its key, and its own
 * False: nothing is told; @keys has what to keep it by when all is, or said 0.
 */
static inline bool tell_twin(struct enrich *en, struct event *e, struct proc *p,
			     struct twin_keys *keys) {
	if (!told_by(en, p, e, keys) || !twins_find(&en->twins, e, keys))
		return false;
	/* not marked, for tell_all() finds the event as decode gave it */
	tell_entity(p, e);
	e->process.ns_tgid = p->ns_tgid;
	return true;
}

/* tell_all - the rest. @p: tell_meet() */
void tell_all(struct enrich *en, struct event *e, struct proc *p);

#endif
