/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * cgroup.h - which of its cgroups is a task's: it is in one of each hierarchy
 */
#ifndef LAPWING_CGROUP_H
#define LAPWING_CGROUP_H

#include "maps.h"

/*
 * cgroup_of - that of v2; where v1 has the controllers that of one of these, as runtimes put
 * containers there, and not always into v2
 * Kernel: kernel/cgroup/cgroup.c find_css_set(): css_set::subsys has no holes.
 */
static __always_inline struct cgroup *cgroup_of(struct task_struct *task) {
	struct css_set *set = task->cgroups;

	if (!knobs.cgroup_css)
		return set->dfl_cgrp;
	return (*(struct cgroup_subsys_state **)((char *)set + knobs.cgroup_css))->cgroup;
}

/* cgroup_id - the number of that of @task, which is the current one */
static __always_inline __u64 cgroup_id(struct task_struct *task) {
	return knobs.cgroup_css ? cgroup_of(task)->kn->id : bpf_get_current_cgroup_id();
}

#endif
