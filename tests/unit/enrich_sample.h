/* SPDX-License-Identifier: Apache-2.0 */
/*
 * enrich_sample.h - events as decode/ gives them, to be enriched
 */
#ifndef LAPWING_ENRICH_SAMPLE_H
#define LAPWING_ENRICH_SAMPLE_H

#include "enrich/enrich.h"
#include "event/field.h"

#define S 1000000000ull /* ns */

/* Who does it: a process by what keys it, and who made it. */
struct who {
	uint32_t pid;
	uint64_t start_ns;
	uint32_t uid;
	uint32_t parent_pid;
	uint64_t parent_start_ns;
};

static uint64_t sample_seq;

/* sample_event - an event of @kind with garbage in all members that are not marked */
static inline struct event *sample_event(struct event *e, uint32_t kind, uint64_t boot_ns,
                                         const struct who *who) {
	memset(e, 0x5a, sizeof(*e));
	event_reset(e);
	e->hashes = e->cgroups_split = false; /* booleans, which garbage is not */
	EVENT_SET(e, KIND, kind, kind);
	EVENT_SET(e, OUTCOME, outcome, OUTCOME_SUCCEEDED);
	EVENT_SET(e, BOOT_NS, boot_ns, boot_ns);
	EVENT_SET(e, CPU, cpu, 1);
	EVENT_SET(e, CPU_SEQ, cpu_seq, sample_seq++);
	if (!who)
		return e;
	EVENT_SET(e, PROCESS_PID, process.pid, who->pid);
	EVENT_SET(e, PROCESS_TID, process.tid, who->pid);
	EVENT_SET(e, PROCESS_START_NS, process.start_ns, who->start_ns);
	EVENT_SET(e, PROCESS_UID, process.uid, who->uid);
	EVENT_SET(e, PROCESS_GID, process.gid, who->uid);
	EVENT_SET(e, PROCESS_EUID, process.euid, who->uid);
	return e;
}

static inline bool sample_fork(struct enrich *en, struct event *e, uint64_t boot_ns,
                               const struct who *who, const char *name) {
	sample_event(e, WIRE_PROCESS_FORK, boot_ns, who);
	EVENT_SET(e, PROCESS_NAME, process.name, str_of(name));
	EVENT_SET(e, PROCESS_CGROUP_ID, process.cgroup_id, 33);
	e->parent_tgid = who->parent_pid;
	e->parent_start_ns = who->parent_start_ns;
	return enrich_event(en, NULL, e);
}

/* sample_exec - also for a census; name is the last part of @path, the path is the command line */
static inline bool sample_exec(struct enrich *en, struct event *e, uint32_t kind, uint64_t boot_ns,
                               const struct who *who, const char *path) {
	sample_event(e, kind, boot_ns, who);
	EVENT_SET(e, PROCESS_NAME, process.name, str_basename(str_of(path)));
	EVENT_SET(e, PROCESS_EXECUTABLE, process.executable, str_of(path));
	EVENT_SET(e, PROCESS_COMMAND_LINE, process.command_line, str_of(path));
	e->parent_tgid = who->parent_pid;
	e->parent_start_ns = who->parent_start_ns;
	return enrich_event(en, NULL, e);
}

static inline bool sample_open(struct enrich *en, struct event *e, uint64_t boot_ns,
                               const struct who *who) {
	return enrich_event(en, NULL, sample_event(e, WIRE_FILE_OPEN, boot_ns, who));
}

static inline bool sample_exit(struct enrich *en, struct event *e, uint64_t boot_ns,
                               const struct who *who) {
	return enrich_event(en, NULL, sample_event(e, WIRE_PROCESS_EXIT, boot_ns, who));
}

static inline void sample_user(struct enrich *en, uint32_t uid, struct str name) {
	struct event e;

	sample_event(&e, WIRE_HOST_USER, S, NULL);
	e.named_uid = uid;
	e.user_name = name;
	(void)enrich_event(en, NULL, &e);
}

static inline bool is_text(struct str x, const char *want) {
	return x.s && str_eq(x, str_of(want));
}

static inline bool degraded(const struct event *e, enum event_degraded what) {
	return e->degraded >> what & 1;
}

#endif
