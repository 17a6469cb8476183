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

#include "enrich/busy.h"
#include "enrich/dnstab.h"
#include "enrich/facts.h"
#include "enrich/filehash.h"
#include "enrich/images.h"
#include "enrich/look.h"
#include "enrich/names.h"
#include "enrich/proctab.h"
#include "enrich/socktab.h"
#include "enrich/target.h"
#include "enrich/whence.h"
#include "event/field.h"

struct enrich {
	struct proctab procs;
	struct socktab socks;
	struct dnstab domains;
	struct names users;
	struct cgroups cgroups;
	struct facts facts;
	struct images images;
	struct looks looks;
	struct busy busy;
	struct filehash hashes;
	bool unsettled; /* a census was told, and nothing else since */
	uint64_t seq;    /* of the last event for the world */
	uint64_t now_ns; /* the latest boot_ns seen */
	uint64_t host_key, host_has; /* of the host's facts: event.h, and bits of event.has */
	struct proc *last;           /* the row of the last doer: a guess, see find() */
	char entity[PROCTAB_ENTITY_BYTES]; /* of a process without a row */
	char parent_entity[PROCTAB_ENTITY_BYTES];
	char target_entity[PROCTAB_ENTITY_BYTES];
};

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

/* find - the row of a process, or NULL; the one that did something is likely to do more */
static struct proc *find(struct enrich *en, uint32_t tgid, uint64_t start_ns) {
	struct proc *p = en->last;

	if (p && proc_is(p, tgid, start_ns))
		return p;
	p = proctab_get(&en->procs, tgid, start_ns);
	if (p)
		en->last = p;
	return p;
}

/* --- learning ------------------------------------------------------------------------------- */

/* put_row - the row of the event's process, with what every life-cycle record tells */
static struct proc *put_row(struct enrich *en, const struct event *e) {
	struct proc *p = en->last, *parent;

