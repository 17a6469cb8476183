/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order.h - who may run what: the small file that a rollout's keys sign
 */
#ifndef LAPWING_CONTENT_ORDER_H
#define LAPWING_CONTENT_ORDER_H

#include <stdbool.h>

#include "content/seal.h"

#define ORDER_STRATA 32
#define ORDER_DISARM 64
#define ORDER_LEAVE 16
#define ORDER_TEXT_BYTES 128
#define ORDER_MAX_BYTES 16384

enum order_state { ORDER_RUN = 1, ORDER_PAUSE = 2, ORDER_REVERT = 3 };

struct order {
	uint64_t number, issued_s, expires_s, version;
	enum order_state state;
	char channel[ORDER_TEXT_BYTES], release[ORDER_TEXT_BYTES];
	uint8_t bundle[SEAL_HASH_BYTES], to[SEAL_HASH_BYTES];
	bool has_to, emergency, retry, safe;
	uint32_t ring, permyriad, spread_s;
	uint32_t shadow_s, probation_s; /* 0: the host's own */
	uint32_t n_strata, n_disarm, n_leave;
	char strata[ORDER_STRATA][ORDER_TEXT_BYTES];
	char disarm[ORDER_DISARM][ORDER_TEXT_BYTES];
	char leave[ORDER_LEAVE][ORDER_TEXT_BYTES]; /* deeds, or families of them */
};

/* order_parse - the body of a seal whose signatures were found good; -EBADMSG */
int order_parse(const struct seal *s, struct order *ret);

/* order_pack - the body of an order's seal; sticky errors of @out */
void order_pack(struct buf *out, const struct order *o);

/* order_word - "run", "pause", "revert" */
const char *order_word(enum order_state state);

#endif
