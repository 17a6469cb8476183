/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hostroot.h - the host's own files and name, also where the sensor runs in a container
 *
 * The host's file tree is the root of process 1, which whoever has CAP_SYS_PTRACE and the host's
 * PID namespace can reach; for all others it is their own.
 */
#ifndef LAPWING_HOSTROOT_H
#define LAPWING_HOSTROOT_H

#include <stdbool.h>

struct statx;

/*
 * hostroot_open - a descriptor of @path, absolute, in the host's tree, its links followed there
 * @flags: of open(2); with O_NOFOLLOW no link is followed, wherever it stands.
 * @wait: false: -EAGAIN for what is not in the kernel's caches.
 * -errno. The tree is that of the first call, which so belongs before the sandbox.
 */
int hostroot_open(const char *path, int flags, bool wait);

/*
 * hostroot_stat - what is at @path, likewise: its type, inode, owner, last change and mount; -errno
 * No file system is asked whether that is still so.
 */
int hostroot_stat(const char *path, bool wait, struct statx *ret);

/* hostroot_look - the same of the descriptor @fd, an O_PATH one, too */
int hostroot_look(int fd, struct statx *ret);

/* hostroot_name - the host's name: $LAPWING_HOST_NAME, or that of uname(2); lives for ever */
const char *hostroot_name(void);

#endif
