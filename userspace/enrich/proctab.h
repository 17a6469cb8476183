/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proctab.h - processes, those that run and those that ended just now
 *
 * A row is keyed by (tgid, start_ns), so that a pid used again is another row.
 * Its parent is the process that made it: the kernel gives an orphan to another
 * one, which did not start it, so the first parent that was told stays.
 *
 * Rows come in chunks up to the bound and are then used again. Past the bound
 * the row that ended longest ago goes, and with no such row the one that was
 * touched longest ago. What rows hold of programs and ancestors is bounded by
 * bytes, too: whoever starts programs chooses what their command lines are.
 *
 * A row pointer may be kept across calls and compared, but must be checked for
 * still being the same process (proctab_parent() does).
 */
#ifndef LAPWING_PROCTAB_H
#define LAPWING_PROCTAB_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "enrich/cgroups.h"
#include "enrich/lineage.h"
#include "enrich/look.h"

#define PROCTAB_GRACE_NS 30000000000ull
#define PROCTAB_TEXT_BYTES 16384
#define PROCTAB_SHORT_BYTES 512              /* of a command line, when there is little room */
#define PROCTAB_ROOMY_BYTES (32u << 20)      /* of all images and lineages: up to here there is */
#define PROCTAB_MAX_BYTES (64u << 20)        /* past it rows go, as past the bound of rows */
#define PROCTAB_ENTITY_BYTES 24

/*
 * A program as a process runs it. A process that execs keeps its image before,
 * for exec records travel on a ring that is read before the others: what the
 * process did just before may be told just after.
 */
struct image {
	uint64_t key;   /* event.exec_key of the exec that told of it, or 0 */
	size_t *sum;    /* what this and the like take together, in bytes */
	size_t bytes;   /* what this does */
	uint32_t users; /* rows that point here: a fork shares, and so do equal execs */
	const struct look *look; /* a guess of tell_shown(): the last of whoever ran it; or NULL */
	struct str name, executable, command_line; /* in @text */
	bool cut; /* of the command line only head and tail are kept */
	char text[];
};

/*
 * What events tell of a process while nothing about it changes; made by enrich.c
 * when @key is 0, or when the look is of another user or version, or another's by now.
 */
struct shown {
	uint64_t key; /* of event.h */
	uint64_t look_key; /* that @look had */
	const struct look *look;
};

struct proc {
	struct proc *next_in_bucket;
	struct proc *newer, *older; /* in proctab.live or .ended */
	uint64_t start_ns;
	uint32_t tgid; /* 0: a free row */
	uint32_t ns_tgid; /* in its own PID namespace, if is.namespaces_has says so */
	uint32_t busy_round, busy_n; /* of busy.h */
	uint64_t end_ns;
	struct look_of is;
	uint64_t parent_start_ns;
	uint32_t parent_tgid; /* 0: none, as of init and kthreadd, or not told (is.has_parent) */
	bool ended;
	uint8_t entity_len;
	struct image *before;         /* what it ran before is.image; NULL when not known */
	uint32_t execs, before_execs; /* the event.execs that these two are of; 0: not told */
	uint64_t image_ns;            /* when is.image took the place of @before; boot clock */
	struct lineage *line;         /* its ancestors, see proctab_lineage() */
	struct lineage *children;     /* the same for its children; NULL: no child yet */
	struct shown shown;
	struct proc *parent;          /* a guess, see proctab_parent() */
	char entity[PROCTAB_ENTITY_BYTES];
};

struct proc_list {
	struct proc *newest, *oldest;
};

struct proctab {
	struct proc **buckets;
	size_t n_buckets; /* a power of two */
	struct proc **chunks;
	size_t n_rows, max_rows; /* made so far; n_rows never shrinks */
	size_t used;
	size_t bytes; /* of all images and lineages of its rows */
	struct proc *free;      /* chained by next_in_bucket */
	struct proc_list live;  /* by last touch */
	struct proc_list ended; /* by end */
};

/* proctab_init - an empty table of at most @max_rows; 0 or -ENOMEM */
int proctab_init(struct proctab *t, size_t max_rows);

void proctab_done(struct proctab *t);

/* proctab_get - the row of a process, or NULL; borrowed until the next put or tick */
struct proc *proctab_get(const struct proctab *t, uint32_t tgid, uint64_t start_ns);

/* proctab_put - the same, made if need be; another row may go. NULL: no memory, or @tgid is 0 */
struct proc *proctab_put(struct proctab *t, uint32_t tgid, uint64_t start_ns);

void proctab_move(struct proctab *t, struct proc *p);

