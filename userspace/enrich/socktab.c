/* SPDX-License-Identifier: Apache-2.0 */
#include "enrich/socktab.h"

#include <errno.h>
#include <stdlib.h>

#include "event/field.h"

int socktab_init(struct socktab *t) {
	t->sets = calloc(SOCKTAB_SETS, sizeof(*t->sets));
	return t->sets ? 0 : -ENOMEM;
}

void socktab_done(struct socktab *t) {
	free(t->sets);
	t->sets = NULL;
}

/* set_of - the kernel counts cookies up, so neighbours fall into different sets */
static struct sock_set *set_of(struct socktab *t, uint64_t cookie) {
	return &t->sets[(cookie ^ cookie >> 32) & (SOCKTAB_SETS - 1)];
}

struct sock_owner *socktab_get(struct socktab *t, uint64_t cookie) {
	struct sock_owner *ways = set_of(t, cookie)->ways;

	for (int i = 0; cookie && i < SOCKTAB_WAYS; i++) {
		if (ways[i].cookie == cookie)
			return &ways[i];
	}
	return NULL;
}

void socktab_put(struct socktab *t, const struct sock_owner *owner) {
	struct sock_owner *place = socktab_get(t, owner->cookie);
	struct sock_set *set = set_of(t, owner->cookie);

	if (!place) {
		place = set->ways;
		for (int i = 1; i < SOCKTAB_WAYS && place->cookie; i++) {
			struct sock_owner *other = &set->ways[i];

			if (!other->cookie || other->accept_ns < place->accept_ns)
				place = other;
		}
		set->forgotten += place->cookie != 0;
	}
	*place = *owner;
}

void socktab_drop(struct sock_owner *owner) {
	owner->cookie = 0;
}

void socktab_learn(struct socktab *t, const struct event *e) {
	struct sock_owner owner = {
		.cookie = e->socket_cookie,
		.accept_ns = e->boot_ns,
		.start_ns = e->process.start_ns,
		.inode = e->net.socket_inode,
		.tgid = e->process.pid,
		.tid = e->process.tid,
		.uid = e->process.uid,
		.gid = e->process.gid,
		.euid = e->process.euid,
	};

	if (event_has(e, FIELD_PROCESS_PID) && event_has(e, FIELD_NET_SOCKET_INODE))
		socktab_put(t, &owner);
}

/* tell_forgotten - an end whose owner is not known: nobody's, if it can be that of one forgotten */
static bool tell_forgotten(struct sock_set *set, struct event *e) {
	if (!set->forgotten)
		return false;
	set->forgotten--;
	event_degrade(e, DEGRADED_OWNER_UNKNOWN);
	return true;
}

bool socktab_tell(struct socktab *t, struct event *e) {
	struct sock_owner *owner = socktab_get(t, e->socket_cookie);

	if (!owner)
		return tell_forgotten(set_of(t, e->socket_cookie), e);
	EVENT_SET(e, PROCESS_PID, process.pid, owner->tgid);
	EVENT_SET(e, PROCESS_TID, process.tid, owner->tid);
	EVENT_SET(e, PROCESS_START_NS, process.start_ns, owner->start_ns);
	EVENT_SET(e, PROCESS_UID, process.uid, owner->uid);
	EVENT_SET(e, PROCESS_GID, process.gid, owner->gid);
	EVENT_SET(e, PROCESS_EUID, process.euid, owner->euid);
	EVENT_SET(e, NET_SOCKET_INODE, net.socket_inode, owner->inode);
	if (e->boot_ns >= owner->accept_ns)
		EVENT_SET(e, NET_DURATION_NS, net.duration_ns, e->boot_ns - owner->accept_ns);
	socktab_drop(owner);
	return true;
}
