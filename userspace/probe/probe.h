/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe.h - the kernel's side of the seam: load, attach, drain
 *
 * The only room with libbpf. Which hook serves a deed is found out by loading
 * and attaching it, best first (deeds.h); what is refused is remembered with
 * the reason, and the next way is tried. A family that cannot be had at all
 * leaves the others running.
 */
#ifndef LAPWING_PROBE_H
#define LAPWING_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "event/event.h"
#include "knobs.h"

struct probe;

enum probe_hooks {
	PROBE_HOOKS_AUTO,
	PROBE_HOOKS_LSM,
	PROBE_HOOKS_TRACEPOINT,
	PROBE_HOOKS_NONE, /* as the set PROBE_NOTHING: logs that are followed, and content */
};

/* How much is to be told. */
enum probe_set {
	PROBE_ALL,
	PROBE_CORE,    /* fork, exec and exit, and the census */
	PROBE_NOTHING, /* no program is loaded; the probe is there, and gives nothing */
};

/* How much may come. */
struct probe_volume {
	/* deeds but fork, exec and exit, each kind for itself, told in a second; 0: all */
	uint32_t limit_process, limit_cgroup;
	uint32_t ring_process_bytes, ring_bulk_bytes; /* as probe_ring_fits(); 0: as compiled */
};

struct probe_options {
	enum probe_hooks hooks;
	enum probe_set set;
	/*
	 * Called before each program is attached, and after; NULL: they are attached at once.
	 * What it returns before is not asked for; a negative number after means that the host is
	 * not well: the program is detached and refused.
	 */
	int (*step)(void *ctx, const char *program, bool attached);
	void *step_ctx;
	/* with step_ctx, now and then while programs are loaded, which may take minutes; or NULL */
	void (*alive)(void *ctx);
	uint32_t scope;		  /* enum knobs_scope */
	const char *scope_cgroup; /* SCOPE_CGROUP: path below the cgroup2 root, "/a/b"; borrowed */
	uint64_t scope_cgroup_id; /* SCOPE_CGROUP: inode of its directory */
	struct probe_volume volume;
	const struct knobs_env *env; /* variables that are told; NULL: none */
	const char *const *leave; /* what is not to be told, as for probe_leave() */
	size_t n_leave;
	pid_t keeper; /* its deeds and its children's are the sensor's own; 0: there is none */
};

/* How one deed is covered. Strings are borrowed from the probe. */
struct probe_deed {
	const char *name;    /* "file.rename" */
	const char *hook;    /* "lsm/path_rename", or NULL: not covered */
	const char *refused; /* why better hooks do not serve, or ""; one line */
	const char *lacks;   /* what its events can be degraded by, "PATH_RACY …", or NULL */
	uint8_t kind;	     /* enum wire_kind of its events where the name does not say it; or 0 */
};

/*
 * probe_check - whether this kernel and these privileges can carry the sensor at all
 * @why: one sentence with cause and remedy
 * 0, -EXDEV (a PID namespace of its own), -ENOENT (no BTF), -EPERM, -ENOSYS (too old).
 */
int probe_check(const char **why);

/* What a ring may be: any power of two between these. */
#define PROBE_RING_MIN (64u << 10)
#define PROBE_RING_MAX (1u << 30)

static inline bool probe_ring_fits(uint64_t bytes) {
	return bytes >= PROBE_RING_MIN && bytes <= PROBE_RING_MAX && !(bytes & (bytes - 1));
}

/*
 * probe_open - loads and attaches what the kernel takes, of what is in the options' set
 * 0 even if some deeds are not covered (see probe_deeds). -EPERM or -ENOTSUP when
 * nothing at all could be attached; then nothing is left attached.
 */
int probe_open(const struct probe_options *options, struct probe **ret);

/* probe_free - detaches and unloads; NULL is fine */
void probe_free(struct probe *p);

const struct probe_deed *probe_deeds(const struct probe *p, size_t *ret_n);

typedef int (*probe_record_fn)(void *ctx, const void *record, size_t len);

/*
 * probe_census - a WIRE_PROCESS_CENSUS record for each process that is there
 * With a scope, only for those in it and their ancestors. -errno of the iterator or @cb.
 */
int probe_census(struct probe *p, probe_record_fn cb, void *ctx);

/*
 * probe_scope_add - takes @pid and all its present descendants into SCOPE_PROCESS
 * Call after probe_open(): children born meanwhile follow their parents. -errno.
 */
int probe_scope_add(struct probe *p, pid_t pid);

/*
 * probe_watch - from now on opens for reading of these files are told, and of no others
 * Callable at any time, also in the sandbox. How many of them found no room among others whose
 * names are alike, and are not watched; -ENOTSUP: no hook sees files.
 */
int probe_watch(struct probe *p, const struct knobs_watch *list, size_t n);

