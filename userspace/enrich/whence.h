/* SPDX-License-Identifier: Apache-2.0 */
/*
 * whence.h - where a process comes from: its namespaces, its cgroup's container, its ancestors
 */
#ifndef LAPWING_WHENCE_H
#define LAPWING_WHENCE_H

#include "enrich/proctab.h"
#include "event/field.h"

/* The namespaces of a process and its pid in its own; they stand side by side. */
#define WHENCE_NAMESPACES (FIELD_BITS(namespaces, 0) | FIELD_BIT(PROCESS_NS_TGID))

_Static_assert(FIELDS_lineage / 64 == FIELDS_lineage_LAST / 64, "one word of event.has");

/* whence_learn_changed - for whence_learn(), of an event that tells some of the namespaces */
void whence_learn_changed(struct proc *p, const struct event *e);

/* whence_learn - what an event says of the namespaces and the cgroup of its process @p */
static inline void whence_learn(struct cgroups *cgroups, struct proc *p, const struct event *e) {
	uint64_t told = e->has[0] & WHENCE_NAMESPACES;

	if (event_has(e, FIELD_PROCESS_CGROUP_ID)) {
		p->is.cgroup_id = e->process.cgroup_id;
		if (event_has(e, FIELD_PROCESS_CGROUP))
			cgroups_put(cgroups, p->is.cgroup_id, e->process.cgroup);
	}
	if (told == WHENCE_NAMESPACES) {
		memcpy(p->is.namespaces, &e->process.ns_mnt, sizeof(p->is.namespaces));
		p->ns_tgid = e->process.ns_tgid;
	} else if (told) {
		whence_learn_changed(p, e);
	} else {
		return;
	}
	p->is.namespaces_has |= told;
	p->shown.key = 0;
}

/* whence_move - @e moved @p (NULL: whoever is not known) to another cgroup */
void whence_move(struct cgroups *cgroups, struct proc *p, const struct event *e);

/* whence_inherit - @p was just born: what is not known of it is as with @parent */
void whence_inherit(struct proc *p, const struct proc *parent);

/* whence_is_cut - whether not all of its ancestors are known; finds them out */
static inline bool whence_is_cut(struct proctab *t, struct proc *p) {
	const struct lineage *line = proctab_lineage(t, p);

	return line ? !line->whole : !p->is.has_parent || p->parent_tgid;
}

/* whence_tell_container - for whence_tell() */
void whence_tell_container(const struct cgroup *cgroup, struct event *e);

/* whence_tell_rest - for whence_tell(): of the namespaces those that the record did not tell */
void whence_tell_rest(const struct proc *p, struct event *e);

/* whence_tell - puts it into an event of @p, for which p->shown was made */
static inline void whence_tell(const struct proc *p, struct event *e) {
	/*
	 * What the record told was learnt before, so this is it, and the rest; but for what a
	 * thread tells of itself, and what is told of an exec once more.
	 */
	if ((e->process.tid == e->process.pid && e->kind != WIRE_PROCESS_HASH) ||
	    !(e->has[0] & WHENCE_NAMESPACES)) {
		memcpy(&e->process.ns_mnt, p->is.namespaces, sizeof(p->is.namespaces));
		e->process.ns_tgid = p->ns_tgid;
	} else {
		whence_tell_rest(p, e);
	}
	if (p->line) {
		e->lineage.ids = p->line->ids;
		e->lineage.names = p->line->names;
		e->lineage_key = p->line->key;
		e->has[FIELDS_lineage / 64] |= FIELD_BITS(lineage, FIELDS_lineage / 64);
	}
	if (p->shown.look->cgroup)
		whence_tell_container(p->shown.look->cgroup, e);
}

#endif
