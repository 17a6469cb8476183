/* SPDX-License-Identifier: Apache-2.0 */
#include "enrich/whence.h"

void whence_learn_changed(struct proc *p, const struct event *e) {
	for (unsigned i = 0; i < LOOK_NAMESPACES; i++)
		if (event_has(e, FIELD_PROCESS_NS_MNT + i))
			p->is.namespaces[i] = (&e->process.ns_mnt)[i];
	if (event_has(e, FIELD_PROCESS_NS_TGID))
		p->ns_tgid = e->process.ns_tgid;
}

void whence_move(struct cgroups *cgroups, struct proc *p, const struct event *e) {
	cgroups_put(cgroups, e->kernel.cgroup_id,
	            event_has(e, FIELD_KERNEL_CGROUP) ? e->kernel.cgroup : (struct str){ 0 });
	if (!p)
		return;
	p->is.cgroup_id = e->kernel.cgroup_id;
	p->shown.key = 0;
}

void whence_inherit(struct proc *p, const struct proc *parent) {
	uint64_t inherited;

	if (!p->is.cgroup_id)
		p->is.cgroup_id = parent->is.cgroup_id;
	inherited = parent->is.namespaces_has & ~p->is.namespaces_has & ~FIELD_BIT(PROCESS_NS_TGID);
	p->is.namespaces_has |= inherited;
	for (int i = 0; inherited && i < LOOK_NAMESPACES; i++) {
		if (inherited >> (FIELD_PROCESS_NS_MNT + i) & 1)
			p->is.namespaces[i] = parent->is.namespaces[i];
	}
}

void whence_tell_rest(const struct proc *p, struct event *e) {
	for (unsigned i = 0; i < LOOK_NAMESPACES; i++)
		if (!event_has(e, FIELD_PROCESS_NS_MNT + i))
			(&e->process.ns_mnt)[i] = p->is.namespaces[i];
	if (!event_has(e, FIELD_PROCESS_NS_TGID))
		e->process.ns_tgid = p->ns_tgid;
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