/*
 * probe_cgroups_split - whether v1 has the controllers, and yet the cgroups told are those of v2
 * Who is at the root of these may then be in any container.
 */
bool probe_cgroups_split(const struct probe *p);

/*
 * probe_leave - from now on the deeds called @name ("file.open"), or of the family @name ("file"),
 * are not covered, for the reason @why; "" means all
 * Programs that serve no other deed are detached; there is no way back but a new probe. Also in the
 * sandbox. How many deeds it is that were covered.
 */
int probe_leave(struct probe *p, const char *name, const char *why);

/* probe_fds - descriptors that become readable when a ring wants attention at once; 2 of them */
void probe_fds(const struct probe *p, int ret[2]);

/*
 * probe_drain - hands waiting records to @cb, oldest first across both rings, at most @max
 * Records are borrowed until @cb returns, 8-byte aligned. Gives the number of records, or what
 * @cb returned if that was negative.
 */
int probe_drain(struct probe *p, int max, probe_record_fn cb, void *ctx);

/*
 * probe_folds - hands a WIRE_HOST_FOLD record to @cb for all equal deeds whose window is over,
 * and once a second WIRE_HOST_LIMIT records for those past a limit
 * @now_ns: CLOCK_BOOTTIME
 * @seq: numbers the records, counted up
 * @all: whose window is not over too: nothing is counted any more, because all is detached
 * How many entries were left to the next call, because a hook was counting there at that moment;
 * or what @cb returned if that was negative.
 */
int probe_folds(struct probe *p, uint64_t now_ns, bool all, uint64_t *seq, probe_record_fn cb,
		void *ctx);

/* probe_detach - no hook sends any more; what they sent can still be drained */
void probe_detach(struct probe *p);

/*
 * probe_trial - does harmless deeds of our own, which the hooks tell as they tell anybody's
 * @sandboxed: only those that the sandbox lets through
 * @ret: the kinds of which one was done, added to what is in it
 *
 * Their records come by probe_drain(), with our own tgid and the number 0; nobody else's have that.
 * Files are made in a folder of our own in memory (/dev/shm, or else /tmp), sockets are bound to
 * the loopback address, and all of it is gone when this returns.
 */
void probe_trial(struct probe *p, bool sandboxed, struct event_kinds *ret);

/* probe_losses - what the hooks lost on each CPU since load; borrowed, changes under the reader */
const struct knobs_losses *probe_losses(const struct probe *p, size_t *ret_n);

/* The same of all CPUs together; of what user space counts: 0. */
uint64_t probe_lost(const struct probe *p, uint32_t kind, enum wire_loss cause);
uint64_t probe_lost_kind(const struct probe *p, uint32_t kind);
uint64_t probe_lost_count(const struct probe *p);
void probe_lost_all(const struct probe *p, struct knobs_losses *ret);

/*
 * probe_not_run - how often the kernel skipped a hook because it interrupted itself on one CPU
 * Such a deed has no record, no number and no kind; this is all that is known of it. Of a program
 * in copies (bpf/trace.h) only what none of them told.
 * Kernel: bpf_prog_stats::misses, shown as recursion_misses in fdinfo (v5.12).
 */
uint64_t probe_not_run(const struct probe *p);

/* What one program that is attached has cost so far. */
struct probe_cost {
	const char *name;   /* borrowed from the probe */
	const char *family; /* "file" */
	uint64_t runs, run_ns; /* while the kernel counts them; else they stand still */
	uint64_t misses;
};

/*
 * probe_costs - of at most @max programs; gives how many. Also in the sandbox.
 * @counted: whether the kernel counts runs and time now (kernel.bpf_stats_enabled)
 * Kernel: bpf_prog_show_fdinfo(), run_time_ns and run_cnt since v5.1.
 */
size_t probe_costs(const struct probe *p, struct probe_cost *ret, size_t max, bool *counted);

/*
 * probe_count_costs - the kernel counts runs and time of all BPF programs until this is closed
 * A descriptor, close-on-exec, or -errno: it takes CAP_SYS_ADMIN.
 * Kernel: BPF_ENABLE_STATS, v5.8.
 */
int probe_count_costs(void);

/* probe_produced - records that hooks tried to send since load, lost ones included */
uint64_t probe_produced(const struct probe *p);

/* One way to serve a deed, as probe_preflight() found it. */
struct probe_way {
	const char *deed, *hook;
	bool usable, chosen;
	char why[256]; /* not usable: the reason */
	const char *lacks; /* as in struct probe_deed */
	uint32_t verified_insns;
	uint32_t load_us;
};

/* probe_ways - how many there are */
unsigned probe_ways(void);

/*
 * probe_preflight - loads each way alone, attaches nothing, and calls @cb with each
 * -errno when even that cannot be tried.
 */
int probe_preflight(const struct probe_options *options,
		    void (*cb)(void *ctx, const struct probe_way *way), void *ctx);

#endif
