/* SPDX-License-Identifier: Apache-2.0 */
#include "app/beat.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/procfile.h"
#include "guard/mark.h"

#define SETTLE_MS 100

#define TAINT_DIE (1ull << 7)
#define TAINT_WARN (1ull << 9)
#define TAINT_SOFTLOCKUP (1ull << 14)

struct beat beat_defaults(void) {
	return (struct beat){ .why = "", .fd = -1, .settle_ms = SETTLE_MS, .careful_dir = -1 };
}

enum probe_set beat_set(const struct beat *b, enum probe_hooks hooks) {
	if (b->level == GUARD_SAFE || hooks == PROBE_HOOKS_NONE)
		return PROBE_NOTHING;
	return b->level == GUARD_CORE ? PROBE_CORE : PROBE_ALL;
}

static uint64_t taint(void) {
	char text[32];

	procfile_line("/proc/sys/kernel/tainted", text, sizeof(text));
	return strtoull(text, NULL, 10) & (TAINT_DIE | TAINT_WARN | TAINT_SOFTLOCKUP);
}

int beat_step(void *beat, const char *program, bool attached) {
	struct beat *b = beat;
	struct timespec t = { b->settle_ms / 1000, b->settle_ms % 1000 * 1000000 };
	char step[GUARD_STEP_BYTES];

	if (b->careful_dir < 0) {
		b->careful_dir = open(b->careful, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		b->taint = taint();
	}
	if (!attached) {
		(void)snprintf(step, sizeof(step), "attach %s", program);
		if (b->careful_dir < 0 || mark_step(b->careful_dir, step))
			log_warn("\"%s\" cannot be written, so a crash now would not be explained, "
				 "continuing",
				 b->careful);
		return 0;
	}
	(void)nanosleep(&t, NULL);
	return taint() & ~b->taint ? -1 : 0;
}

void beat_alive(void *beat) {
	const struct beat *b = beat;

	/* it is full, or the supervisor is gone, which is not the host's fault */
	if (b->fd >= 0)
		(void)!write(b->fd, "s", 1);
}

bool beat_passes(int err) {
	static const int passing[] = { ENOSPC, EDQUOT, EROFS,  EIO,  ENOMEM,
				       ENFILE, EAGAIN, EBUSY, EPIPE };

	for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
		if (err == -passing[i])
			return true;
	return false;
}

int beat_blocked(const struct beat *b, int err) {
	/* by hand it is a failure like others */
	return b->fd < 0 ? 1 : beat_passes(err) ? BEAT_BLOCKED : BEAT_REFUSED;
}

void beat_over(struct beat *b) {
	if (b->careful_dir < 0)
		return;
	(void)mark_step(b->careful_dir, "run");
	(void)close(b->careful_dir);
	b->careful_dir = -1;
}

void beat_tell(const struct beat *b) {
	/* a supervisor that is gone ends us by PR_SET_PDEATHSIG */
	if (b->fd >= 0)
		(void)!write(b->fd, ".", 1);
}
