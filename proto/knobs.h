/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * knobs.h - what user space tells the hooks
 *
 * One frozen struct in each object's .rodata.knobs, set before load: the
 * verifier deletes what is off. Also the values of the maps that user space
 * reads or writes while the hooks run.
 */
#ifndef LAPWING_KNOBS_H
#define LAPWING_KNOBS_H

#include "wire.h"

enum knobs_scope {
	SCOPE_ALL = 0,
	SCOPE_PROCESS = 1, /* the processes in the map `scope`, and their descendants */
	SCOPE_CGROUP = 2,  /* one cgroup and those below it */
};

/*
 * Which variables of an exec's environment are told (bpf/env.h). What is not in this list never
 * leaves the process that it belongs to.
 */
#define KNOBS_ENV_NAMES 32
#define KNOBS_ENV_BYTES 32 /* of a name, the = included */
#define KNOBS_ENV_STARTS 1024
struct knobs_env_name {
	__u64 want[KNOBS_ENV_BYTES / 8]; /* "NAME=", or "NAME" for all that begin so; then zeros */
	__u64 mask[KNOBS_ENV_BYTES / 8]; /* which of its bytes count */
	__u64 last; /* 1: the next one has another knobs_env_start() */
};
struct knobs_env {
	/* at knobs_env_start() of a name, 1 + the place of the first such; they are together */
	__u8 starts[KNOBS_ENV_STARTS];
	struct knobs_env_name names[KNOBS_ENV_NAMES];
	__u32 n; /* of them; 0: no environment is looked at */
	__u32 pad;
};

/* @start: the first bytes of a variable, of which three count */
static inline __u32 knobs_env_start(__u32 start) {
	return (start & 0xffffff) * 0x9e3779b1u >> 22;
}

struct knobs {
	__u64 scope_cgroup;	  /* kernfs id; SCOPE_CGROUP */
	/* bit n: kind n is told by its system call, not by an LSM hook */
	__u64 call_kinds[WIRE_KIND_MAX / 64];
	__u32 scope_cgroup_level; /* its depth below the root; SCOPE_CGROUP */
	__u32 scope;		  /* enum knobs_scope */
	__u32 self_tgid;	  /* the sensor's own deeds are not news */
	__u32 wake_bytes;	  /* a ring that holds more than this wakes its reader */
	__u32 copies;		  /* programs of bpf/trace.h are attached in copies */
	__u32 keeper_tgid;	  /* its deeds, and its children's, are the sensor's own; or 0 */
	/* deeds of one kind, of a process and of a cgroup, told in a second; 0: all. bpf/limit.h */
	__u32 limit_process, limit_cgroup;
	/*
	 * Which cgroup is a process's: 0: that of v2. Else where in css_set the pointer is to
	 * that of a controller of v1, and the number of its hierarchy. bpf/cgroup.h
	 */
	__u32 cgroup_css, cgroup_hierarchy;
	__u32 mount_type; /* which of the kernel's types is struct mount: bpf/path.h */
	__u32 pad;
	struct knobs_env env;
};
_Static_assert(sizeof(struct knobs) == 3408, "knobs");

#define KNOBS_SLOTS_PER_CPU 4

/* The one value of the map `pulse`. */
struct knobs_pulse {
	__u64 own;   /* deeds of the sensor itself that came by a hook */
	__u64 trial; /* user space writes it: 1: such deeds are told, to see whether they arrive */
};

/* Copies of a program of bpf/trace.h: NAME, NAME_2, … NAME_4. */
#define KNOBS_COPIES 4

/* A value of the map `losses`, one for each possible CPU. */
struct knobs_losses {
	__u64 lost[WIRE_KIND_MAX][WIRE_LOSS_MAX];
};

/*
 * The one value of the map `traces`: deeds that the copies of a program told, and how often their
 * last one ran. Those runs, and the times that the kernel skipped it, are all deeds.
 */
struct knobs_traces {
	__u64 told;
	__u64 last;
};

/* A value of the map `sequences`, one for each possible CPU, a cache line each. */
struct knobs_sequence {
	__u64 next;
	__u64 pad[7];
};
_Static_assert(sizeof(struct knobs_sequence) == 64, "knobs_sequence");

/*
 * Folding (bpf/fold.h): equal deeds are counted in one entry of the map `folds`.
 * An entry has two ways, and is held by whoever swapped `busy` from 0 to 1:
 * nobody waits for it, neither a hook nor user space.
 */
#define KNOBS_FOLDS 2048 /* entries; a power of two */
#define KNOBS_FOLD_WAYS 2
#define KNOBS_FOLD_WHOLE 16		/* deeds of a window that are told whole */
#define KNOBS_FOLD_WINDOW_NS 1000000000ull
#define KNOBS_FOLD_OBJECT 5
#define KNOBS_FOLD_BYTES 512		/* a longer record is not kept, and its deed not folded */
#define KNOBS_FOLD_TOO_LONG (~0u)

/* Deeds are equal when all of this is. */
struct knobs_fold_key {
	__u64 start_ns;			   /* of the doer, as in wire_header */
	__u64 cred;			   /* which credentials it has: new ones with each exec */
	__u64 object[KNOBS_FOLD_OBJECT];   /* what it is done to; the kind's own choice */
	__u32 tgid;
	__u32 kind;			   /* enum wire_kind */
};
_Static_assert(sizeof(struct knobs_fold_key) == 64, "knobs_fold_key");

