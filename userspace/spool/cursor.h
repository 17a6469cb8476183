/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cursor.h - how far a sink is, and its ledger
 *
 * One file of two slots, written in turn, each with a checksum: whatever ends a write, the slot
 * before it is whole. What a cap left out has two slots of its own behind them, of which the
 * younger one counts; it is written before the cursor, and not believed when it is ahead of it.
 * For each class
 *     next - start = what was acknowledged or dropped of it
 * and over all classes
 *     sum(next - start) = acked + sum(dropped), and pending = sum(head.end - next).
 */
#ifndef LAPWING_SPOOL_CURSOR_H
#define LAPWING_SPOOL_CURSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "spool/spool.h"

#define CURSOR_NAME_BYTES 64
#define CURSOR_WHY_BYTES 256

/*
 * Where gaps begin and end that were sent, and of which it is not known whether the receiver has
 * them: an ordinal, and above it the class, counted from 1; 0: none.
 */
#define CURSOR_PROMISES 64
#define CURSOR_ORD_BITS 60

static inline uint64_t cursor_promise(enum spool_class class, uint64_t ord) {
	return ((uint64_t)class + 1) << CURSOR_ORD_BITS | ord;
}

struct cursor {
	uint64_t start[SPOOL_CLASSES]; /* ordinals when the sink was new */
	uint64_t next[SPOOL_CLASSES];  /* the first that is neither acknowledged nor dropped */
	uint64_t acked, acked_bytes;   /* events, and their bytes as they lie in the spool */
	uint64_t dropped[SPOOL_CAUSES];
	uint64_t seq;	       /* of the last event that is settled; 0: none */
	uint64_t acked_ns;     /* wall clock of the last acknowledgement; 0: never */
	uint64_t settled_ns;   /* of the last event that was settled in whatever way; 0: none was */
	uint64_t failures;     /* deliveries that failed since the sink was new */
	uint64_t failed_ns;    /* wall clock of the first failure since then; 0: all is well */
	char why[CURSOR_WHY_BYTES]; /* the last failure, a sentence */
	uint64_t promises[CURSOR_PROMISES];
};

#define CURSOR_KINDS 128

/* What a sink's cap on its rate left out, and its receiver has not been told of. */
struct cursor_capped {
	uint64_t told;		  /* so many times it was told of some kind */
	uint64_t n[CURSOR_KINDS]; /* events of each kind */
};

struct cursor_file {
	int fd;
	uint64_t generation;	     /* of the slot that was read or written last */
	struct cursor_capped capped; /* read and written with the cursor */
	unsigned capped_slot;	     /* that it was read from or written to last, 1 or 2; 0: none */
};

/* cursor_name_ok - whether @name may be a cursor's: letters, digits, '-', '_', '.', not first */
bool cursor_name_ok(const char *name);

/*
 * cursor_open - the cursor @name in the folder @dir
 * -ENOENT: there is none. -EBADMSG: neither slot is whole. With @make the file is then made, or
 * opened, all the same: the result is -EBADMSG, and @ret all zero.
 */
int cursor_open(int dir, const char *name, bool make, struct cursor_file *file,
		struct cursor *ret);

/* cursor_read - what is there now, for who does not write it; -EBADMSG, -errno */
int cursor_read(int dir, const char *name, struct cursor *ret);

/* cursor_write - -errno; then the slot before is still whole */
int cursor_write(struct cursor_file *file, const struct cursor *c);

/* cursor_rename - unless @to is there; -ENOENT: @from is not; -EEXIST, -errno */
int cursor_rename(int dir, const char *from, const char *to);

/*
 * cursor_forget - removes the cursor @name, and gives what was in it
 * -EBUSY: a reader has it open. -ENOENT; -EINVAL: no cursor is called so; -errno. A damaged one is
 * removed as well, and @ret all zero.
 */
int cursor_forget(int dir, const char *name, struct cursor *ret);

void cursor_close(struct cursor_file *file);

#endif