	/* an exec's process was mostly the last to be told of: it is there, and its parent known */
	if (!p || !proc_is(p, e->process.pid, e->process.start_ns)) {
		parent = find(en, e->parent_tgid, e->parent_start_ns);
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
	whence_learn(&en->cgroups, p, e);
	return p;
}

/* set_image - without memory the process is just not known */
static void set_image(struct enrich *en, struct proc *p, const struct event *e, bool census) {
	images_put(p, e, images_of(&en->images, &en->procs.bytes, e));
	p->partial = false;
	p->from_census = census;
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
	p->from_census = false;
	if (p->image)
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
	p->partial = p->parent_tgid && (!image || parent->partial);
	(void)proctab_lineage(&en->procs, p); /* while its parent is known */
	if (parent)
		whence_inherit(p, parent);
}

static void learn_exec(struct enrich *en, const struct event *e) {
	struct proc *p = put_row(en, e);

	if (p)
		set_image(en, p, e, false);
}

static void learn_census(struct enrich *en, const struct event *e) {
	struct proc *p = put_row(en, e);

	if (!p || (p->image && !p->partial))
		return;
	en->unsettled = true;
	p->uid = e->process.uid;
	set_image(en, p, e, true);
}

/* learn_exit - false if that was told before; a row is made if need be, to know that */
static bool learn_exit(struct enrich *en, struct event *e) {
	struct proc *p = find(en, e->process.pid, e->process.start_ns)
				 ?: proctab_put(&en->procs, e->process.pid, e->process.start_ns);

	if (p && p->ended)
		return false;
	if (p)
		proctab_end(&en->procs, p, e->boot_ns);
	if (e->boot_ns >= e->process.start_ns)
		EVENT_SET(e, EXIT_RUN_NS, exit.run_ns, e->boot_ns - e->process.start_ns);
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
	en->seq = 0;
}

/* learn_whence - a process goes to other namespaces, or is moved to another cgroup */
static void learn_whence(struct enrich *en, const struct event *e) {
	struct proc *p;

	/* a thread that goes elsewhere goes alone: what it tells is its own (whence_tell()) */
	if (e->has[0] & WHENCE_NAMESPACES && event_has(e, FIELD_PROCESS_PID) &&
	    e->process.tid == e->process.pid) {
		p = find(en, e->process.pid, e->process.start_ns);
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

/* --- telling -------------------------------------------------------------------------------- */

/* What decode tells of the doer of most events, and what its image adds. */
#define DOER                                                                                       \
	(FIELD_BIT(PROCESS_PID) | FIELD_BIT(PROCESS_TID) | FIELD_BIT(PROCESS_START_NS) |           \
	 FIELD_BIT(PROCESS_UID) | FIELD_BIT(PROCESS_GID) | FIELD_BIT(PROCESS_EUID))
#define PROCESS_IMAGE (FIELD_BIT(PROCESS_NAME) | FIELD_BIT(PROCESS_EXECUTABLE))
#define PARENT_IMAGE (FIELD_BIT(PARENT_NAME) | FIELD_BIT(PARENT_EXECUTABLE))

_Static_assert(FIELDS_parent_END <= 64, "all of these are in the first word of event.has");

/* make_shown - @p->shown anew, its user being @uid from now on */
static __attribute__((noinline)) void make_shown(struct enrich *en, struct proc *p, uint32_t uid) {
	struct look_of of = {
		.image = p->image,
		.cgroup_id = p->cgroup_id,
		.namespaces_has = p->namespaces_has,
		.version = looks_version(&en->users, &en->cgroups),
		.uid = uid,
		.flags = (p->partial ? LOOK_PARTIAL : 0) |
			 (p->from_census ? LOOK_FROM_CENSUS : 0) |
			 (p->has_parent ? LOOK_HAS_PARENT : 0) |
			 (whence_is_cut(&en->procs, p) ? LOOK_LINEAGE_CUT : 0),
	};

	memcpy(of.namespaces, p->namespaces, sizeof(of.namespaces));
	p->uid = uid;
	p->shown.look = looks_find(&en->looks, &en->users, &en->cgroups, &of);
	p->shown.look_key = p->shown.look->key;
	p->shown.key = event_new_key();
}

static inline const struct look *shown(struct enrich *en, struct proc *p, uint32_t uid) {
	const struct look *l = p->shown.look;

	if (!p->shown.key || l->key != p->shown.look_key || l->of.uid != uid ||
	    l->of.version != looks_version(&en->users, &en->cgroups))
		make_shown(en, p, uid);
	return p->shown.look;
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
	l = shown(en, parent, parent->uid);
	e->parent.entity_id = (struct str){ parent->entity, parent->entity_len };
	e->parent.pid = parent->tgid;
	e->parent.start_ns = parent->start_ns;
	e->parent.uid = parent->uid;
	e->parent.user = l->user;
	e->has[0] |= l->parent_has;
	e->degraded |= l->parent_degraded;
	image = proc_image(parent, e->boot_ns);
	if (!image)
		return;
	e->parent.name = image->name;
	e->parent.executable = image->executable;
	if (image == parent->image) {
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

static void tell_process(struct enrich *en, struct event *e) {
	struct proc *p = find(en, e->process.pid, e->process.start_ns);
	const struct image *image;
	const struct look *l;

	if (!p) {
		tell_unknown(en, e);
		return;
	}
	proctab_touch(&en->procs, p);
	busy_count(&en->busy, p);
	images_miss(p, e);
	l = shown(en, p, e->process.uid);
	e->process.entity_id = (struct str){ p->entity, p->entity_len };
	e->process.user = l->user;
	e->process.cgroup_id = p->cgroup_id;
	e->degraded |= l->degraded;
	whence_tell(p, e);
	image = images_at(p, e);
	if (image && image == p->image && (e->has[0] & FIELD_BITS(process, 0)) == DOER) {
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

static void tell_host(struct enrich *en, struct event *e) {
	struct facts *f = &en->facts;

	e->schema = EVENT_SCHEMA;
	e->id = facts_id(f, e->cpu, e->cpu_seq);
	e->seq = ++en->seq;
	e->host_id = f->host_id;
	e->boot_id = f->boot_id;
	e->host_name = f->host_name;
	e->host_key = en->host_key;
	e->has[0] |= en->host_has | FIELD_BIT(SCHEMA) | FIELD_BIT(ID) | FIELD_BIT(SEQ);
	if (f->has_clock)
		EVENT_SET(e, TIME_NS, time_ns, e->boot_ns + f->wall_offset_ns);
}

bool enrich_event(struct enrich *en, struct arena *arena, struct event *e) {
	(void)arena; /* what is told is lent by the tables */
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
	if (event_has(e, FIELD_PROCESS_PID))
		tell_process(en, e);
	if (event_has(e, FIELD_CREDENTIALS_UID))
		proctab_set_user(&en->procs, e->process.pid, e->process.start_ns,
				 e->credentials.uid);
	if (event_has(e, FIELD_TARGET_PID))
		target_tell(&en->procs, en->target_entity, e);
	filehash_tell(&en->hashes, en->facts.wall_offset_ns, e);
	if (e->kind != WIRE_NET_DNS)
		dnstab_tell(&en->domains, e);
	tell_host(en, e);
	return true;
}
