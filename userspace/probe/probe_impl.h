/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe_impl.h - struct probe itself, for the files of this room
 */
#ifndef LAPWING_PROBE_IMPL_H
#define LAPWING_PROBE_IMPL_H

#include "probe/family.h"
#include "probe/probe.h"
#include "probe/ring.h"

#define PROBE_NO_CPU 65535 /* of records that are made here: numbered as facts of the host are */

struct probe {
	struct probe_options options;
	struct family_maps maps;
	struct family families[DEED_FAMILIES];
	struct family_choice choice;
	struct probe_deed deeds[DEED_MAX];
	struct ring process, bulk;
	const struct knobs_losses *losses;
	volatile struct knobs_pulse *pulse;
	const struct knobs_sequence *sequences;
	const struct knobs_traces *traces; /* NULL: the family of processes is not loaded */
	int64_t not_run_before;		   /* while the hooks were being attached */
	struct knobs_fold_entry *folds; /* both shared with the hooks */
	struct knobs_fold_marks *fold_marks;
	struct knobs_limit *limits; /* likewise */
	struct knobs_limit_marks *limit_marks;
	struct knobs_limit_others *limit_others;
	uint64_t limits_told_ns;
	struct knobs_watch_filter *watch_filter; /* NULL: the family of files is not loaded */
	struct knobs_watch_table *watches;	 /* two */
	size_t n_cpus;
	size_t page_bytes;
	bool split; /* as probe_cgroups_split() */
	_Alignas(8) char late[WIRE_MAX_BYTES]; /* a record that late.c has to amend */
};

/* trial_open - maps the switch of probe_trial(); -errno */
int trial_open(struct probe *p);

/*
 * late_resolve - @record with its inode looked up now, if the hook could not say it
 * Gives @record itself when there is nothing to add, else the copy in @scratch
 * (WIRE_MAX_BYTES, 8-byte aligned).
 */
const void *late_resolve(const void *record, uint32_t len, char *scratch);

/*
 * probe_known - strikes out of @c what the kernel's types say before anything is loaded
 * That is: tracepoints that it does not have, and programs that it would skip, as fentry's where
 * kernel code may lose the CPU lazily: since 6.13, kernel/sched/core.c resched_curr_lazy(). Gives
 * whether it takes a task off the CPU inside a tracepoint, as since 7.0: the guard that it then
 * uses (include/linux/srcu.h) came with that. And tells the hooks by @knobs which cgroups count.
 */
bool probe_known(struct family_choice *c, struct knobs *knobs);

/* probe_map_shared - a map that hooks and user space both write; -errno */
int probe_map_shared(struct probe *p, const char *name, size_t n, void **ret);
void probe_unmap_shared(struct probe *p, void *at, size_t n);

/* watch_map - maps what watch.h reads; -errno. watch_unmap: also after that failed. */
int watch_map(struct probe *p);
void watch_unmap(struct probe *p);

/* fold_map - maps what fold.h counts in; -errno. fold_unmap: also after that failed. */
int fold_map(struct probe *p);
void fold_unmap(struct probe *p);

/* limit_map - maps what limit.h counts in; -errno. limit_unmap: also after that failed. */
int limit_map(struct probe *p);
void limit_unmap(struct probe *p);

/* limit_tell - WIRE_HOST_LIMIT records: of who did most, and of the rest; as probe_folds() */
int limit_tell(struct probe *p, uint64_t now_ns, bool all, uint64_t *seq, probe_record_fn cb,
	       void *ctx);

#endif