struct knobs_fold {
	struct knobs_fold_key key;
	__u64 began_ns;			   /* of the window */
	__u64 count;			   /* deeds folded and not yet told */
	__u64 first_ns, last_ns;	   /* of these */
	__u64 bytes_out, bytes_in;	   /* of these, where the kind counts bytes */
	__u32 whole;			   /* deeds of the window that were told whole */
	__u32 len;			   /* of `record`; 0: none; KNOBS_FOLD_TOO_LONG */
	char record[KNOBS_FOLD_BYTES];	   /* the last one told whole, its header's len unset */
};
_Static_assert(sizeof(struct knobs_fold) == 632, "knobs_fold");

/* A value of the map `folds`. */
struct knobs_fold_entry {
	__u32 busy;
	__u32 pad;
	struct knobs_fold way[KNOBS_FOLD_WAYS];
};
_Static_assert(sizeof(struct knobs_fold_entry) == 1272, "knobs_fold_entry");

/* The one value of the map `fold_marks`: bit n is set when entry n has something to tell. */
struct knobs_fold_marks {
	__u64 bits[KNOBS_FOLDS / 64];
};

/*
 * Limits (bpf/limit.h): of whom how many deeds were told in this second, and how many more there
 * were. An entry is held as one of `folds` is. The first KNOBS_LIMIT_PROCESSES are of processes,
 * the others of cgroups.
 */
#define KNOBS_LIMIT_PROCESSES 2048 /* a power of two, as is what is left */
#define KNOBS_LIMIT_WAYS 4	  /* entries that a process's deeds of a kind can have */
#define KNOBS_LIMITS (KNOBS_LIMIT_PROCESSES + 256)
#define KNOBS_LIMIT_WINDOW_NS 1000000000ull
#define KNOBS_LIMIT_LAST 16 /* a process has in a ring that is all but full */
#define KNOBS_LIMIT_NOTABLE WIRE_KIND_MAX /* added to the kind: of names that are watched */

/* A value of the map `limits`. */
struct knobs_limit {
	__u32 busy;
	__u32 told;		 /* in the window */
	__u64 id;		 /* a process's start_ns, as in wire_header; a cgroup's kernfs id */
	__u32 tgid;		 /* 0: of a cgroup */
	__u32 kind;		 /* enum wire_kind, and KNOBS_LIMIT_NOTABLE */
	__u64 began_ns;		 /* of the window */
	__u64 over[WIRE_LIMIT_MAX]; /* by enum wire_limit: deeds past it and not yet told */
	__u64 first_ns, last_ns; /* of these */
	__u64 cgroup;		 /* kernfs id, of the last of these */
	__u32 uid, gid, euid;	 /* of the process when it took the entry */
	__u32 pad;
};
_Static_assert(sizeof(struct knobs_limit) == 88, "knobs_limit");

/* The one value of the map `limit_others`: deeds past a limit whose entry could not count them. */
struct knobs_limit_others {
	__u64 over[WIRE_LIMIT_MAX][WIRE_KIND_MAX];
};

/* The one value of the map `limit_marks`: bit n is set when entry n has something to tell. */
struct knobs_limit_marks {
	__u64 bits[64]; /* KNOBS_LIMITS / 64 are used; a power of two, for the verifier */
};
_Static_assert(KNOBS_LIMITS / 64 <= 64, "knobs_limit_marks");

/*
 * Which files are told when they are opened for reading: those in the directory @dir_ino that are
 * called @name, or all of them when it is empty. A directory is known by its inode's number alone.
 */
#define KNOBS_WATCH_NAME 64 /* the NUL included */
struct knobs_watch {
	__u64 dir_ino; /* 0: an empty slot */
	char name[KNOBS_WATCH_NAME];
};

/*
 * In place of a directory, of names whose changes are notable (bpf/limit.h) and whose reads are not
 * watched: those in the directory @dir_ino; those in any whose own name begins with the 8 bytes
 * @start, zeros behind a shorter one; with 0, those in any at all.
 */
static inline __u64 knobs_watch_changes(__u64 dir_ino_or_start) {
	return ~dir_ino_or_start;
}

#define KNOBS_WATCHES 2048 /* slots of a table: three times what app/watch.c may ask for */
#define KNOBS_WATCH_STEPS 16 /* a row stands in one of so many slots from knobs_watch_slot() on */

/* A value of the map `watches`, which has two: user space fills the one that is not used. */
struct knobs_watch_table {
	struct knobs_watch slots[KNOBS_WATCHES];
};

/* What a hook looks at first, the one value of the map `.data.watch`. */
#define KNOBS_WATCH_FOLDERS 2048
#define KNOBS_WATCH_BITS 16384
struct knobs_watch_filter {
	/* at knobs_watch_folder() of each directory in the table knobs_watch_length() of names */
	__u32 folders[KNOBS_WATCH_FOLDERS];
	__u64 bits[KNOBS_WATCH_BITS / 64]; /* knobs_watch_name_bit() of each name */
	__u32 table;			   /* which one is used */
	__u32 pad;
};

static inline __u32 knobs_watch_folder(__u64 dir_ino) {
	return (__u32)dir_ino * 0x9e3779b1u >> 21;
}

/* knobs_watch_length - a bit for names of @len bytes, or of 32 more; 0: all names */
static inline __u32 knobs_watch_length(__u32 len) {
	return len ? 1u << len % 32 : ~0u;
}

/* @start: the first 8 bytes of the name, zeros behind a shorter one; an empty name: all of them */
static inline __u32 knobs_watch_name_bit(__u64 dir_ino, __u64 start, __u32 len) {
	return (__u32)(((dir_ino ^ start) + len) * 0x9e3779b97f4a7c15ull >> 50);
}

/* @bit: knobs_watch_name_bit(), so that a folder with many names does not crowd its neighbours */
static inline __u32 knobs_watch_slot(__u32 bit) {
	return bit % KNOBS_WATCHES;
}

#endif
