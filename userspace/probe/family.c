/* SPDX-License-Identifier: Apache-2.0 */
/*
 * family.c - choosing by trying
 *
 * Load the family with each deed's best way. If the kernel refuses a program,
 * the log names it: every way that needs it is struck out, with the reason, the
 * next one takes its place, and the load begins anew. A kernel that refuses one
 * LSM program for want of permission refuses them all, so these go together.
 */
#include "probe/family.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bpf/file.skel.h"
#include "bpf/inject.skel.h"
#include "bpf/kernel.skel.h"
#include "bpf/net.skel.h"
#include "bpf/process.skel.h"
#include "probe/bpflog.h"
#include "probe/types.h"

typedef const void *(*family_bytes_fn)(size_t *ret_n);

static const family_bytes_fn family_bytes[DEED_FAMILIES] = {
	[DEED_PROCESS] = process_bpf__elf_bytes,
	[DEED_FILE] = file_bpf__elf_bytes,
	[DEED_NET] = net_bpf__elf_bytes,
	[DEED_INJECT] = inject_bpf__elf_bytes,
	[DEED_KERNEL] = kernel_bpf__elf_bytes,
};

void family_maps_init(struct family_maps *m) {
	static const char *const names[FAMILY_MAPS] = {
		"ring_process", "ring_bulk", "slots",	      "sequences", "losses",
		"pulse",	"scope",     "scope_sockets", "folds",	   "fold_marks",
		".data.watch",	"watches",   "traces",	      "limits",	   "limit_marks",
		"limit_others",
	};

	for (int i = 0; i < FAMILY_MAPS; i++) {
		m->names[i] = names[i];
		m->fds[i] = -1;
	}
}

void family_maps_done(struct family_maps *m) {
	for (int i = 0; i < FAMILY_MAPS; i++) {
		if (m->fds[i] >= 0)
			(void)close(m->fds[i]);
		m->fds[i] = -1;
	}
}

int family_map(const struct family_maps *m, const char *name) {
	for (int i = 0; i < FAMILY_MAPS; i++)
		if (!strcmp(m->names[i], name))
			return m->fds[i];
	return -1;
}

/* original - the name of the program that @program is a copy of (bpf/trace.h), or its own */
static const char *original(const char *program, char name[16], bool *ret_copy) {
	size_t n = strlen(program);

	*ret_copy = n > 2 && n < 16 && program[n - 2] == '_' && program[n - 1] >= '2' &&
		    program[n - 1] < '1' + KNOBS_COPIES;
	if (!*ret_copy)
		return program;
	memcpy(name, program, n - 2);
	name[n - 2] = '\0';
	return name;
}

bool family_next_copy(const struct family *f, const struct bpf_program *program) {
	const char *name = bpf_program__name(program);
	char first[16], next[32];
	bool copy;
	const char *base = original(name, first, &copy);
	const struct bpf_program *after;

	(void)snprintf(next, sizeof(next), "%s_%c", base, copy ? name[strlen(name) - 1] + 1 : '2');
	after = bpf_object__find_program_by_name(f->object, next);
	return after && bpf_program__autoload(after);
}

static bool chosen(const struct family_choice *c, enum deed_family which, const char *program) {
	for (size_t d = 0; d < n_deeds; d++)
		if (deeds[d].family == which && c->way[d] >= 0 &&
		    family_way_needs(&deeds[d].ways[c->way[d]], program))
			return true;
	return false;
}

static enum deed_mechanism mechanism_of(const char *program) {
	for (size_t d = 0; d < n_deeds; d++)
		for (int w = 0; w < DEED_WAYS && deeds[d].ways[w].hook; w++)
			if (family_way_needs(&deeds[d].ways[w], program))
				return deeds[d].ways[w].mechanism;
	return DEED_TRACEPOINT;
}

/* include/linux/errno.h; from register_fentry() of arm64 before Linux 6.4 */
#define ENOTSUPP 524

/* mechanism_reason - for a mechanism that the kernel refuses altogether */
static void mechanism_reason(enum deed_mechanism m, int err, char why[256]) {
	(void)snprintf(why, 256, "the kernel refuses %s programs: %s",
		       m == DEED_LSM ? "LSM" : "fentry",
		       err == -ENOTSUPP ? "it has no trampolines for them" : strerror(-err));
}

