/* SPDX-License-Identifier: Apache-2.0 */
/*
 * enrich.c - learn from the event, then tell what is known
 *
 * Learning comes first and may free rows; telling frees nothing, so what it
 * lends to the event stays until the next one. Records come nearly in the order
 * of their times: those of process life are read before the others, hence the
 * image before and the grace after a process's end (proctab.h).
 */
#include "enrich/enrich.h"

#include <errno.h>
#include <stdlib.h>

#include "enrich/enrich_impl.h"
#include "enrich/tell.h"
#include "enrich/whence.h"

int enrich_new(size_t max_processes, struct enrich **ret) {
	struct enrich *en = calloc(1, sizeof(*en));

	if (!en)
		return -ENOMEM;
	facts_init(&en->facts);
	busy_init(&en->busy);
	if (proctab_init(&en->procs, max_processes) < 0 || socktab_init(&en->socks) < 0 ||
	    dnstab_init(&en->domains) < 0) {
		enrich_free(en);
		return -ENOMEM;
	}
	*ret = en;
	return 0;
}

void enrich_free(struct enrich *en) {
	if (!en)
		return;
	images_done(&en->images);
	looks_done(&en->looks);
	filehash_done(&en->hashes);
	proctab_done(&en->procs);
	socktab_done(&en->socks);
	dnstab_done(&en->domains);
	names_done(&en->users);
	cgroups_done(&en->cgroups);
	free(en);
}

size_t enrich_rows(const struct enrich *en) {
	return en->procs.used;
}

void enrich_busy(struct enrich *en, struct busy_list *ret) {
	busy_take(&en->busy, &en->cgroups, ret);
}

bool enrich_want(struct enrich *en, struct containers_want *ret) {
	return containers_want(&en->cgroups.containers, ret);
}

void enrich_want_again(struct enrich *en) {
	containers_forget(&en->cgroups.containers);
}

/* --- learning ------------------------------------------------------------------------------- */

/* find_parent - enrich_find() of one that makes processes, as it has made the last doer */
static struct proc *find_parent(struct enrich *en, uint32_t tgid, uint64_t start_ns) {
	struct proc *last = en->last ? en->last->parent : NULL;

	return last && proc_is(last, tgid, start_ns) ? last : enrich_find(en, tgid, start_ns);
}

/* put_row - the row of the event's process, with what every life-cycle record tells */
static struct proc *put_row(struct enrich *en, const struct event *e) {
	struct proc *p = en->last, *parent = NULL;

	/* an exec's process was mostly the last to be told of: it is there, and its parent known */
	if (!p || !proc_is(p, e->process.pid, e->process.start_ns)) {
		parent = find_parent(en, e->parent_tgid, e->parent_start_ns);
		if (parent) /* so that its child does not displace it */
			proctab_touch(&en->procs, parent);
		p = proctab_put(&en->procs, e->process.pid, e->process.start_ns);
	}
	if (!p)
		return NULL;
	en->last = p;
	p->shown.key = 0;
	/* its fork said who made it; by the time of an exec it may have been given to another */
	if (e->kind != WIRE_PROCESS_EXEC || !p->parent_tgid)
		proc_set_parent(p, e->parent_tgid, e->parent_start_ns);
	if (parent)
		p->parent = parent;
	whence_learn(&en->cgroups, p, e);
	return p;
}

/* set_image - without memory the process is just not known */
static void set_image(struct enrich *en, struct proc *p, struct event *e, bool census) {
	images_put(p, e, images_of(&en->images, &en->procs.bytes, e));
	p->is.partial = false;
	p->is.from_census = census;
}

/*
 * learn_fork - a child runs what its parent runs, under the name that the record tells
 * From here on its row tells that name and where it is, as it does for all that it does later.
 */
static void learn_fork(struct enrich *en, struct event *e) {
	struct str name = event_str(e, FIELD_PROCESS_NAME, e->process.name);
	struct proc *p = put_row(en, e), *parent;
	struct image *image;

	if (!p)
		return;
	e->has[0] &= ~(FIELD_BIT(PROCESS_NAME) | FIELD_BIT(PROCESS_CGROUP_ID) | WHENCE_NAMESPACES);
	p->is.from_census = false;
	if (p->is.image)
		return; /* the census came first, and knew more */
	parent = proctab_parent(&en->procs, p);
	if (parent) /* a child has its parent's execs */
		images_miss(parent, e);
	image = parent ? images_at(parent, e) : NULL;
	p->execs = e->execs;
	if (image && name.s && image->name.s && str_eq(name, image->name))
		proc_share_image(p, image);
	else
		proc_set_image(p, e->boot_ns, images_renamed(&en->procs.bytes, name, image));
	p->is.partial = p->parent_tgid && (!image || parent->is.partial);
	(void)proctab_lineage(&en->procs, p); /* while its parent is known */
	if (parent)
		whence_inherit(p, parent);
}

static void learn_exec(struct enrich *en, struct event *e) {
	struct proc *p = put_row(en, e);

	if (p)
		set_image(en, p, e, false);
}

static void learn_census(struct enrich *en, struct event *e) {
	struct proc *p = put_row(en, e);

	if (!p || (p->is.image && !p->is.partial))
		return;
	en->unsettled = true;
	p->is.uid = e->process.uid;
	set_image(en, p, e, true);
}

