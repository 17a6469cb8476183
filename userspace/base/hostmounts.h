/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hostmounts.h - which of the host's files another answers for: a machine, or some process
 *
 * Whoever looks at such files waits for as long as that other likes, whatever flags it gives:
 * RESOLVE_CACHED is about names on the way, and no folder can be opened by it in vain. What a
 * hypervisor answers for counts as here, and so does the root, without which nothing runs.
 */
#ifndef LAPWING_HOSTMOUNTS_H
#define LAPWING_HOSTMOUNTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct statx;

/*
 * hostmounts_read - the mounts of process 1, for what follows; none when they cannot be read
 * @ret is emptied. The list is opened by the first call, which so belongs before the sandbox.
 */
void hostmounts_read(struct buf *ret);

/* hostmounts_add - one line of mountinfo, without its newline, which is taken apart */
void hostmounts_add(struct buf *ret, char *line);

/*
 * hostmounts_far - whether another answers for the mount @id (statx::stx_mnt_id), or may
 * That is one which the list has not; an empty list has all.
 */
bool hostmounts_far(const struct buf *mounts, uint64_t id);

/*
 * hostmounts_open - an O_PATH descriptor of @path, as of hostroot_open() with @wait, but -EREMOTE
 * before another is asked. Name by name and link by link, for a link leads where its owner likes;
 * -ELOOP after 128 of them. Without @wait, what is not in the caches is waited for only if it is
 * the text of a link that has left them just then.
 */
int hostmounts_open(const struct buf *mounts, const char *path, bool wait);

/* hostmounts_stat - the same for hostroot_stat() */
int hostmounts_stat(const struct buf *mounts, const char *path, bool wait, struct statx *ret);

#endif
