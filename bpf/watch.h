/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * watch.h - whether an open for reading is of a file that is watched
 *
 * Nearly every open is for reading, and nearly none is asked for. So the first
 * question is cheap, a bit by the number of the file's directory; the name is
 * looked at only where that bit is set. What is watched is a name in a
 * directory, not an inode: a file that is replaced, as /etc/shadow is with each
 * new password, stays watched.
 */
#ifndef LAPWING_WATCH_H
#define LAPWING_WATCH_H

#include "maps.h"

/* Written by user space through mmap, read by hooks that see opens. Never full. */
struct knobs_watch_filter watch_filter SEC(".data.watch");

/* The same. Full: user space refuses to watch more. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct knobs_watch_table);
} watches SEC(".maps");

/* watch_maybe - false: no file of the directory @ino is watched */
static __always_inline bool watch_maybe(__u64 ino) {
	__u32 bit = knobs_watch_bit(ino);

	return watch_filter.bits[bit / 64] >> bit % 64 & 1;
}

static __always_inline bool watch_same(const struct knobs_watch *w, const __u64 *name) {
	const __u64 *want = (const __u64 *)w->name;

	for (int i = 0; i < KNOBS_WATCH_NAME / 8; i++)
		if (want[i] != name[i])
			return false;
	return true;
}

/* watch_is - whether the file called @name (a kernel address) in directory @ino is watched */
static __always_inline bool watch_is(__u64 ino, const void *name) {
	__u32 table = watch_filter.table & 1, at = knobs_watch_slot(ino);
	struct knobs_watch_table *t = bpf_map_lookup_elem(&watches, &table);
	__u64 text[KNOBS_WATCH_NAME / 8] = {};

	if (!t || bpf_probe_read_kernel_str(text, sizeof(text), name) < 0)
		return false;
	for (__u32 i = 0; i < KNOBS_WATCH_STEPS; i++) {
		struct knobs_watch *w = &t->slots[(at + i) % KNOBS_WATCHES];

		if (!w->dir_ino)
			return false;
		if (w->dir_ino == ino && (!w->name[0] || watch_same(w, text)))
			return true;
	}
	return false;
}

#endif
