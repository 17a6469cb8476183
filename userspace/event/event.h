/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event.h - the shared noun: one thing that happened
 *
 * A struct event mirrors lapwing.v1.Event of proto/event.proto, message by
 * message and member by member; field.def lists the members, and everything
 * that reads them by name (rules, protobuf, JSON, the docs) goes through that
 * list. Whether a member is known is a bit in @has, set by EVENT_SET() or
 * event_mark(); a member without its bit must not be read.
 *
 * Every string is borrowed: from the record, the arena, or a table row. All of
 * it dies when the corridor takes the next record.
 */
#ifndef LAPWING_EVENT_H
#define LAPWING_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "base/words.h"
#include "wire.h"

/* A set of kinds (enum wire_kind). */
struct event_kinds {
	uint64_t bits[WIRE_KIND_MAX / 64];
};

static inline void event_kinds_add(struct event_kinds *s, uint32_t kind) {
	s->bits[kind / 64] |= 1ull << kind % 64;
}

static inline bool event_kinds_has(const struct event_kinds *s, uint32_t kind) {
	return kind < WIRE_KIND_MAX && s->bits[kind / 64] >> kind % 64 & 1;
}

static inline bool event_kinds_any(const struct event_kinds *s) {
	uint64_t any = 0;

	for (int i = 0; i < WIRE_KIND_MAX / 64; i++)
		any |= s->bits[i];
	return any != 0;
}

/* Kinds are enum wire_kind; the other enums are those of event.proto. */
enum event_outcome { OUTCOME_ATTEMPTED = 1, OUTCOME_SUCCEEDED = 2, OUTCOME_FAILED = 3 };

enum event_level {
	LEVEL_INFORMATIONAL = 1,
	LEVEL_LOW = 2,
	LEVEL_MEDIUM = 3,
	LEVEL_HIGH = 4,
	LEVEL_CRITICAL = 5
};

/* Bits of event.degraded: 1 << the number in event.proto. */
enum event_degraded {
	DEGRADED_ARGS_CUT = 1,
	DEGRADED_ARGS_UNREADABLE = 2,
	DEGRADED_PATH_CUT = 3,
	DEGRADED_PATH_RACY = 4,
	DEGRADED_FILE_UNRESOLVED = 5,
	DEGRADED_FILE_LATE = 6,
	DEGRADED_PROCESS_UNKNOWN = 7,
	DEGRADED_PROCESS_FROM_CENSUS = 8,
	DEGRADED_PARENT_UNKNOWN = 9,
	DEGRADED_USER_UNKNOWN = 10,
	DEGRADED_ADDRESS_RACY = 11,
	DEGRADED_OWNER_UNKNOWN = 12,
	DEGRADED_TEXT_ESCAPED = 13,
	DEGRADED_LINEAGE_CUT = 14,
	DEGRADED_CONTAINER_UNRESOLVED = 15,
	DEGRADED_CONTAINER_ID_SHORT = 16,
	DEGRADED_TARGET_UNKNOWN = 17,
	DEGRADED_OLD_UNKNOWN = 18,
	DEGRADED_PARENT_ARGS_CUT = 19,
	DEGRADED_DNS_CUT = 20,
	DEGRADED_DNS_MALFORMED = 21,
	DEGRADED_DOMAIN_BY_OTHER = 22,
	DEGRADED_CONTAINER_UNNAMED = 23,
	DEGRADED_ENV_CUT = 24,
	DEGRADED_ENV_UNREADABLE = 25,
	DEGRADED_HASH_PENDING = 26,
	DEGRADED_HASH_UNRESOLVED = 27,
	DEGRADED_HASH_RACY = 28,
	DEGRADED_LAYER_UNKNOWN = 29,
	DEGRADED_WRITTEN_GUESSED = 30,
	DEGRADED_LENGTH_UNKNOWN = 31,
	DEGRADED_ENV_SKIPPED = 32,
	DEGRADED_CALLS_32_UNSEEN = 33,
	DEGRADED_CONTAINER_NESTED = 34,
	DEGRADED_CONTAINER_BY_USER = 35,
	DEGRADED_MAX = 36
};

