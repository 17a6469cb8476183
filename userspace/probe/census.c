/* SPDX-License-Identifier: Apache-2.0 */
/*
 * census.c - who was here before us
 *
 * The iterator gives everything but the arguments, which live in the process's
 * own memory; /proc reads those. A scope narrows the census to what is needed to
 * tell the scope's story: its processes, and their ancestors.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe/probe_impl.h"

struct census {
	char *bytes; /* records, one behind the other, each of header.len bytes */
	size_t n, cap;
};

static int census_read(struct probe *p, struct census *c) {
	struct bpf_program *program;
	struct bpf_link *link;
	ssize_t got = 1;
	int fd, err = 0;

	if (!p->families[DEED_PROCESS].object)
		return -ENOTSUP;
	program = bpf_object__find_program_by_name(p->families[DEED_PROCESS].object,
						   "process_census");
	if (!program || !bpf_program__autoload(program))
		return -ENOTSUP;
	link = bpf_program__attach_iter(program, NULL);
	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	if (fd < 0)
		err = -errno;
	while (!err && got > 0) {
		if (c->cap - c->n < 2 * WIRE_MAX_BYTES) {
			size_t cap = c->cap ? 2 * c->cap : 64 * WIRE_MAX_BYTES;
			char *bytes = realloc(c->bytes, cap);

			if (!bytes) {
				err = -ENOMEM;
				break;
			}
			c->bytes = bytes;
			c->cap = cap;
		}
		got = read(fd, c->bytes + c->n, c->cap - c->n);
		if (got > 0)
			c->n += (size_t)got;
		else if (got < 0 && errno != EAGAIN && errno != EINTR)
			err = -errno;
		else if (got < 0)
			got = 1;
	}
	if (fd >= 0)
		(void)close(fd);
	bpf_link__destroy(link);
	return err;
}

/* census_at - the record at @at, or NULL past the last whole one */
static const struct wire_process_exec *census_at(const struct census *c, size_t at) {
	const struct wire_process_exec *e = (const void *)(c->bytes + at);

	if (c->n - at < sizeof(*e) || e->head.len < sizeof(*e) || e->head.len > c->n - at)
		return NULL;
	return e;
}

/* with_arguments - @e with its arguments from /proc, in @to of WIRE_MAX_BYTES */
static uint32_t with_arguments(const struct wire_process_exec *e, char *to) {
	struct wire_process_exec *out = (struct wire_process_exec *)to;
	char name[32];
	ssize_t n;
	int fd;

	memcpy(to, e, e->head.len);
	(void)snprintf(name, sizeof(name), "/proc/%u/cmdline", e->head.tgid);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || e->head.len + WIRE_ARGS_BYTES + 1 > WIRE_MAX_BYTES) {
		if (fd >= 0)
			(void)close(fd);
		return e->head.len;
	}
	n = read(fd, to + e->head.len, WIRE_ARGS_BYTES + 1);
	(void)close(fd);
	if (n <= 0)
		return e->head.len;
	out->args_bytes = (uint32_t)n;
	if (n > WIRE_ARGS_BYTES) {
		out->head.flags |= WIRE_ARGS_CUT;
		n = WIRE_ARGS_BYTES;
	}
	out->args.off = e->head.len;
	out->args.len = (uint32_t)n;
	out->args_head = (uint32_t)n;
	out->head.len += (uint32_t)n;
	return out->head.len;
}

/* in_cgroup - whether @e's cgroup is @path ("/a/b") or below it */
static bool in_cgroup(const struct wire_process_exec *e, const char *path) {
	const char *record = (const char *)e, *end = path + strlen(path);
	size_t left = e->cgroup.len;

	if (!e->cgroup.off || (size_t)e->cgroup.off + e->cgroup.len > e->head.len)
		return false;
	/* the record holds the leaf first: its tail is the path from the top, turned round */
	for (const char *p = path; p < end;) {
		const char *name = p + (*p == '/'), *stop = strchrnul(name, '/');
		size_t n = (size_t)(stop - name);
		const char *at;

		p = stop;
		if (!n)
			continue;
		if (left < n + 1)
			return false;
		at = record + e->cgroup.off + left - (n + 1);
		if (memcmp(at, name, n) || at[n] || (left > n + 1 && at[-1]))
			return false;
		left -= n + 1;
	}
	return true;
}

