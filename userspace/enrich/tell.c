/* SPDX-License-Identifier: Apache-2.0 */
#include "enrich/tell.h"

#include "enrich/whence.h"

/* What decode tells of the doer of most events, and what its image adds. */
#define DOER                                                                                       \
	(FIELD_BIT(PROCESS_PID) | FIELD_BIT(PROCESS_TID) | FIELD_BIT(PROCESS_START_NS) |           \
	 FIELD_BIT(PROCESS_UID) | FIELD_BIT(PROCESS_GID) | FIELD_BIT(PROCESS_EUID))
#define PROCESS_IMAGE (FIELD_BIT(PROCESS_NAME) | FIELD_BIT(PROCESS_EXECUTABLE))
#define PARENT_IMAGE (FIELD_BIT(PARENT_NAME) | FIELD_BIT(PARENT_EXECUTABLE))

_Static_assert(FIELDS_parent_END <= 64, "all of these are in the first word of event.has");

void tell_shown(struct enrich *en, struct proc *p, uint32_t uid) {
	const struct look *l = p->is.image ? p->is.image->look : NULL;

	p->is.version = looks_version(&en->users, &en->cgroups);
	p->is.uid = uid;
	p->is.lineage_cut = whence_is_cut(&en->procs, p);
	if (!l || !look_is_of(l, &p->is) || !cgroups_again(&en->cgroups, l->row)) {
		l = looks_find(&en->looks, &en->users, &en->cgroups, &p->is);
		if (p->is.image)
			p->is.image->look = l;
	}
	p->shown.look = l;
	p->shown.look_key = l->key;
	p->shown.key = event_new_key();
}

/* tell_unknown_parent - one of whom only the child told */
static void tell_unknown_parent(struct enrich *en, const struct proc *p, struct event *e) {
	uint8_t n = proc_entity(p->parent_tgid, p->parent_start_ns, en->parent_entity);

	e->parent.entity_id = (struct str){ en->parent_entity, n };
	e->parent.pid = p->parent_tgid;
	e->parent.start_ns = p->parent_start_ns;
	e->has[0] |= PARENT_IDS;
	event_degrade(e, DEGRADED_PARENT_UNKNOWN);
}

static void tell_parent_line(const struct image *image, struct event *e) {
	EVENT_SET_STR(e, PARENT_COMMAND_LINE, parent.command_line, image->command_line);
	if (image->cut)
		event_degrade(e, DEGRADED_PARENT_ARGS_CUT);
}

static void tell_parent(struct enrich *en, struct proc *p, struct event *e) {
	struct proc *parent = proctab_parent(&en->procs, p);
	const struct image *image;
	const struct look *l;

	if (!p->parent_tgid) {
		e->parent_key = e->process_key; /* no member, so they are equal */
		return;
	}
	if (!parent) {
		tell_unknown_parent(en, p, e);
		return;
	}
	l = tell_look(en, parent, parent->is.uid);
	e->parent.entity_id = (struct str){ parent->entity, parent->entity_len };
	e->parent.pid = parent->tgid;
	e->parent.start_ns = parent->start_ns;
	e->parent.uid = parent->is.uid;
	e->parent.user = l->user;
	e->has[0] |= l->parent_has;
	e->degraded |= l->parent_degraded;
	image = proc_image(parent, e->boot_ns);
	if (!image)
		return;
	e->parent.name = image->name;
	e->parent.executable = image->executable;
	if (image == parent->is.image) {
		e->parent_key = parent->shown.key;
	} else {
		e->has[0] &= ~PARENT_IMAGE;
		EVENT_SET_STR(e, PARENT_NAME, parent.name, image->name);
		EVENT_SET_STR(e, PARENT_EXECUTABLE, parent.executable, image->executable);
	}
	if (e->kind == WIRE_PROCESS_EXEC || e->kind == WIRE_PROCESS_HASH)
		tell_parent_line(image, e);
}

static void tell_unknown(struct enrich *en, struct event *e) {
	struct str user = names_get(&en->users, e->process.uid);
	struct str entity = { en->entity,
		              proc_entity(e->process.pid, e->process.start_ns, en->entity) };

	EVENT_SET(e, PROCESS_ENTITY_ID, process.entity_id, entity);
	EVENT_SET_STR(e, PROCESS_USER, process.user, user);
	if (!user.s)
		event_degrade(e, DEGRADED_USER_UNKNOWN);
	event_degrade(e, DEGRADED_PROCESS_UNKNOWN);
	event_degrade(e, DEGRADED_PARENT_UNKNOWN);
	event_degrade(e, DEGRADED_LINEAGE_CUT);
	event_degrade(e, DEGRADED_CONTAINER_UNRESOLVED);
}

/* tell_image - what the event does not tell itself */
static void tell_image(const struct image *image, struct event *e) {
	if (!event_has(e, FIELD_PROCESS_NAME))
		EVENT_SET_STR(e, PROCESS_NAME, process.name, image->name);
	if (!event_has(e, FIELD_PROCESS_EXECUTABLE))
		EVENT_SET_STR(e, PROCESS_EXECUTABLE, process.executable, image->executable);
}

static void tell_process(struct enrich *en, struct proc *p, struct event *e) {
	const struct look *l = tell_look(en, p, e->process.uid);
	const struct image *image;

	tell_entity(p, e);
	e->process.user = l->user;
	e->process.cgroup_id = p->is.cgroup_id;
	e->degraded |= l->degraded;
	whence_tell(p, e);
	image = images_at(p, e);
	if (image && image == p->is.image && (e->has[0] & FIELD_BITS(process, 0)) == DOER) {
		e->process.name = image->name;
		e->process.executable = image->executable;
		e->has[0] |= l->has;
		e->process_key = p->shown.key;
		e->look_key = l->key;
	} else {
		e->has[0] |= l->has & ~PROCESS_IMAGE;
		if (image)
			tell_image(image, e);
	}
	tell_parent(en, p, e);
}

static void tell_host(const struct enrich *en, struct event *e) {
	e->host_id = en->facts.host_id;
	e->boot_id = en->facts.boot_id;
	e->host_name = en->facts.host_name;
	e->host_key = en->host_key;
	e->has[0] |= en->host_has;
}

void tell_all(struct enrich *en, struct event *e, struct proc *p) {
	event_take(e);
	if (p)
		tell_process(en, p, e);
	else if (event_has(e, FIELD_PROCESS_PID))
		tell_unknown(en, e);
	if (event_has(e, FIELD_TARGET_PID))
		target_tell(&en->procs, en->target_entity, e);
	filehash_tell(&en->hashes, en->facts.wall_offset_ns, e);
	if (e->kind != WIRE_NET_DNS)
		dnstab_tell(&en->domains, e);
	tell_host(en, e);
}
