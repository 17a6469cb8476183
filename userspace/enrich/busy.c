/* SPDX-License-Identifier: Apache-2.0 */
#include "enrich/busy.h"

#include "base/crc32c.h"

void busy_init(struct busy *b) {
	b->round = 1; /* a new row's is 0 */
	b->n_active = 0;
}

void busy_join(struct busy *b, struct proc *p) {
	p->busy_round = b->round;
	p->busy_n = 0;
	if (b->n_active < BUSY_ACTIVE)
		b->active[b->n_active++] = p;
}

/* key_of - what tells a container from others; absent: it is none */
static struct str key_of(const struct container *c) {
	return c->id.s ? c->id : c->name;
}

/* slot_of - the row of @c, or a free one for it; NULL: all are taken */
static struct busy_row *slot_of(struct busy *b, const struct container *c) {
	struct str key = key_of(c);
	uint32_t at = crc32c(0, key.s, key.n);

	for (uint32_t i = 0; i < BUSY_CONTAINERS; i++) {
		struct busy_row *row = &b->containers[(at + i) % BUSY_CONTAINERS];

		if (!row->container || str_eq(key_of(row->container), key))
			return row;
	}
	return NULL;
}

/* keep_most - @row among @rows, which are sorted, if it is one of the BUSY_SHOWN largest */
static void keep_most(struct busy_row *rows, uint32_t *n, struct busy_row row) {
	uint32_t at = *n;

	if (at == BUSY_SHOWN && rows[--at].n >= row.n)
		return;
	for (; at && rows[at - 1].n < row.n; at--)
		rows[at] = rows[at - 1];
	rows[at] = row;
	*n += *n < BUSY_SHOWN;
}

/* cgroup_of - where a process is, if that is in a container */
static const struct cgroup *cgroup_of(struct cgroups *cgroups, const struct proc *p) {
	const struct cgroup *cgroup = cgroups_get(cgroups, p->is.cgroup_id);

	return cgroup && key_of(&cgroup->container).s ? cgroup : NULL;
}

void busy_take(struct busy *b, struct cgroups *cgroups, struct busy_list *ret) {
	*ret = (struct busy_list){ 0 };
	memset(b->containers, 0, sizeof(b->containers));
	for (uint32_t i = 0; i < b->n_active; i++) {
		struct proc *p = b->active[i];
		struct busy_row row = { .n = p->busy_n, .pid = p->tgid }, *in;
		const struct cgroup *cgroup;

		/* it went, and its row may be another's by now, which is here a second time */
		if (!p->tgid || p->busy_round != b->round)
			continue;
		p->busy_round = 0;
		cgroup = cgroup_of(cgroups, p);
		row.container = cgroup ? &cgroup->container : NULL;
		if (p->is.image)
			row.name = p->is.image->name;
		keep_most(ret->processes, &ret->n_processes, row);
		in = row.container ? slot_of(b, row.container) : NULL;
		if (in) {
			in->container = row.container;
			if (cgroup->named && cgroup->named->name.s)
				in->name = cgroup->named->name;
			in->n += row.n;
		}
	}
	for (uint32_t i = 0; i < BUSY_CONTAINERS; i++)
		if (b->containers[i].container)
			keep_most(ret->containers, &ret->n_containers, b->containers[i]);
	b->n_active = 0;
	b->round = b->round + 1 ?: 1;
}