/* A list of strings; the array is borrowed like the strings in it. */
struct strv {
	const struct str *v;
	uint32_t n;
};

struct event_process {
	struct str entity_id;
	uint32_t pid, tid;
	uint64_t start_ns;
	struct str name, executable, command_line, cwd, user;
	uint32_t uid, gid, euid, egid, suid, sgid, fsuid, fsgid;
	uint32_t login_uid, login_session;
	struct str tty;
	uint32_t session, group;
	uint64_t cap_effective, cap_permitted, cap_inheritable, cap_bounding, cap_ambient;
	uint32_t ns_mnt, ns_pid, ns_net, ns_user, ns_uts, ns_ipc, ns_cgroup, ns_tgid;
	uint64_t cgroup_id;
	struct str cgroup;
};

struct event_exec {
	struct strv args;
	uint32_t args_bytes;
	struct str invoked, script, interpreter;
	uint64_t inode;
	uint32_t dev_major, dev_minor, mode, uid, gid, links;
	uint32_t args_tail;
	struct str args_sha256;
	struct str in, out, err;
	bool unlinked, memory, tmpfs;
	struct strv environment;
	struct str sha256;
};

#define EVENT_SHA256_TEXT 64 /* hexadecimal */

/* Which state of which file; ctime_ns 0: not told. */
struct event_file_id {
	uint64_t ctime_ns, ino, size;
	uint32_t dev;	 /* as in wire_inode */
	uint32_t magic;	 /* of its file system */
	uint64_t ran_ns; /* boot clock: when it was so */
};

/* Larger files are not hashed. */
#define EVENT_HASH_MAX_BYTES (256ull << 20)

/*
 * event_hash_settle_ns - how old a file's ctime must be for every further change to move it
 * It is kept in ticks; in seconds where there is room for no more, as in the small inodes of ext4.
 */
static inline uint64_t event_hash_settle_ns(uint64_t ctime_ns) {
	return ctime_ns % 1000000000 ? 50000000 : 2000000000;
}

/* What stands in a command line for the middle that was left out. */
#define EVENT_CUT_MARK " [...] "

struct event_fork {
	uint64_t clone_flags;
};

struct event_exit {
	uint32_t code, signal;
	bool core_dumped;
	uint64_t run_ns;
};

struct event_file {
	struct str path, old_path, target;
	uint64_t inode;
	uint32_t dev_major, dev_minor, mode, uid, gid, flags, new_mode, new_uid, new_gid;
	uint64_t size;
	struct str xattr;
	uint64_t xattr_bytes;
	uint32_t new_dev_major, new_dev_minor;
	struct strv exposed;
	uint32_t links;
	uint64_t written_bytes, old_size;
	uint32_t rename_flags;
};

/* Of the file, or what is run, if it is on overlayfs. */
struct event_overlay {
	uint32_t layer;
	uint64_t inode;
	uint32_t dev_major, dev_minor;
};

struct event_mount {
	struct str source, type;
	uint64_t flags;
};

struct event_net {
	uint32_t transport;
	struct str source_ip, destination_ip;
	uint32_t source_port, destination_port;
	bool initiated;
	uint32_t backlog;
	uint64_t latency_ns, socket_inode, duration_ns, sent_bytes, received_bytes;
	struct str community_id, destination_domain, path;
	uint32_t family, socket_type, protocol;
};

/* As committed, and before. */
struct event_credentials {
	uint32_t uid, gid, euid, egid, suid, sgid, fsuid, fsgid;
	uint64_t cap_effective, cap_permitted, cap_inheritable, cap_ambient;
	uint32_t old_uid, old_gid, old_euid, old_egid, old_suid, old_sgid, old_fsuid, old_fsgid;
	uint64_t old_cap_effective, old_cap_permitted, old_cap_inheritable, old_cap_ambient;
};

enum event_signal_origin { SIGNAL_KILL = 1, SIGNAL_TGKILL = 2, SIGNAL_QUEUE = 3, SIGNAL_FAULT = 4 };

struct event_signal {
	uint32_t number, origin, code;
	uint64_t address;
};

struct event_dns {
	uint32_t id;
	bool response;
	struct str query, record_type, response_code;
	struct strv answers;
	uint32_t bytes;
};

