/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox.h - the last line before the loop: give away what is not needed any more
 */
#ifndef LAPWING_SANDBOX_H
#define LAPWING_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

/*
 * sandbox_enter - drops capabilities, sets no_new_privs, and a seccomp allow-list
 *
 * Left are CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH: late look-ups of inodes and
 * mount namespaces, and rules that only root may read. bpf(2) is not left: rings
 * and counters are mapped before. A call that is not allowed fails with EPERM.
 * Call after every program is attached and every file is open. -errno.
 * @spool: this process also makes, renames and removes the files of a spool
 */
int sandbox_enter(bool spool);

/*
 * sandbox_hasher - for one thread: the same two capabilities, and no call but those that open a
 * file, read it and wait; -errno
 */
int sandbox_hasher(void);

/* What a courier may need once it is in its sandbox, the bits of enum sink_need; or a receiver. */
enum { SANDBOX_FILES = 1, SANDBOX_NET = 2, SANDBOX_THREADS = 4, SANDBOX_LISTEN = 8,
       SANDBOX_CHILDREN = 16 };

/*
 * sandbox_rehearsal - no capability, and no call that opens, makes, connects to or starts anything
 * What was open or mapped before can be used. -errno.
 */
int sandbox_rehearsal(void);

/* sandbox_updater - no capability; files, the network, and children of its own; -errno */
int sandbox_updater(void);

/* sandbox_pacer - no capability, and no_new_privs, also for what it starts; -errno */
int sandbox_pacer(void);

/* sandbox_courier - no capability at all, no_new_privs, and the calls of @needs; -errno */
int sandbox_courier(uint32_t needs);

#endif
