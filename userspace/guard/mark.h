/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mark.h - the mark of guard.h on disk, and what a start is doing
 *
 * DIR/mark is replaced whole (written beside, synced, renamed, the directory
 * synced), so that whenever the power goes there is the old one or the new one.
 * DIR/step is one line that the worker overwrites before each thing that could
 * bring the machine down.
 */
#ifndef LAPWING_MARK_H
#define LAPWING_MARK_H

#include "guard/guard.h"

/*
 * mark_read - @dirfd's mark
 * 0; no file is a clean mark of no start. -EBADMSG: it is not ours, or damaged; then @ret is a
 * mark with one strike of an unknown boot, as nothing can be said for it. Other -errno: unreadable.
 */
int mark_read(int dirfd, struct guard_mark *ret);

/* mark_write - on disk when it returns 0; -errno: the old one is still there */
int mark_write(int dirfd, const struct guard_mark *mark);

/* mark_step - @text is on disk when this returns; at most GUARD_STEP_BYTES - 1. -errno. */
int mark_step(int dirfd, const char *text);

/* mark_read_step - what was written last, or ""; only printable ASCII of it */
void mark_read_step(int dirfd, char ret[GUARD_STEP_BYTES]);

/* mark_boot - this boot's id; all zero where the kernel does not tell */
void mark_boot(uint8_t ret[16]);

/*
 * mark_tuple - hash of kernel release, kernel build id, and our own program with its BPF objects
 * -errno when our own program cannot be read.
 * Kernel: the build id is a note in /sys/kernel/notes.
 */
int mark_tuple(uint8_t ret[GUARD_HASH_BYTES]);

#endif