/* learn_exit - false if that was told before; a row is made if need be, to know that */
static bool learn_exit(struct enrich *en, struct event *e) {
	struct proc *p = enrich_find(en, e->process.pid, e->process.start_ns)
				 ?: proctab_put(&en->procs, e->process.pid, e->process.start_ns);

	if (p && p->ended)
		return false;
	if (p)
		proctab_end(&en->procs, p, e->boot_ns);
	if (e->boot_ns >= e->process.start_ns)
		EVENT_SET(e, EXIT_RUN_NS, exit.run_ns, e->boot_ns - e->process.start_ns);
	else
		e->said_key = 0; /* others that say the same have one */
	return true;
}

/* learn_net - false when the event is not one for the world */
static bool learn_net(struct enrich *en, struct event *e) {
	if (!e->ownerless) {
		socktab_learn(&en->socks, e);
		return true;
	}
	if (e->socket_cookie)
		return socktab_tell(&en->socks, e);
	event_degrade(e, DEGRADED_OWNER_UNKNOWN);
	return true;
}

static void learn_start(struct enrich *en, const struct event *e) {
	facts_start(&en->facts, event_str(e, FIELD_HOST_ID, e->host_id),
		    event_str(e, FIELD_BOOT_ID, e->boot_id),
		    event_str(e, FIELD_HOST_NAME, e->host_name), e->boot_ns);
	facts_clock(&en->facts, e->wall_offset_ns);
	en->cgroups.split = e->cgroups_split;
	en->cgroups.containers.asks = e->asks;
	en->cgroups.containers.version++;
	en->hashes.on = e->hashes;
	en->host_key = event_new_key();
	en->host_has = e->has[0] & FIELD_BITS(machine, 0);
	twins_forget(&en->twins);
	en->seq = 0;
}

/* learn_whence - a process goes to other namespaces, or is moved to another cgroup */
static void learn_whence(struct enrich *en, const struct event *e) {
	struct proc *p;

	/* a thread that goes elsewhere goes alone: what it tells is its own (whence_tell()) */
	if (e->has[0] & WHENCE_NAMESPACES && event_has(e, FIELD_PROCESS_PID) &&
	    e->process.tid == e->process.pid) {
		p = enrich_find(en, e->process.pid, e->process.start_ns);
		if (p)
			whence_learn(&en->cgroups, p, e);
	}
	if (event_has(e, FIELD_KERNEL_CGROUP_ID) && event_has(e, FIELD_TARGET_PID))
		whence_move(&en->cgroups,
		            proctab_get(&en->procs, e->target.pid, e->target.start_ns), e);
}

/* learn - false when the event is not one for the world */
static bool learn(struct enrich *en, struct event *e) {
	bool has_doer = event_has(e, FIELD_PROCESS_PID);

	switch (e->kind) {
	case WIRE_PROCESS_FORK:
		if (has_doer)
			learn_fork(en, e);
		return true;
	case WIRE_PROCESS_EXEC:
		if (has_doer)
			learn_exec(en, e);
		return true;
	case WIRE_PROCESS_EXIT:
		return !has_doer || learn_exit(en, e);
	case WIRE_PROCESS_CENSUS:
		if (has_doer)
			learn_census(en, e);
		return false;
	case WIRE_HOST_START:
		learn_start(en, e);
		return true;
	case WIRE_HOST_CLOCK:
		if (!en->facts.has_clock) /* what came before has no time, by the same keys */
			twins_forget(&en->twins);
		facts_clock(&en->facts, e->wall_offset_ns);
		return false;
	case WIRE_HOST_USER:
		(void)names_put(&en->users, e->named_uid, e->user_name);
		return false;
	case WIRE_HOST_CONTAINER:
		containers_learn(&en->cgroups.containers, e);
		return true;
	case WIRE_PROCESS_HASH: /* of the past: its exec has been learned from */
		return true;
	case WIRE_HOST_FILE:
		filehash_learn(&en->hashes, e);
		return false;
	case WIRE_NET_DNS:
		dnstab_learn(&en->domains, e);
		return true;
	default:
		learn_whence(en, e);
		return (!e->ownerless && !e->socket_cookie) || learn_net(en, e);
	}
}

void enrich_tell(struct enrich *en, struct event *e) {
	tell_all(en, e, enrich_find(en, e->process.pid, e->process.start_ns));
	e->untold = false;
}

bool enrich_lean(struct enrich *en, struct arena *arena, struct event *e) {
	struct proc *p = NULL;
	struct twin_keys keys;

	(void)arena; /* what is told is lent by the tables */
	keys.said = 0;
	if (en->cgroups.containers.gone)
		containers_bury(&en->cgroups.containers);
	if (e->boot_ns > en->now_ns) {
		en->now_ns = e->boot_ns;
		proctab_tick(&en->procs, en->now_ns);
	}
	if (en->unsettled && e->kind != WIRE_PROCESS_CENSUS) {
		en->unsettled = false;
		proctab_settle(&en->procs);
	}
	if (!learn(en, e))
		return false;
	tell_stamp(en, e);
	if (event_has(e, FIELD_PROCESS_PID))
		p = tell_meet(en, e);
	if (p && WIRE_KIND_IS_LIFE(e->kind) && tell_twin(en, e, p, &keys)) {
		e->untold = true;
		return true;
	}
	tell_all(en, e, p);
	if (keys.said)
		twins_keep(&en->twins, &keys, e);
	if (event_has(e, FIELD_CREDENTIALS_UID))
		proctab_set_user(&en->procs, e->process.pid, e->process.start_ns,
				 e->credentials.uid);
	return true;
}

bool enrich_event(struct enrich *en, struct arena *arena, struct event *e) {
	if (!enrich_lean(en, arena, e))
		return false;
	if (e->untold)
		enrich_tell(en, e);
	return true;
}