struct event_host {
	struct str version, kernel, arch;
	struct strv coverage;
	uint32_t lost_kind;
	struct str lost_cause;
	uint64_t lost_count, produced, lost;
	struct str lost_class, mode, mode_reason;
	uint64_t lost_first_ns, lost_last_ns;
	uint32_t lost_cpu;
};

struct event_container {
	struct str id, runtime, name, pod_uid;
	struct str image, image_id, pod_name, pod_namespace; /* as answered */
	struct strv labels;
};

struct event_lineage {
	struct strv ids, names;
};

struct event_inject {
	uint32_t call, request;
	uint64_t address, bytes;
	uint32_t protection, old_protection, memory;
	struct str path, name;
	uint32_t flags;
};

struct event_kernel {
	struct str name, path, type;
	uint32_t id;
	struct str tag, command;
	uint32_t attach_type;
	struct str tracepoint;
	bool is_signed;
	uint64_t taints;
	struct strv namespaces;
	uint64_t cgroup_id;
	struct str cgroup, operation;
	uint32_t entries;
	uint64_t flags;
};

struct event_coverage {
	struct strv served, gaps, proven, silent, untried, degraded, lost;
	uint64_t folded;
};

enum event_evidence { EVIDENCE_COMPLETE = 1, EVIDENCE_INCOMPLETE = 2, EVIDENCE_UNJUDGED = 3 };

struct rule;

/*
 * A rule or a correlation that held. Strings are the rule set's own and live as long as it does,
 * but for events and group, which the next event overwrites.
 */
struct detection {
	struct str rule_id, title, author;
	struct str name;	 /* for people and correlations; not exported */
	const struct rule *rule; /* the room's own; NULL unless it has just found it */
	uint32_t level;		 /* enum event_level */
	struct strv tags;
	struct strv matched;
	uint32_t evidence; /* enum event_evidence; 0 unless it is a correlation, as the next two */
	struct strv events, group;
};

/* Of an event that stands for many equal deeds. */
struct event_fold {
	uint64_t count, first_ns, last_ns, bytes_out, bytes_in;
};

/* Deeds past a limit that were only counted. */
struct event_limit {
	uint32_t kind, rate, talkers;
	uint64_t count, first_ns, last_ns, cgroup_id;
	struct str by;
};

/* A line of a log that others write. */
struct event_log {
	struct strv services;
	struct str program, user, text;
};

/* A verdict on a bundle of rules. */
struct event_content {
	struct str gate, verdict, reason, text, bundle;
	uint64_t version, order;
};

#define EVENT_HAS_WORDS 5

struct event {
	uint64_t has[EVENT_HAS_WORDS]; /* a bit for each enum field_id */
	uint64_t degraded;	       /* bits, see enum event_degraded */
	uint32_t kind;		       /* enum wire_kind */
	uint32_t outcome;	       /* enum event_outcome */
	uint32_t error;
	uint32_t cpu;
	struct str hook; /* up to here EVENT_HEAD_BYTES, which are copied together */
	uint32_t schema;
	struct str id;
	uint64_t seq, time_ns, boot_ns;
	struct str host_id, boot_id, host_name;
	uint64_t cpu_seq;
	struct event_process process, parent;
	struct event_exec exec;
	struct event_fork fork;
	struct event_log log;
	struct event_content content;
	struct event_exit exit;
	struct event_file file;
	struct event_net net;
	struct event_dns dns;
	struct event_host host;
	struct event_fold fold;
	struct event_limit limit;
	struct event_mount mount;
	struct event_overlay overlay;
	struct event_process target; /* whom the deed is done to */
	struct event_credentials credentials;
	struct event_signal signal;
	struct event_container container;
	struct event_lineage lineage;
	struct event_inject inject;
	struct event_kernel kernel;
	struct event_coverage coverage;

	/* From here to file_id.ctime_ns all is 0 in a new event: event_reset(). */
	const struct detection *detections;
	uint32_t n_detections;

