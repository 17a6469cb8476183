/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/probe.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/procfile.h"
#include "probe/ahead.h"
#include "probe/controller.h"
#include "probe/probe_impl.h"

/* A ring this full (an eighth of the smaller one) wakes its reader at once. */
#define WAKE_BYTES (256 * 1024) /* or a quarter of the smaller ring */

/* PROC_PID_INIT_INO of include/linux/proc_ns.h: the initial namespace, on every kernel */
#define PID_NAMESPACE_INODE 0xeffffffcu

#define SWITCHED_OFF "switched off by order or by its owner"

#define BTF_PATH "/sys/kernel/btf/vmlinux"

int probe_check(const char **why) {
	LIBBPF_OPTS(bpf_prog_load_opts, opts);
	/* r0 = atomic_fetch_add needs v5.12; nothing older can carry emit.h */
	const struct bpf_insn fetch[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0 },
		{ .code = BPF_STX | BPF_MEM | BPF_DW,
		  .dst_reg = BPF_REG_10,
		  .src_reg = BPF_REG_0,
		  .off = -8 },
		{ .code = BPF_STX | BPF_DW | 0xc0 /* BPF_ATOMIC */,
		  .dst_reg = BPF_REG_10,
		  .src_reg = BPF_REG_0,
		  .off = -8,
		  .imm = 0x01 /* BPF_ADD | BPF_FETCH */ },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	struct stat st;
	int fd, err;

	if (stat("/proc/self/ns/pid", &st) || st.st_ino != PID_NAMESPACE_INODE) {
		*why = "this is not the host's PID namespace, in which the hooks number processes: "
		       "start the container with --pid=host (hostPID: true), with /proc mounted";
		return -EXDEV;
	}
	if (access(BTF_PATH, R_OK)) {
		*why = "the kernel has no type information at \"" BTF_PATH
		       "\": run a kernel built with CONFIG_DEBUG_INFO_BTF=y (Debian 12 and later "
		       "have it), and in a container mount /sys/kernel/btf";
		return -ENOENT;
	}
	err = family_try_nothing(BPF_PROG_TYPE_RAW_TRACEPOINT, &opts);
	if (err) {
		*why = "the kernel does not let this process load BPF programs: run it as root, or "
		       "with CAP_BPF and CAP_PERFMON (CAP_SYS_ADMIN before Linux 5.8)";
		return err == -ENOSYS ? -ENOSYS : -EPERM;
	}
	fd = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, NULL, "GPL", fetch, 4, &opts);
	if (fd < 0) {
		*why = "this kernel is too old: BPF atomics need Linux 5.12; run Debian 12's "
		       "kernel "
		       "(6.1) or newer";
		return -ENOSYS;
	}
	(void)close(fd);
	return 0;
}

bool probe_known(struct family_choice *c, struct knobs *knobs) {
	struct btf *btf = btf__load_vmlinux_btf();
	bool preempts, lazy;
	int mount;

	if (!btf)
		return false; /* the load of the first program says what is wrong */
	preempts = btf__find_by_name_kind(btf, "class_srcu_fast_notrace_t", BTF_KIND_TYPEDEF) > 0;
	lazy = btf__find_by_name_kind(btf, "resched_curr_lazy", BTF_KIND_FUNC) > 0;
	family_strike_absent(c, btf);
	controller_choose(btf, knobs);
	/* by the kernel's own number, which picked types do not have */
	mount = btf__find_by_name_kind(btf, "mount", BTF_KIND_STRUCT);
	knobs->mount_type = mount > 0 ? (uint32_t)mount : 0;
	family_pick_types(btf);
	if (preempts || lazy)
		family_strike_skippable(c);
	family_strike_refused(c, btf);
	btf__free(btf);
	return preempts;
}

static uint32_t wake_bytes(const struct probe_options *o) {
	uint32_t n = WAKE_BYTES;

	if (o->volume.ring_process_bytes && o->volume.ring_process_bytes / 4 < n)
		n = o->volume.ring_process_bytes / 4;
	if (o->volume.ring_bulk_bytes && o->volume.ring_bulk_bytes / 4 < n)
		n = o->volume.ring_bulk_bytes / 4;
	return n;
}

static void fill_knobs(const struct probe_options *o, struct knobs *k) {
	*k = (struct knobs){
		.scope = o->scope,
		.scope_cgroup = o->scope_cgroup_id,
		.self_tgid = (uint32_t)getpid(),
		.keeper_tgid = (uint32_t)o->keeper,
		.wake_bytes = wake_bytes(o),
		.limit_process = o->volume.limit_process,
		.limit_cgroup = o->volume.limit_cgroup,
	};
	if (o->env)
		k->env = *o->env;
	for (const char *p = o->scope_cgroup; p && *p; p++)
		k->scope_cgroup_level += *p == '/' && p[1];
}

