/* SPDX-License-Identifier: Apache-2.0 */
#include "app/losses.h"

#include <errno.h>
#include <stdlib.h>

/*
 * tell_grown - what @now has more than @told, which is then the same
 * Of deeds that hooks missed there may be less for a moment (probe_not_run()): that is no loss.
 */
static int tell_grown(struct host *h, const struct knobs_losses *now, struct knobs_losses *told,
		      struct host_loss of) {
	uint64_t n;
	int err = 0;

	for (uint32_t i = 0; i < WIRE_KIND_MAX * WIRE_LOSS_MAX && !err; i++) {
		of.kind = i / WIRE_LOSS_MAX;
		of.cause = i % WIRE_LOSS_MAX;
		n = __atomic_load_n(&now->lost[of.kind][of.cause], __ATOMIC_RELAXED);
		if (n <= told->lost[of.kind][of.cause])
			continue;
		of.count = n - told->lost[of.kind][of.cause];
		told->lost[of.kind][of.cause] = n;
		err = host_loss(h, &of);
	}
	return err;
}

int losses_tell(struct losses *l, struct host *h, const struct probe *p, const struct corridor *c,
		uint64_t log_lines, uint64_t now_ns) {
	struct knobs_losses other = { 0 };
	size_t n;
	const struct knobs_losses *cpus = probe_losses(p, &n);
	struct host_loss of = { .first_ns = l->since_ns, .last_ns = now_ns };
	int err = 0;

	if (!l->told)
		l->told = calloc(n + 1, sizeof(*l->told));
	if (!l->told)
		return -ENOMEM;
	for (int kind = 0; kind < WIRE_KIND_MAX; kind++)
		other.lost[kind][WIRE_LOSS_MALFORMED] = c->malformed_kind[kind];
	other.lost[WIRE_INVALID][WIRE_LOSS_NOT_RUN] = probe_not_run(p);
	other.lost[WIRE_HOST_LOG][WIRE_LOSS_RING_FULL] = log_lines;
	for (size_t i = 0; i < n && !err; i++) {
		of.cpu = (uint32_t)i;
		err = tell_grown(h, &cpus[i], &l->told[i], of);
	}
	of.cpu = WIRE_LOSS_NO_CPU;
	err = err ?: tell_grown(h, &other, &l->told[n], of);
	l->since_ns = now_ns;
	return err;
}

void losses_done(struct losses *l) {
	free(l->told);
	l->told = NULL;
}
