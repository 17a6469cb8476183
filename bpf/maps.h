/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * maps.h - every map: who writes, who reads, what happens when it is full
 *
 * Each object declares them all; the loader makes them once and lends them to
 * the other objects by name.
 */
#ifndef LAPWING_MAPS_H
#define LAPWING_MAPS_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#include "knobs.h"

const volatile struct knobs knobs SEC(".rodata.knobs");

#define SLOT_ENV_POINTERS 512
#define SLOT_ENV_BYTES 4096

/* A place where a record grows before it is sent. See emit.h. */
struct slot {
	__u32 busy;
	__u32 len;
	char rec[WIRE_MAX_BYTES + WIRE_ARGS_BYTES + 512] __attribute__((aligned(8)));
	struct {
		__u64 at[SLOT_ENV_POINTERS]; /* where each variable stands, in the process */
		char text[SLOT_ENV_BYTES + 8];
	} env; /* for env.h */
};

/*
 * The life of processes. Written by process_*, read by probe/ring.c, which
 * reads it before ring_bulk. Full: the record is lost and counted. The loader
 * sets max_entries of both rings where it is told to.
 */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 2 * 1024 * 1024);
} ring_process SEC(".maps");

/* Everything else; apart, so that no storm of it can push out an exec. Full: the same. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 * 1024 * 1024);
} ring_bulk SEC(".maps");

/*
 * KNOBS_SLOTS_PER_CPU for each CPU; the loader sets max_entries. Written and
 * read by hooks. All of a CPU's taken: the record is lost and counted.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, KNOBS_SLOTS_PER_CPU);
	__type(key, __u32);
	__type(value, struct slot);
} slots SEC(".maps");

/* Next sequence number of each CPU; the loader sets max_entries. Read through mmap. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct knobs_sequence);
} sequences SEC(".maps");

/*
 * What emit.h lost, by kind and cause, on each CPU; the loader sets max_entries. Read through mmap.
 * Never full.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct knobs_losses);
} losses SEC(".maps");

/*
 * Counts the sensor's own deeds, which are not told but for a trial (probe/trial.c):
 * the loader does one to see whether a hook is alive. Read and written through
 * mmap. Never full.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct knobs_pulse);
} pulse SEC(".maps");

/*
 * Processes in scope, by tgid, when knobs.scope is SCOPE_PROCESS. Seeded by user
 * space, kept by process_fork and process_exit. Full: a child falls out of
 * scope, which counts as a loss of its fork.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, 1 /* BPF_F_NO_PREALLOC */);
	__type(key, __u32);
	__type(value, __u8);
} scope SEC(".maps");

/*
 * Equal deeds and how often they were done: fold.h. Written by hooks, read and
 * reset by user space through mmap. An entry that is held or holds other deeds
 * folds nothing: the deed is told whole.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, KNOBS_FOLDS);
	__type(key, __u32);
	__type(value, struct knobs_fold_entry);
} folds SEC(".maps");

/* Which entries of `folds` user space is to look at. Never full. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct knobs_fold_marks);
} fold_marks SEC(".maps");

/*
 * How much each process and cgroup had to say in this second: limit.h. Written
 * by hooks, read and reset by user space through mmap. An entry that is held,
 * or has others' deeds to tell, does not count: limit_others.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, KNOBS_LIMITS);
	__type(key, __u32);
	__type(value, struct knobs_limit);
} limits SEC(".maps");

/* What no entry of `limits` could count. Read and emptied by user space. Never full. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct knobs_limit_others);
} limit_others SEC(".maps");

/* Which entries of `limits` user space is to look at. Never full. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct knobs_limit_marks);
} limit_marks SEC(".maps");

struct peer {
	__u64 socket_inode;
	__u8 address[16];
	__u32 port;
	__u32 pad;
};

/* Peers that a datagram socket has sent to. Full: the oldest goes, and may be told again. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct peer);
	__type(value, __u8);
} peers SEC(".maps");

/*
 * Accepted sockets in scope, by cookie; used when a scope is set and accept is
 * told by its system call, because the end comes while any process runs. Full:
 * the oldest goes, and its end is not told.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, __u8);
} scope_sockets SEC(".maps");

#endif
