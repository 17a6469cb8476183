/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * wire_host.h - what the sensor says of itself and its host: a part of wire.h, which includes it
 */
#ifndef LAPWING_WIRE_HOST_H
#define LAPWING_WIRE_HOST_H

/* Facts of the host, made by user space and sent down the same corridor. */
struct wire_host_start {
	struct wire_header head;
	__u64 wall_offset_ns; /* CLOCK_REALTIME - CLOCK_BOOTTIME */
	struct wire_str host_id, boot_id, host_name, version, kernel, arch;
	struct wire_str coverage; /* NUL separated */
	__u32 flags;
};
#define WIRE_HOST_SPLIT (1u << 0)      /* v1 has the controllers, the cgroups told are of v2 */
#define WIRE_HOST_ASKS (1u << 1)       /* runtimes are asked who a container is */
#define WIRE_HOST_HASHES (1u << 2)     /* what runs is hashed */

/* What is covered, how well, and what shows it; lists are NUL separated. */
struct wire_host_coverage {
	struct wire_header head;
	__u64 folded; /* deeds since the report before */
	struct wire_str served, gaps, proven, silent, untried, degraded, lost;
	__u32 pad;
};
_Static_assert(sizeof(struct wire_host_coverage) == 104, "wire_host_coverage");

struct wire_host_clock {
	struct wire_header head;
	__u64 wall_offset_ns;
};

struct wire_host_user {
	struct wire_header head;
	__u32 uid;
	struct wire_str name;
};

/* The sha256 of a file, for all execs of it that follow. */
struct wire_host_file {
	struct wire_header head;
	__u64 ino;
	__u64 ctime_ns;
	__u64 size;
	__u32 dev; /* as in wire_inode */
	__u32 pad;
	__u8 sha256[32];
};
_Static_assert(sizeof(struct wire_host_file) == 128, "wire_host_file");

struct wire_host_log {
	struct wire_header head;
	struct wire_str service; /* what its file is called */
	struct wire_str line;
};

/* What was said of a bundle of rules, and by whom. */
struct wire_host_content {
	struct wire_header head;
	__u64 version;
	__u64 order;
	struct wire_str gate, verdict, reason, text;
	struct wire_str bundle; /* its hash, hexadecimal; empty: of none */
	__u32 pad;
};
_Static_assert(sizeof(struct wire_host_content) == 104, "wire_host_content");

/* How much of the sensor runs, and why not all of it. */
struct wire_host_heartbeat {
	struct wire_header head;
	struct wire_str mode;
	struct wire_str reason; /* empty: all of it runs */
};
_Static_assert(sizeof(struct wire_host_heartbeat) == 72, "wire_host_heartbeat");

/* Who a container is, as a runtime, the kubelet or the API answered. */
struct wire_host_container {
	struct wire_header head;
	struct wire_str id;
	struct wire_str runtime, name, image, image_id;
	struct wire_str pod_uid, pod_name, pod_namespace;
	struct wire_str labels; /* KEY=VALUE, NUL separated */
	__u32 pad;
};
_Static_assert(sizeof(struct wire_host_container) == 104, "wire_host_container");

struct wire_host_loss {
	struct wire_header head;
	__u64 count;
	__u64 first_ns, last_ns; /* when the counters were looked at before, and now */
	__u32 kind;
	__u32 cause; /* enum wire_loss */
	__u32 cpu;   /* WIRE_LOSS_NO_CPU: not known */
	__u32 pad;
};
#define WIRE_LOSS_NO_CPU (~0u)
_Static_assert(sizeof(struct wire_host_loss) == 104, "wire_host_loss");

struct wire_host_stop {
	struct wire_header head;
	__u64 produced;
	__u64 lost;
};

/*
 * Equal deeds as one: behind it stands the record of such a deed that was told
 * whole, its own header included, and the event is one of that record's kind.
 * See bpf/fold.h.
 */
struct wire_host_fold {
	struct wire_header head;
	__u64 count; /* deeds that this stands for; the one in the record is none of them */
	__u64 first_ns;
	__u64 last_ns;
	__u64 bytes_out, bytes_in; /* of these, where the kind counts bytes */
};

/*
 * Deeds that were only counted, because there were too many in a second. The header names the
 * process that did them, its tid the tgid; WIRE_NO_TASK: several, or nobody knows which.
 * See bpf/limit.h.
 */
struct wire_host_limit {
	struct wire_header head;
	__u64 count;
	__u64 first_ns;
	__u64 last_ns;
	__u64 cgroup; /* kernfs id, of the last of them; 0: of several */
	__u32 kind;   /* of the deeds */
	__u32 by;     /* enum wire_limit */
	__u32 rate;   /* so many a second are told */
	__u32 talkers; /* processes that this is of; 0: not known */
};
_Static_assert(sizeof(struct wire_host_limit) == 112, "wire_host_limit");
_Static_assert(sizeof(struct wire_host_log) == 72, "wire_host_log");
_Static_assert(sizeof(struct wire_host_fold) == 104, "wire_host_fold");

#endif