/* refused_altogether - whether @err, for a program of @m, is said of all of them */
static bool refused_altogether(enum deed_mechanism m, int err) {
	return (err == -EPERM || err == -EOPNOTSUPP || err == -ENOTSUPP) &&
	       (m == DEED_LSM || m == DEED_FENTRY);
}

static void refuse(struct family_choice *c, const char *program, int err) {
	enum deed_mechanism m = mechanism_of(program);
	char why[256];

	if (refused_altogether(m, err)) {
		mechanism_reason(m, err, why);
	} else {
		m = DEED_TRACEPOINT;
		bpflog_reason(err, why);
	}
	family_strike(c, program, m, why);
}

/* try_mechanism - whether the kernel takes a program of @m at the function @at; -errno */
static int try_mechanism(enum deed_mechanism m, const struct btf *btf, const char *at) {
	LIBBPF_OPTS(bpf_prog_load_opts, opts,
		    .expected_attach_type = m == DEED_LSM ? BPF_LSM_MAC : BPF_TRACE_FENTRY);
	int id = btf__find_by_name_kind(btf, at, BTF_KIND_FUNC);

	if (id < 0)
		return 0; /* which says nothing */
	opts.attach_btf_id = (uint32_t)id;
	return family_try_nothing(m == DEED_LSM ? BPF_PROG_TYPE_LSM : BPF_PROG_TYPE_TRACING, &opts);
}

void family_strike_refused(struct family_choice *c, const struct btf *btf) {
	static const struct {
		enum deed_mechanism m;
		const char *at;
	} tried[] = { { DEED_LSM, "bpf_lsm_file_open" }, { DEED_FENTRY, "security_file_open" } };

	for (size_t i = 0; i < sizeof(tried) / sizeof(tried[0]); i++) {
		int err = try_mechanism(tried[i].m, btf, tried[i].at);
		char why[256];

		if (!refused_altogether(tried[i].m, err))
			continue;
		mechanism_reason(tried[i].m, err, why);
		family_strike(c, "", tried[i].m, why);
	}
}

/* call_kinds - marks the kinds that their system calls must tell */
static void call_kinds(const struct family_choice *c, struct knobs *k) {
	for (size_t d = 0; d < n_deeds; d++)
		if (c->way[d] >= 0 && deeds[d].ways[c->way[d]].mechanism == DEED_TRACEPOINT &&
		    deeds[d].call_kind)
			k->call_kinds[deeds[d].call_kind / 64] |= 1ull << deeds[d].call_kind % 64;
}

static int set_knobs(struct bpf_object *object, const struct knobs *knobs) {
	struct bpf_map *map = bpf_object__find_map_by_name(object, ".rodata.knobs");

	return map ? bpf_map__set_initial_value(map, knobs, sizeof(*knobs)) : -EPROTO;
}

/* size_map - of one that an object is about to make; @o: NULL: as compiled */
static int size_map(struct bpf_map *map, const char *name, const struct probe_options *o) {
	uint32_t cpus = (uint32_t)libbpf_num_possible_cpus();

	if (!strcmp(name, "slots"))
		return bpf_map__set_max_entries(map, cpus * KNOBS_SLOTS_PER_CPU);
	if (!strcmp(name, "sequences") || !strcmp(name, "losses"))
		return bpf_map__set_max_entries(map, cpus);
	if (o && o->volume.ring_process_bytes && !strcmp(name, "ring_process"))
		return bpf_map__set_max_entries(map, o->volume.ring_process_bytes);
	if (o && o->volume.ring_bulk_bytes && !strcmp(name, "ring_bulk"))
		return bpf_map__set_max_entries(map, o->volume.ring_bulk_bytes);
	return 0;
}

/* lend_maps - the object uses the maps that are made already, and sizes those that it makes */
static int lend_maps(struct bpf_object *object, const struct family_maps *maps,
		     const struct probe_options *o) {
	int err = 0;

	for (int i = 0; i < FAMILY_MAPS && !err; i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(object, maps->names[i]);

		if (!map)
			continue;
		if (maps->fds[i] >= 0)
			err = bpf_map__reuse_fd(map, maps->fds[i]);
		else
			err = size_map(map, maps->names[i], o);
	}
	return err;
}

