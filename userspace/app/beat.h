/* SPDX-License-Identifier: Apache-2.0 */
/*
 * beat.h - what a worker of "lapwing supervise" is told, and tells
 *
 * It is told its level on its command line, and writes a byte to a pipe each
 * second that its loop goes round, and another sort of byte for each step of
 * its start: the supervisor reads no more than that.
 */
#ifndef LAPWING_BEAT_H
#define LAPWING_BEAT_H

#include <stdbool.h>
#include <stdint.h>

#include "guard/guard.h"
#include "probe/probe.h"

/* Exit codes of a worker, beside 0, 1 (it failed, which is a death) and 2 (its command line). */
#define BEAT_AGAIN 75	/* it is to begin anew */
#define BEAT_BLOCKED 76 /* a disk or another's process keeps it from work: no death of its own; */
#define BEAT_REFUSED 77 /* likewise something that only a person mends */

struct beat {
	enum guard_level level;
	const char *why;      /* not GUARD_FULL: one sentence */
	int fd;		      /* the pipe; -1: nobody listens */
	const char *careful;  /* the guard's folder: attach step by step, each noted there */
	long settle_ms;	      /* after each step, before the host is looked at */
	int careful_dir;
	uint64_t taint;	      /* of the kernel, before the first step */
};

/* beat_defaults - full, nobody listens */
struct beat beat_defaults(void);

/* beat_set - what of the probe may run at @b's level, where its owner wants @hooks */
enum probe_set beat_set(const struct beat *b, enum probe_hooks hooks);

/*
 * beat_step - for probe_options: says on disk what is about to be attached; afterwards, whether
 * the host is well. @beat is a struct beat.
 * Not well is: the kernel is tainted by an oops, a warning, or a lock-up that was not there before.
 * Kernel: TAINT_DIE, TAINT_WARN, TAINT_SOFTLOCKUP of include/linux/panic.h.
 */
int beat_step(void *beat, const char *program, bool attached);

/* beat_alive - for probe_options: a start that is slow is not silent. @beat is a struct beat. */
void beat_alive(void *beat);

/* beat_blocked - what a worker ends with when @err outside of it keeps it from its work */
int beat_blocked(const struct beat *b, int err);

/* beat_passes - whether @err may be gone in a while, without anybody who changes a setting */
bool beat_passes(int err);

/* beat_over - every step is done */
void beat_over(struct beat *b);

/* beat_tell - the byte; about once a second */
void beat_tell(const struct beat *b);

#endif
