/* SPDX-License-Identifier: Apache-2.0 */
/* ledger.c - what the hooks counted of their own records: made, and lost */
#include "probe/probe_impl.h"

const struct knobs_losses *probe_losses(const struct probe *p, size_t *ret_n) {
	*ret_n = p->losses ? p->n_cpus : 0;
	return p->losses;
}

uint64_t probe_lost(const struct probe *p, uint32_t kind, enum wire_loss cause) {
	uint64_t n = 0;

	for (size_t i = 0; p->losses && i < p->n_cpus; i++)
		n += __atomic_load_n(&p->losses[i].lost[kind][cause], __ATOMIC_RELAXED);
	return n;
}

uint64_t probe_lost_kind(const struct probe *p, uint32_t kind) {
	uint64_t n = 0;

	for (int cause = 0; cause < WIRE_LOSS_MAX; cause++)
		n += probe_lost(p, kind, cause);
	return n;
}

uint64_t probe_lost_count(const struct probe *p) {
	uint64_t n = 0;

	for (uint32_t kind = 0; kind < WIRE_KIND_MAX; kind++)
		n += probe_lost_kind(p, kind);
	return n;
}

void probe_lost_all(const struct probe *p, struct knobs_losses *ret) {
	for (uint32_t kind = 0; kind < WIRE_KIND_MAX; kind++)
		for (int cause = 0; cause < WIRE_LOSS_MAX; cause++)
			ret->lost[kind][cause] = probe_lost(p, kind, cause);
}

uint64_t probe_produced(const struct probe *p) {
	uint64_t n = 0;

	for (size_t i = 0; i < p->n_cpus; i++)
		n += __atomic_load_n(&p->sequences[i].next, __ATOMIC_RELAXED);
	return n;
}
