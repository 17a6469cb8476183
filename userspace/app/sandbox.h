/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox.h - the last line before the loop: give away what is not needed any more
 */
#ifndef LAPWING_SANDBOX_H
#define LAPWING_SANDBOX_H

/*
 * sandbox_enter - drops capabilities, sets no_new_privs, and a seccomp allow-list
 *
 * Left are CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH: late look-ups of inodes and
 * mount namespaces, and rules that only root may read. bpf(2) is not left: rings
 * and counters are mapped before. A call that is not allowed fails with EPERM.
 * Call after every program is attached and every file is open. -errno.
 */
int sandbox_enter(void);

#endif