static int compare_u32(const void *a, const void *b) {
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

struct pids {
	uint32_t *v;
	size_t n;
};

static bool pids_has(const struct pids *p, uint32_t pid) {
	return p->n && bsearch(&pid, p->v, p->n, sizeof(pid), compare_u32);
}

static int pids_add(struct pids *p, uint32_t pid) {
	uint32_t *v = reallocarray(p->v, p->n + 1, sizeof(*v));

	if (!v)
		return -ENOMEM;
	p->v = v;
	v[p->n++] = pid;
	qsort(v, p->n, sizeof(*v), compare_u32);
	return 0;
}

static bool in_scope(struct probe *p, const struct wire_process_exec *e) {
	uint8_t one;

	if (p->options.scope == SCOPE_PROCESS)
		return !bpf_map_lookup_elem(family_map(&p->maps, "scope"), &e->head.tgid, &one);
	return in_cgroup(e, p->options.scope_cgroup);
}

/* narrow - the processes in scope, and then parents of those kept, until there are no more */
static int narrow(struct probe *p, const struct census *c, struct pids *keep) {
	size_t before;
	int err = 0;

	do {
		const struct wire_process_exec *e;

		before = keep->n;
		for (size_t at = 0; !err && (e = census_at(c, at)); at += e->head.len) {
			if (in_scope(p, e) && !pids_has(keep, e->head.tgid))
				err = pids_add(keep, e->head.tgid);
			if (!err && pids_has(keep, e->head.tgid) && e->task.parent_tgid &&
			    !pids_has(keep, e->task.parent_tgid))
				err = pids_add(keep, e->task.parent_tgid);
		}
	} while (!err && keep->n != before);
	return err;
}

int probe_census(struct probe *p, probe_record_fn cb, void *ctx) {
	static _Alignas(8) char record[WIRE_MAX_BYTES];
	const struct wire_process_exec *e;
	struct census c = { 0 };
	struct pids keep = { 0 };
	int err = census_read(p, &c);

	if (!err && p->options.scope != SCOPE_ALL)
		err = narrow(p, &c, &keep);
	for (size_t at = 0; !err && (e = census_at(&c, at)); at += e->head.len) {
		if (p->options.scope != SCOPE_ALL && !pids_has(&keep, e->head.tgid))
			continue;
		err = cb(ctx, record, with_arguments(e, record));
	}
	free(keep.v);
	free(c.bytes);
	return err < 0 ? err : 0;
}

int probe_scope_add(struct probe *p, pid_t pid) {
	int map = family_map(&p->maps, "scope"), err;
	uint32_t root = (uint32_t)pid;
	struct census c = { 0 };
	uint8_t one = 1;
	size_t added;

	if (map < 0)
		return -ENOTSUP;
	if (bpf_map_update_elem(map, &root, &one, BPF_ANY))
		return -errno;
	/* children born from now on are taken in by process_fork(); these were born before */
	err = census_read(p, &c);
	do {
		const struct wire_process_exec *e;

		added = 0;
		for (size_t at = 0; !err && (e = census_at(&c, at)); at += e->head.len) {
			if (bpf_map_lookup_elem(map, &e->task.parent_tgid, &one) ||
			    !bpf_map_lookup_elem(map, &e->head.tgid, &one))
				continue;
			one = 1;
			if (bpf_map_update_elem(map, &e->head.tgid, &one, BPF_ANY))
				err = -errno;
			added++;
		}
	} while (!err && added);
	free(c.bytes);
	return err;
}