static size_t whole_pages(const struct probe *p, size_t n) {
	return (n + p->page_bytes - 1) & ~(p->page_bytes - 1);
}

int probe_map_shared(struct probe *p, const char *name, size_t n, void **ret) {
	void *at = mmap(NULL, whole_pages(p, n), PROT_READ | PROT_WRITE, MAP_SHARED,
			family_map(&p->maps, name), 0);

	if (at == MAP_FAILED)
		return -errno;
	(void)madvise(at, whole_pages(p, n), MADV_DONTFORK);
	*ret = at;
	return 0;
}

void probe_unmap_shared(struct probe *p, void *at, size_t n) {
	if (at)
		(void)munmap(at, whole_pages(p, n));
}

/* program_cost - what the kernel says of the program behind @fd; bpf(2) may be forbidden by now */
static struct probe_cost program_cost(int fd) {
	struct probe_cost c = { 0 };
	char line[128];
	FILE *f;

	(void)snprintf(line, sizeof(line), "/proc/self/fdinfo/%d", fd);
	f = fopen(line, "re");
	while (f && fgets(line, sizeof(line), f)) {
		(void)sscanf(line, "run_time_ns: %" SCNu64, &c.run_ns);
		(void)sscanf(line, "run_cnt: %" SCNu64, &c.runs);
		(void)sscanf(line, "recursion_misses: %" SCNu64, &c.misses);
	}
	if (f)
		(void)fclose(f);
	return c;
}

int probe_count_costs(void) {
	int fd = bpf_enable_stats(BPF_STATS_RUN_TIME);

	return fd < 0 ? -errno : fd;
}

size_t probe_costs(const struct probe *p, struct probe_cost *ret, size_t max, bool *counted) {
	struct bpf_program *program;
	size_t n = 0;
	FILE *f = fopen("/proc/sys/kernel/bpf_stats_enabled", "re");

	*counted = f && fgetc(f) == '1';
	if (f)
		(void)fclose(f);
	for (int i = 0; i < DEED_FAMILIES; i++) {
		if (!p->families[i].object)
			continue;
		bpf_object__for_each_program(program, p->families[i].object) {
			if (n == max || !bpf_program__autoload(program))
				continue;
			ret[n] = program_cost(bpf_program__fd(program));
			ret[n].family = deed_families[i];
			ret[n++].name = bpf_program__name(program);
		}
	}
	return n;
}

/* program_misses - recursion_misses of the program behind @fd; bpf(2) may be forbidden by now */
static uint64_t program_misses(int fd) {
	char name[64];
	uint64_t n = 0;

	(void)snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", fd);
	(void)procfile_number(name, "recursion_misses", &n);
	return n;
}

/* not_run - with what was told before the last copy was attached still in it */
static int64_t not_run(const struct probe *p) {
	struct bpf_program *program;
	int64_t n = 0;

	for (int f = 0; f < DEED_FAMILIES; f++) {
		if (!p->families[f].object)
			continue;
		bpf_object__for_each_program(program, p->families[f].object)
			if (bpf_program__autoload(program) &&
			    !family_next_copy(&p->families[f], program))
				n += (int64_t)program_misses(bpf_program__fd(program));
	}
	if (p->traces)
		n += (int64_t)__atomic_load_n(&p->traces->last, __ATOMIC_RELAXED) -
		     (int64_t)__atomic_load_n(&p->traces->told, __ATOMIC_RELAXED);
	return n;
}

/* map_read - a map that only hooks write; -errno */
static int map_read(const struct probe *p, const char *name, size_t n, const void **ret) {
	void *at = mmap(NULL, whole_pages(p, n), PROT_READ, MAP_SHARED, family_map(&p->maps, name),
			0);

	if (at == MAP_FAILED)
		return -errno;
	*ret = at;
	return 0;
}

static int map_counters(struct probe *p) {
	const void *at;
	int err = map_read(p, "losses", p->n_cpus * sizeof(*p->losses), &at);

	if (err)
		return err;
	p->losses = at;
	err = map_read(p, "sequences", p->n_cpus * sizeof(*p->sequences), &at);
	if (err)
		return err;
	p->sequences = at;
	if (family_map(&p->maps, "traces") >= 0) {
		err = map_read(p, "traces", sizeof(*p->traces), &at);
		if (err)
			return err;
		p->traces = at;
	}
	p->not_run_before = not_run(p);
	return fold_map(p) ?: limit_map(p) ?: watch_map(p);
}

