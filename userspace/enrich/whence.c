/* SPDX-License-Identifier: Apache-2.0 */
#include "enrich/whence.h"

_Static_assert(offsetof(struct event_process, ns_tgid) -
                               offsetof(struct event_process, ns_mnt) + sizeof(uint32_t) ==
                       sizeof(((struct proc *)0)->namespaces),
               "eight numbers in a row");

static void learn_changed(struct proc *p, const struct event *e) {
	for (unsigned i = 0; i < sizeof(p->namespaces) / sizeof(p->namespaces[0]); i++)
		if (event_has(e, FIELD_PROCESS_NS_MNT + i))
			p->namespaces[i] = (&e->process.ns_mnt)[i];
}

void whence_learn(struct cgroups *cgroups, struct proc *p, const struct event *e) {
	if (event_has(e, FIELD_PROCESS_CGROUP_ID)) {
		p->cgroup_id = e->process.cgroup_id;
		if (event_has(e, FIELD_PROCESS_CGROUP))
			cgroups_put(cgroups, p->cgroup_id, e->process.cgroup);
	}
	if (!(e->has[0] & WHENCE_NAMESPACES))
		return;
	/* an event tells all of them, or those that it changed */
	if (!(~e->has[0] & WHENCE_NAMESPACES))
		memcpy(p->namespaces, &e->process.ns_mnt, sizeof(p->namespaces));
	else
		learn_changed(p, e);
	p->namespaces_has |= e->has[0] & WHENCE_NAMESPACES;
	p->shown.key = 0;
}

void whence_move(struct cgroups *cgroups, struct proc *p, const struct event *e) {
	cgroups_put(cgroups, e->kernel.cgroup_id,
	            event_has(e, FIELD_KERNEL_CGROUP) ? e->kernel.cgroup : (struct str){ 0 });
	if (!p)
		return;
	p->cgroup_id = e->kernel.cgroup_id;
	p->shown.key = 0;
}

void whence_inherit(struct proc *p, const struct proc *parent) {
	uint64_t inherited;

	if (!p->cgroup_id)
		p->cgroup_id = parent->cgroup_id;
	inherited = parent->namespaces_has & ~p->namespaces_has & ~FIELD_BIT(PROCESS_NS_TGID);
	p->namespaces_has |= inherited;
	for (int i = 0; inherited && i < 8; i++) {
		if (inherited >> (FIELD_PROCESS_NS_MNT + i) & 1)
			p->namespaces[i] = parent->namespaces[i];
	}
}

bool whence_is_cut(struct proctab *t, struct proc *p) {
	const struct lineage *line = proctab_lineage(t, p);

	return line ? !line->whole : !p->has_parent || p->parent_tgid;
}

void whence_tell_rest(const struct proc *p, struct event *e) {
	for (unsigned i = 0; i < sizeof(p->namespaces) / sizeof(p->namespaces[0]); i++)
		if (!event_has(e, FIELD_PROCESS_NS_MNT + i))
			(&e->process.ns_mnt)[i] = p->namespaces[i];
}

void whence_tell_container(const struct cgroup *cgroup, struct event *e) {
	const struct container *c = &cgroup->container;
	const struct named *n = cgroup->named;

	EVENT_SET_STR(e, CONTAINER_ID, container.id, c->id);
	EVENT_SET_STR(e, CONTAINER_RUNTIME, container.runtime, c->runtime);
	EVENT_SET_STR(e, CONTAINER_NAME, container.name, c->name);
	EVENT_SET_STR(e, CONTAINER_POD_UID, container.pod_uid, c->pod_uid);
	e->container_key = cgroup->key;
	if (!n || !n->answer)
		return;
	EVENT_SET_STR(e, CONTAINER_RUNTIME, container.runtime, n->told_runtime);
	EVENT_SET_STR(e, CONTAINER_NAME, container.name, n->name);
	EVENT_SET_STR(e, CONTAINER_IMAGE, container.image, n->image);
	EVENT_SET_STR(e, CONTAINER_IMAGE_ID, container.image_id, n->image_id);
	EVENT_SET_STR(e, CONTAINER_POD_NAME, container.pod_name, n->pod_name);
	EVENT_SET_STR(e, CONTAINER_POD_NAMESPACE, container.pod_namespace, n->pod_namespace);
	if (n->labels.n)
		EVENT_SET(e, CONTAINER_LABELS, container.labels, n->labels);
}
