/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * gate.h - the first line of every hook: is this any of our business?
 */
#ifndef LAPWING_GATE_H
#define LAPWING_GATE_H

#include "maps.h"

/* gate_own - a deed of the sensor itself: counted, and told during a trial only */
static __always_inline bool gate_own(void) {
	__u32 zero = 0;
	struct knobs_pulse *p = bpf_map_lookup_elem(&pulse, &zero);

	if (!p)
		return false;
	__sync_fetch_and_add(&p->own, 1);
	return p->trial;
}

/*
 * gate_courier - whether @task is one that delivers (app/keeper.c), or starts those
 * Were its connect told, that event would be the next one to deliver. What a courier starts is no
 * courier, and told.
 */
static __always_inline bool gate_courier(struct task_struct *task) {
	return knobs.keeper_tgid && ((__u32)task->tgid == knobs.keeper_tgid ||
				     (__u32)task->real_parent->tgid == knobs.keeper_tgid);
}

/* gate_task - whether @task's deeds are to be told: in scope, and not the sensor itself */
static __always_inline bool gate_task(struct task_struct *task) {
	__u32 tgid = task->tgid;

	if (tgid == knobs.self_tgid)
		return gate_own();
	if (gate_courier(task))
		return false;
	if (knobs.scope == SCOPE_PROCESS)
		return bpf_map_lookup_elem(&scope, &tgid) != NULL;
	if (knobs.scope == SCOPE_CGROUP)
		return bpf_get_current_ancestor_cgroup_id((int)knobs.scope_cgroup_level) ==
		       knobs.scope_cgroup;
	return true;
}

/* gate_call - whether a kind is told from its system call, because no better hook serves it */
static __always_inline bool gate_call(__u32 kind) {
	return knobs.call_kinds[kind / 64 % (WIRE_KIND_MAX / 64)] >> kind % 64 & 1;
}

/* gate_socket_enter - remembers that the end of the socket with this @cookie is to be told */
static __always_inline void gate_socket_enter(__u64 cookie) {
	__u8 one = 1;

	if (cookie && knobs.scope != SCOPE_ALL)
		bpf_map_update_elem(&scope_sockets, &cookie, &one, BPF_ANY);
}

static __always_inline bool gate_socket(__u64 cookie) {
	return knobs.scope == SCOPE_ALL || bpf_map_lookup_elem(&scope_sockets, &cookie);
}

#endif