	/* Between rooms only, never exported. */
	bool ownerless;		  /* decode -> enrich: find the doer by socket_cookie */
	bool untold;		  /* enrich -> app: only with enrich_tell() it is whole */
	bool retold;		  /* decode -> app: rules have seen this deed, as an attempt */
	bool asks;		  /* decode -> enrich: HOST_START: runtimes are asked who is who */
	uint64_t host_key;	  /* enrich -> encode: host_id, boot_id, host_name */
	uint64_t process_key;	  /* likewise: process, but for tid, uid, gid and euid */
	uint64_t look_key;	  /* likewise: process, but for what tells one from its like:
				     entity_id, pid, tid, start_ns, ns_tgid, uid, gid, euid */
	uint64_t parent_key;	  /* likewise: parent */
	uint64_t container_key;	  /* likewise: container */
	uint64_t lineage_key;	  /* likewise: lineage */
	uint64_t exec_key; /* decode -> the others: exec, overlay, and what decode/again.c says of
			      process */
	uint64_t said_key; /* decode -> enrich: of a birth, exec or end: with @deed, all that the
			      record says but parent_*, execs, and the values of FIELD_OWN */
	uint64_t twin_key; /* enrich -> detect, encode: all that is exported, and which members are
			      known, but for the values of FIELD_OWN */
	uint32_t parent_tgid;	  /* decode -> enrich: real parent of a fork, exec or census */
	uint32_t execs;		  /* likewise: wire_header.execs of the doer; 0: not told */
	uint64_t parent_start_ns; /* likewise */
	uint64_t socket_cookie;	  /* likewise: names the socket to a later record; or 0 */
	const struct event_lent *lent; /* decode -> enrich: event_take(); or NULL */
	struct event_file_id file_id; /* decode -> the others: of an exec, HOST_FILE */
	uint64_t deed; /* decode -> enrich: cpu to error of the record's header, as they stand */
	uint32_t dns_ttl_s;	  /* decode -> enrich: how long dns.answers holds */
	const unsigned char *file_sha256; /* decode -> enrich: HOST_FILE; 32 bytes */
	bool hashes;		  /* likewise: HOST_START */
	uint64_t wall_offset_ns;  /* decode -> enrich: HOST_START, HOST_CLOCK */
	bool cgroups_split;	  /* decode -> enrich: HOST_START */
	uint32_t named_uid;	  /* decode -> enrich: HOST_USER */
	struct str user_name;	  /* likewise */
};

/* What an event of decode_lean() says but does not have yet. */
struct event_lent {
	struct event_process process; /* but for pid, tid, start_ns, ns_tgid */
	struct event_exec exec;
};

#define EVENT_SCHEMA 1

/*
 * event_new_key - a number for a key of an event; never 0, and never given twice by a program
 *
 * A key promises: wherever two events have the same one, and the same bits in
 * @has for the members that it stands for, those members are equal. So they can
 * be encoded once and copied. 0 promises nothing; who changes such a member
 * after it got its key calls event_unkey().
 */
uint64_t event_new_key(void);

/* event_unkey - it is no longer what its keys promise */
static inline void event_unkey(struct event *e) {
	e->host_key = e->process_key = e->look_key = e->parent_key = 0;
	e->container_key = e->lineage_key = e->exec_key = 0;
	e->said_key = e->twin_key = 0;
}

#define EVENT_HEAD_BYTES offsetof(struct event, schema)
#define EVENT_NEW offsetof(struct event, detections)
#define EVENT_NEW_BYTES (offsetof(struct event, file_id.ctime_ns) + sizeof(uint64_t) - EVENT_NEW)

/* event_renew - event_reset(), for who writes the first EVENT_HEAD_BYTES */
static inline void event_renew(struct event *e) {
	words_clear((char *)e + EVENT_NEW, EVENT_NEW_BYTES);
}

/* event_reset - an event of which nothing is known; only what is marked is ever read */
static inline void event_reset(struct event *e) {
	memset(e->has, 0, sizeof(e->has));
	e->degraded = 0;
	event_renew(e);
}

/* event_take_lent - for event_take() */
void event_take_lent(struct event *e);

/* event_take - @e has all that it says, if decode lent it some; borrowed as before */
static inline void event_take(struct event *e) {
	if (e->lent)
		event_take_lent(e);
}

static inline void event_degrade(struct event *e, enum event_degraded what) {
	e->degraded |= 1ull << what;
}

#endif