static int map_ring(struct probe *p, const char *name, struct ring *ring) {
	struct bpf_map_info info = { 0 };
	uint32_t n = sizeof(info);
	int fd = family_map(&p->maps, name);

	if (bpf_obj_get_info_by_fd(fd, &info, &n))
		return -errno;
	return ring_open(ring, fd, info.max_entries);
}

static void fill_deeds(struct probe *p) {
	for (size_t d = 0; d < n_deeds; d++) {
		int way = p->choice.way[d];

		p->deeds[d] = (struct probe_deed){
			.name = deeds[d].name,
			.hook = way >= 0 ? deeds[d].ways[way].hook : NULL,
			.refused = p->choice.refused[d][0],
			.lacks = way >= 0 ? deed_way_lacks(&deeds[d].ways[way]) : NULL,
			.kind = deeds[d].call_kind,
		};
	}
}

/*
 * hooks_alive - whether a deed of our own reaches the hooks that are attached
 * A kernel without "bpf" in its LSM list loads and attaches LSM programs, and never calls them.
 */
static bool hooks_alive(struct probe *p) {
	volatile const struct knobs_pulse *pulse =
		mmap(NULL, p->page_bytes, PROT_READ, MAP_SHARED, family_map(&p->maps, "pulse"), 0);
	uint64_t before;
	bool alive;
	int fd;

	if (pulse == MAP_FAILED)
		return true; /* not known to be dead */
	before = pulse->own;
	fd = memfd_create("lapwing", MFD_CLOEXEC);
	alive = fd < 0 || fchmod(fd, 0600) || pulse->own != before;
	if (fd >= 0)
		(void)close(fd);
	(void)munmap((void *)pulse, p->page_bytes);
	return alive;
}

/*
 * The order of loading. Files come first: there a deed of our own shows whether LSM hooks are
 * alive. Injection is next, for its first other program is a small fexit one: if the kernel refuses
 * that, no larger family is loaded twice to find it out.
 */
static const enum deed_family load_order[] = { DEED_FILE, DEED_INJECT, DEED_PROCESS, DEED_NET,
					       DEED_KERNEL };
_Static_assert(sizeof(load_order) / sizeof(load_order[0]) == DEED_FAMILIES, "each of them");

/* Those of LOAD_ORDER that are loaded beside what comes before them. */
#define AHEAD_FROM 3
#define AHEAD_BESIDE 2

/* load_family - with a second try without LSM hooks when these turn out to be dead */
static int load_family(struct probe *p, enum deed_family which, const struct knobs *knobs) {
	struct family *f = &p->families[which];
	int err = family_load(f, which, &p->choice, &p->maps, knobs, &p->options);

	if (err || which != DEED_FILE || !family_uses_lsm(&p->choice, which) || hooks_alive(p))
		return err;
	family_free(f);
	family_strike_lsm(&p->choice, "the kernel does not call LSM programs: \"bpf\" is not in "
				      "its list (boot with lsm=...,bpf)");
	return family_load(f, which, &p->choice, &p->maps, knobs, &p->options);
}

/* load_all - how many were; *ret_err: the last one's, if it was not */
static int load_all(struct probe *p, const struct knobs *knobs, int *ret_err) {
	static struct ahead ahead;
	int loaded = 0;

	for (int f = 0; f < DEED_FAMILIES; f++) {
		if (f == AHEAD_BESIDE)
			ahead_begin(&ahead, p, load_order + AHEAD_FROM, DEED_FAMILIES - AHEAD_FROM,
				    knobs);
		if (f == AHEAD_FROM)
			ahead_end(&ahead);
		if (f >= AHEAD_FROM)
			ahead_take(&ahead, p, load_order[f]);
		*ret_err = load_family(p, load_order[f], knobs);
		if (*ret_err)
			family_give_up(&p->choice, load_order[f], *ret_err);
		else
			loaded++;
	}
	return loaded;
}