static int keep_maps(struct bpf_object *object, struct family_maps *maps) {
	for (int i = 0; i < FAMILY_MAPS; i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(object, maps->names[i]);

		if (!map || maps->fds[i] >= 0)
			continue;
		maps->fds[i] = dup(bpf_map__fd(map));
		if (maps->fds[i] < 0)
			return -errno;
	}
	return 0;
}

/* The types that objects are relocated by; NULL: all of the kernel's. */
static const char *picked_types;

void family_pick_types(const struct btf *kernel) {
	struct bpf_object *objects[DEED_FAMILIES];
	const struct btf *types[DEED_FAMILIES];
	size_t n = 0, bytes;

	bpflog_reset();
	for (int i = 0; i < DEED_FAMILIES; i++) {
		const void *elf = family_bytes[i](&bytes);

		objects[n] = bpf_object__open_mem(elf, bytes, NULL);
		if (!objects[n])
			continue;
		types[n] = bpf_object__btf(objects[n]);
		n++;
	}
	picked_types = types_open(kernel, types, n);
	while (n)
		bpf_object__close(objects[--n]);
}

void family_drop_types(void) {
	picked_types = NULL;
	types_close();
}

void family_drop_bytes(void) {
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	for (int i = 0; i < DEED_FAMILIES; i++) {
		size_t n;
		uintptr_t bytes = (uintptr_t)family_bytes[i](&n), end = (bytes + n) & ~(page - 1);

		bytes = (bytes + page - 1) & ~(page - 1);
		if (bytes < end)
			(void)madvise((void *)bytes, end - bytes, MADV_DONTNEED);
	}
}

static int open_object(enum deed_family which, const struct knobs *knobs, struct bpf_object **ret) {
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = deed_families[which],
		    .btf_custom_path = picked_types);
	size_t n;
	const void *bytes = family_bytes[which](&n);
	struct bpf_object *object = bpf_object__open_mem(bytes, n, &opts);
	int err;

	if (!object)
		return -errno;
	err = set_knobs(object, knobs);
	if (err) {
		bpf_object__close(object);
		return err;
	}
	*ret = object;
	return 0;
}

void family_detach_idle(struct family *f, const struct family_choice *c, enum deed_family which) {
	char first[16];
	bool copy;
	int n = 0;

	for (int i = 0; i < f->n_links; i++) {
		if (chosen(c, which,
			   original(bpf_program__name(f->programs[i]), first, &copy))) {
			f->programs[n] = f->programs[i];
			f->links[n++] = f->links[i];
		} else {
			(void)bpf_link__destroy(f->links[i]);
		}
	}
	f->n_links = n;
}

void family_detach(struct family *f) {
	while (f->n_links > 0)
		bpf_link__destroy(f->links[--f->n_links]);
}

void family_free(struct family *f) {
	family_detach(f);
	bpf_object__close(f->object);
	f->object = NULL;
}

/* attach_one - -ECANCELED when it was attached, and the host was not well then */
static int attach_one(struct family *f, const struct bpf_program *program,
		      const struct probe_options *o) {
	const char *name = bpf_program__name(program);
	struct bpf_link *link;

	if (f->n_links == FAMILY_LINKS)
		return -E2BIG;
	if (o->step)
		(void)o->step(o->step_ctx, name, false);
	link = bpf_program__attach(program);
	if (!link)
		return -errno;
	if (o->alive)
		o->alive(o->step_ctx);
	if (o->step && o->step(o->step_ctx, name, true) < 0) {
		(void)bpf_link__destroy(link);
		return -ECANCELED;
	}
	f->programs[f->n_links] = program;
	f->links[f->n_links++] = link;
	return 0;
}

/* attach_all - attaches what was loaded; the program that was refused in @failed */
static int attach_all(struct family *f, const struct probe_options *o, char failed[16]) {
	struct bpf_program *program;

	bpf_object__for_each_program(program, f->object) {
		int err;

		if (!bpf_program__autoload(program) ||
		    bpf_program__expected_attach_type(program) == BPF_TRACE_ITER)
			continue;
		err = attach_one(f, program, o);
		if (!err)
			continue;
		(void)snprintf(failed, 16, "%s", bpf_program__name(program));
		return err;
	}
	return 0;
}

