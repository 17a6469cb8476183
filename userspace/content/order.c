/* SPDX-License-Identifier: Apache-2.0 */
#include "content/order.h"

#include <errno.h>

#include "content/cohort.h"
#include "proto/bundle.pb-c.h"

typedef Lapwing__Bundle__V1__Order Message;

static int take_list(char *const *v, size_t n, char (*to)[ORDER_TEXT_BYTES], uint32_t max,
		     uint32_t *ret) {
	int err = n > max ? -EBADMSG : 0;

	for (size_t i = 0; i < n && !err; i++)
		err = seal_text(v[i], to[i], ORDER_TEXT_BYTES);
	*ret = (uint32_t)n;
	return err;
}

static int take(const Message *m, struct order *ret) {
	int err;

	if (!m->number || !m->issued_s || m->expires_s <= m->issued_s ||
	    m->state < (int)ORDER_RUN || m->state > (int)ORDER_REVERT ||
	    m->permyriad > COHORTS || m->ring >= COHORT_RINGS ||
	    m->bundle.len != SEAL_HASH_BYTES || (m->has_to && m->to.len != SEAL_HASH_BYTES))
		return -EBADMSG;
	*ret = (struct order){ .number = m->number,
			       .issued_s = m->issued_s,
			       .expires_s = m->expires_s,
			       .version = m->version,
			       .state = (enum order_state)m->state,
			       .has_to = m->has_to,
			       .emergency = m->emergency,
			       .retry = m->retry,
			       .safe = m->safe,
			       .ring = m->ring,
			       .permyriad = m->permyriad,
			       .spread_s = m->spread_s,
			       .shadow_s = m->shadow_s,
			       .probation_s = m->probation_s };
	memcpy(ret->bundle, m->bundle.data, SEAL_HASH_BYTES);
	if (m->has_to)
		memcpy(ret->to, m->to.data, SEAL_HASH_BYTES);
	err = seal_text(m->channel, ret->channel, ORDER_TEXT_BYTES);
	if (!err)
		err = seal_text(m->release, ret->release, ORDER_TEXT_BYTES);
	if (!err)
		err = take_list(m->strata, m->n_strata, ret->strata, ORDER_STRATA, &ret->n_strata);
	if (!err)
		err = take_list(m->disarm, m->n_disarm, ret->disarm, ORDER_DISARM, &ret->n_disarm);
	if (!err)
		err = take_list(m->leave, m->n_leave, ret->leave, ORDER_LEAVE, &ret->n_leave);
	return !err && !ret->release[0] ? -EBADMSG : err;
}

int order_parse(const struct seal *s, struct order *ret) {
	Message *m;
	int err;

	if (s->kind != SEAL_ORDER || s->body.n > ORDER_MAX_BYTES)
		return -EBADMSG;
	m = lapwing__bundle__v1__order__unpack(NULL, s->body.n, (const uint8_t *)s->body.s);
	if (!m)
		return -EBADMSG;
	err = take(m, ret);
	lapwing__bundle__v1__order__free_unpacked(m, NULL);
	return err;
}

void order_pack(struct buf *out, const struct order *from) {
	struct order o = *from; /* protobuf-c's pointers are not const */
	Message m = LAPWING__BUNDLE__V1__ORDER__INIT;
	char *strata[ORDER_STRATA], *disarm[ORDER_DISARM], *leave[ORDER_LEAVE], *to;

	for (uint32_t i = 0; i < o.n_strata; i++)
		strata[i] = o.strata[i];
	for (uint32_t i = 0; i < o.n_disarm; i++)
		disarm[i] = o.disarm[i];
	for (uint32_t i = 0; i < o.n_leave; i++)
		leave[i] = o.leave[i];
	m.has_number = m.has_issued_s = m.has_expires_s = m.has_state = m.has_version =
		m.has_bundle = m.has_ring = m.has_permyriad = m.has_spread_s = 1;
	m.number = o.number;
	m.issued_s = o.issued_s;
	m.expires_s = o.expires_s;
	m.state = (Lapwing__Bundle__V1__State)o.state;
	m.version = o.version;
	m.bundle = (ProtobufCBinaryData){ SEAL_HASH_BYTES, o.bundle };
	m.has_to = o.has_to;
	m.to = (ProtobufCBinaryData){ o.has_to ? SEAL_HASH_BYTES : 0, o.to };
	m.ring = o.ring;
	m.permyriad = o.permyriad;
	m.spread_s = o.spread_s;
	m.channel = o.channel[0] ? o.channel : NULL;
	m.release = o.release;
	m.has_emergency = m.emergency = o.emergency;
	m.has_retry = m.retry = o.retry;
	m.has_shadow_s = o.shadow_s != 0;
	m.shadow_s = o.shadow_s;
	m.has_probation_s = o.probation_s != 0;
	m.probation_s = o.probation_s;
	m.n_strata = o.n_strata;
	m.strata = strata;
	m.n_disarm = o.n_disarm;
	m.disarm = disarm;
	m.n_leave = o.n_leave;
	m.leave = leave;
	m.has_safe = m.safe = o.safe;
	to = buf_reserve(out, lapwing__bundle__v1__order__get_packed_size(&m));
	if (to)
		out->len += lapwing__bundle__v1__order__pack(&m, (uint8_t *)to);
}

const char *order_word(enum order_state state) {
	static const char *const words[] = { "?", "run", "pause", "revert" };

	return words[state <= ORDER_REVERT ? state : 0];
}
