/* SPDX-License-Identifier: Apache-2.0 */
#include "spool/chain.h"

#include <sodium.h>

_Static_assert(SPOOL_KEY_BYTES == crypto_generichash_KEYBYTES, "BLAKE2b");
_Static_assert(SEGMENT_TAG_BYTES == crypto_generichash_BYTES, "BLAKE2b");

void chain_next(const uint8_t key[SPOOL_KEY_BYTES], uint8_t tag[SEGMENT_TAG_BYTES],
		const struct segment_record *r) {
	crypto_generichash_state h;

	/* none of these can fail with sizes that are right */
	(void)crypto_generichash_init(&h, key, SPOOL_KEY_BYTES, SEGMENT_TAG_BYTES);
	(void)crypto_generichash_update(&h, tag, SEGMENT_TAG_BYTES);
	(void)crypto_generichash_update(&h, (const uint8_t *)&r->len, sizeof(r->len));
	(void)crypto_generichash_update(&h, (const uint8_t *)&r->ord,
					sizeof(r->ord) + sizeof(r->seq) + r->len);
	(void)crypto_generichash_final(&h, tag, SEGMENT_TAG_BYTES);
}

void chain_wipe(uint8_t key[SPOOL_KEY_BYTES]) {
	sodium_memzero(key, SPOOL_KEY_BYTES);
}
