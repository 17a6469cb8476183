/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * task.h - who: ids, credentials, namespaces, cgroup of a task
 */
#ifndef LAPWING_TASK_H
#define LAPWING_TASK_H

#include "cgroup.h"
#include "compat.h"
#include "emit.h"

/* enum pid_type of include/linux/pid_types.h, v5.0 and later */
#define TASK_PIDTYPE_PGID 2
#define TASK_PIDTYPE_SID 3

#define TASK_CGROUP_STEPS 32
#define TASK_CGROUP_NAME 256
#define TASK_CGROUP_BYTES 1536

/* A set of capabilities: two words of 32 bits before Linux 6.3, in the order of one of 64. */
#define TASK_CAPS(cred, set) (*(const __u64 *)&(cred)->set)

/* PROC_PID_INIT_INO, include/linux/proc_ns.h: the first PID namespace, the only one at level 0 */
#define TASK_FIRST_PID_NS 0xeffffffc

#define TASK_SPACES_WORDS (sizeof(struct wire_spaces) / sizeof(__u64))
#define TASK_KTHREADD 2	    /* its number on every kernel, init/main.c rest_init() */
#define TASK_KTHREAD 0x200000 /* PF_KTHREAD, include/linux/sched.h */

/*
 * The namespaces that kthreadd is in, as most processes of a host are, and their addresses: the
 * kernel's first ones (init_nsproxy, init_user_ns), which never change nor end. To read them
 * would be two reads for each, of eight instructions on x86 (PROBE_MEM).
 * Written by process_census, once; read by hooks that see births and execs.
 */
static struct {
	__u64 nsproxy, user; /* 0: not known yet */
	union {
		struct wire_spaces spaces;
		__u64 words[TASK_SPACES_WORDS];
	};
} task_home;

/* task_innermost - a task's number in the innermost of its PID namespaces, and which that is */
static __always_inline void task_innermost(struct wire_spaces *to, struct task_struct *task) {
	struct pid *pid = task->thread_pid;
	struct upid upid = {};

	if (pid && !pid->level) {
		to->ns_tgid = (__u32)task->tgid;
		to->ns_pid = TASK_FIRST_PID_NS;
	} else if (pid) {
		/* struct upid has had this size since there are pid namespaces */
		bpf_probe_read_kernel(&upid, sizeof(upid),
				      (void *)pid + bpf_core_field_offset(struct pid, numbers) +
					      (pid->level & 31) * sizeof(upid));
		to->ns_tgid = (__u32)upid.nr;
		to->ns_pid = BPF_CORE_READ(upid.ns, ns.inum);
	}
}

/* task_spaces - those of a process, by the leader of its threads */
static __always_inline void task_spaces(struct wire_spaces *to, struct task_struct *task) {
	/* early, where the verifier comes by once (syscall.h) */
	struct user_namespace *user = task->real_cred->user_ns;
	struct nsproxy *ns = task->nsproxy;
	__u64 *words = (__u64 *)to;
	__u32 inum;

	if (ns && (__u64)ns == task_home.nsproxy) {
		for (__u32 i = 0; i < TASK_SPACES_WORDS; i++)
			words[i] = task_home.words[i];
	} else if (ns) {
		to->ns_mnt = ns->mnt_ns->ns.inum;
		to->ns_net = ns->net_ns->ns.inum;
		to->ns_uts = ns->uts_ns->ns.inum;
		to->ns_ipc = ns->ipc_ns->ns.inum;
		to->ns_cgroup = ns->cgroup_ns->ns.inum;
	}
	inum = task_home.spaces.ns_user;
	barrier_var(inum); /* or it would be one read, of either place */
	if ((__u64)user != task_home.user)
		inum = user->ns.inum;
	to->ns_user = inum;
	task_innermost(to, task);
}

/* task_learn_home - @task is the next of all tasks */
static __always_inline void task_learn_home(struct task_struct *task) {
	struct wire_spaces spaces = {};

	if (task->pid != TASK_KTHREADD || !(task->flags & TASK_KTHREAD) || task_home.nsproxy)
		return;
	task_spaces(&spaces, task);
	task_home.spaces = spaces;
	task_home.user = (__u64)task->real_cred->user_ns;
	/* an exchange, for its barrier */
	__sync_lock_test_and_set(&task_home.nsproxy, (__u64)task->nsproxy);
}