/* proctab_touch - @p is in use: of those that run it will be the last to go */
static inline void proctab_touch(struct proctab *t, struct proc *p) {
	if (p != t->live.newest && !p->ended)
		proctab_move(t, p);
}

/* proctab_end - @p ended at @end_ns and stays for PROCTAB_GRACE_NS; once only */
void proctab_end(struct proctab *t, struct proc *p, uint64_t end_ns);

void proctab_evict(struct proctab *t, struct proc *p);

/* proctab_shrink - frees rows until what they hold is at most PROCTAB_MAX_BYTES */
void proctab_shrink(struct proctab *t);

/* proctab_tick - frees the rows whose grace is over at @now_ns, or for which there is no room */
static inline void proctab_tick(struct proctab *t, uint64_t now_ns) {
	if (t->bytes > PROCTAB_MAX_BYTES)
		proctab_shrink(t);
	while (t->ended.oldest && t->ended.oldest->end_ns + PROCTAB_GRACE_NS < now_ns)
		proctab_evict(t, t->ended.oldest);
}

/*
 * proc_is - whether the row @p, which may be of another process by now, is that of this one
 * Rows are never given back, so that even such a one may be looked at. Nobody has the @tgid 0,
 * which free rows have.
 */
static inline bool proc_is(const struct proc *p, uint32_t tgid, uint64_t start_ns) {
	return __builtin_expect(p->tgid == tgid && p->start_ns == start_ns && tgid, 1);
}

/* proctab_parent - the row of @p's parent, or NULL */
static inline struct proc *proctab_parent(const struct proctab *t, struct proc *p) {
	if (p->parent && proc_is(p->parent, p->parent_tgid, p->parent_start_ns))
		return p->parent;
	p->parent = p->parent_tgid ? proctab_get(t, p->parent_tgid, p->parent_start_ns) : NULL;
	return p->parent;
}

static inline bool proc_wants_line(const struct proc *p) {
	return !p->line && p->is.has_parent && p->parent_tgid;
}

/* proctab_find_lineage - for proctab_lineage(), the first time */
const struct lineage *proctab_find_lineage(struct proctab *t, struct proc *p);

/*
 * proctab_lineage - the ancestors of @p, found out once, at best while its parent is there
 * NULL: it has none (is.has_parent, and no parent_tgid), it was not told of any, or no memory.
 */
static inline const struct lineage *proctab_lineage(struct proctab *t, struct proc *p) {
	return proc_wants_line(p) ? proctab_find_lineage(t, p) : p->line;
}

/* proctab_settle - finds out the ancestors of all rows: after a census, which comes in any order */
void proctab_settle(struct proctab *t);

/* proctab_set_user - a process, if it is known, is @uid's from its next event on */
void proctab_set_user(struct proctab *t, uint32_t tgid, uint64_t start_ns, uint32_t uid);

/* proc_set_parent - unless one was told before */
static inline void proc_set_parent(struct proc *p, uint32_t tgid, uint64_t start_ns) {
	if (p->is.has_parent)
		return;
	p->is.has_parent = true;
	p->parent_tgid = tgid;
	p->parent_start_ns = start_ns;
}

/*
 * image_new - one that has one user, or NULL without memory
 * @sum: counts its bytes as long as it lives
 * Copies the strings, each up to PROCTAB_TEXT_BYTES: of names more than the
 * kernel's own bounds let through, of a longer command line head and tail. Once
 * @sum is past PROCTAB_ROOMY_BYTES, these are PROCTAB_SHORT_BYTES.
 */
struct image *image_new(size_t *sum, struct str name, struct str executable,
			struct str command_line);

/* image_drop - one user less; the last takes its memory with it. NULL is none */
void image_drop(struct image *image);

/* proc_set_image - @p runs @image since @since_ns, and is a user of it; NULL: it is not known */
void proc_set_image(struct proc *p, uint64_t since_ns, struct image *image);

/* proc_share_image - @p, new, runs what its parent runs: @image */
static inline void proc_share_image(struct proc *p, struct image *image) {
	image->users++;
	p->is.image = image;
}

/* proc_image - what @p ran at @at_ns, or NULL */
static inline struct image *proc_image(const struct proc *p, uint64_t at_ns) {
	if (p->is.image && at_ns < p->image_ns && p->before)
		return p->before;
	return p->is.image;
}

/*
 * proc_entity - "<start in 1/100 s>-<pid>" in hexadecimal, at @to; its length
 * Hundredths, because /proc/PID/stat counts so: whoever reads that has the id.
 */
uint8_t proc_entity(uint32_t tgid, uint64_t start_ns, char to[static PROCTAB_ENTITY_BYTES]);

#endif