int probe_open(const struct probe_options *options, struct probe **ret) {
	struct probe *p = calloc(1, sizeof(*p));
	struct knobs knobs;
	int loaded, err = -ENOMEM;

	if (!p)
		return err;
	/*
	 * All that is parsed below goes back to the kernel when it is freed. In the heap it would
	 * leave holes, and what is taken from them later has all its pages at once.
	 */
	(void)mallopt(M_MMAP_THRESHOLD, 128 * 1024);
	p->options = *options;
	p->page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	p->n_cpus = (size_t)libbpf_num_possible_cpus();
	family_maps_init(&p->maps);
	family_choice_init(&p->choice, options->hooks);
	fill_knobs(options, &knobs);
	family_strike_outside(&p->choice, options->set,
			      options->hooks == PROBE_HOOKS_NONE ? "no hooks are wanted"
			      : options->set == PROBE_CORE	 ? "left out in core mode"
								 : "left out in safe mode");
	for (size_t i = 0; i < options->n_leave; i++)
		(void)family_leave(&p->choice, options->leave[i], SWITCHED_OFF);
	knobs.copies = options->set != PROBE_NOTHING && probe_known(&p->choice, &knobs);
	p->split = !knobs.cgroup_css && controller_in_v1();
	loaded = load_all(p, &knobs, &err);
	family_drop_types();
	family_drop_bytes();
	/* the kernel's type information is parsed and freed again; it need not stay resident */
	(void)malloc_trim(0);
	fill_deeds(p);
	if (options->set == PROBE_NOTHING) {
		p->n_cpus = 0;
		*ret = p;
		return 0;
	}
	if (!loaded)
		goto fail;
	err = map_counters(p);
	if (!err)
		err = map_ring(p, "ring_process", &p->process);
	if (!err)
		err = map_ring(p, "ring_bulk", &p->bulk);
	if (!err)
		err = trial_open(p);
	if (err)
		goto fail;
	*ret = p;
	return 0;
fail:
	probe_free(p);
	return err;
}

void probe_free(struct probe *p) {
	if (!p)
		return;
	for (int f = DEED_FAMILIES - 1; f >= 0; f--)
		family_free(&p->families[f]);
	ring_done(&p->bulk);
	ring_done(&p->process);
	probe_unmap_shared(p, (void *)p->losses, p->n_cpus * sizeof(*p->losses));
	probe_unmap_shared(p, (void *)p->traces, sizeof(*p->traces));
	probe_unmap_shared(p, (void *)p->sequences, p->n_cpus * sizeof(*p->sequences));
	watch_unmap(p);
	fold_unmap(p);
	limit_unmap(p);
	probe_unmap_shared(p, (void *)p->pulse, p->page_bytes);
	family_maps_done(&p->maps);
	free(p);
}

void probe_detach(struct probe *p) {
	for (int f = 0; f < DEED_FAMILIES; f++)
		family_detach(&p->families[f]);
}

bool probe_cgroups_split(const struct probe *p) {
	return p->split;
}

int probe_leave(struct probe *p, const char *name, const char *why) {
	int n = family_leave(&p->choice, name, why);

	for (int f = 0; f < DEED_FAMILIES && n; f++)
		family_detach_idle(&p->families[f], &p->choice, (enum deed_family)f);
	fill_deeds(p);
	return n;
}

const struct probe_deed *probe_deeds(const struct probe *p, size_t *ret_n) {
	*ret_n = n_deeds;
	return p->deeds;
}

void probe_fds(const struct probe *p, int ret[2]) {
	ret[0] = p->process.consumer ? p->process.fd : -1;
	ret[1] = p->bulk.consumer ? p->bulk.fd : -1;
}

uint64_t probe_not_run(const struct probe *p) {
	int64_t n = not_run(p) - p->not_run_before;

	return n > 0 ? (uint64_t)n : 0; /* a deed that is being told just now is counted half */
}

/*
 * The bulk ring is looked at first: a process record that its event depends on
 * was committed before, so it is visible once the event is.
 */
int probe_drain(struct probe *p, int max, probe_record_fn cb, void *ctx) {
	int n;

	if (p->options.set == PROBE_NOTHING)
		return 0;
	for (n = 0; n < max; n++) {
		uint32_t bulk_len = 0, process_len = 0, len;
		const struct wire_header *bulk = ring_peek(&p->bulk, &bulk_len);
		const struct wire_header *process = ring_peek(&p->process, &process_len);
		const void *record;
		struct ring *ring;
		int err;

		if (!bulk && !process)
			break;
		if (process && (!bulk || process->ts_ns <= bulk->ts_ns)) {
			ring = &p->process;
			record = process;
			len = process_len;
		} else {
			ring = &p->bulk;
			record = late_resolve(bulk, bulk_len, p->late);
			len = bulk_len;
		}
		err = cb(ctx, record, len);
		ring_next(ring, len);
		if (err < 0)
			return err;
	}
	return n;
}
