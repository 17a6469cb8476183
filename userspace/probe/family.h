/* SPDX-License-Identifier: Apache-2.0 */
/*
 * family.h - one BPF object: opened, chosen, loaded, attached
 */
#ifndef LAPWING_FAMILY_H
#define LAPWING_FAMILY_H

#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stdint.h>

#include "knobs.h"
#include "probe/deeds.h"
#include "probe/probe.h"

/* Maps that all families share, made by the first one that loads. */
#define FAMILY_MAPS 16

struct family_maps {
	const char *names[FAMILY_MAPS];
	int fds[FAMILY_MAPS]; /* -1: not made yet; duplicates, owned here */
};

/* What is known so far of every way of every deed. */
struct family_choice {
	int8_t way[DEED_MAX]; /* chosen, or -1: none left */
	char refused[DEED_MAX][DEED_WAYS][256];
};

#define NO_HOOK "this kernel has no such hook"

#define FAMILY_LINKS 48

struct family {
	struct bpf_object *object;
	struct bpf_link *links[FAMILY_LINKS];
	const struct bpf_program *programs[FAMILY_LINKS]; /* whose they are */
	int n_links;
};

void family_maps_init(struct family_maps *m);
void family_maps_done(struct family_maps *m);

/* family_map - the descriptor of the shared map @name, or -1 */
int family_map(const struct family_maps *m, const char *name);

/* family_choice_init - every deed by its best way that @hooks allows */
void family_choice_init(struct family_choice *c, enum probe_hooks hooks);

/* family_way_needs - whether @way is served by @program, among others or alone */
bool family_way_needs(const struct deed_way *way, const char *program);

/*
 * family_strike - no way that needs @program is left to choose
 * @all: nor one of that mechanism; DEED_TRACEPOINT: just the program
 */
void family_strike(struct family_choice *c, const char *program, enum deed_mechanism all,
		   const char *why);

/* family_strike_outside - no deed is covered that is not in @set, for the reason @why */
void family_strike_outside(struct family_choice *c, enum probe_set set, const char *why);

/* family_leave - deeds that probe_leave() would leave; how many were covered */
int family_leave(struct family_choice *c, const char *name, const char *why);

/* family_strike_lsm - no LSM hook is chosen any more, for the reason @why */
void family_strike_lsm(struct family_choice *c, const char *why);

/*
 * family_strike_absent - no tracepoint that @btf, the kernel's types, does not have is chosen
 * A load would find that out as well, but anew for each, with all that was verified before it.
 */
struct btf;
void family_strike_absent(struct family_choice *c, const struct btf *btf);

/* family_try_nothing - whether the kernel takes a program of @type that does nothing; -errno */
struct bpf_prog_load_opts;
int family_try_nothing(enum bpf_prog_type type, const struct bpf_prog_load_opts *opts);

/*
 * family_strike_refused - no LSM hook, or no fentry one, if the kernel refuses all of these
 * Tried by one that does nothing; by the first family it would be found out as well, in two loads.
 */
void family_strike_refused(struct family_choice *c, const struct btf *btf);

/*
 * family_strike_skippable - on a kernel like that of bpf/trace.h: opens are left to the LSM hook
 * The fentry program is cheaper, but skipped like one on a tracepoint.
 */
void family_strike_skippable(struct family_choice *c);

/*
 * family_pick_types - from here on objects are relocated by those types of @kernel that they name
 * (types.h), until family_drop_types(); or by all, where these cannot be had
 */
void family_pick_types(const struct btf *kernel);
void family_drop_types(void);

/* family_drop_bytes - what objects are loaded from need not stay resident: it is in a file */
void family_drop_bytes(void);

/* family_give_up - nothing of @which is covered, for the reason @err unless one is known */
void family_give_up(struct family_choice *c, enum deed_family which, int err);

/* family_uses_lsm - whether @which has a deed that is served by an LSM hook */
bool family_uses_lsm(const struct family_choice *c, enum deed_family which);

/*
 * family_ahead - a first attempt of family_load(), which takes it from there, without attaching
 * For a thread of its own (ahead.h): nothing that others read or write is changed. If it fails,
 * nothing is loaded.
 */
void family_ahead(struct family *f, enum deed_family which, const struct family_choice *c,
		  const struct family_maps *maps, const struct knobs *knobs,
		  const struct probe_options *o);

/*
 * family_settle - frees what family_ahead() loaded if that would not be loaded so any more
 * Because another way was chosen since, or others have made a map that it has made, too.
 * @then, @lent: that it went by
 */
void family_settle(struct family *f, enum deed_family which, const struct family_choice *then,
		   const struct family_choice *now, const struct family_maps *lent,
		   const struct family_maps *maps);

/*
 * family_load - loads family @which as @c says, changing @c where the kernel refuses
 * @f: zeroed, or loaded ahead
 * @attach: also attach, step by step where these options say so; NULL: load only
 * 0 when something of it is loaded; -ENOTSUP when no way is left; other -errno.
 */
int family_load(struct family *f, enum deed_family which, struct family_choice *c,
		struct family_maps *maps, const struct knobs *knobs,
		const struct probe_options *attach);

/*
 * family_try - loads the programs of one way alone, and unloads them
 * @why: 256 bytes. 0 and the cost, or -errno and the reason.
 */
int family_try(enum deed_family which, const struct deed_way *way, const struct knobs *knobs,
	       uint32_t *ret_insns, char *why);

/* family_next_copy - whether a copy of bpf/trace.h stands behind @program for what it misses */
bool family_next_copy(const struct family *f, const struct bpf_program *program);

/* family_detach_idle - programs that serve no deed of @which any more run no more */
void family_detach_idle(struct family *f, const struct family_choice *c, enum deed_family which);

/* family_detach - its programs run no more; its maps stay */
void family_detach(struct family *f);

/* family_free - detaches and unloads */
void family_free(struct family *f);

#endif
