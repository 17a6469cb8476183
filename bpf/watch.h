/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * watch.h - whether an open for reading is of a file that is watched
 *
 * Nearly every open is for reading, and nearly none is asked for. So the first
 * questions are cheap: how long watched names are in the file's directory, by its
 * number, and mostly there are none; then a bit by the beginning and length of
 * the name. The whole of it is compared only where that is set. What is watched is a name in a
 * directory, not an inode: a file that is replaced, as /etc/shadow is with each
 * new password, stays watched.
 *
 * Changes are told of all files. Those of names that are watched have a limit of their own
 * (watch_notable()), and so have names that rules about changes ask for.
 */
#ifndef LAPWING_WATCH_H
#define LAPWING_WATCH_H

#include "compat.h"
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

static __always_inline bool watch_bit(__u32 bit) {
	return watch_filter.bits[bit / 64] >> bit % 64 & 1;
}

/* watch_lengths - knobs_watch_length() of the names that are watched in the directory @ino */
static __always_inline __u32 watch_lengths(__u64 ino) {
	return watch_filter.folders[knobs_watch_folder(ino)];
}

/* watch_long - whether a name of @len bytes is of a length in @lengths */
static __always_inline bool watch_long(__u32 lengths, __u32 len) {
	/* by len % 32: shifts of BPF are so, those of C are not; the remainder would be one more */
	asm("%0 >>= %1" : "+w"(lengths) : "w"(len));
	return lengths & 1;
}

/* watch_head - the first @n bytes of a word of a name; behind them may be those of another */
static __always_inline __u64 watch_head(__u64 word, __u32 n) {
	return n < 8 ? word & ((1ull << n * 8) - 1) : word;
}

static __always_inline bool watch_same(const struct knobs_watch *w, const __u64 *name) {
	const __u64 *want = (const __u64 *)w->name;

	for (int i = 0; i < KNOBS_WATCH_NAME / 8; i++)
		if (want[i] != name[i])
			return false;
	return true;
}

/* watch_row - whether the table has a row for the directory @ino with @name, placed by its @bit */
static __always_inline bool watch_row(__u64 ino, const __u64 *name, __u32 bit) {
	__u32 table = watch_filter.table & 1, at = knobs_watch_slot(bit);
	struct knobs_watch_table *t;

	if (!watch_bit(bit))
		return false;
	t = bpf_map_lookup_elem(&watches, &table);
	if (!t)
		return false;
	for (__u32 i = 0; i < KNOBS_WATCH_STEPS; i++) {
		struct knobs_watch *w = &t->slots[(at + i) % KNOBS_WATCHES];

		if (!w->dir_ino)
			return false;
		if (w->dir_ino == ino && (name ? watch_same(w, name) : !w->name[0]))
			return true;
	}
	return false;
}

/* watch_is - whether the file called @name (a kernel address) in directory @ino is watched */
static __always_inline bool watch_is(__u64 ino, const void *name, __u32 len) {
	__u64 text[KNOBS_WATCH_NAME / 8], start = 0;
	__u32 bit, folder = knobs_watch_name_bit(ino, 0, 0);

	/* the whole word is there: fs/dcache.c compares names by words, too */
	if (bpf_probe_read_kernel(&start, sizeof(start), name))
		return false;
	bit = knobs_watch_name_bit(ino, watch_head(start, len), len);
	if (!watch_bit(bit))
		return watch_row(ino, NULL, folder);
	__builtin_memset(text, 0, sizeof(text));
	if (bpf_probe_read_kernel_str(text, sizeof(text), name) < 0)
		return false;
	return watch_row(ino, text, bit) || watch_row(ino, NULL, folder);
}

/* watch_entry - watch_is() for the name of @d, without a call where the entry itself holds it */
static __always_inline bool watch_entry(__u64 ino, struct dentry *d) {
	const __u64 *from = compat_short_name(d);
	__u64 text[KNOBS_WATCH_NAME / 8] = {};
	__u32 len = d->d_name.len, folder = knobs_watch_name_bit(ino, 0, 0), bit;

	if (len >= COMPAT_SHORT_NAME_BYTES)
		return watch_is(ino, d->d_name.name, len);
	text[0] = watch_head(from[0], len);
	bit = knobs_watch_name_bit(ino, text[0], len);
	if (!watch_bit(bit))
		return watch_row(ino, NULL, folder);
	if (len >= 8)
		text[1] = watch_head(from[1], len - 8);
	if (len >= 16)
		text[2] = watch_head(from[2], len - 16);
	if (len >= 24)
		text[3] = watch_head(from[3], len - 24);
	return watch_row(ino, text, bit) || watch_row(ino, NULL, folder);
}

/*
 * watch_find - whether the table has a row for the directory @dir with the name in @w, of @len
 * bytes; 0: for all of its files
 * Not static, like watch_notable(), so that the verifier looks at it once.
 */
__noinline int watch_find(const struct knobs_watch *w, __u64 dir, __u32 len) {
	const __u64 *name;

	if (!w) /* never; the verifier cannot know */
		return 0;
	name = (const __u64 *)w->name;
	return watch_row(dir, len ? name : NULL,
			 knobs_watch_name_bit(dir, len ? name[0] : 0, len));
}

/* watch_key - the @i-th of the directories, or what stands for one, of watch_notable() */
static __always_inline __u64 watch_key(int i, __u64 ino, __u64 start) {
	return i == 0   ? ino
	       : i == 1 ? knobs_watch_changes(ino)
	       : i == 2 ? knobs_watch_changes(start)
			: knobs_watch_changes(0);
}
#define WATCH_KEYS 4

/*
 * watch_notable - whether a change of a file is one that other changes must not hide (limit.h)
 * @name, @dir_name: kernel addresses of its name and its directory's
 */
__noinline int watch_notable(__u64 ino, __u64 name, __u32 len, __u64 dir_name, __u32 dir_len) {
	struct knobs_watch w = {};
	__u64 start = 0;
	bool any = false;

	if (bpf_probe_read_kernel(&start, sizeof(start), (const void *)dir_name))
		return 0;
	start = watch_head(start, dir_len);
	for (int i = 0; i < WATCH_KEYS; i++) {
		__u32 lengths = watch_lengths(watch_key(i, ino, start));

		any |= lengths && watch_long(lengths, len);
	}
	if (!any || bpf_probe_read_kernel_str(w.name, sizeof(w.name), (const void *)name) < 0)
		return 0;
	for (int i = 0; i < WATCH_KEYS; i++) {
		__u64 key = watch_key(i, ino, start);

		if (watch_find(&w, key, len) || watch_find(&w, key, 0))
			return 1;
	}
	return 0;
}

#endif
