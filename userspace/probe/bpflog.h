/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bpflog.h - what libbpf, and by it the verifier, says to a thread that loads
 */
#ifndef LAPWING_BPFLOG_H
#define LAPWING_BPFLOG_H

/* bpflog_reset - nothing was said yet */
void bpflog_reset(void);

/* bpflog_program - the name in the first "prog 'NAME': "; 0 or -ENOENT */
int bpflog_program(char name[16]);

/* bpflog_reason - the verifier's last word if it had one, else what @err means */
void bpflog_reason(int err, char why[256]);

#endif
