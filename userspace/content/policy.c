/* SPDX-License-Identifier: Apache-2.0 */
#include "content/policy.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "content/number.h"

#define MAX_PARTS 1000

struct policy policy_default(void) {
	return (struct policy){ .max_ring = 4 };
}

static int set_text(char *to, struct str x) {
	if (x.n >= ORDER_TEXT_BYTES)
		return -EINVAL;
	if (x.n)
		memcpy(to, x.s, x.n);
	to[x.n] = '\0';
	return 0;
}

static int set_number(struct policy *p, struct str key, struct str value) {
	uint64_t v = 0;
	int err;

	if (str_eq(key, STR("freeze_until")) && str_eq(value, STR("ever"))) {
		p->freeze_until_s = UINT64_MAX;
		return 0;
	}
	err = number_parse(value, &v) ? -EINVAL : 0;
	if (str_eq(key, STR("delay")))
		p->delay_s = v;
	else if (str_eq(key, STR("freeze_until")))
		p->freeze_until_s = v;
	else if (str_eq(key, STR("ring")) && v <= 4)
		p->ring = (uint32_t)v;
	else if (str_eq(key, STR("max_ring")) && v <= 4)
		p->max_ring = (uint32_t)v;
	else if (str_eq(key, STR("laboratory")) && v <= 1)
		p->laboratory = v;
	else if (str_eq(key, STR("weekends")) && v <= 1)
		p->weekends = v;
	else
		return -ENOENT;
	return err;
}

/* set_part - "2/3"; nothing: none */
static int set_part(struct policy *p, struct str x) {
	const char *slash = x.n ? memchr(x.s, '/', x.n) : NULL;
	uint32_t n = slash ? (uint32_t)(slash - x.s) : 0;
	uint64_t part = 0, parts = 0;

	if (x.n && (!slash || number_parse((struct str){ x.s, n }, &part) ||
		    number_parse((struct str){ slash + 1, x.n - n - 1 }, &parts) || !part ||
		    part > parts || parts > MAX_PARTS))
		return -EINVAL;
	p->part = (uint32_t)part;
	p->parts = (uint32_t)parts;
	return 0;
}

int policy_set(struct policy *p, struct str key, struct str value) {
	struct policy next = *p;
	int err;

	if (str_eq(key, STR("channel"))) {
		err = set_text(next.channel, value);
	} else if (str_eq(key, STR("stratum"))) {
		err = set_text(next.stratum, value);
	} else if (str_eq(key, STR("part"))) {
		err = set_part(&next, value);
	} else if (str_eq(key, STR("exact"))) {
		next.exact = value.n != 0;
		err = value.n ? seal_unhex(value, next.exact_hash) : 0;
	} else {
		err = set_number(&next, key, value);
	}
	if (!err)
		*p = next;
	return err;
}

void policy_format(const struct policy *p, struct buf *out) {
	char hex[SEAL_HEX_BYTES];

	if (p->channel[0])
		buf_addf(out, "channel %s\n", p->channel);
	if (p->stratum[0])
		buf_addf(out, "stratum %s\n", p->stratum);
	buf_addf(out, "ring %u\nmax_ring %u\ndelay %" PRIu64 "\nlaboratory %d\nweekends %d\n",
		 p->ring, p->max_ring, p->delay_s, p->laboratory, p->weekends);
	if (p->freeze_until_s == UINT64_MAX)
		buf_add_lit(out, "freeze_until ever\n");
	else if (p->freeze_until_s)
		buf_addf(out, "freeze_until %" PRIu64 "\n", p->freeze_until_s);
	if (p->parts)
		buf_addf(out, "part %u/%u\n", p->part, p->parts);
	seal_hex(p->exact_hash, hex);
	if (p->exact)
		buf_addf(out, "exact %s\n", hex);
}

int policy_parse(struct str text, struct policy *ret) {
	struct policy p = policy_default();

	while (text.n) {
		const char *nl = memchr(text.s, '\n', text.n);
		uint32_t n = nl ? (uint32_t)(nl - text.s) : text.n;
		const char *blank = memchr(text.s, ' ', n);
		uint32_t k = blank ? (uint32_t)(blank - text.s) : n;

		if (!nl || !blank ||
		    policy_set(&p, (struct str){ text.s, k }, (struct str){ blank + 1, n - k - 1 }))
			return -EBADMSG;
		text = (struct str){ text.s + n + 1, text.n - n - 1 };
	}
	*ret = p;
	return 0;
}

void policy_join(struct policy *p, const struct policy *other) {
	if (other->channel[0])
		memcpy(p->channel, other->channel, sizeof(p->channel));
	if (other->stratum[0])
		memcpy(p->stratum, other->stratum, sizeof(p->stratum));
	p->ring = other->ring > p->ring ? other->ring : p->ring;
	p->max_ring = other->max_ring < p->max_ring ? other->max_ring : p->max_ring;
	p->delay_s = other->delay_s > p->delay_s ? other->delay_s : p->delay_s;
	if (other->freeze_until_s > p->freeze_until_s)
		p->freeze_until_s = other->freeze_until_s;
	if (other->parts) {
		p->part = other->part;
		p->parts = other->parts;
	}
	p->laboratory |= other->laboratory;
	p->weekends |= other->weekends;
	if (other->exact) {
		p->exact = true;
		memcpy(p->exact_hash, other->exact_hash, SEAL_HASH_BYTES);
	}
}
