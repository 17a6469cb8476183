/* SPDX-License-Identifier: Apache-2.0 */
#include "content/cohort.h"

#include <sodium.h>

uint32_t cohort_of(struct str release, struct str host) {
	uint8_t key[crypto_generichash_KEYBYTES_MAX], h[crypto_generichash_BYTES_MIN];
	uint64_t v = 0;

	(void)crypto_generichash(key, sizeof(key), (const uint8_t *)release.s, release.n, NULL, 0);
	(void)crypto_generichash(h, sizeof(h), (const uint8_t *)host.s, host.n, key, sizeof(key));
	for (int i = 0; i < 8; i++)
		v = v << 8 | h[i];
	return (uint32_t)(v % COHORTS);
}

uint32_t cohort_ring(uint32_t ring) {
	static const uint32_t below[COHORT_RINGS] = { 0, 100, 1000, 5000, COHORTS };

	return below[ring < COHORT_RINGS ? ring : COHORT_RINGS - 1];
}