/* make - opens and loads what is chosen; @failed: the program that was refused, if one was */
static int make(struct family *f, enum deed_family which, const struct family_choice *c,
		const struct family_maps *maps, const struct knobs *knobs,
		const struct probe_options *o, char failed[16]) {
	struct knobs mine = *knobs;
	struct bpf_program *program;
	char name[16];
	bool copy;
	int err, n = 0;

	call_kinds(c, &mine);
	bpflog_reset();
	err = open_object(which, &mine, &f->object);
	if (err)
		return err;
	bpf_object__for_each_program(program, f->object) {
		bool on = chosen(c, which, original(bpf_program__name(program), name, &copy)) &&
			  (!copy || knobs->copies);

		(void)bpf_program__set_autoload(program, on);
		n += on;
	}
	if (!n)
		return -ENOTSUP;
	err = lend_maps(f->object, maps, o);
	if (err)
		return err;
	bpflog_reset();
	err = bpf_object__load(f->object);
	if (err)
		(void)bpflog_program(failed);
	return err;
}

void family_ahead(struct family *f, enum deed_family which, const struct family_choice *c,
		  const struct family_maps *maps, const struct knobs *knobs,
		  const struct probe_options *o) {
	char failed[16];

	if (make(f, which, c, maps, knobs, o, failed))
		family_free(f);
}

void family_settle(struct family *f, enum deed_family which, const struct family_choice *then,
		   const struct family_choice *now, const struct family_maps *lent,
		   const struct family_maps *maps) {
	bool still = true;

	if (!f->object)
		return;
	for (size_t d = 0; d < n_deeds; d++)
		still = still && (deeds[d].family != which || then->way[d] == now->way[d]);
	for (int i = 0; i < FAMILY_MAPS; i++)
		still = still && (lent->fds[i] == maps->fds[i] ||
				  !bpf_object__find_map_by_name(f->object, maps->names[i]));
	if (!still)
		family_free(f);
}

/* load_once - one attempt with the present choice; -EAGAIN when a program was struck out */
static int load_once(struct family *f, enum deed_family which, struct family_choice *c,
		     struct family_maps *maps, const struct knobs *knobs,
		     const struct probe_options *attach) {
	char failed[16] = "", name[16];
	bool copy;
	int err = f->object ? 0 : make(f, which, c, maps, knobs, attach, failed);

	if (attach && attach->alive)
		attach->alive(attach->step_ctx);
	if (!err)
		err = keep_maps(f->object, maps);
	if (!err && attach)
		err = attach_all(f, attach, failed);
	if (!err || !failed[0])
		return err;
	refuse(c, original(failed, name, &copy), err);
	return -EAGAIN;
}

int family_load(struct family *f, enum deed_family which, struct family_choice *c,
		struct family_maps *maps, const struct knobs *knobs,
		const struct probe_options *attach) {
	int err;

	/* each round strikes out at least one way, so this ends */
	do {
		err = load_once(f, which, c, maps, knobs, attach);
		if (attach && attach->alive)
			attach->alive(attach->step_ctx);
		if (err)
			family_free(f);
	} while (err == -EAGAIN);
	return err;
}

int family_try(enum deed_family which, const struct deed_way *way, const struct knobs *knobs,
	       uint32_t *ret_insns, char *why) {
	struct family_maps maps;
	struct bpf_program *program;
	struct bpf_object *object;
	uint32_t insns = 0;
	int err;

	family_maps_init(&maps);
	bpflog_reset();
	err = open_object(which, knobs, &object);
	if (err) {
		bpflog_reason(err, why);
		return err;
	}
	bpf_object__for_each_program(program, object) {
		const char *name = bpf_program__name(program);

		(void)bpf_program__set_autoload(program, family_way_needs(way, name));
	}
	err = lend_maps(object, &maps, NULL);
	if (!err)
		err = bpf_object__load(object);
	if (refused_altogether(way->mechanism, err))
		mechanism_reason(way->mechanism, err, why);
	else if (err)
		bpflog_reason(err, why);
	bpf_object__for_each_program(program, object) {
		struct bpf_prog_info info = { 0 };
		uint32_t n = sizeof(info);

		if (!err && bpf_program__autoload(program) &&
		    !bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &n))
			insns += info.verified_insns;
	}
	bpf_object__close(object);
	*ret_insns = insns;
	return err;
}
