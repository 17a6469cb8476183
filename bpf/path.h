/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * path.h - struct path into wire_path: components from the leaf up
 *
 * The leaf first, because that is how dentries hang together; user space turns
 * them round. A walk goes up by BTF-typed loads, which cost an instruction each;
 * above the root of its mount, on kernels before 6.4, by probe reads. It
 * takes no locks: each component is one that stood there, read again if it was
 * renamed meanwhile (dentry::d_seq, as the kernel's own walk does), but two
 * renames at once can give a path of which no moment had all. It ends at
 * PATH_MAX, with WIRE_PATH_CUT. Above the root of a mount that is attached nowhere it
 * goes on to that of the file system, and is cut, too: where a mount of this stands is
 * not known, but so a program that is such a root itself has a name.
 */
#ifndef LAPWING_PATH_H
#define LAPWING_PATH_H

#include "compat.h"
#include "emit.h"

#define PATH_MAX_STEPS 2048
#define PATH_MAX_STEPS_UNROLLED 48 /* on kernels without bpf_loop() */
#define PATH_STRIDE 2 /* components for one call of path_step_past() */
#define NAME_BYTES 255

enum path_end {
	PATH_ON = 0,
	PATH_AT_MOUNT,
	PATH_AT_ROOT,
	PATH_IS_BARE,
	PATH_IS_FULL,
	PATH_IS_LOOSE,
};

#define PATH_NS_OF_LOOSE 0xeffffff7 /* include/uapi/linux/nsfs.h, MNT_NS_ANON_INO, v6.18 */

struct path_walk {
	struct slot *slot;
	struct dentry *dentry;
	struct dentry *root; /* of the mount */
	struct mount *mount; /* with compat_has_cast() */
	__u32 start;	     /* slot length when the walk began */
	__u32 end;	     /* enum path_end */
	struct dentry *past; /* a folder that may lie on the way, in the first mount */
	__u32 past_at;	     /* slot length when it was reached; 0: it was not */
	__u32 crossed;	     /* the first mount was left */
};

struct path_walk_raw {
	struct slot *slot;
	struct dentry *dentry;
	struct mount *mount; /* NULL: it is path_loose(), and left */
	__u32 start;
	__u32 end;
};

/*
 * path_torn - whether the component that was appended behind @at was changed while it was read
 * @seq: dentry::d_seq before that; odd: a rename is under way. Takes the component back.
 */
static __always_inline bool path_torn(struct slot *s, __u32 at, __u32 seq, __u32 now) {
	if (seq == now && !(seq & 1))
		return false;
	s->len = at;
	return true;
}

/* path_name - appends one component; false when the path has reached its bound */
static __always_inline bool path_name(struct slot *s, __u32 start, const unsigned char *name,
				      __u32 len) {
	__u32 at = s->len;

	len &= NAME_BYTES;
	if (at > WIRE_MAX_BYTES - NAME_BYTES - 1 || at - start > WIRE_PATH_BYTES - 1 - len)
		return false;
	if (bpf_probe_read_kernel(s->rec + at, len, name))
		return false;
	s->rec[at + len] = 0;
	s->len = at + len + 1;
	return true;
}

/*
 * path_loose - whether a mount that is mounted nowhere, and is in the namespace @inum, is loose
 * Or else it is the root of what its process sees. It is if it was never attached (open_tree,
 * fsmount) or no longer is (MNT_DETACH): then it is in no namespace, or in one without a number.
 */
static __always_inline bool path_loose(__u32 inum) {
	return !inum || inum == PATH_NS_OF_LOOSE;
}

/* path_up - from a mount's root to the place where it is mounted; true when there is none */
static __always_inline long path_up(struct path_walk *w) {
	struct mount *m, *parent;

	if (!compat_has_cast()) {
		w->end = PATH_AT_MOUNT;
		return 1;
	}
	m = w->mount;
	parent = m->mnt_parent;
	if (parent == m) {
		w->end = path_loose(m->mnt_ns->ns.inum) ? PATH_IS_LOOSE : PATH_AT_ROOT;
		return 1;
	}
	w->dentry = m->mnt_mountpoint;
	w->root = parent->mnt.mnt_root;
	w->mount = parent;
	w->crossed = 1;
	return 0;
}

/*
 * path_short_name - path_name() for a name that stands in the dentry itself, as nearly all do
 * Some twenty instructions where path_name() has its call; false: it does not stand there.
 * Kernel: fs/dcache.c __d_alloc(): by its length alone; a rename (swap_names()) keeps it so.
 */
static __always_inline bool path_short_name(struct slot *s, __u32 start, struct dentry *d) {
	const __u64 *from = compat_short_name(d);
	__u32 at = s->len, len = d->d_name.len;
	__u64 *to;

	if (len >= COMPAT_SHORT_NAME_BYTES)
		return false;
	if (at > WIRE_MAX_BYTES - NAME_BYTES - 1 || at - start > WIRE_PATH_BYTES - 1 - len)
		return false;
	to = (__u64 *)(s->rec + at);
	to[0] = from[0];
	if (len >= 8)
		to[1] = from[1];
	if (len >= 16) {
		to[2] = from[2];
		to[3] = from[3];
	}
	s->rec[at + len] = 0;
	s->len = at + len + 1;
	return true;
}

static __always_inline long path_next(struct path_walk *w) {
	struct dentry *d = w->dentry, *parent;
	__u32 at = w->slot->len, seq;

	if (d == w->root)
		return path_up(w);
	seq = d->d_seq.seqcount.sequence;
	barrier();
	parent = d->d_parent;
	if (!path_short_name(w->slot, w->start, d) &&
	    !path_name(w->slot, w->start, d->d_name.name, d->d_name.len)) {
		w->end = PATH_IS_FULL;
		return 1;
	}
	barrier();
	if (path_torn(w->slot, at, seq, d->d_seq.seqcount.sequence))
		return 0; /* once more */
	if (d == parent) {
		w->end = PATH_IS_BARE;
		return 1;
	}
	w->dentry = parent;
	return 0;
}

static long path_step(__u32 i, struct path_walk *w) {
	return path_next(w);
}

/* Each exec walks here, and a call is a fourth of what one component takes. */
static long path_step_past(__u32 i, struct path_walk *w) {
#pragma clang loop unroll(full)
	for (int k = 0; k < PATH_STRIDE; k++) {
		if (w->dentry == w->past && !w->crossed)
			w->past_at = w->slot->len;
		if (path_next(w))
			return 1;
	}
	return 0;
}

static long path_step_raw(__u32 i, struct path_walk_raw *w) {
	struct dentry *d = w->dentry, *parent;
	struct mount *m = w->mount;
	__u32 at = w->slot->len, seq = BPF_CORE_READ(d, d_seq.seqcount.sequence);

	parent = BPF_CORE_READ(d, d_parent);

	if (m && d == BPF_CORE_READ(m, mnt.mnt_root)) {
		w->mount = BPF_CORE_READ(m, mnt_parent);
		w->dentry = BPF_CORE_READ(m, mnt_mountpoint);
		if (w->mount != m)
			return 0;
		if (path_loose(BPF_CORE_READ(m, mnt_ns, ns.inum))) {
			w->mount = NULL;
			return 0;
		}
		w->end = PATH_AT_ROOT;
		return 1;
	}
	if (!path_name(w->slot, w->start, BPF_CORE_READ(d, d_name.name),
		       BPF_CORE_READ(d, d_name.len))) {
		w->end = PATH_IS_FULL;
		return 1;
	}
	if (path_torn(w->slot, at, seq, BPF_CORE_READ(d, d_seq.seqcount.sequence)))
		return 0; /* once more */
	if (d == parent) {
		w->end = m ? PATH_IS_BARE : PATH_IS_LOOSE;
		return 1;
	}
	w->dentry = parent;
	return 0;
}

/* path_finish - names what was appended since @start, and says how it ended */
static __always_inline void path_finish(struct slot *s, struct wire_path *to, __u32 start,
					__u32 end) {
	to->off = (__u16)start;
	to->len = (__u16)(s->len - start);
	if (end == PATH_AT_ROOT)
		return;
	to->flags |= WIRE_PATH_BARE; /* nothing above the last component is known */
	if (end != PATH_IS_BARE)
		((struct wire_header *)s->rec)->flags |= WIRE_PATH_CUT;
}

/* path_raw_end - appends names from @dentry in @mount (NULL: one that is path_loose()) up */
static __always_inline __u32 path_raw_end(struct slot *s, struct mount *mount,
					  struct dentry *dentry, __u32 start) {
	struct path_walk_raw w = {
		.slot = s,
		.dentry = dentry,
		.mount = mount,
		.start = start,
		.end = PATH_ON,
	};

	if (compat_has_loop()) {
		bpf_loop(PATH_MAX_STEPS, path_step_raw, &w, 0);
	} else {
		for (__u32 i = 0; i < PATH_MAX_STEPS_UNROLLED; i++)
			if (path_step_raw(i, &w))
				break;
	}
	return *(volatile __u32 *)&w.end;
}

/* path_loose_end - path_raw_end() in such a mount. Not static: the verifier looks at it once. */
__noinline __u32 path_loose_end(struct slot *s, __u64 dentry, __u32 start) {
	return s ? path_raw_end(s, NULL, (struct dentry *)dentry, start) : PATH_IS_LOOSE;
}

/* path_raw - a path whose pointers have no type for the verifier */
static __always_inline void path_raw(struct slot *s, struct wire_path *to, struct vfsmount *mnt,
				     struct dentry *dentry, __u32 start) {
	struct mount *m = (void *)mnt - bpf_core_field_offset(struct mount, mnt);

	path_finish(s, to, start, path_raw_end(s, m, dentry, start));
}

/*
 * path_walk - from @dentry in @mnt up
 * @step: path_step or path_step_past, which goes up @stride components at once
 */
static __always_inline void path_walk(struct path_walk *w, struct wire_path *to,
				      struct vfsmount *mnt,
				      long (*step)(__u32, struct path_walk *), __u32 stride) {
	struct mount *m = (void *)mnt - bpf_core_field_offset(struct mount, mnt), *parent;
	struct slot *s = w->slot;
	__u64 at = 0;
	__u32 end;

	if (compat_has_cast())
		w->mount = bpf_rdonly_cast(m, knobs.mount_type);
	if (compat_has_loop()) {
		bpf_loop(PATH_MAX_STEPS / stride, step, w, 0);
	} else {
		for (__u32 i = 0; i < PATH_MAX_STEPS_UNROLLED / stride; i++)
			if (step(i, w))
				break;
	}
	end = *(volatile __u32 *)&w->end;
	if (end == PATH_AT_MOUNT) {
		parent = BPF_CORE_READ(m, mnt_parent);
		if (parent != m)
			end = path_raw_end(s, parent, BPF_CORE_READ(m, mnt_mountpoint), w->start);
		else if (path_loose(BPF_CORE_READ(m, mnt_ns, ns.inum)))
			end = PATH_IS_LOOSE;
		else
			end = PATH_AT_ROOT;
	}
	if (end == PATH_IS_LOOSE) {
		bpf_probe_read_kernel(&at, sizeof(at), &w->dentry); /* a number for the verifier */
		end = path_loose_end(s, at, w->start);
	}
	path_finish(s, to, w->start, end);
}

/* path_of - a path whose pointers come typed from a hook's arguments */
static __always_inline void path_of(struct slot *s, struct wire_path *to, struct vfsmount *mnt,
				    struct dentry *dentry) {
	struct path_walk w = {
		.slot = s,
		.dentry = dentry,
		.root = mnt->mnt_root,
		.start = s->len,
		.end = PATH_ON,
	};

	path_walk(&w, to, mnt, path_step, 1);
}

/*
 * path_of_past - path_of(), and where in the record the part begins that is the path of @past
 * 0: the way through @mnt does not lead there, or not all of it is known.
 */
static __always_inline __u32 path_of_past(struct slot *s, struct wire_path *to,
					  struct vfsmount *mnt, struct dentry *dentry,
					  struct dentry *past) {
	struct path_walk w = {
		.slot = s,
		.dentry = dentry,
		.root = mnt->mnt_root,
		.start = s->len,
		.end = PATH_ON,
		.past = past,
	};

	path_walk(&w, to, mnt, path_step_past, PATH_STRIDE);
	return to->flags ? 0 : *(volatile __u32 *)&w.past_at;
}

static long path_step_below(__u32 i, struct path_walk *w) {
	struct dentry *d = w->dentry, *parent;
	__u32 at = w->slot->len, seq = d->d_seq.seqcount.sequence;

	barrier();
	parent = d->d_parent;
	if (d == w->root || d == parent) {
		w->end = PATH_IS_BARE;
		return 1;
	}
	if (!path_name(w->slot, w->start, d->d_name.name, d->d_name.len)) {
		w->end = PATH_IS_FULL;
		return 1;
	}
	barrier();
	if (path_torn(w->slot, at, seq, d->d_seq.seqcount.sequence))
		return 0; /* once more */
	w->dentry = parent;
	return 0;
}

/*
 * path_below - where @dentry stands in its file system, for hooks that do not know the mount
 * Cut (WIRE_PATH_CUT): above it is whatever the file system is mounted on.
 */
static __always_inline void path_below(struct slot *s, struct wire_path *to,
				       struct dentry *dentry) {
	struct path_walk w = {
		.slot = s,
		.dentry = dentry,
		.root = dentry->d_sb->s_root,
		.start = s->len,
		.end = PATH_ON,
	};

	if (compat_has_loop()) {
		bpf_loop(PATH_MAX_STEPS, path_step_below, &w, 0);
	} else {
		for (__u32 i = 0; i < PATH_MAX_STEPS_UNROLLED; i++)
			if (path_step_below(i, &w))
				break;
	}
	path_finish(s, to, w.start, *(volatile __u32 *)&w.end);
	((struct wire_header *)s->rec)->flags |= WIRE_PATH_CUT;
}

#endif