/* task_comm - a task's name, in two loads; TASK_COMM_LEN is 16 for ever, include/linux/sched.h */
static __always_inline void task_comm(char *to, struct task_struct *task) {
	const __u64 *from = (const __u64 *)&task->comm[0];

	((__u64 *)to)[0] = from[0];
	((__u64 *)to)[1] = from[1];
}

static __always_inline __u32 task_session(struct task_struct *task) {
	return (__u32)task->signal->pids[TASK_PIDTYPE_SID]->numbers[0].nr;
}

static __always_inline __u32 task_group(struct task_struct *task) {
	return (__u32)task->signal->pids[TASK_PIDTYPE_PGID]->numbers[0].nr;
}

/* task_fill - everything of wire_task but the cgroup's path */
static __always_inline void task_fill(struct wire_task *to, struct task_struct *task) {
	struct task_struct *leader = task->group_leader;
	struct task_struct *parent = leader->real_parent;
	const struct cred *cred = task->real_cred;

	to->parent_tgid = (__u32)parent->tgid;
	to->parent_start_ns = parent->group_leader->start_boottime;
	to->egid = cred->egid.val;
	to->suid = cred->suid.val;
	to->sgid = cred->sgid.val;
	to->fsuid = cred->fsuid.val;
	to->fsgid = cred->fsgid.val;
	to->cap_inheritable = TASK_CAPS(cred, cap_inheritable);
	to->cap_permitted = TASK_CAPS(cred, cap_permitted);
	to->cap_effective = TASK_CAPS(cred, cap_effective);
	to->cap_bounding = TASK_CAPS(cred, cap_bset);
	to->cap_ambient = TASK_CAPS(cred, cap_ambient);
	to->login_uid = compat_login_uid(task);
	to->login_session = compat_login_session(task);
	to->session = task_session(task);
	to->group = task_group(task);
	to->cgroup_id = cgroup_of(task)->kn->id;
	task_spaces(&to->spaces, leader);
	task_comm(to->comm, task);
}

/* task_ids - what a change of credentials is about */
static __always_inline void task_ids(struct wire_ids *to, const struct cred *cred) {
	to->uid = cred->uid.val;
	to->gid = cred->gid.val;
	to->euid = cred->euid.val;
	to->egid = cred->egid.val;
	to->suid = cred->suid.val;
	to->sgid = cred->sgid.val;
	to->fsuid = cred->fsuid.val;
	to->fsgid = cred->fsgid.val;
	to->cap_effective = TASK_CAPS(cred, cap_effective);
	to->cap_permitted = TASK_CAPS(cred, cap_permitted);
	to->cap_inheritable = TASK_CAPS(cred, cap_inheritable);
	to->cap_ambient = TASK_CAPS(cred, cap_ambient);
}

struct task_cgroup_walk {
	struct slot *slot;
	struct kernfs_node *node;
	__u32 start;
};

/* task_cgroup - the cgroup's path below the root, leaf first, as in path.h */
static __always_inline void task_cgroup(struct slot *s, struct wire_path *to,
					struct task_struct *task) {
	struct kernfs_node *node = cgroup_of(task)->kn, *parent;
	__u32 start = s->len;

	for (int i = 0; i < TASK_CGROUP_STEPS; i++) {
		__u32 at = s->len;
		long n;

		parent = compat_kernfs_parent(node);
		if (!parent) {
			to->off = (__u16)start;
			to->len = (__u16)(s->len - start);
			return;
		}
		if (at > WIRE_MAX_BYTES - TASK_CGROUP_NAME || at - start > TASK_CGROUP_BYTES)
			break;
		n = bpf_probe_read_kernel_str(s->rec + at, TASK_CGROUP_NAME, node->name);
		if (n < 1 || n > TASK_CGROUP_NAME)
			break;
		s->len = at + (__u32)n;
		node = parent;
	}
	/* deeper than any that is known: no path is better than a wrong one; the id stands */
	s->len = start;
}

#endif
